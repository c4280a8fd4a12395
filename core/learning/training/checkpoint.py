"""Where a training run stands, on disk: enough to go on as if it had never been interrupted."""

import dataclasses
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import DamagedError, TrainingError
from core.files import write_bytes
from core.learning.models.progress import EpochDone, SampleMade
from core.loading.arrays import Arrays, read_plain_npz
from core.loading.json_values import build, parse_json

CHECKPOINT = "checkpoint.npz"
_CURSOR = "cursor"
_MOST_CURSOR_BYTES = 64 << 20
_MOST_BYTES = 1 << 36
"""Nothing is compressed, so that it takes no more memory than disk."""


@dataclass
class Cursor:
    """The place in the run, and all that is carried from batch to batch besides the network's arrays."""

    epoch: int = 1
    """The one being read."""
    batch: int = 0
    """Batches of it done."""
    step: int = 0
    """Optimizer steps done in all."""
    sums: dict[str, float] = field(default_factory=dict)
    """Losses of this epoch summed over its targets, in nats."""
    targets: int = 0
    elapsed_s: float = 0.0
    epoch_elapsed_s: float = 0.0
    history: list[EpochDone] = field(default_factory=list)
    samples: list[SampleMade] = field(default_factory=list)

    @property
    def best(self) -> EpochDone | None:
        return next((epoch for epoch in reversed(self.history) if epoch.is_best), None)


def write_checkpoint(folder: Path, cursor: Cursor, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """All at once, so that a crash while writing leaves the one before. Raises FileError."""
    told = json.dumps(dataclasses.asdict(cursor)).encode()
    write_arrays(folder / CHECKPOINT, {_CURSOR: np.frombuffer(told, dtype=np.uint8), **arrays})


def read_checkpoint(folder: Path) -> tuple[Cursor, Arrays] | None:
    """None if there is none yet. Raises TrainingError when it is damaged."""
    if not (folder / CHECKPOINT).exists():
        return None
    arrays = read_arrays(folder / CHECKPOINT)
    try:
        return build(Cursor, parse_json(arrays.pop(_CURSOR).tobytes(), at_most=_MOST_CURSOR_BYTES)), arrays
    except (DamagedError, KeyError) as error:
        raise _damaged(folder / CHECKPOINT) from error


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raises FileError."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_bytes(path, content.getvalue())


def read_arrays(path: Path) -> Arrays:
    """Raises TrainingError when the file is missing or damaged."""
    try:
        return read_plain_npz(path, most_bytes=_MOST_BYTES)
    except DamagedError as error:
        raise _damaged(path) from error


def require_shapes(path: Path, arrays: Arrays, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises TrainingError unless the arrays read from `path` are those of the network."""
    if {name: (array.dtype.str, array.shape) for name, array in arrays.items()} != {
        name: ("<f4", shape) for name, shape in shapes.items()
    }:
        raise _damaged(path)


def _damaged(path: Path) -> TrainingError:
    return TrainingError(f"This training can't go on: ‘{path.name}’ is damaged.", hint="Train again from the corpus.")
