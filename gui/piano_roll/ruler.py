"""Bars and beats over the roll, with the playhead's flag and the loop."""

from PySide6.QtCore import QEvent, QLineF, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QWidget

from core.music.timing import position_at
from gui import theme
from gui.piano_roll.painting import spaced_bars
from gui.piano_roll.roll_view import RollView

LOOP_HEIGHT = 8
_NUMBERS_APART = 40
_BEAT_NUMBERS_FROM = 44
_CLOSEST_BEATS = 7
_EDGE = 5
_DRAG_THRESHOLD = 4


class Ruler(QWidget):
    """The top 8 pixels drag the loop, those below the playhead; a double click on a bar loops it, or ends its loop."""

    seek_requested = Signal(int)
    loop_requested = Signal(object)
    """A pair of ticks, or None."""

    def __init__(self, view: RollView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._anchor: float | None = None  # the tick at which a loop's drag began
        self._start_x = 0.0
        self._loop_before: tuple[int, int] | None = None
        self._is_seeking = False
        self._flag_x = 0.0
        self.setFixedHeight(theme.metric("size.ruler"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Ruler with playhead and loop"))
        view.viewport_changed.connect(self.update)
        view.notes_changed.connect(self.update)
        view.loop_changed.connect(self.update)
        view.playhead_moved.connect(self._on_playhead_moved)
        theme.events().changed.connect(self.update)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        view, colors = self._view.viewport, theme.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), colors.color("bg.panel"))
        area = event.rect().adjusted(-_NUMBERS_APART, 0, 2, 0)
        start, end = max(0.0, view.tick_at(area.left())), view.tick_at(area.right())
        if end >= 0:
            self._paint_beats(painter, start, end)
            self._paint_bars(painter, start, end)
        if self._view.loop is not None:
            self._paint_loop(painter, self._view.loop)
        self._paint_flag(painter)

    def _paint_beats(self, painter: QPainter, start: float, end: float) -> None:
        view, colors, grid = self._view.viewport, theme.current(), self._view.grid
        width = grid.beat_at(start) * view.pixels_per_tick
        if width < _CLOSEST_BEATS:
            return
        height = self.height()
        beats = grid.lines(start, end)
        painter.setPen(QPen(colors.color("roll.bar_line"), 1))
        painter.drawLines([QLineF(x, 22, x, height) for x in (round(view.x_at(tick)) + 0.5 for tick in beats.tolist())])
        if width < _BEAT_NUMBERS_FROM:
            return
        painter.setFont(colors.font("caption", tabular=True))
        painter.setPen(colors.color("text.muted"))
        for tick in beats.tolist():
            beat = position_at(self._view.score, tick).beat
            if beat > 1:
                painter.drawText(QPointF(round(view.x_at(tick)) + 5, 22.5), f".{beat}")

    def _paint_bars(self, painter: QPainter, start: float, end: float) -> None:
        view, colors = self._view.viewport, theme.current()
        ticks, numbers = spaced_bars(self._view.grid, view, start, end, apart=_NUMBERS_APART)
        places = [round(view.x_at(tick)) + 0.5 for tick in ticks.tolist()]
        painter.setPen(QPen(colors.color("roll.bar_line"), 1))
        painter.drawLines([QLineF(x, 12, x, self.height()) for x in places])
        painter.setFont(colors.font("caption", "medium", tabular=True))
        painter.setPen(colors.color("text.secondary"))
        for x, number in zip(places, numbers.tolist(), strict=True):
            painter.drawText(QPointF(x + 5.5, 22.5), str(number))

    def _paint_loop(self, painter: QPainter, loop: tuple[int, int]) -> None:
        view, colors = self._view.viewport, theme.current()
        left, right = view.x_at(loop[0]), view.x_at(loop[1])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("you.base", alpha=0.9))
        painter.drawRoundedRect(QRectF(left, 0, right - left, LOOP_HEIGHT), 2, 2)
        painter.setPen(QPen(colors.color("you.base"), 1.5))
        painter.drawLine(QLineF(left, 0, left, self.height()))
        painter.drawLine(QLineF(right, 0, right, self.height()))

    def _paint_flag(self, painter: QPainter) -> None:
        x = self._view.viewport.x_at(self._view.playhead)
        self._flag_x = x
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().color("roll.playhead"))
        corners = ((-6, 14), (6, 14), (6, 19), (0, 26), (-6, 19))
        painter.drawPolygon(QPolygonF([QPointF(x + dx, y) for dx, y in corners]))

    def _on_playhead_moved(self) -> None:
        after = self._view.viewport.x_at(self._view.playhead)
        if abs(after - self._flag_x) >= 0.5:
            for x in (self._flag_x, after):
                if -8 <= x <= self.width() + 8:
                    self.update(QRect(int(x) - 8, 12, 17, self.height() - 12))

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._start_x = event.position().x()
        if event.position().y() < LOOP_HEIGHT:
            self._loop_before = self._view.loop
            self._anchor = self._anchor_at(event)
        else:
            self._is_seeking = True
            self._seek(event)

    def _anchor_at(self, event: QMouseEvent) -> float:
        """The end of the loop that stays while the other is dragged, or where a new one begins."""
        edge = self._loop_edge_at(event.position().x())
        if edge is not None and self._view.loop is not None:
            return self._view.loop[1 - edge]
        return self._snapped(event)

    def _loop_edge_at(self, x: float) -> int | None:
        for edge, tick in enumerate(self._view.loop or ()):
            if abs(self._view.viewport.x_at(tick) - x) <= _EDGE:
                return edge
        return None

    def _snapped(self, event: QMouseEvent) -> int:
        is_free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        return self._view.snapped(self._view.viewport.tick_at(event.position().x()), is_free=is_free)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._anchor is not None:
            if abs(event.position().x() - self._start_x) >= _DRAG_THRESHOLD:
                low, high = sorted((round(self._anchor), self._snapped(event)))
                if low < high:
                    self._view.set_loop((low, high))
        elif self._is_seeking:
            self._seek(event)
        else:
            self._show_what_is_here(event)

    def _show_what_is_here(self, event: QMouseEvent) -> None:
        shapes = Qt.CursorShape
        if event.position().y() >= LOOP_HEIGHT:
            self.setCursor(shapes.ArrowCursor)
            self._view.status_changed.emit(self.tr("Drag the playhead here; double-click a bar to loop it"))
        else:
            on_edge = self._loop_edge_at(event.position().x()) is not None
            self.setCursor(shapes.SizeHorCursor if on_edge else shapes.PointingHandCursor)
            self._view.status_changed.emit(self.tr("Drag here to set the loop"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._anchor is not None:
            self._anchor = None
            if self._view.loop != self._loop_before:
                self.loop_requested.emit(self._view.loop)
        self._is_seeking = False
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        bar = self._view.grid.bar_around(max(0.0, self._view.viewport.tick_at(event.position().x())))
        self._view.set_loop(None if self._view.loop == bar else bar)
        self.loop_requested.emit(self._view.loop)

    def _seek(self, event: QMouseEvent) -> None:
        tick = self._snapped(event)
        self._view.set_playhead(tick)
        self.seek_requested.emit(tick)

    def leaveEvent(self, event: QEvent) -> None:
        self._view.status_changed.emit("")
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the editor scrolls
