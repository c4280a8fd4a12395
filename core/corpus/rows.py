"""A sequence that lies in an SQLite file and is read a page at a time, so that 200,000 rows weigh nothing."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from core.corpus.database import is_newer, of_kinds, translated
from core.errors import FileError, NewerError

T = TypeVar("T")
FORMAT = 1
"""Of a corpus file. Raise it whenever an older Ritornello could no longer read or write one."""
_PAGE = 512


class DamagedCorpusError(FileError):
    """A corpus file holds what we didn't write."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The corpus ‘{name}’ is damaged.", hint="Import its folder again, or delete it.")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads a corpus file, and neither makes it nor changes it.

    Raises DamagedCorpusError, NewerError, FileError.
    """
    what = f"The corpus ‘{path.stem}’ can't be read"
    with translated(what, path, damaged=lambda: DamagedCorpusError(path.stem)):
        if os.path.lexists(path) and not path.is_file():
            raise DamagedCorpusError(path.stem)
        # For writing, though nothing is written: only so does SQLite take back what a killed program left half done.
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)) as connection:
            if is_newer(connection, FORMAT):
                raise NewerError(f"The corpus ‘{path.stem}’")
            connection.execute("PRAGMA query_only = 1")
            yield connection


class Rows(Sequence[T], Generic[T]):
    """The rows of `table` that fulfil `where`, by position, each made into a value by `make`.

    Every reading opens the file for itself, so it may be used in any thread; reading raises FileError once the file is
    gone, and DamagedCorpusError where a value isn't of the kind (or one of the kinds) of its column. Two are equal if
    their values are, also to a tuple.
    """

    def __init__(
        self,
        path: Path,
        *,
        table: str,
        columns: str,
        kinds: tuple[type | tuple[type, ...], ...],
        make: Callable[[tuple[Any, ...]], T],
        where: str = "1",
        parameters: tuple[object, ...] = (),
    ) -> None:
        self.path = path
        self._table = table
        self._columns = columns
        self._kinds = kinds
        self._make = make
        self._where = where
        self._parameters = parameters
        self._length: int | None = None
        self._page: tuple[int, tuple[T, ...]] = (0, ())

    def narrowed(self, where: str, *parameters: object) -> "Rows[T]":
        """The rows that fulfil a further condition."""
        return Rows(
            self.path,
            table=self._table,
            columns=self._columns,
            kinds=self._kinds,
            make=self._make,
            where=f"{self._where} AND {where}",
            parameters=(*self._parameters, *parameters),
        )

    def total(self, column: str) -> int:
        """The sum of a column of whole numbers."""
        return int(self._select(f"coalesce(sum({column}), 0)", "", (int,))[0][0])

    def __len__(self) -> int:
        if self._length is None:
            self._length = int(self._select("count(*)", "", (int,))[0][0])
        return self._length

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._read(start, max(0, stop - start))
            return tuple(self[place] for place in range(start, stop, step))
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        start, page = self._page
        if not start <= place < start + len(page):
            start = place - place % _PAGE
            page = self._read(start, _PAGE)
            self._page = (start, page)
        if place - start >= len(page):
            raise DamagedCorpusError(self.path.stem)  # it counted more than it has
        return page[place - start]

    def __iter__(self) -> Iterator[T]:
        last = -1
        while True:
            # No connection stays open between pages: it would keep writers waiting.
            rows = self._select(
                f"position, {self._columns}",
                f"AND position > {last} ORDER BY position LIMIT {_PAGE}",
                (int, *self._kinds),
            )
            yield from (self._make(row[1:]) for row in rows)
            if len(rows) < _PAGE:
                return
            if rows[-1][0] <= last:
                raise DamagedCorpusError(self.path.stem)  # out of order, it would never end
            last = rows[-1][0]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sequence) and not isinstance(other, str):
            return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(len(self))

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {self._table} in {self.path.name}>"

    def _read(self, start: int, number: int) -> tuple[T, ...]:
        rows = self._select(self._columns, f"ORDER BY position LIMIT {number} OFFSET {start}", self._kinds)
        return tuple(map(self._make, rows))

    def _select(self, columns: str, rest: str, kinds: tuple[type | tuple[type, ...], ...]) -> list[tuple[Any, ...]]:
        with reading(self.path) as connection:
            query = f"SELECT {columns} FROM {self._table} WHERE {self._where} {rest}"  # noqa: S608 -- names of our own
            return list(of_kinds(connection.execute(query, self._parameters), *kinds))
