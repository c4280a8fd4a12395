"""What the mouse does on the canvas, one object a gesture: from the press, over the moves, to one edit at the release.

Nothing reaches the document before the release; Esc abandons. A gesture gets places as plain values and
shows itself by notes floating over the roll.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from core.music import edits
from core.music.score import Note
from gui import theme
from gui.piano_roll.looks import Fill, Looks
from gui.piano_roll.note_index import Ints, NoteIndex
from gui.piano_roll.roll_view import Floating, Hit, RollView

DRAG_THRESHOLD = 4
"""Pixels before a press becomes a drag: hands shake."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """The pointer over the canvas: where, and which keys are held."""

    x: float
    y: float
    tick: float
    pitch: int
    shift: bool = False
    ctrl: bool = False
    alt: bool = False


def edit_name(what: str, count: int) -> str:
    """An edit's name in the history: "Move 3 notes"."""
    noun = "1 note" if count == 1 else f"{count} notes"
    return QCoreApplication.translate("Gestures", what).format(noun)


class Gesture:
    """A press that may become more. This one does nothing: the base of all others."""

    cursor: Qt.CursorShape | None = None

    def __init__(self, view: RollView, start: Pointer) -> None:
        self.view = view
        self.start = start
        self.is_dragging = False

    def move(self, pointer: Pointer) -> None:
        """The pointer moved; the first few pixels don't count."""
        far = abs(pointer.x - self.start.x) + abs(pointer.y - self.start.y)
        if self.is_dragging or far >= DRAG_THRESHOLD:
            self.is_dragging = True
            self.drag(pointer)

    def drag(self, pointer: Pointer) -> None:
        """The pointer moved, and this is a drag."""

    def release(self) -> None:
        """The button is up: commit what was shown."""

    def abandon(self) -> None:
        """Undo what was shown."""
        self.view.set_floating(None)

    def paint(self, painter: QPainter) -> None:
        """Draw over the canvas."""


class Press(Gesture):
    """A press on a note: selects; with Shift or Ctrl adds or takes away."""

    def __init__(self, view: RollView, start: Pointer, hit: Hit) -> None:
        super().__init__(view, start)
        self.hit = hit
        self._was_selected = hit.note in view.document.selection
        if not self._was_selected and not (start.shift or start.ctrl):
            view.select(frozenset((hit.note,)))
        view.audition(hit.note)

    @property
    def rows(self) -> Ints:
        """The rows that the drag acts on: the selection, and the pressed note in any case."""
        return np.union1d(self.view.selected_rows, self.hit.row).astype(np.int64)

    def click(self) -> None:
        """The release without a drag."""
        view, note = self.view, self.hit.note
        if self.start.shift or self.start.ctrl:
            view.select(view.document.selection ^ {note})
        elif self._was_selected:
            view.select(frozenset((note,)))


