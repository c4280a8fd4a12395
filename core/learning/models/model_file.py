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
from typing import Any, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from core.errors import AppError, FileError, ModelError
from core.files import replacing, write_bytes, write_text
from core.learning.events.memorisation import StudiedIndex
from core.learning.events.tokenizer import Vocabulary
from core.learning.models.progress import EpochDone, SampleMade
from core.learning.network.weights import Weights, parameter_count, weight_shapes
from core.learning.spec import PRESETS, NetworkSpec, TokenizerSpec, TrainingSpec

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

_SAMPLE_NAME = re.compile(r"samples/[A-Za-z0-9_-]{1,60}\.mid")
_MOST_PARAMETERS = 250_000_000
"""A gigabyte of float32, fifty times the preset “large”."""
_LARGEST_WEIGHT = 1e6
"""Trained ones stay under a hundred; with much larger ones sums overflow."""
_MOST_BYTES = 1 << 30
_MOST_ENTRIES = 5_000
_MOST_TEXT_BYTES = 32 << 20
_MOST_SAMPLE_BYTES = 4 << 20
_MOST_RATIO = 100
"""Unpacked to packed: note data and numbers stay under 20, a zip bomb is in the hundreds."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """All that model.json says: what the model is, what it learnt from, how good it got."""

    name: str
    preset: str
    tokenizer: TokenizerSpec
    network: NetworkSpec
    training: TrainingSpec
    vocabulary: Vocabulary
    corpus_name: str = ""
    corpus_id: str = ""
    pieces: int = 0
    """Studied, without those kept aside."""
    notes: int = 0
    epochs: int = 0
    best_epoch: int = 0
    held_out_bits_per_note: float = math.inf
    """All fields summed; infinite while unknown."""
    held_out_bits_per_pitch: float = math.inf
    chord_share: float = math.inf
    """Of the studied notes, how many began together with the one before, 0 to 1; infinite while unknown."""
    created: str = ""
    """ISO 8601, UTC."""
    state: State = "ready"
    started_from: str = ""
    """Name of the model that training began with; "" = from scratch."""
    licence: str = ""
    """Of the weights and what they were learnt from, where it is known."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; what is not finite becomes null."""
        stored: dict[str, Any] = {"format": FORMAT}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if hasattr(value, "to_json"):
                value = value.to_json()
            stored[field.name] = None if isinstance(value, float) and not math.isfinite(value) else value
        return stored

    @classmethod
    def from_json(cls, stored: Any) -> "ModelCard":
        """Rebuild from `to_json`. Raises AppError when something is missing or can't be."""
        if not isinstance(stored, dict) or not isinstance(stored.get("format"), int):
            raise ModelError("Its description is damaged.")
        if stored["format"] > FORMAT:
            raise ModelError("It was made by a later version of Ritornello.", hint="Update Ritornello to open it.")
        if stored["format"] < _OLDEST_FORMAT:
            raise ModelError(
                "It was made by an early version of Ritornello.", hint="Train it again with the same pieces."
            )
        texts: dict[str, str] = {}
        numbers: dict[str, float] = {}
        for field in dataclasses.fields(cls):
            value = stored.get(field.name)
            if field.type is str or field.name == "state":
                texts[field.name] = str(value or "")[:500]
            elif field.type is int:
                numbers[field.name] = value if isinstance(value, int) and 0 <= value < 2**63 else 0
            elif field.type is float:
                is_number = isinstance(value, int | float) and math.isfinite(value)
                numbers[field.name] = float(value) if is_number else math.inf  # type: ignore[arg-type]  # looked at above
        if not texts["name"].strip() or texts["state"] not in get_args(State):
            raise ModelError("Its description is damaged.")
        specs = [stored.get(name) for name in ("tokenizer", "network", "training")]
        if not all(isinstance(spec, dict) for spec in specs):
            raise ModelError("Its description is damaged.")
        tokenizer, network, training = specs
        try:
            card = cls(
                tokenizer=TokenizerSpec.from_json(tokenizer),  # type: ignore[arg-type]  # looked at above
                network=NetworkSpec.from_json(network),  # type: ignore[arg-type]  # looked at above
                training=TrainingSpec.from_json(training),  # type: ignore[arg-type]  # looked at above
                vocabulary=Vocabulary.from_json(stored.get("vocabulary")),
                **texts,  # type: ignore[arg-type]  # by name
                **numbers,  # type: ignore[arg-type]  # by name
            )
        except AppError as error:
            raise ModelError(f"Its description is damaged. {error.sentence}") from error
        except (TypeError, ArithmeticError) as error:
            raise ModelError("Its description is damaged.") from error
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
        path = self.folder / name
        try:
            if not path.is_file():
                return None
            if path.stat().st_size > at_most:
                raise ModelError(f"Its {name} is absurdly large.")
            return path.read_bytes()
        except OSError as error:
            raise FileError(f"‘{name}’ can't be read: {error.strerror or error}.") from error

    def names(self) -> tuple[str, ...]:
        samples = sorted(f"samples/{path.name}" for path in self.folder.glob("samples/*.mid"))
        known = (CARD, WEIGHTS, HISTORY, SAMPLES, STUDIED)
        return (*(name for name in known if (self.folder / name).is_file()), *filter(_SAMPLE_NAME.fullmatch, samples))


