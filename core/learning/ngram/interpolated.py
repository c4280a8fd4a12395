"""How likely a melody is to an n-gram model of the studied pieces that shares nothing with the network: a yardstick for samples.

Intervals and note lengths are two chains of symbols, each predicted from up to three of its own before it. Bits a note
are log₂ of the perplexity: wandering at random costs many, one note over and over next to none, and music something in
between. It is not the baseline of counting.py, which predicts every field of a network's own events: this one reads
nothing but the studied.npz that each finished model keeps, so that models of any fields are judged alike.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.learning.events.memorisation import StudiedIndex
from core.learning.events.tokenizer import LONGEST_STEPS

_LONGEST_CONTEXT = 3
"""Symbols: more are hardly ever met again in a few hundred pieces."""
_INTERVALS = 255
"""From -127 to 127 semitones."""


class Chain:
    """The counts of one kind of symbol after each context of up to three."""

    def __init__(self, alphabet: int) -> None:
        """alphabet: how many symbols there are; those never met share what is left evenly."""
        self._alphabet = alphabet
        self._counts: defaultdict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
        self._totals: Counter[tuple[int, ...]] = Counter()

    def learn(self, symbols: Sequence[int]) -> None:
        """Count one sequence, from its beginning."""
        for place, symbol in enumerate(symbols):
            for length in range(min(place, _LONGEST_CONTEXT) + 1):
                context = tuple(symbols[place - length : place])
                self._counts[context][symbol] += 1
                self._totals[context] += 1

    def probability(self, context: Sequence[int], symbol: int) -> float:
        """Of the symbol after the context, of which the last three count.

        Interpolated over all lengths of context, a shorter one weighing as much as there are different symbols after the
        longer: method C of Witten & Bell 1991, "The Zero-Frequency Problem". Over an alphabet it sums to 1.
        """
        probability = 1 / self._alphabet
        for length in range(min(len(context), _LONGEST_CONTEXT) + 1):
            known = tuple(context[len(context) - length :])
            total = self._totals.get(known, 0)
            if not total:
                break
            counts = self._counts[known]
            probability = (counts[symbol] + len(counts) * probability) / (total + len(counts))
        return probability


class InterpolatedNgram:
    """Bits of each note of a melody: those of the interval that leads to it and those of its length."""

    def __init__(self, studied: StudiedIndex) -> None:
        self._intervals, self._lengths = Chain(_INTERVALS), Chain(LONGEST_STEPS)
        for start, end in zip(studied.bounds[:-1], studied.bounds[1:], strict=True):
            self._intervals.learn(np.diff(studied.pitches[start:end].astype(np.int64)).tolist())
            self._lengths.learn(studied.lengths[start:end].tolist())

    def bits(self, pitches: npt.ArrayLike, lengths: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """(notes - 1,): −log₂ of the probability of each note but the first. lengths: in steps."""
        intervals, durations = np.diff(np.asarray(pitches, np.int64)).tolist(), np.asarray(lengths, np.int64).tolist()
        return -np.log2(
            [
                self._intervals.probability(intervals[max(0, note - 1 - _LONGEST_CONTEXT) : note - 1], interval)
                * self._lengths.probability(durations[max(0, note - _LONGEST_CONTEXT) : note], durations[note])
                for note, interval in enumerate(intervals, start=1)
            ]
        )
