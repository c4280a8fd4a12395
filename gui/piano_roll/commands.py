"""What the keyboard and the menus do to the notes: each command is one edit and one undo step.

A key held down makes one step of all its repeats.
"""

import math
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent

from core.music import edits
from core.music.edits import Edited
from core.music.score import TICKS_PER_QUARTER, Note, fitted
from gui.piano_roll import clipboard
from gui.piano_roll.gestures import edit_name
from gui.piano_roll.note_index import NoteIndex
from gui.piano_roll.roll_view import DEFAULT_SNAP, RollView
from gui.piano_roll.words import tell

_FINE = TICKS_PER_QUARTER // 16
"""Nudging without a grid: a 64th."""
_VELOCITY_STEP = 8
_TURN_PAUSE_S = 0.8
"""A wheel that rests so long has ended its undo step."""
_USUAL_PITCH = 72


class Commands(QObject):
    """Edits of the selected notes."""

    def __init__(self, view: RollView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._steps = 0
        self._turned_at_s = -math.inf
        self._turned: Note | None = None
        self._pasted: tuple[float, int] | None = None  # the playhead's place at the last paste, and where the next goes

    # Selecting

    def select_all(self) -> None:
        self._view.select(frozenset(self._view.index.notes_at(self._view.free_rows)))

    def select_none(self) -> None:
        self._view.select(frozenset())

    def invert_selection(self) -> None:
        view = self._view
        view.select(view.index.notes_at(np.setdiff1d(view.free_rows, view.selected_rows)))

    def select_row(self, pitch: int) -> None:
        """Select all notes of one pitch."""
        view = self._view
        view.select(view.index.notes_at(view.free_rows[view.index.pitch[view.free_rows] == pitch]))

    def select_next(self, step: int) -> bool:
        """Select the note after (1) or before (-1) the selected ones, and hear it; False where there is none."""
        view, selected = self._view, self._view.selected_rows
        free = view.free_rows
        if selected.size:
            at = int(np.searchsorted(free, selected[-1] if step > 0 else selected[0])) + step
        else:
            start, _ = view.viewport.ticks_visible
            at = int(np.searchsorted(view.index.onset[free], start)) if step > 0 else len(free) - 1
            at = min(at, len(free) - 1)
        if not 0 <= at < len(free):
            return False
        note = view.index.notes[int(free[at])]
        view.select(frozenset((note,)))
        view.audition(note)
        self._reveal(note)
        tell(view, note)
        return True

    # Changing

    def delete(self) -> None:
        self._edit("Delete {}", edits.erase)

    def transpose(self, semitones: int) -> None:
        """Up or down; the whole group stops where its first note would leave the range."""
        view = self._view
        rows = view.selected_rows
        if not rows.size:
            return
        pitches = view.index.pitch[rows]
        semitones = min(max(semitones, -int(pitches.min())), 127 - int(pitches.max()))
        if semitones:
            self._edit("Transpose {}", partial(edits.move, ticks=0, semitones=semitones), heard=True)

    def nudge(self, steps: int) -> None:
        """Earlier or later by steps of the grid."""
        ticks = steps * (self._view.snap or _FINE)
        self._edit("Move {}", partial(edits.move, ticks=ticks, semitones=0))

    def lengthen(self, steps: int) -> None:
        """Longer or shorter by steps of the grid; none gets shorter than a step."""
        grid = self._view.snap or _FINE
        self._edit("Resize {}", partial(edits.resize, ticks=steps * grid, shortest=grid))

    def quantise(self, grid: int | None = None, *, strength: float = 1.0, ends: bool = False) -> None:
        """Move the selected notes' onsets to the grid, by default the editor's, or all the way to a sixteenth."""
        step = grid or self._view.snap or DEFAULT_SNAP
        self._edit("Quantise {}", partial(edits.quantise, grid=step, strength=strength, ends=ends))

    def change_velocity(self, steps: int) -> None:
        """Louder or softer."""
        delta = steps * _VELOCITY_STEP
        self._edit("Change velocity of {}", partial(edits.change_velocity, delta=delta))

    def turn_velocity(self, note: Note, delta: int) -> None:
        """The wheel over a note: it and, if it is selected, all others too. One undo step while the wheel keeps turning."""
        view = self._view
        now_s = time.monotonic()
        if now_s - self._turned_at_s > _TURN_PAUSE_S or note != self._turned:
            self._steps += 1
        is_selected = note in view.document.selection
        notes = view.selection if is_selected else frozenset((note,))
        edited = edits.change_velocity(view.score, view.part_index, notes, delta=delta)
        self._turned_at_s = now_s
        self._turned = _same_place(edited, note)
        selection = edited.selection if is_selected else view.selection
        self._apply("Change velocity of {}", len(notes), Edited(edited.score, selection))
        tell(view, self._turned)

    def duplicate(self) -> None:
        """The same notes once more, right after themselves."""
        self._edit("Duplicate {}", edits.duplicate)
        self._reveal_selection()

    def write_note(self) -> None:
        """A note at the playhead, for those who don't use a mouse; then the arrows carry it to its place."""
        view = self._view
        pitches = view.index.pitch[view.selected_rows]
        pitch = int(pitches[-1]) if pitches.size else _USUAL_PITCH
        rows = view.selected_rows
        onset = int(view.index.end[rows].max()) if rows.size else view.snapped(view.playhead)
        note = Note(onset, pitch, view.draw_duration)
        self._apply("Write {}", 1, edits.add(view.score, view.part_index, frozenset((note,))))
        view.audition(note)
        self._reveal_selection()

    # The clipboard

    def copy(self) -> bool:
        """Put the selected notes on the clipboard; False where none are."""
        notes = self._view.selection
        if notes:
            QGuiApplication.clipboard().setMimeData(clipboard.to_mime(notes))
            self._pasted = None
        return bool(notes)

    def cut(self) -> None:
        if self.copy():
            self._edit("Cut {}", edits.erase)

    def paste(self) -> None:
        """Put the clipboard's notes at the playhead as they are; pasted again, after themselves."""
        view = self._view
        notes = clipboard.from_mime(QGuiApplication.clipboard().mimeData())
        if not notes:
            return
        start, end = notes[0].onset, max(note.end for note in notes)
        at = round(view.playhead)
        if self._pasted is not None and self._pasted[0] == view.playhead:
            at = self._pasted[1]
        beat = view.grid.beat_at(at)
        self._pasted = (view.playhead, at + -((start - end) // beat) * beat)
        edited = edits.paste(view.score, view.part_index, notes, at=at)
        self._apply("Paste {}", len(notes), edited)
        self._reveal_selection()

    # Undo

    def undo(self) -> None:
        self._view.document.undo_stack.undo()

    def redo(self) -> None:
        self._view.document.undo_stack.redo()

    # Keys

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key means on the roll; False where it means nothing here."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        command = self._command_for(Qt.Key(event.key()), modifiers)
        if command is None:
            return False
        if not event.isAutoRepeat():
            self._steps += 1
        command()
        return True

    def _command_for(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> Callable[[], object] | None:
        keys, none = Qt.Key, Qt.KeyboardModifier.NoModifier
        ctrl, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        view = self._view
        if modifiers == none:
            has_selection = bool(view.selected_rows.size)
            if key in (keys.Key_Up, keys.Key_Down, keys.Key_Left, keys.Key_Right) and not has_selection:
                return lambda: self._scroll(key)
            return {
                keys.Key_Up: lambda: self.transpose(1),
                keys.Key_Down: lambda: self.transpose(-1),
                keys.Key_Left: lambda: self.nudge(-1),
                keys.Key_Right: lambda: self.nudge(1),
                keys.Key_Delete: self.delete,
                keys.Key_Backspace: self.delete,
                keys.Key_Escape: self.select_none if has_selection else None,
                keys.Key_Q: self.quantise,
                keys.Key_Plus: lambda: self.change_velocity(1),
                keys.Key_Minus: lambda: self.change_velocity(-1),
                keys.Key_Equal: lambda: self.change_velocity(1),
                keys.Key_Insert: self.write_note,
                keys.Key_1: lambda: view.set_tool("select"),
                keys.Key_S: lambda: view.set_tool("select"),
                keys.Key_2: lambda: view.set_tool("draw"),
                keys.Key_D: lambda: view.set_tool("draw"),
                keys.Key_B: lambda: view.set_tool("select" if view.tool == "draw" else "draw"),
                keys.Key_3: lambda: view.set_tool("erase"),
                keys.Key_E: lambda: view.set_tool("erase"),
            }.get(key)
        if modifiers == shift:
            return {
                keys.Key_Up: lambda: self.transpose(12),
                keys.Key_Down: lambda: self.transpose(-12),
                keys.Key_Left: lambda: self.lengthen(-1),
                keys.Key_Right: lambda: self.lengthen(1),
                keys.Key_Plus: lambda: self.change_velocity(1),
            }.get(key)
        if modifiers == ctrl:
            return {
                keys.Key_A: self.select_all,
                keys.Key_I: self.invert_selection,
                keys.Key_C: self.copy,
                keys.Key_X: self.cut,
                keys.Key_V: self.paste,
                keys.Key_D: self.duplicate,
                keys.Key_Z: self.undo,
                keys.Key_Y: self.redo,
                keys.Key_0: view.fit,
                keys.Key_Plus: lambda: view.zoom(1.25),
                keys.Key_Equal: lambda: view.zoom(1.25),
                keys.Key_Minus: lambda: view.zoom(0.8),
            }.get(key)
        if modifiers == ctrl | shift:
            return {keys.Key_Z: self.redo, keys.Key_Plus: lambda: view.zoom(1.25)}.get(key)
        return None

    def _scroll(self, key: Qt.Key) -> None:
        view, keys = self._view.viewport, Qt.Key
        dx = round(view.width / 8) * ((key == keys.Key_Right) - (key == keys.Key_Left))
        dy = 3 * view.row_height * ((key == keys.Key_Down) - (key == keys.Key_Up))
        self._view.set_viewport(view.scrolled(dx=dx, dy=dy))

    # One step of the history

    def _edit(self, label: str, change: Callable[..., Edited], *, heard: bool = False) -> None:
        view = self._view
        notes = view.selection
        if not notes:
            return
        edited = change(view.score, view.part_index, notes)
        self._apply(label, len(notes), edited)
        if len(edited.selection) == 1:
            (note,) = edited.selection
            tell(view, note)
            if heard:
                view.audition(note)
        if edited.selection:
            self._reveal(min(edited.selection, key=lambda note: note.onset))

    def _apply(self, label: str, count: int, edited: Edited) -> None:
        self._view.apply(edit_name(label, count), edited, merge_key=f"{label} {self._steps}")

    def _reveal(self, note: Note) -> None:
        view = self._view
        view.set_viewport(view.viewport.revealing(note.onset).revealing_pitch(note.pitch))

    def _reveal_selection(self) -> None:
        rows = self._view.selected_rows
        if rows.size:
            self._reveal(self._view.index.notes[int(rows[0])])


def _same_place(edited: Edited, note: Note) -> Note | None:
    """The note that took this one's place."""
    index = NoteIndex.of(fitted(edited.selection))
    row = index.row_at(note.onset, note.pitch)
    return None if row is None else index.notes[row]
