"""What a screen reader is told of the roll."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible

from tests.gui.piano_roll.conftest import QUARTER, Hands, seed
from tests.gui.piano_roll.test_editor import TakeOnShow

Name = QAccessible.Text.Name


def test_the_canvas_is_a_list_of_notes_with_names(hands: Hands) -> None:
    roll = QAccessible.queryAccessibleInterface(hands.editor.canvas)
    assert roll.role() == QAccessible.Role.List
    assert roll.text(Name) == "Piano roll"
    assert [roll.child(row).text(Name).split(" · ")[0] for row in range(roll.childCount())] == ["C5", "D5", "E5", "F5"]
    assert roll.child(2).text(Name) == "E5 · bar 1 beat 3 · 1 beat · velocity 40 · yours"


def test_an_item_lies_where_its_note_is_seen(hands: Hands) -> None:
    roll = QAccessible.queryAccessibleInterface(hands.editor.canvas)
    item = roll.child(1)
    place = hands.editor.canvas.mapToGlobal(hands.point(QUARTER + 100, 74))
    assert item.rect().contains(place)
    assert roll.childAt(place.x(), place.y()) is item
    assert roll.indexOfChild(item) == 1


def test_selecting_a_note_makes_it_the_focused_item(hands: Hands) -> None:
    roll = QAccessible.queryAccessibleInterface(hands.editor.canvas)
    assert roll.focusChild() is None
    hands.document.select(frozenset(seed()[3:]))
    assert roll.focusChild().text(Name).startswith("F5")
    assert roll.child(3).state().selected
    assert not roll.child(0).state().selected
    hands.document.select(frozenset(seed()[2:]))
    assert roll.focusChild() is None


def test_what_a_take_would_replace_is_told_and_can_not_be_selected(make_hands: Callable[..., Hands]) -> None:
    hands = make_hands(seed(), generated=frozenset(seed()[2:]))
    hands.document.set_preview(TakeOnShow(frozenset(), start=2 * QUARTER))
    roll = QAccessible.queryAccessibleInterface(hands.editor.canvas)
    assert roll.child(2).text(Name).endswith("by the model · under the take: Keep replaces it")
    assert [bool(roll.child(row).state().selectable) for row in range(4)] == [True, True, False, False]


def test_a_reader_that_listens_survives_every_edit(hands: Hands) -> None:
    roll = QAccessible.queryAccessibleInterface(hands.editor.canvas)
    last = roll.child(3)
    QAccessible.setActive(True)
    try:
        hands.type(Qt.Key.Key_Tab)
        hands.type(Qt.Key.Key_Delete)
        assert roll.childCount() == 3
        assert not last.isValid()
        assert last.text(Name) == ""
        hands.document.undo_stack.undo()
        assert last.isValid()
    finally:
        QAccessible.setActive(False)
