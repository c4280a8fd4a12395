"""What is measured of generated music and of real music alike, and how far the two lie apart.

Everything here is about passages: a few bars that were given and the new ones after them, in steps of the model's grid.
Distances have one yardstick: how far two halves of the real passages lie apart. That is the mean over random halves;
the passages of one piece stay in one half, because they are no independent witnesses. A model whose distance is at most
twice that can't be told from other real music by this statistic.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from core.learning.events.memorisation import StudiedIndex
from core.learning.events.tokenizer import LONGEST_STEPS, Events
from core.learning.ngram.interpolated import InterpolatedNgram

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LAGS = (1, 2, 4, 8)
"""Bars, at which a passage is held against itself."""
COPIED_NOTES = (8, 12)
"""Lengths of the runs that are looked for in the studied pieces."""
MOST_HALVES = 2.0
"""A statistic may lie so many times as far from the real one as two halves of the real music from each other."""
MOST_IN_A_ROW = 4
"""One pitch in a row more often than this is counted."""

_HALVINGS = 200
_HALVING_SEED = 1
_MOST_ROUNDS = 4
"""A figure of one bar that comes more often than this in a row is stuck, and one pitch for more bars than this."""
_MOST_OF_ONE_PITCH = 12
"""And so is one pitch struck more often than this in a row, however fast."""
_LONGEST_FIGURE = 64
"""Notes."""
_SCALES = np.array([[(pitch_class - tonic) % 12 in (0, 2, 4, 5, 7, 9, 11) for pitch_class in range(12)] for tonic in range(12)])  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Some bars of one melody or texture, of which the first were given and the others are judged.

    Onsets and barlines are in steps from any one origin; notes are ordered by (onset, pitch).
    """

    onsets: Ints
    pitches: Ints
    durations: Ints
    """Steps."""
    barlines: Ints
    """(bars + 1,): with the one at the end."""
    given_bars: int = 0
    piece: int = 0
    """Passages with the same number are from one piece."""

    @classmethod
    def of(cls, events: Events, barlines: Iterable[int], *, given_bars: int = 0, piece: int = 0) -> Self:
        """The events between the first and the last barline (steps from the score's start), cut at the last."""
        bars = np.array(list(barlines), np.int64)
        onsets = events.onsets
        inside = (onsets >= bars[0]) & (onsets < bars[-1])
        onsets = onsets[inside]
        durations = np.minimum(events.duration[inside].astype(np.int64), bars[-1] - onsets)
        return cls(onsets, events.pitch[inside].astype(np.int64), durations, bars, given_bars, piece)

    @property
    def new(self) -> slice:
        """The notes that are judged."""
        return slice(int(np.searchsorted(self.onsets, self.barlines[self.given_bars])), None)

    def bar_notes(self, bar: int, bars: int = 1) -> slice:
        """The notes of so many bars from a bar on, which are counted from 0."""
        ends = np.searchsorted(self.onsets, [self.barlines[bar], self.barlines[bar + bars]])
        return slice(int(ends[0]), int(ends[1]))

    @property
    def new_bars(self) -> range:
        """Their numbers."""
        return range(self.given_bars, len(self.barlines) - 1)

    @property
    def positions(self) -> Ints:
        """(new notes,): steps from the bar's start to each onset."""
        onsets = self.onsets[self.new]
        return onsets - self.barlines[np.searchsorted(self.barlines, onsets, side="right") - 1]


@dataclass(frozen=True, slots=True)
class Statistic:
    """One row of the table: the same measured of real and of generated passages, and what lies between."""

    name: str
    real: float
    """Mean over the passages; an overlap with itself is 1."""
    generated: float
    distance: float
    """Of a histogram 1 - overlap; of a mean the earth mover's between the passages' values; of copying what is more."""
    halves: float
    """The same distance between random halves of the real passages, on average."""
    allowed: float
    """The largest distance that is no flaw."""

    @property
    def holds(self) -> bool:
        """Whether the distance is no larger than allowed; one that can't be measured isn't."""
        return self.distance <= self.allowed


# One passage


