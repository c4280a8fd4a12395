"""The handbook: docs/ as a folder of plain pages that open from disk, with every warning an error."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import bootstrap

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "docs"
"""Where core.paths looks for it in a checkout, and what is shipped as resources/handbook."""
NEEDS = "import furo, myst_parser, sphinx, PySide6"


def make(version=None, frozen=None, out=None) -> Path:
    """Build FOLDER anew, whatever `out` is."""
    return build(FOLDER)


def build(folder: Path) -> Path:
    """Build the pages into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as between:
        command = [python(), "-m", "sphinx", "--quiet", "--fail-on-warning", "--builder", "html"]
        if subprocess.call([*command, "--doctree-dir", between, ROOT / "docs", folder], cwd=ROOT):
            raise bootstrap.SetupError("The handbook can't be built as it is; the lines above say why.")
    for name in (".buildinfo", "objects.inv"):  # what other builds of Sphinx would want
        (folder / name).unlink(missing_ok=True)
    (folder / "_sources").rmdir()  # Sphinx makes it and puts nothing there
    return folder


def python() -> Path:
    """The nearest Python that has Sphinx and the program: this one, that of the tests, or build/venv."""
    for found in (Path(sys.executable), Path(bootstrap.venv_python())):
        if found.exists() and not subprocess.call([found, "-c", NEEDS], stderr=subprocess.DEVNULL):
            return found
    import environment

    return environment.python()
