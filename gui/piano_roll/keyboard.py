"""The piano at the left of the roll: plays, names the octaves, shows what sounds, selects a row."""

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui import theme
from gui.piano_roll.painting import is_black
from gui.piano_roll.roll_view import RollView

BLACK_KEY_SHARE = 0.6
"""How much of the width a black key takes."""
_VELOCITY = 90
_SMALLEST_LABEL_ROW = 10
_LETTERING = "#3A352E"
"""Keys are pale in both themes, so their letters are dark in both."""


class Keyboard(QWidget):
    """A press plays a key, a drag plays all on its way; Shift+click selects the notes of the row."""

    note_pressed = Signal(int, int)
    """Pitch and velocity."""
    row_chosen = Signal(int)

    def __init__(self, view: RollView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._pressed: int | None = None
        self.setFixedWidth(theme.metric("size.keyboard"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Piano keys"))
        self._row_height_and_place = (0, 0)
        view.viewport_changed.connect(self._on_viewport_changed)
        view.sounding_changed.connect(self.update)
        view.notes_changed.connect(self.update)
        theme.events().changed.connect(self.update)

    def _on_viewport_changed(self) -> None:
        place = (self._view.viewport.row_height, self._view.viewport.y_offset)
        if place != self._row_height_and_place:
            self._row_height_and_place = place
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        view, colors = self._view.viewport, theme.current()
        painter = QPainter(self)
        width, row = self.width() - 1, view.row_height
        painter.fillRect(event.rect(), colors.color("roll.key_white"))
        bottom = view.y_at(0) + row
        if bottom < self.height():
            painter.fillRect(0, bottom, self.width(), self.height() - bottom, colors.color("bg.panel"))
        crack, thin = QColor(0, 0, 0, 89), QColor(0, 0, 0, 56)
        low, high = view.pitches_visible
        for pitch in range(low, high + 1):
            top = view.y_at(pitch)
            light = self._light_of(pitch)
            if light is not None and not is_black(pitch):
                painter.fillRect(0, top, width, row, light)
            if pitch % 12 in (0, 5):
                painter.fillRect(0, top + row - 1, width, 1, crack)
            if is_black(pitch):
                painter.fillRect(0, top + row // 2, width, 1, thin)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for pitch in range(low, high + 1):
            if is_black(pitch):
                painter.setBrush(self._light_of(pitch) or colors.color("roll.key_black"))
                painter.drawRoundedRect(QRectF(-2, view.y_at(pitch) + 0.5, width * BLACK_KEY_SHARE + 2, row - 1), 2, 2)
        self._paint_names(painter, low, high)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), colors.color("roll.note_outline"))

    def _paint_names(self, painter: QPainter, low: int, high: int) -> None:
        view = self._view.viewport
        if view.row_height < _SMALLEST_LABEL_ROW:
            painter.setFont(theme.current().font("caption", "medium"))
        else:
            painter.setFont(theme.current().font("caption", "semibold"))
        painter.setPen(QPen(QColor(_LETTERING)))
        named = {pitch for pitch in range(low, high + 1) if pitch % 12 == 0}
        if self._pressed is not None:
            named.add(self._pressed)
        for pitch in named:
            middle = view.y_at(pitch) + view.row_height / 2
            box = QRectF(self.width() / 2, middle - 9, self.width() / 2 - 6, 18)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._view.name_of(pitch)
            )

    def _light_of(self, pitch: int) -> QColor | None:
        colors = theme.current()
        if pitch == self._pressed:
            return colors.color("you.base")
        by_model = self._view.sounding.get(pitch)
        return None if by_model is None else colors.color("model.base" if by_model else "you.base")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        pitch = self._view.viewport.pitch_at(event.position().y())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.row_chosen.emit(pitch)
        self._press(pitch)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pitch = self._view.viewport.pitch_at(event.position().y())
        if self._pressed is not None:
            self._press(pitch)
        self._view.status_changed.emit(self._words(pitch))

    def _words(self, pitch: int) -> str:
        return f"{self._view.name_of(pitch)} · " + self.tr("click to hear it, Shift+click to select its notes")

    def _press(self, pitch: int) -> None:
        if pitch != self._pressed:
            self._pressed = pitch
            self.note_pressed.emit(pitch, _VELOCITY)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        self.update()
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._view.status_changed.emit("")
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the editor scrolls
