"""An experiment: a model continues openings of pieces that it never studied, and its samples are held against theirs.

Each seed is a few bars of a piece; what the piece itself does after them is the real continuation, of as many bars. Both
are measured alike (sample_statistics.py). The same pieces, model and random seed give the same figures.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.errors import SpecError
from core.learning.evaluation.sample_statistics import (
    MOST_IN_A_ROW,
    Passage,
    Statistic,
    compared,
    measured_against,
    measured_notes,
    most_in_a_row,
    only_loops,
)
from core.learning.events.memorisation import SharedRun
from core.learning.events.tokenizer import encode
from core.learning.generation.generation import Take, generate
from core.learning.models.library import TrainedModel
from core.learning.ngram.interpolated import InterpolatedNgram
from core.learning.spec import GenerationRequest, TokenizerSpec
from core.music.score import NO_CONTROLS, Note, Notes, Score
from core.music.timing import bar_starts, continuation_start, steps_at
from core.tasks import Control

SEED_BARS = 4
_STUDIED_SHARE = 0.5
"""A piece of which a studied one holds so much in one run is that piece, or a version of it."""


@dataclass(frozen=True, eq=False)
class Excerpt:
    """A seed of one piece, and where in it the real continuation lies."""

    piece: int
    score: Score
    """The whole piece, of which the first part counts."""
    bars: tuple[int, ...]
    """Ticks: the barlines of the seed and of what follows, with the one at the end."""

    @property
    def start(self) -> int:
        """The tick at which the continuation starts."""
        return self.bars[SEED_BARS]

    @property
    def seed(self) -> Score:
        """The notes before that, cut there, at their places in the piece and in its metres."""
        return self._score_of(self._given)

    @property
    def is_usable(self) -> bool:
        """Whether seed and continuation have a note a bar on average, and a take of the seed starts where that does."""
        return (
            len(self._given) >= SEED_BARS
            and len(self._following) >= len(self.bars) - 1 - SEED_BARS
            and continuation_start(self.seed, 0) == self.start
        )

    def passage(self, tokenizer: TokenizerSpec, take: Take | None = None) -> Passage:
        """Seed and continuation as a model hears them: the take's, or the real one."""
        score = self._score_of([*self._given, *self._following]) if take is None else take.score
        return Passage.of(encode(score, tokenizer), map(steps_at, self.bars), given_bars=SEED_BARS, piece=self.piece)

    def _score_of(self, notes: Iterable[Note]) -> Score:
        part = replace(self.score.parts[0], notes=Notes.of(notes), controls=NO_CONTROLS)
        return Score((part,), metres=self.score.metres)

    @cached_property
    def _given(self) -> list[Note]:
        return self._cut(self.bars[0], self.start)

    @cached_property
    def _following(self) -> list[Note]:
        return self._cut(self.start, self.bars[-1])

    def _cut(self, start: int, end: int) -> list[Note]:
        return [
            replace(note, duration=min(note.duration, end - note.onset))
            for note in self.score.parts[0].notes
            if start <= note.onset < end
        ]


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted over all passages."""

    notes: int
    stuck: int
    """Passages that only go round, see `only_loops`."""
    in_a_row: int
    """Passages with one pitch more than four times in a row: real music does that too."""
    longest_copy: SharedRun


@dataclass(frozen=True, slots=True)
class Samples:
    """What one model made of the seeds."""

    name: str
    statistics: tuple[Statistic, ...]
    generated: Tally
    real: Tally
    """Of the real continuations, copies being those of this model's studied pieces."""
    redrawn: int
    """Samples that went round and were drawn again from there, as everywhere in the program."""


@dataclass(frozen=True, slots=True)
class SampleEvaluation:
    """Models side by side, on the same seeds."""

    pieces: int
    """From which the seeds are."""
    continuations: int
    bars: int
    """Of each continuation."""
    temperature: float
    random_seed: int
    models: tuple[Samples, ...]


def unstudied(
    models: Sequence[TrainedModel], scores: Iterable[Score], control: Control | None = None
) -> Iterator[Score]:
    """The scores, by their first part, that none of the models has studied, nor a version of it, in any key.

    A model keeps the notes of what it studied; a piece counts as studied if more than half of its notes are found there
    in one run. Reports the number of scores looked at, after each.
    """
    control = control or Control()
    for number, score in enumerate(scores, start=1):
        control.checkpoint()
        if not any(_is_studied(model, score) for model in models):
            yield score
        control.report(number)


def _is_studied(model: TrainedModel, score: Score) -> bool:
    events, studied = encode(score, model.tokenizer), model.studied
    pitches, lengths = events.pitch.astype(np.int64), events.duration.astype(np.int64)
    return studied.holds(pitches, lengths) or studied.longest_run(pitches, lengths).notes > _STUDIED_SHARE * len(events)


