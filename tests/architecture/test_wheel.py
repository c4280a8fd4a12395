"""A wheel, built without a network, holds all that an installed copy needs."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"
ASK = """
import json
from core import paths
from gui import theme
theme._tokens()
found = (paths.soundfont(), paths.starter_model(), paths.demo_seed(), paths.sample_collection())
print(json.dumps([str(paths.resources()), [path.exists() for path in found]]))
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel of the checkout, the source archive, and what either holds."""
    folder = tmp_path_factory.mktemp("archives")
    copy = folder / "checkout"  # building leaves things behind
    shutil.copytree(
        PROJECT, copy, ignore=shutil.ignore_patterns(".*", "tests", "docs", "*.egg-info", "build", "__pycache__")
    )
    found = {}
    for kind in ("wheel", "sdist"):
        command = [sys.executable, "-c", BUILD, f"build_{kind}", str(folder)]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found[kind] = folder / done.stdout.splitlines()[-1]
    return found


def shipped() -> set[str]:
    return {
        str(path.relative_to(PROJECT / "resources")) for path in (PROJECT / "resources").rglob("*") if path.is_file()
    }


def test_an_installed_copy_finds_every_resource_and_its_top_level_names_are_its_own(
    archives: dict[str, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(archives["wheel"]) as wheel:
        wheel.extractall(tmp_path)
    assert {path.name for path in tmp_path.iterdir() if not path.name.endswith(".dist-info")} == {"core", "gui"}
    within = tmp_path / "core" / "resources"
    assert {str(path.relative_to(within)) for path in within.rglob("*") if path.is_file()} == shipped()
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{ASK}"
    done = subprocess.run([sys.executable, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    folder, found = json.loads(done.stdout)
    assert Path(folder) == within
    assert all(found)


def test_the_source_archive_holds_what_a_wheel_is_built_from(archives: dict[str, Path]) -> None:
    import tarfile

    with tarfile.open(archives["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"resources/{name}" for name in shipped()} | {"packaging/wheel.py"} <= names
