"""The licence texts of everything inside the frozen program, found by asking of each file who made it.

The texts of a Python package lie in its own records; what has none there has its text in packaging/licences. On Linux,
Debian says to whom a system library belongs. A file of unknown origin ends the build.
"""

import functools
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import frozen

OURS = frozen.ROOT / "packaging" / "licences"
COMMON = OURS / "common"
IS_TEXT = re.compile(r"(?i)(licen[cs]e|copying|notice|copyright|third_party_notices)[^/]*$")

OWN_TEXTS = {
    "pygame": (
        OURS / "pygame",
        *(COMMON / f"{name}.txt" for name in ("LGPL-2", "LGPL-2.1", "LGPL-3", "GPL-2", "GPL-3")),
    ),
    "pyside6-essentials": (OURS / "qt", COMMON / "LGPL-3.txt", COMMON / "GPL-3.txt"),
    "shiboken6": (OURS / "qt", COMMON / "LGPL-3.txt", COMMON / "GPL-3.txt"),
    "flatbuffers": (COMMON / "Apache-2.0.txt",),
    "tensorflow": (COMMON / "Apache-2.0.txt",),
    "tensorflow-cpu": (COMMON / "Apache-2.0.txt",),
}
"""Of packages whose own records hold no text, or not all."""

ALWAYS = ("pyinstaller", "pyinstaller-hooks-contrib")
"""Whose programs start ours."""
HANDBOOK = ("sphinx", "furo", "sphinx-basic-ng", "pygments")
"""Whose style sheets and scripts the handbook's pages take along."""

PYGAME_LIBRARIES = {
    **{"FLAC": "flac", "SDL2": "sdl2", "SDL2_mixer": "sdl2-mixer", "asound": "alsa", "attr": "attr", "bz2": "bzip2"},
    **{"cap": "libcap", "dbus-1": "dbus", "dw": "elfutils", "elf": "elfutils", "fluidsynth": "fluidsynth"},
    **{"gcrypt": "libgcrypt", "glib": "glib", "gomp": "gcc", "gpg-error": "libgpg-error", "gthread": "glib"},
    **{"intl": "gettext", "lz4": "lz4", "lzma": "xz", "modplug": "libmodplug", "mpg123": "mpg123", "ogg": "ogg"},
    **{"opus": "opus", "opusfile": "opusfile", "pcre": "pcre", "portmidi": "portmidi", "pulse": "pulseaudio"},
    **{"pulse-simple": "pulseaudio", "pulsecommon": "pulseaudio", "selinux": "selinux", "sndfile": "sndfile"},
    **{
        "systemd": "systemd",
        "vorbis": "vorbis",
        "vorbisenc": "vorbis",
        "vorbisfile": "vorbis",
        "z": "zlib",
        "zlib1": "zlib",
    },
}
"""Libraries that pygame's wheels bring, and the text in packaging/licences/pygame of each."""


class Unlicensed(Exception):
    """Something is inside whose licence nobody has looked up yet; the text names it."""


@dataclass
class Part:
    """Something that others, or we, have made. texts: file name → content."""

    name: str
    version: str
    licence: str
    texts: dict = field(default_factory=dict)
    is_package: bool = False
    """It is a Python package, and installed as one."""


def parts_of(sources: Iterable, site: Path) -> list:
    """The parts to which the files belong, by name; and those that are always inside. Raises Unlicensed."""
    by_file = _owners(site)
    found: dict = {}
    for name in (*ALWAYS, *(HANDBOOK if frozen.HANDBOOK.is_dir() else ())):
        found[name] = packaged(metadata.distribution(name))
    for source in sources:
        part = _owner(Path(source), site, by_file)
        found.setdefault(part.name, part)
    return sorted(found.values(), key=lambda part: part.name.lower())


@functools.cache
def packaged(distribution: metadata.Distribution) -> Part:
    """A Python package. Raises Unlicensed."""
    name = normalised(distribution.name)
    texts = {}
    for file in distribution.files or ():
        if IS_TEXT.search(str(file)) and (".dist-info/" in file.as_posix() or len(file.parts) == 2):
            path = Path(distribution.locate_file(file))
            if path.suffix not in (".py", ".pyc") and path.is_file():
                texts[_free(path.name, texts)] = _read(path)
    for own in OWN_TEXTS.get(name, ()):
        for path in sorted(own.iterdir()) if own.is_dir() else [own]:
            texts[path.name] = _read(path)
    if not texts:
        raise Unlicensed(f"The package {name} comes without the text of its licence. Put it into packaging/licences.")
    told = distribution.metadata
    licence = told.get("License-Expression") or (told.get("License") or "").strip().partition("\n")[0] or "see its text"
    return Part(name, distribution.version, licence, texts, is_package=True)


