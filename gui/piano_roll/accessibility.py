"""The notes for screen readers: the canvas is a list, each note an item with its name, place and state.

Qt asks for an interface once per widget and borrows it, so it is kept here; those of notes are made when asked for. An item
stands for a row, whichever note is there.
"""

import functools

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget

from gui.piano_roll.canvas import RollCanvas
from gui.piano_roll.roll_view import Hit, RollView
from gui.piano_roll.words import words_for


@functools.cache
def install() -> None:
    """Let Qt ask here for the interface of a canvas."""
    QAccessible.installFactory(_interface_of)


def announce_selection(canvas: RollCanvas) -> None:
    """Tell a screen reader, if there is one, that the focus went to the one selected note."""
    selected = canvas.view.selected_rows
    if QAccessible.isActive() and selected.size == 1:
        event = QAccessibleEvent(canvas, QAccessible.Event.Focus)
        event.setChild(int(selected[0]))
        QAccessible.updateAccessibility(event)


def _interface_of(_kind: str, thing: QObject | None) -> QAccessibleInterface | None:
    if not isinstance(thing, RollCanvas):
        return None
    interface = NotesInterface(thing)
    _KEPT.append(interface)
    thing.destroyed.connect(lambda: _KEPT.remove(interface))
    return interface


_KEPT: list["NotesInterface"] = []


class NoteInterface(QAccessibleInterface):
    """One note of the part, by its row."""

    def __init__(self, notes: "NotesInterface", row: int) -> None:
        super().__init__()
        self._notes = notes
        self._row = row

    @property
    def _view(self) -> RollView:
        return self._notes.canvas.view

    def isValid(self) -> bool:
        return self._row < len(self._view.index)

    def object(self) -> QObject | None:  # type: ignore[override]  # the stubs leave out that a note is no QObject
        return None

    def parent(self) -> QAccessibleInterface:
        return self._notes

    def child(self, _index: int) -> QAccessibleInterface | None:  # type: ignore[override]  # None is Qt's "no child"
        return None

    def childAt(self, _x: int, _y: int) -> QAccessibleInterface | None:  # type: ignore[override]  # as above
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, _child: QAccessibleInterface) -> int:
        return -1

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def text(self, kind: QAccessible.Text) -> str:
        if kind != QAccessible.Text.Name or not self.isValid():
            return ""
        return words_for(self._view, Hit(self._row, self._view.index.notes[self._row], "body"))

    def setText(self, _kind: QAccessible.Text, _text: str) -> None:
        """Notes are renamed by moving them."""

    def rect(self) -> QRect:
        if not self.isValid():
            return QRect()
        view, note = self._view.viewport, self._view.index.notes[self._row]
        left, right = round(view.x_at(note.onset)), round(view.x_at(note.end))
        here = QRect(left, view.y_at(note.pitch), max(right - left, 1), view.row_height)
        return QRect(self._notes.canvas.mapToGlobal(here.topLeft()), here.size())

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.selectable = state.focusable = state.multiSelectable = self._row not in self._view.covered
        if self.isValid():
            state.selected = state.focused = bool(self._view.looks.selected[self._row])
            state.offscreen = not self.rect().intersects(self._notes.rect())
        return state


class NotesInterface(QAccessibleWidget):
    """The canvas as a list of the part's notes, in order of time."""

    def __init__(self, canvas: RollCanvas) -> None:
        super().__init__(canvas, QAccessible.Role.List, canvas.accessibleName())
        self.canvas = canvas
        self._items: dict[int, NoteInterface] = {}

    def childCount(self) -> int:
        return len(self.canvas.view.index)

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]  # None is Qt's "no child"
        if not 0 <= index < self.childCount():
            return None
        item = self._items.get(index)
        if item is None:
            item = self._items[index] = NoteInterface(self, index)
        return item

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return next((row for row, item in self._items.items() if item is child), -1)

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]  # None is Qt's "no child"
        at = self.canvas.mapFromGlobal(QPoint(x, y))
        hit = self.canvas.view.hit(at.x(), at.y())
        return None if hit is None or hit.of_preview else self.child(hit.row)

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]  # None is Qt's "no child"
        selected = self.canvas.view.selected_rows
        return self.child(int(selected[0])) if selected.size == 1 else None
