"""From dropped folders, files and zips to a corpus and a report of what became of each file.

Three steps, each in bounded memory however many files there are: walk (what is there, into a temporary table), read
(what the cache doesn't know yet, into the cache, chunk by chunk), conclude (verdicts and pieces, in SQL, into the
corpus file). Cancelled or killed, what was read stays read. The order of everything is that of the paths.
"""

import functools
import itertools
import os
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.corpus.cache import READER, DamagedCacheError, keep, known, open_cache, using_cache
from core.corpus.database import of_kinds
from core.corpus.pool import CHUNK, processes_for, read_in_processes
from core.corpus.reading import Batch, Reader, read_files
from core.corpus.report import (
    VERDICT_KINDS,
    ImportNotice,
    ImportProgress,
    ImportReport,
    NothingKeptError,
    verdict_of_row,
)
from core.corpus.rows import DamagedCorpusError, reading
from core.corpus.store import (
    INSERT_PIECE,
    PIECE_COLUMNS,
    PIECE_KINDS,
    Corpus,
    CorpusStore,
    PieceEntry,
    next_list,
    read_about,
    roots_key,
    row_of,
    write_about,
)
from core.corpus.walk import MEMBER, Found, is_zip, shown, walk
from core.errors import FileError
from core.music.midi_file import read_many
from core.tasks import Cancelled, Control

_REPORT_S = 0.05
_WALKED_AT_ONCE = 1000
_MOST_REPORTED = 5000
"""Verdicts in one report; SQLite takes some 32,000 parameters."""
_LARGE = 256 * 1024
"""Bytes. Reading a damaged file of more, which only the slow reader understands, may take longer than anyone waits."""
NOT_READ = "Not read: the import was stopped before"
_UNRESOLVED = "size >= 0 AND reason = '' AND content IS NULL"

# What was found, resolved once it has a content or a reason why it has none. A size of -1: from an earlier import.
_FOUND = """
CREATE TEMP TABLE found (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, reason TEXT NOT NULL,
    is_zip INTEGER NOT NULL, content BLOB, fingerprint TEXT
) WITHOUT ROWID;
CREATE INDEX temp.found_fingerprint ON found (fingerprint, path);
CREATE TEMP TABLE left_out (fingerprint TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE earlier (
    fingerprint TEXT PRIMARY KEY, title, source, notes, duration_s, key, metre, tempo, parts, polyphony, lines,
    melody_notes
) WITHOUT ROWID;
"""

_FIND = """
INSERT INTO temp.found (path, size, mtime_ns, reason, is_zip) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, reason = excluded.reason,
    is_zip = excluded.is_zip, content = NULL, fingerprint = NULL
"""

_RESOLVE_KNOWN = """
UPDATE temp.found SET content = known.content, reason = known.reason, fingerprint = known.fingerprint
FROM (
    SELECT file.path, file.size, file.mtime_ns, file.content, file.reason, content.fingerprint
    FROM temp.found AS asked JOIN main.file ON file.path = asked.path
    LEFT JOIN main.content ON content.content = file.content
    WHERE content.reader = ? OR file.reason != ''
) AS known
WHERE found.path = known.path AND found.size = known.size AND found.mtime_ns = known.mtime_ns AND found.reason = ''
"""

_RESOLVE_READ = """
UPDATE temp.found SET content = :content, reason = :reason,
    fingerprint = (SELECT fingerprint FROM main.content WHERE content.content = :content)
WHERE path = :path
"""

