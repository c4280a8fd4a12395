"""A training run as its owner sees it: what is to be done, the folder it works in, and what can go on after a break.

Nothing here needs TensorFlow: the loop is loop.py, in the process that process.py starts. The folder
is that of the model to be, which is in the library from the first moment, as unfinished. Beside the model's own files
it holds, until training has ended:

    job.json        what the card doesn't say of the run
    seed.mid        the melody that the model answers after chosen epochs
    dataset.npz     the encoded pieces, and which are kept aside
    start.npz       the weights to start from
    checkpoint.npz  where training stands
"""

import json
import logging
import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.corpus.store import Corpus, CorpusStore
from core.errors import AppError, SpecError, TrainingError
from core.files import write_text
from core.learning.events.dataset import Dataset, EncodedPiece
from core.learning.events.memorisation import StudiedIndex, build_studied_index
from core.learning.events.tokenizer import Events, Vocabulary, decode, encode
from core.learning.models import model_file
from core.learning.models.library import STARTER, Library, ModelRecord
from core.learning.models.model_file import FolderFiles, ModelCard, ModelFiles, PackedFiles
from core.learning.models.progress import EpochDone, TrainingPhase, TrainingResult
from core.learning.network.weights import Weights, fresh_weights, weight_shapes
from core.learning.spec import PRESETS, STEPS_PER_QUARTER, NetworkSpec, PresetName, TokenizerSpec, TrainingSpec
from core.learning.training.checkpoint import CHECKPOINT, LOCK, is_held, write_arrays
from core.learning.training.start import AUTOMATIC, SCRATCH, gentler, longer, shorter, suiting_start
from core.music.midi_file import read_midi, write_midi
from core.music.score import Metre, Score
from core.tasks import Control

_LOG = logging.getLogger(__name__)

JOB, SEED, DATASET, START = "job.json", "seed.mid", "dataset.npz", "start.npz"
_SEED_BARS = 4
_CHORDS_OF_A_MELODY = 0.01
"""Share of notes: quantising makes the notes of a melody begin together here and there."""
_NEW_VALUE_PENALTY = 2.0
"""Nats: how much less likely a value that the older model never met is at first than its neighbour."""


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


def start_job(
    corpus: Corpus,
    store: CorpusStore,
    preset: PresetName,
    *,
    home: Path,
    name: str = "",
    epochs: int | None = None,
    minutes: float | None = None,
    batch: int | None = None,
    random_seed: int | None = None,
    start_from: str = "",
    seed: Score | None = None,
    tokenizer: TokenizerSpec | None = None,
    network: NetworkSpec | None = None,
    training: TrainingSpec | None = None,
    control: Control | None = None,
) -> TrainingJob:
    """Encode a corpus and prepare the folder of the model to be.

    The specifications given replace the preset's; epochs, minutes, batch and random_seed then replace theirs. start_from: a
    model as the library's `find` knows it, whose tokenizer, network and windows count; "" or SCRATCH = none; AUTOMATIC =
    what suits the pieces, which is none for a tokenizer or network of one's own. Going on from a model, training takes
    smaller steps and fewer epochs, unless other ones than the preset's were given. seed: what the samples answer; by
    default the opening of a piece kept aside. Raises SpecError, TrainingError, FileError, ModelError.
    """
    pieces = ((entry.fingerprint, entry.title, score) for entry, score in store.learnable_scores(corpus))
    return prepare_job(
        pieces,
        preset,
        home=home,
        name=name or corpus.name,
        corpus_id=corpus.id,
        corpus_name=corpus.name,
        epochs=epochs,
        minutes=minutes,
        batch=batch,
        random_seed=random_seed,
        start_from=start_from,
        seed=seed,
        tokenizer=tokenizer,
        network=network,
        training=training,
        control=control,
    )


