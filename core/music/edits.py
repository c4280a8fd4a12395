"""Every edit of a score as a pure function: score, index of the part, the notes meant; out come score and selection.

All is in ticks. An edit never fails on what is musically possible: a group stops as one at the edges of time (tick 0)
and pitch (0 and 127), and where the edited notes overlap others on a pitch, the edited ones win: a note that started
before is cut there, one that starts under them is covered and goes. Notes that the part doesn't hold are ignored.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from core.music.columns import Integers
from core.music.score import MAX_TICK, NO_NOTES, NO_ROWS, Note, Notes, Score
from core.music.timing import bar_starts

_ONSET, _PITCH, _DURATION, _VELOCITY = range(4)
_LOUDNESS = (1, 127)


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit gives: the new score, and the notes that are then selected."""

    score: Score
    selection: frozenset[Note] = frozenset()


def add(score: Score, part: int, notes: Iterable[Note]) -> Edited:
    """Put notes into a part; they win over what they overlap."""
    return _replaced(score, part, NO_ROWS, Notes.of(notes))


def erase(score: Score, part: int, notes: Iterable[Note]) -> Edited:
    """Take notes out of a part."""
    return _replaced(score, part, score.parts[part].notes.rows_of(notes), NO_NOTES)


def move(score: Score, part: int, notes: Iterable[Note], *, ticks: int = 0, semitones: int = 0) -> Edited:
    """Move notes as one group, which stops at the start, at the latest tick, and at the lowest and highest pitch."""

    def moved(group: Notes) -> Integers:
        table = group.table.astype(np.int64)
        table[_ONSET] += min(max(ticks, -int(group.onset.min())), MAX_TICK - group.last_end)
        table[_PITCH] += min(max(semitones, -int(group.pitch.min())), 127 - int(group.pitch.max()))
        return table

    return _changed(score, part, notes, moved)


def transpose(score: Score, part: int, notes: Iterable[Note], *, semitones: int) -> Edited:
    """Move notes up or down as one group."""
    return move(score, part, notes, semitones=semitones)


def resize(
    score: Score,
    part: int,
    notes: Iterable[Note],
    *,
    ticks: int,
    edge: Literal["start", "end"] = "end",
    shortest: int = 1,
) -> Edited:
    """Move one edge of each note. None gets shorter than `shortest` (unless it was), starts before 0, or is pulled past its other edge."""

    def resized(group: Notes) -> Integers:
        table = group.table.astype(np.int64)
        onset, duration, least = table[_ONSET], table[_DURATION], np.minimum(shortest, group.duration)
        if edge == "end":
            table[_DURATION] = np.minimum(np.maximum(least, duration + ticks), MAX_TICK - onset)
        else:
            table[_ONSET] = np.minimum(np.maximum(0, onset + ticks), group.end - least)
            table[_DURATION] = group.end - table[_ONSET]
        return table

    return _changed(score, part, notes, resized)


def set_velocity(score: Score, part: int, velocities: Mapping[Note, int]) -> Edited:
    """Give each of these notes a velocity, limited to 1-127."""

    def struck(group: Notes) -> Integers:
        table = group.table.astype(np.int64)
        table[_VELOCITY] = np.clip([velocities[note] for note in group], *_LOUDNESS)
        return table

    return _changed(score, part, velocities, struck)


def change_velocity(score: Score, part: int, notes: Iterable[Note], delta: int) -> Edited:
    """Make notes louder or softer, each limited to 1-127."""

    def struck(group: Notes) -> Integers:
        table = group.table.astype(np.int64)
        table[_VELOCITY] = np.clip(table[_VELOCITY] + delta, *_LOUDNESS)
        return table

    return _changed(score, part, notes, struck)


