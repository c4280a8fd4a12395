import shutil
import sqlite3
from contextlib import closing

import pytest
from PySide6.QtCore import Qt

from core import paths
from core.corpus.importer import NOT_READ, import_paths
from core.corpus.store import CorpusStore
from core.music.midi_file import write_midi
from core.music.score import Score
from core.tasks import Control
from gui import messages
from gui.controls import pitches
from gui.corpus.charts import bars_of
from gui.corpus.controller import CorpusController
from tests.gui.corpus.conftest import melody


@pytest.fixture
def posted(qapp):
    found = []
    messages.center().posted.connect(found.append)
    yield found
    messages.center().posted.disconnect(found.append)


def click_bar(qtbot, workspace, chart, label):
    histogram = workspace.charts.histograms[chart]
    bar = next(bar for bar in histogram.bars if bar.label == label)
    qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=histogram.rect_of(bar.key).center().toPoint())


def titles(workspace):
    return sorted(piece.title for piece in workspace.pieces_model.pieces)


def test_without_pieces_there_is_the_drop_target(qtbot, workspace, controller):
    with qtbot.waitSignal(controller.corpus_shown) as shown:
        controller.refresh()
    assert shown.args == [""]
    assert workspace.currentWidget() is workspace.empty


def test_a_folder_is_imported_and_reported(qtbot, workspace, controller, music):
    controller.import_paths((music,))
    assert not workspace.report.train.isEnabled()
    qtbot.waitUntil(lambda: workspace.view is not None)
    assert workspace.report._title.text() == "8 files came in, 5 can teach"
    assert workspace.report._from.text() == "From ‘music’. Nothing was changed on your disk."
    assert workspace.report._numbers.text() == "5 pieces · 100 notes"
    assert workspace.report.train.isEnabled()
    model = workspace.report.model
    assert [model.count_of(kind) for kind in ("skipped", "repaired", "same", "kept")] == [2, 0, 1, 5]


def test_few_pieces_are_said_to_be_few(shown):
    assert shown.report._few.isVisible()
    assert "5 pieces are very few" in shown.report._few_words.text()


def test_the_charts_call_pitches_as_preferred(shown):
    pitches.call_middle_c(3)
    bars = bars_of(shown.view.statistics)
    assert {bar.label: bar.key for bar in bars["pitch"]}["C3"] == "60"
    assert any(bar.words.startswith("D3: ") for bar in bars["pitch"])
    shown.charts.show_bars(bars)
    assert "C3 to" in shown.charts.histograms["pitch"]._caption


def test_a_click_on_a_bar_shows_its_pieces_and_their_share(qtbot, shown):
    click_bar(qtbot, shown, "key", "D")
    qtbot.waitUntil(lambda: shown._filter is not None)
    assert titles(shown) == ["in d", "slow in d"]
    assert shown.chip.text() == "Key: D major"
    assert shown._share.text() == "2 of 5 pieces"
    pitches = {bar.label: bar for bar in shown.charts.histograms["pitch"].bars}
    assert 0 < pitches["D4"].share < pitches["D4"].value
    assert pitches["C5"].share == 0


def test_the_chip_and_a_second_click_show_all_pieces_again(qtbot, shown):
    for undo in ("chip", "bar"):
        click_bar(qtbot, shown, "key", "G")
        qtbot.waitUntil(lambda: shown._filter is not None)
        if undo == "chip":
            qtbot.mouseClick(shown.chip, Qt.MouseButton.LeftButton)
        else:
            click_bar(qtbot, shown, "key", "G")
        assert len(titles(shown)) == 5
        assert not shown.chip.isVisible()


def test_bars_can_be_walked_and_chosen_by_keys(qtbot, shown):
    tempo = shown.charts.histograms["tempo"]
    qtbot.keyClick(tempo, Qt.Key.Key_End)
    qtbot.keyClick(tempo, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown._filter is not None)
    assert len(titles(shown)) == 4
    assert shown._pieces_title.text() == "4 pieces at 100 to 109 BPM"


def test_leaving_pieces_out_can_be_undone(qtbot, shown, home, posted):
    click_bar(qtbot, shown, "key", "D")
    qtbot.waitUntil(lambda: shown._filter is not None)
    qtbot.mouseClick(shown.leave_out, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.view.piece_count == 3)
    assert len(CorpusStore(home).load("music").pieces) == 3
    assert "2 pieces left out" in posted[-1].sentence
    posted[-1].actions[0].act()
    qtbot.waitUntil(lambda: shown.view.piece_count == 5)


