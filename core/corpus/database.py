"""What befalls SQLite files: their errors as sentences, damage told from bad luck, and moving a file with its companions.

Damage is whatever SQLite or a look at the values says that we never wrote: it stays until the file is replaced. All
else (a full disk, a closed folder, a busy file) passes, and must never cost a file.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from core.errors import FileError

COMPANIONS = ("-journal", "-wal", "-shm")
"""What SQLite keeps beside a file. A stale one beside another file of that name would be taken for that one's."""

_DAMAGE = frozenset(
    (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_ERROR,  # no such table or column: an empty file, or one of another program
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
    )
)
_SHORT_READ = 522
"""SQLITE_IOERR_SHORT_READ, which the module has no name for: the file ends too early."""
_MOST_AHEAD = 100
"""Formats that a newer Ritornello may be ahead by; beyond, the number is damaged."""
_FULL = 2**20
"""Bytes. With less left, an input or output error means a full disk."""


def _is_damage(error: sqlite3.Error, path: Path) -> bool:
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", None)  # Python's own have none: a text that is no UTF-8, a wrong kind
    if code == sqlite3.SQLITE_READONLY and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return True  # its heading says that only a later SQLite may write it
    return code is None or code == _SHORT_READ or code & 0xFF in _DAMAGE


@contextmanager
def translated(what: str, path: Path, *, damaged: Callable[[], FileError]) -> Iterator[None]:
    """SQLite's errors as a FileError whose sentence begins with `what`, or `damaged()`; an interruption passes."""
    try:
        yield
    except UnicodeDecodeError as error:  # damage quoted in an error's own words
        raise damaged() from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            raise
        if _is_damage(error, path):
            raise damaged() from error
        why, hint = _why(error, code, path)
        raise FileError(f"{what}: {why}.", hint=hint) from error


def _why(error: sqlite3.Error, code: int, path: Path) -> tuple[str, str]:
    """What is wrong, and what to do."""
    if code == sqlite3.SQLITE_FULL or (code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(path)):
        return "the disk is full", "Free some space and try again."
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another program holds it", "Try again when that is done."
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return f"you may not write to ‘{path}’", ""
    if code == sqlite3.SQLITE_CANTOPEN:
        if os.path.lexists(path) and not os.access(path, os.R_OK):
            return f"you may not read ‘{path}’", ""
        if not os.path.lexists(path) and os.access(path.parent, os.R_OK | os.X_OK | os.W_OK):
            return "it is no longer there", ""
        return f"‘{path}’ can't be opened", "Look at the permissions of that folder."
    return str(error), ""


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _FULL
    except OSError:
        return False


def is_newer(connection: sqlite3.Connection, format_: int) -> bool:
    """Whether a file is of a format that only a newer Ritornello knows. Asked before anything is written, or looked for in it."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(stamp(format_) < found <= stamp(format_ + _MOST_AHEAD))


def mark_format(connection: sqlite3.Connection, format_: int) -> None:
    """Write the format into a file that says none, as new ones and those of version 0.1 do."""
    if connection.execute("PRAGMA user_version").fetchone() == (0,):
        connection.execute(f"PRAGMA user_version = {stamp(format_)}")


def stamp(format_: int) -> int:
    """What a file of this format holds as its user_version: “Ri” and the number, which damage hardly makes."""
    return int.from_bytes(b"Ri\0\0") + format_


def require_sound(connection: sqlite3.Connection) -> None:
    """Raises sqlite3.DataError, which is damage, where a file has lost some of itself and would still answer.

    It reads the whole file: 0.1 s for 25 MB.
    """
    if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise sqlite3.DataError("damaged within")


def of_kinds(
    rows: sqlite3.Cursor | Generator[tuple[Any, ...]], *kinds: type | tuple[type, ...]
) -> Iterator[tuple[Any, ...]]:
    """The rows, if each value is of the kind of its column; else raises sqlite3.DataError, which is damage.

    SQLite gives back whatever a row says that it holds, and a flipped bit there makes a number of a text. The rows are
    closed in any case: from Python 3.13 on, one that an error's traceback holds keeps the file locked, also when its
    connection is closed.
    """
    met: set[tuple[type, ...]] = set()
    with closing(rows):
        for row in rows:
            found = tuple(map(type, row))
            if found not in met:
                if not all(map(issubclass, found, kinds)):
                    raise sqlite3.DataError("a value of another kind")
                met.add(found)
            yield row


def move(path: Path, to: Path) -> None:
    """Move an SQLite file with its companions, or whatever is in their places. Raises OSError, also if there is nothing."""
    parts = [suffix for suffix in ("", *COMPANIONS) if os.path.lexists(path.with_name(path.name + suffix))]
    for suffix in parts or [""]:
        path.with_name(path.name + suffix).rename(to.with_name(to.name + suffix))
