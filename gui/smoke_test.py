"""`ritornello --smoke-test [FOLDER]`: the whole program tried once, with nobody there, and a page of how it went.

It has a user folder of its own, FOLDER/user-folder; without FOLDER all of it is temporary. The page goes to stdout, and
into FOLDER as `smoke-test.txt` beside what was written. Nothing can make it wait for ever: a bug outside the steps ends
it with its traceback and status 1, and so does too long a silence.
"""

import faulthandler
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from core import paths
from core.checks.check import Check, tried
from core.checks.trial import Trial, steps_tried
from core.errors import FileError
from core.tasks import Control
from core.version import version
from gui import theme
from gui.app import make_application, make_window
from gui.bugs import BugEnd
from gui.checking import STEPS
from gui.garbage import Collector
from gui.jobs import JobRunner
from gui.main_window import MainWindow
from gui.preferences import Preferences

PAGE = "smoke-test.txt"
_LONGEST_S = 900
"""Then the program is told to hang: where it was goes to stderr, and it ends with status 1."""
_PAINTED_MS = 60_000
_FEWEST_COLOURS = 20
"""Of a window that shows anything: icons and letters have soft edges."""


def run(arguments: list[str], folder: Path | None) -> int:
    """Try everything; 0 if all of it worked, else 1."""
    with tempfile.TemporaryDirectory(prefix="ritornello-smoke-test-", ignore_cleanup_errors=True) as temporary:
        place = (folder or Path(temporary)).absolute()
        os.environ["RITORNELLO_HOME"] = str(Trial(place).home)
        with _Page(place if folder else None) as page, _never_for_ever(page.errors):
            status = _run(arguments, place, page)
        for handler in logging.getLogger().handlers[:]:
            handler.close()  # a file that is open can't be removed everywhere
        return status


def _run(arguments: list[str], place: Path, page: "_Page") -> int:
    app = make_application(arguments)
    bugs = BugEnd()
    bugs.install()
    windows: list[MainWindow] = []
    page.say(f"Ritornello {version()} tries itself: {platform.platform()}, Python {platform.python_version()}")
    page.show(tried("Window", lambda: _window(app, windows)))
    jobs = JobRunner()

    def task(control: Control) -> None:
        for check in steps_tried(STEPS, place, control):
            control.report(check)

    if not bugs.was_met:
        jobs.run(task, on_report=lambda event: page.show(event) if isinstance(event, Check) else None,
                 on_done=lambda _none: app.quit(), on_cancelled=lambda: app.exit(1))  # fmt: skip
        app.exec()
    jobs.close()
    for window in windows:
        window.close()
    return page.conclude(met_bug=bugs.was_met)


def _window(app: QApplication, windows: list[MainWindow]) -> str:
    """Open the window, with everything in it."""
    preferences = Preferences(paths.settings_file())
    theme.apply(app, preferences.settings.theme)
    window = make_window(preferences)
    windows.append(window)
    Collector(window)
    waiting = QEventLoop()
    window.painted.connect(waiting.quit)
    QTimer.singleShot(_PAINTED_MS, waiting, lambda: waiting.exit(1))
    window.start_in_compose()
    window.show()
    if waiting.exec():
        raise FileError(f"It was not painted within {_PAINTED_MS // 1000} s.")
    window.build_rest()
    for key in ("pieces", "train", "compose"):
        window.show_workspace(key)
        if _colours(window) < _FEWEST_COLOURS:
            raise FileError(f"Nothing is to be seen in its workspace “{key}”.")
    for lost in filter(None, theme.lost_files()):
        raise lost
    return f"{window.width()} × {window.height()}, {QGuiApplication.platformName()}"


def _colours(window: MainWindow) -> int:
    image = window.grab().toImage()
    return len({image.pixel(x, y) for x in range(image.width()) for y in range(0, image.height(), 4)})


class _Page:
    """What is printed, and written into the folder if one was named."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._file: TextIO | None = None
        self._failed: list[str] = []
        self._count = 0
        self._began = time.perf_counter()

    def __enter__(self) -> "_Page":
        if self._folder is not None:
            with suppress(OSError):  # the step that writes there says so
                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = (self._folder / PAGE).open("w", encoding="utf-8")
        return self

    def __exit__(self, *_of_an_error: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def errors(self) -> TextIO | None:
        """Where a traceback is told."""
        return sys.stderr or self._file

    def say(self, line: str) -> None:
        for stream in (sys.stdout, self._file):
            if stream is not None:  # a frozen program of Windows has no stdout
                stream.write(f"{line}\n")
                stream.flush()

    def show(self, check: Check) -> None:
        self._count += 1
        self.say(f"{'ok    ' if check.ok else 'FAILED'}  {check.name:<14} {check.took_s:6.2f} s  {check.detail}")
        if check.hint:
            self.say(f"{'':34}{check.hint}")
        if not check.ok:
            self._failed.append(check.name)
        if check.trace:
            self.say(check.trace)

    def conclude(self, *, met_bug: bool) -> int:
        took = f"{time.perf_counter() - self._began:.1f} s"
        if self._failed:
            self.say(f"{len(self._failed)} of {self._count} steps failed: {', '.join(self._failed)}. It took {took}.")
        elif met_bug:
            self.say("It ended because of a fault in the program, told above.")
        else:
            self.say(f"All {self._count} steps are ok. It took {took}.")
        return 1 if self._failed or met_bug else 0


@contextmanager
def _never_for_ever(told_to: TextIO | None) -> Iterator[None]:
    if told_to is not None:
        faulthandler.dump_traceback_later(_LONGEST_S, exit=True, file=told_to)
    yield
    faulthandler.cancel_dump_traceback_later()
