"""The corpora on disk: one SQLite file each, under `corpora` of the user folder; their music lies in the cache.

A corpus file holds what the corpus is called, its pieces and what became of each file that came in. Lists of pieces
and of verdicts are read as they are looked at. A list once written isn't changed: leaving pieces out writes a new one,
so that a Corpus in hand stays what it was.
"""

import itertools
import json
import re
import sqlite3
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from core.corpus.cache import open_cache, score_of, translated
from core.corpus.melody import melody_line
from core.corpus.report import ImportReport, verdict_of_row
from core.corpus.rows import Rows, connected
from core.errors import FileError
from core.music.score import Part, Score

Lines = Literal["melody", "all"]
"""What is learnt of each piece: its melody, or all notes."""

_KEPT_LISTS = 10
"""Earlier lists of pieces kept for taking a leaving-out back."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdict (
    position INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, verdict TEXT NOT NULL, reason TEXT NOT NULL,
    of BLOB NOT NULL, fingerprint TEXT NOT NULL, notes INTEGER NOT NULL, key TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS verdict_verdict ON verdict (verdict, position);
CREATE TABLE IF NOT EXISTS piece (
    list INTEGER NOT NULL, position INTEGER NOT NULL, fingerprint TEXT NOT NULL, title TEXT NOT NULL,
    source TEXT NOT NULL, notes INTEGER NOT NULL, duration_s REAL NOT NULL, key TEXT NOT NULL, metre TEXT NOT NULL,
    tempo REAL, parts INTEGER NOT NULL, polyphony REAL NOT NULL, lines TEXT NOT NULL, melody_notes INTEGER NOT NULL,
    PRIMARY KEY (list, position)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class PieceEntry:
    """One piece of a corpus: what is shown in lists, without its notes."""

    fingerprint: str
    """Hash of the music."""
    title: str
    source: str
    """Path of the file it came from; of a zip's member, that of the zip, a slash and the member's name."""
    notes: int
    """Of all parts but drums."""
    duration_s: float
    key: str
    """As guessed from the notes: "D minor"."""
    metre: str
    """At the start: "3/4"."""
    tempo: float | None
    """Quarters a minute at the first note; None where the file names none."""
    parts: int
    """With notes, but drums."""
    polyphony: float
    """Notes at once, on average while any sound."""
    lines_default: Lines
    """What is best learnt of it by itself."""
    melody_notes: int = 0


PIECE_COLUMNS = (
    "fingerprint, title, source, notes, duration_s, key, metre, tempo, parts, polyphony, lines, melody_notes"
)
INSERT_PIECE = f"INSERT INTO piece (list, position, {PIECE_COLUMNS}) VALUES ({', '.join('?' * 14)})"  # noqa: S608 -- names


def _entry(row: tuple[Any, ...]) -> PieceEntry:
    return PieceEntry(*row)


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that a model learns from: pieces in the order of their files' paths, and what is learnt of each."""

    id: str
    name: str
    lines: Lines
    pieces: Sequence[PieceEntry]
    """Read from disk as they are looked at."""
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    """ISO 8601, UTC."""

    @property
    def note_count(self) -> int:
        """Notes that are learnt, by `lines`."""
        column = "melody_notes" if self.lines == "melody" else "notes"
        if isinstance(self.pieces, Rows):
            return self.pieces.total(column)
        return sum(getattr(piece, column) for piece in self.pieces)


