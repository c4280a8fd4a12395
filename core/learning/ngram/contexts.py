"""What the n-gram baseline looks back on: for each value of each event the contexts in which it is counted, wide ones first.

A context of order k holds nothing but the last k events and, as for the network, what is known of the event itself: its
fields earlier in the chain, and its place in the bar once its delta is. Contexts are 64-bit hashes of their parts. Which
of them foretell most was found by trial on three hundred piano pieces and a thousand melodies, with pitch before
duration and after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.learning.events.tokenizer import Events, Vocabulary
from core.learning.spec import Field

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

OUTCOME_BITS = 16
"""So many low bits of a context are 0: room for what is counted in it."""
_NOTHING = -1
"""What stands for an event before a piece's first one; no symbol."""
_NO_INTERVAL = 512
_UNISON = 128
"""Intervals are counted from here on, so that none is negative."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One context for each of n events, and what is counted in it."""

    contexts: Hashes
    """(n,)."""
    outcomes: Ints
    """(n,), each from 0 to below 2^OUTCOME_BITS: symbols, or intervals in semitones from the note before."""


class Contexts:
    """The events of pieces, end to end, and for each what came before it in its piece; all arrays (events,).

    Values are those that the vocabulary knows: an unknown one is heard as the nearest, as a network hears it.
    """

    def __init__(self, pieces: Sequence[Events], vocabulary: Vocabulary) -> None:
        pieces = [events for events in pieces if len(events)]
        lengths = [len(events) for events in pieces]
        self._fields = tuple(vocabulary.values)
        self._since: Ints = np.arange(sum(lengths)) - np.repeat(np.cumsum([0, *lengths])[:-1], lengths)
        self.symbols: dict[Field, Ints] = {
            field: vocabulary.symbols(field, _joined(events.field(field) for events in pieces)).astype(np.int64)
            for field in vocabulary.values
        }
        self._values: dict[Field, Ints] = {
            field: np.asarray(known, np.int64)[self.symbols[field]] for field, known in vocabulary.values.items()
        }
        bar_position = _joined(events.bar_position for events in pieces)
        bar_steps = _joined(events.bar_steps for events in pieces)
        self._place: Ints = bar_position << 32 | bar_steps
        self._bar_steps = bar_steps

    def __len__(self) -> int:
        return len(self._since)

    def levels(self, field: Field, order: int, *, transposed: bool) -> Iterator[Level]:
        """The contexts of a field from the widest to the narrowest; as many for any pieces of one vocabulary.

        transposed: pitches are counted as intervals too, which is what counting each piece in every transposition
        comes to.
        """
        match field:
            case "delta":
                contexts = self._of_delta(order)
            case "duration":
                contexts = self._of_duration(order)
            case "velocity":
                contexts = self._of_velocity(order)
            case "pitch":
                yield from self._of_pitch(order, transposed=transposed)
                return
        for parts in contexts:
            yield Level(self._hashed(parts), self.symbols[field])

    def _of_delta(self, order: int) -> Iterator[list[Ints]]:
        place, soonest = self._place_before(), self._soonest_end(order)
        yield []
        yield place
        if order:
            yield soonest
        for back in range(1, order + 1):
            yield self._rhythm(back)
            yield [*soonest, *place, *self._last("delta", back)]

    def _of_duration(self, order: int) -> Iterator[list[Ints]]:
        delta, place = self._known("delta", "duration"), self._place_of("duration")
        yield []
        yield [*delta, *place]
        if order:
            yield [*delta, *self._last("duration", 1)]
        for back in range(1, order + 1):
            yield [*delta, *place, *self._last("duration", back)]
        if order:
            yield [*delta, *place, *self._rhythm(order)]

    def _of_velocity(self, order: int) -> Iterator[list[Ints]]:
        in_chord, before = self._in_chord("velocity"), self._last("velocity", min(1, order))
        yield []
        yield in_chord
        if order:
            yield before
            yield [*in_chord, *before]
        yield [*in_chord, *before, *self._known("duration", "velocity")]
        yield [*in_chord, *before, *self._place_of("velocity")]
        for back in range(2, order + 1):
            yield [*in_chord, *self._last("velocity", back)]

    def _of_pitch(self, order: int, *, transposed: bool) -> Iterator[Level]:
        in_chord, symbols = self._in_chord("pitch"), self.symbols["pitch"]
        yield Level(self._hashed([]), symbols)
        yield Level(self._hashed(in_chord), symbols)
        if not order:
            return
        # Whether the note before began with the one before it: chords and lines go on in different ways.
        chords = [*in_chord, *[(delta == 0).astype(np.int64) for delta in self._last_values("delta", 1)]]
        pitches, (before, *_) = self._values["pitch"], self._last_values("pitch", 1)
        is_first = before == _NOTHING
        intervals = np.where(is_first, symbols, pitches - before + _UNISON)
        if transposed:
            yield Level(self._hashed([is_first.astype(np.int64), *in_chord]), intervals)
        yield Level(self._hashed([*in_chord, *self._last("pitch", 1)]), symbols)
        yield Level(self._hashed([*chords, *self._last("pitch", 1)]), symbols)
        for back in range(2, order + 1):
            if transposed:
                earlier = self._last_values("pitch", back)[1:]
                figure = [np.where(pitch == _NOTHING, _NO_INTERVAL, pitch - before) for pitch in earlier]
                yield Level(self._hashed([is_first.astype(np.int64), *chords, *figure]), intervals)
            yield Level(self._hashed([*chords, *self._last("pitch", back)]), symbols)

    # Parts of contexts; none where the model doesn't know of them

    def _last(self, field: Field, count: int) -> list[Ints]:
        """The symbols of the last events, the latest first."""
        return [self._back(self.symbols[field], back) for back in range(1, count + 1)] if field in self._fields else []

    def _last_values(self, field: Field, count: int) -> list[Ints]:
        """The same as pitches, steps or classes."""
        return [self._back(self._values[field], back) for back in range(1, count + 1)] if field in self._fields else []

    def _back(self, values: Ints, count: int) -> Ints:
        """The values `count` events earlier."""
        earlier = np.full(len(values), _NOTHING, np.int64)
        earlier[count:] = values[: max(0, len(values) - count)]
        earlier[self._since < count] = _NOTHING
        return earlier

    def _rhythm(self, count: int) -> list[Ints]:
        return [*self._last("delta", count), *self._last("duration", count)]

    def _known(self, field: Field, predicted: Field) -> list[Ints]:
        """The event's own field, if it comes before the predicted one in the chain."""
        is_known = field in self._fields and self._fields.index(field) < self._fields.index(predicted)
        return [self.symbols[field]] if is_known else []

    def _in_chord(self, predicted: Field) -> list[Ints]:
        """Whether the event sounds with the one before."""
        return [(self._values["delta"] == 0).astype(np.int64)] if self._known("delta", predicted) else []

    def _place_of(self, predicted: Field) -> list[Ints]:
        """Where in what bar the event begins, once its delta is known."""
        return [self._place] if self._known("delta", predicted) else []

    def _place_before(self) -> list[Ints]:
        """Where in what bar the event before began; at a piece's start its first bar's length."""
        return [np.where(self._since == 0, -1 - self._bar_steps, self._back(self._place, 1))]

    def _soonest_end(self, order: int) -> list[Ints]:
        """Steps from the last onset until the first of the last notes ends that still sound: most often the next delta."""
        if "duration" not in self._fields:
            return []
        far = np.iinfo(np.int64).max
        soonest, age = np.full(len(self), far), np.zeros(len(self), np.int64)
        for duration, delta in zip(
            self._last_values("duration", order), self._last_values("delta", order), strict=True
        ):
            left = duration - age
            soonest = np.where((duration != _NOTHING) & (left > 0), np.minimum(soonest, left), soonest)
            age = age + np.maximum(delta, 0)
        return [np.where(soonest == far, _NOTHING, soonest)]

    def _hashed(self, parts: list[Ints]) -> Hashes:
        """One hash for each event. Two of a million contexts hardly ever share their 48 bits; then they count as one."""
        hashes = np.zeros(len(self), np.uint64)
        for part in parts:
            hashes = _mixed(hashes ^ part.astype(np.uint64))
        return hashes & ~np.uint64((1 << OUTCOME_BITS) - 1)


def _joined(columns: Iterator[npt.NDArray[np.int32]]) -> Ints:
    return np.concatenate([np.zeros(0, np.int32), *columns]).astype(np.int64)


def _mixed(values: Hashes) -> Hashes:
    """Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators": one step of SplitMix64."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
