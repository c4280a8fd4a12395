"""Top bar, editor bar, menu row, status bar, key sheet and first page, each on its own."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QMainWindow

from core.music.pitch import Scale
from core.music.score import Metre, Score, Tempo
from gui import theme
from gui.actions import Actions
from gui.controls.text import Text
from gui.drop_frame import DropFrame, dropped_files
from gui.editor_bar import SNAPS, EditorBar
from gui.first_page import FirstPage
from gui.menu_row import MenuRow, StatusBar
from gui.message_pile import MessagePile
from gui.messages import Message, note, post
from gui.shortcuts_page import ShortcutsPage
from gui.tempo_metre import with_metre, with_tempo
from gui.transport_bar import Mark, Readout, TransportBar
from tests.gui.conftest import line


@pytest.fixture
def window(dressed, qtbot):
    window = QMainWindow()
    window.resize(1600, 200)
    qtbot.addWidget(window)
    return window


@pytest.fixture
def actions(window):
    return Actions(window)


# Top bar


@pytest.fixture
def transport(window, actions, qtbot):
    bar = TransportBar(actions, volume=0.5)
    window.setCentralWidget(bar)
    window.show()
    qtbot.waitExposed(window)
    return bar


def test_muting_remembers_the_volume(transport, qtbot):
    heard = []
    transport.volume_changed.connect(heard.append)
    qtbot.mouseClick(transport._mute, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(transport._mute, Qt.MouseButton.LeftButton)
    assert heard == [0, 0.5]


def test_the_play_button_plays_and_shows_it(transport, actions, qtbot):
    with qtbot.waitSignal(actions["play"].triggered):
        qtbot.mouseClick(transport.play_button, Qt.MouseButton.LeftButton)
    transport.show_playing(playing=True)
    assert transport.play_button.isChecked()


def test_a_click_on_the_workspace_already_shown_is_told_too(transport, qtbot):
    segments = transport.workspaces
    with qtbot.waitSignal(transport.workspace_chosen) as chosen:
        qtbot.mouseClick(segments, Qt.MouseButton.LeftButton, pos=segments.rects()[2].center().toPoint())
    assert chosen.args == ["compose"]


def test_the_pill_says_less_in_a_narrow_window(transport):
    transport.show_job(0.5, "Training", "epoch 37 of 60 · 4 min left")
    wide = transport.pill.sizeHint().width()
    transport.pill.set_short(short=True)
    assert transport.pill.sizeHint().width() < wide
    assert not transport.pill.grab().isNull()


def test_without_a_device_there_is_a_word_instead_of_the_volume(transport, qtbot):
    transport.show_sound(available=False, sentence="No sound device found.")
    assert not transport.volume.isVisible()
    with qtbot.waitSignal(transport.sound_check_requested):
        qtbot.mouseClick(transport._check_again, Qt.MouseButton.LeftButton)
    transport.show_sound(available=True)
    assert transport.volume.isVisible()


def test_the_readout_knows_tempo_and_metre_of_each_place(dressed, qtbot):
    score = Score(tempos=(Tempo(0, 500_000), Tempo(1920, 1_000_000)), metres=(Metre(0, 4, 4), Metre(1920, 3, 4)))
    readout = Readout()
    qtbot.addWidget(readout)
    readout.show_place(score, 1920 + 3 * 480)
    assert readout.words == ("3 . 1 . 1", "60", "3 / 4")
    with qtbot.waitSignal(readout.tempo_clicked):
        qtbot.mouseClick(readout, Qt.MouseButton.LeftButton, pos=QPoint(120, 10))
    with qtbot.waitSignal(readout.metre_clicked):
        qtbot.mouseClick(readout, Qt.MouseButton.LeftButton, pos=QPoint(220, 10))
    assert not readout.grab().isNull()


def test_the_mark_is_drawn(dressed, qtbot):
    mark = Mark(44)
    qtbot.addWidget(mark)
    image = mark.grab().toImage()
    assert image.pixelColor(8, 16) == theme.current().color("model.base")


def test_tempo_and_metre_change_where_they_begin():
    score = Score(tempos=(Tempo(0, 500_000), Tempo(1920, 1_000_000)), metres=(Metre(0, 3, 4),))
    assert with_tempo(score, 2000, 120).tempos == (Tempo(0, 500_000), Tempo(1920, 500_000))
    assert with_tempo(Score(), 5000, 92).tempos == (Tempo(0, 652_174),)
    assert with_metre(score, 10, 6, 8).metres == (Metre(0, 6, 8),)


# Editor bar


@pytest.fixture
def bar(window, actions, qtbot):
    bar = EditorBar(actions)
    window.setCentralWidget(bar)
    window.show()
    qtbot.waitExposed(window)
    return bar


def test_snaps_are_whole_ticks():
    assert dict(SNAPS)["1/16"] == 120
    assert dict(SNAPS)["1/8T"] == 160
    assert dict(SNAPS)["Off"] is None


def test_tools_snap_and_scale_are_told(bar, qtbot):
    with qtbot.waitSignal(bar.tool_chosen) as tool:
        qtbot.mouseClick(bar.tools, Qt.MouseButton.LeftButton, pos=bar.tools.rects()[1].center().toPoint())
    assert tool.args == ["draw"]
    with qtbot.waitSignal(bar.snap_chosen) as snap:
        bar.snap.setCurrentIndex(len(SNAPS) - 1)
        bar.snap.activated.emit(len(SNAPS) - 1)
    assert snap.args == [None]
    bar.show_scale(Scale(2, "minor"))
    assert bar.scale.currentText() == "D minor"
    bar.show_scale(None)
    assert bar.scale.currentData() is None


def test_the_legend_follows_the_colours(bar, qtbot):
    widths = set()
    for index in range(3):
        qtbot.mouseClick(bar.color_by, Qt.MouseButton.LeftButton, pos=bar.color_by.rects()[index].center().toPoint())
        widths.add(bar.legend.sizeHint().width())
        assert not bar.legend.grab().isNull()
    assert len(widths) == 3


def test_a_narrow_bar_drops_words_and_keeps_controls(bar, window):
    window.resize(740, 200)
    bar.resize(740, 44)
    assert not bar._snap_words.isVisible()
    assert not bar.legend.isVisible()
    assert bar.snap.isVisible()
    assert bar.scale.isVisible()


# First and last line


def test_the_menu_row_names_the_document(window, actions):
    row = MenuRow(actions)
    window.setMenuWidget(row)
    row.resize(1600, 30)
    row.show_title("Evening study", is_dirty=True)
    row.show_saved("Recovery copy 12 s ago")
    assert row.title.text() == "Evening study"
    assert row._mark.text() == "— edited"
    assert [action.text() for action in row.bar.actions()][:3] == ["File", "Edit", "Notes"]


def test_the_status_bar_says_the_latest_before_the_usual(dressed, qtbot):
    status = StatusBar()
    qtbot.addWidget(status)
    status.set_hint("Press G")
    status.show_pointed("F5 · bar 6")
    assert status.words == "F5 · bar 6"
    status.note("Saved.")
    assert status.words == "Saved."
    status._forget_note()
    status.show_pointed("")
    assert status.words == "Press G"


def test_a_passing_message_leaves_by_itself(dressed, qtbot):
    queue = MessagePile()
    qtbot.addWidget(queue)
    post(Message("Exported.", lasts_ms=30))
    assert queue.isVisibleTo(None)
    qtbot.waitUntil(lambda: not queue.isVisibleTo(None))
    note("heard by nobody here")


def test_the_newest_message_shows_at_once_and_the_one_before_comes_back(dressed, qtbot):
    pile = MessagePile()
    qtbot.addWidget(pile)
    post(Message("The disk is full."))
    post(Message("The takes were discarded.", lasts_ms=30))
    assert pile.accessibleName() == "The takes were discarded."
    qtbot.waitUntil(lambda: pile.accessibleName() == "The disk is full.")
    pile.closed.emit()
    assert not pile.isVisibleTo(None)


def test_a_passing_message_that_was_covered_still_has_its_time(dressed, qtbot):
    pile = MessagePile()
    qtbot.addWidget(pile)
    post(Message("Deleted.", lasts_ms=30))
    post(Message("The disk is full."))
    post(Message("Noted.", lasts_ms=60))
    qtbot.waitUntil(lambda: pile.accessibleName() == "The disk is full.")
    pile.closed.emit()
    assert pile.accessibleName() == "Deleted."
    qtbot.waitUntil(lambda: not pile.isVisibleTo(None))


def test_what_is_said_twice_stands_once(dressed, qtbot):
    pile = MessagePile()
    qtbot.addWidget(pile)
    for words in ("The disk is full.", "Noted.", "The disk is full."):
        post(Message(words))
    assert pile.accessibleName() == "The disk is full."
    pile.closed.emit()
    assert pile.accessibleName() == "Noted."
    pile.closed.emit()
    assert not pile.isVisibleTo(None)


# First page, keys, drops


def test_every_button_of_the_first_page_says_what_it_is_for(dressed, qtbot):
    page = FirstPage()
    qtbot.addWidget(page)
    page.set_seed(line(69, 74, 76))
    page.resize(1080, 600)
    for button, signal in (
        (page.continue_button, page.continue_requested),
        (page.play_button, page.play_requested),
        (page.folder_button, page.folder_requested),
        (page.samples_button, page.samples_requested),
        (page.open_button, page.open_requested),
        (page.empty_button, page.empty_requested),
        (page.keys_button, page.keys_requested),
    ):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    page.set_playing(playing=True)
    assert page.play_button.text() == "Pause"
    assert not page.grab().isNull()


def test_the_first_page_fits_the_smallest_window(dressed, qtbot):
    page = FirstPage()
    qtbot.addWidget(page)
    page.resize(1080, 588)
    page.show()
    assert page.widget().minimumSizeHint().width() <= 1080


def test_the_key_sheet_names_every_key_and_closes_by_its_own(dressed, qtbot):
    page = ShortcutsPage()
    qtbot.addWidget(page)
    words = {text.text() for text in page.findChildren(Text)}
    assert {"Generate takes", "G", "Ctrl ↵", "Alt+wheel", "Keyboard and mouse"} <= words
    page.show()
    qtbot.keyClick(page, Qt.Key.Key_F1)
    assert not page.isVisible()


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("study.ritornello",), "project"),
        (("Chorales.ritornello-model",), "model"),
        (("a.mid",), "pieces"),
        (("study.ritornello", "b.ritornello"), "pieces"),
        (("folder",), "pieces"),
    ],
)
def test_a_drop_is_judged_by_what_it_is(tmp_path, names, kind):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in names])
    dropped = dropped_files(mime)
    assert dropped.kind == kind
    assert [path.name for path in dropped.paths] == list(names)


def test_text_from_a_browser_is_no_drop():
    mime = QMimeData()
    mime.setText("https://example.org/a.mid")
    assert dropped_files(mime) is None


def test_the_drop_frame_covers_the_window_and_takes_no_mouse(window, qtbot):
    frame = DropFrame(window)
    window.show()
    frame.show_kind("pieces")
    assert frame.geometry() == window.rect()
    assert frame.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    assert not frame.grab().isNull()


def test_the_first_page_offers_nothing_where_no_melody_waits(dressed, qtbot):
    page = FirstPage()
    qtbot.addWidget(page)
    page.set_seed(())
    assert not page.continue_button.isEnabled()
    assert not page.play_button.isEnabled()
    page.set_model(None)
    words = [text.text() for text in page.findChildren(Text)]
    assert "No melody is waiting. Open one, or start with an empty piano roll." in words
    page.set_seed(line(60, 62))
    assert page.play_button.isEnabled()
