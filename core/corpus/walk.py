"""What lies in the dropped folders, files and zips: every MIDI file found, and what can't be looked into and why.

Paths are bytes here, as the file system has them (`os.fsencode`): a file name need not be text. A member of a zip is
the path of the zip, a zero byte, and the member's name; so members follow their zip when paths are sorted.
Nothing is read but folders, and the tables of contents of zips.
"""

import errno
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import DamagedError
from core.loading.opening import open_file
from core.loading.zips import ZIP_ERRORS, check_directory

MIDI_EXTENSIONS = (b".mid", b".midi", b".smf", b".kar", b".rmi")
ZIP_EXTENSION = b".zip"
_EXTENSIONS = (*MIDI_EXTENSIONS, ZIP_EXTENSION)
MEMBER = b"\0"
"""Between the path of a zip and the name of a member."""

LARGEST_FILE = 8 * 2**20
"""Bytes. The longest opera is smaller; what is larger is no music, or would hold everything else up."""
LARGEST_WRAPPED = 64 * 2**20
"""The same of a .rmi, which may hold a soundfont beside its music: of that part the reader asks for no more than of others."""
_LARGEST_DIRECTORY = 32 * 2**20
"""Bytes, of a zip's list of members: some 300,000 of them."""
_LARGEST_RATIO = 300
"""Unpacked to packed, of one member above 1 MB: deflate alone reaches 1,032, music some 20 to 100."""
_LARGEST_TOTAL_RATIO = 400
"""Unpacked to packed, of a whole zip above 64 MB: overlapping members reach millions."""

TOO_LARGE = f"Larger than {LARGEST_FILE // 2**20} MB, too large for a MIDI file"
_APPLE = "A note of macOS about another file, no music"


@dataclass(frozen=True, slots=True)
class Found:
    """A file or zip member that may be music; with a reason, one that can't be read."""

    path: bytes
    size: int = 0
    mtime_ns: int = 0
    reason: str = ""


def shown(path: bytes) -> str:
    """A path as text for people: a zip's member after a slash, bytes that are no text replaced."""
    return path.replace(MEMBER, b"/").decode("utf-8", "replace")


def largest(path: bytes) -> int:
    """Bytes that a file of this name may have."""
    return LARGEST_WRAPPED if _extension(path) == b".rmi" else LARGEST_FILE


def _extension(name: bytes) -> bytes:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 -- pathlib knows no bytes


def _is_of_apple(name: bytes) -> bool:
    parts = name.split(b"/")
    return b"__MACOSX" in parts or parts[-1].startswith(b"._")


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "A link that leads in a circle"
    return f"Can't be opened: {error.strerror or error}"


def walk(
    paths: Sequence[Path], *, listed: Callable[[Found], Sequence[Found] | None] = lambda _zip: None
) -> Iterator[Found | None]:
    """Everything in `paths` that is or may be music; None now and then, when nothing was found for a while.

    Folders are looked through to the bottom, each once, also where symbolic links lead in a circle. What was named
    itself is always reported, what lies in a folder only if it looks like music. listed: what a zip of this path, size
    and time is known to hold, or None to look into it.
    """
    visited: set[tuple[int, int]] = set()
    for path in paths:
        name = os.fsencode(os.path.abspath(path))  # noqa: PTH100 -- keeps symbolic links, as the musician named them
        try:
            status = os.stat(name)  # noqa: PTH116 -- pathlib knows no bytes
        except OSError as error:
            yield Found(name, reason="There is no such file" if isinstance(error, FileNotFoundError) else _why(error))
            continue
        if stat.S_ISDIR(status.st_mode):
            yield from _in_folder(name, visited, listed)
        elif _extension(name) in _EXTENSIONS:
            yield from _file(name, status, listed)
        else:
            yield Found(name, status.st_size, status.st_mtime_ns, "Neither a MIDI file nor a zip")


