"""From pieces and a plan to the folder of a run: encoding, the model to go on from, the weights to start with."""

import json
import logging
import shutil
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.corpus.store import Corpus, CorpusStore
from core.errors import AppError
from core.files import write_text
from core.learning.events.dataset import Dataset, EncodedPiece
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import Events, Vocabulary, decode, encode
from core.learning.models import model_file
from core.learning.models.library import STARTER, Library, ModelParts
from core.learning.models.model_file import ModelCard
from core.learning.models.progress import TrainingPhase
from core.learning.network.weights import Weights, fresh_weights, weight_shapes
from core.learning.spec import PRESETS, STEPS_PER_QUARTER, PresetName, TokenizerSpec, TrainingSpec
from core.learning.training.checkpoint import write_arrays
from core.learning.training.plan import TrainingPlan
from core.learning.training.run_folder import DATASET, JOB, SEED, START, JobRecord, TrainingJob
from core.learning.training.start import AUTOMATIC, SCRATCH, gentler, longer, shorter, suiting_start
from core.music.midi_file import write_midi
from core.music.score import Metre, Score
from core.tasks import Control, heeding

_LOG = logging.getLogger(__name__)

_SEED_BARS = 4
_CHORDS_OF_A_MELODY = 0.01
"""Share of notes: quantising makes the notes of a melody begin together here and there."""
_NEW_VALUE_PENALTY = 2.0
"""Nats: how much less likely a value that the older model never met is at first than its neighbour."""


def start_job(
    corpus: Corpus, store: CorpusStore, plan: TrainingPlan, *, home: Path, control: Control | None = None
) -> TrainingJob:
    """Encode a corpus and prepare the folder of the model to be.

    Going on from a model, training takes smaller steps and fewer epochs, unless other ones than the preset's were given.
    Raises SpecError, TrainingError, FileError, ModelError.
    """
    pieces = ((entry.fingerprint, entry.title, score) for entry, score in store.learnable_scores(corpus))
    return prepare_job(pieces, plan, home=home, corpus_id=corpus.id, corpus_name=corpus.name, control=control)


def prepare_job(
    pieces: Iterable[tuple[str, str, Score]],
    plan: TrainingPlan,
    *,
    home: Path,
    corpus_id: str = "",
    corpus_name: str = "",
    control: Control | None = None,
) -> TrainingJob:
    """As `start_job`, from triples of (fingerprint, title, score of one part)."""
    control = control or Control()
    preset, training = PRESETS[plan.preset], plan.spec
    tokenizer, network = plan.tokenizer or preset.tokenizer, plan.network or preset.network
    library = Library(home)
    origin: ModelParts | None = None
    reason = ""
    is_automatic = plan.start_from == AUTOMATIC and not (plan.tokenizer or plan.network)
    if plan.start_from not in ("", AUTOMATIC, SCRATCH):
        origin = library.read(library.find(plan.start_from))
        tokenizer, network = origin.card.tokenizer, origin.card.network

    control.report(TrainingPhase("preparing"))
    encoded = encoded_pieces(pieces, tokenizer, control)
    if is_automatic:
        starter = _starter(library)
        suits = suiting_start(
            starter.card if starter else None,
            plan.preset,
            notes=sum(len(piece.events) for piece in encoded),
            has_chords=has_chords(piece.events for piece in heeding(control, encoded)),
            known_share=_share_studied(starter, (piece.events for piece in heeding(control, encoded)))
            if starter
            else 0.0,
        )
        origin, reason = starter if suits.from_starter else None, suits.reason
    if origin:
        own = origin.card.training
        training = replace(training, window=own.window, stride=own.stride, target=own.target)
        if plan.base.learning_rate == preset.training.learning_rate:
            training = gentler(training)
    control.checkpoint()
    dataset = Dataset.of(encoded, training)
    if plan.leaves_epochs_open:
        training = longer(training, events=dataset.studied_event_count)
        training = shorter(training) if origin else training
    control.checkpoint()
    vocabulary = studied_vocabulary(dataset, tokenizer, training)
    if origin:
        known = origin.card.vocabulary
        vocabulary = known.extended(vocabulary)
        start = grown_weights(origin.weights, known, vocabulary)
        if _share_studied(origin, map(dataset.events, heeding(control, dataset.validation))):
            flatters = f"‘{origin.card.name}’ has studied some of the pieces kept aside, so the test flatters."
            reason = f"{reason} {flatters}".strip()
    else:
        shapes = weight_shapes(network, tokenizer, {str(field): size for field, size in vocabulary.sizes.items()})
        start = fresh_weights(shapes, random_seed=training.random_seed)

    control.checkpoint()
    model_id, folder, name = library.create(plan.name or corpus_name)
    job = TrainingJob(
        model_id=model_id,
        name=name,
        corpus_id=corpus_id,
        corpus_name=corpus_name,
        preset=plan.preset,
        tokenizer=tokenizer,
        network=network,
        training=training,
        seed=plan.seed or _opening(dataset, tokenizer),
        sample_random_seed=training.random_seed,
        start_from=origin.card.name if origin else "",
        start_reason=reason,
        home=home,
    )
    try:
        _fill(folder, job, dataset, vocabulary, start, control)
    except BaseException:  # an interruption too leaves nothing half made
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return job


