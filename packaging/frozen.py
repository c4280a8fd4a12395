"""What the frozen program holds, told apart by platform: "linux", "windows" or "macos". Needs no PyInstaller."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

HANDBOOK = ROOT / "build" / "docs"
"""What target_docs.py made, before anything that ships it."""
WINDOW, CONSOLE = "ritornello", "ritornello-cli"

ABC_PROGRAMS = {
    "linux": ("abc2midi", "midi2abc"),
    "macos": ("abc2midi", "midi2abc"),
    "windows": ("abc2midi.exe", "midi2abc.exe"),
}
ABC_NOTE = "Not shipped: abcMIDI is a program of its own, which Ritornello does not use. symusic looks for this file.\n"


def version() -> str:
    """The one version, pyproject.toml's."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def hidden_imports(platform: str) -> list:
    """Modules that no import statement names: commands are loaded by name, and so is what a spawned process runs."""
    files = [path.relative_to(ROOT) for top in ("core", "gui") for path in (ROOT / top).rglob("*.py")]
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files}
    return sorted(name for name in names if not name.endswith("__main__"))


def data(platform: str) -> list:
    """(file, folder within the program) of every file that is read and not imported."""
    resources = ROOT / "resources"
    found = [path for path in sorted(resources.rglob("*")) if path.is_file() and path.suffix not in (".py", ".pyc")]
    handbook = [path for path in sorted(HANDBOOK.rglob("*")) if path.is_file()]
    return [(str(path), path.parent.relative_to(ROOT).as_posix()) for path in found] + [
        (str(path), Path("resources", "handbook", path.parent.relative_to(HANDBOOK)).as_posix()) for path in handbook
    ]


def exclusions(platform: str) -> list:
    """Modules that are left out."""
    return ["tkinter", "readline", "curses", "keras", "h5py", "pytest", "setuptools", "pkg_resources"]
