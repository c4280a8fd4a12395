"""The trained models on this machine: listing, opening, renaming, deleting, sharing.

Each model is a folder in the user folder's `models` (see model_file.py); the starter model lies with the program and
is read only. Listing reads the cards alone: no weights, no TensorFlow.
"""

import hashlib
import logging
import os
import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core import paths
from core.errors import AppError, ModelError
from core.files import not_written
from core.learning.events.memorisation import StudiedIndex, build_studied_index
from core.learning.events.tokenizer import Vocabulary
from core.learning.models.model_file import (
    CARD,
    SUFFIX,
    FolderFiles,
    ModelCard,
    ModelFiles,
    NewerModelError,
    PackedFiles,
    State,
    pack,
    read_card,
    read_history,
    read_samples,
    read_studied,
    read_weights,
    unpack,
    write_card,
)
from core.learning.models.progress import EpochDone, SampleMade
from core.learning.network.inference import Network
from core.learning.network.weights import Weights, copies
from core.learning.spec import NetworkSpec, TokenizerSpec, TrainingSpec
from core.trash import Trash, id_of

_LOG = logging.getLogger(__name__)

STARTER = "starter"
_OTHER_MODEL = "Choose another model, or train again with the same settings."


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """One line of the library."""

    id: str
    """The folder's name; "starter" for the shipped one."""
    name: str
    path: Path
    """Its folder, or the .ritornello-model it would be read from."""
    preset: str = ""
    corpus_name: str = ""
    pieces: int = 0
    notes: int = 0
    epochs: int = 0
    best_epoch: int = 0
    held_out_bits_per_note: float = float("inf")
    """Infinite while unknown; so is that of pitch."""
    held_out_bits_per_pitch: float = float("inf")
    created: str = ""
    """ISO 8601, UTC."""
    is_starter: bool = False
    state: State | Literal["newer", "damaged"] = "ready"
    copies: bool = True
    """Whether it has copy heads: only then can it be told how much to come back to earlier figures."""
    started_from: str = ""
    """Name of the model that training began with; "" = from scratch."""
    damage: str = ""
    """Why its description can't be read, in a sentence; it may be that of a newer Ritornello. All else but id, name and path is then unknown."""


