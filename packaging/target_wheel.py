"""The wheel: installed by pip or pipx, it opens the window and runs the command line anywhere."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HANDBOOK = ROOT / "build" / "docs"
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


def make(version: str, frozen: Path | None, out: Path) -> Path:
    """The wheel's path, in `out`; the same sources give the same bytes. `frozen` plays no part."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "checkout")
        copy_sources(copy)
        # setuptools itself: pip would look for it in a network. 1980 is the first year that a zip can say.
        environment = dict(os.environ, SOURCE_DATE_EPOCH="315619200")
        done = subprocess.run(
            [sys.executable, "-c", BUILD, str(out.resolve())],
            cwd=copy,
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
    wheel = out / done.stdout.splitlines()[-1]
    if not wheel.name.startswith(f"ritornello-{version}-"):
        raise ValueError(f"{wheel.name} is not Ritornello {version}")
    return wheel


def copy_sources(target: Path) -> None:
    """What packages are built from, away from the checkout: building leaves things behind, and takes in what lies there."""
    target.mkdir()
    for name in ("core", "gui", "resources", "packaging"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    if HANDBOOK.is_dir():
        shutil.copytree(HANDBOOK, target / "resources" / "handbook")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target / name)
