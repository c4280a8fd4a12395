"""How well a model predicts music that it never studied, in bits per note.

And the same for a preset, by cross-validation, and for the n-gram baseline, which a network has to beat.

Every note of every piece is predicted, the first one too, from all notes before it. Bits are −log₂ of the probability
of what comes, and their mean is log₂ of the perplexity; a value that the vocabulary doesn't hold is judged as the nearest one that it does.
"""

import math
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import SpecError
from core.learning.events.dataset import Dataset, EncodedPiece, tunes
from core.learning.events.memorisation import SharedRun
from core.learning.events.tokenizer import encode
from core.learning.generation.sampling import log_softmax
from core.learning.models.library import Library, TrainedModel
from core.learning.network.inference import one_thread
from core.learning.ngram.counting import NgramBaseline
from core.learning.spec import PRESETS, Field, PresetName, TrainingSpec
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import encoded_pieces, prepare_job, studied_vocabulary
from core.learning.training.process import train
from core.music.score import Note, Score
from core.music.timing import steps_at
from core.tasks import Control

ORDERS = (0, 1, 2, 3, 4, 5)
"""Notes that the baseline looks back on; more gain next to nothing on a thousand pieces."""
MOST_NOTES_BACK = 16
"""Each one more costs time and memory."""


_KEPT_ASIDE_OF_A_FOLD = 0.03
"""Share of the pieces that a fold trains on: enough to see the best epoch, and little is lost to learning."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Means over all notes (in cross-validation: over the folds)."""

    pieces: int
    notes: int
    bits_per_note: float
    """All fields that the model predicts."""
    bits_per_pitch: float
    top1_pitch: float
    """Share of the notes whose pitch was the likeliest, 0 to 1."""
    by_field: tuple[tuple[Field, float], ...]
    """Bits of each field, given the fields before it in the chain."""
    unknown_notes: int = 0
    """Notes with a value that the vocabulary doesn't hold."""
    by_fold: tuple["Evaluation", ...] = ()


def evaluate(model: TrainedModel, scores: Iterable[Score], control: Control | None = None) -> Evaluation:
    """Judge a model on pieces, of each the first part. Raises SpecError if they hold no note.

    Reports the number of pieces done, after each.
    """
    control = control or Control()
    sums = dict.fromkeys(model.network.fields, 0.0)
    pieces = notes = hits = unknown = 0
    for score in scores:
        control.checkpoint()
        events = encode(score, model.tokenizer)
        if not len(events):
            continue
        with one_thread():
            logits = model.network.sequence_logits(events)
        symbols = model.vocabulary.indices(events)
        for field, rows in logits.items():
            odds = log_softmax(rows.astype(np.float64))
            sums[field] -= float(odds[np.arange(len(events)), symbols[field]].sum()) / math.log(2)
        hits += int((logits["pitch"].argmax(axis=1) == symbols["pitch"]).sum())
        unknown += int(model.vocabulary.unknown(events).sum())
        pieces, notes = pieces + 1, notes + len(events)
        control.report(pieces)
    if not notes:
        raise SpecError("scores", "There is no note to judge the model by.")
    by_field = tuple((field, total / notes) for field, total in sums.items())
    return Evaluation(
        pieces=pieces,
        notes=notes,
        bits_per_note=sum(bits for _, bits in by_field),
        bits_per_pitch=dict(by_field)["pitch"],
        top1_pitch=hits / notes,
        by_field=by_field,
        unknown_notes=unknown,
    )


def cross_validate(
    scores: Sequence[Score],
    preset: PresetName = "standard",
    *,
    folds: int = 10,
    random_seed: int = 1,
    only: Collection[int] = (),
    groups: Sequence[str] = (),
    pitch_only: bool = False,
    epochs: int | None = None,
    minutes: float | None = None,
    training: TrainingSpec | None = None,
    control: Control | None = None,
) -> Evaluation:
    """Train anew for each fold on all pieces but the fold's, and judge on the fold's; means over the folds.

    Folds are by piece; transpositions and versions of one tune stay together, or, with groups, those whose group's
    name is the same. only: the folds to do, counted from 1; none = all. Of the pieces to train on, a few are kept aside
    to know which epoch was best. Reports what training reports, and the Evaluation of each fold. Stopped, the folds until
    then count. Raises SpecError, TrainingError, Cancelled.
    """
    control = control or Control()
    if not set(only) <= set(range(1, folds + 1)):
        raise SpecError("only", f"Folds to do: 1 to {folds}.")
    tokenizer = PRESETS[preset].tokenizer
    if pitch_only:
        tokenizer = replace(tokenizer, fields=("pitch",))
    pieces = [EncodedPiece(f"{index:08}", "", encode(score, tokenizer)) for index, score in enumerate(scores)]
    fold_of = _folds(pieces, folds, random_seed, groups)
    results = []
    for fold in range(folds):
        if only and fold + 1 not in only:
            continue
        control.checkpoint()
        studied = [
            (piece.fingerprint, "", score)
            for piece, score, own in zip(pieces, scores, fold_of, strict=True)
            if own != fold
        ]
        tested = [score for score, own in zip(scores, fold_of, strict=True) if own == fold]
        with tempfile.TemporaryDirectory(prefix="ritornello-fold-") as folder:
            home = Path(folder)
            job = prepare_job(
                studied,
                TrainingPlan(
                    preset,
                    name=f"Fold {fold + 1}",
                    tokenizer=tokenizer,
                    epochs=epochs,
                    minutes=minutes,
                    random_seed=random_seed,
                    held_out=None if training else _KEPT_ASIDE_OF_A_FOLD,
                    training=training,
                ),
                home=home,
                control=control,
            )
            train(job, control)
            library = Library(home)
            model = library.load(library.find(job.model_id))
            results.append(evaluate(model, tested))
        control.report(results[-1])
        if control.stopping:
            break
    return _mean(results)


