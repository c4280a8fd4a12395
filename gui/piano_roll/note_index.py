"""Notes as NumPy arrays ordered by onset, for finding what shows and what lies under the pointer. No Qt.

A part's notes come ordered by (onset, pitch). The latest end so far, kept beside them, never falls, so
one binary search finds the first note that can still sound at a tick, however long the notes are.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.music.score import NO_NOTES, Note, Notes

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NoteIndex:
    """Columns of the same length n, ordered by (onset, pitch). onset, end in ticks."""

    onset: Ints
    pitch: Ints
    end: Ints
    velocity: Ints
    notes: Notes = field(default=NO_NOTES, kw_only=True)
    """The notes themselves, in the columns' order; empty for notes that exist only while a gesture lasts."""
    latest_end: Ints = field(init=False, repr=False)
    """The latest end of this and all earlier notes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "latest_end", np.maximum.accumulate(self.end))

    def __len__(self) -> int:
        return int(self.onset.size)

    @classmethod
    def of(cls, notes: Iterable[Note]) -> "NoteIndex":
        """The index of notes in order."""
        notes = Notes.of(notes)
        onset, pitch, _, velocity = notes.table.astype(np.int64)
        return cls(onset, pitch, notes.end, velocity, notes=notes)

    def taken(self, rows: Ints, *, ticks: int = 0, semitones: int = 0) -> "NoteIndex":
        """Some of the notes, moved, without their values; for showing them while they are dragged. rows: rising."""
        return NoteIndex(
            self.onset[rows] + ticks,
            np.clip(self.pitch[rows] + semitones, 0, 127),
            self.end[rows] + ticks,
            self.velocity[rows],
        )

    def between(self, start: float, end: float, *, low: int = 0, high: int = 127) -> Ints:
        """Rows of the notes that sound somewhere in [start, end) at pitches low to high."""
        first, last = self._span(start, end)
        inside = (self.end[first:last] > start) & (self.pitch[first:last] >= low) & (self.pitch[first:last] <= high)
        return np.flatnonzero(inside) + first

    def count_between(self, start: float, end: float) -> int:
        """At most how many notes sound in [start, end); quick, and never too low."""
        first, last = self._span(start, end)
        return last - first

    def starting_between(self, start: float, end: float) -> Ints:
        """Rows of the notes whose onset is in [start, end)."""
        first, last = (int(np.searchsorted(self.onset, math.ceil(tick))) for tick in (start, end))
        return np.arange(first, last)

    def sounding(self, tick: float) -> Ints:
        """Rows of the notes that sound at a tick."""
        return self.between(tick, tick + 1)

    def row_at(self, tick: float, pitch: int) -> int | None:
        """The note under a place; where two meet, the later one."""
        rows = self.between(tick, tick + 1, low=pitch, high=pitch)
        rows = rows[self.onset[rows] <= tick]
        return int(rows[-1]) if rows.size else None

    def rows_of(self, notes: Iterable[Note]) -> Ints:
        """Rows of those of these notes that are here, rising."""
        return self.notes.rows_of(notes)

    def notes_at(self, rows: Ints) -> frozenset[Note]:
        """The notes of some rows."""
        return frozenset(self.notes.taken(rows))

    def _span(self, start: float, end: float) -> tuple[int, int]:
        # Whole numbers: given a fraction, searchsorted would first copy the whole column to floats.
        first = int(np.searchsorted(self.latest_end, math.floor(start), side="right"))
        last = int(np.searchsorted(self.onset, math.ceil(end), side="left"))
        return min(first, last), last


EMPTY = NoteIndex.of(NO_NOTES)
