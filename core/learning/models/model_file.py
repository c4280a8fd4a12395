"""What a trained model is on disk: a folder of plain files, or the same files in one .ritornello-model.

    model.json      the card: format, name, specifications, vocabulary, where it comes from, how good it is
    weights.npz     float32 arrays, named and shaped as weights.py says
    history.jsonl   one EpochDone a line
    samples.jsonl   one SampleMade a line, with samples/epoch-012.mid beside it
    studied.npz     pitches and lengths of the studied pieces, for the copy check

A model is data, and may come from a stranger: nothing in it is ever run (no pickle), every array is checked against the
specifications before memory is taken for it, and of a one-file model only these files are read.
"""

import dataclasses
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from core.errors import AppError, DamagedError, FileError, MissingError, ModelError
from core.files import not_written, replacing, write_bytes, write_text
from core.learning.events.memorisation import STUDIED_ARRAYS, StudiedIndex
from core.learning.events.tokenizer import Vocabulary
from core.learning.models.progress import EpochDone, SampleMade
from core.learning.network.weights import Weights, parameter_count, weight_shapes
from core.learning.spec import PRESETS, NetworkSpec, TokenizerSpec, TrainingSpec
from core.loading.arrays import Like, read_member
from core.loading.json_values import build, parse_json
from core.loading.opening import read_file
from core.loading.zips import Zip

FORMAT = 2
_OLDEST_FORMAT = 2
"""Before it, networks had neither copy heads nor this chain of fields."""
SUFFIX = ".ritornello-model"
CARD, WEIGHTS, HISTORY, SAMPLES, STUDIED = (
    "model.json",
    "weights.npz",
    "history.jsonl",
    "samples.jsonl",
    "studied.npz",
)
State = Literal["ready", "unfinished"]
Line = TypeVar("Line", EpochDone, SampleMade)

_SAMPLE_NAME = re.compile(r"samples/[A-Za-z0-9_-]{1,60}\.mid")
_MOST_PARAMETERS = 250_000_000
"""A gigabyte of float32, fifty times the preset “large”."""
_LARGEST_WEIGHT = 1e6
"""Trained ones stay under a hundred; with much larger ones sums overflow."""
_MOST_BYTES = 1 << 30
_MOST_BYTES_AROUND_ARRAYS = 1 << 20
_MOST_ENTRIES = 5_000
_MOST_TEXT_BYTES = 16 << 20
_MOST_LINE_BYTES = 100_000
_MOST_SAMPLE_BYTES = 4 << 20
_MOST_RATIO = 100
"""Unpacked to packed: text stays under 20, a zip bomb is in the hundreds."""
_MOST_RATIO_OF_ARRAYS = 4
"""Trained numbers, and what is packed already, hardly get smaller."""
_MOST_RATIO_OF_STUDIED = 50
_MOST_STUDIED_BYTES = 1 << 27
"""Packed; a hundred million notes take less."""


class NewerModelError(ModelError):
    """Its card says that only a newer Ritornello knows how to read it."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """All that model.json says: what the model is, what it learnt from, how good it got."""

    name: str
    """What it is called."""
    preset: str
    """The manner of training."""
    tokenizer: TokenizerSpec
    """How its notes became events."""
    network: NetworkSpec
    """Its size and kind."""
    training: TrainingSpec
    """How it was trained."""
    vocabulary: Vocabulary
    """Of each field every value that it knows."""
    corpus_name: str = ""
    """What the collection that it learnt from was called."""
    corpus_id: str = ""
    """The file of that collection."""
    pieces: int = 0
    """Studied, without those kept aside."""
    notes: int = 0
    """Studied."""
    epochs: int = 0
    """Done."""
    best_epoch: int = 0
    """The one that is kept; 0 = as it started."""
    held_out_bits_per_note: float = math.inf
    """All fields summed; infinite while unknown."""
    held_out_bits_per_pitch: float = math.inf
    """How unsure it is about the pitch alone."""
    chord_share: float = math.inf
    """Of the studied notes, how many began together with the one before, 0 to 1; infinite while unknown."""
    created: str = ""
    """ISO 8601, UTC."""
    state: State = "ready"
    """unfinished: its training goes on, or broke off."""
    started_from: str = ""
    """Name of the model that training began with; "" = from scratch."""
    licence: str = ""
    """Of the weights and what they were learnt from, where it is known."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; what is not finite becomes null."""
        stored: dict[str, Any] = {"format": FORMAT}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Vocabulary):
                value = value.to_json()
            elif dataclasses.is_dataclass(value):
                value = dataclasses.asdict(value)  # type: ignore[arg-type]  # never a class
            stored[field.name] = None if isinstance(value, float) and not math.isfinite(value) else value
        return stored

    @classmethod
    def from_json(cls, stored: Any) -> "ModelCard":
        """Rebuild from `to_json`. Raises AppError when something is missing or can't be."""
        if not isinstance(stored, dict) or type(stored.get("format")) is not int:
            raise ModelError("Its description is damaged.")
        if stored["format"] > FORMAT:
            raise NewerModelError("It was made by a newer Ritornello.", hint="Update Ritornello to open it.")
        if stored["format"] < _OLDEST_FORMAT:
            raise ModelError(
                "It was made by an early version of Ritornello.", hint="Train it again with the same pieces."
            )
        told = {name: value for name, value in stored.items() if value is not None}
        vocabulary = Vocabulary.from_json(told.get("vocabulary")).to_json()
        try:
            card = build(cls, {**told, "vocabulary": {"values": vocabulary}})
        except DamagedError as error:
            raise ModelError(f"Its description is damaged: {error.reason}.") from error
        texts = {field.name: getattr(card, field.name)[:500] for field in dataclasses.fields(cls) if field.type is str}
        if not texts["name"].strip():
            raise ModelError("Its description is damaged: it has no name.")
        card = dataclasses.replace(card, **texts)
        known = card.vocabulary.values
        fits = set(known) == set(card.tokenizer.fields)
        if (
            not fits
            or known.get("duration", (1,))[0] < 1
            or known.get("velocity", (0,))[-1] >= card.tokenizer.velocity_classes
        ):
            raise ModelError("Its vocabulary doesn't fit its fields.")
        if parameter_count(card.weight_shapes) > _MOST_PARAMETERS:
            raise ModelError("Its network is absurdly large.")
        if min(getattr(card, field.name) for field in dataclasses.fields(cls) if field.type in (int, float)) < 0:
            raise ModelError("Its description is damaged: a figure is below 0.")
        return card

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        return weight_shapes(
            self.network, self.tokenizer, {str(field): size for field, size in self.vocabulary.sizes.items()}
        )

    @property
    def preset_title(self) -> str:
        """What the preset is called on screen."""
        return next((preset.title for preset in PRESETS.values() if preset.name == self.preset), self.preset)