# Of files with the same music the first by path is kept.
_JUDGED = """
SELECT found.path,
    CASE WHEN found.reason || coalesce(content.reason, '') != '' THEN 'skipped'
        WHEN first != found.path THEN 'same' WHEN content.repairs != '' THEN 'repaired' ELSE 'kept' END AS verdict,
    CASE WHEN found.reason || coalesce(content.reason, '') != '' THEN found.reason || coalesce(content.reason, '')
        WHEN first != found.path THEN '' ELSE coalesce(content.repairs, '') END AS reason,
    CASE WHEN first != found.path THEN first ELSE x'' END AS of, coalesce(found.fingerprint, '') AS fingerprint,
    coalesce(content.notes, (SELECT notes FROM temp.earlier WHERE earlier.fingerprint = found.fingerprint), 0) AS notes,
    coalesce(content.key, (SELECT key FROM temp.earlier WHERE earlier.fingerprint = found.fingerprint), '') AS key,
    content.content AS content
FROM (
    SELECT *, (SELECT min(path) FROM temp.found AS other WHERE other.fingerprint = one.fingerprint) AS first
    FROM temp.found AS one {where}
) AS found LEFT JOIN main.content ON content.content = found.content
"""
_VERDICTS = f"SELECT path, verdict, reason, of, fingerprint, notes, key FROM ({_JUDGED}) ORDER BY path"  # noqa: S608 -- our own
_LEARNT = "judged.verdict IN ('kept', 'repaired') AND judged.fingerprint NOT IN (SELECT fingerprint FROM temp.left_out)"
_PIECES = f"""
SELECT judged.path, content.fingerprint, content.notes, content.duration_s, content.key, content.metre, content.tempo,
    content.parts, content.polyphony, content.lines, content.melody_notes,
    EXISTS (SELECT 1 FROM main.content AS found WHERE found.fingerprint = content.fingerprint)
FROM ({_JUDGED.format(where="")}) AS judged JOIN main.content ON content.content = judged.content
WHERE {_LEARNT}
"""  # noqa: S608 -- our own
# Pieces of the corpus that is added to, of which the cache has lost the music: they stay pieces.
_PIECES_OF_BEFORE = f"""
SELECT judged.path, earlier.fingerprint, earlier.notes, duration_s, earlier.key, metre, tempo, parts, polyphony, lines,
    melody_notes, 1
FROM temp.earlier AS earlier CROSS JOIN ({_JUDGED.format(where="")}) AS judged ON judged.fingerprint = earlier.fingerprint
WHERE judged.content IS NULL AND {_LEARNT}
"""  # noqa: S608 -- our own
_KINDS_OF_PIECES = (PIECE_KINDS[0], *PIECE_KINDS[3:])


def import_paths(
    paths: Sequence[Path],
    control: Control,
    *,
    home: Path,
    name: str = "",
    add_to: str = "",
    reader: Reader = read_many,
    processes: int | None = None,
) -> tuple[Corpus, ImportReport]:
    """Make a corpus of all the music in folders (to the bottom), files and zips.

    The same paths under the same name renew the corpus they made before. name: "" = that of the first path. add_to:
    the id of a corpus that they are added to instead. reader: from bytes to music; processes: how many read, None = as
    many as are worth it, 0 = none but this.
    Reports ImportProgress. Raises Cancelled, with everything read so far kept in the cache; FileError if there is
    nothing there to read, NothingKeptError if none of it can teach: then no corpus is made or changed. `control.stop` makes the corpus of what has been read.
    """
    began = time.monotonic()
    if not paths:
        raise FileError("No files or folders were named.")
    _require_there(paths)
    store = CorpusStore(home)
    earlier = store.load(add_to) if add_to else None

    def made() -> str:
        with open_cache(home) as cache, _interruptible(cache, control):
            work = _Import(cache, control, home)
            if earlier:
                work.take_up(store.file(earlier.id), earlier.pieces)
            work.walk(paths)
            if not work.total:
                raise FileError(
                    f"There are no MIDI files in ‘{_name_of(paths)}’.",
                    hint="Files that end in .mid, .midi, .smf, .kar, .rmi or .zip can be read.",
                )
            work.read(reader, processes)
            return _conclude(work, store, paths, earlier=earlier, name=name.strip(), began=began)

    try:
        corpus_id = made()
    except DamagedCacheError as error:
        control.report(ImportNotice(error.sentence, error.hint))
        corpus_id = made()
    return store.load(corpus_id), store.report_of(corpus_id)


def _require_there(paths: Sequence[Path]) -> None:
    if not any(os.path.exists(path) for path in paths):  # noqa: PTH110 -- Path's raises at a closed folder
        raise FileError(f"‘{paths[0]}’ is not there, or its folder is closed to you.", hint="Check the path.")


def _name_of(paths: Sequence[Path]) -> str:
    """What the corpus of these paths is called if nobody says otherwise."""
    there = (path for path in paths if os.path.exists(path))  # noqa: PTH110 -- Path's raises at a closed folder
    first = next(there, paths[0]).absolute()
    name = (first.name if os.path.isdir(first) else first.stem) or "Pieces"  # noqa: PTH112 -- as above
    return shown(os.fsencode(name))


