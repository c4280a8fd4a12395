"""What all pieces of the editor look at together: the place shown, the tool, the notes as arrays, the playhead.

The document holds the music and its selection; this holds how they are seen, and what a gesture shows before
it is committed (notes lifted off the roll, and notes floating over it). Nothing is painted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.music.edits import Edited
from core.music.pitch import Scale
from core.music.score import TICKS_PER_QUARTER, Note, Part, Score, fitted
from gui.controls import pitches
from gui.document import Document
from gui.piano_roll.grid import Grid
from gui.piano_roll.looks import ColorBy, Colouring, Detail, Fill, Looks, detail_for, looks_of
from gui.piano_roll.note_index import EMPTY, Ints, NoteIndex
from gui.piano_roll.viewport import MIN_ROW_HEIGHT, Viewport

if TYPE_CHECKING:  # generation loads the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take

Tool = Literal["select", "draw", "erase"]
Zone = Literal["start", "body", "end"]

DEFAULT_SNAP = TICKS_PER_QUARTER // 4
EDGE_WIDTH = 7
"""Pixels at a note's end that resize it; a third of a short note at most."""
_READABLE_ROW = 16
_BARS_AT_FIRST = 12
_SMALLEST_ZOOM_OUT = 10 / TICKS_PER_QUARTER
"""A take isn't worth making everything smaller than 10 pixels a quarter."""
_LEAST_BARS = 16
"""So long is the roll at least, for scrolling and for fitting an empty score."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The note under the pointer and the part of it. of_preview: it belongs to a take that isn't kept yet."""

    row: int
    note: Note
    zone: Zone
    of_preview: bool = False


@dataclass(frozen=True, eq=False)
class Floating:
    """What a gesture shows until its release: rows taken off the roll, and notes drawn over it."""

    lifted: Ints
    index: NoteIndex
    looks: Looks


