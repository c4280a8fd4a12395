"""Who is at work on a training run: one process at a time, and anyone may ask without being in its way.

The lock belongs to an open file, so the system lets go of it when the process ends, however it ends. Linux can be asked
who would be in the way of a lock. Elsewhere asking means taking it for a moment; whoever wants it waits that long.
"""

import os
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from core.errors import TrainingError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "training.lock"
_FLOCK = struct.Struct("hhqqi4x")
"""Linux' `struct flock`: kind, from where, start, length, process. 0, 0, 0 is the whole file."""
_TRIES, _BETWEEN_S = 50, 0.01


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the only process that trains in `folder`. Raises TrainingError when another one does."""
    with (folder / LOCK).open("a+b") as file:
        if not _taken(file):
            raise TrainingError("This training is already going on.", hint="Stop it there first.")
        yield


def is_held(folder: Path) -> bool:
    """Whether some process trains in `folder` right now."""
    try:
        with (folder / LOCK).open("r+b") as file:
            if sys.platform == "linux":
                found = fcntl.fcntl(file, fcntl.F_OFD_GETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
                return bool(_FLOCK.unpack(found)[0] != fcntl.F_UNLCK)
            else:  # noqa: RET505 -- mypy knows that one of the two is never reached
                return not _taken_at_once(file)
    except OSError:
        return False


def _taken(file: IO[bytes]) -> bool:
    for _ in range(1 if sys.platform == "linux" else _TRIES):
        if _taken_at_once(file):
            return True
        time.sleep(_BETWEEN_S)
    return False


def _taken_at_once(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        elif sys.platform == "linux":
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
