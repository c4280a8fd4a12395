"""Long work behind the window: starts tasks of core on Workers, keeps hold of them, and joins them at the end.

What a task says arrives in the window's thread. An expected failure that nobody asked for is shown on the strip.
"""

from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import AppError
from core.tasks import Control
from core.workers import Worker
from gui import messages

Lane = Literal["learning", "import", "generation", ""]
_JOIN_MS = 10_000
"""Training saves a checkpoint when it is stopped; a slow disk may need this long."""


class _Job(QObject):
    """Carries one worker's signals into the window's thread: a QObject's slots are queued, a bare function's are not."""

    ended = Signal()

    def __init__(
        self,
        worker: Worker,
        lane: Lane,
        *,
        on_report: Callable[[Any], None] | None,
        on_done: Callable[[Any], None] | None,
        on_failed: Callable[[AppError], None] | None,
        on_cancelled: Callable[[], None] | None,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.worker = worker
        self.lane = lane
        self._on_report, self._on_done = on_report, on_done
        self._on_failed, self._on_cancelled = on_failed, on_cancelled
        worker.reported.connect(self._hear_report)
        worker.succeeded.connect(self._hear_done)
        worker.failed.connect(self._hear_failed)
        worker.was_cancelled.connect(self._hear_cancelled)
        worker.crashed.connect(self._hear_crashed)

    def fall_silent(self) -> None:
        """Call nobody any more."""
        self._on_report = self._on_done = self._on_cancelled = None
        self._on_failed = lambda _error: None

    @Slot(object)
    def _hear_report(self, event: object) -> None:
        if self._on_report is not None:
            self._on_report(event)

    @Slot(object)
    def _hear_done(self, result: object) -> None:
        self.ended.emit()
        if self._on_done is not None:
            self._on_done(result)

    @Slot(object)
    def _hear_failed(self, error: AppError) -> None:
        self.ended.emit()
        if self._on_failed is not None:
            self._on_failed(error)
        else:
            messages.post_failure(error)

    @Slot()
    def _hear_cancelled(self) -> None:
        self.ended.emit()
        if self._on_cancelled is not None:
            self._on_cancelled()

    @Slot(object)
    def _hear_crashed(self, _error: object) -> None:
        self._hear_cancelled()  # the excepthook has told the musician; whoever waits must stop waiting


class JobRunner(QObject):
    """Runs tasks; at most one at a time in each named lane."""

    lane_changed = Signal(str)
    """A lane became busy or free."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_closed = False
        self._jobs: list[_Job] = []
        self._workers: list[Worker] = []

    def is_busy(self, lane: Lane) -> bool:
        return any(job.lane == lane for job in self._jobs)

    @property
    def busy_lanes(self) -> tuple[Lane, ...]:
        return tuple(dict.fromkeys(job.lane for job in self._jobs if job.lane))

    def run(
        self,
        task: Callable[[Control], Any],
        *,
        on_report: Callable[[Any], None] | None = None,
        on_done: Callable[[Any], None] | None = None,
        on_failed: Callable[[AppError], None] | None = None,
        on_cancelled: Callable[[], None] | None = None,
        lane: Lane = "",
    ) -> Worker:
        """Start `task`. `on_cancelled` is also called after a bug in the task. Raises ValueError if the lane is busy.

        After `close` nothing is started any more, and nothing is heard of what was.
        """
        if lane and self.is_busy(lane):
            raise ValueError(f"the {lane} lane is busy")
        worker = Worker(task, parent=self)
        if self._is_closed:
            return worker
        job = _Job(
            worker,
            lane,
            on_report=on_report,
            on_done=on_done,
            on_failed=on_failed,
            on_cancelled=on_cancelled,
            parent=self,
        )
        job.ended.connect(lambda: self._end(job))
        worker.finished.connect(lambda: self._let_go(worker))
        self._jobs.append(job)
        self._workers.append(worker)
        worker.start()
        if lane:
            self.lane_changed.emit(lane)
        return worker

    def close(self) -> None:
        """Leave what runs, and wait for it to end. What it had to say is not heard: those who asked may be gone."""
        self._is_closed = True
        for job in self._jobs:
            job.fall_silent()
        for worker in self._workers:
            worker.control.leave()
        for worker in tuple(self._workers):
            worker.wait(_JOIN_MS)

    def _end(self, job: _Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
            job.deleteLater()
            if job.lane:
                self.lane_changed.emit(job.lane)

    def _let_go(self, worker: Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
            worker.deleteLater()