class Move(Press):
    """Dragging notes to other places; with Shift, Ctrl or Alt held at the press, copies of them."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: RollView, start: Pointer, hit: Hit) -> None:
        super().__init__(view, start, hit)
        self.copies = start.shift or start.ctrl or start.alt
        self.ticks = 0
        self.semitones = 0

    def drag(self, pointer: Pointer) -> None:
        view, index = self.view, self.view.index
        rows = self.rows
        wanted = self.hit.note.onset + pointer.tick - self.start.tick
        ticks = view.snapped(wanted, is_free=pointer.alt) - self.hit.note.onset
        if abs(pointer.x - self.start.x) < DRAG_THRESHOLD:
            ticks = 0  # a note off the grid stays where it is while only its pitch is dragged
        semitones = pointer.pitch - self.start.pitch
        pitches = index.pitch[rows]
        semitones = min(max(semitones, -int(pitches.min())), 127 - int(pitches.max()))
        ticks = max(ticks, -int(index.onset[rows].min()))
        if semitones != self.semitones:
            view.audition(replace(self.hit.note, pitch=self.hit.note.pitch + semitones))
        self.ticks, self.semitones = ticks, semitones
        lifted = np.empty(0, np.int64) if self.copies else rows
        looks = view.looks.taken(rows).with_selected(np.arange(rows.size))
        view.set_floating(Floating(lifted, index.taken(rows, ticks=ticks, semitones=semitones), looks))

    def release(self) -> None:
        if not self.is_dragging:
            self.click()
            return
        view, rows = self.view, self.rows
        notes = view.index.notes_at(rows)
        view.set_floating(None)
        if not (self.ticks or self.semitones):
            return
        if self.copies:
            moved = frozenset(
                replace(note, onset=note.onset + self.ticks, pitch=note.pitch + self.semitones) for note in notes
            )
            view.apply(edit_name("Copy {}", len(notes)), edits.add(view.score, view.part_index, moved))
        else:
            view.apply(
                edit_name("Move {}", len(notes)),
                edits.move(view.score, view.part_index, notes, ticks=self.ticks, semitones=self.semitones),
            )


class Resize(Press):
    """Dragging the start or the end of notes."""

    cursor = Qt.CursorShape.SizeHorCursor

    def __init__(self, view: RollView, start: Pointer, hit: Hit) -> None:
        super().__init__(view, start, hit)
        self.ticks = 0

    def drag(self, pointer: Pointer) -> None:
        view, index, note = self.view, self.view.index, self.hit.note
        at_start = self.hit.zone == "start"
        edge = note.onset if at_start else note.end
        target = view.snapped(edge + pointer.tick - self.start.tick, is_free=pointer.alt)
        # An edge dragged beyond the other one leaves the shortest note of the grid, or one tick without a grid.
        least = 1 if pointer.alt or view.snap is None else min(view.snap, note.duration)
        target = min(target, note.end - least) if at_start else max(target, note.onset + least)
        self.ticks = target - edge
        rows = self.rows
        floating = index.taken(rows)
        if at_start:
            onset = np.clip(floating.onset + self.ticks, 0, floating.end - 1)
            order = np.lexsort((floating.pitch, onset))
            floating = NoteIndex(onset[order], floating.pitch[order], floating.end[order], floating.velocity[order])
        else:
            order = np.arange(rows.size)
            end = np.maximum(floating.end + self.ticks, floating.onset + 1)
            floating = NoteIndex(floating.onset, floating.pitch, end, floating.velocity)
        looks = view.looks.taken(rows[order]).with_selected(np.arange(rows.size))
        view.set_floating(Floating(rows, floating, looks))

    def release(self) -> None:
        if not self.is_dragging:
            self.click()
            return
        view = self.view
        notes = view.index.notes_at(self.rows)
        view.set_floating(None)
        if not self.ticks:
            return
        edge: Literal["start", "end"] = "start" if self.hit.zone == "start" else "end"
        edited = edits.resize(view.score, view.part_index, notes, ticks=self.ticks, edge=edge)
        view.apply(edit_name("Resize {}", len(notes)), edited)
        if len(notes) == 1 and len(edited.selection) == 1:
            view.draw_duration = next(iter(edited.selection)).duration


class Draw(Gesture):
    """Writing a note: the press places it, a drag sideways sets its length, up and down its pitch."""

    def __init__(self, view: RollView, start: Pointer) -> None:
        super().__init__(view, start)
        grid = None if start.alt else view.snap
        self.note = Note(view.grid.snapped_down(start.tick, grid), start.pitch, view.draw_duration)
        view.audition(self.note)
        self._show()

    def drag(self, pointer: Pointer) -> None:
        view = self.view
        duration = self.note.duration
        if abs(pointer.x - self.start.x) >= DRAG_THRESHOLD:
            least = 1 if pointer.alt or view.snap is None else view.snap
            duration = max(least, view.snapped(pointer.tick, is_free=pointer.alt) - self.note.onset)
        if pointer.pitch != self.note.pitch:
            view.audition(replace(self.note, pitch=pointer.pitch))
        self.note = replace(self.note, pitch=pointer.pitch, duration=duration)
        self._show()

    def release(self) -> None:
        view = self.view
        view.draw_duration = self.note.duration
        view.apply(edit_name("Write {}", 1), edits.add(view.score, view.part_index, frozenset((self.note,))))

    def _show(self) -> None:
        looks = Looks.plain(1, Fill.YOURS).with_selected(np.zeros(1, np.int64))
        self.view.set_floating(Floating(np.empty(0, np.int64), NoteIndex.of((self.note,)), looks))


class Erase(Gesture):
    """Sweeping notes away; they vanish at once and are gone at the release."""

    def __init__(self, view: RollView, start: Pointer) -> None:
        super().__init__(view, start)
        self._last = start
        self._rows: set[int] = set()
        self._sweep(start)

    def move(self, pointer: Pointer) -> None:
        self._sweep(pointer)

    def _sweep(self, pointer: Pointer) -> None:
        view, last = self.view, self._last
        far = max(abs(pointer.x - last.x), abs(pointer.y - last.y))
        before = len(self._rows)
        for part in np.linspace(0, 1, max(2, int(far // 3) + 1)).tolist():
            hit = view.hit(last.x + (pointer.x - last.x) * part, last.y + (pointer.y - last.y) * part)
            if hit is not None and not hit.of_preview:
                self._rows.add(hit.row)
        self._last = pointer
        if len(self._rows) != before:
            nothing = np.empty(0, np.int64)
            floating = Floating(self._lifted, view.index.taken(nothing), view.looks.taken(nothing))
            view.set_floating(floating)

    @property
    def _lifted(self) -> Ints:
        return np.array(sorted(self._rows), np.int64)

    def release(self) -> None:
        view = self.view
        notes = view.index.notes_at(self._lifted)
        view.set_floating(None)
        if notes:
            view.apply(edit_name("Erase {}", len(notes)), edits.erase(view.score, view.part_index, notes))


class RubberBand(Gesture):
    """Selecting what a rectangle touches; with Shift, beside what was selected. Never snaps."""

    def __init__(self, view: RollView, start: Pointer) -> None:
        super().__init__(view, start)
        self._kept = view.selected_rows if start.shift else np.empty(0, np.int64)
        self._rows = self._kept
        self._corner = start
        self._y = start.y + view.viewport.y_offset  # the roll may scroll under the drag

    def drag(self, pointer: Pointer) -> None:
        view, start = self.view, self.start
        self._corner = pointer
        low, high = sorted((start.pitch, pointer.pitch))
        left, right = sorted((start.tick, pointer.tick))
        touched = view.free(view.index.between(left, max(right, left + 1), low=low, high=high))
        rows = np.union1d(touched, self._kept).astype(np.int64)
        if np.array_equal(rows, self._rows):
            view.floating_changed.emit()
        else:
            self._rows = rows
            view.show_selected(rows)

    def release(self) -> None:
        view = self.view
        notes = view.index.notes_at(self._rows)
        if notes != view.document.selection:
            view.select(notes)
        view.floating_changed.emit()

    def abandon(self) -> None:
        self.view.show_selected(self.view.index.rows_of(self.view.document.selection))
        self.is_dragging = False

    def paint(self, painter: QPainter) -> None:
        if not self.is_dragging:
            return
        view, colors = self.view.viewport, theme.current()
        x, y = view.x_at(self.start.tick), self._y - view.y_offset
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(QPen(colors.color("you.base"), 1))
        painter.setBrush(colors.color("you.base", alpha=0.12))
        painter.drawRect(QRectF(x, y, self._corner.x - x, self._corner.y - y).normalized())


class Listen(Gesture):
    """A press on a note of a take that isn't kept: it is heard, and nothing can be changed."""

    def __init__(self, view: RollView, start: Pointer, hit: Hit) -> None:
        super().__init__(view, start)
        view.audition(hit.note)

    def drag(self, _pointer: Pointer) -> None:
        self.view.status_changed.emit(
            QCoreApplication.translate("Gestures", "Keep the take first (Ctrl+Enter) to change its notes")
        )