class ModelFiles(Protocol):
    """The files of one model, wherever they lie."""

    def read(self, name: str, *, at_most: int) -> bytes | None:
        """The content; None if there is no such file. Raises ModelError if it is larger, FileError if unreadable."""

    def names(self) -> tuple[str, ...]:
        """Names that this format knows, `samples/…` among them."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """A model as a folder."""

    folder: Path

    def read(self, name: str, *, at_most: int) -> bytes | None:
        try:
            return read_file(self.folder / name, at_most=at_most)
        except MissingError:
            return None
        except DamagedError as error:
            raise ModelError(f"Its {name} can't be read: {error.reason}.") from error

    def names(self) -> tuple[str, ...]:
        samples = sorted(f"samples/{path.name}" for path in self.folder.glob("samples/*.mid"))
        known = (CARD, WEIGHTS, HISTORY, SAMPLES, STUDIED)
        return (*(name for name in known if (self.folder / name).is_file()), *filter(_SAMPLE_NAME.fullmatch, samples))


class PackedFiles:
    """A model as one .ritornello-model: a zip, of which the directory has been checked. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Raises ModelError when it is no zip or a hostile one, FileError when it is missing."""
        try:
            self._archive = Zip(path, most_members=_MOST_ENTRIES, most_bytes=_MOST_BYTES, most_ratio=_MOST_RATIO)
        except MissingError as error:
            raise FileError(f"‘{path.name}’ can't be read: {error.reason}.") from error
        except DamagedError as error:
            raise _told(error) from error

    def close(self) -> None:
        self._archive.close()

    def read(self, name: str, *, at_most: int) -> bytes | None:
        try:
            if name.endswith(".npz"):
                return self._archive.read(name, at_most=at_most, most_ratio=_MOST_RATIO_OF_ARRAYS)
            return self._archive.read(name, at_most=at_most)
        except MissingError:
            return None
        except DamagedError as error:
            raise _told(error) from error

    def names(self) -> tuple[str, ...]:
        known = (CARD, WEIGHTS, HISTORY, SAMPLES, STUDIED)
        return tuple(name for name in self._archive.names() if name in known or _SAMPLE_NAME.fullmatch(name))


def _told(error: DamagedError) -> ModelError:
    return ModelError(f"{error.reason[:1].upper()}{error.reason[1:]}.")


def read_card(files: ModelFiles) -> ModelCard:
    """Raises AppError, with a sentence that goes on “It …” or “Its …”, when the card is missing or damaged."""
    content = files.read(CARD, at_most=_MOST_TEXT_BYTES)
    if content is None:
        raise ModelError("Its description is missing.")
    try:
        stored = parse_json(content, at_most=_MOST_TEXT_BYTES)
    except DamagedError as error:
        raise ModelError("Its description is damaged.") from error
    return ModelCard.from_json(stored)


def read_weights(files: ModelFiles, card: ModelCard) -> Weights:
    """All weights, in the shapes that the card asks for and finite. Raises AppError."""
    shapes = card.weight_shapes
    content = files.read(WEIGHTS, at_most=4 * parameter_count(shapes) + _MOST_BYTES_AROUND_ARRAYS)
    if content is None:
        raise ModelError("Its weights are missing.")
    weights: Weights = {}
    try:
        with Zip(content, most_members=_MOST_ENTRIES, most_bytes=_MOST_BYTES) as archive:
            for name, shape in shapes.items():
                array = read_member(archive, name, Like("<f4", shape), most_ratio=_MOST_RATIO_OF_ARRAYS)
                if not -_LARGEST_WEIGHT <= array.min() <= array.max() <= _LARGEST_WEIGHT:  # nor is NaN
                    raise ModelError("Its weights hold numbers that no training makes.")
                weights[name] = array.astype(np.float32)
    except DamagedError as error:
        raise ModelError("Its weights are damaged.") from error
    return weights


def read_studied(files: ModelFiles) -> StudiedIndex | None:
    """The index of the studied pieces; None if the model has none. Raises AppError when it is damaged."""
    content = files.read(STUDIED, at_most=_MOST_STUDIED_BYTES)
    if content is None:
        return None
    try:
        with Zip(content, most_members=_MOST_ENTRIES, most_bytes=_MOST_BYTES) as archive:
            return StudiedIndex.from_arrays(
                {
                    name: read_member(archive, name, like, most_ratio=_MOST_RATIO_OF_STUDIED)
                    for name, like in STUDIED_ARRAYS.items()
                }
            )
    except (DamagedError, ValueError) as error:
        raise ModelError("Its list of studied pieces is damaged.") from error


def read_history(files: ModelFiles) -> tuple[EpochDone, ...]:
    """The epochs in order; lines that can't be read (a crash while writing) are left out."""
    return tuple(_lines(files, HISTORY, EpochDone))


