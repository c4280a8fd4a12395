"""What a training run studies: encoded pieces, split by piece, cut into windows, put into batches.

The order of an epoch, its cuts and transpositions are a pure function of (random seed, epoch), so that a run
resumed in mid-epoch sees exactly what it would have seen.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import DamagedError, TrainingError
from core.files import replacing
from core.learning.events.tokenizer import Events, IntArray, Vocabulary
from core.learning.events.versions import version_groups
from core.learning.spec import Field, TrainingSpec
from core.loading.arrays import Like, mapped_npz
from core.loading.json_values import build, parse_json

_COLUMNS = ("delta", "pitch", "duration", "velocity", "bar_position", "bar_steps")
_MOST = 1 << 40
"""Elements: they stay on disk."""
_ARRAYS = {
    "starts": Like("<i8", (None,), _MOST),
    "held_out": Like("|b1", (None,), _MOST),
    "names": Like("|u1", (None,), _MOST),
    **{name: Like("<i4", (None,), _MOST) for name in _COLUMNS},
}
_MOST_NAME_BYTES = 256 << 20
_EVENTS_PER_VALIDATION_BATCH = 4096
_WIDTHS = 16
"""Batches are padded to a multiple of this many steps."""
_POOL = 32
"""So many batches are ordered by length together, so that little of a batch is padding."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPiece:
    """One piece as events, under the fingerprint and title it has in its corpus."""

    fingerprint: str
    title: str
    events: Events

    @property
    def shape(self) -> bytes:
        """The same for pieces with the same intervals at the same places, in whatever key and however long their notes.

        Lengths stay out, so that a melody keeps its shape where its tokenizer absorbs rests.
        """
        content = hashlib.sha256()
        for column in (np.diff(self.events.pitch), self.events.delta[1:]):
            content.update(column.astype(np.int32).tobytes())
            content.update(b"|")
        return content.digest()


@dataclass(frozen=True, eq=False)
class Batch:
    """Windows side by side. Column t + 1 is the event to be predicted at step t, column t the one read before it."""

    symbols: dict[Field, IntArray]
    """Each (windows, steps + 1); the vocabulary's size stands for "begin"."""
    bar_position: IntArray
    """(windows, steps + 1)."""
    bar_steps: IntArray
    targets: npt.NDArray[np.float32]
    """(windows, steps): 1 where the step's prediction counts, 0 elsewhere."""

    @property
    def target_count(self) -> int:
        return int(self.targets.sum())


@dataclass(frozen=True, eq=False)
class Dataset:
    """All pieces of a training run, end to end, and which of them are its validation set."""

    columns: dict[str, IntArray]
    """Each of delta, pitch, duration, velocity, bar_position, bar_steps as (events,)."""
    starts: npt.NDArray[np.int64]
    """(pieces + 1,): piece i is events starts[i] up to starts[i + 1]."""
    is_validation: npt.NDArray[np.bool_]
    """(pieces,): which are kept aside to judge each epoch by; in files `held_out`, as in TrainingSpec and EpochDone."""
    fingerprints: tuple[str, ...]
    titles: tuple[str, ...]

    @classmethod
    def of(cls, pieces: Sequence[EncodedPiece], spec: TrainingSpec) -> "Dataset":
        """Pieces in a fixed order, whatever order they came in. Raises TrainingError without any note."""
        ordered = sorted((piece for piece in pieces if len(piece.events)), key=lambda piece: piece.fingerprint)
        if not ordered:
            raise TrainingError("There is nothing to learn from: no piece has a note.", hint="Add pieces first.")
        columns = {
            name: np.concatenate([getattr(piece.events, name) for piece in ordered]).astype(np.int32)
            for name in _COLUMNS
        }
        return cls(
            columns,
            np.cumsum([0, *(len(piece.events) for piece in ordered)], dtype=np.int64),
            validation_split(ordered, share=spec.held_out, random_seed=spec.random_seed),
            tuple(piece.fingerprint for piece in ordered),
            tuple(piece.title for piece in ordered),
        )

    @property
    def studied(self) -> tuple[int, ...]:
        """Indices of the pieces that are learnt from."""
        return tuple(np.flatnonzero(~self.is_validation).tolist())

    @property
    def validation(self) -> tuple[int, ...]:
        """Indices of the validation set's pieces; where there is nothing to keep aside, the studied ones."""
        return tuple(np.flatnonzero(self.is_validation).tolist()) or self.studied

    @property
    def studied_event_count(self) -> int:
        return int(np.diff(self.starts)[~self.is_validation].sum())

    def length(self, piece: int) -> int:
        """Events of a piece."""
        return int(self.starts[piece + 1] - self.starts[piece])

    def events(self, piece: int) -> Events:
        span = slice(int(self.starts[piece]), int(self.starts[piece + 1]))
        first = span.start
        return Events(
            **{name: values[span] for name, values in self.columns.items()},
            origin=int(self.columns["bar_position"][first] - self.columns["delta"][first]),
        )

    def save(self, path: Path) -> None:
        """Raises FileError."""
        names = json.dumps([self.fingerprints, self.titles]).encode()
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                starts=self.starts,
                held_out=self.is_validation,
                names=np.frombuffer(names, dtype=np.uint8),
                **self.columns,
            )

    @classmethod
    def load(cls, path: Path) -> "Dataset":
        """With columns that stay on disk until they are looked at: a corpus can be larger than what fits into memory.

        Raises TrainingError when the file is missing or damaged.
        """
        try:
            return cls(*_loaded(path))
        except DamagedError as error:
            raise TrainingError(
                "This training can't go on: its pieces can't be read.", hint="Train again from the corpus."
            ) from error


