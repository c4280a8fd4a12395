"""Everything ever read, in one SQLite file, so that it is read once: by content, and which file had which.

A file is known by (path, size, time of change) and then not even opened; a content by its hash, under whatever name it
comes. What was written in one transaction survives a crash of the program. A newer reader ignores what an older one
understood. Many may read while one writes.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

from core.errors import FileError
from core.music.columns import ScoreColumns

READER = 1
"""Raise it whenever reading or judging a file gives something else than before: what older readers cached is then read anew."""

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
    """`ScoreColumns.to_bytes` of all of it."""


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


@contextmanager
def translated(what: str) -> Iterator[None]:
    """SQLite's errors as a FileError whose sentence begins with `what`; an interruption passes."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise
        is_full = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
        why = "the disk is full" if is_full else str(error)
        hint = "Free some space and try again." if is_full else ""
        raise FileError(f"{what}: {why}.", hint=hint) from error


def cache_file(home: Path) -> Path:
    return home / "cache" / "files.sqlite"


def open_cache(home: Path) -> sqlite3.Connection:
    """A connection of this thread to the cache, made if there is none. A damaged cache is set aside and begun anew.

    Raises FileError when it can't be made.
    """
    path = cache_file(home)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"The folder ‘{path.parent}’ can't be made: {error.strerror or error}.") from error
    with translated("The cache of read files can't be opened"):
        try:
            return _connected(path)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                raise
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "PRAGMA synchronous = NORMAL"
        )  # a crash of the program loses nothing, one of the power a chunk
        connection.execute("PRAGMA cache_size = -3000")  # 3 MB, whatever the number of files
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


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


def score_of(connection: sqlite3.Connection, fingerprint: str) -> ScoreColumns | None:
    """A score of the music with this fingerprint, the same one each time; None if the cache has none."""
    row = connection.execute(
        "SELECT score FROM content WHERE fingerprint = ? ORDER BY content LIMIT 1", (fingerprint,)
    ).fetchone()
    return ScoreColumns.from_bytes(row[0]) if row else None


def tallies_of(connection: sqlite3.Connection, fingerprints: Sequence[str], *, melody: bool) -> dict[str, bytes]:
    """The rows of counts of these pieces, as far as the cache has them."""
    column = "melody_tallies" if melody else "tallies"
    marks = ", ".join("?" * len(fingerprints))
    rows = connection.execute(
        f"SELECT fingerprint, {column} FROM content WHERE fingerprint IN ({marks})",  # noqa: S608 -- names and marks
        tuple(fingerprints),
    )
    return dict(rows)
