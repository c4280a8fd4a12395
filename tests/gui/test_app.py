import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gui.bugs import BugDialog, BugReporter
from gui.screen import missing_screen

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reporter(qapp, monkeypatch, caplog):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    copies = []
    reporter = BugReporter(lambda: copies.append(1) or Path("copy"), lambda: "Last asked for: Quantise.")
    reporter.copies = copies
    reporter.install()
    yield reporter
    for box in boxes():
        box.close()


def boxes():
    return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, BugDialog) and widget.isVisible()]


def strike(error):
    try:
        raise error
    except type(error):
        sys.excepthook(*sys.exc_info())


def test_a_bug_keeps_a_copy_and_is_told_once(reporter, qtbot):
    strike(ZeroDivisionError("first"))
    strike(ZeroDivisionError("second"))
    qtbot.waitUntil(lambda: bool(boxes()))
    (box,) = boxes()
    assert "A copy of your work was kept." in box.accessibleDescription()
    assert len(reporter.copies) == 2


def test_the_report_can_be_copied(reporter, qtbot):
    strike(ValueError("the cause"))
    qtbot.waitUntil(lambda: bool(boxes()))
    (box,) = boxes()
    box.copy_button.click()
    assert "ValueError: the cause" in QGuiApplication.clipboard().text()
    assert box.isVisible()


def test_a_bug_in_a_worker_is_told_too(reporter, qtbot):
    thread = threading.Thread(target=lambda: {}["missing"])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(boxes()))
    assert "KeyError" in boxes()[0].report


STARTED = """
import json, sys
from pathlib import Path
from gui.__main__ import main
code = main(["--screenshot", sys.argv[1], "--wait-ms", "300"])
heavy = [name for name in ("tensorflow", "keras", "scipy") if name in sys.modules]
print(json.dumps([code, heavy]))
"""


def test_the_application_starts_ends_and_never_loads_tensorflow(tmp_path):
    picture = tmp_path / "window.png"
    ran = subprocess.run(
        [sys.executable, "-c", STARTED, str(picture)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "SDL_AUDIODRIVER": "dummy"},
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == [0, []]
    assert picture.stat().st_size > 10_000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is played by a device of Linux")
def test_a_log_that_cannot_be_written_troubles_nobody(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "ritornello.log").symlink_to("/dev/full")
    ran = subprocess.run(
        [sys.executable, "-c", "import logging; from gui.app import _start_log; _start_log(); logging.warning('lost')"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=os.environ | {"RITORNELLO_HOME": str(tmp_path)},
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_a_sentence_is_said(monkeypatch, capsys):
    from gui.__main__ import main

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 1
    assert "needs a screen" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
@pytest.mark.parametrize("platform", ["", "xcb", "wayland;xcb"])
@pytest.mark.parametrize(
    "screen", [{"DISPLAY": ":4177"}, {"WAYLAND_DISPLAY": "nobody-0"}, {"DISPLAY": "nonsense", "WAYLAND_DISPLAY": "x"}]
)
def test_a_screen_that_is_named_but_cannot_be_reached_is_a_sentence(tmp_path, screen, platform):
    environment = {name: value for name, value in os.environ.items() if name not in _SCREENS}
    environment |= screen | {"QT_QPA_PLATFORM": platform, "XDG_RUNTIME_DIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-m", "gui"], env=environment, capture_output=True, text=True, cwd=PROJECT)
    assert ran.returncode == 1
    named = ", ".join(f"{name}={value}" for name, value in screen.items())
    assert ran.stderr == f"The screen can't be reached ({named}). Without one, ritornello-cli does the same jobs.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_a_wayland_screen_that_answers_is_one(tmp_path, monkeypatch):
    for name in _SCREENS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-9")
    with socket.socket(socket.AF_UNIX) as screen:
        monkeypatch.chdir(tmp_path)
        screen.bind("wayland-9")
        screen.listen()
        assert missing_screen() == ""


_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE")


_ENDED_AT_A_BUG = """
import os, signal, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from gui import app
from gui.bugs import BugDialog

make = app.make_window

def make_window(preferences):
    window = make(preferences)
    window.painted.connect(lambda: QTimer.singleShot(0, strike))
    return window

def strike():
    QTimer.singleShot(0, end)
    raise ZeroDivisionError("struck")

def end():
    if not any(isinstance(widget, BugDialog) and widget.isVisible() for widget in QApplication.topLevelWidgets()):
        QTimer.singleShot(10, end)
        return
    print("struck", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

app.make_window = make_window
code = app.run(["ritornello"])
print("ended", code, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to end a program by")
def test_sigterm_ends_the_program_with_the_bug_dialog_as_its_last_window(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(_ENDED_AT_A_BUG)
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "QT_QPA_PLATFORM": "offscreen", "SDL_AUDIODRIVER": "dummy"}
    ran = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True)
    assert ran.stdout == "struck\nended 0\n", ran.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere libraries don't fork")
def test_a_library_that_forks_while_numpy_computes_does_not_stop_the_window(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(_FORKING)
    environment = {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "2",
        "PYTHONPATH": str(PROJECT),
        "QT_QPA_PLATFORM": "offscreen",
    }
    ran = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True)
    assert ran.stdout == "forked\n", ran.stderr


_FORKING = """
import ctypes, os, sys, threading, types

def run(*_arguments, **_options):
    import numpy as np
    matrix = np.ones((400, 400), np.float32)
    done = threading.Event()
    def compute():
        while not done.is_set():
            matrix @ matrix
    computing = threading.Thread(target=compute)
    computing.start()
    for _ in range(20):
        child = ctypes.PyDLL(None).fork()  # with the interpreter's lock held, as in the mixer's start
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    done.set()
    computing.join()
    print("forked", flush=True)
    return 0

sys.modules["gui.app"] = types.SimpleNamespace(run=run)  # what the start imports once it has prepared the process
from gui.__main__ import main
sys.exit(main([]))
"""
