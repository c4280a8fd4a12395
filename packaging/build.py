"""Build what people install: needs a supported Python, a network for the first build, and nothing else.

    python3 packaging/build.py dir      the program's folder, dist/ritornello: what all installers hold
    python3 packaging/build.py TARGET   deb, run, appimage, windows or macos: an installer around that folder
    python3 packaging/build.py wheel    for pip and pipx
    python3 packaging/build.py docs     the handbook, build/docs

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
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where it goes; by default dist")
    parser.add_argument(
        "--frozen", type=Path, metavar="FOLDER", help="around this folder, which `dir` made, instead of a new one"
    )
    options = parser.parse_args(arguments)
    try:
        bootstrap.refuse_unsupported_python()
        import environment

        if Path(sys.prefix).resolve() != environment.FOLDER.resolve():
            settings = dict(os.environ, PYTHONHASHSEED="1", PYTHONDONTWRITEBYTECODE="1")
            return subprocess.call([environment.python(), __file__, *arguments], env=settings)
        build(options.target, options.out, options.frozen)
    except bootstrap.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build(target: str, out: Path | None, made_before: Path | None) -> None:
    """Make the artefact and the manifest beside it. Raises SetupError."""
    import frozen
    import manifest

    handbook = None if made_before else maker("docs").make()  # whatever is installed brings its handbook
    if target == "docs":
        print(handbook)
        return
    os.environ["SOURCE_DATE_EPOCH"] = commit("%ct") or "1750000000"  # the same commit, the same artefact
    out = (out or ROOT / "dist").resolve()
    out.mkdir(parents=True, exist_ok=True)
    version, folder = frozen.version(), None
    if target not in UNFROZEN:
        folder = made_before.resolve() if made_before else freeze(out)
    artefact = folder if target == "dir" else maker(target).make(version, folder, out)
    print(manifest.write(artefact, version=version, commit=commit("%H"), inside=folder))
    print(artefact)


def maker(target: str):
    """The module that makes an artefact: its `make(version, frozen, out)` returns the path."""
    try:
        return importlib.import_module(f"target_{target}")
    except ModuleNotFoundError as error:
        if error.name != f"target_{target}":
            raise
        raise bootstrap.SetupError(f"The target ‘{target}’ is not there yet.") from error


def freeze(out: Path) -> Path:
    """The frozen folder, made anew: both programs, all that they read, and the licences of it all."""
    import icons
    import places

    icons.ready()
    work = ROOT / "build" / "pyinstaller"
    shutil.rmtree(work, ignore_errors=True)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", out, "--workpath", work, ROOT / "packaging" / "app.spec"]
    if subprocess.call(command, cwd=ROOT):
        raise bootstrap.SetupError("PyInstaller could not build the program; it says why above.")
    folder = out / ("Ritornello.app" if sys.platform == "darwin" else "ritornello")
    told = places.found(folder, places.of_this_machine())
    if told:
        lines = "\n".join(f"  {name}: {place}" for name, place in told)
        raise bootstrap.SetupError(f"These files name places on this machine:\n{lines}")
    return folder


def commit(what: str) -> str:
    """Of the last commit, by git's format; "" where there is no git."""
    try:
        asked = ["git", "log", "-1", f"--format={what}"]
        return subprocess.check_output(asked, cwd=ROOT, text=True, stderr=subprocess.DEVNULL).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
