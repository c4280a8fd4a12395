"""One phrase for each take, from measurements against the other takes of its batch, never from taste."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.music.score import Note


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of one take."""

    surprise_bits: float
    """Mean over the notes."""
    leap: float
    """Mean distance between neighbouring notes, semitones."""
    length: float
    """Median duration, ticks."""
    repeats: float
    """0 to 1: how many of its figures of four notes (their intervals) came before in the take."""
    pitch: float = 60.0
    """Mean over the notes."""
    notes: int = 0


def measured(notes: Sequence[Note], surprise_bits: Sequence[float]) -> Measures:
    """notes: the generated ones in order, with the surprise of each."""
    if not notes:
        return Measures(0.0, 0.0, 0.0, 0.0)
    pitches = [note.pitch for note in notes]
    intervals = np.diff(pitches).tolist()
    figures = Counter(zip(intervals, intervals[1:], intervals[2:], strict=False))
    count = sum(figures.values())
    return Measures(
        surprise_bits=float(np.mean(surprise_bits)),
        leap=float(np.mean(np.abs(intervals))) if intervals else 0.0,
        length=float(np.median([note.duration for note in notes])),
        repeats=1 - len(figures) / count if count else 0.0,
        pitch=float(np.mean(pitches)),
        notes=len(notes),
    )


@dataclass(frozen=True, slots=True)
class _Trait:
    """How a take can differ from the others of its batch."""

    phrase: str
    measure: Callable[[Measures], float]
    clearly: float
    """A difference so large is heard, less is chance. Negative: it lies below the others."""
    from_: float = -math.inf
    """The measure is at least so large, whatever the others are."""
    up_to: float = math.inf

    def strength(self, take: Measures, others: Sequence[Measures]) -> float:
        """How clearly the take has it: 1 = just clearly, 0 = not at all."""
        value = self.measure(take)
        if not self.from_ <= value <= self.up_to:
            return 0.0
        return (value - float(np.mean([self.measure(other) for other in others]))) / self.clearly


def _octaves(value: float) -> float:
    """Ratios as differences: twice as long is one more."""
    return math.log2(max(value, 1e-3))


_TRAITS = (
    _Trait("Adventurous", lambda take: take.surprise_bits, 0.35),
    _Trait("Stays close", lambda take: take.surprise_bits, -0.35),
    _Trait("Leaps about", lambda take: _octaves(take.leap), 0.5, from_=_octaves(3.5)),
    _Trait("Moves by step", lambda take: _octaves(take.leap), -0.5, up_to=_octaves(2.5)),
    _Trait("Slow and plain", lambda take: _octaves(take.length), 0.5),
    _Trait("Circles one figure", lambda take: take.repeats, 0.25, from_=0.6),
    _Trait("Many notes", lambda take: _octaves(take.notes), 0.4),
    _Trait("Few notes", lambda take: _octaves(take.notes), -0.4),
    _Trait("Lies high", lambda take: take.pitch, 3.0),
    _Trait("Lies low", lambda take: take.pitch, -3.0),
)


def characters(takes: Sequence[Measures]) -> tuple[str, ...]:
    """The phrase of each take of one batch: what tells it most clearly from the others; "" where nothing does.

    No two takes get the same: it goes to the one that has it most clearly.
    """
    phrases = [""] * len(takes)
    if len(takes) < 2:
        return tuple(phrases)
    found = [
        (trait.strength(take, [*takes[:place], *takes[place + 1 :]]), place, trait.phrase)
        for place, take in enumerate(takes)
        for trait in _TRAITS
    ]
    for strength, place, phrase in sorted(found, key=lambda each: -each[0]):
        if strength >= 1 and not phrases[place] and phrase not in phrases:
            phrases[place] = phrase
    return tuple(phrases)