@dataclass(frozen=True, slots=True)
class Trashed:
    """A model that was deleted and can still come back."""

    record: ModelRecord
    path: Path
    """Where it lies now."""


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model ready to generate: everything in memory."""

    record: ModelRecord
    tokenizer: TokenizerSpec
    network_spec: NetworkSpec
    training_spec: TrainingSpec
    vocabulary: Vocabulary
    network: Network
    studied: StudiedIndex
    fingerprint: str = ""
    """Of the weights: the same request gives the same takes with the same weights alone."""


@dataclass(frozen=True, eq=False)
class ModelParts:
    """What a model is made of, as its files have it."""

    card: ModelCard
    weights: Weights
    studied: StudiedIndex
    """Without notes where the model keeps none."""


class Library:
    """The models of one user folder, and the starter model."""

    def __init__(self, home: Path, *, starter: Path | None = None) -> None:
        self._models = home / "models"
        self._trash = Trash(home)
        self._starter = paths.starter_model() if starter is None else starter

    # Looking

    def list(self) -> tuple[ModelRecord, ...]:
        """All models, the starter first, then the newest; the damaged say why. A folder without a card is no model yet."""
        records = [
            record
            for folder in sorted(self._models.glob("*/"))
            if not folder.name.startswith(".") and (record := self._record_of(folder)) is not None
        ]
        records.sort(key=lambda record: (record.created, record.name), reverse=True)
        starter = self._record_of(self._starter)
        return (*([starter] if starter is not None else []), *records)

    def find(self, reference: str | Path) -> ModelRecord:
        """The model of a name, an id, "starter" or the path of a .ritornello-model. Raises AppError."""
        text = str(reference)
        if text.endswith(SUFFIX):
            path = Path(text).expanduser()
            with _opened(path) as files, _told_of(str(path)):
                return _record(read_card(files), path, path.stem)
        records = self.list()
        wanted = text.strip().casefold()
        found = next(
            (record for record in records if record.id == text),
            next(
                (record for record in records if record.name == text),
                next((record for record in records if record.name.casefold() == wanted), None),
            ),
        )
        if found is not None:
            return found
        if text == STARTER:
            raise ModelError("The starter model is missing.", hint="Install Ritornello again.")
        raise ModelError(f"There is no model “{text}”.", hint="Look in the list of models for its name.")

    def read(self, record: ModelRecord) -> ModelParts:
        """Read everything that generating, or going on with training, needs. Raises AppError when the model is damaged."""
        with _opened(record.path) as files, _told_of(_called(record)):
            card = read_card(files)
            return ModelParts(card, read_weights(files, card), read_studied(files) or build_studied_index([]))

    def load(self, record: ModelRecord) -> TrainedModel:
        """A model ready to generate. Raises AppError when it is damaged."""
        parts = self.read(record)
        card, weights = parts.card, parts.weights
        return TrainedModel(
            record=record,
            tokenizer=card.tokenizer,
            network_spec=card.network,
            training_spec=card.training,
            vocabulary=card.vocabulary,
            network=Network(card.network, card.tokenizer, card.training, card.vocabulary, weights),
            studied=parts.studied,
            fingerprint=_fingerprint(weights),
        )

    def card(self, record: ModelRecord) -> ModelCard:
        """Everything that is known of a model. Raises AppError."""
        with _opened(record.path) as files, _told_of(_called(record)):
            return read_card(files)

    def history(self, record: ModelRecord) -> tuple[EpochDone, ...]:
        """Its epochs. Raises AppError when the model can't be opened."""
        with _opened(record.path) as files, _told_of(_called(record)):
            return read_history(files)

    def samples(self, record: ModelRecord) -> tuple[SampleMade, ...]:
        """Its answers to the fixed seed; none for a model that is still one file."""
        files = FolderFiles(record.path)
        return read_samples(files, record.path) if record.path.is_dir() else ()

    # Changing

    def create(self, name: str) -> tuple[str, Path, str]:
        """Make the folder of a new model: (id, folder, its name, with “ 2” where the name is taken). Raises FileError."""
        name = self._free_name(name)
        folder = self._models / new_id(name)
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise not_written(f"“{name}” can't be saved", error) from error
        return folder.name, folder, name

    def rename(self, record: ModelRecord, name: str) -> ModelRecord:
        """The model under another name, with “ 2” where that is taken. Raises AppError."""
        _refuse_starter(record)
        name = self._free_name(name, besides=record.id)
        card = replace(self.card(record), name=name)
        write_card(record.path, card)
        return replace(record, name=name)

    def delete(self, record: ModelRecord) -> Trashed:
        """Put a model into the trash of the user folder. Raises AppError."""
        _refuse_starter(record)
        if record.path.parent != self._models:
            raise ModelError(f"“{record.name}” isn't in the library.")
        try:
            return Trashed(record, self._trash.put(record.path, "models"))
        except OSError as error:
            raise not_written(f"“{record.name}” can't be deleted", error) from error

    def trashed(self) -> tuple[Trashed, ...]:
        """What can come back, the last deleted first."""
        found = []
        for place in self._trash.places("models"):
            record = self._record_of(place, id_of(place))
            if record is not None:
                found.append(Trashed(replace(record, path=self._models / record.id), place))
        return tuple(found)

    def find_trashed(self, reference: str) -> Trashed:
        """The deleted model of this name in the trash, id or name; of several the last deleted. Raises ModelError."""
        every = self.trashed()
        for item in every:
            if item.path.name == reference:
                return item
        for item in every:
            if reference.casefold() in (item.record.id.casefold(), item.record.name.casefold()):
                return item
        known = ", ".join(f"‘{item.path.name}’" for item in every[:8])
        raise ModelError(f"There is no model ‘{reference}’ in the trash.", hint=f"There are: {known}." if known else "")

    def restore(self, trashed: Trashed) -> ModelRecord:
        """Take a model back, under a free name where another has its own by now. Raises AppError when it is gone."""
        name = self._free_name(trashed.record.name)
        folder = trashed.record.path
        if os.path.lexists(folder):
            folder = self._models / new_id(name)
        _move(trashed.path, folder, f"“{trashed.record.name}” can't be brought back")
        record = replace(trashed.record, id=folder.name, path=folder)
        return record if record.damage or name == record.name else self.rename(record, name)

    def export(self, record: ModelRecord, path: Path) -> Path:
        """Write a model as one .ritornello-model, whose suffix is added if missing; returns its path. Raises AppError."""
        path = path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
        if record.path.is_file():
            raise ModelError(f"“{record.name}” is one file already.", hint="Copy that.")
        self.load(record)  # a damaged model is told here, not to whoever receives it
        pack(FolderFiles(record.path), path)
        return path

    def import_file(self, path: Path) -> ModelRecord:
        """Add a .ritornello-model to the library. Raises AppError; then nothing was added."""
        with _opened(path) as files, _told_of(str(path)):
            if not isinstance(files, PackedFiles):
                raise ModelError("It is a folder.")
            name = self._free_name(read_card(files).name)
            folder = self._models / new_id(name)
            unfinished = self._models / f".{folder.name}"
            try:
                card = replace(unpack(files, unfinished), name=name)
                write_card(unfinished, card)
                _move(unfinished, folder, f"“{name}” can't be saved")
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return _record(card, folder, folder.name)

    def _record_of(self, folder: Path, id_: str = "") -> ModelRecord | None:
        """What is known of the model in a folder, None if there is none. id_: if it isn't the folder's name."""
        is_starter = folder == self._starter
        id_ = STARTER if is_starter else id_ or folder.name
        try:
            if all(file.name != CARD for file in folder.iterdir()):
                return None
            with _told_of(id_):
                return _record(read_card(FolderFiles(folder)), folder, id_, is_starter=is_starter)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (AppError, OSError) as error:
            _LOG.info("Can't read %s: %s", folder, error)
            why = error.sentence if isinstance(error, AppError) else f"“{id_}” can't be opened: {error.strerror}."
            is_newer = isinstance(error.__cause__, NewerModelError)
            state: Literal["newer", "damaged"] = "newer" if is_newer else "damaged"
            return ModelRecord(id_, id_, folder, is_starter=is_starter, state=state, damage=why)

    def _free_name(self, wanted: str, *, besides: str = "") -> str:
        wanted = " ".join(wanted.split())[:200] or "Model"
        taken = {record.name.casefold() for record in self.list() if record.id != besides} | {STARTER}
        name, number = wanted, 2
        while name.casefold() in taken:
            name, number = f"{wanted} {number}", number + 1
        return name