def read_samples(files: ModelFiles, folder: Path) -> tuple[SampleMade, ...]:
    """The model's answers whose .mid is there, with absolute paths into `folder`."""
    names = set(files.names())
    samples = []
    for sample in _lines(files, SAMPLES, SampleMade):
        name = f"samples/{PurePosixPath(sample.path).name}"
        if name in names:
            start = max(0, sample.start)
            samples.append(
                dataclasses.replace(sample, path=str(folder / name), phrase=sample.phrase[:200], start=start)
            )
    return tuple(samples)


def write_card(folder: Path, card: ModelCard) -> None:
    """Raises FileError."""
    write_text(folder / CARD, json.dumps(card.to_json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def write_weights(folder: Path, weights: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raises FileError."""
    write_bytes(folder / WEIGHTS, _npz({name: np.asarray(array, np.float32) for name, array in weights.items()}))


def write_studied(folder: Path, studied: StudiedIndex) -> None:
    """Raises FileError."""
    write_bytes(folder / STUDIED, _npz(studied.to_arrays(), compress=True))


def append_history(folder: Path, epoch: EpochDone) -> None:
    """Raises FileError."""
    _append(folder / HISTORY, dataclasses.asdict(epoch))


def append_sample(folder: Path, sample: SampleMade) -> None:
    """The .mid lies in `folder`/samples. Raises FileError."""
    _append(folder / SAMPLES, {**dataclasses.asdict(sample), "path": f"samples/{Path(sample.path).name}"})


def pack(files: FolderFiles, path: Path) -> None:
    """Write all files of a model into one. Raises FileError; then nothing is at `path` that wasn't before."""
    with (
        replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for name in files.names():
            content = files.read(name, at_most=_MOST_BYTES)
            if content is not None:
                # Fixed dates: the same model gives the same bytes.
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def unpack(files: PackedFiles, folder: Path) -> ModelCard:
    """Check all files of a model and put them into `folder`, which is made. Raises AppError."""
    card = read_card(files)
    weights, studied = read_weights(files, card), read_studied(files)
    write_card(folder, card)
    write_weights(folder, weights)
    if studied is not None:
        write_studied(folder, studied)
    for epoch in read_history(files):
        append_history(folder, epoch)
    for sample in read_samples(files, folder):
        name = f"samples/{Path(sample.path).name}"
        content = files.read(name, at_most=_MOST_SAMPLE_BYTES)
        if content is not None:
            write_bytes(folder / name, content)
            append_sample(folder, sample)
    return card


def _lines(files: ModelFiles, name: str, kind: type[Line]) -> Iterator[Line]:
    try:
        content = files.read(name, at_most=_MOST_TEXT_BYTES)
    except AppError:
        return
    for line in (content or b"").splitlines():
        with suppress(DamagedError):
            yield build(kind, parse_json(line, at_most=_MOST_LINE_BYTES))


def _append(path: Path, entry: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    except OSError as error:
        raise not_written(f"‘{path.name}’ was not saved", error) from error


def _npz(arrays: Mapping[str, npt.NDArray[Any]], *, compress: bool = False) -> bytes:
    """An .npz with fixed dates: the same arrays give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
            kind = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), entry.getvalue(), kind)
    return content.getvalue()
