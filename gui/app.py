"""Puts the application together: one window, what it works with, and what happens when something goes wrong."""

import contextlib
import faulthandler
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox

from core import paths
from core.crash_file import CrashFile
from core.errors import AppError, FileError
from core.log_file import LogFile
from core.settings import read_settings
from core.standing import missing_files, user_folder_troubles
from gui import messages, theme
from gui.bugs import BugEnd, BugReporter, tell_of_crash
from gui.controls import pitches
from gui.document import Document
from gui.garbage import Collector
from gui.generating import Generator
from gui.instance import Instance
from gui.jobs import JobRunner
from gui.main_window import MainWindow
from gui.messages import Message
from gui.playback import Playback
from gui.preferences import Preferences
from gui.recovery import Autosave

if TYPE_CHECKING:  # imported on first need, after the window was painted
    from core.learning.models.library import Library
    from core.playback.player import Player

_LOG = logging.getLogger(__name__)

DESKTOP_ID = "org.ritornello.Ritornello"
"""What desktops know the program by: packaging/linux holds its entry under this name, and its icon is called so."""

SWITCH_S = 0.001
"""How long a thread that generates or imports may keep the window's thread waiting for the interpreter."""


def make_window(preferences: Preferences) -> MainWindow:
    """A window with an empty document, in the user folder as it stands."""
    theme.set_reduced_motion(reduced=preferences.settings.reduces_motion)
    pitches.call_middle_c(preferences.settings.middle_c)
    document = Document()
    jobs = JobRunner()
    playback = Playback(_make_player)
    playback.set_volume(preferences.settings.volume)
    autosave = Autosave(document, jobs)
    generator = Generator(_make_library, jobs)
    window = MainWindow(document, preferences, jobs, playback, generator, autosave)
    for part in (document, jobs, playback, generator, preferences):
        part.setParent(window)
    return window


def _make_player() -> "Player":
    from core.playback.player import Player

    return Player()


def _make_library() -> "Library":
    from core.learning.models.library import Library

    return Library(paths.home())


class EndSignal(QObject):
    """SIGTERM and SIGINT, as when the session ends: a Qt program hears them through a socket alone."""

    came = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setblocking(False)  # noqa: FBT003 -- its signature
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_byte)

    def install(self) -> None:
        """Call in the main thread, after everything that installs handlers of its own."""
        signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)

    def _on_byte(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if set(self._near.recv(64)) & {signal.SIGTERM, signal.SIGINT}:
                self.came.emit()


def _start_log() -> None:
    logging.getLogger().addHandler(LogFile())
    logging.getLogger().setLevel(logging.INFO)


def make_application(arguments: Sequence[str]) -> QApplication:
    """Qt, the log and what else there is once in a process."""
    os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # else the mixer swallows the signals that end a program
    sys.setswitchinterval(SWITCH_S)
    if sys.stderr is not None:
        faulthandler.enable()
    QApplication.setDesktopFileName(DESKTOP_ID)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication([arguments[0] if arguments else "ritornello"])
    app.setApplicationName("Ritornello")
    app.setApplicationDisplayName("Ritornello")
    _start_log()
    return app


def run(
    arguments: list[str], *, files: Sequence[Path] = (), screenshot: Path | None = None, wait_ms: int = 1500
) -> int:
    """Run the application until its window is closed; the exit status.

    screenshot: save a picture of the window after `wait_ms` and quit, for trying it out.
    """
    app = make_application(arguments)
    instance = Instance(paths.home())
    try:
        if screenshot is None and not instance.begin(files):
            return 0
        crash_file = CrashFile() if screenshot is None else None
        crashed = crash_file.begin() if crash_file is not None else None
        preferences = Preferences(paths.settings_file())
        theme.apply(app, preferences.settings.theme)
    except AppError as error:
        return _refuse(app, error, asks=screenshot is None)
    window = make_window(preferences)
    Collector(window)
    reporter = BugReporter(window.save_copy, window.doing) if screenshot is None else BugEnd()
    reporter.install()
    ending = EndSignal(window)
    ending.came.connect(window.end_session)
    ending.came.connect(app.exit)  # whatever dialog is open: Qt would go on until the last of them is closed
    ending.install()
    instance.handed.connect(window.arrivals.receive)
    window.closing.connect(instance.close)
    if sys.platform == "darwin":  # elsewhere files come as arguments alone
        app.installEventFilter(window.arrivals)
    window.arrivals.receive(files)
    if not files and preferences.settings.show_first_page:
        window.show_first_page(awaits_seed=True)
    else:
        window.start_in_compose()
    window.painted.connect(lambda: _after_first_paint(window, preferences, crashed), Qt.ConnectionType.QueuedConnection)
    if screenshot is None:
        window.painted.connect(window.offer_tour, Qt.ConnectionType.QueuedConnection)
    window.show()
    if screenshot is not None:
        QTimer.singleShot(wait_ms, lambda: (window.grab().save(str(screenshot)), window.close()))
    status = app.exec()
    if crash_file is not None:
        crash_file.end()
    if isinstance(reporter, BugEnd) and reporter.was_met:
        window.end_session()
        return 1
    return status


def _refuse(app: QApplication, error: AppError, *, asks: bool) -> int:
    """Say why no window opens, in the terminal and, where somebody is to close it, on the screen; the exit status."""
    if sys.stderr is not None:
        sys.stderr.write(f"{error}\n")
    if not asks:
        return 1
    with contextlib.suppress(AppError):
        theme.apply(app, read_settings(paths.settings_file()).settings.theme)
    box = QMessageBox(QMessageBox.Icon.Warning, "Ritornello", error.sentence)
    box.setInformativeText(error.hint)
    box.exec()
    return 1


def _after_first_paint(window: MainWindow, preferences: Preferences, crashed: Path | None) -> None:
    window.prepare_rest()
    if crashed is not None:
        tell_of_crash(crashed)
    window.unsaved_work.look(paths.recovery_folder())
    if window.shows_first_page:
        window.read_seed()
    window.arrivals.begin()
    _tell_troubles(window, preferences)


def _tell_troubles(window: MainWindow, preferences: Preferences) -> None:
    """Say what the program has to do without."""

    def tell(error: AppError) -> None:
        messages.post(Message(error.sentence, error.hint, "warning"))

    def done(found: tuple[tuple[FileError, ...], tuple[FileError, ...]]) -> None:
        in_folder, shipped = found
        for error in (*shipped, *in_folder):
            tell(error)
        preferences.tells_of_loss = not in_folder

    for error in (*theme.lost_files(), preferences.trouble):
        if error is not None:
            tell(error)
    theme.events().lost.connect(tell, Qt.ConnectionType.QueuedConnection)  # icons are lost in the midst of painting
    home = paths.home()
    window.jobs.run(lambda _control: (user_folder_troubles(home), missing_files()), on_done=done)