def pitch_class_entropy(passage: Passage, bars: int) -> float:
    """Bits: entropy of how often each pitch class is struck within so many bars; mean over all such spans with notes.

    Wu & Yang 2020, "The Jazz Transformer on the Front Line", §5 (H1 and H4). NaN without any.
    """
    entropies = []
    for bar in passage.new_bars[: max(0, len(passage.new_bars) - bars + 1)]:
        counts = np.bincount(passage.pitches[passage.bar_notes(bar, bars)] % 12)
        if counts.sum():
            shares = counts[counts > 0] / counts.sum()
            entropies.append(-float(np.sum(shares * np.log2(shares))))
    return _mean(entropies)


def groove_similarity(passage: Passage) -> float:
    """0 to 1: 1 - the share of steps at which one bar has an onset and the other none; mean over all pairs of bars.

    Wu & Yang 2020, §5 (GS). Pairs with a silent bar, and of bars of different length, are left out. NaN without any.
    """
    grooves = []
    for bar in passage.new_bars:
        groove = np.zeros(int(passage.barlines[bar + 1] - passage.barlines[bar]), bool)
        groove[passage.onsets[passage.bar_notes(bar)] - passage.barlines[bar]] = True
        if groove.any():
            grooves.append(groove)
    return _mean(
        1 - float(np.mean(one ^ other))
        for place, one in enumerate(grooves)
        for other in grooves[:place]
        if len(one) == len(other)
    )


def scale_consistency(passage: Passage) -> float:
    """0 to 1: the share of notes in the major or natural minor scale that holds most of them. NaN without notes.

    Mogren 2016, "C-RNN-GAN"; over these scales as in MusPy (Dong et al. 2020). A minor scale has its relative's notes.
    """
    counts = np.bincount(passage.pitches[passage.new] % 12, minlength=12)
    return float((_SCALES @ counts).max() / counts.sum()) if counts.sum() else math.nan


def self_similarity(passage: Passage, lag: int) -> float:
    """0 to 1: how much new bars have in common with the bar `lag` bars before, given or new; mean over them.

    In common are notes of equal pitch, length and place in the bar: |A ∩ B| / |A ∪ B| as in the similarity error of
    Yu et al. 2022, "Museformer". Pairs of silent bars are left out. NaN without any.
    """

    def notes_of(bar: int) -> frozenset[tuple[int, int, int]]:
        notes = passage.bar_notes(bar)
        columns = passage.onsets[notes] - passage.barlines[bar], passage.pitches[notes], passage.durations[notes]
        return frozenset(zip(*(column.tolist() for column in columns), strict=True))

    pairs = [(notes_of(bar - lag), notes_of(bar)) for bar in passage.new_bars if bar >= lag]
    return _mean(len(before & now) / len(before | now) for before, now in pairs if before | now)


def most_in_a_row(passage: Passage) -> int:
    """How often at most one pitch is struck before another comes."""
    return max((stop - start for start, stop in _runs_of_one_pitch(passage)), default=0)


def only_loops(passage: Passage) -> bool:
    """Whether the new notes only go round: one pitch for more than four bars, or one bar more than four times in a row.

    One pitch more than 12 times in a row counts too. A bar's figure is its onsets and pitches, wherever it begins; a bar
    is as long as the first new one. This is not the guard's `stuck_since` (generation/repetition.py), and knows nothing of
    it: whatever loops here, the guard catches a bar earlier, so a sample that was guarded and loops shows that the guard
    failed. Real music and unguarded samples can loop.
    """
    onsets, pitches = passage.onsets[passage.new], passage.pitches[passage.new]
    bar = int(passage.barlines[passage.given_bars + 1] - passage.barlines[passage.given_bars])
    for start, stop in _runs_of_one_pitch(passage):
        if stop - start > _MOST_OF_ONE_PITCH or onsets[stop - 1] - onsets[start] >= _MOST_ROUNDS * bar:
            return True
    for figure in range(1, min(_LONGEST_FIGURE, len(onsets) - 1) + 1):
        repeats = (onsets[figure:] - onsets[:-figure] == bar) & (pitches[figure:] == pitches[:-figure])
        if any(stop - start >= _MOST_ROUNDS * figure for start, stop in _runs(repeats)):
            return True
    return False


