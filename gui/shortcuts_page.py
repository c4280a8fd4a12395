"""All keys on one page, from the table of actions; with what the mouse does on the roll."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.actions import key_table
from gui.controls.buttons import PlainButton
from gui.controls.text import Surface, Text, label, section
from gui.handbook import page_button

_COLUMNS = 3


def _tr(text: str) -> str:
    return QCoreApplication.translate("ShortcutsPage", text)


def mouse_table() -> tuple[str, tuple[tuple[str, str], ...]]:
    """What the mouse does on the roll: a title, and (what it does, how)."""
    return _tr("Mouse on the roll"), (
        (_tr("Write a note"), _tr("double-click, or Draw")),
        (_tr("Select several"), _tr("drag; Shift adds")),
        (_tr("Drag a copy"), _tr("Shift+drag a note")),
        (_tr("Without snap"), _tr("hold Alt")),
        (_tr("Erase while drawing"), _tr("right-click")),
        (_tr("Velocity of a note"), _tr("Alt+wheel")),
        (_tr("Zoom time / pitch"), _tr("Ctrl+wheel / Ctrl+Shift+wheel")),
        (_tr("Scroll"), _tr("wheel, Shift+wheel, middle-drag")),
        (_tr("Next / previous note"), _tr("Tab / Shift+Tab")),
    )


class ShortcutsPage(QDialog):
    """The sheet of keys; Esc, F1 or ? closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(980, 744)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        page = Surface("bg.panel")
        columns = QHBoxLayout()
        columns.setSpacing(40)
        tables = (*key_table(), mouse_table())
        sizes = [len(rows) + 2 for _, rows in tables]
        share = sum(sizes) / _COLUMNS
        column, filled = _column(columns), 0
        for (title, rows), size in zip(tables, sizes, strict=True):
            if filled and filled + size / 2 > share and columns.count() < _COLUMNS:
                column.addStretch(1)
                column, filled = _column(columns), 0
            column.addWidget(section(title))
            column.addSpacing(6)
            column.addLayout(_grid(rows))
            column.addSpacing(18)
            filled += size
        column.addStretch(1)
        body = QVBoxLayout(page)
        body.setContentsMargins(28, 24, 28, 24)
        body.addWidget(label(self.tr("Keyboard and mouse"), "verdict", "semibold"))
        body.addSpacing(14)
        body.addLayout(columns, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        outside.addWidget(scroll, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        self.handbook_button = page_button(_tr("Handbook"), "index")
        foot.addWidget(self.handbook_button)
        foot.addStretch(1)
        close = PlainButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        foot.addWidget(close)
        outside.addLayout(foot)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_F1, Qt.Key.Key_Question):
            self.accept()
        else:
            super().keyPressEvent(event)


def _column(columns: QHBoxLayout) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(0)
    columns.addLayout(column, 1)
    return column


def _grid(rows: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(3)
    grid.setHorizontalSpacing(16)
    for row, (what, keys) in enumerate(rows):
        grid.addWidget(Text(what, size="caption", role="text.secondary"), row, 0)
        grid.addWidget(Text(keys, size="caption", weight="medium"), row, 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    return grid
