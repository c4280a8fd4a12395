"""Buttons: amber where the model acts, blue where you decide, plain and quiet for all else."""

from typing import Literal, TypedDict, Unpack

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QEnterEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from gui import theme
from gui.controls.focus import KeyboardFocus
from gui.controls.text import draw_key_cap

Kind = Literal["model", "you", "plain", "quiet"]
Size = Literal["compact", "default", "primary"]

_PADDING: dict[Size, int] = {"compact": 9, "default": 12, "primary": 18}
_FONT: dict[Size, str | int] = {"compact": "caption", "default": "body", "primary": 14}
_GAP = 8


def shortcut_words(sequence: QKeySequence | str) -> str:
    """A shortcut as it is written on keys: "Ctrl ↵"."""
    words = QKeySequence(sequence).toString(QKeySequence.SequenceFormat.NativeText)
    return words.replace("+Return", " ↵").replace("+Enter", " ↵").replace("Return", "↵")


class Button(KeyboardFocus, QAbstractButton):
    """A painted button; the kinds below are the ways to make one."""

    def __init__(
        self,
        text: str,
        *,
        kind: Kind,
        size: Size = "default",
        icon: str = "",
        icon_size: int = 16,
        shortcut: str = "",
        checkable: bool = False,
        icon_trails: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """icon_trails: the icon stands after the words."""
        super().__init__(parent)
        self._icon_trails = icon_trails
        self._kind, self._size, self._icon, self._icon_size, self._shortcut = kind, size, icon, icon_size, shortcut
        self._icon_role = ""
        self._square = 0
        self.setText(text)
        self.setCheckable(checkable)
        weight: theme.Weight = "semibold" if kind in ("model", "you") or size == "primary" else "medium"
        self.setFont(theme.current().font(_FONT[size], weight, tabular=True))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_icon(self, name: str, role: str = "") -> None:
        """Change the icon; role: a fixed colour in place of the state's."""
        self._icon, self._icon_role = name, role
        self.updateGeometry()
        self.update()

    def set_text(self, text: str) -> None:
        if text != self.text():
            self.setText(text)
            self.updateGeometry()

    def follow(self, action: QAction) -> None:
        """Do what `action` does, and be enabled, checked and described as it is."""
        self.clicked.connect(action.trigger)

        def look() -> None:
            self.setEnabled(action.isEnabled())
            self.setToolTip(action.toolTip())
            if action.isCheckable():
                self.setCheckable(True)
                self.setChecked(action.isChecked())

        look()
        action.changed.connect(look)
        if action.isCheckable():
            self.clicked.connect(look)  # the click toggled this button; the action has the last word

    def sizeHint(self) -> QSize:
        height = theme.metric(f"size.control.{self._size}")
        if self._square:
            return QSize(self._square, height if self._square == height else self._square)
        width = 2 * _PADDING[self._size] + self._content_width()
        return QSize(width, height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _content_width(self) -> int:
        parts = []
        if self._icon:
            parts.append(self._icon_size)
        if self.text():
            parts.append(self.fontMetrics().horizontalAdvance(self.text()) + 1)
        if self._shortcut:
            parts.append(self._cap_width())
        return sum(parts) + _GAP * max(0, len(parts) - 1)

    def _cap_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(self._shortcut) + 10

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()  # Qt's buttons answer Space alone outside of dialogs
        else:
            super().keyPressEvent(event)

    def _roles(self) -> tuple[str, str, str]:
        """Roles of the fill ("" = none), the border ("" = none) and the words, for the state it is in."""
        pressed, hovered = self.isDown(), self.underMouse() and self.isEnabled()
        if not self.isEnabled():
            return "", "" if self._kind == "quiet" else "border.subtle", "text.disabled"
        if self._kind in ("model", "you"):
            step = "pressed" if pressed else "hover" if hovered else "base"
            return f"{self._kind}.{step}", "", f"text.on_{self._kind}"
        if self.isChecked():
            return "you.wash", "you.base", "you.text"
        if self._kind == "plain":
            fill = "bg.pressed" if pressed else "bg.hover" if hovered else "bg.raised"
            return fill, "border.medium", "text.primary"
        fill = "bg.pressed" if pressed else "bg.hover" if hovered else ""
        return fill, "", "text.primary" if hovered else "text.secondary"

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        fill, border, words = self._roles()
        painter.setPen(QPen(colors.color(border), 1) if border else Qt.PenStyle.NoPen)
        painter.setBrush(colors.color(fill) if fill else Qt.BrushStyle.NoBrush)
        inset = 0.5 if border else 0.0
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 6, 6)
        left = (self.width() - self._content_width()) / 2
        middle = self.height() / 2
        if not self._icon_trails:
            left = self._draw_icon(painter, left, words)
        painter.setPen(colors.color(words))
        if self.text():
            room = QRectF(left, 0, self.width() - left, self.height())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), self.text())
            left += self.fontMetrics().horizontalAdvance(self.text()) + 1 + _GAP
        if self._icon_trails:
            left = self._draw_icon(painter, left, words)
        if self._shortcut:
            painter.setFont(colors.font("caption", "medium"))
            draw_key_cap(painter, QRectF(left, middle - 9, self._cap_width(), 18), self._shortcut, words)

    def _draw_icon(self, painter: QPainter, left: float, words: str) -> float:
        """Where what follows the icon begins."""
        if not self._icon:
            return left
        side = self._icon_size
        role = self._icon_role if self._icon_role and self.isEnabled() else words
        spot = QRectF(round(left), round((self.height() - side) / 2), side, side)
        theme.current().draw_icon(painter, self._icon, spot, role)
        return left + side + _GAP


class ButtonOptions(TypedDict, total=False):
    """What all kinds take, as Button does."""

    icon: str
    icon_size: int
    icon_trails: bool
    shortcut: str
    checkable: bool
    parent: QWidget | None


class ModelButton(Button):
    """Amber: the model acts. One to a region."""

    def __init__(self, text: str, *, size: Size = "primary", **options: Unpack[ButtonOptions]) -> None:
        options.setdefault("icon_size", 18)
        super().__init__(text, kind="model", size=size, **options)


class YouButton(Button):
    """Blue: you decide."""

    def __init__(self, text: str, *, size: Size = "default", **options: Unpack[ButtonOptions]) -> None:
        options.setdefault("icon_size", 15)
        super().__init__(text, kind="you", size=size, **options)


class PlainButton(Button):
    """Raised, with a border."""

    def __init__(self, text: str, *, size: Size = "default", **options: Unpack[ButtonOptions]) -> None:
        super().__init__(text, kind="plain", size=size, **options)


class QuietButton(Button):
    """No ground until the mouse is over it."""

    def __init__(self, text: str, *, size: Size = "default", **options: Unpack[ButtonOptions]) -> None:
        super().__init__(text, kind="quiet", size=size, **options)


class IconButton(Button):
    """An icon alone; the tip is also its name for a screen reader."""

    def __init__(
        self,
        icon: str,
        tip: str,
        *,
        checkable: bool = False,
        icon_size: int = 16,
        size: int = 30,
        kind: Kind = "quiet",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("", kind=kind, icon=icon, icon_size=icon_size, checkable=checkable, parent=parent)
        self._square = size
        self.setFixedSize(size, size)
        self.set_tip(tip)

    def set_tip(self, tip: str) -> None:
        self.setToolTip(tip)
        self.setAccessibleName(tip)