class PackedFiles:
    """A model as one .ritornello-model: a zip, of which the directory has been checked. Close it after use."""

    def __init__(self, path: Path) -> None:
        """Raises ModelError when it is no zip or a hostile one, FileError when it can't be read."""
        try:
            self._archive = zipfile.ZipFile(path)
        except OSError as error:
            raise FileError(f"‘{path.name}’ can't be read: {error.strerror or error}.") from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ModelError("It is not a Ritornello model, or only a part of one.") from error
        try:
            self._entries = _checked_entries(self._archive)
        except ModelError:
            self._archive.close()
            raise

    def close(self) -> None:
        self._archive.close()

    def read(self, name: str, *, at_most: int) -> bytes | None:
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry.file_size > at_most:
            raise ModelError(f"Its {name} is absurdly large.")
        try:
            return self._archive.read(entry)
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]  # zipfile imports zlib
            raise ModelError(f"Its {name} is damaged.") from error

    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)


def _checked_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise ModelError("It holds absurdly many files.")
    if sum(entry.file_size for entry in entries) > _MOST_BYTES:
        raise ModelError("It would unpack to more than a gigabyte.")
    known: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename
        if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
            raise ModelError("It holds a file that would be put outside its folder.")
        if entry.flag_bits & 1:
            raise ModelError("It is locked with a password.")
        if entry.file_size > _MOST_RATIO * max(entry.compress_size, 1000):
            raise ModelError("It unpacks to far more than a model needs.")
        if name in (CARD, WEIGHTS, HISTORY, SAMPLES, STUDIED) or _SAMPLE_NAME.fullmatch(name):
            if name in known:
                raise ModelError(f"It holds {name} twice.")
            known[name] = entry
    return known


def read_card(files: ModelFiles) -> ModelCard:
    """Raises AppError, with a sentence that goes on “It …” or “Its …”, when the card is missing or damaged."""
    content = files.read(CARD, at_most=_MOST_TEXT_BYTES)
    if content is None:
        raise ModelError("Its description is missing.")
    try:
        return ModelCard.from_json(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise ModelError("Its description is damaged.") from error


def read_weights(files: ModelFiles, card: ModelCard) -> Weights:
    """All weights, in the shapes that the card asks for and finite. Raises AppError."""
    content = files.read(WEIGHTS, at_most=_MOST_BYTES)
    if content is None:
        raise ModelError("Its weights are missing.")
    try:
        arrays = _read_arrays(content, expected=card.weight_shapes)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError) as error:
        raise ModelError("Its weights are damaged.") from error
    if not all((np.abs(array) <= _LARGEST_WEIGHT).all() for array in arrays.values()):  # so is no NaN
        raise ModelError("Its weights hold numbers that no training makes.")
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def read_studied(files: ModelFiles) -> StudiedIndex | None:
    """The index of the studied pieces; None if the model has none. Raises AppError when it is damaged."""
    content = files.read(STUDIED, at_most=_MOST_BYTES)
    if content is None:
        return None
    try:
        return StudiedIndex.from_arrays(_read_arrays(content))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError) as error:
        raise ModelError("Its list of studied pieces is damaged.") from error