class CorpusStore:
    """The corpora of one user folder. Methods raise FileError when a corpus is missing or can't be read or written."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def home(self) -> Path:
        return self._home

    @property
    def _folder(self) -> Path:
        return self._home / "corpora"

    @property
    def _trash(self) -> Path:
        return self._home / "trash" / "corpora"

    def list(self) -> tuple[Corpus, ...]:
        """All corpora by name; those that can't be read are left out."""
        found = []
        for path in sorted(self._folder.glob("*.sqlite")) if self._folder.is_dir() else []:
            try:
                found.append(self._read(path))
            except FileError:
                continue
        return tuple(sorted(found, key=lambda corpus: (corpus.name.casefold(), corpus.id)))

    def load(self, id_or_name: str) -> Corpus:
        """The corpus of this id or, if there is none, of this name, also in other letter case."""
        corpora = self.list()
        for corpus in corpora:
            if corpus.id == id_or_name:
                return corpus
        for corpus in corpora:
            if corpus.name.casefold() == id_or_name.casefold():
                return corpus
        known = ", ".join(f"‘{corpus.name}’" for corpus in corpora[:8])
        raise FileError(
            f"There is no corpus ‘{id_or_name}’.", hint=f"There are: {known}." if known else "Import a folder first."
        )

    def save(self, corpus: Corpus) -> None:
        """Keep a corpus as it is now; made if there is none of its id."""
        with self.writing(corpus.id) as connection:
            pieces = corpus.pieces
            if not (isinstance(pieces, PieceRows) and pieces.path == self.file(corpus.id)):
                number = next_list(connection)
                connection.executemany(
                    INSERT_PIECE,
                    ((number, position, *_row(entry)) for position, entry in enumerate(pieces)),
                )
            else:
                number = pieces.list
            write_about(
                connection,
                {"name": corpus.name, "lines": corpus.lines, "created": corpus.created, "list": str(number)},
            )

    def rename(self, corpus_id: str, name: str) -> Corpus:
        """Give a corpus another name; its id stays."""
        corpus = replace(self.load(corpus_id), name=name.strip() or "Pieces")
        self.save(corpus)
        return corpus

    def delete(self, corpus_id: str) -> None:
        """Put a corpus into the trash of the user folder; `restore` takes it back."""
        path = self.file(self.load(corpus_id).id)
        try:
            self._trash.mkdir(parents=True, exist_ok=True)
            path.replace(self._trash / path.name)
        except OSError as error:
            raise FileError(f"The corpus ‘{corpus_id}’ can't be deleted: {error.strerror or error}.") from error

    def restore(self, corpus_id: str) -> Corpus:
        """Take a deleted corpus back out of the trash."""
        path = self._trash / f"{corpus_id}.sqlite"
        try:
            path.replace(self.file(corpus_id))
        except OSError as error:
            raise FileError(f"The corpus ‘{corpus_id}’ is no longer in the trash.") from error
        return self.load(corpus_id)

    def with_lines(self, corpus: Corpus, lines: Lines) -> Corpus:
        """The corpus, learnt by its melodies or all notes; kept on disk."""
        changed = replace(corpus, lines=lines)
        self.save(changed)
        return changed

    def without(self, corpus: Corpus, fingerprints: Collection[str]) -> Corpus:
        """The corpus with these pieces left out; kept on disk. Saving the corpus given takes it back."""
        self.save(corpus)
        with self.writing(corpus.id) as connection:
            number, before = next_list(connection), read_about(connection)["list"]
            connection.execute("CREATE TEMP TABLE left_out (fingerprint TEXT PRIMARY KEY) WITHOUT ROWID")
            connection.executemany("INSERT OR IGNORE INTO left_out VALUES (?)", ((item,) for item in fingerprints))
            connection.execute(
                f"INSERT INTO piece (list, position, {PIECE_COLUMNS})"  # noqa: S608 -- column names
                f" SELECT ?, row_number() OVER (ORDER BY position) - 1, {PIECE_COLUMNS} FROM piece"
                " WHERE list = ? AND fingerprint NOT IN (SELECT fingerprint FROM left_out)",
                (number, before),
            )
            connection.execute("DELETE FROM piece WHERE list < ?", (number - _KEPT_LISTS,))
            write_about(connection, {"list": str(number)})
        return self._read(self.file(corpus.id))

    def score_of(self, fingerprint: str) -> Score:
        """The whole music of a piece, with all its parts."""
        with translated("The cache of read files can't be read"), closing(open_cache(self._home)) as cache:
            return _score(cache, fingerprint, fingerprint)

    def learnable_scores(self, corpus: Corpus) -> Iterator[tuple[PieceEntry, Score]]:
        """Each piece with what is learnt of it: a score of one part, the melody or all notes but drums; one at a time."""
        with translated("The cache of read files can't be read"), closing(open_cache(self._home)) as cache:
            for entry in corpus.pieces:
                yield entry, learnable(_score(cache, entry.fingerprint, entry.title), corpus.lines)

    def report_of(self, corpus_id: str) -> ImportReport:
        """What became of each file when the corpus was imported; empty for one that was put together otherwise."""
        path = self.file(self.load(corpus_id).id)
        with translated(f"‘{path.stem}’ can't be read"), closing(connected(path)) as connection:
            elapsed_s = float(read_about(connection).get("elapsed_s", "0"))
        verdicts = Rows(
            path, table="verdict", columns="path, verdict, reason, of, fingerprint, notes, key", make=verdict_of_row
        )
        return ImportReport(verdicts, elapsed_s)

    def made_of(self, roots: str, name: str) -> Corpus | None:
        """The corpus that was imported from these roots; with a name, only one that is called so."""
        for corpus in self.list():
            with closing(connected(self.file(corpus.id))) as connection:
                is_theirs = read_about(connection).get("roots") == roots
            if is_theirs and name in ("", corpus.name):
                return corpus
        return None

    def new_name(self, name: str) -> str:
        """The name, with a number if another corpus has it."""
        taken = {corpus.name.casefold() for corpus in self.list()}
        numbered = (name if number == 1 else f"{name} {number}" for number in itertools.count(1))
        return next(candidate for candidate in numbered if candidate.casefold() not in taken)

    def new_id(self, name: str) -> str:
        """An id that no corpus has, made of a name."""
        plain = unicodedata.normalize("NFKC", name).casefold()
        slug = re.sub(r"[\W_]+", "-", plain).strip("-")[:40] or "pieces"
        number, found = 1, slug
        while self.file(found).exists():
            number += 1
            found = f"{slug}-{number}"
        return found

    def file(self, corpus_id: str) -> Path:
        return self._folder / f"{corpus_id}.sqlite"

    @contextmanager
    def writing(self, corpus_id: str) -> Iterator[sqlite3.Connection]:
        """A connection to a corpus file in one transaction, which an error takes back. Raises FileError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"The folder ‘{self._folder}’ can't be made: {error.strerror or error}.") from error
        with translated(f"The corpus ‘{corpus_id}’ was not saved"):
            path = self.file(corpus_id)
            is_new = not path.exists()
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            try:
                connection.executescript(SCHEMA)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
                is_new = False
            finally:
                connection.close()  # what isn't committed is taken back
                if is_new:
                    path.unlink(missing_ok=True)

    def _read(self, path: Path) -> Corpus:
        with translated(f"‘{path.stem}’ can't be read"), closing(connected(path)) as connection:
            about = read_about(connection)
        if "list" not in about:
            raise FileError(f"‘{path.stem}’ holds no corpus.")
        lines: Lines = "melody" if about.get("lines") == "melody" else "all"
        pieces = PieceRows(path, int(about["list"]))
        return Corpus(path.stem, about.get("name", path.stem), lines, pieces, about.get("created", ""))


class PieceRows(Rows[PieceEntry]):
    """One list of pieces of a corpus file."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(
            path, table="piece", columns=PIECE_COLUMNS, make=_entry, where="list = ?", parameters=(number,)
        )
        self.list = number