def prepare_job(
    pieces: Iterable[tuple[str, str, Score]],
    preset: PresetName,
    *,
    home: Path,
    name: str,
    corpus_id: str = "",
    corpus_name: str = "",
    epochs: int | None = None,
    minutes: float | None = None,
    batch: int | None = None,
    random_seed: int | None = None,
    held_out: float | None = None,
    start_from: str = "",
    seed: Score | None = None,
    tokenizer: TokenizerSpec | None = None,
    network: NetworkSpec | None = None,
    training: TrainingSpec | None = None,
    control: Control | None = None,
) -> TrainingJob:
    """As `start_job`, from triples of (fingerprint, title, score of one part); held_out too replaces the preset's."""
    control = control or Control()
    if preset not in PRESETS:
        raise SpecError("preset", f"There is no preset ‘{preset}’.", hint=f"There are: {', '.join(PRESETS)}.")
    planned = training or PRESETS[preset].training
    training = replace(
        planned,
        epochs=planned.epochs if epochs is None else epochs,
        minutes=planned.minutes if minutes is None else minutes,
        batch=planned.batch if batch is None else batch,
        random_seed=planned.random_seed if random_seed is None else random_seed,
        held_out=planned.held_out if held_out is None else held_out,
    )
    library = Library(home)
    origin: _Origin | None = None
    reason = ""
    if start_from == AUTOMATIC and (tokenizer or network):
        start_from = SCRATCH
    if start_from not in ("", AUTOMATIC, SCRATCH):
        origin = _opened_model(library, library.find(start_from))
        tokenizer, network = origin.card.tokenizer, origin.card.network
    tokenizer, network = tokenizer or PRESETS[preset].tokenizer, network or PRESETS[preset].network

    control.report(TrainingPhase("preparing"))
    encoded = encoded_pieces(pieces, tokenizer, control)
    if start_from == AUTOMATIC:
        starter = _starter(library)
        suits = suiting_start(
            starter.card if starter else None,
            preset,
            notes=sum(len(piece.events) for piece in encoded),
            has_chords=has_chords(piece.events for piece in encoded),
            known_share=starter.share_studied(piece.events for piece in encoded) if starter else 0.0,
        )
        origin, reason = starter if suits.from_starter else None, suits.reason
    if origin:
        own = origin.card.training
        training = replace(training, window=own.window, stride=own.stride, target=own.target)
        if planned.learning_rate == PRESETS[preset].training.learning_rate:
            training = gentler(training)
    dataset = Dataset.of(encoded, training)
    if epochs is None and planned is PRESETS[preset].training:
        training = longer(training, events=dataset.studied_event_count)
        training = shorter(training) if origin else training
    vocabulary = studied_vocabulary(dataset, tokenizer, training)
    if origin:
        known = origin.card.vocabulary
        vocabulary = known.extended(vocabulary)
        start = grown_weights(origin.weights, known, vocabulary)
        if origin.share_studied(map(dataset.events, dataset.validation)):
            flatters = f"‘{origin.card.name}’ has studied some of the pieces kept aside, so the test flatters."
            reason = f"{reason} {flatters}".strip()
    else:
        shapes = weight_shapes(network, tokenizer, {str(field): size for field, size in vocabulary.sizes.items()})
        start = fresh_weights(shapes, random_seed=training.random_seed)

    model_id, folder, name = library.create(name or corpus_name)
    job = TrainingJob(
        model_id=model_id,
        name=name,
        corpus_id=corpus_id,
        corpus_name=corpus_name,
        preset=preset,
        tokenizer=tokenizer,
        network=network,
        training=training,
        seed=seed or _opening(dataset, tokenizer),
        sample_random_seed=training.random_seed,
        start_from=origin.card.name if origin else "",
        start_reason=reason,
        home=home,
    )
    try:
        _fill(folder, job, dataset, vocabulary, start)
    except AppError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return job


def encoded_pieces(
    pieces: Iterable[tuple[str, str, Score]], tokenizer: TokenizerSpec, control: Control
) -> list[EncodedPiece]:
    """As events, of triples of (fingerprint, title, score of one part)."""
    encoded = []
    for fingerprint, title, score in pieces:
        control.checkpoint()
        encoded.append(EncodedPiece(fingerprint, title, encode(score, tokenizer)))
    return encoded


def studied_vocabulary(dataset: Dataset, tokenizer: TokenizerSpec, training: TrainingSpec) -> Vocabulary:
    """The values that a training from scratch learns."""
    return Vocabulary.of(map(dataset.events, dataset.studied), tokenizer, transpose=training.transpose)


@dataclass(frozen=True, eq=False)
class _Origin:
    """A model to go on from."""

    card: ModelCard
    weights: Weights
    studied: StudiedIndex | None

    def share_studied(self, pieces: Iterable[Events]) -> float:
        """Of these pieces, the share that the model has studied, in whatever key, 0 to 1."""
        if self.studied is None:
            return 0.0
        known = [
            self.studied.holds(piece.pitch.astype(np.int64), piece.duration.astype(np.int64).clip(0, 65535))
            for piece in pieces
            if len(piece)
        ]
        return float(np.mean(known)) if known else 0.0


def _opened_model(library: Library, record: ModelRecord) -> _Origin:
    library.load(record)  # a damaged model is told here, by its name
    files: ModelFiles = FolderFiles(record.path) if record.path.is_dir() else PackedFiles(record.path)
    try:
        card = model_file.read_card(files)
        return _Origin(card, model_file.read_weights(files, card), model_file.read_studied(files))
    finally:
        if isinstance(files, PackedFiles):
            files.close()


def _starter(library: Library) -> _Origin | None:
    """The starter model; None where it is missing or damaged."""
    try:
        return _opened_model(library, library.find(STARTER))
    except AppError as error:
        _LOG.info("Nothing starts from the starter model: %s", error)
        return None


