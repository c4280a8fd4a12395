"""One phrase for each take, from measurements against the other takes of its batch, never from taste."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.music.score import Note

_CLEARLY_BITS = 0.35
"""Mean surprise this far from the batch's is heard; less is chance."""
_CLEARLY_TIMES = 1.4
_LEAPS_FROM = 3.5
"""Semitones of mean leap: a line of thirds and fourths."""
_REPEATS_FROM = 0.6


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


def measured(notes: Sequence[Note], surprise_bits: Sequence[float]) -> Measures:
    """notes: the generated ones in order, with the surprise of each."""
    if not notes:
        return Measures(0.0, 0.0, 0.0, 0.0)
    intervals = np.diff([note.pitch for note in notes]).tolist()
    figures = Counter(zip(intervals, intervals[1:], intervals[2:], strict=False))
    count = sum(figures.values())
    return Measures(
        float(np.mean(surprise_bits)),
        float(np.mean(np.abs(intervals))) if intervals else 0.0,
        float(np.median([note.duration for note in notes])),
        1 - len(figures) / count if count else 0.0,
    )


def characters(takes: Sequence[Measures]) -> tuple[str, ...]:
    """The phrase of each take of one batch."""
    if not takes:
        return ()
    surprise, leap, length, repeats = (
        float(np.mean([getattr(take, name) for take in takes])) for name in Measures.__dataclass_fields__
    )
    phrases = []
    for take in takes:
        if take.surprise_bits < surprise - _CLEARLY_BITS:
            phrase = "Stays close"
        elif take.surprise_bits > surprise + _CLEARLY_BITS:
            phrase = "Adventurous"
        elif take.leap >= max(_LEAPS_FROM, _CLEARLY_TIMES * leap):
            phrase = "Leaps about"
        elif take.length >= _CLEARLY_TIMES * length > 0:
            phrase = "Slow and plain"
        elif take.repeats >= max(_REPEATS_FROM, _CLEARLY_TIMES * repeats):
            phrase = "Circles one figure"
        else:
            phrase = "Balanced"
        phrases.append(phrase)
    return tuple(phrases)
