"""Writing files so that nothing is lost: a temporary name beside the target, fsync, replace."""

import errno
import hashlib
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from core.errors import FileError

_ELSEWHERE = "Choose another place."
_CAUSES = {
    errno.ENOSPC: ("the disk is full", "Free some space, or choose another place."),
    errno.EDQUOT: ("your share of the disk is full", "Free some space, or choose another place."),
    errno.EFBIG: ("it is larger than allowed there", _ELSEWHERE),
    errno.EACCES: ("you may not write there", "Choose another place, or change its permissions."),
    errno.EPERM: ("you may not write there", "Choose another place, or change its permissions."),
    errno.EROFS: ("that disk can only be read", _ELSEWHERE),
    errno.EIO: ("the disk fails", _ELSEWHERE),
    errno.ENOENT: ("its folder is not there", "Make the folder first, or choose another one."),
    errno.ENOTDIR: ("a file is in the way of its folder", _ELSEWHERE),
    errno.EEXIST: ("a file is in the way", _ELSEWHERE),
    errno.EISDIR: ("a folder has that name", "Choose another name."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter one."),
    errno.ELOOP: ("it is a link that leads back to itself", _ELSEWHERE),
}
"""What the system says when something can't be written, in words, and what to do about it."""


class ChangedError(FileError):
    """What lies at a path is no longer what was read from it or written to it."""


def not_written(what: str, error: OSError) -> FileError:
    """The failure whose sentence is `what` with the true cause, and whose hint goes by that."""
    cause, hint = _CAUSES.get(error.errno or 0, (error.strerror or str(error), _ELSEWHERE))
    return FileError(f"{what}: {cause}.", hint=hint)


def refused(error: OSError) -> FileError:
    """What the system says where nobody expected it: a closed user folder, a full disk."""
    if isinstance(error, PermissionError) and error.filename:
        hint = "Change the permissions of its folder, or have RITORNELLO_HOME name a folder of your own."
        return FileError(f"‘{error.filename}’ is closed to you.", hint=hint)
    return not_written(f"‘{error.filename}’ can't be used" if error.filename else "Something can't be used", error)


def is_there(path: Path) -> bool:
    """Whether there is something, also where it may not be looked at; a name that can't be one is nowhere."""
    try:
        return path.exists()
    except PermissionError:
        return True
    except OSError:
        return False


def require_place(path: Path) -> None:
    """Raise FileError unless a file could be written at `path` now; nothing is made, neither file nor folder."""
    what = f"‘{path.name}’ can't be saved"
    try:
        target, _ = _target(path)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise not_written(what, error) from error


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
        raise not_written(f"‘{path.name}’ was not saved", error) from error
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
        raise OSError(errno.EINVAL, "it is a device or a pipe")
    if not (before.st_mode & 0o222 and os.access(target, os.W_OK)):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return target, before


def _grant(file: Path, like: os.stat_result) -> None:
    """Give `file` the owner, as far as the system lets, and the permissions of another."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.chown(file, like.st_uid, like.st_gid)
    file.chmod(stat.S_IMODE(like.st_mode))
