"""The traps that cost somebody a day each, as tests."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TESTS = [path for path in (PROJECT / "tests").rglob("*.py") if "benchmarks" not in path.parts]
SOURCES = [path for package in ("core", "gui") for path in (PROJECT / package).rglob("*.py")]


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True)


def test_packaging_is_no_package() -> None:
    """TensorFlow imports the library `packaging`; a package of that name in the checkout would shadow it."""
    assert not (PROJECT / "packaging" / "__init__.py").exists()


def test_pyside_is_pinned_to_a_version_that_keeps_its_references() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "PySide6-Essentials==6.11.3" in project["dependencies"]


def test_five_thousand_signals_leave_python_alive() -> None:
    """PySide6 6.12.0 loses a reference to None or True a call and aborts Python 3.11 after some 575 signals."""
    outcome = run(
        "from PySide6.QtCore import QCoreApplication, QObject, Signal\n"
        "class Source(QObject):\n    told = Signal(object, bool)\n"
        "app = QCoreApplication([]); source = Source(); heard = []\n"
        "source.told.connect(lambda value, flag: heard.append(flag))\n"
        "for turn in range(5000): source.told.emit(None, True)\n"
        "print(len(heard))"
    )
    assert outcome.stdout.strip() == "5000", outcome.stderr


def test_the_window_loads_neither_tensorflow_nor_pygame() -> None:
    outcome = run(
        "import os, sys; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "import gui.__main__, gui.app, gui.main_window\n"
        "print([name for name in ('tensorflow', 'keras', 'pygame') if name in sys.modules])"
    )
    assert outcome.stdout.strip() == "[]", outcome.stderr


def test_the_command_line_starts_without_heavy_libraries() -> None:
    outcome = run(
        "import sys, core.cli\n"
        "print([name for name in ('tensorflow', 'pygame', 'PySide6', 'pretty_midi') if name in sys.modules])"
    )
    assert outcome.stdout.strip() == "[]", outcome.stderr


def test_no_module_loads_tensorflow_until_the_training_process_asks() -> None:
    outcome = run(
        "import importlib, pkgutil, sys, core\n"
        "modules = [module.name for module in pkgutil.walk_packages(core.__path__, 'core.')]\n"
        "for name in modules: importlib.import_module(name)\n"
        "print('core.learning.network.tensorflow.trainable' in modules, 'tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    assert outcome.stdout.strip() == "True False False", outcome.stderr


@pytest.mark.parametrize(
    ("trap", "why"),
    [
        (r"BlockLSTMV2\(", "its gradient is silently wrong"),
        (r"\b(model|network)\.fit\(", "model.fit fails under MultiWorkerMirroredStrategy, and resumes inexactly"),
        (r"processEvents", "re-enters the event loop"),
        (r"mixer\.music\.(load|play)", "mixer.music can't seek in MIDI"),
        (r"allow_pickle\s*=\s*True|import pickle", "a model file is data, never code"),
        (r"order=True", "comparing dataclasses is five times slower than a key"),
        (r"get_context\(.(fork|forkserver).\)", "a forked TensorFlow or Qt hangs; spawn everywhere"),
    ],
)
def test_no_source_steps_into_a_known_trap(trap: str, why: str) -> None:
    found = [path.relative_to(PROJECT) for path in SOURCES if re.search(trap, path.read_text("utf-8"))]
    assert not found, f"{why}: {found}"


WAITING = re.compile(
    r"\bsleep\(|qtbot\.wait\(|QTest\.qWait\(|\btimeout(?:=(?!0\b)|\()|\bmonotonic\b|\bperf_counter\b|\bdeadline=(?!None)"
    r"|\.(?:wait|join)\([\d.]"
)
"""Ways for a test to depend on how long something takes. A bound on seconds of work (`thread_time`, `process_time`) is none."""
MAY_WAIT = {
    "tests/patience.py": "the one place that waits",
    "tests/conftest.py": "hands its patience to pytest-qt",
    "tests/core/cli/test_interruption.py": "a program at work until it is broken off",
    "tests/core/corpus/midi.py": "a reader that takes its time",
    "tests/core/corpus/test_importer.py": "an hour that is over at once",
    "tests/core/playback/test_pygame_output.py": "a program of its own, which waits for the sound device",
}


def test_no_test_depends_on_how_busy_the_machine_is() -> None:
    found = {str(path.relative_to(PROJECT)) for path in TESTS if WAITING.search(path.read_text("utf-8"))}
    assert not found - MAY_WAIT.keys(), (
        "wait for what happens (tests/patience.py, qtbot), and time it in tests/benchmarks"
    )
    assert not MAY_WAIT.keys() - found, "needs no leave any more"


def swallows_everything(source: str) -> bool:
    """Whether an except clause takes any error, and doesn't end by raising it again."""
    return any(
        isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
        for node in ast.walk(ast.parse(source))
    )


def test_only_the_outermost_frames_catch_everything() -> None:
    """The thread's (Worker), a check's (what else is wrong must be told too), and the excepthook, which is no except clause.

    Who clears up hands the error on.
    """
    assert swallows_everything("try:\n    f()\nexcept Exception as error:\n    print(error)")
    assert not swallows_everything("try:\n    f()\nexcept BaseException:\n    g()\n    raise")
    found = {str(path.relative_to(PROJECT)) for path in SOURCES if swallows_everything(path.read_text("utf-8"))}
    assert found == {"core/workers.py", "core/checks/check.py"}


def test_files_are_written_in_one_place_alone() -> None:
    """So that nothing is half written, and permissions and links stay. The others write to what `replacing` or memory holds."""
    writes = re.compile(r"\.write_(bytes|text)\(|open\([^)\n]*[\"'][wx]b?\+?[\"']")
    found = {str(path.relative_to(PROJECT)) for path in SOURCES if writes.search(path.read_text("utf-8"))}
    assert found == {
        "core/crash_file.py",  # open while the program runs, for what it can only say as it crashes
        "core/files.py",
        "core/learning/events/dataset.py",
        "core/music/midi_file.py",
        "core/playback/mix.py",
        "gui/smoke_test.py",  # a page that grows with what is done, and is to be there when that hangs
    }


def test_no_attic_modules() -> None:
    attics = {"utils", "helpers", "common", "manager", "handler", "misc"}
    assert not [path for path in SOURCES if path.stem in attics or path.parent.name in attics]


def test_every_resource_is_credited() -> None:
    page = (PROJECT / "resources" / "CREDITS.md").read_text("utf-8")
    shipped = {path.name for path in (PROJECT / "resources").iterdir() if path.name != "CREDITS.md"}
    assert not [name for name in shipped if f"`{name}" not in page]


def test_no_registry_host_is_named() -> None:
    hosts = re.compile(r"index-url|https?://[^\s\"]*/simple|\"resolved\"")
    for path in (PROJECT / "packaging").rglob("*"):
        if path.is_file() and path.suffix in {".txt", ".py", ".json", ".toml", ".md"}:
            assert not hosts.search(path.read_text("utf-8")), path


def test_the_constraints_pin_every_dependency() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (PROJECT / "packaging" / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=!;\[ ]", dependency)[0].lower().replace("_", "-") for dependency in wanted}
    assert not names - pinned - {project["name"]}  # an extra of ours names another


def test_the_design_tokens_are_whole() -> None:
    tokens = json.loads((PROJECT / "resources" / "themes" / "tokens.json").read_text("utf-8"))
    assert tokens["color"]["dark"].keys() == tokens["color"]["light"].keys()