def test_only_these_keeps_the_chosen(qtbot, shown):
    click_bar(qtbot, shown, "key", "D")
    qtbot.waitUntil(lambda: shown._filter is not None)
    qtbot.mouseClick(shown.only, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shown.view.piece_count == 2)


def test_play_hands_the_piece_to_the_transport_and_a_second_time_stops_it(qtbot, shown, controller):
    shown.pieces.setCurrentIndex(shown.pieces_model.index(0))
    with qtbot.waitSignal(controller.play_requested) as played:
        qtbot.keyClick(shown.pieces, Qt.Key.Key_Space)
    key, score, title = played.args
    assert isinstance(score, Score)
    assert title == "in c"
    controller.set_playing(key)
    controller.set_playhead(480.0)
    assert shown.pieces_model.playhead == 480.0
    with qtbot.waitSignal(controller.stop_requested):
        qtbot.keyClick(shown.pieces, Qt.Key.Key_Space)


def test_a_file_of_the_report_plays_too(qtbot, shown, controller):
    row = next(
        row for row in range(shown.report.model.rowCount()) if shown.report.model.index(row).data() == "in f.mid"
    )
    shown.report.files.setCurrentIndex(shown.report.model.index(row))
    with qtbot.waitSignal(controller.play_requested):
        qtbot.keyClick(shown.report.files, Qt.Key.Key_Return)


def test_rows_in_view_get_their_notes(qtbot, shown):
    first = shown.pieces_model.pieces[0].fingerprint
    qtbot.waitUntil(lambda: shown.pieces_model.glimpse_of(first) is not None)
    assert len(shown.pieces_model.glimpse_of(first).notes) == 20


def test_files_are_found_by_name_as_one_types(qtbot, shown):
    model = shown.report.model
    qtbot.keyClicks(shown.report.search, "SLOW")
    qtbot.waitUntil(lambda: [model.index(row).data() for row in range(model.rowCount())] == ["Kept", "slow in d.mid"])
    shown.report.search.clear()
    qtbot.waitUntil(lambda: model.rowCount() == 11)


def test_the_choice_of_lines_is_kept_with_the_corpus(qtbot, shown, home):
    assert shown.report.lines.current == "melody"
    qtbot.keyClick(shown.report.lines, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: shown.view.corpus.lines == "all")
    assert CorpusStore(home).load("music").lines == "all"


def test_more_files_join_the_corpus_on_show(qtbot, shown, controller, tmp_path, music):
    from tests.gui.corpus.conftest import melody, write_midi

    more = tmp_path / "more"
    more.mkdir()
    write_midi(melody(9), more / "in a.mid")
    controller.import_paths((more,), add=True)
    qtbot.waitUntil(lambda: shown.view.piece_count == 6)


def test_several_corpora_are_chosen_in_the_combo_and_renamed_and_deleted(
    qtbot, shown, controller, tmp_path, posted, home
):
    from tests.gui.corpus.conftest import melody, write_midi

    other = tmp_path / "other"
    other.mkdir()
    write_midi(melody(9), other / "in a.mid")
    write_midi(melody(10), other / "in b flat.mid")
    controller.import_paths((other,))
    qtbot.waitUntil(lambda: shown.view.corpus.name == "other")
    combo = shown.report.corpora
    assert [combo.itemText(index) for index in range(combo.count())] == ["music", "other"]
    combo.activated.emit(0)
    qtbot.waitUntil(lambda: shown.view.corpus.name == "music")
    shown.report.rename_requested.emit("Tunes")
    qtbot.waitUntil(lambda: combo.currentText() == "Tunes")
    shown.report.delete_requested.emit()
    qtbot.waitUntil(lambda: shown.view is not None and shown.view.corpus.name == "other")
    posted[-1].actions[0].act()
    qtbot.waitUntil(lambda: shown.view is not None and shown.view.corpus.name == "Tunes")


def delete_shown(qtbot, shown, posted):
    """Delete the collection on show; what takes it back."""
    told = len(posted)
    shown.report.delete_requested.emit()
    qtbot.waitUntil(lambda: len(posted) > told)
    return posted[-1].actions[0].act


