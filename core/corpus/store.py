"""The corpora on disk: one SQLite file each, under `corpora` of the user folder; their music lies in the cache.

A corpus file holds what the corpus is called, its pieces and what became of each file that came in. Lists of pieces
and of verdicts are read as they are looked at. A list once written isn't changed: leaving pieces out writes a new one,
so that a Corpus in hand stays what it was.
"""

import itertools
import json
import os
import re
import sqlite3
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from core import paths
from core.corpus.cache import open_cache, score_of
from core.corpus.database import is_newer, mark_format, move, of_kinds, require_sound, translated
from core.corpus.melody import melody_line
from core.corpus.report import VERDICT_KINDS, ImportReport, verdict_of_row
from core.corpus.rows import FORMAT, DamagedCorpusError, Rows, reading
from core.errors import FileError, NewerError
from core.files import not_written
from core.music.score import Notes, Part, Score
from core.trash import Trash, id_of

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
PIECE_KINDS = (str, str, str, int, float, str, str, (float, type(None)), int, float, str, int)
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
    damage: str = ""
    """Why its file can't be read, in a sentence; such a corpus has no pieces, and is good for nothing but deleting."""
    is_newer: bool = False
    """It can't be read because a newer Ritornello made it."""

    @property
    def note_count(self) -> int:
        """Notes that are learnt, by `lines`."""
        column = "melody_notes" if self.lines == "melody" else "notes"
        if isinstance(self.pieces, Rows):
            return self.pieces.total(column)
        return sum(getattr(piece, column) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class TrashedCorpus:
    """A corpus that was deleted and can still come back."""

    corpus: Corpus
    """As it was; its pieces can be looked at where they lie now."""
    path: Path
    """Where it lies now."""


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

    def list(self) -> tuple[Corpus, ...]:
        """All corpora by name, also those that can't be read: they say why."""
        files = sorted(self._folder.glob("*.sqlite")) if self._folder.is_dir() else []
        return tuple(sorted(map(self._told, files), key=lambda corpus: (corpus.name.casefold(), corpus.id)))

    def find(self, id_or_name: str) -> Corpus:
        """The corpus of this id or, if there is none, of this name, also in other letter case; it may be damaged."""
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

    def load(self, id_or_name: str) -> Corpus:
        """What `find` finds, if it can be read."""
        found = self.find(id_or_name)
        return self._read(self.file(found.id)) if found.damage else found

    def save(self, corpus: Corpus) -> None:
        """Keep a corpus as it is now; made if there is none of its id."""
        if corpus.is_newer:
            raise NewerError(f"The corpus ‘{corpus.name}’")
        if corpus.damage:
            raise DamagedCorpusError(corpus.name)
        with self.writing(corpus.id) as connection:
            pieces = corpus.pieces
            if not (isinstance(pieces, PieceRows) and pieces.path == self.file(corpus.id)):
                number = next_list(connection)
                connection.executemany(
                    INSERT_PIECE,
                    ((number, position, *row_of(entry)) for position, entry in enumerate(pieces)),
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

    def delete(self, id_or_name: str) -> TrashedCorpus:
        """Put a corpus, be it damaged, into the trash of the user folder."""
        corpus = self.find(id_or_name)
        path = self.file(corpus.id)
        try:
            place = Trash(self._home).put(path, "corpora", move=move)
        except OSError as error:
            raise not_written(f"The corpus ‘{corpus.name}’ can't be deleted", error) from error
        return TrashedCorpus(replace(self._told(place, corpus.id), name=corpus.name), place)

    def trashed(self) -> tuple[TrashedCorpus, ...]:
        """What can come back, the last deleted first."""
        places = Trash(self._home).places("corpora", ".sqlite")
        return tuple(TrashedCorpus(self._told(place, id_of(place)), place) for place in places)

    def find_trashed(self, reference: str) -> TrashedCorpus:
        """The deleted corpus of this name in the trash, id or name; of several the last deleted."""
        every = self.trashed()
        wanted = reference.casefold()
        for item in every:
            if item.path.stem == reference:
                return item
        for item in every:
            if wanted in (item.corpus.id.casefold(), item.corpus.name.casefold()):
                return item
        known = ", ".join(f"‘{item.path.stem}’" for item in every[:8])
        raise FileError(f"There is no corpus ‘{reference}’ in the trash.", hint=f"There are: {known}." if known else "")

    def restore(self, trashed: TrashedCorpus) -> Corpus:
        """Take a deleted corpus back, under a free name where another has its own by now."""
        was = trashed.corpus
        name = self.new_name(was.name)
        corpus_id = was.id if not os.path.lexists(self.file(was.id)) else self.new_id(name)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            move(trashed.path, self.file(corpus_id))
        except OSError as error:
            why = "it is no longer in the trash" if isinstance(error, FileNotFoundError) else error.strerror or error
            raise FileError(f"The corpus ‘{was.name}’ can't be brought back: {why}.") from error
        back = self._told(self.file(corpus_id))
        return back if back.damage or back.name == name else self.rename(corpus_id, name)

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
        with open_cache(self._home) as cache:
            return _score(cache, fingerprint, "this piece")

    def learnable_scores(self, corpus: Corpus) -> Iterator[tuple[PieceEntry, Score]]:
        """Each piece with what is learnt of it: a score of one part, the melody or all notes but drums; one at a time."""
        with open_cache(self._home) as cache:
            for entry in corpus.pieces:
                yield entry, learnable(_score(cache, entry.fingerprint, f"‘{entry.title}’"), corpus.lines)

    def report_of(self, corpus_id: str) -> ImportReport:
        """What became of each file when the corpus was imported; empty for one that was put together otherwise."""
        path = self.file(self.load(corpus_id).id)
        elapsed_s = 0.0
        with reading(path) as connection, suppress(ValueError):
            elapsed_s = float(read_about(connection).get("elapsed_s", "0"))
        verdicts = Rows(
            path,
            table="verdict",
            columns="path, verdict, reason, of, fingerprint, notes, key",
            kinds=VERDICT_KINDS,
            make=verdict_of_row,
        )
        return ImportReport(verdicts, elapsed_s)

    def made_of(self, roots: str, name: str) -> Corpus | None:
        """The corpus that was imported from these roots; with a name, only one that is called so."""
        for corpus in self.list():
            with suppress(FileError), reading(self.file(corpus.id)) as connection:
                if read_about(connection).get("roots") == roots and name in ("", corpus.name):
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
        if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", slug):  # Windows has devices of these names in every folder
            slug += "-pieces"
        number, found = 1, slug
        while os.path.lexists(self.file(found)):
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
            raise not_written(f"The folder ‘{self._folder}’ can't be made", error) from error
        path = self.file(corpus_id)
        what = f"The corpus ‘{corpus_id}’ was not saved"
        with translated(what, path, damaged=lambda: DamagedCorpusError(corpus_id)):
            is_new = not os.path.lexists(path)
            if not is_new and not path.is_file():
                raise DamagedCorpusError(corpus_id)
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            try:
                if is_newer(connection, FORMAT):
                    raise NewerError(f"The corpus ‘{corpus_id}’")
                connection.executescript(SCHEMA)
                mark_format(connection, FORMAT)
                require_sound(connection)
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
                is_new = False
            finally:
                connection.close()  # what isn't committed is taken back
                if is_new:
                    path.unlink(missing_ok=True)

    def _told(self, path: Path, corpus_id: str = "") -> Corpus:
        """The corpus in a file, or what is wrong with it. corpus_id: if it isn't the file's name."""
        corpus_id = corpus_id or path.stem
        try:
            return replace(self._read(path), id=corpus_id)
        except FileError as error:
            name, is_newer = _name_in(path) or corpus_id, isinstance(error, NewerError)
            return Corpus(corpus_id, name, "all", (), "", damage=error.sentence, is_newer=is_newer)

    def _read(self, path: Path) -> Corpus:
        with reading(path) as connection:
            about = read_about(connection)
            pieces = PieceRows(path, _number(about, "list"))
            require_sound(connection)
        lines: Lines = "melody" if about.get("lines") == "melody" else "all"
        return Corpus(path.stem, about.get("name", path.stem), lines, pieces, about.get("created", ""))


class PieceRows(Rows[PieceEntry]):
    """One list of pieces of a corpus file."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(
            path,
            table="piece",
            columns=PIECE_COLUMNS,
            kinds=PIECE_KINDS,
            make=_entry,
            where="list = ?",
            parameters=(number,),
        )
        self.list = number


def _name_in(path: Path) -> str:
    """What a corpus was called whose file is damaged, if that can still be read."""
    with suppress(FileError), reading(path) as connection:
        return read_about(connection).get("name", "")
    return ""


def learnable(score: Score, lines: Lines) -> Score:
    """What is learnt of a piece, as a score of one part with the piece's tempo, metre and keys."""
    part = melody_line(score) if lines == "melody" else None
    if part is None:
        pitched = [part for part in score.parts if not part.is_drums and part.notes]
        program = pitched[0].program if pitched else 0
        name = pitched[0].name if len(pitched) == 1 else ""
        part = Part(name, program, notes=Notes.joined(part.notes for part in pitched).fitted())
    return replace(score, parts=(part,), lyrics=(), markers=())


def _score(cache: sqlite3.Connection, fingerprint: str, name: str) -> Score:
    score = score_of(cache, fingerprint)
    if score is None:
        raise FileError(f"The music of {name} is no longer in the cache.", hint="Import its folder again.")
    return score


def row_of(entry: PieceEntry) -> tuple[object, ...]:
    """The values of `PIECE_COLUMNS`."""
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
    number = _number({"lists": "0", **read_about(connection)}, "lists") + 1
    write_about(connection, {"lists": str(number)})
    return number


def _number(about: dict[str, str], name: str) -> int:
    try:
        return int(about[name])
    except (KeyError, ValueError):
        raise sqlite3.DataError(f"no {name}") from None  # as whatever else is damaged


def read_about(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(of_kinds(connection.execute("SELECT name, value FROM about"), str, str))


def write_about(connection: sqlite3.Connection, entries: dict[str, str]) -> None:
    connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", entries.items())


def roots_key(imported: Sequence[Path]) -> str:
    """What was imported, to know the same folder when it comes again.

    Shipped files are known by their place among those: an update, or another copy of the program, moves them all.
    """
    return json.dumps(sorted({_root(path.absolute()) for path in imported}))


def _root(path: Path) -> str:
    shipped = paths.resources()
    return f"resources:{path.relative_to(shipped).as_posix()}" if path.is_relative_to(shipped) else str(path)
