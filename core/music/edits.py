"""Every edit of a score as a pure function: score, index of the part, the notes meant; out come score and selection.

All is in ticks. An edit never fails on what is musically possible: a group stops as one at the edges of time (tick 0)
and pitch (0 and 127), and where the edited notes overlap others on a pitch, the edited ones win: a note that started
before is cut there, one that starts under them is covered and goes. Notes that the part doesn't hold are ignored.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from core.music.score import MAX_TICK, Note, Score, by_position, fitted
from core.music.timing import bar_starts


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit gives: the new score, and the notes that are then selected."""

    score: Score
    selection: frozenset[Note] = frozenset()


def add(score: Score, part: int, notes: Iterable[Note]) -> Edited:
    """Put notes into a part; they win over what they overlap."""
    return _with(score, part, score.parts[part].notes, notes)


def erase(score: Score, part: int, notes: Iterable[Note]) -> Edited:
    """Take notes out of a part."""
    gone = frozenset(notes)
    kept = tuple(note for note in score.parts[part].notes if note not in gone)
    return Edited(score.with_part(part, replace(score.parts[part], notes=kept)))


def move(score: Score, part: int, notes: Iterable[Note], *, ticks: int = 0, semitones: int = 0) -> Edited:
    """Move notes as one group, which stops at the start, at the latest tick, and at the lowest and highest pitch."""
    group = _held(score, part, notes)
    if not group:
        return Edited(score)
    ticks = max(ticks, -min(note.onset for note in group))
    ticks = min(ticks, MAX_TICK - max(note.end for note in group))
    semitones = max(semitones, -min(note.pitch for note in group))
    semitones = min(semitones, 127 - max(note.pitch for note in group))
    return _changed(
        score, part, group, lambda note: replace(note, onset=note.onset + ticks, pitch=note.pitch + semitones)
    )


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

    def resized(note: Note) -> Note:
        least = min(shortest, note.duration)
        if edge == "end":
            return replace(note, duration=min(max(least, note.duration + ticks), MAX_TICK - note.onset))
        onset = min(max(0, note.onset + ticks), note.end - least)
        return replace(note, onset=onset, duration=note.end - onset)

    return _changed(score, part, _held(score, part, notes), resized)


def set_velocity(score: Score, part: int, velocities: Mapping[Note, int]) -> Edited:
    """Give each of these notes a velocity, limited to 1-127."""
    return _changed(
        score,
        part,
        _held(score, part, velocities),
        lambda note: replace(note, velocity=_limited_velocity(velocities[note])),
    )


def change_velocity(score: Score, part: int, notes: Iterable[Note], delta: int) -> Edited:
    """Make notes louder or softer, each limited to 1-127."""
    return _changed(
        score,
        part,
        _held(score, part, notes),
        lambda note: replace(note, velocity=_limited_velocity(note.velocity + delta)),
    )


def quantise(
    score: Score, part: int, notes: Iterable[Note], *, grid: int, strength: float = 1.0, ends: bool = False
) -> Edited:
    """Pull onsets towards the nearest line of a grid of so many ticks, which starts anew with each bar.

    strength: 0 leaves all, 1 puts it on the line. ends: pull ends too, at least one cell after the start; else
    durations stay.
    """
    if grid < 1:
        raise ValueError(f"no grid of {grid} ticks")
    group = _held(score, part, notes)
    lines = _GridLines(score, grid, max((note.end for note in group), default=0))

    def quantised(note: Note) -> Note:
        onset = note.onset + round((lines.nearest(note.onset) - note.onset) * strength)
        if not ends:
            return replace(note, onset=onset)
        target = max(lines.nearest(note.end), lines.nearest(note.onset) + grid)
        end = note.end + round((target - note.end) * strength)
        return replace(note, onset=onset, duration=max(1, end - onset))

    return _changed(score, part, group, quantised)


