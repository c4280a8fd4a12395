"""Where values are typed or picked: lines of text, whole numbers with − and +, and combos that leave the wheel alone.

What has no meaning in a field goes on to the window: G generates from within a number, and Enter never moves the playhead.
"""

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from gui import theme
from gui.controls.buttons import IconButton
from gui.controls.text import Text

_THIN_SPACE = "\u2009"


_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class LineEdit(QLineEdit):
    """A line of text. Enter takes it and stays, whatever shortcut the window has on that key; Esc leaves it."""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            if is_plain and event.key() in _ENDS:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
            return
        super().keyPressEvent(event)
        if event.key() in _ENDS:
            self.selectAll()

    def leave(self) -> None:
        """Esc was pressed: take what stands here and let the keys mean the window's again."""
        self.clearFocus()


class _Digits(LineEdit):
    """The bare entry; it says when the focus comes and goes so that the field around it can show it.

    Letters and signs aren't typed: they are the window's shortcuts.
    """

    focus_changed = Signal()
    left = Signal()
    """By Esc: what was typed since the focus came doesn't count."""

    def __init__(self, text: str, parent: QWidget, *, grouped: bool) -> None:
        super().__init__(text, parent)
        self._grouped = grouped
        self.setMaxLength(20)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_foreign(event):
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._is_foreign(event):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _is_foreign(self, event: QKeyEvent) -> bool:
        text = event.text()
        return text.isprintable() and text != "" and not text.isdecimal() and not (self._grouped and text == " ")

    def leave(self) -> None:
        self.left.emit()
        super().leave()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit()


class NumberField(QWidget):
    """A whole number. Up, Down and the wheel step when focused (Shift: by ten); Esc puts back what stood there.

    A number beyond the range shows the range and counts as its nearer end, which stands there when the entry is over.
    """

    changed = Signal(int)
    """The user set another valid value."""

    def __init__(
        self,
        minimum: int,
        maximum: int,
        suffix: str = "",
        *,
        value: int | None = None,
        steps: bool = True,
        grouped: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """steps: whether − and + are shown. grouped: thin gaps between thousands."""
        super().__init__(parent)
        self._minimum, self._maximum, self._grouped = minimum, maximum, grouped
        self._value = minimum if value is None else value
        self._is_valid = True
        self._before = self._value
        """What it was when the focus came."""
        self._digits = _Digits(self._written(self._value), self, grouped=grouped)
        self._digits.setStyleSheet("border: none; background: transparent; padding: 0; min-height: 0;")
        self._digits.setFont(theme.current().font(weight="medium", tabular=True))
        self._digits.setAccessibleName(name)
        self._digits.installEventFilter(self)
        self._suffix = Text(suffix, role="text.muted")
        self._complaint = Text(f"{minimum} – {maximum}", size="caption", role="status.error")
        self._complaint.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 2, 2)
        row.setSpacing(4)
        row.addWidget(self._digits, 1)
        if suffix:
            row.addWidget(self._suffix)
        row.addWidget(self._complaint)
        if steps:
            row.addSpacing(4)
            for icon, by, tip in (("minus", -1, self.tr("Less")), ("plus", 1, self.tr("More"))):
                button = IconButton(icon, f"{tip}: {name}" if name else tip, icon_size=14, size=26)
                button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                button.setAutoRepeat(True)
                button.clicked.connect(lambda _checked=False, by=by: self._step(by))
                row.addWidget(button)
        else:
            self._digits.setAlignment(Qt.AlignmentFlag.AlignRight)
            row.setContentsMargins(10, 2, 10, 2)
        self.setFixedHeight(theme.metric("size.control.default"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self._digits)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._digits.textEdited.connect(self._on_edited)
        self._digits.editingFinished.connect(self._on_finished)
        self._digits.focus_changed.connect(self._on_focus)
        self._digits.left.connect(lambda: self._take(self._before))
        self._fit_digits()

    @property
    def value(self) -> int:
        return self._value

    @property
    def is_valid(self) -> bool:
        """False while what is typed is no number in the range."""
        return self._is_valid

    def set_value(self, value: int) -> None:
        """Show `value`, brought into the range, silently."""
        self._show(value)
        self._before = self._value

    def _show(self, value: int) -> None:
        self._value = min(max(value, self._minimum), self._maximum)
        self._digits.setText(self._written(self._value))
        self._mark(is_valid=True)

    def set_suffix(self, suffix: str) -> None:
        self._suffix.setText(suffix)

    def _written(self, value: int) -> str:
        return f"{value:,}".replace(",", _THIN_SPACE) if self._grouped else str(value)

    def _fit_digits(self) -> None:
        width = self._digits.fontMetrics().horizontalAdvance(self._written(self._maximum))
        self._digits.setMinimumWidth(min(width, 120) + 4)

    def _step(self, by: int) -> None:
        self._take(self._value + by)

    def _take(self, value: int) -> None:
        """The user wants this, brought into the range."""
        before = self._value
        self._show(value)
        if self._value != before:
            self.changed.emit(self._value)

    def _on_edited(self, text: str) -> None:
        typed = "".join(text.split())
        wanted = int(typed) if typed.isdecimal() else None
        value = self._value if wanted is None else min(max(wanted, self._minimum), self._maximum)
        self._mark(is_valid=value == wanted)
        if value != self._value:
            self._value = value
            self.changed.emit(value)

    def _on_focus(self) -> None:
        self._before = self._value
        self.update()

    def _on_finished(self) -> None:
        self._show(self._value)

    def _mark(self, *, is_valid: bool) -> None:
        self._is_valid = is_valid
        self._complaint.setVisible(not is_valid)
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            by = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
            if by is not None:
                self._step(by * (10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1))
                return True
        return super().eventFilter(watched, event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._digits.hasFocus():
            tenfold = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self._step(tenfold if event.angleDelta().y() > 0 else -tenfold)
            event.accept()
        else:
            event.ignore()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        focused = self._digits.hasFocus()
        if not self.isEnabled():
            border = "border.subtle"
        elif not self._is_valid:
            border = "status.error"
        elif focused:
            border = "border.focus"
        else:
            border = "border.control" if self.underMouse() else "border.medium"
        width = 2 if focused and self._is_valid else 1
        painter.setPen(QPen(colors.color(border), width))
        painter.setBrush(colors.color("bg.inset"))
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 6, 6)


class Combo(QComboBox):
    """A combo that the wheel changes only while it has the focus."""

    def __init__(self, *, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
