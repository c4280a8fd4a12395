from PySide6.QtCore import Qt

from core.corpus.report import FileVerdict, ImportReport
from gui.corpus.report_list import FileList
from gui.corpus.report_model import FILE_ROLE, ReportModel, files_of, what_happened

VERDICTS = (
    FileVerdict("/m/a.mid", "kept", fingerprint="fa", notes=408, key="D minor"),
    FileVerdict("/m/b.mid", "skipped", "Drums only"),
    FileVerdict("/m/c.mid", "same", of="/m/a.mid", fingerprint="fa"),
    FileVerdict("/m/d.mid", "repaired", "2 endless notes closed", fingerprint="fd", notes=1),
    FileVerdict("/m/ö.mid", "kept", fingerprint="fo", notes=3, key="C major"),
)


def rows(model):
    return [model.index(row).data() for row in range(model.rowCount())]


def test_files_stand_in_groups_what_needs_a_look_first():
    model = ReportModel()
    model.show_files(files_of(ImportReport(VERDICTS)))
    assert rows(model) == [
        "Left out",
        "b.mid",
        "Repaired",
        "d.mid",
        "Same as another",
        "c.mid",
        "Kept",
        "a.mid",
        "ö.mid",
    ]


def test_files_that_arrive_bit_by_bit_give_the_same_rows(qtmodeltester):
    whole, grown = ReportModel(), ReportModel()
    whole.show_files(files_of(ImportReport(VERDICTS)))
    qtmodeltester.check(grown)
    for verdict in VERDICTS:
        grown.add_verdicts((verdict,))
    assert rows(grown) == rows(whole)


def test_a_filter_looks_at_names_and_reasons_and_hides_empty_groups():
    model = ReportModel()
    model.show_files(files_of(ImportReport(VERDICTS)))
    model.set_filter("DRUMS")
    assert rows(model) == ["Left out", "b.mid"]
    model.add_verdicts((FileVerdict("/m/e.mid", "kept"), FileVerdict("/m/drums 2.mid", "kept")))
    assert rows(model) == ["Left out", "b.mid", "Kept", "drums 2.mid"]
    model.set_filter("")
    assert len(rows(model)) == 11


def test_a_folded_group_shows_its_head_alone_and_takes_new_files_silently():
    model = ReportModel()
    model.show_files(files_of(ImportReport(VERDICTS)))
    model.toggle_group("kept")
    model.add_verdicts((FileVerdict("/m/e.mid", "kept"),))
    assert rows(model)[-1] == "Kept"
    model.toggle_group("kept")
    assert rows(model)[-1] == "e.mid"


def test_each_file_is_told_in_one_line():
    assert [what_happened(verdict) for verdict in VERDICTS[:4]] == [
        "D minor · 408 notes",
        "Drums only",
        "Same notes as a.mid",
        "2 endless notes closed",
    ]


def test_a_click_folds_a_head_and_enter_plays_a_file(qtbot):
    model = ReportModel()
    files = FileList(model)
    qtbot.addWidget(files)
    files.resize(500, 500)
    files.show()
    model.show_files(files_of(ImportReport(VERDICTS)))
    head = files.visualRect(model.index(6)).center()
    qtbot.mouseClick(files.viewport(), Qt.MouseButton.LeftButton, pos=head)
    assert rows(model)[-1] == "Kept"
    qtbot.keyClick(files, Qt.Key.Key_Right)
    assert rows(model)[-1] == "ö.mid"
    with qtbot.waitSignal(files.piece_chosen) as chosen:
        qtbot.keyClick(files, Qt.Key.Key_End)
    assert chosen.args == ["fo"]
    with qtbot.waitSignal(files.play_requested):
        qtbot.keyClick(files, Qt.Key.Key_Return)


def test_a_file_left_out_plays_nothing(qtbot):
    model = ReportModel()
    files = FileList(model)
    qtbot.addWidget(files)
    model.show_files(files_of(ImportReport(VERDICTS)))
    files.setCurrentIndex(model.index(1))
    assert model.index(1).data(FILE_ROLE).verdict == "skipped"
    with qtbot.assertNotEmitted(files.play_requested):
        qtbot.keyClick(files, Qt.Key.Key_Return)


def test_a_hundred_thousand_files_are_shown_without_asking_for_each(qtbot):
    asked = []

    class Counting(ReportModel):
        def data(self, index, role=Qt.ItemDataRole.DisplayRole):
            asked.append(index.row())
            return super().data(index, role)

    model = Counting()
    files = FileList(model)
    qtbot.addWidget(files)
    files.resize(500, 700)
    files.show()
    many = tuple(FileVerdict(f"/m/{number:06}.mid", "kept", fingerprint=str(number)) for number in range(100_000))
    model.show_files(files_of(ImportReport(many)))
    files.scrollToBottom()
    files.grab()
    assert len(set(asked)) < 200
