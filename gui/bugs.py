"""What happens when something goes wrong that nobody expected: it is told, and what was being done is kept."""

import logging
import platform
import sys
import threading
import traceback
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from core import paths
from core.crash_file import report_of
from core.version import version
from gui import messages, theme
from gui.controls.buttons import PlainButton
from gui.controls.text import label
from gui.desktop import open_outside
from gui.messages import Message, MessageAction

_LOG = logging.getLogger(__name__)


class _Hook(QObject):
    """Logs every unexpected exception of any thread, and tells it in the window's."""

    _met = Signal(str)
    """Sent from whatever thread the bug was in."""

    def __init__(self) -> None:
        super().__init__()
        self._met.connect(self._tell, Qt.ConnectionType.QueuedConnection)

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

    @abstractmethod
    def _tell(self, report: str) -> None: ...


class BugEnd(_Hook):
    """Where nobody is there to read a dialog: the report goes to stderr, and the program ends with status 1."""

    def __init__(self) -> None:
        super().__init__()
        self.was_met = False

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.was_met = True
        if sys.stderr is not None:
            traceback.print_exception(kind, error, trace)
        super()._on_exception(kind, error, trace)

    def _tell(self, _report: str) -> None:
        QApplication.exit(1)


class BugReporter(_Hook):
    """The last resort: the work is copied, and the musician is told once at a time.

    doing: what was being done, in a few words.
    """

    def __init__(self, save_copy: Callable[[], Path | None], doing: Callable[[], str]) -> None:
        super().__init__()
        self._save_copy, self._doing = save_copy, doing
        self._dialog: BugDialog | None = None
        self._is_telling = False

    def _tell(self, report: str) -> None:
        if self._is_telling:
            return  # a bug in what follows: it is in the log, and would come back for ever
        self._is_telling = True
        copy = self._save_copy()
        if self._dialog is None:
            self._dialog = BugDialog(report, doing=self._doing(), is_kept=copy is not None)
            self._dialog.finished.connect(self._on_closed)
            self._dialog.open()
        self._is_telling = False

    def _on_closed(self, _result: int) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None


class BugDialog(QDialog):
    """Says that something went wrong, that the work is safe, and offers the report. Nothing is sent."""

    def __init__(self, report: str, *, doing: str, is_kept: bool) -> None:
        super().__init__()
        self.setWindowTitle("Ritornello")
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setMinimumSize(620, 420)
        self.report = (
            f"Ritornello {version()}, Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}\n"
            f"{doing}\n\n{report}"
        )
        kept = self.tr("A copy of your work was kept.") if is_kept else self.tr("Your work is still here.")
        words = self.tr("This is a mistake in Ritornello, not in what you did.") + " " + kept
        folder = paths.log_file().parent
        where = self.tr("Nothing is sent. The report is kept with the log, in ‘{folder}’.").format(folder=folder)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addWidget(label(self.tr("Something went wrong"), "verdict", "semibold"))
        column.addWidget(label(words, role="text.secondary", wraps=True))
        column.addWidget(label(doing, "caption", role="text.secondary", wraps=True))
        details = QPlainTextEdit(self.report)
        details.setReadOnly(True)
        details.setFont(theme.current().font("caption"))
        details.setAccessibleName(self.tr("Report"))
        column.addWidget(details, 1)
        column.addWidget(label(where, "caption", role="text.muted", wraps=True))
        self.copy_button = PlainButton(self.tr("Copy report"), icon="files")
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report))
        self.folder_button = PlainButton(self.tr("Open the log's folder"), icon="folder-open")
        self.folder_button.clicked.connect(open_log_folder)
        close = PlainButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.folder_button)
        buttons.addStretch(1)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(close)
        column.addLayout(buttons)
        self.setAccessibleDescription(f"{words} {doing}")


def open_log_folder() -> None:
    """In the file manager."""
    open_outside(paths.log_file().parent)


def tell_of_crash(file: Path) -> None:
    """Say that the program crashed the last time; file: its report."""

    def copy() -> None:
        QGuiApplication.clipboard().setText(report_of(file))

    messages.post(
        Message(
            _tr("Ritornello crashed the last time."),
            _tr("A report was kept with the log. Nothing was sent."),
            "warning",
            (
                MessageAction(_tr("Open the log's folder"), open_log_folder),
                MessageAction(_tr("Copy report"), copy),
            ),
        )
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("bugs", text)
