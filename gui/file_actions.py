"""The File menu: new, open, save, export, recent files, and the question about unsaved changes.

Files are read and written in Workers; the dialogs are asked for through `Dialogs`, so that a test can answer them.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox, QWidget

from core import paths
from core.errors import AppError
from core.files import ChangedError
from core.music.score import Score
from core.tasks import Control
from gui import messages
from gui.actions import Actions
from gui.desktop import open_outside
from gui.document import Document, Snapshot, Work
from gui.jobs import JobRunner
from gui.messages import Message, MessageAction
from gui.preferences import Preferences
from gui.project_file import MIDI_SUFFIXES, PROJECT_SUFFIX, Opened, is_project, read_document, write_document

_SUFFIX = re.compile(r"\*(\.[\w-]+)")
"""The first ending in a dialog's filter."""


def _nothing() -> None:
    """For those who don't need to hear."""


Answer = Literal["save", "discard", "cancel"]


class Dialogs:
    """Qt's own questions, over one window."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        self._folder = Path(documents) if documents and Path(documents).is_dir() else Path.home()

    def open_path(self, title: str, filters: str) -> Path | None:
        name, _ = QFileDialog.getOpenFileName(self._window, title, str(self._folder), filters)
        return self._chosen(name)

    def save_path(self, title: str, suggestion: str, filters: str) -> Path | None:
        """suggestion: a name, put into the folder last used, or a whole path."""
        name, chosen = QFileDialog.getSaveFileName(self._window, title, str(self._folder / suggestion), filters)
        path = self._chosen(name)
        suffix = _SUFFIX.search(chosen)
        endings = _SUFFIX.findall(filters)
        if ".mid" in endings:
            endings += MIDI_SUFFIXES
        if path is None or suffix is None or path.suffix.lower() in endings:
            return path  # a dot alone makes no ending: “Study No. 5”
        path = path.with_name(path.name + suffix.group(1))  # Qt asked about the name as it was typed
        return path if not path.exists() or self._may_replace(path) else None

    def _may_replace(self, path: Path) -> bool:
        words = QCoreApplication.translate("Dialogs", "‘{name}’ already exists. Replace it?")
        answer = QMessageBox.question(self._window, "Ritornello", words.format(name=path.name))
        return answer == QMessageBox.StandardButton.Yes

    def _chosen(self, name: str) -> Path | None:
        if not name:
            return None
        self._folder = Path(name).parent
        return Path(name)

    def about_unsaved(self, sentence: str, question: str) -> Answer:
        box = QMessageBox(self._window)
        box.setWindowTitle("Ritornello")
        box.setText(sentence)
        box.setInformativeText(question)
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        chosen = box.exec()
        return "save" if chosen == buttons.Save else "discard" if chosen == buttons.Discard else "cancel"

    def about_changed(self, sentence: str) -> Literal["replace", "elsewhere", "cancel"]:
        box = QMessageBox(self._window)
        box.setWindowTitle("Ritornello")
        box.setText(sentence)
        box.setInformativeText(box.tr("Saving would replace what another program wrote there."))
        elsewhere = box.addButton(box.tr("Save elsewhere…"), QMessageBox.ButtonRole.AcceptRole)
        replace = box.addButton(box.tr("Replace it"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(elsewhere)
        box.exec()
        chosen = box.clickedButton()
        return "replace" if chosen is replace else "elsewhere" if chosen is elsewhere else "cancel"


class FileActions(QObject):
    """Does what the File menu says with the document."""

    opened = Signal()
    """Another document is there to be worked on: show it."""

    def __init__(
        self, document: Document, actions: Actions, jobs: JobRunner, preferences: Preferences, dialogs: Dialogs
    ) -> None:
        super().__init__(document)
        self._document, self._jobs, self._preferences, self._dialogs = document, jobs, preferences, dialogs
        self._is_writing = False
        self._is_still_open = True
        """Whether what is being written is what is open."""
        self._waiting: list[tuple[Callable[[], None], Callable[[], None]]] = []
        """Saves asked for while one is being written, and what to do where they come to nothing."""
        self._failure: Message | None = None
        """Why the document is not saved."""
        document.replaced.connect(self._on_replaced)
        for name, act in {
            "new": self.new,
            "open": self.choose,
            "save": self.save,
            "save_as": self.save_as,
            "export_midi": self.export_midi,
            "export_wav": self.export_wav,
        }.items():
            actions[name].triggered.connect(lambda _checked=False, act=act: act())

    @property
    def title(self) -> str:
        return self._document.title or self.tr("Untitled")

    # New and open

    def new(self) -> None:
        """An empty document, once the old one is safe."""
        self.confirm_then(self._open_empty)

    def _open_empty(self) -> None:
        self._document.open(Snapshot())
        self.opened.emit()

    def choose(self) -> None:
        """Ask for a file and open it."""
        midi = " ".join(f"*{suffix}" for suffix in MIDI_SUFFIXES)
        filters = self.tr("Music") + f" (*{PROJECT_SUFFIX} {midi})"
        path = self._dialogs.open_path(self.tr("Open"), filters)
        if path is not None:
            self.open(path)

    def open(
        self, path: Path, *, then: Callable[[], None] = _nothing, otherwise: Callable[[], None] = _nothing
    ) -> None:
        """Open a file in the document's place, once that is safe; `then` runs once it is open, `otherwise` if not."""
        self.confirm_then(lambda: self._read(path, is_seed=False, then=then, otherwise=otherwise), otherwise=otherwise)

    def open_as_seed(self, path: Path) -> None:
        """Take the music of a .mid as the seed; Save will ask for a new name rather than overwrite it."""
        self.confirm_then(lambda: self._read(path, is_seed=True))

    def _read(
        self,
        path: Path,
        *,
        is_seed: bool,
        then: Callable[[], None] = _nothing,
        otherwise: Callable[[], None] = _nothing,
    ) -> None:
        before = self._document.work

        def done(opened: Opened) -> None:
            if self._document.work == before:
                show(opened)
            else:  # what was done while the file was read has not been asked about
                self.confirm_then(lambda: show(opened), otherwise=otherwise)

        def show(opened: Opened) -> None:
            at = None if is_seed else path
            self._document.open(opened.work, path=at, name=path.stem, digest=opened.digest)
            if not is_seed:
                self._preferences.remember_file(path)
            if opened.repairs:
                messages.post(
                    Message(self.tr("‘{name}’ was repaired while reading.").format(name=path.name), opened.repairs[0])
                )
            self.opened.emit()
            then()

        def failed(error: AppError) -> None:
            if not path.exists():
                self._preferences.forget_file(path)
            messages.post_failure(error)
            otherwise()

        self._jobs.run(lambda _control: read_document(path), on_done=done, on_failed=failed)

    def fill_recent(self, menu: QMenu) -> None:
        """The recent files, newest first."""
        menu.clear()
        for name in self._preferences.settings.recent_files:
            path = Path(name)
            action = menu.addAction(path.name)
            action.setToolTip(name)
            action.triggered.connect(lambda _checked=False, path=path: self.open(path))
        menu.setEnabled(bool(self._preferences.settings.recent_files))

    # Save

    def save(self, then: Callable[[], None] | None = None, *, otherwise: Callable[[], None] = _nothing) -> None:
        """Write to where the document came from, or ask where to; `then` runs once it is written, `otherwise` if it isn't.

        Where takes are all that is unsaved, or would be lost by what comes then, a .mid is not enough.
        """
        document = self._document
        path = document.path
        if self._is_writing:
            self._waiting.append((lambda: self.save(then, otherwise=otherwise), otherwise))
        elif path is None:
            self.save_as(then, otherwise=otherwise)
        elif not is_project(path) and document.has_unsaved_takes and (then is not None or not document.has_edits):
            self.save_as_project(then, otherwise=otherwise)
        else:
            self._write(path, then, otherwise, known=document.digest)

    def save_as_project(
        self, then: Callable[[], None] | None = None, *, otherwise: Callable[[], None] = _nothing
    ) -> None:
        """Ask where to put a project, which holds the takes too."""
        path = self._document.path
        suggestion = str(path.with_suffix(PROJECT_SUFFIX)) if path else self.title + PROJECT_SUFFIX
        self._ask_and_write(suggestion, then, otherwise)

    def save_as(self, then: Callable[[], None] | None = None, *, otherwise: Callable[[], None] = _nothing) -> None:
        self._ask_and_write(str(self._document.path or self.title + PROJECT_SUFFIX), then, otherwise)

    def _ask_and_write(self, suggestion: str, then: Callable[[], None] | None, otherwise: Callable[[], None]) -> None:
        filters = f"{self.tr('Project')} (*{PROJECT_SUFFIX});;{self.tr('MIDI file')} (*.mid)"
        path = self._dialogs.save_path(self.tr("Save as"), suggestion, filters)
        if path is not None:
            self._write(path if path.suffix else path.with_suffix(PROJECT_SUFFIX), then, otherwise)
        else:
            otherwise()

    def _write(
        self,
        path: Path,
        then: Callable[[], None] | None,
        otherwise: Callable[[], None],
        *,
        known: str | None = None,
    ) -> None:
        """One file at a time, lest an older state lands last.

        known: the digest of what has to lie there still; None where replacing it was agreed to.
        """
        if self._is_writing:
            self._waiting.append((lambda: self._write(path, then, otherwise, known=known), otherwise))
            return
        work = self._document.work
        self._is_writing = self._is_still_open = True

        def done(digest: str) -> None:
            self._is_writing = False
            self._preferences.remember_file(path)
            if self._is_still_open:
                messages.withdraw(self._failure)
                self._document.mark_saved(path, work, digest, with_takes=is_project(path))
            self._tell_saved(path, work)
            if then is not None and self._is_still_open:
                self.confirm_then(then, otherwise=otherwise)  # there may be more by now
            elif then is not None:
                otherwise()
            self._go_on()

        def failed(error: AppError) -> None:
            self._is_writing = False
            if not self._is_still_open:
                messages.post_failure(error)
                otherwise()
            elif isinstance(error, ChangedError):
                self._ask_about_changed(path, then, otherwise, error)
            else:
                otherwise()
                elsewhere = MessageAction(self.tr("Save elsewhere"), lambda: self.save_as(then))
                self._failure = messages.post_failure(error, elsewhere)
            self._go_on()

        def cancelled() -> None:
            self._is_writing = False
            otherwise()
            self._go_on()

        self._jobs.run(
            lambda _control: write_document(path, work, known=known),
            on_done=done,
            on_failed=failed,
            on_cancelled=cancelled,
        )

    def _go_on(self) -> None:
        """With the next save that was asked for meanwhile."""
        if self._waiting and not self._is_writing:
            self._waiting.pop(0)[0]()

    def _on_replaced(self) -> None:
        self._is_still_open = False
        waiting, self._waiting = self._waiting, []
        for _, otherwise in waiting:
            otherwise()

    def _tell_saved(self, path: Path, work: Work) -> None:
        said = self.tr("Saved ‘{name}’.").format(name=path.name)
        if is_project(path) or not work.takes.count:
            messages.note(said)
            return
        as_project = MessageAction(self.tr("Save as a project"), self.save_as_project)
        hint = self.tr("A .mid holds no takes: a project keeps them.")
        messages.post(Message(said, hint, actions=(as_project,), lasts_ms=12_000))

    def _ask_about_changed(
        self, path: Path, then: Callable[[], None] | None, otherwise: Callable[[], None], error: ChangedError
    ) -> None:
        answer = self._dialogs.about_changed(error.sentence)
        if answer == "replace":
            self._write(path, then, otherwise)
        elif answer == "elsewhere":
            self.save_as(then, otherwise=otherwise)
        else:
            otherwise()

    def confirm_then(self, act: Callable[[], None], *, otherwise: Callable[[], None] = _nothing) -> None:
        """Do `act` when nothing unsaved would be lost by it: at once, or after the question; `otherwise` if it is called off.

        Also where saving first is called off, or fails. Then it may be saved elsewhere later, and `act` done after all.
        """
        if not self._document.is_dirty:
            act()
            return
        answer = self._dialogs.about_unsaved(*self._unsaved_words())
        if answer == "discard":
            act()
        elif answer == "save":
            self.save(act, otherwise=otherwise)
        else:
            otherwise()

    def _unsaved_words(self) -> tuple[str, str]:
        """What is unsaved, and what to do about it."""
        document = self._document
        count = document.unsaved_takes
        if not count:
            return self.tr("“{title}” has unsaved changes.").format(title=self.title), self.tr("Save them first?")
        takes = self.tr("1 take that is") if count == 1 else self.tr("{count} takes that are").format(count=count)
        if document.has_edits:
            sentence = self.tr("“{title}” has unsaved changes, and {takes} not saved.")
        else:
            sentence = self.tr("“{title}” has {takes} not saved.")
        if document.path is not None and is_project(document.path):
            question = self.tr("Save them first?")
        else:
            question = self.tr("Save first? A project (.ritornello) holds the takes too, a .mid does not.")
        return sentence.format(title=self.title, takes=takes), question

    # Export

    def export_midi(self) -> None:
        """Write what is heard, the take on the roll included, to a .mid; the document stays what it is."""
        path = self._dialogs.save_path(self.tr("Export .mid"), f"{self.title}.mid", f"{self.tr('MIDI file')} (*.mid)")
        if path is not None:
            self._export(path if path.suffix else path.with_suffix(".mid"), _write_midi)

    def export_wav(self) -> None:
        """Write the sound of what is heard to a .wav."""
        path = self._dialogs.save_path(self.tr("Export .wav"), f"{self.title}.wav", f"{self.tr('Sound file')} (*.wav)")
        if path is not None:
            messages.note(self.tr("Writing ‘{name}’…").format(name=path.name))
            self._export(path if path.suffix else path.with_suffix(".wav"), self._write_wav)

    def _export(self, path: Path, write: Callable[[Score, Path, Control], None]) -> None:
        score = self._document.heard_score

        def done(_nothing: object) -> None:
            messages.note("")  # it is written
            folder = MessageAction(self.tr("Show in folder"), lambda: show_folder(path))
            messages.post(
                Message(self.tr("Saved ‘{name}’.").format(name=path.name), level="ok", actions=(folder,), lasts_ms=8000)
            )

        def failed(error: AppError) -> None:
            messages.note("")
            messages.post_failure(error)

        self._jobs.run(lambda control: write(score, path, control), on_done=done, on_failed=failed)

    def _write_wav(self, score: Score, path: Path, control: Control) -> None:
        from core.playback import pygame_output
        from core.playback.mix import render_score, write_wav
        from core.playback.synth import choose_renderer

        renderer = choose_renderer(paths.soundfont(), pygame_output.decode).renderer
        normalises = self._preferences.settings.normalises_audio
        write_wav(render_score(score, renderer, normalises=normalises, control=control), path)


def _write_midi(score: Score, path: Path, _control: Control) -> None:
    from core.music.midi_file import write_midi  # loads the MIDI libraries, which starting up can do without

    write_midi(score, path)


def show_folder(path: Path) -> None:
    """Open the folder that a file lies in, in the file manager."""
    open_outside(path.parent)
