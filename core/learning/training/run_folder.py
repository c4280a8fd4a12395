"""A training run as its owner sees it: the job, the folder it works in, and what can go on after a break.

Nothing here needs TensorFlow: the loop is loop.py, in the process that process.py starts. The folder
is that of the model to be, which is in the library from the first moment, as unfinished. Beside the model's own files
it holds, until training has ended:

    job.json        what the card doesn't say of the run
    seed.mid        the melody that the model answers after chosen epochs
    dataset.npz     the encoded pieces, and which are kept aside
    start.npz       the weights to start from
    checkpoint.npz  where training stands
"""

import logging
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import AppError, TrainingError
from core.learning.models import model_file
from core.learning.models.library import Library
from core.learning.models.model_file import FolderFiles, ModelCard
from core.learning.models.progress import EpochDone, TrainingResult
from core.learning.spec import NetworkSpec, PresetName, TokenizerSpec, TrainingSpec
from core.learning.training.checkpoint import CHECKPOINT
from core.learning.training.lock import LOCK, is_held
from core.loading.json_values import build, read_json
from core.music.midi_file import read_midi
from core.music.score import Score

_LOG = logging.getLogger(__name__)

JOB, SEED, DATASET, START = "job.json", "seed.mid", "dataset.npz", "start.npz"
_MOST_JOB_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What job.json says."""

    sample_random_seed: int
    start_reason: str = ""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """All that the training process has to know; its folder holds the rest."""

    model_id: str
    name: str
    corpus_id: str
    corpus_name: str
    preset: PresetName
    tokenizer: TokenizerSpec
    network: NetworkSpec
    training: TrainingSpec
    seed: Score
    """One part that the model answers after chosen epochs."""
    sample_random_seed: int
    start_from: str
    """Name of the model whose weights training starts with; "" = from scratch."""
    start_reason: str
    """One sentence on why it starts so; "" where that was asked for and there is nothing to say."""
    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "models" / self.model_id


@dataclass(frozen=True, slots=True)
class UnfinishedTraining:
    """A run that broke off and can go on."""

    model_id: str
    name: str
    corpus_name: str
    preset: str
    epoch: int
    """Epochs done."""
    epochs: int
    """Epochs planned."""
    created: str
    folder: Path


def resumable(home: Path) -> tuple[UnfinishedTraining, ...]:
    """Runs that broke off and can go on, the newest first. One that is going on right now is not among them."""
    return tuple(run for run in unfinished(home) if not is_held(run.folder))


def unfinished(home: Path) -> tuple[UnfinishedTraining, ...]:
    """Runs that have not come to their end, also those that are going on or ending right now; the newest first."""
    found = []
    for record in Library(home).list():
        if record.is_starter or record.state != "unfinished" or not (record.path / DATASET).is_file():
            continue
        files = FolderFiles(record.path)
        epochs = model_file.read_card(files).training.epochs
        done = max((epoch.epoch for epoch in model_file.read_history(files)), default=0)
        found.append(
            UnfinishedTraining(
                model_id=record.id,
                name=record.name,
                corpus_name=record.corpus_name,
                preset=record.preset,
                epoch=done,
                epochs=epochs,
                created=record.created,
                folder=record.path,
            )
        )
    return tuple(found)


def resume_job(model_id: str, home: Path) -> TrainingJob:
    """The job of a run that broke off; `train` then goes on from its checkpoint. Raises TrainingError."""
    folder = home / "models" / model_id
    try:
        card = model_file.read_card(FolderFiles(folder))
        stored = build(JobRecord, read_json(folder / JOB, at_most=_MOST_JOB_BYTES))
        return TrainingJob(
            model_id=model_id,
            name=card.name,
            corpus_id=card.corpus_id,
            corpus_name=card.corpus_name,
            preset=card.preset,  # type: ignore[arg-type]  # a preset of a later version is only a name
            tokenizer=card.tokenizer,
            network=card.network,
            training=card.training,
            seed=read_midi(folder / SEED),
            sample_random_seed=stored.sample_random_seed,
            start_from=card.started_from,
            start_reason=stored.start_reason,
            home=home,
        )
    except AppError as error:
        raise TrainingError("This training can't go on: its folder is damaged.", hint="Train again.") from error


def discard(model_id: str, home: Path) -> None:
    """Throw away a run and all that it has learnt. Raises TrainingError for a model that is ready."""
    folder = home / "models" / model_id
    if folder.parent != home / "models" or not (folder / DATASET).exists():
        raise TrainingError("There is no such unfinished training.")
    shutil.rmtree(folder, ignore_errors=True)


def finish(job: TrainingJob) -> TrainingResult:
    """Make the best so far a ready model and clear away what only training needs. Raises AppError."""
    files = FolderFiles(job.folder)
    card = model_file.read_card(files)
    history = model_file.read_history(files)
    if not any(epoch.is_best for epoch in history) or not (job.folder / model_file.WEIGHTS).is_file():
        raise TrainingError("Nothing was learnt yet, so nothing can be kept.")
    model_file.write_card(job.folder, replace(scored(card, history), state="ready"))
    for path in (
        *(job.folder / name for name in (JOB, SEED, DATASET, START, CHECKPOINT, LOCK)),
        *job.folder.glob(".*.tmp"),
    ):
        path.unlink(missing_ok=True)
    return result_of(replace(job, name=card.name), history)


def result_of(job: TrainingJob, history: Sequence[EpochDone]) -> TrainingResult:
    """How a run ended, by its epochs, of which at least one was the best until then."""
    best = next(epoch for epoch in reversed(history) if epoch.is_best)
    last = history[-1]
    return TrainingResult(
        model_id=job.model_id,
        name=job.name,
        epochs=last.epoch,
        best_epoch=best.epoch,
        held_out_bits_per_note=best.held_out_loss / math.log(2),
        held_out_bits_per_pitch=best.held_out_losses["pitch"] / math.log(2),
        elapsed_s=last.elapsed_s,
        events_per_s=last.events_per_s,
        stopped_early=last.epoch < job.training.epochs,
    )


def scored(card: ModelCard, history: Sequence[EpochDone]) -> ModelCard:
    """The card with what the epochs say."""
    best = next((epoch for epoch in reversed(history) if epoch.is_best), None)
    if best is None:
        return card
    return replace(
        card,
        epochs=history[-1].epoch,
        best_epoch=best.epoch,
        held_out_bits_per_note=best.held_out_loss / math.log(2),
        held_out_bits_per_pitch=best.held_out_losses["pitch"] / math.log(2),
    )
