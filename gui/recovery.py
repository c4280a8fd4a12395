"""Nothing is lost: a copy of unsaved work is written soon after each change, and offered again after a crash.

Each running window writes `<id>.ritornello` in the recovery folder and holds `<id>.lock`. A copy whose lock nobody holds
was left by a program that did not end by itself. A copy says in itself where it comes from; older ones have `<id>.json`
beside them for that.
"""

import dataclasses
import logging
import os
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from core import paths
from core.errors import AppError, DamagedError, FileError, NewerError
from core.files import write_bytes
from core.loading.json_values import build, read_json
from core.tasks import Control
from gui.document import Document, Work
from gui.jobs import JobRunner
from gui.project_file import PROJECT_SUFFIX, Opened, project_bytes, read_document

_LOG = logging.getLogger(__name__)
_SOON_MS = 1_000
"""After the last change; while changes keep coming, a copy is written every so often all the same."""
_SPARING = 10
"""Writing may take one part in so many of the time: large scores are copied less often."""
_AGAIN_MS = 10_000
"""After a copy that could not be written."""
_MOST_JSON = 1_000_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a copy's work was."""

    title: str = ""
    file: str = ""
    """What it was opened from or saved to, percent-encoded, for a name may hold any bytes; "" if it never was."""
    path: str = ""
    """The same, as older copies say it."""
    digest: str = ""
    """Of that file as it was then."""

    @classmethod
    def of(cls, document: Document) -> "Origin":
        file = quote(os.fsencode(document.path)) if document.path is not None else ""
        return cls(document.title, file, digest=document.digest)


@dataclass(frozen=True, slots=True)
class Recovery:
    """A copy that was left behind. `opened`: what it holds; None where it is damaged, or a newer Ritornello's."""

    file: Path
    origin: Origin
    opened: Opened | None
    saved_at: float
    """Seconds since 1970."""
    is_newer: bool = False

    @property
    def path(self) -> Path | None:
        """The file it was opened from or saved to, None if it never was."""
        path = os.fsdecode(unquote_to_bytes(self.origin.file)) or self.origin.path
        return Path(path) if path else None

    def discard(self) -> None:
        """Delete the copy. Raises FileError."""
        try:
            for suffix in (PROJECT_SUFFIX, ".json", ".lock"):
                self.file.with_suffix(suffix).unlink(missing_ok=True)
        except OSError as error:
            raise FileError(f"‘{self.file.name}’ can't be deleted: {error.strerror or error}.") from error


def find_recoveries(folder: Path) -> tuple[Recovery, ...]:
    """The copies in `folder` that no running window owns, oldest first. Reads them whole: for a Worker."""
    try:
        copies = [file for file in folder.glob(f"*{PROJECT_SUFFIX}") if not file.name.startswith(".")]
    except OSError:
        return ()
    found = [_recovery(file) for file in copies if not _is_owned(file)]
    return tuple(sorted(found, key=lambda recovery: recovery.saved_at))


def _is_owned(file: Path) -> bool:
    lock = QLockFile(str(file.with_suffix(".lock")))
    lock.setStaleLockTime(0)
    if lock.tryLock(0):
        lock.unlock()
        return False
    return lock.error() == QLockFile.LockError.LockFailedError


def _recovery(file: Path) -> Recovery:
    opened: Opened | None = None
    is_newer = False
    try:
        opened = read_document(file)
    except FileError as error:
        is_newer = isinstance(error, NewerError)
        _LOG.info("recovery copy %s: %s", file.name, error)
    try:
        saved_at = file.stat().st_mtime
    except OSError:
        saved_at = 0.0
    try:
        told = opened.recovery if opened is not None else {}
        origin = build(Origin, told or read_json(file.with_suffix(".json"), at_most=_MOST_JSON), lenient=True)
    except DamagedError:
        origin = Origin()
    return Recovery(file, origin, opened, saved_at, is_newer=is_newer)