def excerpts(scores: Sequence[Score], count: int, *, bars: int, random_seed: int) -> tuple[Excerpt, ...]:
    """Up to `count` seeds of 4 bars with continuations of so many, taken from as many pieces as can be.

    First the openings of all pieces, in random order; then what follows after these excerpts, piece by piece; only if
    that is not enough, excerpts that overlap with others.
    """
    order = np.random.default_rng(random_seed).permutation(len(scores)).tolist()
    ranked = []
    for rank, piece in enumerate(order):
        rounds: dict[int, int] = {}
        for offset, excerpt in _excerpts_of(piece, scores[piece], SEED_BARS + bars):
            rounds[offset] = rounds.get(offset, -1) + 1
            ranked.append(((offset, rounds[offset], rank), excerpt))
    ranked.sort(key=lambda entry: entry[0])
    return tuple(excerpt for _, excerpt in ranked[:count])


def _excerpts_of(piece: int, score: Score, length: int) -> Iterator[tuple[int, Excerpt]]:
    """(by how many bars it is shifted against those without overlap, excerpt) of each usable stretch of so many bars."""
    notes = score.parts[0].notes
    if not notes:
        return
    barlines = bar_starts(score, score.parts[0].end - 1)
    first = max(bar for bar, tick in enumerate(barlines) if tick <= notes[0].onset)
    for offset in range(0, length, SEED_BARS):
        for bar in range(first + offset, len(barlines) - length, length):
            excerpt = Excerpt(piece, score, tuple(barlines[bar : bar + length + 1]))
            if excerpt.is_usable:
                yield offset, excerpt


def judge_samples(
    models: Sequence[TrainedModel],
    scores: Sequence[Score],
    *,
    count: int = 200,
    bars: int = 8,
    temperature: float = 0.9,
    random_seed: int = 1,
    control: Control | None = None,
) -> SampleEvaluation:
    """Let each model continue the same seeds, and measure its samples beside the real continuations.

    scores: pieces that none of them has studied. Notes are compared as the first model hears them, and with studied
    pieces as each does. Reports the number of samples done, over all models. Raises SpecError if the pieces are too few
    or too short, or for a request that can't be.
    """
    control = control or Control()
    GenerationRequest(Score(), length_bars=bars, temperature=temperature, random_seed=random_seed)
    if count < 2:
        raise SpecError("samples", "Samples: at least 2.")
    taken = excerpts(scores, count, bars=bars, random_seed=random_seed)
    pieces = [excerpt.piece for excerpt in taken]
    if len(set(pieces)) < 2:
        raise SpecError(
            "samples",
            f"There are not two pieces that the model has not studied with {SEED_BARS} + {bars} bars.",
            hint="Name more pieces, or ask for fewer bars.",
        )
    hearing = models[0].tokenizer
    real = measured_notes([excerpt.passage(hearing) for excerpt in taken])
    judged = []
    for number, model in enumerate(models):
        takes = []
        for index, excerpt in enumerate(taken):
            control.checkpoint()
            takes.append(_continued(model, excerpt, bars, temperature, [random_seed, index]))
            control.report(number * len(taken) + index + 1)
        own_real = [excerpt.passage(model.tokenizer) for excerpt in taken]
        own = [excerpt.passage(model.tokenizer, take) for excerpt, take in zip(taken, takes, strict=True)]
        heard = [excerpt.passage(hearing, take) for excerpt, take in zip(taken, takes, strict=True)]
        ngrams = InterpolatedNgram(model.studied)
        statistics = compared(real, measured_notes(heard), pieces) + compared(
            measured_against(own_real, model.studied, ngrams), measured_against(own, model.studied, ngrams), pieces
        )
        judged.append(
            Samples(
                model.record.name,
                statistics,
                _tally(own, model),
                _tally(own_real, model),
                sum(take.redrawn_from_bar is not None for take in takes),
            )
        )
    return SampleEvaluation(
        pieces=len(set(pieces)),
        continuations=len(taken),
        bars=bars,
        temperature=temperature,
        random_seed=random_seed,
        models=tuple(judged),
    )


def _continued(model: TrainedModel, excerpt: Excerpt, bars: int, temperature: float, chance: Sequence[int]) -> Take:
    seed = excerpt.seed
    # Samples with one random seed would be drawn by the same row of chances: they would all leap at the same note.
    random_seed = int(np.random.default_rng(chance).integers(2**63))
    request = GenerationRequest(seed, length_bars=bars, takes=1, temperature=temperature, random_seed=random_seed)
    (take,) = generate(model, request)
    return take


def _tally(passages: Sequence[Passage], model: TrainedModel) -> Tally:
    copies = [
        model.studied.longest_run(passage.pitches[passage.new], passage.durations[passage.new]) for passage in passages
    ]
    return Tally(
        sum(len(passage.pitches[passage.new]) for passage in passages),
        sum(only_loops(passage) for passage in passages),
        sum(most_in_a_row(passage) > MOST_IN_A_ROW for passage in passages),
        max(copies, key=lambda run: run.notes),
    )
