"""The central values: Note, Part, Score. Immutable, in integer ticks, 480 to the quarter.

A note *is* its value (no ids): a part can't hold two notes that sound at once on one pitch. A part keeps its notes as
columns, and a `Note` is what a row of them looks like: who counts or changes many takes the columns. Every
edit is a function from Score to Score (edits.py), so undo keeps whole scores. What a .mid carries beyond notes and
that a musician would miss (controllers, pitch bends, tempo, metre, keys, lyrics, markers) is held here too; what is
merely to be given back stands apart, as it is in the file.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Self

import numpy as np
import numpy.typing as npt

from core.music.columns import Column, Columns, Integers, Ticks

TICKS_PER_QUARTER = 480
DEFAULT_MICROSECONDS_PER_QUARTER = 500_000
"""120 quarters a minute: what the MIDI file standard assumes where a file names no tempo."""
MAX_TICK = 2**31 - 1

by_position = attrgetter("onset", "pitch")
_by_tick = attrgetter("tick")
_LEAST_NOTE = np.array([[0], [0], [1], [1]])  # (fields, 1): onset, pitch, duration, velocity
_GREATEST_NOTE = np.array([[MAX_TICK], [127], [MAX_TICK], [127]])


@dataclass(frozen=True, slots=True)
class Note:
    """One note. onset in ticks from the start; pitch 0-127, 60 = C4; duration in ticks, at least 1; velocity 1-127."""

    onset: int
    pitch: int
    duration: int
    velocity: int = 90

    def __post_init__(self) -> None:
        if not (
            0 <= self.onset <= MAX_TICK
            and 0 <= self.pitch <= 127
            and 1 <= self.duration <= MAX_TICK
            and 1 <= self.velocity <= 127
        ):
            raise ValueError(f"no such note: {self!r}")

    @property
    def end(self) -> int:
        """The first tick at which the note no longer sounds."""
        return self.onset + self.duration


BEND, PRESSURE, PROGRAM, KEY_PRESSURE = 128, 129, 130, 256
"""What a channel is told besides its 128 controllers, as numbers of controllers; of a key's pressure, plus its pitch."""


@dataclass(frozen=True, slots=True)
class ControlChange:
    """Something that a channel is told: a controller 0-127 (64 = sustain pedal), or what else is numbered as one.

    value: 0-127; of a bend -8192 to 8191, 0 = at rest. when: within its tick, as order counts there: -1 before notes are
    let go, 0 after that and before notes are struck, 1 after that.
    """

    tick: int
    number: int
    value: int
    when: int = 0


def pitch_bend(tick: int, value: int) -> ControlChange:
    """The pitch wheel moved: -8192 to 8191, 0 = at rest."""
    return ControlChange(tick, BEND, value)


@dataclass(frozen=True, slots=True)
class Tempo:
    """From this tick on a quarter lasts so many microseconds (the unit .mid files store, so that nothing is rounded)."""

    tick: int
    microseconds_per_quarter: int

    @property
    def quarters_per_minute(self) -> float:
        return 60e6 / self.microseconds_per_quarter


