"""Writing files so that nothing is lost: a temporary name beside the target, fsync, replace."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import FileError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on leaving without an error it replaces `path`.

    On any error the temporary file is removed and `path` is as it was. An OSError (disk full, read-only
    folder) becomes a FileError naming `path`.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise FileError(
            f"‘{path.name}’ was not saved: {error.strerror or error}.",
            hint="Free some space or save somewhere else.",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Put `content` at `path` all at once. Raises FileError; then `path` is as it was."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Put `content` at `path` as UTF-8, all at once. Raises FileError; then `path` is as it was."""
    write_bytes(path, content.encode())
