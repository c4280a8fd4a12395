"""build/venv: the environment that builds, with the versions that constraints.txt pins, and TensorFlow's smaller form."""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import bootstrap
import frozen

ROOT = frozen.ROOT
FOLDER = ROOT / "build" / "venv"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"


def project() -> dict:
    """pyproject.toml's table of that name."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def requirements(platform: str) -> list:
    """What is installed to build on "linux", "windows" or "macos": what the program needs, and what freezes it."""
    extras = project()["optional-dependencies"]
    wanted = [*project()["dependencies"], *extras["freeze"], *extras["docs"], "setuptools"]
    if platform == "macos":  # whose only form is for its processor
        return wanted
    return [
        line.replace("tensorflow", "tensorflow-cpu", 1) if line.startswith("tensorflow") else line for line in wanted
    ]


def python() -> Path:
    """The Python of build/venv, which is made or brought up to date first."""
    found = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = requirements(frozen.platform_here())
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
