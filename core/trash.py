"""What was deleted and can come back: it lies in the user folder's `trash`, and nothing there is ever overwritten.

What has lain there for `KEPT_DAYS` goes for good when the next thing is deleted. When something was deleted is the
time of its last change, set as it is put there.
"""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from core.errors import FileError

Kind = Literal["models", "corpora"]
KINDS: tuple[Kind, ...] = ("models", "corpora")

KEPT_DAYS = 30
_DAY_S = 86_400
_MARK = 6
"""Characters that set apart two of one name."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What went for good."""

    things: int
    bytes: int


class Trash:
    """The trash of one user folder."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def put(self, path: Path, kind: Kind, *, move: Callable[[Path, Path], object] = Path.rename) -> Path:
        """Move a file or folder into the trash; where it lies now. What lay there too long goes. Raises OSError."""
        with suppress(FileError, OSError):
            self.empty(older_than_days=KEPT_DAYS)
        folder = self._home / "trash" / kind
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(path, follow_symlinks=os.utime not in os.supports_follow_symlinks)  # of a link itself, where that goes
        place = path
        while os.path.lexists(place):
            place = folder / f"{path.stem}-{secrets.token_hex(_MARK // 2)}{path.suffix}"
        move(path, place)
        return place

    def places(self, kind: Kind, suffix: str = "") -> tuple[Path, ...]:
        """What of one kind lies there, the last deleted first."""
        folder = self._home / "trash" / kind
        found = [path for path in _in(folder) if path.name.endswith(suffix)]
        return tuple(sorted(found, key=lambda path: (-deleted_at(path).timestamp(), path.name)))

    @property
    def bytes(self) -> int:
        """How much all of it takes."""
        return sum(_size(path) for path in self._every())

    def empty(self, *, older_than_days: float = 0) -> Lost:
        """Delete for good what has lain there so long. Raises FileError when something can't be deleted."""
        before = time.time() - older_than_days * _DAY_S
        things = size = 0
        for path in self._every():
            try:
                if older_than_days and path.lstat().st_mtime > before:
                    continue
                weight = _size(path)
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            except FileNotFoundError:
                continue  # another program was faster
            except OSError as error:
                raise FileError(f"‘{path}’ can't be deleted: {error.strerror or error}.") from error
            things, size = things + 1, size + weight
        return Lost(things, size)

    def _every(self) -> Iterator[Path]:
        for path in _in(self._home / "trash"):
            yield from _in(path) if path.name in KINDS else (path,)


def id_of(place: Path) -> str:
    """What the thing was called in its folder before it was deleted."""
    stem, _, mark = place.stem.rpartition("-")
    return stem if stem and len(mark) == _MARK and mark.isalnum() else place.stem


def deleted_at(place: Path) -> datetime:
    try:
        return datetime.fromtimestamp(place.lstat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.fromtimestamp(0, UTC)


def _in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(path: Path) -> int:
    size = 0
    with suppress(OSError):
        size = path.lstat().st_size
        if path.is_dir() and not path.is_symlink():
            size = sum(_size(inner) for inner in path.iterdir())
    return size