@contextmanager
def _interruptible(cache: sqlite3.Connection, control: Control) -> Iterator[None]:
    """Long queries end when the control cancels; what SQLite says about it becomes Cancelled."""
    cache.set_progress_handler(lambda: int(control.cancelled), 20_000)
    try:
        yield
    except sqlite3.OperationalError:
        if control.cancelled:
            raise Cancelled from None
        raise
    finally:
        cache.set_progress_handler(None, 0)


class _Import:
    """One import on its way, on the cache's connection."""

    def __init__(self, cache: sqlite3.Connection, control: Control, home: Path) -> None:
        self.cache = cache
        self.total = 0
        """Files found, but those of earlier imports."""
        self._control = control
        self._home = home
        self._done = 0
        self._unreported: list[bytes] = []
        self._reported_at = 0.0
        cache.executescript(_FOUND)

    def take_up(self, corpus: Path, pieces: Iterable[PieceEntry]) -> None:
        """Count the files and pieces of an earlier import as found, as they were then.

        Its file is read by itself: what is wrong with it must not be laid to the cache.
        """
        self.cache.execute("BEGIN")
        for path, verdict, reason, _of, fingerprint, *_ in _verdicts_in(corpus):
            is_skipped = verdict == "skipped"
            self.cache.execute(
                "INSERT OR IGNORE INTO temp.found VALUES (?, -1, -1, ?, 0, NULL, nullif(?, ''))",
                (path, reason if is_skipped else "", fingerprint),
            )
            if not is_skipped:
                self.cache.execute("INSERT OR IGNORE INTO temp.left_out VALUES (?)", (fingerprint,))
        self.cache.executemany(
            f"INSERT OR IGNORE INTO temp.earlier ({PIECE_COLUMNS}) VALUES ({', '.join('?' * 12)})",  # noqa: S608 -- names
            map(row_of, pieces),
        )
        self.cache.execute(
            "INSERT OR IGNORE INTO temp.found SELECT CAST(source AS BLOB), -1, -1, '', 0, NULL, fingerprint"
            " FROM temp.earlier WHERE fingerprint NOT IN (SELECT fingerprint FROM temp.left_out)"
        )
        self.cache.execute("DELETE FROM temp.left_out WHERE fingerprint IN (SELECT fingerprint FROM temp.earlier)")
        self.cache.execute(
            "UPDATE temp.found SET content = (SELECT min(content) FROM main.content"
            " WHERE content.fingerprint = found.fingerprint) WHERE fingerprint IS NOT NULL"
        )
        self.cache.execute("COMMIT")

    def walk(self, paths: Sequence[Path]) -> None:
        """Find what there is, and what of it the cache knows."""
        looked_into: list[Found] = []
        found = walk(paths, listed=lambda archive: self._listed(archive, looked_into))
        self.cache.execute("BEGIN")
        while some := list(itertools.islice(found, _WALKED_AT_ONCE)):
            self._control.checkpoint()
            files = [item for item in some if item is not None]
            rows = ((item.path, item.size, item.mtime_ns, item.reason, is_zip(item.path)) for item in files)
            self.cache.executemany(_FIND, rows)
            if files and self._is_time():
                self._control.report(ImportProgress(0, 0, _short(files[-1].path)))
        for archive in looked_into:
            self._keep_listing(archive)
        self.cache.execute("DELETE FROM temp.found WHERE is_zip AND reason = ''")
        self.cache.execute(_RESOLVE_KNOWN, (READER,))
        self.cache.execute("COMMIT")
        self.total = self._count("size >= 0")
        self._done = self.total - self._count(_UNRESOLVED)

    def _listed(self, archive: Found, looked_into: list[Found]) -> Sequence[Found] | None:
        """What a zip held when it was last looked into, if it is unchanged."""
        row = self.cache.execute(
            "SELECT size, mtime_ns, reason FROM main.file WHERE path = ?", (archive.path,)
        ).fetchone()
        if row is None or row[:2] != (archive.size, archive.mtime_ns):
            looked_into.append(archive)
            return None
        if row[2]:
            return (replace(archive, reason=row[2]),)
        members = self.cache.execute("SELECT path FROM main.file WHERE path > ? AND path < ?", _inside(archive.path))
        return tuple(replace(archive, path=path) for (path,) in of_kinds(members, bytes))

    def _keep_listing(self, archive: Found) -> None:
        """Remember what a zip holds, so that an unchanged one is never opened again."""
        inside = _inside(archive.path)
        self.cache.execute("DELETE FROM main.file WHERE path > ? AND path < ?", inside)
        self.cache.execute(
            "INSERT OR REPLACE INTO main.file SELECT path, size, mtime_ns, NULL, reason FROM temp.found"
            " WHERE path = ? OR (path > ? AND path < ?)",
            (archive.path, *inside),
        )

    def read(self, reader: Reader, processes: int | None) -> None:
        """Read what the cache doesn't know."""
        left = self.total - self._done
        self._report(b"")
        if left:
            number = self._worthwhile(left) if processes is None else processes
            with closing(self._batches(reader, number)) as batches:
                for batch in batches:
                    self._keep(batch)
        self._control.checkpoint()
        self.cache.execute(f"UPDATE temp.found SET reason = ? WHERE {_UNRESOLVED}", (NOT_READ,))  # noqa: S608 -- our own
        # What was left out stays so, unless it was brought in again.
        self.cache.execute(
            "DELETE FROM temp.left_out WHERE fingerprint IN (SELECT fingerprint FROM temp.found WHERE size >= 0)"
        )

    def _worthwhile(self, files: int) -> int:
        """How many processes to read with. A large file is read by one of its own, which can be ended in its midst."""
        (largest,) = self.cache.execute(f"SELECT max(size) FROM temp.found WHERE {_UNRESOLVED}").fetchone()  # noqa: S608 -- our own
        return max(processes_for(files), int(largest > _LARGE))

    def _batches(self, reader: Reader, processes: int) -> Generator[Batch]:
        if processes:
            yield from read_in_processes(
                self._chunks(), self._control, home=self._home, reader=reader, processes=processes
            )
            return
        for chunk in self._chunks():
            yield from read_files(
                chunk,
                knows=lambda contents: known(self.cache, contents),
                reader=reader,
                # Cancelled in mid-chunk, what was read of it is still handed over and kept.
                going=lambda: not (self._control.cancelled or self._control.stopping),
            )
            if self._control.stopping:
                return
            self._control.checkpoint()

    def _chunks(self) -> Iterator[Sequence[Found]]:
        last = b""
        while True:
            rows = self.cache.execute(
                f"SELECT path, size, mtime_ns FROM temp.found WHERE {_UNRESOLVED} AND path > ? ORDER BY path LIMIT ?",  # noqa: S608 -- our own
                (last, CHUNK),
            ).fetchall()
            if not rows:
                return
            yield tuple(Found(*row) for row in rows)
            last = rows[-1][0]

    def _keep(self, batch: Batch) -> None:
        self.cache.execute("BEGIN IMMEDIATE")
        keep(self.cache, (seen for seen in batch.seen if seen.size >= 0), batch.understood)
        self.cache.executemany(
            _RESOLVE_READ,
            ({"path": seen.path, "content": seen.content, "reason": seen.reason} for seen in batch.seen),
        )
        self.cache.execute("COMMIT")
        self._done += len(batch.seen)
        self._unreported += (seen.path for seen in batch.seen)
        if self._is_time() or len(self._unreported) > _MOST_REPORTED or self._done == self.total:
            self._report(batch.seen[-1].path)

    def _is_time(self) -> bool:
        now = time.monotonic()
        is_time = now - self._reported_at > _REPORT_S
        if is_time:
            self._reported_at = now
        return is_time

    def _report(self, last: bytes) -> None:
        marks = ", ".join("?" * len(self._unreported))
        rows = self.cache.execute(_VERDICTS.format(where=f"WHERE path IN ({marks})"), self._unreported)
        verdicts = tuple(map(verdict_of_row, rows))
        self._unreported.clear()
        self._control.report(ImportProgress(self._done, self.total, _short(last), verdicts))

    def verdicts(self) -> Iterator[tuple[Any, ...]]:
        """Of all files by path: rows of path, verdict, reason, of, fingerprint, notes, key."""
        with using_cache(self._home):
            yield from of_kinds(self._listening(self.cache.execute(_VERDICTS.format(where=""))), *VERDICT_KINDS)

    def pieces(self) -> Iterator[tuple[Any, ...]]:
        """What can be learnt, by path: rows of the columns of a piece."""
        with using_cache(self._home):
            rows = self._listening(self.cache.execute(f"{_PIECES} UNION ALL {_PIECES_OF_BEFORE} ORDER BY 1"))
            for path, fingerprint, *rest, is_found in of_kinds(rows, bytes, *_KINDS_OF_PIECES, int):
                if not is_found:
                    raise DamagedCacheError
                yield (fingerprint, _title(path), shown(path), *rest)

    def _listening(self, rows: Iterable[tuple[Any, ...]]) -> Generator[tuple[Any, ...]]:
        for number, row in enumerate(rows):
            if number % 1000 == 0:
                self._control.checkpoint()
            yield row

    def _count(self, where: str) -> int:
        return int(self.cache.execute(f"SELECT count(*) FROM temp.found WHERE {where}").fetchone()[0])  # noqa: S608 -- our own