def _runs_of_one_pitch(passage: Passage) -> list[tuple[int, int]]:
    """(first, after the last) of the new notes in each run; single notes are none."""
    pitches = passage.pitches[passage.new]
    return [(start, stop + 1) for start, stop in _runs(pitches[1:] == pitches[:-1])]


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, after the last) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _mean(values: Iterable[float]) -> float:
    taken = list(values)
    return float(np.mean(taken)) if taken else math.nan


# Many passages: something measured of each, in a form whose subsets can be held against each other


class Measured(Protocol):
    """One statistic of many passages."""

    @property
    def allows(self) -> float:
        """How many times the halves' distance is no flaw."""

    def chosen(self, which: npt.NDArray[np.bool_]) -> Self:
        """Of these passages alone. which: (passages,)."""

    def beside(self, real: Self) -> float:
        """The figure for the table: of a histogram its overlap with the real one, of anything else its own."""

    def distance(self, real: Self) -> float:
        """How far these passages lie from the real ones; NaN where one side has nothing to measure."""


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How often each value occurs; the distance is 1 - the overlapped area.

    The overlapped area is that of Yang & Lerch 2020, "On the evaluation of generative models in music", of the values
    themselves: they are whole numbers, so that nothing has to be smoothed.
    """

    counts: Ints
    """(passages, values)."""
    allows: float = MOST_HALVES

    @classmethod
    def of(cls, values: Iterable[Ints], size: int) -> Self:
        """values: of each passage, from 0; those beyond the size count as the last."""
        return cls(np.array([np.bincount(np.clip(row, 0, size - 1), minlength=size) for row in values]))

    def chosen(self, which: npt.NDArray[np.bool_]) -> Self:
        return replace(self, counts=self.counts[which])

    def beside(self, real: Self) -> float:
        own, others = self.counts.sum(axis=0), real.counts.sum(axis=0)
        if not own.any() or not others.any():
            return math.nan
        return float(np.minimum(own / own.sum(), others / others.sum()).sum())

    def distance(self, real: Self) -> float:
        return 1 - self.beside(real)


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """One number of each passage; the distance is the earth mover's between the two distributions of them.

    It is at least the difference of the means, in their unit, and sees a spread that the mean hides.
    """

    values: Floats
    """(passages,); NaN where there is nothing to measure."""
    allows: float = MOST_HALVES

    def chosen(self, which: npt.NDArray[np.bool_]) -> Self:
        return replace(self, values=self.values[which])

    def beside(self, real: Self) -> float:  # noqa: ARG002 -- a mean stands by itself
        return _mean(self.values[~np.isnan(self.values)])

    def distance(self, real: Self) -> float:
        return earth_movers_distance(self.values[~np.isnan(self.values)], real.values[~np.isnan(real.values)])


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """So many of so many, over all passages; the distance is by how much the share is larger: less is no flaw."""

    counts: Floats
    """(passages, 2): found, of all."""
    allows: float = MOST_HALVES

    def chosen(self, which: npt.NDArray[np.bool_]) -> Self:
        return replace(self, counts=self.counts[which])

    def beside(self, real: Self) -> float:  # noqa: ARG002 -- a share stands by itself
        found, possible = self.counts.sum(axis=0).tolist()
        return found / possible if possible else math.nan

    def distance(self, real: Self) -> float:
        more = self.beside(real) - real.beside(real)
        return more if math.isnan(more) else max(0.0, more)


def earth_movers_distance(some: Floats, others: Floats) -> float:
    """The least that values have to be moved, on average, to make one distribution the other; NaN for an empty one.

    The area between the two distribution functions: Rubner et al. 2000, "The Earth Mover's Distance", in one dimension.
    """
    if not len(some) or not len(others):
        return math.nan
    every = np.sort(np.concatenate([some, others]))
    below = [np.searchsorted(np.sort(values), every[:-1], side="right") / len(values) for values in (some, others)]
    return float(np.sum(np.abs(below[0] - below[1]) * np.diff(every)))


def measured_notes(passages: Sequence[Passage]) -> dict[str, Measured]:
    """What can be said of the notes by themselves."""

    def means(measure: Callable[[Passage], float]) -> Means:
        return Means(np.array([measure(passage) for passage in passages], np.float64))

    def histogram(values: Callable[[Passage], Ints], size: int) -> Histogram:
        return Histogram.of(map(values, passages), size)

    return {
        "pitch classes, overlap": histogram(lambda passage: passage.pitches[passage.new] % 12, 12),
        "pitches, overlap": histogram(lambda passage: passage.pitches[passage.new], 128),
        "intervals, overlap": histogram(lambda passage: np.diff(passage.pitches[passage.new]) + 127, 255),
        "note lengths, overlap": histogram(lambda passage: passage.durations[passage.new], LONGEST_STEPS + 1),
        "places in the bar, overlap": histogram(lambda passage: passage.positions, LONGEST_STEPS),
        "pitch-class entropy in 1 bar, bits": means(lambda passage: pitch_class_entropy(passage, 1)),
        "pitch-class entropy in 4 bars, bits": means(lambda passage: pitch_class_entropy(passage, 4)),
        "groove similarity between bars": means(groove_similarity),
        "scale consistency": means(scale_consistency),
        **{
            f"similarity to {'the bar' if lag == 1 else f'{lag} bars'} before": means(
                lambda passage, lag=lag: self_similarity(passage, lag)  # type: ignore[misc]  # the default binds it
            )
            for lag in LAGS
        },
    }


def measured_against(
    passages: Sequence[Passage], studied: StudiedIndex, ngrams: InterpolatedNgram
) -> dict[str, Measured]:
    """What can be said of the notes beside those of the studied pieces.

    Of runs of 12 notes no more than the real share may be found there, of what is shorter no more than chance allows.
    """
    melodies = [(passage.pitches[passage.new], passage.durations[passage.new]) for passage in passages]
    found: dict[str, Measured] = {
        "bits a note for an n-gram model": Means(np.array([_ngram_bits(passage, ngrams) for passage in passages]))
    }
    for notes in COPIED_NOTES:
        runs = studied.found(melodies, notes=notes)
        counts = np.array([[run.sum(), len(run)] for run in runs], np.float64)
        strictly = notes == max(COPIED_NOTES)
        found[f"runs of {notes} notes that were studied"] = Copies(counts, 0.0 if strictly else MOST_HALVES)
    longest = np.array([[studied.longest_run(*melody).notes, 1] for melody in melodies], np.float64)
    found["longest run that was studied, notes"] = Copies(longest)
    return found


def _ngram_bits(passage: Passage, ngrams: InterpolatedNgram) -> float:
    """Mean over the new notes, each after all notes before it."""
    bits = ngrams.bits(passage.pitches, passage.durations)
    return _mean(bits[max(0, passage.new.start - 1) :])


def compared(
    real: Mapping[str, Measured], generated: Mapping[str, Measured], pieces: Sequence[int]
) -> tuple[Statistic, ...]:
    """Each statistic that can be measured of the real passages, beside that of the generated ones.

    pieces: of each real passage which piece it is from.
    """
    halves = _halves(pieces)
    statistics = []
    for name, measured in real.items():
        own = measured.beside(measured)
        if math.isnan(own):
            continue
        distances = [measured.chosen(half).distance(measured.chosen(~half)) for half in halves]
        apart = _mean(distance for distance in distances if not math.isnan(distance))
        others = generated[name]
        statistics.append(
            Statistic(
                name=name,
                real=own,
                generated=others.beside(measured),
                distance=others.distance(measured),
                halves=apart,
                allowed=measured.allows * apart,
            )
        )
    return tuple(statistics)


def _halves(pieces: Sequence[int]) -> list[npt.NDArray[np.bool_]]:
    """Random halves of the pieces, each as (passages,): which are of the one half."""
    own = np.asarray(pieces)
    numbers = np.unique(own)
    random = np.random.default_rng(_HALVING_SEED)
    return [np.isin(own, random.permutation(numbers)[: len(numbers) // 2]) for _ in range(_HALVINGS)]
