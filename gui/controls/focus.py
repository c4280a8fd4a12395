"""The ring around whatever the keyboard is on: 2 pixels wide, 2 pixels outside the shape, never for a mouse click."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSplitter, QWidget

from gui import theme

_KEYBOARD = frozenset(
    {
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
    }
)
_AWAY = frozenset(
    {
        Qt.FocusReason.ActiveWindowFocusReason,
        Qt.FocusReason.PopupFocusReason,
        Qt.FocusReason.MenuBarFocusReason,
    }
)
"""Reasons for which the focus goes away only to come back to where it was."""
_REACH = 4
"""Pixels by which the ring's widget is larger than the control on each side: gap and line."""


class FocusRing(QWidget):
    """Lies over the parent of `control`, follows its place, and lets the mouse through."""

    def __init__(self, control: "KeyboardFocus", radius: float) -> None:
        parent = control.parentWidget()
        while isinstance(parent, QSplitter):  # a child of a splitter would become one of its panes
            parent = parent.parentWidget()
        self._over = parent or control
        super().__init__(self._over)
        self._control = control
        self._radius = radius
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        control.installEventFilter(self)
        self.follow()
        self.raise_()
        self.show()

    def follow(self) -> None:
        """Go to where the control's shape is."""
        shape = self._control.focus_shape()
        rect = QRect(self._control.mapTo(self._over, shape.topLeft()), shape.size())
        self.setGeometry(rect.adjusted(-_REACH, -_REACH, _REACH, _REACH))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self.follow()
        elif event.type() == QEvent.Type.Hide:
            self.hide()
        elif event.type() == QEvent.Type.Show:
            self.show()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().color("border.focus"), 2))
        radius = self._radius + 3
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)


if TYPE_CHECKING:
    _Base = QWidget
else:
    _Base = object


class KeyboardFocus(_Base):
    """Mixed in before a widget class: shows the ring while the focus came by keyboard.

    A focused control answers `keys_kept` itself, even where the window has a shortcut on one of them.
    """

    focus_radius: float = 6
    keys_kept: frozenset[Qt.Key] = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
    _focus_ring: FocusRing | None = None
    _ring_comes_back = False

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
            and event.key() in self.keys_kept
        ):
            event.accept()
            return True
        return super().event(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in _KEYBOARD or (event.reason() in _AWAY and self._ring_comes_back):
            self.show_ring()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring_comes_back = self.has_ring and event.reason() in _AWAY
        self._drop_focus_ring()
        self.update()

    def show_ring(self) -> None:
        """Show the ring as if the focus had come by keyboard."""
        self._drop_focus_ring()
        self._focus_ring = FocusRing(self, self.focus_radius)

    def focus_shape(self) -> QRect:
        """What the ring goes round, in the control's pixels."""
        return self.rect()

    def follow_ring(self) -> None:
        """The shape moved within the control."""
        if self._focus_ring is not None:
            self._focus_ring.follow()

    @property
    def has_ring(self) -> bool:
        return self._focus_ring is not None

    def _drop_focus_ring(self) -> None:
        if self._focus_ring is not None:
            self._focus_ring.hide()
            self._focus_ring.setParent(None)
            self._focus_ring.deleteLater()
            self._focus_ring = None
