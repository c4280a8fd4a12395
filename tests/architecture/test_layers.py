"""Each contract of pyproject.toml goes red when it is broken: a contract that names the wrong module is green and empty."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]

PLANTED = {
    "window-on-library": ("core/tasks.py", "import gui.theme"),
    "core-layers": ("core/music/score.py", "import core.corpus.store"),
    "learning-rooms": ("core/learning/events/tokenizer.py", "import core.learning.network.weights"),
    "numpy-network": ("core/learning/network/inference.py", "import core.learning.network.tensorflow.arrays"),
    "gui-layers": ("gui/training/__init__.py", "import gui.generation"),
    "qt-in-core": ("core/music/score.py", "import PySide6.QtCore"),
    "tensorflow": ("core/learning/training/run_folder.py", "def late():\n    import tensorflow"),
    "pygame": ("core/playback/player.py", "def late():\n    import pygame"),
    "midi-libraries": ("core/corpus/importer.py", "import pretty_midi"),
    "viewport": ("gui/piano_roll/viewport.py", "import PySide6.QtCore"),
}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of the sources that may be spoilt."""
    for package in ("core", "gui"):
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    return subprocess.run(
        [*command, *arguments], cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True
    )


def plant(folder: Path, file: str, statement: str) -> None:
    spoilt = folder / file
    assert spoilt.exists(), f"{file} is gone: plant the violation elsewhere"
    spoilt.write_text(spoilt.read_text("utf-8") + f"\n\n{statement}\n", "utf-8")


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == set(PLANTED)


def test_the_sources_keep_every_contract(sources: Path) -> None:
    outcome = lint(sources)
    assert outcome.returncode == 0, outcome.stdout
    assert f"{len(CONTRACTS)} kept, 0 broken" in outcome.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_its_contract(sources: Path, contract: str) -> None:
    plant(sources, *PLANTED[contract])
    outcome = lint(sources, "--contract", contract)
    assert outcome.returncode == 1, outcome.stdout
    assert re.search("0 kept, 1 broken", outcome.stdout), outcome.stdout


@pytest.mark.parametrize("package", ["core", "gui"])
def test_a_new_module_without_a_layer_breaks_the_contract(sources: Path, package: str) -> None:
    (sources / package / "newcomer.py").write_text('"""A module that nobody placed."""\n', "utf-8")
    outcome = lint(sources, "--contract", f"{package}-layers")
    assert outcome.returncode == 1
    assert "newcomer" in outcome.stdout


def test_a_stale_exception_breaks_its_contract(sources: Path) -> None:
    workers = sources / "core" / "workers.py"
    workers.write_text('"""Knows no Qt any more."""\n', "utf-8")
    outcome = lint(sources, "--contract", "qt-in-core")
    assert outcome.returncode == 1
    assert "core.workers -> PySide6" in outcome.stdout


@pytest.mark.parametrize(
    ("file", "statement", "rule"),
    [
        ("core/learning/network/tensorflow/lstm.py", "import tensorflow", "TID253"),
        ("core/playback/pygame_output.py", "import pygame", "TID253"),
        ("core/workers.py", "import PySide6.QtWidgets", "TID251"),
        ("core/workers.py", "from PySide6.QtGui import QColor", "TID251"),
    ],
)
def test_a_planted_import_breaks_its_lint_rule(sources: Path, file: str, statement: str, rule: str) -> None:
    plant(sources, file, statement)
    outcome = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", rule, file],
        cwd=sources,
        capture_output=True,
        text=True,
    )
    assert rule in outcome.stdout, outcome.stdout + outcome.stderr