def test_a_deleted_collection_comes_back_from_the_list_of_the_deleted(qtbot, shown, controller, posted, home):
    delete_shown(qtbot, shown, posted)
    qtbot.waitUntil(lambda: shown.currentWidget() is shown.empty)
    shown.report.trash_requested.emit()
    trash = controller.trash
    qtbot.waitUntil(lambda: trash.list.count() == 1)
    assert trash.list.item(0).text().startswith("music, deleted 2")
    qtbot.mouseClick(trash.restore, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: trash.list.count() == 0)
    qtbot.waitUntil(lambda: shown.report.corpora.currentText() == "music")
    assert [corpus.name for corpus in CorpusStore(home).list()] == ["music"]


def test_a_collection_taken_back_stands_beside_one_that_took_its_name(qtbot, shown, controller, tmp_path, posted, home):
    from tests.gui.corpus.conftest import melody, write_midi

    undo = delete_shown(qtbot, shown, posted)
    other = tmp_path / "other" / "music"
    other.mkdir(parents=True)
    write_midi(melody(9), other / "in a.mid")
    controller.import_paths((other,))
    qtbot.waitUntil(lambda: shown.view is not None and shown.view.piece_count == 1)
    undo()
    qtbot.waitUntil(lambda: shown.view.corpus.name == "music 2")
    assert {corpus.name: len(corpus.pieces) for corpus in CorpusStore(home).list()} == {"music": 1, "music 2": 5}


@pytest.mark.parametrize("depth", ["all of it", "its report alone"])
def test_a_damaged_collection_is_shown_as_damaged_and_can_be_deleted(
    qtbot, shown, controller, tmp_path, posted, home, depth
):
    file = home / "corpora" / "music.sqlite"
    if depth == "all of it":
        file.write_bytes(b"x" * file.stat().st_size)
    else:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE verdict SET reason = x'00'")
    controller.refresh()
    qtbot.waitUntil(lambda: shown.report._title.text() == "This collection can’t be read")
    assert shown.report.corpora.currentText() == ("music (damaged)" if depth == "all of it" else "music")
    assert shown.report._from.text() == "The corpus ‘music’ is damaged. Import its folder again, or delete it."
    assert not shown.report.train.isEnabled()
    delete_shown(qtbot, shown, posted)
    qtbot.waitUntil(lambda: shown.currentWidget() is shown.empty)
    assert CorpusStore(home).list() == ()


def damage_cache(home):
    """Damage in a file's place, not within it: whoever is just reading the old one would put it right again in closing it."""
    file = home / "cache" / "files.sqlite"
    for companion in file.parent.glob("files.sqlite-*"):
        companion.unlink(missing_ok=True)
    file.unlink()
    file.write_bytes(b"x" * 5000)


def sentences(posted):
    """What was told; twice where a glimpse was being read just then."""
    return {message.sentence for message in posted}


def test_a_damaged_cache_is_told_and_the_collection_shown_all_the_same(qtbot, shown, controller, music, posted, home):
    damage_cache(home)
    before = shown.view
    controller.refresh()
    qtbot.waitUntil(lambda: shown.view is not before and bool(posted))
    assert shown.view.piece_count == 5
    assert sentences(posted) == {"The cache of read files was damaged, and is set aside."}
    controller.import_paths((music,))
    qtbot.waitUntil(lambda: shown.view.statistics.notes == 100)


def test_a_damaged_cache_is_told_also_when_something_else_is_looked_at_meanwhile(
    qtbot, shown, controller, runner, posted, home
):
    qtbot.waitUntil(lambda: not runner._jobs)
    damage_cache(home)
    controller.show_corpus(controller.corpus_id)
    shown.filter_requested.emit("", -1)
    qtbot.waitUntil(lambda: not runner._jobs)
    assert sentences(posted) == {"The cache of read files was damaged, and is set aside."}


def test_an_import_that_finds_a_damaged_cache_tells_it_and_goes_on(qtbot, shown, controller, music, posted, home):
    damage_cache(home)
    before = shown.view
    controller.import_paths((music,))
    qtbot.waitUntil(lambda: shown.view is not before and bool(posted))
    assert sentences(posted) == {"The cache of read files was damaged, and is set aside."}
    assert shown.view.piece_count == 5


def test_a_folder_with_nothing_to_learn_from_says_so(qtbot, workspace, controller, tmp_path, posted, home):
    folder = tmp_path / "noise"
    folder.mkdir()
    (folder / "a.mid").write_bytes(b"x")
    (folder / "b.mid").write_bytes(b"y")
    controller.import_paths((folder,))
    qtbot.waitUntil(lambda: bool(posted))
    assert posted[-1].sentence == "None of these 2 files can teach."
    assert posted[-1].hint.endswith(" (2).")
    qtbot.waitUntil(lambda: workspace.currentWidget() is workspace.empty)
    assert not CorpusStore(home).list()


