"""A slider over real numbers: amber for the model's adventurousness, neutral for the volume."""

from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.controls.focus import KeyboardFocus


class Slider(KeyboardFocus, QWidget):
    """From minimum to maximum in steps. Double-click goes back to `tick_at`, which is marked on the track.

    The track is filled up to the thumb from its left end, or from the tick where that stands for 0 between less and more.
    """

    changed = Signal(float)
    """The user moved it."""

    focus_radius = 8
    keys_kept = frozenset(
        {
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_PageUp,
            Qt.Key.Key_PageDown,
            Qt.Key.Key_Home,
            Qt.Key.Key_End,
        }
    )

    def __init__(
        self,
        minimum: float,
        maximum: float,
        step: float,
        *,
        value: float | None = None,
        tick_at: float | None = None,
        role: Literal["model", "neutral"] = "model",
        thumb: int = 16,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._maximum, self._step, self._tick_at = minimum, maximum, step, tick_at
        self._role, self._thumb = role, thumb
        self._value = minimum if value is None else value
        self._name = name
        self._is_dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._say()

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show `value`, silently."""
        value = min(max(value, self._minimum), self._maximum)
        if value != self._value:
            self._value = value
            self._say()
            self.follow_ring()
            self.update()

    def _say(self) -> None:
        self.setAccessibleName(f"{self._name} {self._value:g}".strip())

    def _move_to(self, value: float) -> None:
        steps = round((value - self._minimum) / self._step)
        value = round(min(max(self._minimum + steps * self._step, self._minimum), self._maximum), 6)
        if value != self._value:
            self.set_value(value)
            self.changed.emit(value)

    def focus_shape(self) -> QRect:
        left = round(self._x_of(self._value) - self._thumb / 2)
        return QRect(left, (self.height() - self._thumb) // 2, self._thumb, self._thumb)

    def sizeHint(self) -> QSize:
        return QSize(120, theme.metric("size.hit_min"))

    def minimumSizeHint(self) -> QSize:
        return QSize(48, theme.metric("size.hit_min"))

    def _x_of(self, value: float) -> float:
        share = (value - self._minimum) / (self._maximum - self._minimum)
        return self._thumb / 2 + share * (self.width() - self._thumb)

    def _value_at(self, x: float) -> float:
        share = (x - self._thumb / 2) / max(1, self.width() - self._thumb)
        return self._minimum + share * (self._maximum - self._minimum)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_dragging = True
            self._move_to(self._value_at(event.position().x()))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_dragging:
            self._move_to(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._is_dragging = False
        self.update()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        if self._tick_at is not None:
            self._move_to(self._tick_at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            self._move_to(self._value + self._step * (1 if event.angleDelta().y() > 0 else -1))
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        tenfold = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        keys = Qt.Key
        targets = {
            keys.Key_Left: self._value - self._step * tenfold,
            keys.Key_Down: self._value - self._step * tenfold,
            keys.Key_Right: self._value + self._step * tenfold,
            keys.Key_Up: self._value + self._step * tenfold,
            keys.Key_PageDown: self._value - 10 * self._step,
            keys.Key_PageUp: self._value + 10 * self._step,
            keys.Key_Home: self._minimum,
            keys.Key_End: self._maximum,
        }
        target = targets.get(keys(event.key()))
        if target is None:
            super().keyPressEvent(event)
        else:
            self._move_to(target)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.4)
        colors = theme.current()
        middle = self.height() / 2
        x = self._x_of(self._value)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("border.medium"))
        painter.drawRoundedRect(QRectF(0, middle - 2, self.width(), 4), 2, 2)
        painter.setBrush(colors.color("model.base" if self._role == "model" else "text.secondary"))
        has_both_ways = self._minimum < 0 and self._tick_at == 0
        begin = self._x_of(0) if has_both_ways else 0.0
        painter.drawRoundedRect(QRectF(min(begin, x), middle - 2, abs(x - begin), 4), 2, 2)
        if self._tick_at is not None:
            painter.fillRect(QRectF(self._x_of(self._tick_at) - 0.75, middle - 6, 1.5, 12), colors.color("text.muted"))
        radius = self._thumb / 2
        is_hot = self.isEnabled() and (self._is_dragging or self.underMouse())
        if is_hot and self._role == "model":
            painter.setPen(QPen(colors.color("model.base"), 1))
            painter.setBrush(colors.color("model.wash"))
            painter.drawEllipse(QPointF(x, middle), radius + 4, radius + 4)
        if colors.is_dark:
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            painter.setPen(QPen(colors.color("border.control"), 1.5))
        pressed = self._is_dragging and self._role == "model"
        thumb = "model.strong" if pressed else "text.primary" if colors.is_dark else "bg.raised"
        painter.setBrush(colors.color(thumb))
        inset = 0 if colors.is_dark else 0.75
        painter.drawEllipse(QPointF(x, middle), radius - inset, radius - inset)
