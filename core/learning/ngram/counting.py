"""The n-gram baseline: what each value of an event is likeliest to be after the last k events, by counting the studied pieces.

It is what the network has to beat: it predicts the same events field by field, given the same earlier fields, learns
nothing but frequencies, and makes no use of what came more than k events ago. A field is counted in contexts from wide
to narrow (contexts.py); each is interpolated with the one before by absolute discounting with a strength, the predictive
rule of a Pitman-Yor process:

    p(x | c) = (max(n(x, c) − d, 0) + (s + d · t(c)) · p(x | wider c)) / (n(c) + s),   n counts, t kinds of x met in c

(Teh 2006, "A hierarchical Bayesian language model based on Pitman-Yor processes"; s = 0 is interpolated Kneser-Ney
discounting as in Chen & Goodman 1999; contexts of music in Pearce 2005.) Below all lies the even chance of every value
of the vocabulary. Discount and strength of each context are fitted on some of the studied pieces, counted in the
others; a context that foretells nothing there is left out, so that of notes drawn by lot the model claims no more than
how often each occurs.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from core.learning.events.dataset import Dataset
from core.learning.events.tokenizer import Events, Vocabulary
from core.learning.ngram.contexts import OUTCOME_BITS, Contexts, Hashes, Level
from core.learning.spec import Field

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

PLAIN_ORDER = 1
"""How often each value occurs, where in the bar, and after which: what can be had without any learning."""
_MOST_NOTES = 200_000
"""So many notes drawn by lot are enough for a plain comparison, and take a second."""
_TUNED = 8
"""Parts of the studied pieces. The discounts are fitted on one part, counted in the others; then on the next, and so on."""
_MOST_COUNTED = 400_000
"""Notes counted over all those rounds; where the pieces have more, the first parts alone are fitted on."""
_DISCOUNTS = (0.0, 0.25, 0.5, 0.75, 0.9)
_STRENGTHS = (0.0, 0.5, 2.0, 8.0, 30.0, 100.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """How often each outcome was met in each context."""

    contexts: Hashes
    """(contexts,), ascending."""
    totals: Counts
    """(contexts,)."""
    kinds: Counts
    """(contexts,): different outcomes."""
    pairs: Hashes
    """(pairs,), ascending: a context with an outcome in its low bits."""
    counts: Counts
    """(pairs,)."""

    @classmethod
    def of(cls, level: Level) -> Self:
        """Of at least one event."""
        pairs, counts = np.unique(level.contexts | level.outcomes.astype(np.uint64), return_counts=True)
        contexts = pairs & ~np.uint64((1 << OUTCOME_BITS) - 1)
        starts = np.flatnonzero(np.diff(contexts, prepend=~contexts[:1]))
        return cls(contexts[starts], np.add.reduceat(counts, starts), np.diff(starts, append=len(pairs)), pairs, counts)

    def found(self, level: Level) -> "_Found":
        place, is_met = _places(self.contexts, level.contexts)
        pair, is_pair_met = _places(self.pairs, level.contexts | level.outcomes.astype(np.uint64))
        return _Found(
            np.where(is_pair_met, self.counts[pair], 0),
            np.where(is_met, self.totals[place], 0),
            np.where(is_met, self.kinds[place], 0),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What was counted of each of n events; all (n,)."""

    counts: Counts
    """Of its outcome in its context."""
    totals: Counts
    """Of its context."""
    kinds: Counts
    """Different outcomes of its context."""

    @classmethod
    def joined(cls, parts: Sequence["_Found"]) -> "_Found":
        columns = ([part.counts for part in parts], [part.totals for part in parts], [part.kinds for part in parts])
        return cls(*map(np.concatenate, columns))

    def interpolated(self, wider: Floats, *, discount: float, strength: float) -> Floats:
        """The probability of each event's outcome, given that in the wider context."""
        passed_on = (strength + discount * self.kinds) * wider
        narrowed = (np.maximum(self.counts - discount, 0) + passed_on) / np.maximum(self.totals + strength, 1)
        return np.where(self.totals > 0, narrowed, wider)


@dataclass(frozen=True, slots=True, eq=False)
class _Tier:
    """A context in use."""

    counted: _Counted
    discount: float
    strength: float

    def narrowed(self, wider: Floats, level: Level) -> Floats:
        return self.counted.found(level).interpolated(wider, discount=self.discount, strength=self.strength)


