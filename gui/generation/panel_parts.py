"""Pieces of the Generate panel that know nothing of generating: Stop with a ring, words under a slider, labelled rows."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.controls.buttons import PlainButton
from gui.controls.progress import ProgressRing
from gui.controls.switch import SwitchRow
from gui.controls.text import Icon, Text, label


class StopButton(PlainButton):
    """Stop, with a ring that fills as the takes come in."""

    def __init__(self) -> None:
        super().__init__("", size="primary")
        self._progress = ProgressRing(18, parent=self)

    def show_progress(self, done: int, takes: int) -> None:
        self._progress.set_fraction(done / takes if takes else 0.0)
        self.set_text(self.tr("Stop · {done} of {takes} takes").format(done=done, takes=takes))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._progress.move(16, (self.height() - self._progress.height()) // 2)


class OverlaidField(QWidget):
    """A switch row with a field of its own where other rows show their value."""

    def __init__(self, row: SwitchRow, field: QWidget) -> None:
        super().__init__()
        self._field = field
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(row)
        field.setParent(self)
        field.raise_()
        field.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Paint, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        size = self._field.sizeHint()
        right = self.width() - 30 - 6
        self._field.setGeometry(right - size.width(), (self.height() - size.height()) // 2, size.width(), size.height())


class SliderWords(QWidget):
    """Three words under a slider: at both ends and at the mark between them."""

    def __init__(self, left: str, middle: str, right: str, *, middle_at: float) -> None:
        super().__init__()
        self._middle_at = middle_at
        self._words = [Text(text, size="caption", role="text.muted", parent=self) for text in (left, middle, right)]
        self.setFixedHeight(16)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        left, middle, right = self._words
        left.move(0, 0)
        middle.move(round(8 + (self.width() - 16) * self._middle_at - middle.sizeHint().width() / 2), 0)
        right.move(self.width() - right.sizeHint().width(), 0)


class BodyScroll(QScrollArea):
    """Scrolls the sections up and down, never sideways."""

    def __init__(self, body: QWidget) -> None:
        super().__init__()
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        body.setAutoFillBackground(False)


def section_box(*, top: int = 12, bottom: int = 12) -> tuple[QWidget, QVBoxLayout]:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(16, top, 16, bottom)
    column.setSpacing(0)
    return box, column


def info_sign(tip: str) -> Icon:
    icon = Icon("info", role="text.muted", size=14)
    icon.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, on=False)
    icon.setToolTip(tip)
    return icon


def labelled(text: str, tip: str | Icon, value: QWidget) -> QHBoxLayout:
    """A name, the sign that explains it (or the words for one) and its value."""
    row = QHBoxLayout()
    row.setSpacing(6)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(label(text))
    row.addWidget(info_sign(tip) if isinstance(tip, str) else tip)
    row.addStretch(1)
    row.addWidget(value)
    return row
