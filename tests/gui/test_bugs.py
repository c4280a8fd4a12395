"""Bugs and crashes in a program of its own, and what the next start says of them."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices, QGuiApplication

from core import paths
from core.crash_file import CrashFile
from gui.bugs import BugDialog, BugReporter, tell_of_crash

PROJECT = Path(__file__).resolve().parents[2]

_PROGRAM = """
import ctypes, json, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from gui import app, messages
from gui.document import Snapshot
from core.music.score import Note, Part, Score

posted = []
messages.center().posted.connect(posted.append)
make = app.make_window

def make_window(preferences):
    window = make(preferences)
    window.painted.connect(lambda: QTimer.singleShot(0, lambda: begin(window)))
    return window

app.make_window = make_window
"""
_CRASHES = (
    _PROGRAM
    + """
def begin(window):
    score = Score((Part.of([Note(0, 60, 480), Note(480, 64, 480)]),))
    window._autosave.written.connect(lambda _at: ctypes.string_at(0))
    window._document.open(Snapshot(score), name="Air", is_dirty=True)

app.run(["ritornello"])
"""
)
_TELLS = (
    _PROGRAM
    + """
def begin(window):
    timer = QTimer(window)
    def look():
        if window.others is not None and not window.jobs._workers and len(posted) >= int(sys.argv[1]):
            timer.stop()
            print(json.dumps([[one.sentence, [action.label for action in one.actions]] for one in posted]), flush=True)
            window._is_closing = True
            window.close()
    timer.timeout.connect(look)
    timer.start(10)

sys.exit(app.run(["ritornello"]))
"""
)
_STRIKES = (
    _PROGRAM
    + """
def begin(window):
    raise ZeroDivisionError("struck")

sys.exit(app.run(["ritornello"], screenshot=Path(sys.argv[1]), wait_ms=1_000_000))
"""
)


def program(tmp_path, text, *arguments):
    file = tmp_path / "program.py"
    file.write_text(text)
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "QT_QPA_PLATFORM": "offscreen", "SDL_AUDIODRIVER": "dummy"}
    return subprocess.run(
        [sys.executable, file, *map(str, arguments)], env=environment, capture_output=True, text=True
    )  # fmt: skip


def told(tmp_path, least):
    ran = program(tmp_path, _TELLS, least)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout.splitlines()[-1]))


@pytest.mark.skipif(sys.platform == "win32", reason="a process of Windows has no signal to end by")
def test_after_a_native_crash_the_next_start_tells_of_it_and_offers_the_work_and_the_one_after_does_not(tmp_path, home):
    crashed = program(tmp_path, _CRASHES)
    assert crashed.returncode == -signal.SIGSEGV, crashed.stderr
    said = told(tmp_path, 2)
    assert said["Ritornello crashed the last time."] == ["Open the log's folder", "Copy report"]
    (offer,) = (buttons for sentence, buttons in said.items() if sentence.startswith("Your work from "))
    assert "Restore" in offer
    (report,) = (home / "logs").glob("crash *.txt")
    assert "Segmentation fault" in report.read_text()
    assert "in begin" in report.read_text() or "<lambda>" in report.read_text()
    assert report.read_text().startswith("Ritornello ")
    assert not paths.crash_file().exists()
    assert [sentence for sentence in told(tmp_path, 1) if "crashed" in sentence] == []


def test_a_bug_while_a_picture_is_waited_for_ends_the_program_with_its_trace(tmp_path):
    ran = program(tmp_path, _STRIKES, tmp_path / "never.png")
    assert ran.returncode == 1
    assert "ZeroDivisionError: struck" in ran.stderr
    assert "in begin" in ran.stderr
    assert not (tmp_path / "never.png").exists()


def test_settings_that_cannot_be_read_do_not_keep_a_picture_waiting(tmp_path, home):
    ran = program(tmp_path, _PROGRAM.replace("app.make_window = make_window", _REFUSES), tmp_path / "never.png")
    assert ran.returncode == 1
    assert "Not today." in ran.stderr


_REFUSES = """
from core.errors import FileError
def refused(*_arguments):
    raise FileError("Not today.")
app.theme.apply = refused
sys.exit(app.run(["ritornello"], screenshot=Path(sys.argv[1])))
"""


def test_a_program_that_ends_in_order_leaves_no_report_whatever_was_written(home):
    run = CrashFile()
    assert run.begin() is None
    with paths.crash_file().open("a") as file:
        file.write("Windows fatal exception: code 0x8001010d\n")  # which a program survives
    run.end()
    another = CrashFile()
    assert another.begin() is None
    another.end()


def test_reports_of_five_crashes_are_kept(home):
    for minute in range(8):
        paths.crash_file().parent.mkdir(parents=True, exist_ok=True)
        paths.crash_file().write_text("Fatal Python error: Aborted\n")
        os.utime(paths.crash_file(), (1_000_000_000 + 60 * minute,) * 2)
        run = CrashFile()
        kept = run.begin()
        assert kept.read_text() == "Fatal Python error: Aborted\n"
        run.end()
    assert len(list((home / "logs").glob("crash *.txt"))) == 5
    assert kept.exists()


def test_a_crash_file_that_cannot_be_written_troubles_nobody(home):
    home.parent.mkdir(parents=True, exist_ok=True)
    home.write_text("in the way")
    run = CrashFile()
    assert run.begin() is None
    run.end()


def test_the_dialog_says_what_was_being_done_and_opens_the_folder_of_the_log(dressed, qtbot, home, monkeypatch):
    urls = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: urls.append(url.toLocalFile()) or True)
    dialog = BugDialog("Traceback", doing="Last asked for: Quantise.", is_kept=True)
    qtbot.addWidget(dialog)
    dialog.copy_button.click()
    assert "Last asked for: Quantise." in QGuiApplication.clipboard().text()
    assert "Last asked for: Quantise." in dialog.accessibleDescription()
    dialog.folder_button.click()
    assert urls == [str(home / "logs")]


def test_what_was_being_done_is_the_last_action_the_last_change_and_what_goes_on(desk, qtbot):
    desk.open(60, 64)
    desk.window.show_compose()
    desk.window.actions_["select_all"].trigger()
    desk.window.actions_["quantise"].trigger()
    assert desk.window.doing().startswith("Last asked for: Quantise.")
    assert "On show: Compose." in desk.window.doing()
    going = threading.Event()
    desk.jobs.run(lambda _control: going.wait(), lane="import")
    assert "Going on: import." in desk.window.doing()
    going.set()
    qtbot.waitUntil(lambda: not desk.jobs.is_busy("import"))
    assert "Going on" not in desk.window.doing()


def test_a_bug_in_the_telling_of_a_bug_does_not_go_round(dressed):
    asked = []

    def doing():
        asked.append(1)
        raise ValueError("again")

    reporter = BugReporter(lambda: None, doing)
    with pytest.raises(ValueError, match="again"):
        reporter._tell("one")
    reporter._tell("what the excepthook makes of it")
    assert asked == [1]


def test_the_report_of_a_crash_can_be_copied(home, posted):
    report = home / "crash.txt"
    home.mkdir(exist_ok=True)
    report.write_text("Fatal Python error: Segmentation fault")
    tell_of_crash(report)
    (message,) = posted
    message.actions[1].act()
    assert QGuiApplication.clipboard().text() == "Fatal Python error: Segmentation fault"
