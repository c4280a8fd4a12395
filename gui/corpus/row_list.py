"""A list of very many painted rows of one height.

It is a table of one column: QListView and QTreeView ask a model for every single row before they show the first, which
takes a second for a hundred thousand files; a table asks only for what is in view.
"""

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

_KEYS_KEPT = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Home, Qt.Key.Key_End)


class RowList(QTableView):
    """Selects one row; Home and End go to the first and last. Subclasses answer Enter and Space in `activate`."""

    def __init__(self, model: QAbstractListModel, *, row_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(row_height)
        rows.setDefaultSectionSize(row_height)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setWordWrap(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # so that columns stay where they are
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def activate(self, index: QModelIndex) -> None:
        """Do what Enter, Space and a double-click mean on a row."""
        raise NotImplementedError

    def shows_focus_on(self, index: QModelIndex | QPersistentModelIndex) -> bool:
        """Whether the keyboard is on this row."""
        current = self.currentIndex()
        return self.hasFocus() and current.isValid() and current.row() == index.row()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and event.key() in _KEYS_KEPT:
            event.accept()  # the window has shortcuts on these
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, rows = event.key(), self.model().rowCount()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.currentIndex().isValid():
                self.activate(self.currentIndex())
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and rows:
            self.setCurrentIndex(self.model().index(0 if key == Qt.Key.Key_Home else rows - 1, 0))
        else:
            super().keyPressEvent(event)
