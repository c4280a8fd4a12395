"""How often each pitch, note length and number of notes at once occurs in a piece: a short row of counts.

The rows are made at import for hundreds of pieces in one sweep and kept in the cache, so that charts over thousands
of pieces need no score. Ticks throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.corpus.melody import DURATION, ONSET, PITCH, IntArray
from core.music.score import TICKS_PER_QUARTER

CountArray = npt.NDArray[np.uint32]

_QUARTERS = {
    "1/32": 1 / 8,
    "1/16T": 1 / 6,
    "1/16": 1 / 4,
    "1/8T": 1 / 3,
    "1/16.": 3 / 8,
    "1/8": 1 / 2,
    "1/4T": 2 / 3,
    "1/8.": 3 / 4,
    "1/4": 1.0,
    "1/2T": 4 / 3,
    "1/4.": 1.5,
    "1/2": 2.0,
    "1/2.": 3.0,
    "1": 4.0,
    "longer": 8.0,
}
LENGTHS = tuple(_QUARTERS)
"""Names of note lengths, shortest first; a length belongs to the one it is nearest to as a ratio."""
_TICKS = np.array([quarters * TICKS_PER_QUARTER for quarters in _QUARTERS.values()])
_LENGTH_EDGES = np.sqrt(_TICKS[1:] * _TICKS[:-1])  # (lengths - 1,): the geometric means

AT_ONCE = ("rest", "1", "2", "3", "4", "5", "6 +")
"""Names of how many notes sound at once."""

PITCHES = slice(0, 128)
LENGTH = slice(128, 128 + len(LENGTHS))
TIME_AT_ONCE = slice(LENGTH.stop, LENGTH.stop + len(AT_ONCE))
WIDTH = TIME_AT_ONCE.stop
"""Of a row: notes by pitch, notes by length, ticks by how many notes sound (from the first note to the last end)."""


@dataclass(frozen=True, slots=True, eq=False)
class NoteTable:
    """The notes of many pieces in one: by piece, then by onset and pitch, each (piece, onset, pitch) once."""

    pieces: int
    piece: IntArray
    """(notes,): which piece each belongs to, from 0."""
    columns: IntArray
    """(4, notes)"""

    @classmethod
    def of(cls, pieces: Sequence[Sequence[IntArray]]) -> Self:
        """All parts of each piece in one; of two notes at one place and pitch the first part's stays."""
        parts = [columns for piece in pieces for columns in piece]
        if not parts:
            return cls(0, np.zeros(0, np.int64), np.zeros((4, 0), np.int64))
        counts = [sum(columns.shape[1] for columns in piece) for piece in pieces]
        piece = np.repeat(np.arange(len(pieces)), counts)
        columns = np.concatenate(parts, axis=1)
        place = (piece << 40) | (columns[ONSET] << 7) | columns[PITCH]
        if not (place[1:] > place[:-1]).all():
            # The stable sort is quick on parts that are each in order.
            order = np.argsort(place, kind="stable")
            place = place[order]
            order = order[np.append(True, place[1:] != place[:-1])]
            piece, columns = piece[order], columns[:, order]
        return cls(len(pieces), piece, columns)

    def top_lines(self) -> Self:
        """The highest note of each onset, ended where the next of its piece starts."""
        onset, piece = self.columns[ONSET], self.piece
        if not len(onset):
            return self
        highest = np.append((onset[1:] != onset[:-1]) | (piece[1:] != piece[:-1]), True)
        columns, piece = self.columns[:, highest].copy(), piece[highest]
        gaps = np.where(piece[1:] == piece[:-1], np.diff(columns[ONSET]), np.iinfo(np.int64).max)
        columns[DURATION, :-1] = np.minimum(columns[DURATION, :-1], gaps)
        return type(self)(self.pieces, piece, columns)

    def counts(self) -> IntArray:
        """(pieces,): how many notes each has."""
        return np.bincount(self.piece, minlength=self.pieces)

    def pitch_class_weights(self) -> npt.NDArray[np.float64]:
        """(pieces, 12): ticks for which each pitch class sounds."""
        pitch_class = self.piece * 12 + self.columns[PITCH] % 12
        weights: npt.NDArray[np.float64] = np.bincount(
            pitch_class, self.columns[DURATION], minlength=self.pieces * 12
        ).astype(np.float64)
        return weights.reshape(self.pieces, 12)

    def single_shares(self) -> npt.NDArray[np.float64]:
        """(pieces,): the share of onsets at which one note alone starts; 0 without notes."""
        onset, piece = self.columns[ONSET], self.piece
        first = np.append(True, (onset[1:] != onset[:-1]) | (piece[1:] != piece[:-1]))[: len(onset)]
        alone = first & np.append(first[1:], True)[: len(onset)]
        onsets = np.bincount(piece[first], minlength=self.pieces)
        singles = np.bincount(piece[alone], minlength=self.pieces)
        shares: npt.NDArray[np.float64] = singles / np.maximum(onsets, 1)
        return shares

    def tallies(self) -> CountArray:
        """(pieces, WIDTH): the rows of counts."""
        rows = np.empty((self.pieces, WIDTH), np.uint32)
        rows[:, PITCHES] = self._tally(self.columns[PITCH], 128)
        rows[:, LENGTH] = self._tally(np.searchsorted(_LENGTH_EDGES, self.columns[DURATION]), len(LENGTHS))
        rows[:, TIME_AT_ONCE] = self._time_at_once()
        return rows

    def _tally(self, kinds: IntArray, number: int) -> IntArray:
        found = np.bincount(self.piece * number + kinds, minlength=self.pieces * number)
        return found.reshape(self.pieces, number)

    def _time_at_once(self) -> npt.NDArray[np.float64]:
        number = len(AT_ONCE)
        onset = self.columns[ONSET] + (self.piece << 33)  # one piece after the other, none reaching the next
        # Starts are marked by the last bit, so that one sort of numbers does.
        marked = np.concatenate([onset << 1 | 1, (onset + self.columns[DURATION]) << 1])
        marked.sort(kind="stable")  # two runs, each nearly in order
        moments, sounding = marked >> 1, np.cumsum((marked & 1) * 2 - 1)
        spans = np.diff(moments, append=moments[-1:])
        piece = moments >> 33
        spans[:-1][piece[1:] != piece[:-1]] = 0
        ticks = np.bincount(piece * number + np.minimum(sounding, number - 1), spans, minlength=self.pieces * number)
        fitting: npt.NDArray[np.float64] = np.minimum(ticks, np.iinfo(np.uint32).max).reshape(self.pieces, number)
        return fitting


def notes_at_once(tallies: CountArray) -> npt.NDArray[np.float64]:
    """(pieces,): how many notes sound together on average while any sounds, counting more than six as six."""
    ticks = tallies[:, TIME_AT_ONCE].astype(np.float64)[:, 1:]
    sounding = ticks.sum(axis=1)
    mean: npt.NDArray[np.float64] = (ticks @ np.arange(1.0, 7.0)) / np.where(sounding > 0, sounding, 1.0)
    return mean