@dataclass(frozen=True, slots=True)
class CountingEvaluation:
    """How well the n-gram baseline predicts the pieces that a training with the same random seed keeps aside; means over their notes."""

    order: int
    """Notes that it looks back on."""
    transposed: bool
    """Whether it counted in every key."""
    studied_pieces: int
    studied_notes: int
    pieces: int
    notes: int
    bits_per_note: float
    bits_per_pitch: float
    by_field: tuple[tuple[Field, float], ...]
    unknown_notes: int
    """Notes with a value that the studied pieces don't hold."""
    tuning_bits_per_note: float
    """On studied pieces alone, counted in the others: the order of the fewest is the one to take."""


def evaluate_counting(
    pieces: Iterable[tuple[str, str, Score]],
    preset: PresetName = "standard",
    *,
    orders: Sequence[int] = ORDERS,
    random_seed: int = 1,
    pitch_only: bool = False,
    natural_keys: bool = False,
    control: Control | None = None,
) -> tuple[CountingEvaluation, ...]:
    """Count what a training of this preset would study, and judge on what it would keep aside: one result for each order.

    pieces: (fingerprint, title, score of one part), as `start_job` takes them from a corpus, so that the same pieces and
    events are judged as by a training's held-out loss. natural_keys: count in the pieces' own keys alone, as for a preset
    that doesn't transpose. Reports each result. Raises TrainingError without any note, SpecError, Cancelled.
    """
    control = control or Control()
    if not orders or min(orders) < 0 or max(orders) > MOST_NOTES_BACK:
        raise SpecError("orders", f"Order: 0 to {MOST_NOTES_BACK} notes back.")
    tokenizer = PRESETS[preset].tokenizer
    if pitch_only:
        tokenizer = replace(tokenizer, fields=("pitch",))
    training = replace(PRESETS[preset].training, random_seed=random_seed)
    dataset = Dataset.of(encoded_pieces(pieces, tokenizer, control), training)
    vocabulary = studied_vocabulary(dataset, tokenizer, training)
    studied = [dataset.events(piece) for piece in dataset.studied]
    tested = [dataset.events(piece) for piece in dataset.validation]
    results = []
    for order in orders:
        control.checkpoint()
        model = NgramBaseline.fit(
            studied, vocabulary, order=order, transposed=bool(training.transpose) and not natural_keys
        )
        by_field = model.mean_bits(tested)
        results.append(
            CountingEvaluation(
                order=order,
                transposed=model.transposed,
                studied_pieces=len(studied),
                studied_notes=dataset.studied_event_count,
                pieces=len(tested),
                notes=sum(map(len, tested)),
                bits_per_note=sum(by_field.values()),
                bits_per_pitch=by_field["pitch"],
                by_field=tuple(by_field.items()),
                unknown_notes=sum(int(vocabulary.unknown(events).sum()) for events in tested),
                tuning_bits_per_note=model.tuning_loss / math.log(2),
            )
        )
        control.report(results[-1])
    return tuple(results)


def longest_copy(model: TrainedModel, notes: Sequence[Note]) -> SharedRun:
    """The longest run of these notes, in order, that a studied piece holds too, in any key."""
    return model.studied.longest_run([note.pitch for note in notes], [steps_at(note.duration) for note in notes])


def _folds(pieces: Sequence[EncodedPiece], folds: int, random_seed: int, groups: Sequence[str]) -> list[int]:
    """The fold of each piece."""
    together: dict[bytes | str, list[int]] = {}
    names: Sequence[bytes | str] = groups or tunes(pieces)
    for index, name in enumerate(names):
        together.setdefault(name, []).append(index)
    if not 2 <= folds <= len(together):
        raise SpecError("folds", f"Folds: 2 to the number of different pieces or groups, {len(together)}.")
    shuffled = list(together.values())
    np.random.default_rng(random_seed).shuffle(shuffled)
    fold_of, sizes = [0] * len(pieces), [0] * folds
    # Groups are of very different sizes: the largest first, each to the smallest fold so far.
    for place, group in enumerate(sorted(shuffled, key=len, reverse=True) if groups else shuffled):
        fold = sizes.index(min(sizes)) if groups else place % folds
        sizes[fold] += len(group)
        for index in group:
            fold_of[index] = fold
    return fold_of


def _mean(results: Sequence[Evaluation]) -> Evaluation:
    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    return Evaluation(
        pieces=sum(result.pieces for result in results),
        notes=sum(result.notes for result in results),
        bits_per_note=mean(result.bits_per_note for result in results),
        bits_per_pitch=mean(result.bits_per_pitch for result in results),
        top1_pitch=mean(result.top1_pitch for result in results),
        by_field=tuple(
            (field, mean(dict(result.by_field)[field] for result in results)) for field, _ in results[0].by_field
        ),
        unknown_notes=sum(result.unknown_notes for result in results),
        by_fold=tuple(results),
    )
