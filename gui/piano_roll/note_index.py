"""Notes as NumPy arrays ordered by onset, for finding what shows and what lies under the pointer. No Qt.

A part's notes come ordered by (onset, pitch). The latest end so far, kept beside them, never falls, so
one binary search finds the first note that can still sound at a tick, however long the notes are.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.music.score import Note

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NoteIndex:
    """Columns of the same length n, ordered by (onset, pitch). onset, end in ticks."""

    onset: Ints
    pitch: Ints
    end: Ints
    velocity: Ints
    notes: tuple[Note, ...] = field(default=(), kw_only=True)
    """The notes themselves, in the columns' order; empty for notes that exist only while a gesture lasts."""
    latest_end: Ints = field(init=False, repr=False)
    """The latest end of this and all earlier notes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "latest_end", np.maximum.accumulate(self.end) if self.end.size else self.end)

    def __len__(self) -> int:
        return int(self.onset.size)

    @classmethod
    def of(cls, notes: tuple[Note, ...], *, before: "NoteIndex | None" = None) -> "NoteIndex":
        """The index of a part's notes. What `before` has in common with them at both ends isn't read again."""
        if before is None or not before.notes:
            return cls(*_columns(notes), notes=notes)
        if notes is before.notes:
            return before
        head = _common(notes, before.notes, lambda sequence, count: sequence[:count])
        room = min(len(notes), len(before.notes)) - head
        tail = min(room, _common(notes, before.notes, lambda sequence, count: sequence[len(sequence) - count :]))
        middle = _columns(notes[head : len(notes) - tail])
        old_tail = len(before.notes) - tail
        return cls(
            *(
                np.concatenate((old[:head], new, old[old_tail:]))
                for old, new in zip((before.onset, before.pitch, before.end, before.velocity), middle, strict=True)
            ),
            notes=notes,
        )

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
        onset, pitch, end, velocity = _columns(tuple(notes))
        if not onset.size or not len(self):
            return np.empty(0, np.int64)
        keys = self.onset * 128 + self.pitch
        rows = np.minimum(np.searchsorted(keys, onset * 128 + pitch), len(self) - 1)
        same = (
            (self.onset[rows] == onset)
            & (self.pitch[rows] == pitch)
            & (self.end[rows] == end)
            & (self.velocity[rows] == velocity)
        )
        return np.unique(rows[same])

    def notes_at(self, rows: Iterable[int] | Ints) -> frozenset[Note]:
        """The notes of some rows."""
        return frozenset(self.notes[int(row)] for row in rows)

    def _span(self, start: float, end: float) -> tuple[int, int]:
        # Whole numbers: given a fraction, searchsorted would first copy the whole column to floats.
        first = int(np.searchsorted(self.latest_end, math.floor(start), side="right"))
        last = int(np.searchsorted(self.onset, math.ceil(end), side="left"))
        return min(first, last), last


EMPTY = NoteIndex(*(np.empty(0, np.int64) for _ in range(4)))


def _columns(notes: Sequence[Note]) -> tuple[Ints, Ints, Ints, Ints]:
    table = np.array([(note.onset, note.pitch, note.duration, note.velocity) for note in notes], np.int64)
    table = table.reshape(-1, 4)  # (note, column)
    onset, pitch, duration, velocity = (np.ascontiguousarray(column) for column in table.T)
    return onset, pitch, onset + duration, velocity


def _common(
    one: tuple[Note, ...],
    other: tuple[Note, ...],
    piece: Callable[[tuple[Note, ...], int], tuple[Note, ...]],
) -> int:
    """How many notes two sequences share at the end that `piece` cuts, by halving: comparing tuples is quick in C."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if piece(one, middle) == piece(other, middle):
            low = middle
        else:
            high = middle - 1
    return low
