"""Any task of core as a QThread with signals. The only module of core that knows Qt (QtCore alone)."""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from core.errors import AppError
from core.files import refused
from core.tasks import Cancelled, Control

_LOG = logging.getLogger(__name__)


class Worker(QThread):
    """Runs `task(control)` in its own thread and says what happens by signals.

    Exactly one of `succeeded`, `failed`, `was_cancelled`, `crashed` is sent, last. Only immutable values cross.
    """

    reported = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    """An AppError."""
    was_cancelled = Signal()
    crashed = Signal(object)
    """The exception of a bug, after it went to sys.excepthook's thread twin."""

    def __init__(self, task: Callable[[Control], Any], *, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task = task
        self.control = Control(self.reported.emit)

    def run(self) -> None:
        try:
            result = self._task(self.control)
        except Cancelled:
            self.was_cancelled.emit()
        except AppError as error:
            self.failed.emit(error)
        except OSError as error:
            _LOG.info("the system refused", exc_info=True)
            self.failed.emit(refused(error))
        except Exception as error:  # noqa: BLE001 -- one of the two places: a bug in a task must reach the excepthook
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
            self.crashed.emit(error)
        else:
            self.succeeded.emit(result)
