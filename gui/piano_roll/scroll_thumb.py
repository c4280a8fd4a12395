"""A thin thumb over the canvas that shows which piece of the roll is seen, and scrolls it when dragged."""

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui import theme

THICKNESS = 12
"""What can be grabbed; the thumb itself is half as thick."""
_THUMB = 6
_SHORTEST = 32


class ScrollThumb(QWidget):
    """Lies at the right (vertical) or the bottom of its parent."""

    dragged = Signal(float)
    """Where the visible piece should begin, as a share of the whole."""

    def __init__(self, parent: QWidget, orientation: Qt.Orientation) -> None:
        super().__init__(parent)
        self._is_vertical = orientation == Qt.Orientation.Vertical
        self._start, self._share = 0.0, 1.0
        self._grip: float | None = None
        self._is_hovered = False
        self.setCursor(Qt.CursorShape.ArrowCursor)

    def show_piece(self, start: float, share: float) -> None:
        """The visible piece: where it begins and how much it is of the whole, both 0 to 1."""
        start, share = min(max(start, 0.0), 1.0), min(max(share, 0.0), 1.0)
        self.setVisible(share < 1)
        if (start, share) != (self._start, self._share):
            self._start, self._share = start, share
            self.update()

    @property
    def _length(self) -> int:
        return self.height() if self._is_vertical else self.width()

    def _thumb(self) -> tuple[float, float]:
        """Its first pixel and its length."""
        length = min(max(self._share * self._length, _SHORTEST), self._length)
        free = self._length - length
        hidden = 1 - self._share
        return (free * min(self._start / hidden, 1.0) if hidden > 0 else 0.0), length

    def paintEvent(self, _event: QPaintEvent) -> None:
        start, length = self._thumb()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        is_active = self._is_hovered or self._grip is not None
        painter.setBrush(theme.current().color("text.muted", alpha=0.8 if is_active else 0.45))
        inset = (THICKNESS - _THUMB) / 2
        along = (start + 2, length - 4)
        across = (inset, _THUMB)
        (x, width), (y, height) = (across, along) if self._is_vertical else (along, across)
        painter.drawRoundedRect(QRectF(x, y, width, height), 3, 3)

    def _along(self, event: QMouseEvent) -> float:
        return event.position().y() if self._is_vertical else event.position().x()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        start, length = self._thumb()
        at = self._along(event)
        self._grip = at - start if start <= at < start + length else length / 2
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        _, length = self._thumb()
        free = self._length - length
        if free > 0:
            share = min(max((self._along(event) - self._grip) / free, 0.0), 1.0)
            self.dragged.emit(share * (1 - self._share))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._grip = None
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._is_hovered = True
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._is_hovered = False
        self.update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the canvas below scrolls