def _loaded(
    path: Path,
) -> tuple[dict[str, IntArray], npt.NDArray[np.int64], npt.NDArray[np.bool_], tuple[str, ...], tuple[str, ...]]:
    """The fields of a Dataset. Raises DamagedError."""
    arrays = mapped_npz(path, _ARRAYS)
    names = parse_json(arrays.pop("names").tobytes(), at_most=_MOST_NAME_BYTES)
    fingerprints, titles = build(tuple[tuple[str, ...], tuple[str, ...]], names)
    starts, is_validation = np.array(arrays.pop("starts")), np.array(arrays.pop("held_out"))
    fits = (
        len(starts) - 1 == len(is_validation) == len(fingerprints) == len(titles)
        and starts[0] == 0
        and (np.diff(starts) > 0).all()
        and all(len(column) == starts[-1] for column in arrays.values())
    )
    if not fits:
        raise DamagedError("its arrays don't fit together")
    return arrays, starts, is_validation, fingerprints, titles


def tunes(pieces: Sequence[EncodedPiece]) -> list[bytes]:
    """For each piece a name that it shares with all its transpositions and with what are plainly versions of it."""
    shapes = [piece.shape for piece in pieces]
    order = sorted(range(len(pieces)), key=shapes.__getitem__)  # so that no other order names them otherwise
    firsts = version_groups([pieces[index].events for index in order])
    named = dict(zip(order, (shapes[order[first]] for first in firsts.tolist()), strict=True))
    return [named[index] for index in range(len(pieces))]


def validation_split(pieces: Sequence[EncodedPiece], *, share: float, random_seed: int) -> npt.NDArray[np.bool_]:
    """(pieces,): which to keep for validation. Whole pieces, about `share` of them, and with a piece all its versions (`tunes`).

    Depends on the pieces and the random seed alone. At least one piece is kept aside, unless all are one and the same.
    """
    alike: dict[bytes, list[int]] = {}
    for index, shape in enumerate(tunes(pieces)):
        alike.setdefault(shape, []).append(index)
    mask = np.zeros(len(pieces), dtype=bool)
    if len(alike) < 2:
        return mask
    groups = sorted(alike, key=lambda shape: hashlib.sha256(random_seed.to_bytes(8, "big") + shape).digest())
    wanted = max(1, round(share * len(pieces)))
    for shape in groups[:-1]:
        if mask.sum() + len(alike[shape]) <= wanted:
            mask[alike[shape]] = True
    if not mask.any():
        mask[min(alike.values(), key=len)] = True
    return mask