def encoded_pieces(
    pieces: Iterable[tuple[str, str, Score]], tokenizer: TokenizerSpec, control: Control
) -> list[EncodedPiece]:
    """As events, of triples of (fingerprint, title, score of one part)."""
    encoded = []
    for fingerprint, title, score in heeding(control, pieces):
        encoded.append(EncodedPiece(fingerprint, title, encode(score, tokenizer)))
    return encoded


def studied_vocabulary(dataset: Dataset, tokenizer: TokenizerSpec, training: TrainingSpec) -> Vocabulary:
    """The values that a training from scratch learns."""
    return Vocabulary.of(map(dataset.events, dataset.studied), tokenizer, transpose=training.transpose)


def _share_studied(model: ModelParts, pieces: Iterable[Events]) -> float:
    """Of these pieces, the share that the model has studied, in whatever key, 0 to 1."""
    known = [
        model.studied.holds(piece.pitch.astype(np.int64), piece.duration.astype(np.int64).clip(0, 65535))
        for piece in pieces
        if len(piece)
    ]
    return float(np.mean(known)) if known else 0.0


def share_known(corpus: Corpus, store: CorpusStore, preset: PresetName, *, home: Path, control: Control) -> float:
    """Of a corpus' pieces, the share that the starter model has studied, 0 to 1. Raises FileError."""
    starter = _starter(Library(home))
    if starter is None:
        return 0.0
    pieces = ((entry.fingerprint, entry.title, score) for entry, score in store.learnable_scores(corpus))
    encoded = encoded_pieces(pieces, PRESETS[preset].tokenizer, control)
    return _share_studied(starter, (piece.events for piece in heeding(control, encoded)))


def _starter(library: Library) -> ModelParts | None:
    """The starter model; None where it is missing or damaged."""
    try:
        return library.read(library.find(STARTER))
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


def _fill(
    folder: Path, job: TrainingJob, dataset: Dataset, vocabulary: Vocabulary, start: Weights, control: Control
) -> None:
    """Everything that the run needs; the card comes last, because with it the run can be found."""
    dataset.save(folder / DATASET)
    control.checkpoint()
    write_arrays(folder / START, start)
    model_file.write_studied(
        folder,
        build_studied_index(
            (dataset.titles[piece], dataset.events(piece)) for piece in heeding(control, dataset.studied)
        ),
    )
    write_midi(job.seed, folder / SEED)
    write_text(folder / JOB, json.dumps(asdict(JobRecord(job.sample_random_seed, job.start_reason))))
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
