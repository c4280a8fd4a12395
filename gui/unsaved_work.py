"""What the window says of unsaved work: how old its copy is, and what was found after a crash."""

import time

from PySide6.QtCore import QObject, QTimer, Signal

from gui import messages
from gui.document import Document
from gui.file_actions import FileActions
from gui.jobs import JobRunner
from gui.messages import Message, MessageAction
from gui.project_file import Opened
from gui.recovery import Autosave, Recovery

_WORDS_MS = 5_000
"""How often the copy's age is told anew."""


class UnsavedWork(QObject):
    """Words for one document's recovery copy, and the offer to bring another's back."""

    words_changed = Signal(str)
    """Empty when nothing is unsaved."""
    restored = Signal()
    """The document holds now what was found."""

    def __init__(
        self, document: Document, files: FileActions, autosave: Autosave, jobs: JobRunner, *, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._files, self._autosave, self._jobs = document, files, autosave, jobs
        self._copied_at = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_WORDS_MS)
        self._timer.timeout.connect(self._tell)
        autosave.written.connect(self._on_copied)
        autosave.cleared.connect(lambda: self.words_changed.emit(""))

    def offer(self, recovery: Recovery) -> None:
        """Say that unsaved work was found, and bring it back if wanted."""
        at = time.strftime("%H:%M", time.localtime(recovery.saved_at))
        without_it = self.tr("Discard it") if recovery.path is None else self.tr("Open last saved")
        messages.post(
            Message(
                self.tr("Your work from {time} was recovered").format(time=at),
                self.tr("“{title}”, {n} notes.").format(
                    title=recovery.title or self.tr("Untitled"), n=recovery.note_count
                ),
                "ok",
                (
                    MessageAction(self.tr("Restore"), lambda: self._restore(recovery)),
                    MessageAction(without_it, lambda: self._drop(recovery)),
                ),
                icon="history",
            )
        )

    def _restore(self, recovery: Recovery) -> None:
        def done(opened: Opened) -> None:
            self._document.open(opened.snapshot, path=recovery.path, name=recovery.title, is_dirty=True)
            self._autosave.copy_now()
            recovery.discard()
            self.restored.emit()

        def read() -> None:
            self._jobs.run(lambda _control: recovery.read(), on_done=done)

        self._files.confirm_then(read)

    def _drop(self, recovery: Recovery) -> None:
        recovery.discard()
        if recovery.path is not None:
            self._files.open(recovery.path)

    def _on_copied(self, at: float) -> None:
        self._copied_at = at
        self._timer.start()
        self._tell()

    def _tell(self) -> None:
        if not self._document.is_dirty:
            self._timer.stop()
            self.words_changed.emit("")
            return
        age = int(time.time() - self._copied_at)
        ago = self.tr("{n} s ago").format(n=age) if age < 60 else self.tr("{n} min ago").format(n=age // 60)
        self.words_changed.emit(
            self.tr("Recovery copy just now") if age < 3 else self.tr("Recovery copy {ago}").format(ago=ago)
        )
