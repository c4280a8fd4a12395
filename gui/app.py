"""Puts the application together: one window, what it works with, and what happens when something goes wrong."""

import contextlib
import faulthandler
import logging
import os
import platform
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer, Signal, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QMessageBox, QPlainTextEdit, QVBoxLayout

from core import paths
from core.errors import AppError, FileError
from core.log_file import LogFile
from core.settings import read_settings
from core.standing import missing_files, user_folder_troubles
from core.version import version
from gui import messages, theme
from gui.controls import pitches
from gui.controls.buttons import PlainButton
from gui.controls.text import label
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


class BugReporter(QObject):
    """The last resort: what nobody expected is logged, the work is copied, and the musician is told once at a time."""

    _met = Signal(str)
    """Sent from whatever thread the bug was in."""

    def __init__(self, save_copy: Callable[[], Path | None]) -> None:
        super().__init__()
        self._save_copy = save_copy
        self._dialog: BugDialog | None = None
        self._met.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """From now on every unexpected exception comes here."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        report = "".join(traceback.format_exception(kind, error, trace))
        _LOG.error("unexpected: %s", report)
        self._met.emit(report)

    def _on_thread_exception(self, failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value is not None:
            self._on_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)

    def _show(self, report: str) -> None:
        copy = self._save_copy()
        if self._dialog is None:
            self._dialog = BugDialog(report, is_kept=copy is not None)
            self._dialog.finished.connect(self._on_closed)
            self._dialog.open()

    def _on_closed(self, _result: int) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


class BugDialog(QDialog):
    """Says that something went wrong, that the work is safe, and offers the report."""

    def __init__(self, report: str, *, is_kept: bool) -> None:
        super().__init__()
        self.setWindowTitle("Ritornello")
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setMinimumSize(560, 360)
        self.report = f"Ritornello {version()}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}\n\n{report}"
        kept = self.tr("A copy of your work was kept.") if is_kept else self.tr("Your work is still here.")
        words = self.tr("This is a mistake in Ritornello, not in what you did.") + " " + kept
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addWidget(label(self.tr("Something went wrong"), "verdict", "semibold"))
        column.addWidget(label(words, role="text.secondary", wraps=True))
        details = QPlainTextEdit(self.report)
        details.setReadOnly(True)
        details.setFont(theme.current().font("caption"))
        column.addWidget(details, 1)
        self.copy_button = PlainButton(self.tr("Copy report"), icon="files")
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report))
        close = PlainButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(close)
        column.addLayout(buttons)
        self.setAccessibleDescription(words)


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


def run(
    arguments: list[str], *, files: Sequence[Path] = (), screenshot: Path | None = None, wait_ms: int = 1500
) -> int:
    """Run the application until its window is closed; the exit status.

    screenshot: save a picture of the window after `wait_ms` and quit, for trying it out.
    """
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
    instance = Instance(paths.home())
    try:
        if screenshot is None and not instance.begin(files):
            return 0
        preferences = Preferences(paths.settings_file())
        theme.apply(app, preferences.settings.theme)
    except AppError as error:
        return _refuse(app, error)
    window = make_window(preferences)
    Collector(window)
    reporter = BugReporter(window.save_copy)
    reporter.install()
    ending = EndSignal(window)
    ending.came.connect(window.end_session)
    ending.came.connect(app.exit)  # whatever dialog is open: Qt would go on until the last of them is closed
    ending.install()
    instance.handed.connect(window.arrivals.receive)
    window.closing.connect(instance.close)
    app.installEventFilter(window.arrivals)
    window.arrivals.receive(files)
    if not files and preferences.settings.show_first_page:
        window.show_first_page(awaits_seed=True)
    else:
        window.start_in_compose()
    window.painted.connect(lambda: _after_first_paint(window, preferences), Qt.ConnectionType.QueuedConnection)
    window.show()
    if screenshot is not None:
        QTimer.singleShot(wait_ms, lambda: (window.grab().save(str(screenshot)), window.close()))
    return app.exec()


def _refuse(app: QApplication, error: AppError) -> int:
    """Say why no window opens, in the terminal and on the screen; the exit status."""
    if sys.stderr is not None:
        sys.stderr.write(f"{error}\n")
    with contextlib.suppress(AppError):
        theme.apply(app, read_settings(paths.settings_file()).settings.theme)
    box = QMessageBox(QMessageBox.Icon.Warning, "Ritornello", error.sentence)
    box.setInformativeText(error.hint)
    box.exec()
    return 1


def _after_first_paint(window: MainWindow, preferences: Preferences) -> None:
    window.prepare_rest()
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
