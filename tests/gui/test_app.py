import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gui.app import BugDialog, BugReporter

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def reporter(qapp, monkeypatch, caplog):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    copies = []
    reporter = BugReporter(lambda: copies.append(1) or Path("copy"))
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
        timeout=60,
        cwd=PROJECT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "SDL_AUDIODRIVER": "dummy"},
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == [0, []]
    assert picture.stat().st_size > 10_000


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_a_sentence_is_said(monkeypatch, capsys):
    from gui.__main__ import main

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 1
    assert "needs a screen" in capsys.readouterr().err
