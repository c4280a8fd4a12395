"""The notes of many parts or pieces in one table, counted in a few sweeps.

Judging a file needs a dozen sums over its notes. Over one small file at a time they would cost more than reading it;
over a table of hundreds they cost next to nothing. The rows of counts go into the cache, so that charts over thousands
of pieces need no score. Ticks throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.music.keys import key_evidence
from core.music.score import TICKS_PER_QUARTER, Part

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
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

_APART = 33
"""Bits that hold any end of a note: groups shifted by them lie one after the other on one line of time."""


@dataclass(frozen=True, slots=True, eq=False)
class NoteTable:
    """Notes by group (a part, or a piece), then by onset and pitch; each (group, onset, pitch) once."""

    groups: int
    group: IntArray
    """(notes,): from 0, rising."""
    onset: IntArray
    pitch: IntArray
    duration: IntArray

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Self:
        """Each part a group."""

        def joined(arrays: list[npt.NDArray[np.generic]]) -> IntArray:
            return np.concatenate(arrays, dtype=np.int64) if arrays else np.zeros(0, np.int64)

        return cls(
            len(parts),
            np.repeat(np.arange(len(parts)), [len(part.notes) for part in parts]),
            joined([part.notes.onset for part in parts]),
            joined([part.notes.pitch for part in parts]),
            joined([part.notes.duration for part in parts]),
        )

    def merged(self, into: Sequence[int], groups: int) -> Self:
        """Groups put together, each `into` one of `groups`, rising, none empty; of two notes at one place the first group's stays."""
        if groups == self.groups:
            return self
        group = np.array(into, np.int64)[self.group]
        place = (group << 40) | (self.onset << 7) | self.pitch
        if (place[1:] > place[:-1]).all():
            return type(self)(groups, group, self.onset, self.pitch, self.duration)
        order = np.argsort(place, kind="stable")  # quick, as each part is in order
        place = place[order]
        order = order[np.append(True, place[1:] != place[:-1])]
        return type(self)(groups, group[order], self.onset[order], self.pitch[order], self.duration[order])

    def chosen(self, groups: Sequence[int]) -> Self:
        """These groups alone, given in rising order, numbered anew."""
        is_chosen = np.zeros(self.groups, np.bool_)
        is_chosen[list(groups)] = True
        if is_chosen.all():
            return self
        stays = is_chosen[self.group]
        number = np.cumsum(is_chosen) - 1
        return type(self)(
            len(groups), number[self.group[stays]], self.onset[stays], self.pitch[stays], self.duration[stays]
        )

    def top_lines(self) -> Self:
        """The highest note of each onset, ended where the next of its group starts."""
        highest = np.append(self._is_new()[1:], True)[: len(self.onset)]
        group, onset, duration = self.group[highest], self.onset[highest], self.duration[highest]
        gaps = np.diff(onset)
        duration[:-1] = np.where(group[1:] == group[:-1], np.minimum(duration[:-1], gaps), duration[:-1])
        return type(self)(self.groups, group, onset, self.pitch[highest], duration)

    def counts(self) -> IntArray:
        """(groups,): how many notes each has."""
        return np.bincount(self.group, minlength=self.groups)

    def first_onsets(self) -> IntArray:
        """(groups,): the onset of the first note of each, which must have one."""
        return self.onset[np.searchsorted(self.group, np.arange(self.groups))]

    def single_shares(self) -> FloatArray:
        """(groups,): the share of onsets at which one note alone starts; 0 without notes."""
        is_new = self._is_new()
        is_single = is_new & np.append(is_new[1:], True)[: len(is_new)]
        onsets = np.bincount(self.group[is_new], minlength=self.groups)
        singles = np.bincount(self.group[is_single], minlength=self.groups)
        shares: FloatArray = singles / np.maximum(onsets, 1)
        return shares

    def overlap_shares(self) -> FloatArray:
        """(groups,): the share of notes that start while one of an earlier onset still sounds; 0 without notes."""
        is_new = self._is_new()
        onset = self._apart()
        heard_until = np.maximum.accumulate(onset + self.duration)
        # Notes of a chord start together: what counts is what sounds from before its first note.
        first = np.maximum.accumulate(np.where(is_new, np.arange(len(onset)), 0))
        overlaps = (first > 0) & (heard_until[first - 1] > onset)
        shares: FloatArray = np.bincount(self.group[overlaps], minlength=self.groups) / np.maximum(self.counts(), 1)
        return shares

    def crowded_shares(self) -> FloatArray:
        """(groups,): of the time that notes sound, each by itself, the share beside one that started earlier; 0 without notes."""
        end = self._apart() + self.duration
        heard_until = np.maximum.accumulate(np.append(0, end[:-1]))[: len(end)]
        beside = np.maximum(0, np.minimum(heard_until, end) - self._apart())
        shares: FloatArray = self.sums(beside) / np.maximum(self.sums(self.duration), 1)
        return shares

    def sums(self, values: npt.NDArray[np.generic]) -> FloatArray:
        """(groups,): the sum of a value of each note."""
        return np.bincount(self.group, values, minlength=self.groups).astype(np.float64)

    def leaps(self) -> FloatArray:
        """(groups,): semitones from note to note, on average; 0 for less than two notes."""
        size = np.abs(np.diff(self.pitch, prepend=self.pitch[:1]))
        size[1:][self.group[1:] != self.group[:-1]] = 0
        mean: FloatArray = self.sums(size) / np.maximum(self.counts() - 1, 1)
        return mean

    def pitch_counts(self) -> IntArray:
        """(groups, 128): notes by pitch."""
        return self._tally(self.pitch, 128)

    def key_evidence(self) -> FloatArray:
        """(groups, 36): what their notes say of their keys."""
        return key_evidence(self.group, self.onset, self.pitch, self.duration, self.groups)

    def tallies(self) -> CountArray:
        """(groups, WIDTH): the rows of counts."""
        rows = np.empty((self.groups, WIDTH), np.uint32)
        rows[:, PITCHES] = self.pitch_counts()
        rows[:, LENGTH] = self._tally(np.searchsorted(_LENGTH_EDGES, self.duration), len(LENGTHS))
        rows[:, TIME_AT_ONCE] = self._time_in_line() if self._is_line() else self._time_at_once()
        return rows

    def _is_line(self) -> bool:
        """True if no note of any group starts before the one before it has ended."""
        onset = self._apart()
        return bool(((onset + self.duration)[:-1] <= onset[1:]).all())

    def _time_in_line(self) -> FloatArray:
        """The same as `_time_at_once` for single lines, at a fraction of the time."""
        ticks = np.zeros((self.groups, len(AT_ONCE)))
        ticks[:, 1] = self.sums(self.duration)
        is_first = np.append(True, self.group[1:] != self.group[:-1])[: len(self.group)]
        is_last = np.append(is_first[1:], True)[: len(self.group)]
        group = self.group[is_first]
        ends = self.onset[is_last] + self.duration[is_last]
        ticks[group, 0] = ends - self.onset[is_first] - ticks[group, 1]
        return ticks

    def _apart(self) -> IntArray:
        """Onsets on one line of time for all groups, none reaching the next."""
        return self.onset + (self.group << _APART)

    def _is_new(self) -> BoolArray:
        """(notes,): true for the first note of each onset."""
        if not len(self.onset):
            return np.zeros(0, np.bool_)
        return np.append(True, (self.onset[1:] != self.onset[:-1]) | (self.group[1:] != self.group[:-1]))

    def _tally(self, kinds: IntArray, number: int) -> IntArray:
        found = np.bincount(self.group * number + kinds, minlength=self.groups * number)
        return found.reshape(self.groups, number)

    def _time_at_once(self) -> FloatArray:
        number = len(AT_ONCE)
        onset = self._apart()
        # Starts are marked by the last bit, so that one sort of numbers does.
        marked = np.concatenate([onset << 1 | 1, (onset + self.duration) << 1])
        marked.sort(kind="stable")  # two runs, each nearly in order
        moments, sounding = marked >> 1, np.cumsum((marked & 1) * 2 - 1)
        spans = np.diff(moments, append=moments[-1:])
        group = moments >> _APART
        spans[:-1][group[1:] != group[:-1]] = 0
        ticks = np.bincount(group * number + np.minimum(sounding, number - 1), spans, minlength=self.groups * number)
        fitting: FloatArray = np.minimum(ticks, np.iinfo(np.uint32).max).reshape(self.groups, number)
        return fitting


def notes_at_once(tallies: CountArray) -> FloatArray:
    """(pieces,): how many notes sound together on average while any sounds, counting more than six as six."""
    ticks = tallies[:, TIME_AT_ONCE].astype(np.float64)[:, 1:]
    sounding = ticks.sum(axis=1)
    mean: FloatArray = (ticks @ np.arange(1.0, 7.0)) / np.where(sounding > 0, sounding, 1.0)
    return mean
