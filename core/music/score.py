"""The central values: Note, Part, Score. Immutable, in integer ticks, 480 to the quarter.

A note *is* its value (no ids): a part can't hold two notes that sound at once on one pitch. Every
edit is a function from Score to Score (edits.py), so undo keeps whole scores. What a .mid carries beyond notes and
that a musician would miss (controllers, pitch bends, tempo, metre, keys, lyrics, markers) is held here too.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Self

TICKS_PER_QUARTER = 480
DEFAULT_MICROSECONDS_PER_QUARTER = 500_000
"""120 quarters a minute: what the MIDI file standard assumes where a file names no tempo."""
MAX_TICK = 2**31 - 1

by_position = attrgetter("onset", "pitch")
_by_tick = attrgetter("tick")


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


@dataclass(frozen=True, slots=True)
class ControlChange:
    """A controller set to a value at a tick: number 0-127 (64 = sustain pedal), value 0-127."""

    tick: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class PitchBend:
    """The pitch wheel moved at a tick: -8192 to 8191, 0 = at rest."""

    tick: int
    value: int


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


@dataclass(frozen=True, slots=True)
class Part:
    """One instrument's notes, ordered by (onset, pitch); no two overlap on one pitch.

    `Part.of` makes any notes fit; the constructor refuses what doesn't. program: General MIDI 0-127.
    """

    name: str = ""
    program: int = 0
    is_drums: bool = False
    notes: tuple[Note, ...] = ()
    controls: tuple[ControlChange, ...] = ()
    """Ordered by tick; events of one tick stay in the order given."""
    bends: tuple[PitchBend, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.program <= 127:
            raise ValueError(f"no such program: {self.program}")
        sounding: dict[int, int] = {}
        before = (-1, -1)
        for note in self.notes:
            position = (note.onset, note.pitch)
            if position <= before:
                raise ValueError("notes are not in order")
            before = position
            if sounding.get(note.pitch, 0) > note.onset:
                raise ValueError(f"notes overlap on pitch {note.pitch} at tick {note.onset}")
            sounding[note.pitch] = note.end

    @classmethod
    def of(
        cls,
        notes: Iterable[Note],
        *,
        name: str = "",
        program: int = 0,
        is_drums: bool = False,
        controls: Iterable[ControlChange] = (),
        bends: Iterable[PitchBend] = (),
    ) -> Self:
        """A part of any notes: sorted, a note cut where its pitch is struck again, the longer of two at one place kept."""
        return cls(
            name,
            program,
            is_drums,
            fitted(notes),
            tuple(sorted(controls, key=_by_tick)),
            tuple(sorted(bends, key=_by_tick)),
        )

    def with_notes(self, notes: Iterable[Note]) -> "Part":
        """The same part with other notes, made to fit; controllers and all else kept."""
        return replace(self, notes=fitted(notes))

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 without notes."""
        return max((note.end for note in self.notes), default=0)


def fitted(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Notes in order and free of overlaps: of two at one (onset, pitch) the longer stays; an earlier one ends where its pitch is struck again."""
    longest: dict[tuple[int, int], Note] = {}
    for note in notes:
        position = (note.onset, note.pitch)
        kept = longest.get(position)
        if kept is None or (note.duration, note.velocity) > (kept.duration, kept.velocity):
            longest[position] = note
    ordered = sorted(longest.values(), key=by_position)
    open_at: dict[int, int] = {}
    for index, note in enumerate(ordered):
        earlier = open_at.get(note.pitch)
        if earlier is not None and ordered[earlier].end > note.onset:
            cut = ordered[earlier]
            ordered[earlier] = Note(cut.onset, cut.pitch, note.onset - cut.onset, cut.velocity)
        open_at[note.pitch] = index
    return tuple(ordered)


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

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a score has at least one part")
        for entries in (self.tempos, self.metres, self.keys):
            ticks = [entry.tick for entry in entries]
            if any(later <= earlier for earlier, later in itertools.pairwise(ticks)):
                raise ValueError("a map's ticks must rise")

    @property
    def end(self) -> int:
        """The tick at which the last note of any part ends."""
        return max(part.end for part in self.parts)

    @property
    def note_count(self) -> int:
        return sum(len(part.notes) for part in self.parts)

    def with_part(self, index: int, part: Part) -> "Score":
        """The same score with another part at `index`; the others untouched."""
        return replace(self, parts=(*self.parts[:index], part, *self.parts[index + 1 :]))