class Pan(Gesture):
    """Dragging the roll itself with the middle button."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view: RollView, start: Pointer) -> None:
        super().__init__(view, start)
        self._origin = view.viewport

    def drag(self, pointer: Pointer) -> None:
        moved = replace(self.view.viewport, x_offset=self._origin.x_offset, y_offset=self._origin.y_offset)
        dx, dy = round(self.start.x - pointer.x), round(self.start.y - pointer.y)
        self.view.set_viewport(moved.scrolled(dx=dx, dy=dy))


def gesture_for(view: RollView, pointer: Pointer, button: Qt.MouseButton, *, is_double: bool = False) -> Gesture | None:
    """The gesture that a press begins with the tool in hand."""
    if button == Qt.MouseButton.MiddleButton:
        return Pan(view, pointer)
    if button == Qt.MouseButton.RightButton:
        return Erase(view, pointer) if view.tool in ("draw", "erase") else None
    if button != Qt.MouseButton.LeftButton:
        return None
    if view.tool == "erase":
        return Erase(view, pointer)
    hit = view.hit(pointer.x, pointer.y)
    if hit is not None and hit.of_preview:
        return Listen(view, pointer, hit)
    if hit is not None:
        is_edge = hit.zone != "body" and not (pointer.shift or pointer.ctrl or pointer.alt)
        return Resize(view, pointer, hit) if is_edge else Move(view, pointer, hit)
    if view.tool == "draw" and not pointer.ctrl:
        return Draw(view, pointer)
    if is_double and view.tool == "select":
        return Draw(view, pointer)
    if not pointer.shift:
        view.select(frozenset())
    return RubberBand(view, pointer)
