"""What a take may hold: pitches of a range and a scale, and a rhythm or a row of pitches kept from the seed.

All of it acts on the distributions before anything is drawn, as masks over the vocabulary. Where the vocabulary has
nothing that is allowed, the take gets the nearest allowed value and the model the nearest one it knows.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import SpecError
from core.learning.events.tokenizer import Vocabulary
from core.music.pitch import parse_scale, pitch_name
from core.music.score import Note

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AllowedPitches:
    """The pitches within a range and a scale, in rising order; at least one."""

    pitches: tuple[int, ...]

    @classmethod
    def of(cls, pitch_range: tuple[int, int], scale: str) -> "AllowedPitches":
        """scale: a name such as "D minor"; "" = all. Raises SpecError for no such scale, or if the range holds none of it."""
        low, high = pitch_range
        within = range(low, high + 1)
        if not scale:
            return cls(tuple(within))
        parsed = parse_scale(scale)
        pitches = tuple(pitch for pitch in within if parsed.contains(pitch))
        if not pitches:
            raise SpecError(
                "pitch_range",
                f"No note of {parsed.name} lies between {pitch_name(low)} and {pitch_name(high)}.",
                hint="Widen the range.",
            )
        return cls(pitches)

    def nearest(self, pitch: int) -> int:
        """The allowed pitch that is nearest; the lower of two as near."""
        place = bisect_left(self.pitches, pitch)
        around = self.pitches[max(0, place - 1) : place + 1]
        return min(around, key=lambda allowed: (abs(allowed - pitch), allowed))

    def mask(self, vocabulary: Vocabulary) -> BoolArray:
        """(pitches of the vocabulary,): which are allowed; all if none is, because then `nearest` mends the choice."""
        mask = np.isin(vocabulary.values["pitch"], self.pitches)
        return mask if mask.any() else np.ones_like(mask)


@dataclass(frozen=True, slots=True)
class KeptNote:
    """A note of which only the rhythm is given."""

    onset: int
    duration: int


@dataclass(frozen=True, slots=True)
class KeptRhythm:
    """The seed's rhythm, over and over from the bar where the continuation starts until it ends."""

    notes: tuple[KeptNote, ...]

    @classmethod
    def of(cls, notes: Sequence[Note], *, first_bar: int, start: int, end: int) -> "KeptRhythm":
        """notes: the seed's, in order. first_bar: where the bar of the first one starts, in ticks."""
        repeated: list[KeptNote] = []
        shift = start - first_bar
        period = max(1, start - first_bar)
        while notes and notes[0].onset + shift < end:
            repeated.extend(KeptNote(note.onset + shift, note.duration) for note in notes if note.onset + shift < end)
            shift += period
        return cls(tuple(repeated))
