"""What was deleted and can come back: a plain list with Restore."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from core.trash import KEPT_DAYS
from gui.controls.buttons import PlainButton
from gui.controls.text import Text


@dataclass(frozen=True, slots=True)
class Deleted:
    """A line of the list. thing: what is handed back to be restored."""

    name: str
    at: datetime
    thing: object


class TrashDialog(QDialog):
    """Emits what is to come back."""

    restore_requested = Signal(object)
    """The `thing` of a Deleted."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(520, 400)
        self._deleted: tuple[Deleted, ...] = ()
        self._words = Text("", role="text.secondary", wraps=True)
        self.list = QListWidget()
        self.list.setAccessibleName(title)
        self.restore = PlainButton(self.tr("Restore"), icon="undo-2")
        close = PlainButton(self.tr("Close"))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.restore)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addWidget(Text(title, size="title", weight="semibold"))
        column.addWidget(self._words)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self.list.itemSelectionChanged.connect(lambda: self.restore.setEnabled(bool(self.list.selectedItems())))
        self.list.itemActivated.connect(lambda _item: self._restore())
        self.restore.clicked.connect(self._restore)
        close.clicked.connect(self.accept)
        self.show_deleted(())

    def show_deleted(self, deleted: Sequence[Deleted]) -> None:
        """What there is, the last deleted first."""
        self._deleted = tuple(deleted)
        self.list.clear()
        for one in self._deleted:
            when = one.at.astimezone().strftime("%Y-%m-%d %H:%M")
            item = QListWidgetItem(self.tr("{name}, deleted {when}").format(name=one.name, when=when))
            item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter)
            self.list.addItem(item)
        if self._deleted:
            self.list.setCurrentRow(0)
        self._words.setText(
            self.tr("What was deleted can come back for {days} days.").format(days=KEPT_DAYS)
            if self._deleted
            else self.tr("Nothing was deleted in the last {days} days.").format(days=KEPT_DAYS)
        )
        self.restore.setEnabled(bool(self._deleted))

    def _restore(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._deleted):
            self.restore_requested.emit(self._deleted[row].thing)