def learnable(score: Score, lines: Lines) -> Score:
    """What is learnt of a piece, as a score of one part with the piece's tempo, metre and keys."""
    part = melody_line(score) if lines == "melody" else None
    if part is None:
        pitched = [part for part in score.parts if not part.is_drums and part.notes]
        program = pitched[0].program if pitched else 0
        name = pitched[0].name if len(pitched) == 1 else ""
        part = Part.of((note for part in pitched for note in part.notes), name=name, program=program)
    return replace(score, parts=(part,), lyrics=(), markers=())


def _score(cache: sqlite3.Connection, fingerprint: str, name: str) -> Score:
    columns = score_of(cache, fingerprint)
    if columns is None:
        raise FileError(f"The music of ‘{name}’ is no longer in the cache.", hint="Import its folder again.")
    return columns.to_score()


def _row(entry: PieceEntry) -> tuple[object, ...]:
    return (
        entry.fingerprint,
        entry.title,
        entry.source,
        entry.notes,
        entry.duration_s,
        entry.key,
        entry.metre,
        entry.tempo,
        entry.parts,
        entry.polyphony,
        entry.lines_default,
        entry.melody_notes,
    )


def next_list(connection: sqlite3.Connection) -> int:
    """A number that no list of pieces of this file has had."""
    number = int(read_about(connection).get("lists", "0")) + 1
    write_about(connection, {"lists": str(number)})
    return number


def read_about(connection: sqlite3.Connection, *, schema: str = "main") -> dict[str, str]:
    return dict(connection.execute(f"SELECT name, value FROM {schema}.about"))  # noqa: S608 -- a name of our own


def write_about(connection: sqlite3.Connection, entries: dict[str, str]) -> None:
    connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", entries.items())


def roots_key(paths: Sequence[Path]) -> str:
    """What was imported, to know the same folder when it comes again."""
    return json.dumps(sorted({str(path.absolute()) for path in paths}))