class RollView(QObject):
    """The editor's shared state over one document."""

    viewport_changed = Signal()
    notes_changed = Signal()
    """Notes, their looks or the part: paint all anew."""
    floating_changed = Signal()
    """Only what floats over the notes."""
    playhead_moved = Signal()
    loop_changed = Signal()
    tool_changed = Signal()
    sounding_changed = Signal()

    note_auditioned = Signal(int, int)
    """Pitch and velocity of a note to be heard once."""
    status_changed = Signal(str)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.viewport = Viewport()
        self.grid = Grid.of(document.score)
        self.snap: int | None = DEFAULT_SNAP
        self.tool: Tool = "select"
        self.scale: Scale | None = None
        self.color_by: ColorBy = "origin"
        self.loop: tuple[int, int] | None = None
        self.playhead = 0.0
        self.is_playing = False
        self.is_held = False
        """A gesture is under way: the view must not turn the page under it."""
        self.draw_duration = TICKS_PER_QUARTER
        self.end = 0
        """Where the last note of any part ends, also of a take on show."""
        self.index = EMPTY
        self.looks = Looks.plain(0, Fill.YOURS)
        self.preview_index = EMPTY
        self.preview_looks = self.looks
        self.covered = np.empty(0, np.int64)
        """Rows of the notes that keeping the take on show would replace: out of reach until it is gone."""
        self.replaced_index = EMPTY
        """Those of them that the take doesn't have too."""
        self.ghosts: tuple[NoteIndex, ...] = ()
        self.floating: Floating | None = None
        self.sounding: dict[int, bool] = {}
        """Pitches that sound at the playhead, with who wrote them: True for the model."""
        self._surprise: Mapping[Note, float] = {}
        self._unknown: frozenset[Note] = frozenset()
        self._copied: frozenset[Note] = frozenset()
        document.changed.connect(self._read_document)
        document.preview_changed.connect(self._on_preview_changed)
        document.selection_changed.connect(self._read_selection)
        document.replaced.connect(self._on_replaced)
        pitches.events().changed.connect(self.notes_changed)
        self._read_document()

    # The music

    @property
    def part_index(self) -> int:
        return self.document.snapshot.part

    @property
    def score(self) -> Score:
        return self.document.score

    @property
    def part(self) -> Part:
        return self.score.parts[self.part_index]

    @property
    def preview(self) -> "Take | None":
        return self.document.preview

    @property
    def selection(self) -> frozenset[Note]:
        """The selected notes that are in the part; a document may remember others."""
        return self.index.notes_at(np.flatnonzero(self.looks.selected))

    @property
    def selected_rows(self) -> Ints:
        return np.flatnonzero(self.looks.selected)

    @property
    def free_rows(self) -> Ints:
        """The rows that can be selected and changed: all but those that the take on show would replace."""
        return self.free(np.arange(len(self.index)))

    def free(self, rows: Ints) -> Ints:
        """Those of these rows, rising, that the take on show would leave where they are."""
        return np.setdiff1d(rows, self.covered, assume_unique=True)

    def apply(self, label: str, edited: Edited, *, merge_key: str = "") -> None:
        """Commit an edit as one undo step."""
        self.floating = None
        self.document.apply(label, edited, merge_key=merge_key)
        self.notes_changed.emit()

    def select(self, notes: frozenset[Note]) -> None:
        self.document.select(notes)

    def _read_document(self) -> None:
        snapshot = self.document.snapshot
        score = snapshot.score
        self.floating = None
        self.grid = Grid.of(score)
        known = {id(index.notes): index for index in (self.index, *self.ghosts)}
        indexes = [known.get(id(part.notes)) or NoteIndex.of(part.notes) for part in score.parts]
        self.index = indexes.pop(snapshot.part)
        self.ghosts = tuple(index for index in indexes if len(index))
        take, laid = self.preview, self.document.laid
        self.covered = np.empty(0, np.int64)
        self.preview_index = self.replaced_index = EMPTY
        if laid is not None:
            if laid.kept.part == snapshot.part:
                self.covered = self.index.rows_of(laid.replaced)
                gone = laid.replaced - laid.added
                self.replaced_index = NoteIndex.of(self.part.notes.taken(self.index.rows_of(gone)))
            self.preview_index = NoteIndex.of(fitted(laid.added))
        ends = [int(index.latest_end[-1]) for index in (self.index, *self.ghosts) if len(index)]
        self.end = max([*ends, take.end if take is not None else 0])
        self._color()
        self.status_changed.emit("")  # what was said of a note may not hold any more
        self.notes_changed.emit()

    def _color(self) -> None:
        take = self.preview
        colouring = Colouring(self.color_by, self._surprise, self._copied, self._unknown)
        snapshot = self.document.snapshot
        selected = self.free(self.index.rows_of(self.document.selection))
        self.looks = looks_of(self.index, colouring, generated=snapshot.generated).with_selected(selected)
        if take is None:
            self.preview_looks = Looks.plain(0, Fill.MODEL, by_model=True)
        else:
            of_take = Colouring(self.color_by, dict(take.surprise_bits), take.copied_notes)
            self.preview_looks = looks_of(self.preview_index, of_take, generated=take.generated)

    def _read_selection(self) -> None:
        self.show_selected(self.index.rows_of(self.document.selection))

    def _on_preview_changed(self) -> None:
        self._read_document()
        self.reveal_preview()

    def _on_replaced(self) -> None:
        self._read_document()
        self.set_loop(None)
        self.set_playhead(0)
        self.show_opened()

    def show_opened(self) -> None:
        """The first look at a document: all of its time, and pitches large enough to work on."""
        self.fit(least_row_height=_READABLE_ROW)

    def show_selected(self, rows: Ints) -> None:
        """Paint these rows, as far as they are free, as selected; the document's selection stays what it is."""
        self.looks = self.looks.with_selected(self.free(rows))
        self.notes_changed.emit()

    def set_floating(self, floating: Floating | None) -> None:
        """Show notes over the roll, and hide some of those on it, until the gesture ends."""
        before, self.floating = self.floating, floating
        lifted_before = before.lifted if before is not None else np.empty(0, np.int64)
        lifted = floating.lifted if floating is not None else np.empty(0, np.int64)
        if np.array_equal(lifted, lifted_before):
            self.floating_changed.emit()
        else:
            self.notes_changed.emit()

    # How it is seen

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another place, at most one nearly empty screen beyond the end."""
        content = max(self.end, self.grid.bar_around(0)[1] * _LEAST_BARS) * viewport.pixels_per_tick
        beyond = viewport.x_offset - max(0, round(content) - 40)
        if beyond > 0:
            viewport = viewport.scrolled(dx=-beyond)
        if viewport != self.viewport:
            self.viewport = viewport
            self.viewport_changed.emit()

    def fit(self, *, least_row_height: int = MIN_ROW_HEIGHT) -> None:
        """Show all notes, or the first bars of an empty score; rows as high as that allows."""
        view = self.viewport
        indexes = [index for index in (self.index, self.preview_index, *self.ghosts) if len(index)]
        if not indexes:
            bars = self.grid.bar_around(0)[1] * _LEAST_BARS // 2
            self.set_viewport(view.showing(0, bars, low=63, high=86, least_row_height=_READABLE_ROW))
            return
        low = min(int(index.pitch.min()) for index in indexes)
        high = max(int(index.pitch.max()) for index in indexes)
        least = self.grid.bar_around(0)[1] * _BARS_AT_FIRST
        end = max(self.end, least)
        self.set_viewport(view.showing(0, end, low=low, high=high, least_row_height=least_row_height))

    def reveal_preview(self) -> None:
        """Bring the take on show into sight: as near as it is, or zoomed out if that is little enough."""
        take, view = self.preview, self.viewport
        if take is None:
            return
        start, end = view.ticks_visible
        if take.start < start or take.end > end:
            wider = view.showing(min(start, take.start), take.end, low=60, high=60)
            if wider.pixels_per_tick >= _SMALLEST_ZOOM_OUT:
                view = replace(wider, row_height=view.row_height, y_offset=view.y_offset).within()
            else:
                view = view.scrolled(dx=round(view.x_at(take.start) - view.width / 4))
        if len(self.preview_index):
            low, high = int(self.preview_index.pitch.min()), int(self.preview_index.pitch.max())
            lowest, highest = view.pitches_visible
            if low < lowest or high > highest:
                view = view.centred_on(low, high)
        self.set_viewport(view)

    def zoom(self, factor: float) -> None:
        """Stretch time around the playhead if it shows, else around the middle."""
        view = self.viewport
        x = view.x_at(self.playhead)
        self.set_viewport(view.zoomed(factor, x=x if 0 <= x <= view.width else view.width / 2))

    @property
    def detail(self) -> Detail:
        """How much of each note this many notes in view allow to paint."""
        start, end = self.viewport.ticks_visible
        indexes = (self.index, self.preview_index, *self.ghosts)
        return detail_for(sum(index.count_between(start, end) for index in indexes))

    def set_tool(self, tool: Tool) -> None:
        if tool != self.tool:
            self.tool = tool
            self.tool_changed.emit()

    def set_snap(self, ticks: int | None) -> None:
        self.snap = ticks
        self.notes_changed.emit()

    def set_scale(self, scale: Scale | None) -> None:
        self.scale = scale
        self.notes_changed.emit()

    def set_color_by(self, color_by: ColorBy) -> None:
        self.color_by = color_by
        self._color()
        self.notes_changed.emit()

    def set_surprise(self, surprise: Mapping[Note, float]) -> None:
        self._surprise = surprise
        self.set_color_by(self.color_by)

    def set_unknown(self, notes: frozenset[Note]) -> None:
        self._unknown = notes
        self.set_color_by(self.color_by)

    def set_copied(self, notes: frozenset[Note]) -> None:
        self._copied = notes
        self.set_color_by(self.color_by)

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        if loop != self.loop:
            self.loop = loop
            self.loop_changed.emit()

    def set_playhead(self, tick: float) -> None:
        """Move the playhead. The view follows by pages, unless it was scrolled away from while it plays."""
        if tick == self.playhead:
            return
        was_in_sight = 0 <= self.viewport.x_at(self.playhead) <= self.viewport.width
        self.playhead = tick
        if (was_in_sight or not self.is_playing) and not self.is_held:
            self.set_viewport(self.viewport.paged_to(tick))
        self._listen()
        self.playhead_moved.emit()

    def set_playing(self, *, is_playing: bool) -> None:
        if is_playing and not self.is_playing:
            self.set_viewport(self.viewport.paged_to(self.playhead))
        self.is_playing = is_playing
        self._listen()

    def _listen(self) -> None:
        sounding: dict[int, bool] = {}
        if self.is_playing:
            for index, looks in ((self.index, self.looks), (self.preview_index, self.preview_looks)):
                rows = index.sounding(self.playhead)
                rows = self.free(rows) if index is self.index else rows
                sounding.update(zip(index.pitch[rows].tolist(), looks.by_model[rows].tolist(), strict=True))
        if sounding != self.sounding:
            self.sounding = sounding
            self.sounding_changed.emit()

    # Under the pointer

    def snapped(self, tick: float, *, is_free: bool = False) -> int:
        """The nearest place notes go to; is_free: Alt is held, no grid."""
        return self.grid.snapped(tick, None if is_free else self.snap)

    def hit(self, x: float, y: float) -> Hit | None:
        """The note at a point of the canvas, yours before a take's."""
        found = self._hit_in(self.index, x, y)
        if found is not None:
            return found
        found = self._hit_in(self.preview_index, x, y)
        return Hit(found.row, found.note, found.zone, of_preview=True) if found is not None else None

    def _hit_in(self, index: NoteIndex, x: float, y: float) -> Hit | None:
        view = self.viewport
        pitch = view.pitch_at(y)
        row = index.row_at(view.tick_at(x), pitch)
        if index is self.index and row in self.covered:
            return None
        if row is None:  # very short notes are drawn wider than they are, and an edge may be grabbed from just outside
            near = index.between(view.tick_at(x - 3), view.tick_at(x + 2), low=pitch, high=pitch)
            near = self.free(near) if index is self.index else near
            if not near.size:
                return None
            row = int(near[-1])
        note = index.notes[row]
        left, right = view.x_at(note.onset), view.x_at(note.end)
        edge = min(EDGE_WIDTH, (right - left) / 3)
        zone: Zone = "start" if x < left + edge else "end" if x >= right - edge else "body"
        return Hit(row, note, zone)

    def audition(self, note: Note) -> None:
        self.note_auditioned.emit(note.pitch, note.velocity)

    def name_of(self, pitch: int) -> str:
        """What a pitch is called, in the octaves that the musician prefers and as the scale is spelt."""
        return pitches.name_of(pitch, self.scale)

    def bits_of(self, hit: Hit) -> float | None:
        """How surprising a note is, where that is known."""
        take = self.preview
        return (
            dict(take.surprise_bits).get(hit.note)
            if hit.of_preview and take is not None
            else self._surprise.get(hit.note)
        )

    def is_copied(self, hit: Hit) -> bool:
        """True for a note that was also found in a training piece."""
        take = self.preview
        return hit.note in (take.copied_notes if hit.of_preview and take is not None else self._copied)

    def is_unknown(self, hit: Hit) -> bool:
        """True for a note of the part that the model never met."""
        return not hit.of_preview and hit.note in self._unknown

    def by_model(self, hit: Hit) -> bool:
        """True for a note that the model wrote."""
        return bool((self.preview_looks if hit.of_preview else self.looks).by_model[hit.row])
