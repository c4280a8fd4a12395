"""How far a job has come: a ring for small places, a line for wide ones. Never without a number behind it."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme


class _Progress(QWidget):
    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._fraction = 0.0

    @property
    def fraction(self) -> float:
        return self._fraction

    def set_fraction(self, fraction: float) -> None:
        """0 to 1."""
        fraction = min(max(fraction, 0.0), 1.0)
        if fraction != self._fraction:
            if int(fraction * 10) != int(self._fraction * 10):  # a screen reader hears each tenth, not each step
                self.setAccessibleDescription(f"{fraction:.0%}")
            self._fraction = fraction
            self.update()


class ProgressRing(_Progress):
    """Amber on dim amber, clockwise from the top."""

    def __init__(self, size: int = 18, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        scale = self.width() / 18
        circle = QRectF(self.rect()).adjusted(2 * scale, 2 * scale, -2 * scale, -2 * scale)
        pen = QPen(colors.color("model.dim"), 2.6 * scale)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawEllipse(circle)
        pen.setColor(colors.color("model.base"))
        painter.setPen(pen)
        painter.drawArc(circle, 90 * 16, -round(self._fraction * 360 * 16))


class ProgressLine(_Progress):
    """A rounded line, 6 high."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, 6)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().color("border.medium"))
        painter.drawRoundedRect(self.rect(), 3, 3)
        if self._fraction > 0:
            painter.setBrush(theme.current().color("model.base"))
            painter.drawRoundedRect(QRectF(0, 0, max(6.0, self._fraction * self.width()), 6), 3, 3)
