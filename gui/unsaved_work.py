"""What the window says of unsaved work: how old its copy is, and what was found after a crash."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import FileError
from gui import messages
from gui.document import Document
from gui.file_actions import FileActions, show_folder
from gui.jobs import JobRunner
from gui.messages import Message, MessageAction
from gui.project_file import Opened
from gui.recovery import Autosave, Recovery, find_recoveries

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
        self._offers: dict[Path, Message] = {}
        """By the copy that is offered."""
        self._copied_at = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_WORDS_MS)
        self._timer.timeout.connect(self._tell)
        autosave.written.connect(self._on_copied)
        autosave.failed.connect(self._on_failed)
        autosave.cleared.connect(lambda: self.words_changed.emit(""))

    def look(self, folder: Path) -> None:
        """Offer what a program that did not end by itself left in the recovery folder, the newest first."""

        def done(found: tuple[Recovery, ...]) -> None:
            for recovery in found:
                self.offer(recovery)

        self._jobs.run(lambda _control: find_recoveries(folder), on_done=done)

    def offer(self, recovery: Recovery) -> None:
        """Say that unsaved work was found, and bring it back if wanted."""
        opened = recovery.opened
        if recovery.is_newer:
            self._tell_of_newer(recovery)
            return
        if opened is None:
            self._tell_of_damaged(recovery)
            return
        messages.withdraw(self._offers.pop(recovery.file, None))
        at = time.strftime("%H:%M", time.localtime(recovery.saved_at))
        without_it = self.tr("Discard it") if recovery.path is None else self.tr("Open last saved")
        words = (
            self.tr("“{title}”, {n} notes.")
            if not opened.work.takes.count
            else self.tr("“{title}”, {n} notes, {takes} takes.")
        )
        offer = self._offers[recovery.file] = Message(
            self.tr("Your work from {time} was recovered").format(time=at),
            words.format(
                title=recovery.origin.title or self.tr("Untitled"),
                n=opened.work.snapshot.score.note_count,
                takes=opened.work.takes.count,
            ),
            "ok",
            (
                MessageAction(self.tr("Restore"), lambda: self._restore(recovery, opened)),
                MessageAction(without_it, lambda: self._drop(recovery)),
            ),
            icon="history",
        )
        messages.post(offer)

    def _tell_of_newer(self, recovery: Recovery) -> None:
        messages.post(
            Message(
                self.tr("A copy of unsaved work, ‘{name}’, was made by a newer Ritornello.").format(
                    name=recovery.file.name
                ),
                self.tr("It stays for that one to open."),
                "warning",
                (MessageAction(self.tr("Show in folder"), lambda: show_folder(recovery.file)),),
            )
        )

    def _tell_of_damaged(self, recovery: Recovery) -> None:
        messages.post(
            Message(
                self.tr("A copy of unsaved work, ‘{name}’, is damaged.").format(name=recovery.file.name),
                self.tr("It can't be restored."),
                "warning",
                (
                    MessageAction(self.tr("Show in folder"), lambda: show_folder(recovery.file)),
                    MessageAction(self.tr("Discard it"), lambda: self._discard(recovery)),
                ),
            )
        )

    def _restore(self, recovery: Recovery, opened: Opened) -> None:
        def act() -> None:
            messages.withdraw(self._offers.pop(recovery.file, None))
            origin = recovery.origin
            self._document.open(opened.work, path=recovery.path, name=origin.title, digest=origin.digest, is_dirty=True)
            if self._autosave.copy_now() is not None:  # else it is the only copy
                self._discard(recovery)
            self.restored.emit()

        self._files.confirm_then(act, otherwise=lambda: self.offer(recovery))

    def _drop(self, recovery: Recovery) -> None:
        if recovery.path is None:
            self._discard(recovery)
        else:
            self._files.open(
                recovery.path, then=lambda: self._discard(recovery), otherwise=lambda: self.offer(recovery)
            )

    def _discard(self, recovery: Recovery) -> None:
        try:
            recovery.discard()
        except FileError as error:
            messages.post_failure(error)

    def _on_failed(self) -> None:
        self._timer.stop()
        self.words_changed.emit(self.tr("No recovery copy can be written"))

    def _on_copied(self, at: float) -> None:
        self._copied_at = at
        self._timer.start()
        self._tell()

    def _tell(self) -> None:
        if self._document.is_on_disk:
            self._timer.stop()
            self.words_changed.emit("")
            return
        age = int(time.time() - self._copied_at)
        ago = self.tr("{n} s ago").format(n=age) if age < 60 else self.tr("{n} min ago").format(n=age // 60)
        self.words_changed.emit(
            self.tr("Recovery copy just now") if age < 3 else self.tr("Recovery copy {ago}").format(ago=ago)
        )