def quantise(
    score: Score, part: int, notes: Iterable[Note], *, grid: int, strength: float = 1.0, ends: bool = False
) -> Edited:
    """Pull onsets towards the nearest line of a grid of so many ticks, which starts anew with each bar.

    strength: 0 leaves all, 1 puts it on the line. ends: pull ends too, at least one cell after the start; else
    durations stay.
    """
    if grid < 1:
        raise ValueError(f"no grid of {grid} ticks")

    def quantised(group: Notes) -> Integers:
        table = group.table.astype(np.int64)
        bars = np.array(bar_starts(score, group.last_end))
        line = _nearest_lines(bars, grid, table[_ONSET])
        onset = table[_ONSET] + _rounded((line - table[_ONSET]) * strength)
        if ends:
            target: Integers = np.maximum(_nearest_lines(bars, grid, group.end), line + grid)
            end = group.end + _rounded((target - group.end) * strength)
            table[_DURATION] = np.maximum(1, end - onset)
        table[_ONSET] = onset
        return table

    return _changed(score, part, notes, quantised)


def paste(score: Score, part: int, notes: Iterable[Note], *, at: int) -> Edited:
    """Put copies of notes, from any score, so that the first starts at `at`; they are selected."""
    copied = Notes.of(notes)
    if not len(copied):
        return Edited(score)
    table = copied.table.astype(np.int64)
    table[_ONSET] += min(max(0, at) - int(copied.onset.min()), MAX_TICK - copied.last_end)
    return add(score, part, Notes(table))


def duplicate(score: Score, part: int, notes: Iterable[Note]) -> Edited:
    """Repeat notes right after themselves: a bar later if they fill up to a bar, and so on in whole bars beyond.

    Groups shorter than half a bar repeat at their own end, so that a figure can be repeated within a bar.
    """
    before = score.parts[part].notes
    group = before.taken(before.rows_of(notes))
    if not len(group):
        return Edited(score)
    first, end = int(group.onset[0]), group.last_end
    starts = bar_starts(score, end)
    bar = max(start for start in starts if start <= first)
    length = min(start for start in starts if start > bar) - bar
    span = end - first
    if 2 * span >= length:
        span = -(-span // length) * length
    return paste(score, part, group, at=first + span)


def split(score: Score, part: int, notes: Iterable[Note], *, at: int) -> Edited:
    """Cut notes in two at a tick that lies inside them; both halves are selected."""
    before = score.parts[part].notes
    rows = before.rows_of(notes)
    rows = rows[(before.onset[rows] < at) & (at < before.end[rows])]
    first, second = (before.table[:, rows].astype(np.int64) for _ in range(2))
    first[_DURATION] = at - first[_ONSET]
    second[_DURATION] -= at - second[_ONSET]
    second[_ONSET] = at
    return _replaced(score, part, rows, Notes(np.concatenate([first, second], axis=1)))


def _changed(score: Score, part: int, notes: Iterable[Note], change: Callable[[Notes], Integers]) -> Edited:
    """Those of the notes that the part holds as `change` makes them: the table of so many notes, in the same order."""
    before = score.parts[part].notes
    rows = before.rows_of(notes)
    return _replaced(score, part, rows, Notes(change(before.taken(rows)))) if len(rows) else Edited(score)


def _replaced(score: Score, part: int, rows: Integers, notes: Notes) -> Edited:
    """These notes in place of those of these numbers; they win, and are selected."""
    before, winners = score.parts[part], notes.fitted()
    after = before.notes.replaced(rows, winners)
    changed = score if after == before.notes else score.with_part(part, replace(before, notes=after))
    return Edited(changed, frozenset(winners))


def _rounded(ticks: npt.NDArray[np.floating]) -> Integers:
    rounded: Integers = np.rint(ticks).astype(np.int64)
    return rounded


def _nearest_lines(bars: Integers, grid: int, ticks: Integers) -> Integers:
    """The line nearest to each tick of a grid that starts anew with each bar; a tie goes to the later."""
    index = np.searchsorted(bars, ticks, side="right") - 1
    line = bars[index] + (ticks - bars[index] + grid // 2) // grid * grid
    nearest: Integers = np.minimum(line, bars[index + 1])  # the last of the bars lies beyond all ticks
    return nearest
