"""A span of pitches, picked with two thumbs on a small keyboard."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import theme
from gui.controls.focus import KeyboardFocus

_BLACK = frozenset({1, 3, 6, 8, 10})
_KEYS_HEIGHT = 16


class RangeKeys(KeyboardFocus, QWidget):
    """Lowest and highest pitch, both included. Arrows move the thumb touched last; Tab's first stop is the lower one."""

    changed = Signal(int, int)
    """The user moved a thumb: lowest, highest."""

    keys_kept = frozenset(
        {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}
    )

    def __init__(
        self,
        low: int = 57,
        high: int = 86,
        *,
        shown: tuple[int, int] = (36, 96),
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high = low, high
        self._shown = shown
        self._moves_high = False
        self._is_dragging = False
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def span(self) -> tuple[int, int]:
        return self._low, self._high

    def set_span(self, low: int, high: int) -> None:
        """Show a span, silently; the keyboard grows to hold it."""
        self._low, self._high = low, high
        self._shown = (min(self._shown[0], low), max(self._shown[1], high))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 20)

    def _x(self, pitch: float) -> float:
        low, high = self._shown
        return (pitch - low) / (high - low + 1) * self.width()

    def _pitch_at(self, x: float) -> int:
        low, high = self._shown
        return min(max(low + int(x / max(1, self.width()) * (high - low + 1)), low), high)

    def _set(self, pitch: int) -> None:
        low, high = self._low, self._high
        if self._moves_high:
            high = max(min(pitch, self._shown[1]), low)
        else:
            low = min(max(pitch, self._shown[0]), high)
        if (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            self.update()
            self.changed.emit(low, high)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            x = event.position().x()
            self._moves_high = abs(x - self._x(self._high + 1)) < abs(x - self._x(self._low))
            self._is_dragging = True
            self._set(self._pitch_at(x))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_dragging:
            self._set(self._pitch_at(event.position().x()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._is_dragging = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        key = keys(event.key())
        by = {keys.Key_Left: -1, keys.Key_Down: -1, keys.Key_Right: 1, keys.Key_Up: 1}.get(key)
        if by is not None:
            tenfold = 12 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self._set((self._high if self._moves_high else self._low) + by * tenfold)
        elif key in (keys.Key_Home, keys.Key_End):
            self._moves_high = key == keys.Key_End
            self.update()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colors = theme.current()
        enabled = self.isEnabled()
        width = self._x(self._shown[0] + 1)
        for pitch in range(self._shown[0], self._shown[1] + 1):
            is_black = pitch % 12 in _BLACK
            inside = enabled and self._low <= pitch <= self._high
            painter.setBrush(colors.color("you.base" if inside else "border.medium", alpha=0.6 if is_black else 0.95))
            height = 9 if is_black else _KEYS_HEIGHT
            painter.drawRoundedRect(QRectF(self._x(pitch) + 0.3, 0, max(1.0, width - 0.6), height), 1, 1)
        if not enabled:
            return
        for pitch, is_moved in ((self._low, not self._moves_high), (self._high + 1, self._moves_high)):
            role = "border.focus" if is_moved and self.has_ring else "text.primary"
            painter.setBrush(colors.color(role))
            x = min(max(self._x(pitch), 2.5), self.width() - 2.5)
            painter.drawRoundedRect(QRectF(x - 2.5, 0, 5, 20), 2.5, 2.5)
