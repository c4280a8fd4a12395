"""The trained models side by side: compare, rename, delete, share, add from a file."""

import importlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import AppError
from core.learning.spec import PRESETS
from core.trash import deleted_at
from gui import messages
from gui.controls.buttons import PlainButton
from gui.controls.numbers import grouped
from gui.controls.text import Text
from gui.controls.trash_dialog import Deleted, TrashDialog
from gui.jobs import JobRunner
from gui.messages import Message, MessageAction

if TYPE_CHECKING:  # the library loads the model's arithmetic, which starting up can do without
    from core.learning.models.library import Library, ModelRecord, Trashed
    from core.learning.models.model_file import ModelCard

SUFFIX = ".ritornello-model"


class LibraryDialog(QDialog):
    """A table of models; emits what is to be done with the one chosen."""

    rename_requested = Signal(object, str)
    delete_requested = Signal(object)
    export_requested = Signal(object)
    import_requested = Signal()
    trash_requested = Signal()
    compose_requested = Signal(object)
    history_requested = Signal(object)
    about_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._records: tuple[ModelRecord, ...] = ()
        self.setWindowTitle(self.tr("Models"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addWidget(Text(self.tr("Your models"), size="title", weight="semibold"))
        column.addWidget(
            Text(
                self.tr(
                    "How unsure each is about the next note of pieces it has never seen. Models that learnt from the same "
                    "collection can be compared: lower is better."
                ),
                role="text.secondary",
                wraps=True,
            )
        )
        self.table = QTableWidget(0, len(self._titles()))
        self.table.setHorizontalHeaderLabels(self._titles())
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(34)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.setAccessibleName(self.tr("Models"))
        column.addWidget(self.table, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.add = PlainButton(self.tr("Add from a file…"), icon="plus")
        self.trash = PlainButton(self.tr("Deleted…"))
        self.trash.setToolTip(self.tr("Models deleted in the last 30 days: take one back"))
        self.export = PlainButton(self.tr("Export…"), icon="download")
        self.export.setToolTip(self.tr("Write the model as one file, to share or to keep"))
        self.about = PlainButton(self.tr("About…"), icon="info")
        self.about.setToolTip(self.tr("What it learnt from, how good it is, how it works and what it can't do"))
        self.history = PlainButton(self.tr("How it learnt"), icon="history")
        self.history.setToolTip(self.tr("Its curves, and what it answered after each epoch"))
        self.rename = PlainButton(self.tr("Rename…"))
        self.delete = PlainButton(self.tr("Delete"), icon="trash-2")
        self.compose = PlainButton(self.tr("Compose with it"), icon="arrow-right")
        buttons.addWidget(self.add)
        buttons.addWidget(self.trash)
        buttons.addStretch(1)
        for button in (self.about, self.history, self.export, self.rename, self.delete, self.compose):
            buttons.addWidget(button)
        column.addLayout(buttons)
        self.table.itemSelectionChanged.connect(self._look)
        self.table.itemDoubleClicked.connect(lambda _item: self.compose.click())
        self.add.clicked.connect(self.import_requested)
        self.trash.clicked.connect(self.trash_requested)
        self.export.clicked.connect(lambda: self.export_requested.emit(self.record))
        self.delete.clicked.connect(lambda: self.delete_requested.emit(self.record))
        self.compose.clicked.connect(lambda: self.compose_requested.emit(self.record))
        self.history.clicked.connect(lambda: self.history_requested.emit(self.record))
        self.about.clicked.connect(lambda: self.about_requested.emit(self.record))
        self.rename.clicked.connect(self._rename)
        self._look()
        self.resize(980, 480)

    @property
    def record(self) -> "ModelRecord | None":
        """The model chosen."""
        row = self.table.currentRow()
        return self._records[row] if self.table.selectedItems() and 0 <= row < len(self._records) else None

    def show_records(self, records: "Sequence[ModelRecord]") -> None:
        """All models there are; the one chosen stays chosen."""
        before = self.record
        self._records = tuple(records)
        self.table.setRowCount(len(self._records))
        for row, record in enumerate(self._records):
            for place, text in enumerate(row_of(record)):
                item = QTableWidgetItem(text)
                if place > 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(record.damage)
                self.table.setItem(row, place, item)
            if before is not None and record.id == before.id:
                self.table.selectRow(row)
        if self.record is None and self._records:
            self.table.selectRow(0)
        self._look()

    def _look(self) -> None:
        record = self.record
        is_own = record is not None and not record.is_starter
        is_whole = record is not None and not record.damage
        self.about.setEnabled(is_whole)
        self.rename.setEnabled(is_own and is_whole)
        self.delete.setEnabled(is_own)
        self.export.setEnabled(record is not None and record.state == "ready")
        self.history.setEnabled(record is not None and record.state == "ready")
        self.compose.setEnabled(record is not None and record.state == "ready")
        self.delete.setToolTip(
            self.tr("The starter model can't be deleted") if record is not None and record.is_starter else ""
        )

    def _rename(self) -> None:
        record = self.record
        if record is None:
            return
        name, accepted = QInputDialog.getText(self, self.tr("Rename"), self.tr("Name of the model"), text=record.name)
        if accepted and name.strip() and name.strip() != record.name:
            self.rename_requested.emit(record, name.strip())

    def _titles(self) -> list[str]:
        return [
            self.tr("Model"),
            self.tr("Learnt from"),
            self.tr("Pieces"),
            self.tr("Manner"),
            self.tr("Kept epoch"),
            self.tr("Chooses among"),
            self.tr("Pitch alone"),
            self.tr("Made"),
        ]


_STATES = {"unfinished": "unfinished", "damaged": "damaged", "newer": "made by a newer Ritornello"}


def row_of(record: "ModelRecord") -> tuple[str, ...]:
    """A model's figures as the table shows them."""
    preset = next((preset.title for preset in PRESETS.values() if preset.name == record.preset), record.preset)
    return (
        record.name if record.state == "ready" else f"{record.name} ({_STATES[record.state]})",
        f"{record.corpus_name}, after “{record.started_from}”" if record.started_from else record.corpus_name,
        grouped(record.pieces) if record.pieces else "–",
        preset,
        f"{record.best_epoch} of {record.epochs}" if record.epochs else "–",
        _notes(record.held_out_bits_per_note),
        _notes(record.held_out_bits_per_pitch),
        record.created[:10],
    )


def _notes(bits: float) -> str:
    if not math.isfinite(bits):
        return "–"
    count = 2.0**bits
    return f"{count:.1f} notes" if count < 100 else f"{count:.0f} notes"


class LibraryController(QObject):
    """Opens the dialog and does what it asks for, in Workers."""

    models_changed = Signal()
    compose_requested = Signal(str)
    """Id of the model to compose with."""
    history_requested = Signal(str)
    """Id of the model whose learning is to be shown."""

    def __init__(self, runner: JobRunner, *, home: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self._runner = runner
        self._home = home
        self._window = parent
        self.dialog: LibraryDialog | None = None
        self.trash: TrashDialog | None = None

    def open(self) -> None:
        """Show the models."""
        if self.dialog is None:
            self.dialog = LibraryDialog(self._window)
            self.dialog.rename_requested.connect(self.rename)
            self.dialog.delete_requested.connect(self.delete)
            self.dialog.export_requested.connect(self._choose_export)
            self.dialog.import_requested.connect(self.choose_import)
            self.dialog.trash_requested.connect(self.open_trash)
            self.dialog.about_requested.connect(lambda record: self.about(record.id))
            self.dialog.compose_requested.connect(lambda record: self._leave(record, self.compose_requested))
            self.dialog.history_requested.connect(lambda record: self._leave(record, self.history_requested))
        self.refresh()
        self.dialog.show()
        self.dialog.activateWindow()

    def open_trash(self) -> None:
        """Show what was deleted."""
        if self.trash is None:
            self.trash = TrashDialog(self.tr("Deleted models"), self._window)
            self.trash.restore_requested.connect(self._restore)
        self.refresh()
        self.trash.show()
        self.trash.activateWindow()

    def refresh(self) -> None:
        """Read the lists anew that are shown."""
        if self.dialog is not None:
            self._runner.run(lambda _control: self._library().list(), on_done=self.dialog.show_records)
        if self.trash is not None:
            self._runner.run(lambda _control: _deleted(self._library()), on_done=self.trash.show_deleted)

    def about(self, model_id: str) -> None:
        """Show what is known of a model."""

        def read() -> "tuple[ModelCard, bool]":
            importlib.import_module("gui.training.about_model")  # here, since it takes longer than a frame
            library = self._library()
            record = library.find(model_id)
            return library.card(record), record.is_starter

        def then(found: "tuple[ModelCard, bool]") -> None:
            from gui.training.about_model import AboutModelDialog

            card, is_starter = found
            parent = self.dialog if self.dialog is not None and self.dialog.isVisible() else self._window
            dialog = AboutModelDialog(card, is_starter=is_starter, parent=parent)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

        self._runner.run(lambda _control: read(), on_done=then)

    def rename(self, record: "ModelRecord", name: str) -> None:
        self._runner.run(lambda _control: self._library().rename(record, name), on_done=lambda _record: self._changed())

    def delete(self, record: "ModelRecord") -> None:
        """Put a model into the trash; a message offers to bring it back."""

        def then(trashed: "Trashed") -> None:
            undo = MessageAction(self.tr("Undo"), lambda: self._restore(trashed))
            sentence = self.tr("“{name}” was deleted.").format(name=record.name)
            messages.post(Message(sentence, actions=(undo,), lasts_ms=20_000))
            self._changed()

        self._runner.run(lambda _control: self._library().delete(record), on_done=then)

    def export(self, record: "ModelRecord", path: Path) -> None:
        """Write a model as one file."""

        def then(written: Path) -> None:
            messages.post(Message(self.tr("Saved ‘{name}’.").format(name=written.name), level="info", lasts_ms=10_000))

        self._runner.run(lambda _control: self._library().export(record, path), on_done=then)

    def import_file(self, path: Path) -> None:
        """Add a model from a file."""

        def then(record: "ModelRecord") -> None:
            messages.note(self.tr("“{name}” is in the list of models now.").format(name=record.name))
            self._changed()

        self._runner.run(lambda _control: self._library().import_file(path), on_done=then)

    def choose_import(self) -> None:
        """Ask for a file and add the model in it."""
        parent = self.dialog if self.dialog is not None and self.dialog.isVisible() else self._window
        path, _ = QFileDialog.getOpenFileName(parent, self.tr("Add a model"), "", f"{self.tr('Models')} (*{SUFFIX})")
        if path:
            self.import_file(Path(path))

    def _choose_export(self, record: "ModelRecord") -> None:
        path, _ = QFileDialog.getSaveFileName(
            self.dialog, self.tr("Export"), f"{record.name}{SUFFIX}", f"{self.tr('Models')} (*{SUFFIX})"
        )
        if path:
            self.export(record, Path(path))

    def _restore(self, trashed: "Trashed") -> None:
        def then(record: "ModelRecord") -> None:
            if record.name != trashed.record.name:
                sentence = self.tr("“{name}” is back as “{now}”: the name was taken.")
                messages.note(sentence.format(name=trashed.record.name, now=record.name))
            self._changed()

        self._runner.run(
            lambda _control: self._library().restore(trashed), on_done=then, on_failed=self._on_not_restored
        )

    def _on_not_restored(self, error: AppError) -> None:
        messages.post_failure(error)
        self.refresh()  # it may be gone

    def _leave(self, record: "ModelRecord", wish: SignalInstance) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        wish.emit(record.id)

    def _changed(self) -> None:
        self.refresh()
        self.models_changed.emit()

    def _library(self) -> "Library":
        from core.learning.models.library import Library

        return Library(self._home)


def _deleted(library: "Library") -> tuple[Deleted, ...]:
    return tuple(Deleted(item.record.name, deleted_at(item.path), item) for item in library.trashed())
