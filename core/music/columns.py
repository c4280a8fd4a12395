"""Values of one kind kept as columns: a sequence to whoever reads it, a read-only array to whoever counts.

An item is made when it is asked for, so that a hundred thousand notes are four rows of numbers and no objects.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Ticks = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Which = npt.NDArray[np.integer] | npt.NDArray[np.bool_] | slice
"""Which values are meant: their numbers, or a mask."""


class Column:
    """One field of all the values, as an array of shape (values,)."""

    def __init__(self, row: int) -> None:
        self._row = row

    def __get__(self, columns: "Columns[Any]", _kind: type | None = None) -> Ticks:
        column: Ticks = columns.table[self._row]
        return column


class Columns(Sequence[T]):
    """Values whose fields are all whole numbers of 32 bits. Immutable, and equal to a tuple of the same values."""

    __slots__ = ("table",)
    kind: ClassVar[type]
    """The dataclass of an item."""
    table: Ticks
    """(fields, values), a row for each field of the kind in its order; read-only."""

    def __init__(self, table: npt.NDArray[np.generic]) -> None:
        """table: taken over, so nobody may write into it any more. Raises ValueError where a value is no such thing."""
        held = np.ascontiguousarray(table, np.int32)
        if held.dtype != table.dtype and bool((held != table).any()):
            raise ValueError("a number is beyond 32 bits")
        held.setflags(write=False)
        object.__setattr__(self, "table", held)

    @classmethod
    def of(cls, values: Iterable[T]) -> Self:
        """The columns of some values, in their order."""
        if isinstance(values, cls):
            return values
        items = values if isinstance(values, (tuple, list)) else tuple(values)
        names = [field.name for field in fields(cls.kind)]
        rows = (np.fromiter(map(attrgetter(name), items), np.int64, len(items)) for name in names)
        return cls(np.stack(tuple(rows)))

    def taken(self, rows: Which) -> Self:
        """Some of the values, in the order given."""
        return self._trusted(self.table[:, rows])

    @classmethod
    def _trusted(cls, table: Ticks) -> Self:
        """Of a table made of values that were looked at before."""
        columns = cls.__new__(cls)
        Columns.__init__(columns, table)
        return columns

    def __len__(self) -> int:
        return int(self.table.shape[1])

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> T | Self:
        if isinstance(index, slice):
            return self.taken(index)
        value: T = self.kind(*self.table[:, index].tolist())
        return value

    def __iter__(self) -> Iterator[T]:
        return map(self.kind, *self.table.tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Columns):
            return self.kind is other.kind and (self.table is other.table or np.array_equal(self.table, other.table))
        if isinstance(other, tuple):
            return len(self) == len(other) and tuple(self) == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name!r} can't be changed: columns are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.table,)
