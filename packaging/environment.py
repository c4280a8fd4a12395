"""build/venv: the environment that builds, with the versions that constraints.txt pins, and TensorFlow's smaller form."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import bootstrap

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"


def requirements(platform: str) -> list:
    """What is installed to build on "linux", "windows" or "macos": what the program needs, what freezes it, and what makes its handbook."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["freeze"], *extras["docs"]]
    if platform == "macos":  # whose only form is for its processor
        return wanted
    return [
        line.replace("tensorflow", "tensorflow-cpu", 1) if line.startswith("tensorflow") else line for line in wanted
    ]


def platform_here() -> str:
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")


def python() -> Path:
    """The Python of build/venv, which is made or brought up to date first."""
    found = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = requirements(platform_here())
    stamp = FOLDER / "made-of.txt"
    made_of = hashlib.sha256(
        "\n".join([sys.version, str(ROOT), *wanted, CONSTRAINTS.read_text("utf-8")]).encode()
    ).hexdigest()
    if stamp.exists() and stamp.read_text() == made_of and found.exists():
        return found
    bootstrap.install_system_packages()
    shutil.rmtree(FOLDER, ignore_errors=True)
    print("Making build/venv (about 1.5 GB)", flush=True)
    settings = dict(os.environ, PIP_CONSTRAINT=CONSTRAINTS.as_uri(), PIP_DISABLE_PIP_VERSION_CHECK="1")
    if subprocess.call([sys.executable, "-m", "venv", FOLDER]) or subprocess.call(
        [found, "-m", "pip", "install", "--quiet", *wanted], env=settings
    ):
        raise bootstrap.SetupError("The environment that builds could not be made; the lines above say why.")
    stamp.write_text(made_of)
    return found
