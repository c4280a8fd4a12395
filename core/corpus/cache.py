"""Everything ever read, in one SQLite file, so that it is read once: by content, and which file had which.

A file is known by (path, size, time of change) and then not even opened; a content by its hash, under whatever name it
comes. What was written in one transaction survives a crash of the program. A newer reader ignores what an older one
understood. Many may read while one writes. A damaged cache is set aside, not mended: the files are still there.
"""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

from core.corpus.database import COMPANIONS, is_newer, mark_format, move, of_kinds, translated
from core.errors import FileError, NewerError
from core.files import not_written
from core.music.packed_score import unpacked
from core.music.score import Score

READER = 2
"""Raise it whenever reading or judging a file gives something else than before: what older readers cached is then read anew."""

_FORMAT = 1
"""Raise it whenever an older Ritornello could no longer use the file."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, content BLOB, reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS content (
    content BLOB PRIMARY KEY, reader INTEGER NOT NULL, reason TEXT NOT NULL, repairs TEXT NOT NULL, fingerprint TEXT,
    notes INTEGER NOT NULL, melody_notes INTEGER NOT NULL, duration_s REAL NOT NULL, key TEXT NOT NULL,
    metre TEXT NOT NULL, tempo REAL, parts INTEGER NOT NULL, polyphony REAL NOT NULL, lines TEXT NOT NULL,
    tallies BLOB NOT NULL, melody_tallies BLOB NOT NULL, score BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS content_fingerprint ON content (fingerprint);
"""


@dataclass(frozen=True, slots=True)
class Understood:
    """What one content is: music, or why not. The names are the columns of the cache."""

    content: bytes
    """Hash of the bytes."""
    reader: int = READER
    reason: str = ""
    """Why nothing can be learnt from it; "" for a piece."""
    repairs: str = ""
    """What had to be mended, in a sentence; "" for nothing."""
    fingerprint: str | None = None
    """Hash of the music: contents that differ in names or encoding alone share it."""
    notes: int = 0
    """Of all parts but drums."""
    melody_notes: int = 0
    duration_s: float = 0.0
    key: str = ""
    metre: str = ""
    tempo: float | None = None
    """Quarters a minute at the first note; None where the file names none."""
    parts: int = 0
    polyphony: float = 0.0
    """Notes at once, on average while any sound."""
    lines: str = "all"
    """What is best learnt from it: "melody" or "all"."""
    tallies: bytes = b""
    melody_tallies: bytes = b""
    score: bytes = b""
    """`packed_score.packed` of all of it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Which content a file had when it was of this size and time; or, with a reason, why it has none."""

    path: bytes
    size: int
    mtime_ns: int
    content: bytes | None
    reason: str = ""


_values_of_understood = attrgetter(*(field.name for field in fields(Understood)))
_values_of_seen = attrgetter(*(field.name for field in fields(Seen)))
_COLUMNS = ", ".join(field.name for field in fields(Understood))
_PLACES = ", ".join("?" for _ in fields(Understood))


class DamagedCacheError(FileError):
    """The cache holds what we didn't write. Whoever gets this from `open_cache` finds it set aside."""

    def __init__(self) -> None:
        super().__init__(
            "The cache of read files was damaged, and is set aside.",
            hint="Import the folders of your collections again: they are read anew.",
        )


def cache_file(home: Path) -> Path:
    return home / "cache" / "files.sqlite"


@contextmanager
def open_cache(home: Path) -> Iterator[sqlite3.Connection]:
    """A connection of this thread to the cache, made if there is none.

    Damage, also such as shows only while it is used, sets the cache aside and raises DamagedCacheError: the next to open
    it begins a new one. Raises NewerError for one of a newer Ritornello, FileError when it can't be made or used.
    """
    path = cache_file(home)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(f"The folder ‘{path.parent}’ can't be made", error) from error
    before = _identity(path)
    try:
        with using_cache(home):
            _require_ordinary(path)
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            try:
                _prepare(connection, path)
                yield connection
            finally:
                connection.close()
    except DamagedCacheError:
        _set_aside(path, before or _identity(path))
        raise