def write(parts: Iterable, folder: Path) -> None:
    """A folder of texts for each part, and README.txt, which lists them."""
    lines = [
        "What is inside Ritornello, and under which licence. The words of each licence lie in the folder of that name.",
        "",
    ]
    for part in parts:
        (folder / part.name).mkdir(parents=True, exist_ok=True)
        for name, text in part.texts.items():
            (folder / part.name / name).write_text(text, "utf-8", newline="\n")
        lines.append(f"{part.name} {part.version}: {part.licence}".replace(" :", ":"))
    (folder / "README.txt").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


def text_of_pygame_library(file_name: str) -> str:
    """Which text in packaging/licences/pygame is that of a library of pygame's. Raises Unlicensed."""
    plain = re.sub(r"(\.so|\.dll|\.dylib|\.\d).*$", "", file_name)
    plain = re.sub(r"-[0-9a-f]{8}$", "", plain)  # what keeps a wheel's libraries apart from the system's
    plain = re.sub(r"^lib", "", plain)
    for name in (plain, re.sub(r"-\d+$", "", plain), re.sub(r"-2$", "", plain)):
        if name in PYGAME_LIBRARIES:
            return f"{PYGAME_LIBRARIES[name]}.txt"
    raise Unlicensed(
        f"The licence of pygame's library {file_name} is not known. Put it into packaging/licences/pygame."
    )


def owner_of(source: Path, site: Path) -> Part:
    """The part that a file belongs to; `site` is where packages are installed. Raises Unlicensed."""
    return _owner(source, site, _owners(site))


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _owners(site: Path) -> dict:
    """File → the installed package that it belongs to."""
    owners = {}
    for distribution in metadata.distributions(path=[str(site)]):
        for file in distribution.files or ():
            owners[Path(distribution.locate_file(file)).resolve()] = distribution
    return owners


def _owner(source: Path, site: Path, by_file: dict) -> Part:
    distribution = by_file.get(source.resolve()) or by_file.get(source)
    if distribution is not None:
        if distribution.name == "pygame" and _is_library(source):
            text_of_pygame_library(source.name)
        return packaged(distribution)
    if source.is_relative_to(site):
        raise Unlicensed(f"No package says that {source.relative_to(site)} is its own.")
    if source.is_relative_to(frozen.ROOT):
        return _ritornello()
    if _is_pythons(source):
        return _python()
    return _system(source)


def _is_library(source: Path) -> bool:
    is_shared = ".so" in source.name or source.suffix in (".dll", ".dylib")
    return is_shared and (source.parent.name != "pygame" or source.suffix == ".dll") and ".cpython-" not in source.name


def _is_pythons(source: Path) -> bool:
    base = Path(sys.base_prefix).resolve()
    if base in (Path("/usr"), Path("/usr/local")):
        return (
            source.resolve().is_relative_to(Path(sysconfig.get_path("stdlib")).resolve()) or "libpython" in source.name
        )
    return source.resolve().is_relative_to(base)


@functools.cache
def _ritornello() -> Part:
    """The program, its sounds, fonts, icons and pieces. Their texts are in resources, where they lie beside them, too."""
    texts = {"LICENSE": _read(frozen.ROOT / "LICENSE")}
    resources = frozen.ROOT / "resources"
    for path in sorted(resources.rglob("*")):
        if path.name in ("CREDITS.md", "OFL.txt", "LICENSE.txt", "COPYRIGHT", "NOTICE.md"):
            texts["-".join(path.relative_to(resources).parts)] = _read(path)
    return Part("ritornello", frozen.version(), "MIT; what is shipped with it: see CREDITS.md", texts)


@functools.cache
def _python() -> Part:
    places = (Path(sysconfig.get_path("stdlib"), "LICENSE.txt"), Path(sys.base_prefix, "LICENSE.txt"))
    text = next((path for path in places if path.exists()), OURS / "python" / "LICENSE.txt")
    return Part("python", sys.version.split()[0], "PSF-2.0", {"LICENSE.txt": _read(text)})


def _system(source: Path) -> Part:
    """What Debian says of a system library; elsewhere, nothing is taken from the system."""
    for path in (str(source), str(source.resolve()), str(source.resolve()).removeprefix("/usr")):
        asked = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True) if _has_dpkg() else None
        if asked is not None and asked.returncode == 0:
            package = asked.stdout.partition(": ")[0].split(",")[0].partition(":")[0]
            text = Path("/usr/share/doc", package, "copyright")
            if not text.exists():
                break
            asked = subprocess.run(
                ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=True
            )
            texts = {"copyright": _read(text)}
            for name in sorted(set(re.findall(r"/usr/share/common-licenses/([\w.-]*\w)", texts["copyright"]))):
                texts[f"{name}.txt"] = _read(Path("/usr/share/common-licenses", name))
            return Part(package, asked.stdout.strip(), "see copyright", texts)
    raise Unlicensed(f"Where {source} comes from is not known, and so not its licence.")


def _has_dpkg() -> bool:
    return Path("/usr/bin/dpkg").exists()


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")


def _free(name: str, taken: dict) -> str:
    number, free = 2, name
    while free in taken:
        free = f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return free
