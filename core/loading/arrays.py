""".npy and .npz of the types and shapes that are expected: no more is inflated than what they take."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.errors import DamagedError
from core.loading.opening import open_file
from core.loading.zips import Zip

Arrays = dict[str, npt.NDArray[Any]]

_MAGIC = re.compile(rb"\x93NUMPY(?:\x01\x00..|[\x02\x03]\x00....)", re.DOTALL)
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[a-zA-Z]\d{0,3})', 'fortran_order': (False|True), "
    rb"'shape': \(((?:\d{1,19}, )*\d{1,19},?|)\), \}\s*"
)
"""As NumPy writes it. Reading no more than that needs no evaluating of a stranger's Python."""
_MOST_HEADER_BYTES = 4096
_MOST_ARRAYS = 10_000


@dataclass(frozen=True, slots=True)
class Like:
    """What an array has to be."""

    dtype: str
    """A NumPy type, such as "<f4"; or its kinds alone, such as "iu" for whole numbers of any size."""
    shape: tuple[int | None, ...]
    """None: of any length."""
    most: int = 0
    """Elements at most, needed where a length is left open."""

    @property
    def most_bytes(self) -> int:
        lengths = [length for length in self.shape if length is not None]
        count = self.most if len(lengths) < len(self.shape) else math.prod(lengths)
        return count * (np.dtype(self.dtype).itemsize if self.dtype[-1].isdigit() else 8)

    def allows(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
        if dtype.kind not in "biuf":
            return False
        of_type = dtype == np.dtype(self.dtype) if self.dtype[-1].isdigit() else dtype.kind in self.dtype
        fits = len(shape) == len(self.shape) and all(
            wanted in (None, length) for wanted, length in zip(self.shape, shape, strict=True)
        )
        return of_type and fits and math.prod(shape) * dtype.itemsize <= self.most_bytes


def read_npz(source: Path | bytes, wanted: Mapping[str, Like], *, most_members: int = 1000) -> Arrays:
    """Those arrays of an .npz, exactly as wanted; others in it stay unread. They can't be written to.

    Raises DamagedError, MissingError.
    """
    most = sum(like.most_bytes + _MOST_HEADER_BYTES for like in wanted.values())
    with Zip(source, most_members=most_members, most_bytes=most + 1024 * most_members) as archive:
        return {name: read_member(archive, name, like) for name, like in wanted.items()}


def read_member(archive: Zip, name: str, like: Like, *, most_ratio: float = math.inf) -> npt.NDArray[Any]:
    """One array of an .npz. most_ratio: unpacked to packed. Raises DamagedError, MissingError."""
    content = archive.read(f"{name}.npy", at_most=like.most_bytes + _MOST_HEADER_BYTES, most_ratio=most_ratio)
    return _array(content, name, like, npy_header(content))


def read_plain_npz(path: Path, *, most_bytes: int) -> Arrays:
    """All arrays of numbers in an .npz that isn't compressed, whatever they are. Raises DamagedError, MissingError."""
    arrays = {}
    with Zip(path, most_members=_MOST_ARRAYS, most_bytes=most_bytes) as archive:
        for name in archive.names():
            content = archive.read(name, at_most=most_bytes, most_ratio=1)
            header = npy_header(content)
            like = Like(header.dtype.str, header.shape)
            arrays[name.removesuffix(".npy")] = _array(content, name, like, header)
    return arrays


def mapped_npz(path: Path, wanted: Mapping[str, Like]) -> Arrays:
    """Those arrays of an .npz that isn't compressed, as views of the file, which is read as they are looked at.

    Raises DamagedError, MissingError.
    """
    arrays = {}
    with (
        open_file(path) as file,
        Zip(path, most_members=_MOST_ARRAYS, most_bytes=os.fstat(file.fileno()).st_size) as archive,
    ):
        for name, like in wanted.items():
            start, length = archive.stored_at(f"{name}.npy")
            file.seek(start)
            header = npy_header(file.read(min(length, _MOST_HEADER_BYTES)))
            _require_like(header, like, name, length)
            is_empty = not math.prod(header.shape)  # of which there can be no view
            arrays[name] = (
                np.zeros(header.shape, header.dtype)
                if is_empty
                else np.asarray(np.memmap(file, header.dtype, "r", start + header.length, header.shape, header.order))
            )
    return arrays


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the numbers of an .npy."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: Literal["C", "F"]
    length: int
    """Bytes of the header itself."""


def npy_header(content: bytes) -> Header:
    """The header that `content` begins with. Raises DamagedError."""
    magic = _MAGIC.match(content)
    if magic is None:
        raise DamagedError("it is no array")
    end = magic.end() + int.from_bytes(content[8 : magic.end()], "little")
    told = _HEADER.fullmatch(content[magic.end() : min(end, _MOST_HEADER_BYTES)])
    if told is None:
        raise DamagedError("it is no array of numbers")
    try:
        dtype = np.dtype(told[1].decode())
    except TypeError as error:
        raise DamagedError("it is no array of numbers") from error
    shape = tuple(int(length) for length in told[3].replace(b",", b"").split())
    return Header(dtype, shape, "F" if told[2] == b"True" else "C", end)


def _array(content: bytes, name: str, like: Like, header: Header) -> npt.NDArray[Any]:
    _require_like(header, like, name, len(content))
    count = math.prod(header.shape)
    return np.frombuffer(content, header.dtype, count, header.length).reshape(header.shape, order=header.order)


def _require_like(header: Header, like: Like, name: str, length: int) -> None:
    if not like.allows(header.dtype, header.shape):
        raise DamagedError(f"its {name} is of another type or shape")
    if length != header.length + math.prod(header.shape) * header.dtype.itemsize:
        raise DamagedError(f"its {name} is longer or shorter than it says")