def paste(score: Score, part: int, notes: Iterable[Note], *, at: int) -> Edited:
    """Put copies of notes, from any score, so that the first starts at `at`; they are selected."""
    copied = sorted(notes, key=by_position)
    if not copied:
        return Edited(score)
    shift = min(max(0, at) - copied[0].onset, MAX_TICK - max(note.end for note in copied))
    return add(score, part, (replace(note, onset=note.onset + shift) for note in copied))


def duplicate(score: Score, part: int, notes: Iterable[Note]) -> Edited:
    """Repeat notes right after themselves: a bar later if they fill up to a bar, and so on in whole bars beyond.

    Groups shorter than half a bar repeat at their own end, so that a figure can be repeated within a bar.
    """
    group = _held(score, part, notes)
    if not group:
        return Edited(score)
    first, end = min(note.onset for note in group), max(note.end for note in group)
    starts = bar_starts(score, end)
    bar = max(start for start in starts if start <= first)
    length = min(start for start in starts if start > bar) - bar
    span = end - first
    if 2 * span >= length:
        span = -(-span // length) * length
    return paste(score, part, group, at=first + span)


def split(score: Score, part: int, notes: Iterable[Note], *, at: int) -> Edited:
    """Cut notes in two at a tick that lies inside them; both halves are selected."""
    group = [note for note in _held(score, part, notes) if note.onset < at < note.end]
    halves = [
        half
        for note in group
        for half in (
            replace(note, duration=at - note.onset),
            replace(note, onset=at, duration=note.end - at),
        )
    ]
    return _with(score, part, _without(score, part, group), halves)


def _held(score: Score, part: int, notes: Iterable[Note]) -> list[Note]:
    """Those of the notes that the part holds, in order."""
    meant = frozenset(notes)
    return [note for note in score.parts[part].notes if note in meant]


def _without(score: Score, part: int, notes: Iterable[Note]) -> list[Note]:
    gone = frozenset(notes)
    return [note for note in score.parts[part].notes if note not in gone]


def _changed(score: Score, part: int, notes: list[Note], change: Callable[[Note], Note]) -> Edited:
    return _with(score, part, _without(score, part, notes), map(change, notes))


def _with(score: Score, part: int, others: Iterable[Note], notes: Iterable[Note]) -> Edited:
    """A part of these others and these notes, which win and are selected."""
    winners = fitted(notes)
    before = score.parts[part]
    kept = _uncovered(others, winners)
    merged = tuple(sorted((*kept, *winners), key=by_position))
    after = before if merged == before.notes else replace(before, notes=merged)
    return Edited(score if after is before else score.with_part(part, after), frozenset(winners))


def _uncovered(others: Iterable[Note], winners: Iterable[Note]) -> list[Note]:
    """What is left of other notes where the winners sound on their pitch."""
    onsets: dict[int, list[int]] = {}
    ends: dict[int, list[int]] = {}
    for winner in winners:
        onsets.setdefault(winner.pitch, []).append(winner.onset)
        ends.setdefault(winner.pitch, []).append(winner.end)
    kept = []
    for note in others:
        rival = bisect_right(ends.get(note.pitch, ()), note.onset)
        rival_onset = onsets[note.pitch][rival] if rival < len(ends.get(note.pitch, ())) else note.end
        if rival_onset >= note.end:
            kept.append(note)
        elif note.onset < rival_onset:
            kept.append(replace(note, duration=rival_onset - note.onset))
    return kept


def _limited_velocity(velocity: int) -> int:
    return min(127, max(1, velocity))


class _GridLines:
    """A grid that starts anew with each bar."""

    def __init__(self, score: Score, grid: int, until: int) -> None:
        self._bars = bar_starts(score, until)
        self._grid = grid

    def nearest(self, tick: int) -> int:
        """The line nearest to a tick; a tie goes to the later."""
        index = bisect_right(self._bars, tick) - 1
        bar = self._bars[index]
        line = bar + (tick - bar + self._grid // 2) // self._grid * self._grid
        if index + 1 < len(self._bars) and line > (following := self._bars[index + 1]):
            return following
        return line