def using_cache(home: Path) -> AbstractContextManager[None]:
    """SQLite's errors within are the cache's: DamagedCacheError, or FileError where there is no damage."""
    return translated("The cache of read files can't be used", cache_file(home), damaged=DamagedCacheError)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if is_newer(connection, _FORMAT):
        hint = "Update Ritornello. Or delete it: the files of your collections are then read anew."
        raise NewerError(f"The cache of read files, ‘{path}’,", hint=hint)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")  # a crash of the program loses nothing, one of the power a chunk
    connection.execute("PRAGMA cache_size = -3000")  # 3 MB, whatever the number of files
    connection.executescript(_SCHEMA)
    mark_format(connection, _FORMAT)
    for table, kind in (("content", Understood), ("file", Seen)):
        found = connection.execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608 -- names of our own
        if [name for name, *_ in found] != [field.name for field in fields(kind)]:
            raise DamagedCacheError  # of another version


def _require_ordinary(path: Path) -> None:
    """What is there and beside it must be files that may be read and written: SQLite can't tell, or would wait.

    Whoever closes the cache last takes the companions away, maybe just now: what is gone is no damage.
    """
    for one in (path, *(path.with_name(path.name + suffix) for suffix in COMPANIONS)):
        try:
            kind = one.lstat().st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(kind):
            kind = one.stat().st_mode if one.is_file() else 0
        is_open = os.access(one, os.R_OK | os.W_OK) or not os.path.lexists(one)
        if not (stat.S_ISREG(kind) and is_open):
            raise DamagedCacheError


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _set_aside(path: Path, which: tuple[int, int] | None) -> None:
    """Move a damaged cache out of the way, in the place of one that was moved before; unless another already did."""
    if _identity(path) != which:
        return
    aside = path.with_name(path.name + ".damaged")
    try:
        for suffix in ("", *COMPANIONS):
            former = aside.with_name(aside.name + suffix)
            if former.is_dir() and not former.is_symlink():
                shutil.rmtree(former)
            else:
                former.unlink(missing_ok=True)
        move(path, aside)
    except OSError as error:
        raise FileError(
            f"The cache of read files is damaged, and can't be moved: {error.strerror or error}.",
            hint=f"Delete ‘{path}’ and try again.",
        ) from error


def known(connection: sqlite3.Connection, contents: Sequence[bytes]) -> set[bytes]:
    """Those that this reader has understood before."""
    marks = ", ".join("?" * len(contents))
    rows = connection.execute(
        f"SELECT content FROM content WHERE reader = ? AND content IN ({marks})",  # noqa: S608 -- marks
        (READER, *contents),
    )
    return {content for (content,) in rows}


def keep(connection: sqlite3.Connection, seen: Iterable[Seen], understood: Iterable[Understood]) -> None:
    """Write down what files had and what it is; the caller commits."""
    connection.executemany(
        f"INSERT OR REPLACE INTO content ({_COLUMNS}) VALUES ({_PLACES})",  # noqa: S608 -- made of field names
        map(_values_of_understood, understood),
    )
    connection.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)", map(_values_of_seen, seen))


def score_of(connection: sqlite3.Connection, fingerprint: str) -> Score | None:
    """A score of the music with this fingerprint, the same one each time; None if the cache has none.

    What is stored but damaged is forgotten, so that it is read anew when its file comes in again.
    """
    rows = connection.execute(
        "SELECT content, score FROM content WHERE fingerprint = ? ORDER BY content", (fingerprint,)
    )
    for content, score in list(of_kinds(rows, bytes, bytes)):  # all first, for some may be deleted
        try:
            return unpacked(score)
        except (FileError, ValueError):
            connection.execute("DELETE FROM content WHERE content = ?", (content,))
    return None


def tallies_of(connection: sqlite3.Connection, fingerprints: Sequence[str], *, melody: bool) -> dict[str, bytes]:
    """The rows of counts of these pieces, as far as the cache has them."""
    column = "melody_tallies" if melody else "tallies"
    marks = ", ".join("?" * len(fingerprints))
    rows = connection.execute(
        f"SELECT fingerprint, {column} FROM content WHERE fingerprint IN ({marks})",  # noqa: S608 -- names and marks
        tuple(fingerprints),
    )
    return dict(of_kinds(rows, str, bytes))