@dataclass(frozen=True, eq=False)
class NgramBaseline:
    """An n-gram model of chained event fields. Made by `fit`."""

    vocabulary: Vocabulary
    order: int
    """Events that it looks back on."""
    transposed: bool
    """Whether it counts in every key, not only in the pieces' own."""
    tuning_loss: float
    """Nats per note on the studied pieces that its discounts were fitted on, counted in the others: to choose an order by."""
    tiers: dict[Field, tuple[_Tier | None, ...]]
    """For each of a field's contexts, from wide to narrow; None where it is left out."""

    @classmethod
    def fit(cls, studied: Sequence[Events], vocabulary: Vocabulary, *, order: int, transposed: bool = True) -> Self:
        """Count the studied pieces. Raises TrainingError without any note.

        order: events to look back on, 0 or more. transposed: count each piece in every transposition, too.
        """
        studied = [events for events in studied if len(events)]
        if not studied:
            raise TrainingError("There is nothing to count: no piece has a note.", hint="Add pieces first.")
        rounds = [
            (Contexts(counting, vocabulary), Contexts(tuning, vocabulary)) for counting, tuning in _rounds(studied)
        ]
        gathered = (Contexts(studied, vocabulary), *(contexts for pair in rounds for contexts in pair))
        tiers: dict[Field, tuple[_Tier | None, ...]] = {}
        loss = 0.0
        for field, size in vocabulary.sizes.items():
            odds = np.full(sum(len(tuned) for _, tuned in rounds), 1 / size)
            used: list[_Tier | None] = []
            for every, *parts in zip(
                *(contexts.levels(field, order, transposed=transposed) for contexts in gathered), strict=True
            ):
                found = [_Counted.of(some).found(tuned) for some, tuned in zip(parts[::2], parts[1::2], strict=True)]
                fitted = _fitted(odds, _Found.joined(found))
                if fitted is None:
                    used.append(None)
                    continue
                discount, strength, odds = fitted
                used.append(_Tier(_Counted.of(every), discount, strength))
            tiers[field] = tuple(used)
            loss -= float(np.mean(np.log(odds)))
        return cls(vocabulary, order, transposed, loss, tiers)

    def bits(self, events: Events) -> dict[Field, Floats]:
        """−log₂ of the probability of each value of each event, by field in chain order, each (n,).

        A value that the vocabulary doesn't hold is judged as the nearest that it does.
        """
        return self._bits(Contexts([events], self.vocabulary))

    def mean_bits(self, pieces: Sequence[Events]) -> dict[Field, float]:
        """Bits per note of all pieces together, by field. At least one note is needed."""
        return {field: float(bits.mean()) for field, bits in self._bits(Contexts(pieces, self.vocabulary)).items()}

    def _bits(self, contexts: Contexts) -> dict[Field, Floats]:
        found: dict[Field, Floats] = {}
        for field, size in self.vocabulary.sizes.items():
            odds = np.full(len(contexts), 1 / size)
            levels = contexts.levels(field, self.order, transposed=self.transposed)
            for tier, level in zip(self.tiers[field], levels, strict=True):
                odds = odds if tier is None else tier.narrowed(odds, level)
            found[field] = -np.log2(odds)
        return found


def counting_loss(dataset: Dataset, vocabulary: Vocabulary, *, random_seed: int) -> float:
    """The baseline's loss on the validation set, in nats per note: what a network has to beat to have found a pattern.

    One note back, in the pieces' own keys. Of a large collection whole pieces are drawn by lot, to count about 200,000
    notes and judge as many.
    """
    random = np.random.default_rng([random_seed, 0xC0])
    studied, tested = (_drawn(dataset, pieces, random) for pieces in (dataset.studied, dataset.validation))
    model = NgramBaseline.fit(studied, vocabulary, order=PLAIN_ORDER, transposed=False)
    return sum(model.mean_bits(tested).values()) * math.log(2)


def _drawn(dataset: Dataset, pieces: Sequence[int], random: np.random.Generator) -> list[Events]:
    """As many of the pieces as have _MOST_NOTES notes, the last of them cut; all, if they have fewer."""
    drawn: list[Events] = []
    left = _MOST_NOTES
    for piece in random.permutation(pieces).tolist():
        if left <= 0:
            break
        drawn.append(dataset.events(piece).first(left))
        left -= len(drawn[-1])
    return drawn


def _rounds(studied: Sequence[Events]) -> list[tuple[list[Events], list[Events]]]:
    """Pieces to count and pieces to fit the discounts on; of few pieces each is fitted on once.

    A single piece is cut in two; a single note is both.
    """
    if len(studied) == 1:
        (events,) = studied
        half = (len(events) + 1) // 2
        return [([events.first(half)], [_since(events, half) if len(events) > half else events])]
    parts = min(_TUNED, len(studied))
    rounds = max(1, min(parts, _MOST_COUNTED // sum(map(len, studied))))
    return [
        (
            [events for place, events in enumerate(studied) if place % parts != part],
            [events for place, events in enumerate(studied) if place % parts == part],
        )
        for part in range(rounds)
    ]


def _since(events: Events, count: int) -> Events:
    """The events after the count-th; where the first of them lies in the score is of no matter here."""
    arrays = (field.name for field in dataclasses.fields(Events) if field.name != "origin")
    return Events(**{name: getattr(events, name)[count:] for name in arrays})


def _places(ascending: Hashes, wanted: Hashes) -> tuple[Counts, npt.NDArray[np.bool_]]:
    """Where each wanted one stands, and whether it does."""
    places = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return places, ascending[places] == wanted


def _fitted(wider: Floats, found: _Found) -> tuple[float, float, Floats] | None:
    """The discount and strength that foretell most, with the odds that they give; None where the context doesn't help.

    Two numbers fitted on n events have to gain ln n nats in all (Schwarz 1978, the Bayesian information criterion).
    """
    best: tuple[float, float, Floats] | None = None
    most = float(np.log(wider).sum() + np.log(len(wider)))
    for discount in _DISCOUNTS:
        for strength in _STRENGTHS:
            if not discount and not strength:
                continue  # leaves no chance for what was never met
            odds = found.interpolated(wider, discount=discount, strength=strength)
            gained = float(np.log(odds).sum())
            if gained > most:
                most, best = gained, (discount, strength, odds)
    return best
