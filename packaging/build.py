"""Build what people install: needs a supported Python, a network for the first build, and nothing else.

    python3 packaging/build.py dir      the program's folder, dist/ritornello: what all installers hold
    python3 packaging/build.py TARGET   deb, run, appimage, windows or macos: an installer around that folder
    python3 packaging/build.py wheel    for pip and pipx
    python3 packaging/build.py docs     the documentation, build/docs

A manifest lies beside each artefact: what is inside, with sizes, SHA-256 sums and the versions of all packages.
Builds happen in build/venv, an environment of their own with pinned versions; .venv is left alone.
"""

import argparse
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import bootstrap

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ("dir", "deb", "run", "appimage", "windows", "macos", "wheel", "docs")
UNFROZEN = ("wheel", "docs")
"""Targets that need no frozen folder."""


def main(arguments: list) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist", metavar="FOLDER", help="where it goes; by default dist"
    )
    parser.add_argument(
        "--frozen", type=Path, metavar="FOLDER", help="a folder that `dir` made before, instead of a new one"
    )
    options = parser.parse_args(arguments)
    try:
        bootstrap.refuse_unsupported_python()
        return build(options.target, options.out.absolute(), options.frozen and options.frozen.absolute())
    except bootstrap.SetupError as error:
        print(error, file=sys.stderr)
        return 1


def build(target: str, out: Path, frozen: Path | None) -> int:
    import environment
    import frozen as program

    version = program.version()
    out.mkdir(parents=True, exist_ok=True)
    if target != "docs" and frozen is None:  # whatever is installed brings its handbook
        importlib.import_module("target_docs").make()
    if frozen is None and target not in UNFROZEN:
        frozen = freeze(out, environment.python())
    if target == "dir":
        made = frozen
    else:
        try:
            maker = importlib.import_module(f"target_{target}")
        except ModuleNotFoundError as error:
            if error.name != f"target_{target}":
                raise
            raise bootstrap.SetupError(f"The target ‘{target}’ is not there yet.") from error
        made = maker.make(version, frozen, out)
    print(made)
    return 0


def freeze(out: Path, python: Path) -> Path:
    """The frozen folder, made anew."""
    work = ROOT / "build" / "pyinstaller"
    shutil.rmtree(work, ignore_errors=True)
    environment = dict(os.environ, PYTHONHASHSEED="1", SOURCE_DATE_EPOCH=commit_time())
    command = [python, "-m", "PyInstaller", "--noconfirm", "--distpath", out, "--workpath", work, "--log-level", "WARN"]
    if subprocess.call([*command, ROOT / "packaging" / "app.spec"], cwd=ROOT, env=environment):
        raise bootstrap.SetupError("PyInstaller could not build the program; it says why above.")
    return out / ("Ritornello.app" if sys.platform == "darwin" else "ritornello")


def commit_time() -> str:
    """Seconds since 1970 of the last commit; without git, a fixed day."""
    asked = ["git", "log", "-1", "--format=%ct"]
    try:
        return subprocess.check_output(asked, cwd=ROOT, text=True, stderr=subprocess.DEVNULL).strip() or "1750000000"
    except (OSError, subprocess.CalledProcessError):
        return "1750000000"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
