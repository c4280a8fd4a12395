"""A wheel, built without a network and installed where there is no checkout, holds all that the program needs."""

import hashlib
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import frozen
import PySide6
import pytest
import target_wheel
from PySide6.QtGui import QImage

PROJECT = Path(__file__).resolve().parents[2]
WINDOWS = sys.platform == "win32"
ASK = """
import sys
from core import paths, version
import gui
print(version.version())
print(gui.__file__)
for name, ask in vars(paths).items():
    if callable(ask) and ask.__module__ == "core.paths" and (path := ask()).is_relative_to(paths.resources()):
        print(path if path.exists() else f"{name} is missing")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return target_wheel.make(frozen.version(), None, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment of its own; what Ritornello stands on is lent to it."""
    folder = tmp_path_factory.mktemp("elsewhere") / "with spaces äöü"
    venv.create(folder, symlinks=not WINDOWS)
    programs = folder / ("Scripts" if WINDOWS else "bin")
    packages = next(folder.rglob("site-packages"))
    (packages / "lent.pth").write_text(f"{Path(PySide6.__file__).parents[1]}\n", "utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "--no-index", "--no-deps"]
    done = subprocess.run([*pip, "--no-warn-script-location", str(wheel)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return programs


def run(program: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ, RITORNELLO_HOME=str(home / "user"), QT_QPA_PLATFORM="offscreen")
    environment.pop("PYTHONPATH", None)
    return subprocess.run([str(program), *arguments], cwd=home, env=environment, capture_output=True, text=True)


def shipped() -> set[str]:
    resources = PROJECT / "resources"
    handbook = PROJECT / "build" / "docs"  # if it was built
    return {
        f"{prefix}{path.relative_to(folder).as_posix()}"
        for prefix, folder in (("", resources), ("handbook/", handbook))
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_wheel_holds_both_packages_with_all_resources_and_no_other_top_level_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"core", "gui"}
    assert {name.removeprefix("core/resources/") for name in names if name.startswith("core/resources/")} == shipped()


def test_an_installed_copy_knows_its_version_and_finds_every_resource_in_itself(
    installed: Path, tmp_path: Path
) -> None:
    done = run(installed / "python", "-I", "-c", ASK, home=tmp_path)
    assert done.returncode == 0, done.stderr
    version, *places = done.stdout.splitlines()
    assert version == frozen.version()
    assert len(places) > 4
    assert [place for place in places if not Path(place).is_relative_to(installed.parent)] == []


def test_an_installed_copy_continues_a_melody_on_the_command_line(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "ritornello-cli", "generate", "--bars", "1", "--out", "take.mid", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "take.mid").read_bytes().startswith(b"MThd")


def test_an_installed_copy_opens_its_window(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "ritornello", "--screenshot", "window.png", home=tmp_path)
    assert done.returncode == 0, done.stderr
    picture = QImage(str(tmp_path / "window.png"))
    assert picture.width() > 800
    assert len({picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}) > 20


def test_the_same_sources_give_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    again = target_wheel.make(frozen.version(), None, tmp_path)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_the_source_archive_holds_what_a_wheel_is_built_from(tmp_path: Path) -> None:
    target_wheel.copy_sources(tmp_path / "checkout")
    build = target_wheel.BUILD.replace("build_wheel", "build_sdist")
    command = [sys.executable, "-c", build, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path / "checkout", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / done.stdout.splitlines()[-1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"resources/{name}" for name in shipped()} | {"packaging/wheel.py"} <= names