def test_a_file_that_cannot_teach_leaves_the_collection_on_show(qtbot, shown, controller, tmp_path, posted, home):
    notes = tmp_path / "notes.txt"
    notes.write_text("to do: practise")
    with qtbot.assertNotEmitted(controller.corpora_changed):
        controller.import_paths((notes,))
        qtbot.waitUntil(lambda: bool(posted))
    assert posted[-1].sentence == "‘notes.txt’ can’t teach."
    assert posted[-1].hint
    qtbot.waitUntil(lambda: shown.report.corpora.currentText() == "music")
    qtbot.waitUntil(lambda: shown.report._title.text() == "8 files came in, 5 can teach")
    assert [corpus.name for corpus in CorpusStore(home).list()] == ["music"]


def test_a_folder_without_midi_files_is_an_expected_failure(qtbot, workspace, controller, tmp_path, posted):
    (tmp_path / "empty").mkdir()
    controller.import_paths((tmp_path / "empty",))
    qtbot.waitUntil(lambda: bool(posted))
    assert "There are no MIDI files" in posted[-1].sentence
    qtbot.waitUntil(lambda: workspace.currentWidget() is workspace.empty)


def test_an_import_can_be_cancelled(qtbot, workspace, controller, music):
    controller.import_paths((music,))
    qtbot.mouseClick(workspace.report.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: controller._import is None)
    qtbot.waitUntil(lambda: not controller._runner.is_busy("import"))


def test_the_sample_pieces_are_one_click_away(qtbot, workspace, controller):
    qtbot.mouseClick(workspace.empty.samples, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.view is not None)


@pytest.fixture
def samples_in(qtbot, workspace, controller):
    """The sample pieces are in, under another name, one of them left out."""
    controller.import_samples()
    controller.import_samples()  # as by a double click
    qtbot.waitUntil(lambda: workspace.view is not None)
    workspace.report.rename_requested.emit("Songs to sing")
    qtbot.waitUntil(lambda: workspace.view.corpus.name == "Songs to sing")
    controller._leave_out(frozenset({workspace.view.corpus.pieces[0].fingerprint}))
    qtbot.waitUntil(lambda: workspace.view.piece_count == 4)
    return controller


def test_the_sample_pieces_come_in_once_and_stay_as_they_were_made(qtbot, workspace, samples_in, music, home):
    other = music.parent / "other"
    other.mkdir()
    write_midi(melody(3), other / "in e flat.mid")
    samples_in.import_paths((other,))
    qtbot.waitUntil(lambda: workspace.view.corpus.name == "other")
    samples_in.import_samples()
    qtbot.waitUntil(lambda: workspace.view.corpus.name == "Songs to sing")
    assert workspace.view.piece_count == 4
    assert [corpus.name for corpus in CorpusStore(home).list()] == ["other", "Songs to sing"]


def test_the_sample_pieces_of_another_copy_of_the_program_are_the_same(
    qtbot, workspace, runner, home, music, tmp_path, monkeypatch
):
    for number, place in enumerate(("version 1", "version 2")):
        monkeypatch.setattr(paths, "resources", lambda place=place: tmp_path / place)
        samples = tmp_path / place / "demo"
        shutil.copytree(music, samples)
        controller = CorpusController(workspace, runner, home=home, samples=samples)
        controller.import_samples()
        qtbot.waitUntil(lambda: workspace.view is not None)
        if number == 0:
            workspace.show_nothing()
    assert len(CorpusStore(home).list()) == 1


def test_sample_pieces_of_which_an_import_was_stopped_are_imported_again(qtbot, workspace, controller, home, music):
    import_paths([music], Control(), home=home, name="OpenScore Lieder", processes=0)
    with closing(sqlite3.connect(CorpusStore(home).file("openscore-lieder"))) as connection:
        connection.execute("UPDATE verdict SET reason = ? WHERE position = 1", (NOT_READ,))
        connection.execute("DELETE FROM piece WHERE position = 1")
        connection.commit()
    controller.import_samples()
    qtbot.waitUntil(lambda: workspace.view is not None and workspace.view.piece_count == 5)
    assert len(CorpusStore(home).list()) == 1


def test_train_names_the_corpus(qtbot, shown, controller):
    with qtbot.waitSignal(controller.train_requested) as asked:
        qtbot.mouseClick(shown.report.train, Qt.MouseButton.LeftButton)
    assert asked.args == ["music"]