@dataclass(frozen=True, slots=True)
class Metre:
    """From this tick on bars have `numerator` beats of a 1/`denominator` note (a power of two)."""

    tick: int
    numerator: int
    denominator: int

    @property
    def bar_duration(self) -> int:
        """Ticks in a bar."""
        return max(1, self.numerator * TICKS_PER_QUARTER * 4 // self.denominator)

    @property
    def beat_duration(self) -> int:
        """Ticks in a beat, the unit of the denominator."""
        return max(1, TICKS_PER_QUARTER * 4 // self.denominator)


@dataclass(frozen=True, slots=True)
class KeySignature:
    """From this tick on: fifths -7 (seven flats) to 7 (seven sharps)."""

    tick: int
    fifths: int
    is_minor: bool


@dataclass(frozen=True, slots=True)
class TextEvent:
    """Words at a tick: a syllable of the lyrics, or a marker."""

    tick: int
    text: str


class Notes(Columns[Note]):
    """Notes in any order, each a possible one."""

    __slots__ = ("_is_fitted",)
    kind = Note
    onset, pitch, duration, velocity = Column(0), Column(1), Column(2), Column(3)
    _is_fitted: bool

    def __init__(self, table: npt.NDArray[np.generic]) -> None:
        if bool(((table < _LEAST_NOTE) | (table > _GREATEST_NOTE)).any()):
            raise ValueError("no such note among these")
        super().__init__(table)
        object.__setattr__(self, "_is_fitted", False)

    @classmethod
    def joined(cls, parts: Iterable["Notes"]) -> "Notes":
        """All notes of some, one after the other."""
        first, *others = [*parts] or [NO_NOTES]
        return (
            cls._trusted(np.concatenate([first.table, *(notes.table for notes in others)], axis=1)) if others else first
        )

    @property
    def end(self) -> Integers:
        """The first tick at which each no longer sounds."""
        end: Integers = np.add(self.onset, self.duration, dtype=np.int64)
        return end

    @property
    def place(self) -> Integers:
        """One number a note, which rises with (onset, pitch)."""
        return self.onset.astype(np.int64) << 7 | self.pitch

    @property
    def last_end(self) -> int:
        """The tick at which the last one ends; 0 without notes."""
        return int(self.end.max(initial=0))

    def fitted(self) -> "Notes":
        """In order and free of overlaps: of two at one (onset, pitch) the longer stays; an earlier one ends where its pitch is struck again."""
        if self._is_fitted:
            return self
        notes: Notes = self
        if len(self) and bool((self.end[:-1] > self.onset[1:]).any()):  # else a line, which fits
            place = self.place
            if not bool((place[1:] > place[:-1]).all()):
                order = np.lexsort((-self.velocity, -self.duration, place))
                notes = self.taken(order[np.append(True, np.diff(place[order]) > 0)])
            notes = _cut_where_struck_again(notes)
        object.__setattr__(notes, "_is_fitted", True)
        return notes

    def run(self, first: int, end: int) -> "Notes":
        """Those from one number to before another, which must be in order and free of overlaps."""
        return self._in_order(self.table[:, first:end])

    # Of notes in order and free of overlaps alone

    def rows_of(self, notes: Iterable[Note]) -> Integers:
        """The numbers, rising, of those of these notes that are here."""
        wanted = Notes.of(notes)
        first = int(np.searchsorted(self.onset, wanted.onset.min(initial=MAX_TICK)))
        end = int(np.searchsorted(self.onset, wanted.onset.max(initial=0), side="right"))
        if first >= end:
            return NO_ROWS
        near = self[first:end]
        rows = np.minimum(np.searchsorted(near.place, wanted.place), len(near) - 1)
        found: Integers = first + np.unique(rows[(near.table[:, rows] == wanted.table).all(axis=0)])
        return found

    def top_line(self, *, legato: bool = False) -> "Notes":
        """The highest note of each onset, ended where the next one starts; legato: each lasts until there."""
        is_last = np.ones(len(self), np.bool_)
        is_last[:-1] = self.onset[1:] != self.onset[:-1]
        table = self.table[:, is_last]
        onset, duration = table[0], table[2]
        gap = onset[1:] - onset[:-1]
        duration[:-1] = gap if legato else np.minimum(duration[:-1], gap)
        return self._in_order(table)

    def replaced(self, rows: npt.NDArray[np.integer], notes: "Notes") -> "Notes":
        """Without those of these numbers, and with other notes, which win where both sound on one pitch.

        A note that started before such a one is cut there, one that starts under it goes.
        """
        stays = np.ones(len(self), np.bool_)
        stays[rows] = False
        table, winners = self.table, notes.fitted()
        if len(winners):
            first, last = int(winners.onset[0]), winners.last_end
            near = np.flatnonzero(stays & (self.onset < last) & (self.duration > first - self.onset))
            room = _room_before(winners, self.taken(near))
            stays[near] = room > 0
            is_cut = room < self.duration[near]
            if bool(is_cut.any()):
                table = table.copy()
                table[2, near[is_cut]] = room[is_cut]
        kept = np.flatnonzero(stays)
        at = np.searchsorted(kept, np.searchsorted(self.place, winners.place))
        merged = np.insert(kept, at, len(self) + np.arange(len(winners)))
        return self._in_order(np.take(np.concatenate([table, winners.table], axis=1), merged, axis=1))

    def _in_order(self, table: Ticks) -> "Notes":
        notes = self._trusted(table)
        object.__setattr__(notes, "_is_fitted", True)
        return notes

    @classmethod
    def _trusted(cls, table: Ticks) -> Self:
        notes = super()._trusted(table)
        object.__setattr__(notes, "_is_fitted", False)
        return notes


def _cut_where_struck_again(notes: Notes) -> Notes:
    """notes: in order."""
    order = np.argsort(notes.pitch.astype(np.uint8), kind="stable")
    pitch, onset = notes.pitch[order], notes.onset[order]
    room = np.where(pitch[1:] == pitch[:-1], np.diff(onset), MAX_TICK)
    is_cut = notes.duration[order[:-1]] > room
    if not bool(is_cut.any()):
        return notes
    table = notes.table.copy()
    table[2, order[:-1][is_cut]] = room[is_cut]
    return Notes(table)


def _room_before(winners: Notes, others: Notes) -> Integers:
    """(others,): ticks until one of the winners strikes the pitch of the other; none or less where one holds it already; its duration at most."""

    def on_one_line(notes: Notes, ticks: Integers | Ticks) -> Integers:
        """Pitch after pitch, none reaching the next."""
        return (notes.pitch.astype(np.int64) << 34) + ticks

    winners = winners.taken(np.lexsort((winners.onset, winners.pitch)))
    onset, end = on_one_line(others, others.onset), on_one_line(others, others.end)
    rival = np.searchsorted(on_one_line(winners, winners.end), onset, side="right")
    struck = np.append(on_one_line(winners, winners.onset), np.iinfo(np.int64).max)[rival]
    room: Integers = np.minimum(end, struck) - onset
    return room


class Controls(Columns[ControlChange]):
    __slots__ = ()
    kind = ControlChange
    tick, number, value, when = Column(0), Column(1), Column(2), Column(3)

    def bends(self) -> "Controls":
        return self.taken(self.number == BEND)


def fitted(notes: Iterable[Note]) -> Notes:
    """Any notes, as they fit a part."""
    return Notes.of(notes).fitted()


NO_NOTES, NO_CONTROLS = Notes.of(()), Controls.of(())
NO_ROWS = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """What a .mid holds that nothing here makes use of, kept to be written back.

    status: of an exclusive event 0xF0 or 0xF7, of a meta event its kind, 0-127, of what a channel is told that plays
    nothing its status byte. Texts are in UTF-8. port: of the channel, or the exclusive event.
    """

    tick: int
    status: int
    content: bytes
    port: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument's notes, ordered by (onset, pitch); no two overlap on one pitch.

    `Part.of` makes any notes fit; the constructor refuses what doesn't. Both take values as well as columns, and keep
    columns. program: General MIDI 0-127.
    """

    name: str = ""
    program: int = 0
    is_drums: bool = False
    notes: Notes = NO_NOTES
    controls: Controls = NO_CONTROLS
    """All that its channel is told, also by other tracks. Ordered by tick; events of one tick stay in the order given."""
    bank: int = 0
    """Which bank the program is of: MSB · 128 + LSB."""
    others: tuple[OtherEvent, ...] = ()
    """By tick: what else its track holds."""
    channel: int | None = field(default=None, compare=False)
    """Where it lay in its file, port · 16 + channel, and lies again when it is written if it still can; None if nowhere."""

    def __post_init__(self) -> None:
        if not 0 <= self.program <= 127:
            raise ValueError(f"no such program: {self.program}")
        for name, kind in (("notes", Notes), ("controls", Controls)):
            object.__setattr__(self, name, kind.of(getattr(self, name)))
        if self.notes.fitted() is not self.notes:
            raise ValueError("notes are out of order, or overlap on a pitch")

    @classmethod
    def of(
        cls,
        notes: Iterable[Note],
        *,
        name: str = "",
        program: int = 0,
        is_drums: bool = False,
        controls: Iterable[ControlChange] = (),
        bank: int = 0,
    ) -> Self:
        """A part of any notes: sorted, a note cut where its pitch is struck again, the longer of two at one place kept."""
        return cls(
            name,
            program,
            is_drums,
            fitted(notes),
            Controls.of(sorted(controls, key=_by_tick)),
            bank,
        )

    def with_notes(self, notes: Iterable[Note]) -> "Part":
        """The same part with other notes, made to fit; controllers and all else kept."""
        return replace(self, notes=fitted(notes))

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 without notes."""
        return self.notes.last_end


@dataclass(frozen=True, slots=True)
class Score:
    """Immutable parts, tempo map, metre map, key signatures, lyrics and markers; at least one part.

    Each map is ordered by tick with at most one entry a tick. An empty map, or one that starts late, means the
    standard's defaults from tick 0: 120 quarters a minute, 4/4, no key named.
    """

    parts: tuple[Part, ...] = (Part(),)
    tempos: tuple[Tempo, ...] = ()
    metres: tuple[Metre, ...] = ()
    keys: tuple[KeySignature, ...] = ()
    lyrics: tuple[TextEvent, ...] = ()
    markers: tuple[TextEvent, ...] = ()
    length: int = 0
    """The tick at which it ends, where that is after the last note: with a rest."""
    others: tuple[OtherEvent, ...] = ()
    """By tick: what else its file holds, but for the tracks of the parts; among it the title, a name of a track (3)."""

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a score has at least one part")
        for entries in (self.tempos, self.metres, self.keys):
            ticks = [entry.tick for entry in entries]
            if any(later <= earlier for earlier, later in itertools.pairwise(ticks)):
                raise ValueError("a map's ticks must rise")

    @property
    def end(self) -> int:
        """The tick at which it is over: with the last note of any part, or after the rest that follows."""
        return max(self.length, *(part.end for part in self.parts))

    @property
    def note_count(self) -> int:
        return sum(len(part.notes) for part in self.parts)

    def held(self, notes: frozenset[Note]) -> frozenset[Note]:
        """Those of these notes that any part holds."""
        return frozenset(note for part in self.parts for note in part.notes.taken(part.notes.rows_of(notes)))

    def with_part(self, index: int, part: Part) -> "Score":
        """The same score with another part at `index`; the others untouched."""
        return replace(self, parts=(*self.parts[:index], part, *self.parts[index + 1 :]))
