"""On or off: the switch alone, and a whole row that clicks."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from gui import theme
from gui.controls.focus import KeyboardFocus

_WIDTH, _HEIGHT, _KNOB = 30, 18, 10


def _paint_switch(painter: QPainter, spot: QRectF, button: QAbstractButton) -> None:
    colors = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not button.isEnabled():
        painter.setOpacity(0.4)
    if button.isChecked():
        step = "pressed" if button.isDown() else "hover" if button.underMouse() else "base"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color(f"you.{step}"))
        painter.drawRoundedRect(spot, 9, 9)
        painter.setBrush(colors.color("text.on_you"))
        painter.drawEllipse(QRectF(spot.left() + 16, spot.top() + 4, _KNOB, _KNOB))
    else:
        role = "text.secondary" if button.underMouse() and button.isEnabled() else "border.control"
        painter.setPen(QPen(colors.color(role), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(spot.adjusted(0.75, 0.75, -0.75, -0.75), 8.25, 8.25)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color(role))
        painter.drawEllipse(QRectF(spot.left() + 4, spot.top() + 4, _KNOB, _KNOB))
    painter.setOpacity(1)


class Switch(KeyboardFocus, QAbstractButton):
    """30 × 18; Space and Enter toggle it. `toggled` as in every Qt button."""

    focus_radius = 9

    def __init__(self, *, name: str = "", checked: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedSize(_WIDTH, _HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        _paint_switch(QPainter(self), QRectF(0, 0, _WIDTH, _HEIGHT), self)


class SwitchRow(KeyboardFocus, QAbstractButton):
    """Label at the left, what it is set to at the right, the switch at the edge; the whole row clicks."""

    def __init__(
        self, text: str, value: str = "", *, checked: bool = False, tip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._value = value
        self.setText(text)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setToolTip(tip)
        self.setAccessibleName(f"{text} {value}".strip())
        self.setFont(theme.current().font(tabular=True))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def value(self) -> str:
        return self._value

    def set_value(self, value: str) -> None:
        self._value = value
        self.setAccessibleName(f"{self.text()} {value}".strip())
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        words = metrics.horizontalAdvance(self.text()) + metrics.horizontalAdvance(self._value)
        return QSize(words + 24 + _WIDTH, 30)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors = theme.current()
        enabled = self.isEnabled()
        painter.setPen(colors.color("text.primary" if enabled else "text.disabled"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), self.text())
        if self._value:
            role = "text.disabled" if not enabled else "text.secondary" if self.isChecked() else "text.muted"
            painter.setPen(colors.color(role))
            room = self.rect().adjusted(0, 0, -_WIDTH - 10, 0)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), self._value)
        spot = QRectF(self.width() - _WIDTH, (self.height() - _HEIGHT) / 2, _WIDTH, _HEIGHT)
        _paint_switch(painter, spot, self)
