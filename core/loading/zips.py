"""Zips whose members are checked before and while they inflate: what a zip says of itself is never believed."""

import io
import lzma
import math
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

from core.errors import DamagedError, MissingError
from core.loading.opening import damaged_by, open_file

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    IndexError,
    OverflowError,
    ValueError,
    RuntimeError,  # a password; NotImplementedError, for another way of packing, is one too
)
"""What zipfile raises over a damaged zip or member, besides OSError: by far not BadZipFile alone."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The others inflate thousands of times the bytes that they are given in one go."""
_SMALL = 50_000
"""Bytes, packed: below it nobody cares for the ratio."""
_ENTRY_BYTES = 512
"""Of one member in the zip's directory, on average at most: 46 and its name."""
_LOCAL_HEADER = struct.Struct("<26xHH")
"""Of what stands before a member: how long its name and its extra field are."""
_SIZE_OF_DIRECTORY = 5
"""In the record at the end of a zip, as zipfile keeps it."""


class Zip:
    """A zip of ours, open for reading: plain members whose names stay inside, none of them twice. Close it after use."""

    def __init__(
        self, source: Path | bytes, *, most_members: int, most_bytes: int, most_ratio: float = math.inf
    ) -> None:
        """most_bytes: of the zip itself and of all that it unpacks to. most_ratio: see `read`. Raises DamagedError, MissingError."""
        if isinstance(source, bytes):
            if len(source) > most_bytes:
                raise DamagedError("it is absurdly large")
            self._file: IO[bytes] = io.BytesIO(source)
        else:
            self._file = open_file(source, at_most=most_bytes)
        try:
            check_directory(self._file, at_most=most_members * _ENTRY_BYTES)
            self._archive = zipfile.ZipFile(self._file)
            self._entries = _checked(self._archive.infolist(), most_members, most_bytes)
            for name in self._entries:
                self._check_ratio(name, most_ratio)
        except DamagedError:
            self._file.close()
            raise
        except OSError as error:
            self._file.close()
            raise damaged_by(error) from error
        except ZIP_ERRORS as error:
            self._file.close()
            raise DamagedError("it is not what its name says, or only a part of it") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._archive.close()
        self._file.close()

    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def read(self, name: str, *, at_most: int, most_ratio: float = math.inf) -> bytes:
        """The content of a member, at most so many bytes. Raises DamagedError; MissingError when there is none.

        most_ratio: unpacked to packed, where it unpacks to more than a little.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise MissingError(f"there is no {name} in it")
        if entry.file_size > at_most:
            raise DamagedError(f"its {name} is absurdly large")
        self._check_ratio(name, most_ratio)
        try:
            with self._archive.open(entry) as member:
                content = member.read(at_most + 1)
        except OSError as error:
            raise damaged_by(error) from error
        except ZIP_ERRORS as error:
            raise DamagedError(f"its {name} is damaged") from error
        if len(content) > at_most:
            raise DamagedError(f"its {name} is absurdly large")
        return content

    def stored_at(self, name: str) -> tuple[int, int]:
        """Where in the file the content of a member begins that is not compressed, and its length in bytes.

        Raises DamagedError, MissingError.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise MissingError(f"there is no {name} in it")
        self._file.seek(entry.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\3\4" or entry.compress_type != zipfile.ZIP_STORED:
            raise DamagedError(f"its {name} is damaged")
        start = entry.header_offset + _LOCAL_HEADER.size + sum(_LOCAL_HEADER.unpack(header))
        if start + entry.file_size > self._file.seek(0, io.SEEK_END):
            raise DamagedError(f"its {name} is damaged")
        return start, entry.file_size

    def _check_ratio(self, name: str, most: float) -> None:
        entry = self._entries[name]
        if entry.file_size > most * max(entry.compress_size, _SMALL):
            raise DamagedError(f"its {name} unpacks to far more than it should")


def check_directory(file: IO[bytes], *, at_most: int) -> None:
    """Look how long a zip's list of members is, which zipfile would read whole. Raises DamagedError and ZIP_ERRORS."""
    record = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # noqa: SLF001 -- what ZipFile itself goes by
    if record is None:
        raise zipfile.BadZipFile
    if record[_SIZE_OF_DIRECTORY] > at_most:
        raise DamagedError("it holds absurdly many files")


def _checked(entries: list[zipfile.ZipInfo], most_members: int, most_bytes: int) -> dict[str, zipfile.ZipInfo]:
    if len(entries) > most_members:
        raise DamagedError("it holds absurdly many files")
    if sum(entry.file_size for entry in entries) > most_bytes:
        raise DamagedError(f"it would unpack to more than {most_bytes / 1e6:,.3g} MB")
    named: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        name = entry.filename
        if not name or name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
            raise DamagedError("it holds a file that would be put outside its folder")
        if name in named:
            raise DamagedError(f"it holds {name} twice")
        if entry.flag_bits & 1:
            raise DamagedError("it is locked with a password")
        if entry.compress_type not in _METHODS:
            raise DamagedError("it is packed in a way that Ritornello doesn't use")
        named[name] = entry
    return named