def _fingerprint(weights: Weights) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for name in sorted(weights):
        hashed.update(name.encode())
        hashed.update(weights[name].tobytes())
    return hashed.hexdigest()


def new_id(name: str) -> str:
    """A folder's name for a model: what is plain in its name, and a bit of chance."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return f"{slug or 'model'}-{secrets.token_hex(3)}"


def _record(card: ModelCard, path: Path, id_: str, *, is_starter: bool = False) -> ModelRecord:
    return ModelRecord(
        id=id_,
        name=card.name,
        path=path,
        preset=card.preset,
        corpus_name=card.corpus_name,
        pieces=card.pieces,
        notes=card.notes,
        epochs=card.epochs,
        best_epoch=card.best_epoch,
        held_out_bits_per_note=card.held_out_bits_per_note,
        held_out_bits_per_pitch=card.held_out_bits_per_pitch,
        created=card.created,
        is_starter=is_starter,
        state=card.state,
        copies=copies(card.network),
        started_from=card.started_from,
    )


@contextmanager
def _opened(path: Path) -> Iterator[ModelFiles]:
    if path.is_dir():
        yield FolderFiles(path)
        return
    with _told_of(str(path)):
        files = PackedFiles(path)
    try:
        yield files
    finally:
        files.close()


def _called(record: ModelRecord) -> str:
    """A file is named by its path: what it calls itself may be the name of another model."""
    return str(record.path) if record.path.name.endswith(SUFFIX) else record.name


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """Make of “Its weights are missing.” a sentence that names the model."""
    try:
        yield
    except AppError as error:
        if not error.sentence.startswith(("It ", "Its ")):
            raise
        what = error.sentence[0].lower() + error.sentence[1:]
        raise ModelError(f"“{name}” can't be opened: {what}", hint=error.hint or _OTHER_MODEL) from error


def _refuse_starter(record: ModelRecord) -> None:
    if record.is_starter:
        raise ModelError("The starter model can't be renamed or deleted.", hint="It can be hidden in the list.")


def _move(source: Path, target: Path, failure: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
    except OSError as error:
        raise not_written(failure, error) from error
