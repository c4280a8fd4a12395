"""What holds for every test: its own user folder, no screen, no sound device, and nothing left behind.

A test fails if it leaves a thread or a process running, if something was logged at WARNING or above that it did
not expect (`caplog` in its arguments says that it looks at the log itself), or if a file of the project changed.
"""

import gc
import logging
import multiprocessing
import os
import threading
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytestqt.qtbot import QtBot

from gui.garbage import collect_due
from tests.patience import HANGS_S, eventually

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the application has it, and why: gui/__main__.py

# Properties are about values, not about time: a busy machine must not fail them, nor luck a submission.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", settings.get_profile("unhurried"), derandomize=True)
settings.load_profile("repeatable" if os.environ.get("CI") else "unhurried")

PROJECT = Path(__file__).resolve().parent.parent

_LONG = {"stories", "training", "network", "evaluation", "cli"}
"""Folders whose tests train, or start programs that do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first: one of them at the end would keep one processor alone busy."""
    items.sort(key=lambda item: _LONG.isdisjoint(item.path.relative_to(PROJECT).parts))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user folder of the test's own; nothing is made there yet."""
    folder = tmp_path / "home"
    monkeypatch.setenv("RITORNELLO_HOME", str(folder))
    return folder


class _PatientBot(QtBot):
    """pytest-qt's, which gives up after 5 s by itself: it waits for what happens, as everything here does."""


for _name in ("waitSignal", "waitSignals", "waitUntil", "waitExposed", "waitActive", "waitCallback"):
    setattr(_PatientBot, _name, partialmethod(getattr(QtBot, _name), timeout=round(1000 * HANGS_S)))


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> QtBot:
    return _PatientBot(request)


@pytest.fixture(autouse=True)
def _cycles_die_between_tests() -> Iterator[None]:
    """As in the program (gui/garbage.py): no other thread destroys a widget that a test left in a cycle."""
    gc.disable()
    yield
    collect_due()


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    threads = set(threading.enumerate())
    yield

    def left() -> list[object]:
        running = [thread for thread in threading.enumerate() if thread not in threads and not _is_foreign(thread)]
        return [*running, *multiprocessing.active_children()]

    try:
        eventually(lambda: not left())
    except AssertionError:
        pytest.fail(f"left running: {left()}")


def _is_foreign(thread: threading.Thread) -> bool:
    """Threads that libraries start once and keep (Keras' and pytest-timeout's) and Qt threads seen from Python."""
    return thread.name.startswith(("Dummy-", "pytest_timeout", "asyncio_", "QueueFeederThread")) or isinstance(
        thread, threading._DummyThread
    )


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def _no_unexpected_log(request: pytest.FixtureRequest) -> Iterator[None]:
    if "caplog" in request.fixturenames:
        yield
        return
    handler = _Warnings()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)
    ours = [line for line in handler.records if line.startswith(("core", "gui"))]
    assert not ours, f"unexpected log records: {ours}"


@pytest.fixture(autouse=True, scope="session")
def _project_untouched() -> Iterator[None]:
    """Nothing may be written among the sources or resources while tests run."""
    before = _stamps()
    yield
    changed = sorted({str(path) for path, _ in _stamps() ^ before})
    if os.environ.get("CI"):  # on a workbench, people edit while tests run
        assert not changed, f"tests wrote into the project: {changed}"


def _stamps() -> set[tuple[Path, int]]:
    folders = [PROJECT / name for name in ("core", "gui", "resources", "packaging")]
    return {
        (path, path.stat().st_mtime_ns)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
