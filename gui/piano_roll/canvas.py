"""The widget that shows the notes: turns Qt's events into gestures and scrolling, and paints what moves over the scene."""

from pathlib import Path

from PySide6.QtCore import QEvent, QLineF, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCursor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from core.music.timing import position_at
from gui import theme
from gui.controls.drops import accept_copy
from gui.piano_roll.commands import Commands
from gui.piano_roll.gestures import Gesture, Pointer, gesture_for
from gui.piano_roll.painting import paint_notes
from gui.piano_roll.roll_view import RollView
from gui.piano_roll.scene import Scene
from gui.piano_roll.viewport import Viewport
from gui.piano_roll.words import words_for

PLAYHEAD_WIDTH = 1.5
_NOTCH = 120
"""One click of a mouse wheel in Qt's unit."""
_PIXELS_PER_NOTCH = 57
"""Three rows of the usual height."""
_ZOOM_PER_NOTCH = 1.2
_VELOCITY_PER_NOTCH = 4
_SELF_SCROLL_MS = 30


class RollCanvas(QWidget):
    """Notes over the grid. What a gesture means is in gestures.py, what a key does in commands.py."""

    midi_dropped = Signal(Path)
    resized = Signal()

    def __init__(self, view: RollView, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._commands = commands
        self._scene = Scene(view)
        self._gesture: Gesture | None = None
        self._buttons = Qt.MouseButton.NoButton
        self._playhead_x = self._x_of_playhead()
        self._row_travel = 0.0
        self._has_drop = False
        self._by_keyboard = False
        self._last_event: QPointF | None = None
        self._self_scroll = QTimer(self, interval=_SELF_SCROLL_MS)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 60)
        self.setAccessibleName(self.tr("Piano roll"))
        self._connect()

    def _connect(self) -> None:
        view = self._view
        view.viewport_changed.connect(self._on_viewport_changed)
        view.notes_changed.connect(self._repaint_all)
        view.notes_changed.connect(self._tell_again)
        view.loop_changed.connect(self._repaint_all)
        view.floating_changed.connect(self.update)
        view.playhead_moved.connect(self._on_playhead_moved)
        view.tool_changed.connect(self._show_cursor)
        view.document.changed.connect(self.abandon)
        theme.events().changed.connect(self._repaint_all)
        self._self_scroll.timeout.connect(self._scroll_by_itself)

    @property
    def view(self) -> RollView:
        """What it shows."""
        return self._view

    def sizeHint(self) -> QSize:
        return QSize(800, 456)

    def _repaint_all(self) -> None:
        self._scene.invalidate()
        self.update()

    def _on_viewport_changed(self) -> None:
        self._playhead_x = self._x_of_playhead()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        first = not event.oldSize().isValid()
        self._view.set_viewport(self._view.viewport.resized(width=self.width(), height=self.height()))
        if first:
            self._view.show_opened()
        self.resized.emit()
        super().resizeEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        view = self._view
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._scene.picture(self.size(), self.devicePixelRatioF()))
        if view.floating is not None:
            floating = view.floating
            area, detail = event.rect(), view.detail
            paint_notes(painter, area, view.viewport, floating.index, floating.looks, detail, name_of=view.name_of)
        if self._gesture is not None:
            self._gesture.paint(painter)
        if not len(view.index) and not len(view.preview_index) and view.floating is None:
            self._paint_invitation(painter)
        self._paint_playhead(painter)
        self._paint_frame(painter)

    def _paint_invitation(self, painter: QPainter) -> None:
        colors = theme.current()
        painter.setFont(colors.font("title", "medium"))
        painter.setPen(colors.color("text.muted"))
        words = self.tr("Double-click to write a note, or drop a .mid here")
        if self._view.tool == "draw":
            words = self.tr("Click to write a note, or drop a .mid here")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, words)

    def _paint_playhead(self, painter: QPainter) -> None:
        x = self._playhead_x
        if -2 <= x <= self.width() + 2:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.current().color("roll.playhead"), PLAYHEAD_WIDTH))
            painter.drawLine(QLineF(x, 0, x, self.height()))

    def _paint_frame(self, painter: QPainter) -> None:
        """A line inside: something may be dropped here, or the keyboard brought the focus here."""
        role = "you.base" if self._has_drop else "border.focus" if self._by_keyboard and self.hasFocus() else ""
        if role:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.setPen(QPen(theme.current().color(role), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        if self._has_drop:
            self._paint_drop_words(painter)

    def _paint_drop_words(self, painter: QPainter) -> None:
        colors = theme.current()
        painter.setFont(colors.font("title", "medium"))
        words = self.tr("Drop to make it the seed")
        box = QRectF(painter.fontMetrics().boundingRect(words)).adjusted(-16, -10, 16, 10)
        box.moveCenter(QPointF(self.rect().center()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("you.wash"))
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(colors.color("you.text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    # The playhead

    def _x_of_playhead(self) -> float:
        """To half a pixel: finer steps can't be seen and would cost a repaint each."""
        return round(self._view.viewport.x_at(self._view.playhead) * 2) / 2

    def _on_playhead_moved(self) -> None:
        before, self._playhead_x = self._playhead_x, self._x_of_playhead()
        if before != self._playhead_x:
            for x in (before, self._playhead_x):
                if -4 <= x <= self.width() + 4:
                    self.update(QRect(int(x) - 2, 0, 5, self.height()))

    # The mouse

    def pointer(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> Pointer:
        """A place of the canvas as gestures want it."""
        view = self._view.viewport
        keys = Qt.KeyboardModifier
        return Pointer(
            position.x(),
            position.y(),
            view.tick_at(position.x()),
            view.pitch_at(position.y()),
            shift=bool(modifiers & keys.ShiftModifier),
            ctrl=bool(modifiers & keys.ControlModifier),
            alt=bool(modifiers & keys.AltModifier),
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press(event, is_double=False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._press(event, is_double=True)

    def _press(self, event: QMouseEvent, *, is_double: bool) -> None:
        self._by_keyboard = False
        if self._gesture is not None:  # another button during a gesture: a change of mind
            self.abandon()
            return
        pointer = self.pointer(event.position(), event.modifiers())
        self._gesture = gesture_for(self._view, pointer, event.button(), is_double=is_double)
        self._buttons = event.button()
        self._view.is_held = self._gesture is not None
        self._show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._last_event = event.position()
        pointer = self.pointer(event.position(), event.modifiers())
        if self._gesture is None:
            self._show_cursor()
            self._tell(pointer)
            return
        self._gesture.move(pointer)
        inside = self.rect().contains(event.position().toPoint())
        if inside or self._buttons == Qt.MouseButton.MiddleButton:
            self._self_scroll.stop()
        elif not self._self_scroll.isActive():
            self._self_scroll.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._buttons:
            return
        self._self_scroll.stop()
        if self._gesture is not None:
            self._gesture.move(self.pointer(event.position(), event.modifiers()))
        gesture, self._gesture = self._gesture, None
        self._view.is_held = False
        if gesture is not None:
            gesture.release()
            self.update()
            if self.rect().contains(event.position().toPoint()):
                self._tell(self.pointer(event.position(), event.modifiers()))
        self._show_cursor()

    def abandon(self) -> None:
        """End the gesture under way as if it had never begun."""
        self._self_scroll.stop()
        gesture, self._gesture = self._gesture, None
        self._view.is_held = False
        if gesture is not None:
            gesture.abandon()
            self.update()
            self._show_cursor()

    def _scroll_by_itself(self) -> None:
        """A drag beyond the edge pulls the roll along."""
        if self._gesture is None or self._last_event is None:
            self._self_scroll.stop()
            return
        at = self._last_event
        dx = min(0.0, at.x()) + max(0.0, at.x() - self.width())
        dy = min(0.0, at.y()) + max(0.0, at.y() - self.height())
        self._view.set_viewport(self._view.viewport.scrolled(dx=round(dx / 3), dy=round(dy / 4)))
        self._gesture.move(self.pointer(at, Qt.KeyboardModifier.NoModifier))

    def leaveEvent(self, event: QEvent) -> None:
        self._last_event = None
        self._view.status_changed.emit("")
        super().leaveEvent(event)

    def _tell(self, pointer: Pointer) -> None:
        view = self._view
        hit = view.hit(pointer.x, pointer.y)
        if hit is not None:
            view.status_changed.emit(words_for(view, hit))
        elif view.replaced_index.row_at(pointer.tick, pointer.pitch) is not None:
            words = self.tr("{} · under the take: Keep replaces it, Esc takes the take off")
            view.status_changed.emit(words.format(view.name_of(pointer.pitch)))
        elif pointer.tick >= 0:
            place = position_at(view.score, int(pointer.tick))
            where = self.tr("bar {} beat {}").format(place.bar, place.beat)
            view.status_changed.emit(f"{view.name_of(pointer.pitch)} · {where}")

    def _tell_again(self) -> None:
        """The notes changed under a pointer that rests."""
        if self._gesture is None and self._last_event is not None:
            self._tell(self.pointer(self._last_event, Qt.KeyboardModifier.NoModifier))

    def _show_cursor(self) -> None:
        self.setCursor(self._fitting_cursor())

    def _fitting_cursor(self) -> QCursor:
        shapes = Qt.CursorShape
        tool = self._view.tool
        if self._gesture is not None and self._gesture.cursor is not None:
            return QCursor(self._gesture.cursor)
        if tool == "erase":
            return self._tool_cursor("eraser", QPoint(7, 18))
        hit = None if self._last_event is None else self._view.hit(self._last_event.x(), self._last_event.y())
        if hit is not None and not hit.of_preview and hit.zone != "body":
            return QCursor(shapes.SizeHorCursor)
        return (
            self._tool_cursor("pencil", QPoint(2, 18))
            if tool == "draw" and hit is None
            else QCursor(shapes.ArrowCursor)
        )

    def _tool_cursor(self, icon: str, tip: QPoint) -> QCursor:
        """The tool itself, 20 pixels square; `tip` is where it touches."""
        pixmap = theme.current().pixmap(icon, "text.primary", 20, self.devicePixelRatioF(), filled=False)
        return QCursor(pixmap, tip.x(), tip.y())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.turn_wheel(event, event.position())

    def turn_wheel(self, event: QWheelEvent, at: QPointF) -> None:
        """Scroll or zoom as if the wheel had been turned at a place of the canvas."""
        keys = Qt.KeyboardModifier
        modifiers = event.modifiers()
        angle = event.angleDelta()
        turn = (
            angle.y() or angle.x()
        )  # with Alt, and on macOS with Shift, Qt turns a vertical wheel into a horizontal one
        view = self._view
        event.accept()
        if modifiers & keys.AltModifier:
            self._turn_velocity(at, turn / _NOTCH)
        elif modifiers & keys.ControlModifier and modifiers & keys.ShiftModifier:
            self._row_travel += turn / _NOTCH * 2
            rows = int(self._row_travel)
            self._row_travel -= rows
            if rows:
                view.set_viewport(view.viewport.with_row_height(view.viewport.row_height + rows, y=at.y()))
        elif modifiers & keys.ControlModifier:
            view.set_viewport(view.viewport.zoomed(_ZOOM_PER_NOTCH ** (turn / _NOTCH), x=at.x()))
        else:
            view.set_viewport(self._wheeled(event, sideways=bool(modifiers & keys.ShiftModifier)))
        if self._gesture is not None and self._last_event is not None:
            self._gesture.move(self.pointer(self._last_event, modifiers))

    def _wheeled(self, event: QWheelEvent, *, sideways: bool) -> Viewport:
        travel: QPoint = event.pixelDelta()
        if travel.isNull():
            travel = event.angleDelta() * _PIXELS_PER_NOTCH / _NOTCH
        if sideways:
            return self._view.viewport.scrolled(dx=-(travel.y() or travel.x()))
        return self._view.viewport.scrolled(dx=-travel.x(), dy=-travel.y())

    def _turn_velocity(self, at: QPointF, notches: float) -> None:
        hit = self._view.hit(at.x(), at.y())
        if hit is not None and not hit.of_preview:
            self._commands.turn_velocity(hit.note, round(notches * _VELOCITY_PER_NOTCH))

    # The keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._gesture is not None:
            self.abandon()
        elif self._gesture is not None or not self._commands.press(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forwards: bool) -> bool:  # noqa: FBT001 -- Qt's signature
        """Tab walks the notes; past the last of them it goes on to the next widget."""
        if self._commands.select_next(1 if forwards else -1):
            return True
        return super().focusNextPrevChild(forwards)

    def focusInEvent(self, event: QFocusEvent) -> None:
        keyboard = (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        self._by_keyboard = event.reason() in keyboard
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self.abandon()
        super().hideEvent(event)

    # Dropped files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _midi_path(event) is not None and accept_copy(event):
            self._has_drop = True
            self.update()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        accept_copy(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._has_drop = False
        self.update()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._has_drop = False
        self.update()
        path = _midi_path(event)
        if path is not None and accept_copy(event):
            self.midi_dropped.emit(path)


def _midi_path(event: QDropEvent) -> Path | None:
    """The one .mid file that is dragged; folders and several files are pieces to learn from and not for the roll."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.suffix.lower() in (".mid", ".midi") and path.is_file() else None