def read_history(files: ModelFiles) -> tuple[EpochDone, ...]:
    """The epochs in order; lines that can't be read (a crash while writing) are left out."""
    epochs = []
    for stored in _lines(files, HISTORY):
        with suppress(KeyError, TypeError, ValueError, AttributeError, OverflowError):
            epochs.append(_epoch_of(stored))
    return tuple(epochs)


def read_samples(files: ModelFiles, folder: Path) -> tuple[SampleMade, ...]:
    """The model's answers whose .mid is there, with absolute paths into `folder`."""
    names = set(files.names())
    samples = []
    for stored in _lines(files, SAMPLES):
        name = f"samples/{PurePosixPath(str(stored.get('path'))).name}"
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            if name in names:
                samples.append(
                    SampleMade(
                        epoch=int(stored["epoch"]),
                        path=str(folder / name),
                        phrase=str(stored["phrase"])[:200],
                        copied_notes=int(stored["copied_notes"]),
                        start=max(0, int(stored.get("start", 0))),
                    )
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


def _lines(files: ModelFiles, name: str) -> Iterator[dict[str, Any]]:
    try:
        content = files.read(name, at_most=_MOST_TEXT_BYTES)
    except AppError:
        return
    for line in (content or b"").decode("utf-8", "replace").splitlines():
        with suppress(ValueError, RecursionError):
            stored = json.loads(line)
            if isinstance(stored, dict):
                yield stored


def _epoch_of(stored: dict[str, Any]) -> EpochDone:
    return EpochDone(
        epoch=int(stored["epoch"]),
        losses={str(field): float(loss) for field, loss in stored["losses"].items()},
        held_out_losses={str(field): float(loss) for field, loss in stored["held_out_losses"].items()},
        is_best=bool(stored["is_best"]),
        best_epoch=int(stored["best_epoch"]),
        elapsed_s=float(stored["elapsed_s"]),
        events_per_s=float(stored["events_per_s"]),
    )


def _append(path: Path, entry: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    except OSError as error:
        raise FileError(f"‘{path.name}’ was not saved: {error.strerror or error}.", hint="Free some space.") from error


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


def _read_arrays(
    content: bytes, *, expected: Mapping[str, tuple[int, ...]] | None = None
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an .npz; with `expected`, exactly those, floats of those shapes. Raises ValueError and kin."""
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if sum(entry.file_size for entry in entries.values()) > _MOST_BYTES:
            raise ValueError("absurdly large")
        for name in expected if expected is not None else entries:
            with archive.open(entries[name]) as stream:
                arrays[name] = _read_array(
                    stream, entries[name].file_size, None if expected is None else expected[name]
                )
    return arrays


def _read_array(stream: Any, size: int, shape: tuple[int, ...] | None) -> npt.NDArray[Any]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        stored_shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        stored_shape, is_fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError("no such version")
    if (
        dtype.hasobject
        or dtype.kind not in "fiu"
        or (shape is not None and (stored_shape != shape or dtype.kind != "f"))
    ):
        raise ValueError("another shape or type")
    count = math.prod(stored_shape)
    if count * dtype.itemsize != size - stream.tell():
        raise ValueError("size and shape don't fit")
    array = np.frombuffer(stream.read(), dtype, count)
    return array.reshape(stored_shape, order="F" if is_fortran else "C")
