"""Rows of the panel beside a training: words, what they mean on hover, and a value or a field at the right."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.controls.text import Icon, Text


def section_box() -> tuple[QWidget, QVBoxLayout]:
    """A section of the panel, and what its rows go into."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(16, 14, 16, 14)
    column.setSpacing(0)
    return box, column


def fact_row(column: QVBoxLayout, words: str, tip: str = "") -> Text:
    """Add a row that says something; the text at its right is what to fill in."""
    value = Text("")
    column.addWidget(_row_of(words, tip, value, height=26))
    return value


def field_row(column: QVBoxLayout, words: str, tip: str, field: QWidget) -> None:
    """Add a row with something to set."""
    field.setToolTip(tip)
    column.addWidget(_row_of(words, tip, field, height=36))


def _row_of(words: str, tip: str, value: QWidget, *, height: int) -> QWidget:
    row = QWidget()
    row.setFixedHeight(height)
    row.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    layout.addWidget(Text(words, role="text.secondary"))
    if tip:
        info = Icon("info", role="text.muted", size=14)
        info.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, on=False)
        info.setToolTip(tip)
        layout.addWidget(info)
    layout.addStretch(1)
    layout.addWidget(value)
    return row
