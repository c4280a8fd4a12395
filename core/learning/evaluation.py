"""How well a model predicts music that it never studied, in bits per note; and the same for a preset, by cross-validation.

Every note of every piece is predicted, the first one too, from all notes before it. Bits are −log₂ of the probability
of what comes; a value that the vocabulary doesn't hold is judged as the nearest one that it does.
"""

import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.errors import SpecError
from core.learning.copying import SharedRun
from core.learning.dataset import EncodedPiece
from core.learning.inference import one_thread
from core.learning.library import Library, TrainedModel
from core.learning.sampling import log_softmax
from core.learning.spec import PRESETS, Field, PresetName, TrainingSpec
from core.learning.tokenizer import encode
from core.learning.training import prepare_job
from core.learning.training_process import train
from core.music.score import Note, Score
from core.music.timing import steps_at
from core.tasks import Control


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
        pieces,
        notes,
        sum(bits for _, bits in by_field),
        dict(by_field)["pitch"],
        hits / notes,
        by_field,
        unknown,
    )


def cross_validate(
    scores: Sequence[Score],
    preset: PresetName = "standard",
    *,
    folds: int = 10,
    random_seed: int = 1,
    pitch_only: bool = False,
    epochs: int | None = None,
    minutes: float | None = None,
    training: TrainingSpec | None = None,
    control: Control | None = None,
) -> Evaluation:
    """Train anew for each fold on all pieces but the fold's, and judge on the fold's; means over the folds.

    Folds are by piece; pieces that differ by a transposition alone stay together. Of the pieces to train on, the preset
    keeps some aside to know when to stop. Reports what training reports, and the Evaluation of each fold. Stopped, the
    folds until then count. Raises SpecError, TrainingError, Cancelled.
    """
    control = control or Control()
    tokenizer = PRESETS[preset].tokenizer
    if pitch_only:
        tokenizer = replace(tokenizer, fields=("pitch",))
    pieces = [EncodedPiece(f"{index:08}", "", encode(score, tokenizer)) for index, score in enumerate(scores)]
    fold_of = _folds(pieces, folds, random_seed)
    results = []
    for fold in range(folds):
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
                preset,
                home=home,
                name=f"Fold {fold + 1}",
                tokenizer=tokenizer,
                epochs=epochs,
                minutes=minutes,
                random_seed=random_seed,
                training=training,
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


def longest_copy(model: TrainedModel, notes: Sequence[Note]) -> SharedRun:
    """The longest run of these notes, in order, that a studied piece holds too, in any key."""
    return model.studied.longest_run([note.pitch for note in notes], [steps_at(note.duration) for note in notes])


def _folds(pieces: Sequence[EncodedPiece], folds: int, random_seed: int) -> list[int]:
    """The fold of each piece."""
    alike: dict[bytes, list[int]] = {}
    for index, piece in enumerate(pieces):
        alike.setdefault(piece.shape, []).append(index)
    if not 2 <= folds <= len(alike):
        raise SpecError("folds", f"Folds: 2 to the number of different pieces, {len(alike)}.")
    groups = list(alike.values())
    np.random.default_rng(random_seed).shuffle(groups)
    fold_of = [0] * len(pieces)
    for place, group in enumerate(groups):
        for index in group:
            fold_of[index] = place % folds
    return fold_of


def _mean(results: Sequence[Evaluation]) -> Evaluation:
    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    return Evaluation(
        sum(result.pieces for result in results),
        sum(result.notes for result in results),
        mean(result.bits_per_note for result in results),
        mean(result.bits_per_pitch for result in results),
        mean(result.top1_pitch for result in results),
        tuple((field, mean(dict(result.by_field)[field] for result in results)) for field, _ in results[0].by_field),
        sum(result.unknown_notes for result in results),
        tuple(results),
    )
