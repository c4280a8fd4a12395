"""Make smaller what PyInstaller has collected: leave out what nothing here uses, and the symbols that only debuggers read.

A row is PyInstaller's: (path within the program, source file, kind).
"""

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import frozen


def trimmed(rows: list, platform: str, links_of: Callable) -> list:
    """The rows that stay. `links_of(source)` gives the (name, path) of each library that a file is linked to."""
    rows = [row for row in rows if not frozen.is_left_out(PurePosixPath(row[0]).as_posix(), platform)]
    needed = set()
    waiting = [row for row in rows if row[2] in ("EXTENSION", "BINARY") and not frozen.is_library(row[0])]
    libraries = {PurePosixPath(row[0]).name: row for row in rows if row[2] == "BINARY" and frozen.is_library(row[0])}
    while waiting:
        for name, _path in links_of(waiting.pop()[1]):
            row = libraries.get(PurePosixPath(name).name)
            if row is not None and row[0] not in needed:
                needed.add(row[0])
                waiting.append(row)
    stays = [row for row in rows if row[2] != "BINARY" or not frozen.is_library(row[0]) or row[0] in needed]
    inside = {row[0] for row in stays}
    return [row for row in stays if row[2] != "SYMLINK" or (PurePosixPath(row[0]).parent / row[1]).as_posix() in inside]


def links_of(source: str) -> list:
    """The (name, path) of each library that a file is itself linked to."""
    if sys.platform != "linux":
        from PyInstaller.depend.bindepend import get_imports

        return list(get_imports(source))
    told = subprocess.run(["objdump", "-p", source], capture_output=True, text=True).stdout
    return [(name, None) for name in re.findall(r"^\s+NEEDED\s+(\S+)$", told, re.MULTILINE)]


def stripped(rows: Iterable, folder: Path, python: Path) -> list:
    """The rows, with copies in `folder` of what has symbols to lose: TensorFlow's libraries and Python's own.

    The others lost theirs already, and some of them would not bear it. `python`: where Python was installed; its
    libraries know that place, and are told another. For Linux alone.
    """
    made = []
    for inside, source, kind in rows:
        is_pythons = Path(source).is_relative_to(python) if python not in (Path("/usr"), Path("/usr/local")) else False
        if kind in ("EXTENSION", "BINARY") and (is_pythons or inside.startswith("tensorflow/")):
            copy = folder / inside
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
            subprocess.run(["strip", "--strip-unneeded", copy], check=True)
            if is_pythons:
                place = str(python).encode()
                copy.write_bytes(copy.read_bytes().replace(place, elsewhere(place)))
            copy.chmod(0o755)
            source = str(copy)
        made.append((inside, source, kind))
    return made


def elsewhere(place: bytes) -> bytes:
    """A path under /usr as long as `place`, with the same end: the linker lets shorter texts be ends of longer ones."""
    end = place[place.rindex(b"/") :]
    return b"/usr".ljust(len(place) - len(end), b"/") + end


def placeless_configuration(folder: Path, python: Path) -> None:
    """Write into `folder` the module that tells how Python was built, without the places where it was built."""
    name = getattr(sysconfig, "_get_sysconfigdata_name", lambda: "")()
    source = Path(sysconfig.get_path("stdlib"), f"{name}.py")
    if name and source.exists():
        write_texts({source.name: source.read_text("utf-8").replace(str(python), "/usr")}, folder)


def sources(rows: Iterable, site: Path, work: Path) -> list:
    """The files that the rows were made of: PyInstaller has compiled modules lie in its own folder `work`."""
    found = []
    for inside, source, kind in rows:
        if kind == "SYMLINK":
            continue
        if not Path(source).is_relative_to(work):
            found.append(source)
        elif inside.endswith(".pyc"):
            places = (frozen.ROOT, site, Path(sysconfig.get_path("stdlib")))
            module = PurePosixPath(PurePosixPath(inside).as_posix()).with_suffix(".py")
            found.append(str(next((place / module for place in places if (place / module).exists()), source)))
    return found


def write_records(parts: Iterable, folder: Path) -> None:
    """For each Python package, what `importlib.metadata` needs to tell its version."""
    for part in parts:
        if part.is_package:
            write_texts(
                {
                    f"{part.name.replace('-', '_')}-{part.version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {part.name}\nVersion: {part.version}\n"
                },
                folder,
            )


def write_texts(texts: dict, folder: Path) -> None:
    """Path → content."""
    for inside, text in texts.items():
        path = folder / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
