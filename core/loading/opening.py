"""Ordinary files alone, no larger than allowed: no pipe that never answers, no device that never ends."""

import errno
import os
import stat
from pathlib import Path
from typing import IO

from core.errors import DamagedError, MissingError

_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "you may not open it",
    errno.EPERM: "you may not open it",
    errno.ELOOP: "it is a link that leads back to itself",
    errno.ENAMETOOLONG: "its name is too long",
    errno.EISDIR: "it is a folder",
    errno.ENXIO: "it is not an ordinary file",
}
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Opening a pipe waits for its other end, without this."""


def open_file(path: Path | str | bytes, *, at_most: int | None = None, buffering: int = -1) -> IO[bytes]:
    """An ordinary file, open for reading bytes; its owner closes it. at_most: bytes.

    Raises DamagedError when it is something else, larger, or can't be opened; MissingError when there is none.
    """
    try:
        file = open(path, "rb", buffering=buffering, opener=_opened)  # noqa: SIM115 -- handed to the caller
    except OSError as error:
        raise damaged_by(error) from error
    except ValueError as error:  # a NUL in the name
        raise MissingError("there is no such file") from error
    if at_most is not None and os.fstat(file.fileno()).st_size > at_most:
        file.close()
        raise _too_large(at_most)
    return file


def read_file(path: Path | str | bytes, *, at_most: int) -> bytes:
    """The content of an ordinary file, at most so many bytes. Raises DamagedError, MissingError."""
    with open_file(path, at_most=at_most, buffering=0) as file:
        try:
            content = file.read(os.fstat(file.fileno()).st_size + 1)
            while len(content) <= at_most and (more := file.read(1 << 16)):  # files that don't know their size
                content += more
        except OSError as error:
            raise damaged_by(error) from error
    if len(content) > at_most:
        raise _too_large(at_most)
    return content


def damaged_by(error: OSError) -> DamagedError:
    """What the system says, as a reason."""
    number = error.errno or 0
    reason = _REASONS.get(number) or error.strerror or (os.strerror(number) if number else str(error))
    return MissingError(reason) if number in (errno.ENOENT, errno.ENOTDIR) else DamagedError(reason)


def _opened(path: str, flags: int) -> int:
    descriptor = os.open(path, flags | _WITHOUT_WAITING)
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return descriptor
    os.close(descriptor)
    number = errno.EISDIR if stat.S_ISDIR(kind) else errno.ENXIO
    raise OSError(number, os.strerror(number), path)


def _too_large(at_most: int) -> DamagedError:
    size = at_most / 2**20 if at_most % 2**20 == 0 else at_most / 1e6
    return DamagedError(f"it is larger than {size:,.3g} MB")