def has_chords(pieces: Iterable[Events]) -> bool:
    """Whether notes begin together in these pieces, more often than quantising makes them."""
    together = total = 0
    for piece in pieces:
        together += int((piece.delta[1:] == 0).sum())
        total += len(piece)
    return together > _CHORDS_OF_A_MELODY * total


def grown_weights(weights: Weights, known: Vocabulary, wanted: Vocabulary) -> Weights:
    """The same network for a larger vocabulary: a new value starts as its nearest known one, only less likely."""
    grown = dict(weights)
    for field, values in wanted.values.items():
        nearest = known.symbols(field, np.array(values))
        is_new = ~np.isin(values, known.values[field])
        begin = len(known.values[field])
        grown[f"embedding/{field}"] = weights[f"embedding/{field}"][[*nearest, begin]]
        grown[f"head/{field}/output"] = weights[f"head/{field}/output"][:, nearest]
        bias = weights[f"head/{field}/output_bias"][nearest]
        grown[f"head/{field}/output_bias"] = np.where(is_new, bias - _NEW_VALUE_PENALTY, bias).astype(np.float32)
    return grown


def _opening(dataset: Dataset, tokenizer: TokenizerSpec) -> Score:
    """The first bars of a piece kept aside, in the commonest metre: typical of the corpus, and never studied."""
    bars = dataset.columns["bar_steps"][dataset.starts[:-1]]
    usual = int(np.argmax(np.bincount(bars)))
    piece = next((piece for piece in dataset.validation if bars[piece] == usual), dataset.validation[0])
    events = dataset.events(piece)
    bar = int(bars[piece])
    count = max(1, int(np.sum(events.onsets - events.origin < _SEED_BARS * bar)))
    first = replace(events.first(count), origin=0)
    quarters, rest = divmod(bar, STEPS_PER_QUARTER)
    metre = Metre(0, quarters, 4) if not rest else Metre(0, max(1, round(bar / (STEPS_PER_QUARTER / 2))), 8)
    return Score((decode(first, tokenizer),), metres=(metre,))


def _fill(folder: Path, job: TrainingJob, dataset: Dataset, vocabulary: Vocabulary, start: Weights) -> None:
    """Everything that the run needs; the card comes last, because with it the run can be found."""
    dataset.save(folder / DATASET)
    write_arrays(folder / START, start)
    model_file.write_studied(
        folder,
        build_studied_index((dataset.titles[piece], dataset.events(piece)) for piece in dataset.studied),
    )
    write_midi(job.seed, folder / SEED)
    write_text(
        folder / JOB, json.dumps({"sample_random_seed": job.sample_random_seed, "start_reason": job.start_reason})
    )
    model_file.write_card(
        folder,
        ModelCard(
            name=job.name,
            preset=job.preset,
            tokenizer=job.tokenizer,
            network=job.network,
            training=job.training,
            vocabulary=vocabulary,
            corpus_name=job.corpus_name,
            corpus_id=job.corpus_id,
            pieces=len(dataset.studied),
            notes=dataset.studied_event_count,
            chord_share=_chord_share(dataset),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            state="unfinished",
            started_from=job.start_from,
        ),
    )


def _chord_share(dataset: Dataset) -> float:
    """Of the studied notes that follow another, how many begin together with it."""
    later = np.concatenate([dataset.events(piece).delta[1:] for piece in dataset.studied])
    return float(np.mean(later == 0)) if len(later) else 0.0


def resumable(home: Path) -> tuple[UnfinishedTraining, ...]:
    """Runs that broke off and can go on, the newest first. One that is going on right now is not among them."""
    found = []
    for record in Library(home).list():
        if record.is_starter or record.state != "unfinished" or not (record.path / DATASET).is_file():
            continue
        if is_held(record.path):
            continue
        files = FolderFiles(record.path)
        epochs = model_file.read_card(files).training.epochs
        done = max((epoch.epoch for epoch in model_file.read_history(files)), default=0)
        found.append(
            UnfinishedTraining(record.id, record.name, record.corpus_name, record.preset, done, epochs, record.created)
        )
    return tuple(found)


def resume_job(model_id: str, home: Path) -> TrainingJob:
    """The job of a run that broke off; `train` then goes on from its checkpoint. Raises TrainingError."""
    folder = home / "models" / model_id
    try:
        card = model_file.read_card(FolderFiles(folder))
        stored = json.loads((folder / JOB).read_text("utf-8"))
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
            sample_random_seed=int(stored["sample_random_seed"]),
            start_from=card.started_from,
            start_reason=str(stored.get("start_reason", "")),
            home=home,
        )
    except (AppError, OSError, ValueError, KeyError, TypeError) as error:
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