def _inside(archive: bytes) -> tuple[bytes, bytes]:
    """Bounds, both exclusive, between which the paths of a zip's members lie."""
    return archive + MEMBER, archive + b"\x01"


def _short(path: bytes) -> str:
    return Path(shown(path)).name


def _title(path: bytes) -> str:
    """What a piece is called: its file's name, as people write names."""
    return " ".join(Path(shown(path)).stem.replace("_", " ").split()) or "Untitled"


def _conclude(
    work: _Import, store: CorpusStore, paths: Sequence[Path], *, earlier: Corpus | None, name: str, began: float
) -> str:
    """Write verdicts and pieces into the corpus's file, all at once or not at all; its id."""
    roots = roots_key(paths)
    renewed = earlier or store.made_of(roots, name)
    named = renewed.name if renewed else store.new_name(name or _name_of(paths))
    corpus_id = renewed.id if renewed else store.new_id(named)
    write = functools.partial(
        _write, work, store, corpus_id, roots=roots, name=named, renewed=renewed, is_added=bool(earlier), began=began
    )
    try:
        write()
    except DamagedCorpusError:
        if renewed is None:
            raise
        store.delete(corpus_id)  # all that it held was found again
        write()
    return corpus_id


def _write(
    work: _Import,
    store: CorpusStore,
    corpus_id: str,
    *,
    roots: str,
    name: str,
    renewed: Corpus | None,
    is_added: bool,
    began: float,
) -> None:
    with store.writing(corpus_id) as connection:
        about = read_about(connection)
        number = next_list(connection)
        connection.execute("DELETE FROM verdict")
        connection.executemany(
            "INSERT INTO verdict VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((position, *row) for position, row in enumerate(work.verdicts())),
        )
        if not connection.execute("SELECT 1 FROM verdict WHERE verdict IN ('kept', 'repaired')").fetchone():
            raise NothingKeptError(ImportReport(tuple(map(verdict_of_row, work.verdicts())), time.monotonic() - began))
        connection.executemany(INSERT_PIECE, ((number, position, *row) for position, row in enumerate(work.pieces())))
        melodic, pieces = connection.execute(
            "SELECT coalesce(sum(lines = 'melody'), 0), count(*) FROM piece WHERE list = ?", (number,)
        ).fetchone()
        entries = {
            "name": name,
            "lines": renewed.lines
            if renewed and not renewed.damage
            else ("melody" if 2 * melodic >= pieces else "all"),
            "created": about.get("created", datetime.now(UTC).isoformat(timespec="seconds")),
            "list": str(number),
            "roots": about.get("roots", roots) if is_added else roots,
            "elapsed_s": str(time.monotonic() - began),
        }
        write_about(connection, entries)


def _verdicts_in(corpus: Path) -> Iterator[tuple[Any, ...]]:
    with reading(corpus) as connection:
        rows = connection.execute("SELECT path, verdict, reason, of, fingerprint, notes, key FROM verdict")
        yield from of_kinds(rows, *VERDICT_KINDS)
