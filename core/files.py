"""Writing files so that nothing is lost: a temporary name beside the target, fsync, replace."""

import errno
import hashlib
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from core.errors import FileError


class ChangedError(FileError):
    """What lies at a path is no longer what was read from it or written to it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on leaving without an error it replaces `path`.

    A symbolic link stays one: what it points to is replaced. A file that was there keeps its permissions, a new one
    gets what the umask grants, and one that nobody may write to is not replaced. On any error the temporary file is
    removed and `path` is as it was. An OSError (disk full, read-only folder) becomes a FileError naming `path`.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        target, before = _target(path)
        # Named before it is made: a signal that comes between the two leaves nothing behind.
        temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.tmp")
        # At no moment may others read what they could not read before.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666 if before is None else 0o600))
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        if before is not None:
            _grant(temporary, before)
        temporary.replace(target)
    except OSError as error:
        raise FileError(
            f"‘{path.name}’ was not saved: {error.strerror or error}.",
            hint="Free some space or save somewhere else.",
        ) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path` all at once. Raises FileError; then `path` is as it was."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Put `content` at `path` as UTF-8, all at once. Raises FileError; then `path` is as it was."""
    write_bytes(path, content.encode())


def digest(content: bytes) -> str:
    """A short name for some bytes: other bytes have another."""
    return _hash(content).hexdigest()


def require_unchanged(path: Path, known: str) -> None:
    """Raise ChangedError unless what lies at `path` has this digest, or nothing lies there."""
    with suppress(OSError):  # what can't be read can't be compared
        if not os.path.lexists(path):
            return
        if path.is_file():
            with path.open("rb") as file:
                if hashlib.file_digest(file, _hash).hexdigest() == known:
                    return
    raise ChangedError(f"‘{path.name}’ has changed on disk since it was opened or saved here.")


_hash = partial(hashlib.blake2b, digest_size=16)


def _target(path: Path) -> tuple[Path, os.stat_result | None]:
    """The file that `path` leads to, and its status; None where nothing is there yet. Raises OSError."""
    target = Path(os.path.realpath(path))
    try:
        before = target.lstat()
    except FileNotFoundError:
        return target, None
    if stat.S_ISLNK(before.st_mode):  # links that go round in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(before.st_mode):
        raise OSError(errno.EINVAL, "It is a device or a pipe")
    if not (before.st_mode & 0o222 and os.access(target, os.W_OK)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return target, before


def _grant(file: Path, like: os.stat_result) -> None:
    """Give `file` the owner, as far as the system lets, and the permissions of another."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.chown(file, like.st_uid, like.st_gid)
    file.chmod(stat.S_IMODE(like.st_mode))