class Autosave(QObject):
    """Watches one document and keeps its copy fresh while there is more to it than its file holds."""

    written = Signal(float)
    """A copy was written, at this time (seconds since 1970)."""
    failed = Signal()
    """No copy could be written."""
    cleared = Signal()
    """There is nothing unsaved any more."""

    def __init__(self, document: Document, jobs: JobRunner, *, folder: Path | None = None) -> None:
        super().__init__(document)
        self._document, self._jobs = document, jobs
        self._folder = folder or paths.recovery_folder()
        self._id = uuid.uuid4().hex[:12]
        self._lock: QLockFile | None = None
        self._is_writing = False
        self._writing = threading.Lock()
        self._serial = 0
        self._kept: Work | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOON_MS)
        self._timer.timeout.connect(self._copy)
        document.changed.connect(self._on_changed)
        document.place_changed.connect(self._on_changed)

    def copy_now(self) -> Path | None:
        """Write the copy at once, in this thread: the program may be about to end.

        None if there is nothing to keep, or if it can't be written.
        """
        if self._document.is_on_disk:
            return None
        try:
            self._hold_lock()
            self._write_as(self._next_serial(), self._document.work, Origin.of(self._document))
        except (AppError, OSError):
            _LOG.info("no recovery copy could be written", exc_info=True)
            self.failed.emit()
            return None
        return self._folder / f"{self._id}{PROJECT_SUFFIX}"

    def close(self) -> None:
        """The program ends in order: nothing is left to recover."""
        self._timer.stop()
        self._clear()

    def _on_changed(self) -> None:
        if self._document.is_on_disk:
            self._timer.stop()
            self._clear()
        elif not self._timer.isActive():  # not restarted: someone who never stops editing gets copies too
            self._timer.start()

    def _copy(self) -> None:
        work = self._document.work
        if self._document.is_on_disk or work == self._kept:
            return
        if self._is_writing:
            self._timer.start()
            return
        try:
            self._hold_lock()
        except OSError as error:
            self._on_failed(error)
            return
        serial, origin = self._next_serial(), Origin.of(self._document)
        self._is_writing = True

        def task(_control: Control) -> float:
            return self._write_as(serial, work, origin)

        def done(took_s: float) -> None:
            self._is_writing = False
            self._kept = work
            self._timer.setInterval(max(_SOON_MS, round(took_s * 1000 * _SPARING)))
            if self._document.is_on_disk:
                self._clear()
            else:
                self.written.emit(time.time())
                if self._document.work != work:
                    self._timer.start()

        def failed(error: AppError) -> None:
            self._is_writing = False
            self._on_failed(error)

        self._jobs.run(task, on_done=done, on_failed=failed, on_cancelled=lambda: setattr(self, "_is_writing", False))

    def _on_failed(self, error: Exception) -> None:
        _LOG.info("no recovery copy: %s", error)
        self._timer.start(_AGAIN_MS)
        self.failed.emit()

    def _next_serial(self) -> int:
        self._serial += 1
        return self._serial

    def _write_as(self, serial: int, work: Work, origin: Origin) -> float:
        """Put the copy into the folder, unless a newer one has been begun; the time it took, in seconds.

        From any thread. Raises FileError.
        """
        begun = time.monotonic()
        content = project_bytes(work, recovery=dataclasses.asdict(origin))
        with self._writing:
            if serial == self._serial:
                write_bytes(self._folder / f"{self._id}{PROJECT_SUFFIX}", content)
        return time.monotonic() - begun

    def _hold_lock(self) -> None:
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = QLockFile(str(self._folder / f"{self._id}.lock"))
            self._lock.setStaleLockTime(0)
            self._lock.tryLock(0)

    def _clear(self) -> None:
        self._kept = None
        if self._lock is not None:
            self._next_serial()  # a copy that was begun comes to nothing
            with self._writing, suppress(OSError):  # at worst it is offered once more
                (self._folder / f"{self._id}{PROJECT_SUFFIX}").unlink(missing_ok=True)
            self._lock.unlock()
            self._lock = None
            self.cleared.emit()
