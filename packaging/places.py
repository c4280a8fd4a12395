"""Find the building machine's own paths in what was built: they tell of whoever built, and differ from build to build."""

import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import frozen

USUAL = ("/", "/usr", "/usr/local")
_BLOCK = 1 << 24


def of_this_machine() -> list:
    """The checkout, and where Python was installed if that is a place of its own."""
    places = {str(frozen.ROOT), str(frozen.ROOT.resolve()), sys.base_prefix, str(Path(sys.base_prefix).resolve())}
    return sorted(place for place in places if place not in USUAL)


def found(folder: Path, places: list) -> list:
    """(file, place) of every file below `folder` that holds one of the places: plain, in a .zip, or in a program's archive."""
    wanted = [place.encode() for place in places] + [place.replace(os.sep, "/").encode() for place in places]
    hits = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            for name, blocks in _contents(path, path.relative_to(folder).as_posix()):
                hits |= {(name, place.decode()) for place in _held(blocks, wanted)}
    return sorted(hits)


def _held(blocks: Iterator, wanted: list) -> set:
    longest = max(map(len, wanted), default=1)
    held, before = set(), b""
    for block in blocks:
        content = before + block
        held |= {place for place in wanted if place in content}
        before = content[-longest:]
    return held


def _contents(path: Path, name: str) -> Iterator:
    """(name, blocks of bytes) of a file, and of what is packed in it."""
    with path.open("rb") as file:
        yield name, iter(lambda: file.read(_BLOCK), b"")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.namelist():
                yield f"{name}/{entry}", iter([archive.read(entry)])
    if path.stem in frozen.ENTRIES and path.suffix in ("", ".exe"):
        yield from _packed(path, name)


def _packed(program: Path, name: str) -> Iterator:
    """What PyInstaller put into a program's own file."""
    from PyInstaller.archive.readers import CArchiveReader

    archive = CArchiveReader(str(program))
    for entry, row in archive.toc.items():
        yield f"{name}/{entry}", iter([archive.extract(entry)])
        if row[-1] == "z":
            modules = archive.open_embedded_archive(entry)
            for module in modules.toc:
                yield f"{name}/{module}", iter([modules.extract(module, raw=True) or b""])
