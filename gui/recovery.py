"""Nothing is lost: a copy of unsaved work is written soon after each change, and offered again after a crash.

Each running window writes `<id>.ritornello` with `<id>.json` beside it in the recovery folder and holds `<id>.lock`. A copy
whose lock nobody holds was left by a program that did not end by itself.
"""

import dataclasses
import json
import logging
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from core import paths
from core.errors import AppError, DamagedError
from core.files import write_bytes, write_text
from core.loading.json_values import build, read_json
from core.tasks import Control
from gui.document import Document, Snapshot
from gui.jobs import JobRunner
from gui.project_file import PROJECT_SUFFIX, Opened, project_bytes, read_document

_LOG = logging.getLogger(__name__)
_SOON_MS = 1_000
"""After the last change; while changes keep coming, a copy is written every so often all the same."""
_MOST_BYTES = 100_000
"""Of what stands beside a copy."""
_SPARING = 10
"""Writing may take one part in so many of the time: large scores are copied less often."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """A copy that was left behind. `path`: the file it was opened from or saved to, None if it never was."""

    id: str
    file: Path
    title: str
    path: Path | None
    saved_at: float
    """Seconds since 1970."""
    note_count: int

    def read(self) -> Opened:
        """Raises FileError."""
        return read_document(self.file)

    def discard(self) -> None:
        for suffix in (PROJECT_SUFFIX, ".json", ".lock"):
            self.file.with_suffix(suffix).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _About:
    """The .json beside a copy; as in Recovery."""

    title: str
    path: str
    saved_at: float
    notes: int


def find_recovery(folder: Path) -> Recovery | None:
    """The newest copy in `folder` that no running window owns; damaged entries are passed over."""
    found = []
    for about_file in folder.glob("*.json") if folder.is_dir() else ():
        lock = QLockFile(str(about_file.with_suffix(".lock")))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue
        lock.unlock()
        copy = about_file.with_suffix(PROJECT_SUFFIX)
        try:
            about = build(_About, read_json(about_file, at_most=_MOST_BYTES))
        except DamagedError as error:
            _LOG.info("recovery entry %s can't be read: %s", about_file.name, error.reason)
            continue
        path = Path(about.path) if about.path else None
        recovery = Recovery(about_file.stem, copy, about.title, path, about.saved_at, about.notes)
        if copy.is_file():
            found.append(recovery)
    return max(found, key=lambda recovery: recovery.saved_at, default=None)


def _write(folder: Path, name: str, snapshot: Snapshot, title: str, path: Path | None) -> float:
    """Put the copy into the folder; the time it took, in seconds."""
    begun = time.monotonic()
    content = project_bytes(snapshot, {})
    about = _About(title, str(path) if path is not None else "", time.time(), snapshot.score.note_count)
    write_bytes(folder / f"{name}{PROJECT_SUFFIX}", content)
    write_text(folder / f"{name}.json", json.dumps(dataclasses.asdict(about), ensure_ascii=False))
    return time.monotonic() - begun


class Autosave(QObject):
    """Watches one document and keeps its copy fresh while it has unsaved changes."""

    written = Signal(float)
    """A copy was written, at this time (seconds since 1970)."""
    cleared = Signal()
    """There is nothing unsaved any more."""

    def __init__(self, document: Document, jobs: JobRunner, *, folder: Path | None = None) -> None:
        super().__init__(document)
        self._document, self._jobs = document, jobs
        self._folder = folder or paths.recovery_folder()
        self._id = uuid.uuid4().hex[:12]
        self._lock: QLockFile | None = None
        self._is_writing = False
        self._kept: Snapshot | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self._copy)
        document.changed.connect(self._on_changed)
        document.place_changed.connect(self._on_changed)

    def copy_now(self) -> Path | None:
        """Write the copy at once, in this thread: the program may be about to end. None if there is nothing to keep."""
        if not self._document.is_dirty:
            return None
        try:
            self._hold_lock()
            _write(self._folder, self._id, self._document.snapshot, self._document.title, self._document.path)
        except (AppError, OSError):
            _LOG.info("no recovery copy could be written", exc_info=True)
            return None
        return self._folder / f"{self._id}{PROJECT_SUFFIX}"

    def close(self) -> None:
        """The program ends in order: nothing is left to recover."""
        self._timer.stop()
        self._clear()

    def _on_changed(self) -> None:
        if not self._document.is_dirty:
            self._timer.stop()
            self._clear()
        elif not self._timer.isActive():  # not restarted: someone who never stops editing gets copies too
            self._timer.start()

    def _copy(self) -> None:
        snapshot = self._document.snapshot
        if not self._document.is_dirty or snapshot is self._kept:
            return
        if self._is_writing:
            self._timer.start()
            return
        self._hold_lock()
        title, path = self._document.title, self._document.path
        self._is_writing = True

        def task(_control: Control) -> float:
            return _write(self._folder, self._id, snapshot, title, path)

        def done(took_s: float) -> None:
            self._is_writing = False
            self._kept = snapshot
            self._timer.setInterval(max(_SOON_MS, round(took_s * 1000 * _SPARING)))
            if self._document.is_dirty:
                self.written.emit(time.time())
                if self._document.snapshot is not snapshot:
                    self._timer.start()
            else:
                self._clear()

        def failed(error: AppError) -> None:
            self._is_writing = False
            _LOG.info("no recovery copy: %s", error)

        self._jobs.run(task, on_done=done, on_failed=failed, on_cancelled=lambda: setattr(self, "_is_writing", False))

    def _hold_lock(self) -> None:
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = QLockFile(str(self._folder / f"{self._id}.lock"))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)

    def _clear(self) -> None:
        self._kept = None
        if self._lock is not None:
            for suffix in (PROJECT_SUFFIX, ".json"):
                (self._folder / f"{self._id}{suffix}").unlink(missing_ok=True)
            self._lock.unlock()
            self._lock = None
            self.cleared.emit()
