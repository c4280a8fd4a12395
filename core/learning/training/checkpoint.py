"""Where a training run stands, on disk: enough to go on as if it had never been interrupted; and who is at work on it."""

import dataclasses
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from core.files import write_bytes
from core.learning.models.progress import EpochDone, SampleMade

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

CHECKPOINT = "checkpoint.npz"
LOCK = "training.lock"
_CURSOR = "cursor"
Arrays = dict[str, npt.NDArray[Any]]


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
        stored = json.loads(arrays.pop(_CURSOR).tobytes())
        stored["history"] = [EpochDone(**epoch) for epoch in stored["history"]]
        stored["samples"] = [SampleMade(**sample) for sample in stored["samples"]]
        return Cursor(**stored), arrays
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / CHECKPOINT) from error


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raises FileError."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_bytes(path, content.getvalue())


def read_arrays(path: Path) -> Arrays:
    """Raises TrainingError when the file is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> TrainingError:
    return TrainingError(f"This training can't go on: ‘{path.name}’ is damaged.", hint="Train again from the corpus.")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the only process that trains in `folder`; the system lets go when the process ends, however it ends.

    Raises TrainingError when another one does.
    """
    with (folder / LOCK).open("a+b") as file:
        try:
            if sys.platform == "win32":
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TrainingError("This training is already going on.", hint="Stop it there first.") from error
        yield


def is_held(folder: Path) -> bool:
    """Whether some process trains in `folder` right now."""
    if not (folder / LOCK).exists():
        return False
    try:
        with held(folder):
            return False
    except TrainingError:
        return True