@dataclass(frozen=True)
class Batches:
    """The batches of every epoch of one run, and those of its validation set."""

    dataset: Dataset
    vocabulary: Vocabulary
    spec: TrainingSpec

    @cached_property
    def _pitch_symbols(self) -> IntArray:
        return self.vocabulary.symbols("pitch", np.arange(128))

    @cached_property
    def _room(self) -> npt.NDArray[np.int64]:
        """(pieces, 2): how far each piece can go down and up within 0 to 127."""
        pitches, starts = self.dataset.columns["pitch"], self.dataset.starts[:-1]
        return np.stack([np.minimum.reduceat(pitches, starts), 127 - np.maximum.reduceat(pitches, starts)], axis=1)

    def epoch(self, epoch: int) -> list[npt.NDArray[np.int64]]:
        """The plan of an epoch: for each batch an array (windows, 4) of piece, first step, steps, transposition."""
        random = np.random.default_rng([self.spec.random_seed, epoch])
        if self.spec.target == "last_step":
            windows = self._last_step_windows(self.dataset.studied, stride=self.spec.stride)
        else:
            windows = self._cut_windows(random)
        random.shuffle(windows)
        pool = self.spec.batch * _POOL
        plans: list[npt.NDArray[np.int64]] = []
        for first in range(0, len(windows), pool):
            pooled = windows[first : first + pool]
            by_length = pooled[np.argsort(pooled[:, 2], kind="stable")]
            plans.extend(by_length[at : at + self.spec.batch] for at in range(0, len(by_length), self.spec.batch))
        order = random.permutation(len(plans))
        reach = self.spec.transpose
        shifts = random.integers(-reach, reach + 1, size=len(windows))
        epoch_plan = []
        taken = 0
        for index in order:
            plan = plans[index]
            wanted = shifts[taken : taken + len(plan)]
            taken += len(plan)
            room = self._room[plan[:, 0]]
            epoch_plan.append(np.column_stack([plan, np.clip(wanted, -room[:, 0], room[:, 1])]))
        return epoch_plan

    def _cut_windows(self, random: np.random.Generator) -> npt.NDArray[np.int64]:
        """(windows, 3). A piece longer than the window is cut at another place each epoch."""
        window, stride = self.spec.window, self.spec.stride
        cuts: list[tuple[int, int, int]] = []
        for piece in self.dataset.studied:
            length = self.dataset.length(piece)
            if length <= window:
                cuts.append((piece, 0, length))
                continue
            first_cut = int(random.integers(1, stride + 1))
            cuts.append((piece, 0, first_cut if stride == window else window))
            for start in range(first_cut, length, stride):
                cuts.append((piece, start, min(window, length - start)))
                if start + window >= length:
                    break
        return np.array(cuts, dtype=np.int64)

    def _last_step_windows(self, pieces: Sequence[int], *, stride: int) -> npt.NDArray[np.int64]:
        """(windows, 3): every stride-th event is the target of the up to `window` steps that end with it."""
        cuts = []
        for piece in pieces:
            targets = np.arange(0, self.dataset.length(piece), stride)
            starts = np.maximum(0, targets - self.spec.window + 1)
            cuts.append(np.column_stack([np.full(len(targets), piece), starts, targets - starts + 1]))
        return np.concatenate(cuts).astype(np.int64)

    def validation(self) -> list[npt.NDArray[np.int64]]:
        """The plan of the validation set: pieces in their own keys, whole as far as the window reaches; every event is a target once."""
        if self.spec.target == "last_step":
            windows = self._last_step_windows(self.dataset.validation, stride=1)
        else:
            windows = np.array(list(self._stretches()), dtype=np.int64)
        still = np.zeros((len(windows), 1), dtype=np.int64)
        ordered = np.concatenate([windows, still], axis=1)[np.argsort(windows[:, 2], kind="stable")]
        plans = []
        first = 0
        for after in range(1, len(ordered) + 1):
            is_full = after < len(ordered) and (after - first + 1) * ordered[after, 2] > _EVENTS_PER_VALIDATION_BATCH
            if is_full or after == len(ordered):
                plans.append(ordered[first:after])
                first = after
        return plans

    def _stretches(self) -> Iterator[tuple[int, int, int]]:
        for piece in self.dataset.validation:
            length = self.dataset.length(piece)
            for start in range(0, length, self.spec.window):
                yield piece, start, min(self.spec.window, length - start)

    def target_count(self, plan: npt.NDArray[np.int64]) -> int:
        """Predictions that count in one batch of `epoch` or `validation`."""
        return int(plan[:, 2].sum()) if self.spec.target == "every_step" else len(plan)

    def batch(self, plan: npt.NDArray[np.int64]) -> Batch:
        """The arrays of one batch of `epoch` or `validation`."""
        every = self.spec.target == "every_step"
        steps = -(-int(plan[:, 2].max()) // _WIDTHS) * _WIDTHS
        shape = (len(plan), steps + 1)
        symbols = {field: np.zeros(shape, dtype=np.int32) for field in self.vocabulary.values}
        bar_position = np.zeros(shape, dtype=np.int32)
        bar_steps = np.zeros(shape, dtype=np.int32)
        targets = np.zeros((len(plan), steps), dtype=np.float32)
        columns, sizes = self.dataset.columns, self.vocabulary.sizes
        for row, (piece, start, length, shift) in enumerate(plan.tolist()):
            base = int(self.dataset.starts[piece])
            begins = start == 0
            to = slice(int(begins), length + 1)
            span = slice(base + start - (not begins), base + start + length)
            for field in self.vocabulary.values:
                values = columns[field][span]
                symbols[field][row, to] = (
                    self._pitch_symbols[values + shift] if field == "pitch" else self.vocabulary.symbols(field, values)
                )
                if begins:
                    symbols[field][row, 0] = sizes[field]
            bar_position[row, to] = columns["bar_position"][span]
            bar_steps[row, to] = columns["bar_steps"][span]
            if begins:
                bar_steps[row, 0] = columns["bar_steps"][base]
            targets[row, 0 if every else length - 1 : length] = 1
        return Batch(symbols, bar_position, bar_steps, targets)