def _in_folder(
    top: bytes, visited: set[tuple[int, int]], listed: Callable[[Found], Sequence[Found] | None]
) -> Iterator[Found | None]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        yield None
        try:
            status = os.stat(folder)  # noqa: PTH116 -- pathlib knows no bytes
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        # Asked of each entry by itself: one that can't be followed costs none of its neighbours.
                        if entry.is_dir():
                            waiting.append(entry.path)
                            continue
                        if _extension(entry.name) not in _EXTENSIONS:
                            continue
                        its_status = entry.stat()
                    except OSError as error:
                        yield Found(entry.path, reason=_why_not_followed(entry, error))
                        continue
                    yield from _file(entry.path, its_status, listed)
        except OSError as error:
            yield Found(folder, reason=_why(error))


def _why_not_followed(entry: os.DirEntry[bytes], error: OSError) -> str:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return "A link to a file that is gone" if entry.is_symlink() else "It was gone when it was to be read"
    return _why(error)


def _file(path: bytes, status: os.stat_result, listed: Callable[[Found], Sequence[Found] | None]) -> Iterator[Found]:
    found = Found(path, status.st_size, status.st_mtime_ns)
    is_zip = _extension(path) == ZIP_EXTENSION
    reason = ""
    if not stat.S_ISREG(status.st_mode):
        reason = "Not a file but a device or pipe"
    elif _is_of_apple(os.path.basename(path)):  # noqa: PTH119 -- pathlib knows no bytes
        reason = _APPLE
    elif not is_zip and status.st_size > largest(path):
        reason = TOO_LARGE
    elif not status.st_size:
        reason = "Empty"
    if reason or not is_zip:
        yield Found(found.path, found.size, found.mtime_ns, reason)
        return
    yield found
    known = listed(found)
    yield from _in_zip(found) if known is None else known


def is_zip(path: bytes) -> bool:
    """True for the path of a zip, not for a member's."""
    return MEMBER not in path and _extension(path) == ZIP_EXTENSION


@contextmanager
def opened_zip(path: bytes) -> Iterator[zipfile.ZipFile]:
    """A zip of anyone's, of which only the length of the list is checked. Raises DamagedError, OSError and ZIP_ERRORS."""
    with open_file(path) as file:
        check_directory(file, at_most=_LARGEST_DIRECTORY)
        with zipfile.ZipFile(file) as opened:
            yield opened


def _in_zip(archive: Found) -> Iterator[Found]:
    """The members of a zip that look like music, with the zip's own size and time; or the zip itself with a reason."""
    try:
        with opened_zip(archive.path) as opened:
            members = opened.infolist()
    except DamagedError as error:
        yield Found(archive.path, reason=f"Can't be opened: {error.reason}")
        return
    except OSError as error:
        yield Found(archive.path, reason=_why(error))
        return
    except ZIP_ERRORS:
        yield Found(archive.path, archive.size, archive.mtime_ns, "Not a zip, or a damaged one")
        return
    room = max(64 * 2**20, _LARGEST_TOTAL_RATIO * archive.size)
    is_empty = True
    for member in members:
        name = member.filename.encode("utf-8", "surrogateescape").replace(MEMBER, b"")
        extension = _extension(name)
        if member.is_dir() or extension not in _EXTENSIONS:
            continue
        is_empty = False
        reason = _why_not(member, name)
        if not reason:
            room -= member.file_size
            reason = "The zip unpacks to far more than its size; the rest of it is left out" if room < 0 else ""
        yield Found(archive.path + MEMBER + name, archive.size, archive.mtime_ns, reason)
    if is_empty:
        yield Found(archive.path, archive.size, archive.mtime_ns, "No MIDI files inside")


def _why_not(member: zipfile.ZipInfo, name: bytes) -> str:
    if _is_of_apple(name):
        return _APPLE
    if _extension(name) == ZIP_EXTENSION:
        return "A zip inside a zip; unpack it first"
    if member.flag_bits & 0x1:
        return "Protected by a password"
    if member.file_size > largest(name):
        return TOO_LARGE
    if member.file_size > 2**20 and member.file_size > _LARGEST_RATIO * member.compress_size:
        return "Unpacks to far more than its size, so it is no music"
    return "" if member.file_size else "Empty"
