"""What keys do on the roll, by looking at the document."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.music.score import Metre, Note, Part, Score
from gui.piano_roll.clipboard import MIME_TYPE, from_mime, to_mime
from tests.gui.piano_roll.conftest import ALT, CTRL, QUARTER, SHIFT, Hands, seed

GRID = QUARTER // 4
Key = Qt.Key


def select_first(hands: Hands, count: int = 1) -> None:
    hands.document.select(frozenset(seed()[:count]))


@pytest.mark.parametrize(
    ("key", "keys", "expected"),
    [
        (Key.Key_Up, None, Note(0, 73, QUARTER)),
        (Key.Key_Down, None, Note(0, 71, QUARTER)),
        (Key.Key_Up, SHIFT, Note(0, 84, QUARTER)),
        (Key.Key_Down, SHIFT, Note(0, 60, QUARTER)),
        (Key.Key_Right, None, Note(GRID, 72, QUARTER)),
        (Key.Key_Right, SHIFT, Note(0, 72, QUARTER + GRID)),
        (Key.Key_Left, SHIFT, Note(0, 72, QUARTER - GRID)),
        (Key.Key_Plus, None, Note(0, 72, QUARTER, 98)),
        (Key.Key_Minus, None, Note(0, 72, QUARTER, 82)),
    ],
)
def test_a_key_changes_the_selected_note(
    hands: Hands, key: Qt.Key, keys: Qt.KeyboardModifier | None, expected: Note
) -> None:
    select_first(hands)
    hands.type(key, keys or Qt.KeyboardModifier.NoModifier)
    assert hands.notes[0] == expected or expected in hands.notes
    assert hands.document.selection == {expected}
    assert hands.document.undo_stack.count() == 1
    hands.type(Key.Key_Z, CTRL)
    assert hands.notes == seed()
    hands.type(Key.Key_Y, CTRL)
    assert expected in hands.notes


def test_arrows_do_not_leave_the_start_or_shorten_to_nothing(hands: Hands) -> None:
    select_first(hands)
    hands.type(Key.Key_Left)
    for _ in range(6):
        hands.type(Key.Key_Left, SHIFT)
    assert hands.notes[0] == Note(0, 72, GRID)


def test_arrows_scroll_while_nothing_is_selected(hands: Hands) -> None:
    before = hands.editor.view.viewport
    hands.type(Key.Key_Right)
    hands.type(Key.Key_Up)
    after = hands.editor.view.viewport
    assert after.x_offset > before.x_offset
    assert after.y_offset < before.y_offset
    assert hands.notes == seed()


@pytest.mark.parametrize("key", [Key.Key_Delete, Key.Key_Backspace])
def test_delete_erases_the_selection(hands: Hands, key: Qt.Key) -> None:
    select_first(hands, 2)
    hands.type(key)
    assert hands.notes == seed()[2:]
    assert hands.document.undo_stack.undoText() == "Delete 2 notes"


def test_select_all_invert_and_nothing(hands: Hands) -> None:
    hands.type(Key.Key_A, CTRL)
    assert hands.document.selection == set(seed())
    select_first(hands, 3)
    hands.type(Key.Key_I, CTRL)
    assert hands.document.selection == {seed()[3]}
    hands.type(Key.Key_Escape)
    assert not hands.document.selection


def test_tab_walks_the_notes_and_lets_each_be_heard(hands: Hands) -> None:
    heard: list[int] = []
    hands.editor.note_auditioned.connect(lambda pitch, _velocity: heard.append(pitch))
    for _ in range(3):
        hands.type(Key.Key_Tab)
    hands.type(Key.Key_Backtab, SHIFT)
    assert heard == [72, 74, 76, 74]
    assert hands.document.selection == {seed()[1]}


def test_tab_past_the_last_note_leaves_the_roll(hands: Hands) -> None:
    hands.document.select(frozenset(seed()[3:]))
    assert not hands.editor.commands.select_next(1)
    assert hands.document.selection == {seed()[3]}


def test_a_held_key_is_one_undo_step_and_the_next_press_another(hands: Hands) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent

    select_first(hands)
    none = Qt.KeyboardModifier.NoModifier
    for is_repeat in (False, True, True):
        event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Up, none, "", is_repeat)
        QApplication.sendEvent(hands.editor.canvas, event)
    assert hands.notes[0] == Note(0, 75, QUARTER)
    assert hands.document.undo_stack.count() == 1
    hands.type(Key.Key_Up)
    assert hands.document.undo_stack.count() == 2


def test_quantise_pulls_onsets_to_the_grid(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands((Note(13, 72, 200), Note(590, 74, 200)))
    hands.type(Key.Key_A, CTRL)
    hands.type(Key.Key_Q)
    assert [note.onset for note in hands.notes] == [0, 600]


def test_a_pasted_figure_keeps_its_rhythm_and_lands_at_the_playhead(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands((Note(13, 72, 200), Note(590, 74, 200)))
    hands.type(Key.Key_A, CTRL)
    hands.type(Key.Key_C, CTRL)
    hands.editor.set_playhead(4 * QUARTER)
    hands.type(Key.Key_V, CTRL)
    assert {Note(1920, 72, 200), Note(1920 + 577, 74, 200)} == hands.document.selection
    hands.type(Key.Key_V, CTRL)
    assert [note.onset for note in hands.notes] == [13, 590, 1920, 2497, 2880, 3457]
    assert hands.document.undo_stack.undoText() == "Paste 2 notes"


def test_cut_takes_the_notes_away_and_paste_brings_them_back(hands: Hands) -> None:
    select_first(hands, 2)
    hands.type(Key.Key_X, CTRL)
    assert hands.notes == seed()[2:]
    hands.type(Key.Key_V, CTRL)
    assert hands.notes == seed()


def test_duplicate_repeats_the_notes_after_themselves(hands: Hands) -> None:
    hands.type(Key.Key_A, CTRL)
    hands.type(Key.Key_D, CTRL)
    assert [note.onset for note in hands.notes] == [QUARTER * index for index in range(8)]


def test_a_note_can_be_written_without_a_mouse(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands(())
    hands.editor.set_playhead(2 * QUARTER)
    hands.type(Key.Key_Insert)
    hands.type(Key.Key_Up)
    hands.type(Key.Key_Insert)
    assert hands.notes == (Note(2 * QUARTER, 73, QUARTER), Note(3 * QUARTER, 73, QUARTER))


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        (Key.Key_2, "draw"), (Key.Key_D, "draw"), (Key.Key_B, "draw"), (Key.Key_3, "erase"), (Key.Key_E, "erase"),
        (Key.Key_1, "select"), (Key.Key_S, "select"),
    ],
)  # fmt: skip
def test_keys_choose_the_tool(hands: Hands, key: Qt.Key, tool: str) -> None:
    hands.type(key)
    assert hands.editor.view.tool == tool


def test_b_goes_to_the_pencil_and_back(hands: Hands, qtbot: QtBot) -> None:
    with qtbot.waitSignal(hands.editor.tool_changed, check_params_cb=lambda tool: tool == "draw"):
        hands.type(Key.Key_B)
    hands.type(Key.Key_B)
    assert hands.editor.view.tool == "select"


def turn(hands: Hands, tick: float, pitch: int, notches: int, keys: Qt.KeyboardModifier) -> None:
    at = QPointF(hands.point(tick, pitch))
    canvas = hands.editor.canvas
    angle = QPoint(120 * notches, 0) if keys & ALT else QPoint(0, 120 * notches)  # Qt turns the wheel's axis with Alt
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, canvas.mapToGlobal(at), QPoint(), angle, Qt.MouseButton.NoButton, keys, phase, False)
    QApplication.sendEvent(canvas, event)


def test_alt_and_the_wheel_over_a_note_change_its_velocity_as_one_step(hands: Hands) -> None:
    for _ in range(3):
        turn(hands, 200, 72, 1, ALT)
    assert hands.notes[0].velocity == 102
    assert hands.document.undo_stack.count() == 1
    turn(hands, QUARTER + 200, 74, -2, ALT)
    assert hands.notes[1].velocity == 82
    assert hands.document.undo_stack.count() == 2


def test_alt_and_the_wheel_over_a_selected_note_change_all_selected(hands: Hands) -> None:
    hands.type(Key.Key_A, CTRL)
    turn(hands, 200, 72, 1, ALT)
    assert [note.velocity for note in hands.notes] == [94, 94, 44, 94]
    assert hands.document.selection == set(hands.notes)


def test_the_wheel_scrolls_pitches_and_with_shift_time(hands: Hands) -> None:
    before = hands.editor.view.viewport
    turn(hands, 1000, 72, -1, Qt.KeyboardModifier.NoModifier)
    turn(hands, 1000, 72, -1, SHIFT)
    after = hands.editor.view.viewport
    assert (after.x_offset - before.x_offset, after.y_offset - before.y_offset) == (57, 57)


def test_ctrl_and_the_wheel_zoom_around_the_pointer(hands: Hands) -> None:
    view = hands.editor.view
    turn(hands, 4 * QUARTER, 72, 0, CTRL)
    x = view.viewport.x_at(4 * QUARTER)
    turn(hands, 4 * QUARTER, 72, 2, CTRL)
    assert view.viewport.pixels_per_tick == pytest.approx(1.44 * 64 / QUARTER)
    assert view.viewport.x_at(4 * QUARTER) == pytest.approx(x, abs=1)
    turn(hands, 4 * QUARTER, 72, 1, CTRL | SHIFT)
    assert view.viewport.row_height == 21


def test_zooming_by_keys_and_back_to_all(hands: Hands) -> None:
    before = hands.editor.view.viewport.pixels_per_tick
    hands.type(Key.Key_Plus, CTRL)
    assert hands.editor.view.viewport.pixels_per_tick == pytest.approx(before * 1.25)
    hands.type(Key.Key_0, CTRL)
    start, end = hands.editor.view.viewport.ticks_visible
    assert start == 0
    assert end >= 4 * QUARTER


def test_snapping_follows_the_metre_of_the_score(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands(score=Score(parts=(Part.of((Note(0, 72, 240),)),), metres=(Metre(0, 7, 8),)))
    hands.editor.set_snap(QUARTER)
    hands.drag((100, 72), (1750, 72))  # the bar is 1680 long: 1680 is nearer than the grid's 1440
    assert hands.notes[0].onset == 1680


# The clipboard's format


def test_notes_come_back_from_the_clipboard_as_they_were(qapp: QApplication) -> None:
    assert from_mime(to_mime(reversed(seed()))) == seed()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"notes": 3}', b'{"notes": [[1, 2]]}', b'{"notes": [[0, 200, 10, 90]]}',
     b'{"notes": [["a", 60, 10, 90]]}', b'{"notes": [[0, 60, 10, true]]}', b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_anything_else_on_the_clipboard_is_left_alone(hands: Hands, content: bytes) -> None:
    mime = QMimeData()
    mime.setData(MIME_TYPE, content)
    QGuiApplication.clipboard().setMimeData(mime)
    hands.type(Key.Key_V, CTRL)
    assert hands.notes == seed()


def test_text_on_the_clipboard_is_not_pasted(hands: Hands) -> None:
    QGuiApplication.clipboard().setText("C5 D5")
    hands.type(Key.Key_V, CTRL)
    assert hands.notes == seed()
