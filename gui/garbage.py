"""Collects Python's reference cycles in the window's thread alone.

Python collects in whatever thread allocates next. A widget that died in a cycle would then be destroyed in a Worker's
thread, which Qt does not survive. So automatic collection is off, and a timer collects as the interpreter would.
"""

import gc

from PySide6.QtCore import QObject, QTimer

_LOOK_MS = 1_000


class Collector(QObject):
    """While it lives, cycles are collected by its timer, in the thread that made it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(collect_due)
        self._timer.start()

    def stop(self) -> None:
        """Hand collecting back to the interpreter."""
        self._timer.stop()
        gc.enable()


def collect_due() -> None:
    """Collect the oldest generation whose count is over the interpreter's own threshold; mostly none is."""
    for generation in (2, 1, 0):
        threshold = gc.get_threshold()[generation]
        if threshold and gc.get_count()[generation] > threshold:
            gc.collect(generation)
            return
