"""What the mouse does on the canvas, by looking at the document."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.music.score import Note, Part, Score
from tests.gui.piano_roll.conftest import ALT, CTRL, MIDDLE, QUARTER, RIGHT, SHIFT, Hands, seed

MIDDLE_OF = QUARTER // 2
GRID = QUARTER // 4


def steps(hands: Hands) -> list[str]:
    stack = hands.document.undo_stack
    return [stack.text(index) for index in range(stack.count())]


# Drawing


def test_a_double_click_on_the_empty_grid_writes_a_note_there(hands: Hands) -> None:
    hands.double_click(5 * QUARTER + 10, 70)
    assert Note(5 * QUARTER, 70, QUARTER) in hands.notes
    assert steps(hands) == ["Write 1 note"]


def test_a_click_with_the_draw_tool_writes_a_note_as_long_as_the_last_one(hands: Hands) -> None:
    hands.editor.set_tool("draw")
    hands.drag((5 * QUARTER, 70), (5 * QUARTER + 3 * GRID, 70))
    hands.click(8 * QUARTER + 5, 71)
    assert {Note(5 * QUARTER, 70, 3 * GRID), Note(8 * QUARTER, 71, 3 * GRID)} <= set(hands.notes)


def test_a_vertical_drag_while_drawing_carries_the_note_and_lets_every_pitch_be_heard(hands: Hands) -> None:
    hands.editor.set_tool("draw")
    heard: list[int] = []
    hands.editor.note_auditioned.connect(lambda pitch, _velocity: heard.append(pitch))
    hands.press(6 * QUARTER, 70)
    for pitch in (71, 72, 73):
        hands.move(6 * QUARTER, pitch)
    hands.release(6 * QUARTER, 73)
    assert heard == [70, 71, 72, 73]
    assert Note(6 * QUARTER, 73, QUARTER) in hands.notes


def test_drawing_with_alt_held_keeps_off_the_grid(hands: Hands) -> None:
    hands.editor.set_tool("draw")
    tick = 6 * QUARTER + 37
    hands.click(tick, 70, keys=ALT)
    new = (set(hands.notes) - set(seed())).pop()
    assert abs(new.onset - tick) <= 8  # a pixel is seven ticks and a half
    assert new.onset % GRID


def test_a_written_note_is_yours_and_selected(hands: Hands) -> None:
    hands.double_click(5 * QUARTER, 70)
    assert hands.document.selection == {Note(5 * QUARTER, 70, QUARTER)}
    assert not hands.document.snapshot.generated


# Moving


def test_dragging_a_note_moves_it_by_the_grid_as_one_undo_step(hands: Hands) -> None:
    hands.drag((MIDDLE_OF, 72), (MIDDLE_OF + 2 * QUARTER + 20, 69))
    assert Note(2 * QUARTER, 69, QUARTER) in hands.notes
    assert seed()[0] not in hands.notes
    assert steps(hands) == ["Move 1 note"]
    hands.document.undo_stack.undo()
    assert hands.notes == seed()


def test_nothing_reaches_the_document_before_the_release(hands: Hands) -> None:
    hands.press(MIDDLE_OF, 72)
    hands.move(MIDDLE_OF + QUARTER, 70)
    assert hands.notes == seed()
    assert steps(hands) == []
    hands.release(MIDDLE_OF + QUARTER, 70)
    assert len(steps(hands)) == 1


def test_esc_during_a_drag_abandons_it(hands: Hands) -> None:
    hands.press(MIDDLE_OF, 72)
    hands.move(MIDDLE_OF + QUARTER, 70)
    hands.type(Qt.Key.Key_Escape)
    hands.move(MIDDLE_OF + 2 * QUARTER, 68)
    hands.release(MIDDLE_OF + 2 * QUARTER, 68)
    assert hands.notes == seed()
    assert hands.editor.view.floating is None


def test_a_click_without_a_drag_changes_nothing_but_the_selection(hands: Hands) -> None:
    hands.click(MIDDLE_OF, 72)
    assert hands.document.selection == {seed()[0]}
    assert steps(hands) == []


def test_a_note_off_the_grid_keeps_its_onset_when_only_its_pitch_is_dragged(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands((Note(517, 72, QUARTER),))
    hands.drag((600, 72), (600, 76))
    assert hands.notes == (Note(517, 76, QUARTER),)


def test_dragging_with_alt_held_after_the_press_moves_freely(hands: Hands) -> None:
    hands.drag((MIDDLE_OF, 72), (MIDDLE_OF + 97, 72), held=ALT)
    moved = min(hands.notes, key=lambda note: abs(note.onset - 97))
    assert abs(moved.onset - 97) <= 8
    assert moved.onset % GRID


def test_the_whole_selection_moves_and_keeps_its_shape_at_the_edge(hands: Hands) -> None:
    hands.document.select(frozenset(seed()[:2]))
    hands.drag((QUARTER + MIDDLE_OF, 74), (QUARTER + MIDDLE_OF - 3 * QUARTER, 80))
    assert {Note(0, 78, QUARTER), Note(QUARTER, 80, QUARTER)} <= set(hands.notes)
    assert steps(hands) == ["Move 2 notes"]


@pytest.mark.parametrize("keys", [SHIFT, CTRL, ALT], ids=["Shift", "Ctrl", "Alt"])
def test_dragging_with_a_key_held_at_the_press_copies(hands: Hands, keys: Qt.KeyboardModifier) -> None:
    hands.document.select(frozenset(seed()[:1]))
    hands.drag((MIDDLE_OF, 72), (MIDDLE_OF + 6 * QUARTER, 72), keys=keys, held=Qt.KeyboardModifier.NoModifier)
    assert set(hands.notes) == {*seed(), Note(6 * QUARTER, 72, QUARTER)}
    assert hands.document.selection == {Note(6 * QUARTER, 72, QUARTER)}


def test_originals_stay_in_sight_while_copies_are_dragged_and_vanish_while_notes_are_moved(hands: Hands) -> None:
    view = hands.editor.view
    hands.press(MIDDLE_OF, 72, keys=SHIFT)
    hands.move(MIDDLE_OF + 2 * QUARTER, 72)
    assert view.floating is not None
    assert view.floating.lifted.size == 0
    hands.editor.canvas.abandon()
    hands.press(MIDDLE_OF, 72)
    hands.move(MIDDLE_OF + 2 * QUARTER, 72)
    assert view.floating is not None
    assert view.floating.lifted.tolist() == [0]
    assert view.floating.index.onset.tolist() == [2 * QUARTER]
    hands.editor.canvas.abandon()


def test_a_vertical_drag_lets_the_new_pitches_be_heard(hands: Hands) -> None:
    heard: list[tuple[int, int]] = []
    hands.editor.note_auditioned.connect(lambda *note: heard.append(note))
    hands.press(2 * QUARTER + MIDDLE_OF, 76)
    hands.move(2 * QUARTER + MIDDLE_OF, 75)
    hands.move(2 * QUARTER + MIDDLE_OF + 60, 75)
    hands.release(2 * QUARTER + MIDDLE_OF, 75)
    assert heard == [(76, 40), (75, 40)]


# Resizing


def test_the_right_edge_resizes_the_end_and_the_left_edge_the_start(hands: Hands) -> None:
    hands.drag((QUARTER - 10, 72), (QUARTER + 2 * GRID - 10, 72))
    hands.drag((3 * QUARTER + 10, 77), (3 * QUARTER + 2 * GRID + 10, 77))
    assert {Note(0, 72, QUARTER + 2 * GRID), Note(3 * QUARTER + 2 * GRID, 77, 2 * GRID)} <= set(hands.notes)
    assert steps(hands) == ["Resize 1 note", "Resize 1 note"]


def test_an_edge_dragged_past_the_other_leaves_one_step_of_the_grid(hands: Hands) -> None:
    hands.drag((QUARTER - 10, 72), (-400, 72))
    assert Note(0, 72, GRID) in hands.notes


def test_all_selected_notes_are_resized_by_the_same_amount(hands: Hands) -> None:
    hands.document.select(frozenset(seed()))
    hands.drag((QUARTER - 10, 72), (QUARTER - GRID - 10, 72))
    assert [note.duration for note in hands.notes] == [QUARTER - GRID] * 4


def test_the_cursor_shows_that_an_edge_can_be_dragged(hands: Hands) -> None:
    hands.move(QUARTER - 10, 72, button=Qt.MouseButton.NoButton)
    assert hands.editor.canvas.cursor().shape() == Qt.CursorShape.SizeHorCursor
    hands.move(MIDDLE_OF, 72, button=Qt.MouseButton.NoButton)
    assert hands.editor.canvas.cursor().shape() == Qt.CursorShape.ArrowCursor


# Erasing


def test_the_eraser_sweeps_all_notes_on_its_way_in_one_step(hands: Hands) -> None:
    hands.editor.set_tool("erase")
    hands.press(MIDDLE_OF, 72)
    hands.move(QUARTER + MIDDLE_OF, 74)
    hands.release(2 * QUARTER + MIDDLE_OF, 76)
    assert hands.notes == seed()[3:]
    assert steps(hands) == ["Erase 3 notes"]


def test_a_right_click_in_draw_erases_and_elsewhere_does_not(hands: Hands) -> None:
    hands.click(MIDDLE_OF, 72, button=RIGHT)
    assert hands.notes == seed()
    hands.editor.set_tool("draw")
    hands.click(MIDDLE_OF, 72, button=RIGHT)
    assert hands.notes == seed()[1:]


# Selecting


def test_a_rubber_band_selects_what_it_touches_and_shift_adds(hands: Hands) -> None:
    hands.drag((10, 70), (QUARTER + 30, 75))
    assert hands.document.selection == set(seed()[:2])
    hands.drag((3 * QUARTER + 30, 79), (3 * QUARTER + 200, 76), keys=SHIFT)
    assert hands.document.selection == {*seed()[:2], seed()[3]}
    hands.drag((6 * QUARTER, 79), (7 * QUARTER, 76))
    assert not hands.document.selection
    assert steps(hands) == []


def test_a_rubber_band_touches_notes_that_it_covers_only_in_part_and_never_snaps(hands: Hands) -> None:
    hands.drag((QUARTER - 12, 71), (QUARTER - 60, 72))
    assert hands.document.selection == {seed()[0]}


def test_ctrl_drag_selects_while_drawing(hands: Hands) -> None:
    hands.editor.set_tool("draw")
    hands.drag((10, 70), (QUARTER + 30, 75), keys=CTRL)
    assert hands.document.selection == set(seed()[:2])
    assert hands.notes == seed()


def test_shift_click_adds_and_takes_away(hands: Hands) -> None:
    hands.click(MIDDLE_OF, 72)
    hands.click(QUARTER + MIDDLE_OF, 74, keys=SHIFT)
    assert hands.document.selection == set(seed()[:2])
    hands.click(MIDDLE_OF, 72, keys=CTRL)
    assert hands.document.selection == {seed()[1]}


def test_esc_during_a_rubber_band_brings_the_selection_back(hands: Hands) -> None:
    hands.document.select(frozenset(seed()[3:]))
    hands.press(10, 70, keys=SHIFT)
    hands.move(QUARTER + 30, 75, keys=SHIFT)
    assert hands.editor.view.looks.selected.tolist() == [True, True, False, True]
    hands.type(Qt.Key.Key_Escape)
    assert hands.editor.view.looks.selected.tolist() == [False, False, False, True]
    assert hands.document.selection == {seed()[3]}


# Scrolling


def test_a_middle_drag_carries_the_roll_along(hands: Hands) -> None:
    before = hands.editor.view.viewport
    start = hands.point(4 * QUARTER, 72)
    hands.press(4 * QUARTER, 72, button=MIDDLE)
    from tests.gui.piano_roll.conftest import mouse_move

    for share in (1, 2):
        at = start.__class__(start.x() - 50 * share, start.y() + 20 * share)
        mouse_move(hands.editor.canvas, at, MIDDLE, Qt.KeyboardModifier.NoModifier)
    after = hands.editor.view.viewport
    QTest.mouseRelease(hands.editor.canvas, MIDDLE, Qt.KeyboardModifier.NoModifier, at)
    assert after.x_offset - before.x_offset == 100
    assert after.y_offset - before.y_offset == -40


def test_a_drag_beyond_the_edge_pulls_the_roll_along(hands: Hands, qtbot: QtBot) -> None:
    before = hands.editor.view.viewport.x_offset
    hands.press(MIDDLE_OF, 72)
    hands.move(hands.editor.view.viewport.tick_at(870), 72)
    far = hands.editor.view.viewport.tick_at(950)
    hands.move(far, 72)
    qtbot.waitUntil(lambda: hands.editor.view.viewport.x_offset > before + 40)
    hands.release(hands.editor.view.viewport.tick_at(800), 72)
    assert max(note.onset for note in hands.notes) > far - 2 * QUARTER


# A take on show


def test_dragging_a_note_of_another_part_moves_nothing(make_hands: Callable[..., Hands]) -> None:
    ghosts = (Note(0, 60, QUARTER),)
    hands = make_hands(score=Score(parts=(Part.of(seed()), Part.of(ghosts, name="Bass"))))
    hands.drag((MIDDLE_OF, 60), (MIDDLE_OF + 2 * QUARTER, 60))
    assert hands.document.score.parts[1].notes == ghosts
    assert hands.notes == seed()
