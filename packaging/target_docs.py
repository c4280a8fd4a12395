"""The handbook: docs/ as a folder of plain pages that open from disk, with every warning an error."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def make(version=None, frozen=None, out=None):
    """Build the pages into `out` (build/docs where none is named) and return that folder. Needs the extra "docs"."""
    out = Path(out or ROOT / "build" / "docs")
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as between:
        command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--builder", "html"]
        done = subprocess.run([*command, "--doctree-dir", between, str(ROOT / "docs"), str(out)], cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)
    for name in (".buildinfo", "objects.inv"):  # what other builds of Sphinx would want
        (out / name).unlink(missing_ok=True)
    return out


if __name__ == "__main__":
    print(make())
