"""The network's picture: boxes that say what they are, told in full beneath when pointed at or reached by the arrow keys."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.learning.spec import Field, NetworkSpec, TokenizerSpec
from gui import theme
from gui.controls.focus import KeyboardFocus
from gui.training.network_plan import HEIGHT, LEAST_WIDTH, Block, Line, Link, NetworkPlan, Rect, network_plan

_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
_TIP = 5.0
"""Length of an arrow's tip."""
_POINTING: frozenset[Line] = frozenset({"chain", "copy", "moved"})


class NetworkDiagram(KeyboardFocus, QWidget):
    """Drawn from the specifications; arrow keys go from box to box."""

    pointed = Signal(str, str)
    """Name and sentence of the box under the pointer or reached by the keys; twice "" when there is none."""

    focus_radius = 6
    keys_kept = frozenset(_KEYS)

    def __init__(
        self,
        tokenizer: TokenizerSpec,
        network: NetworkSpec,
        sizes: Mapping[Field, int],
        *,
        window: int,
        parent: QWidget | None = None,
    ) -> None:
        """sizes: values that each field knows. window: notes that the model looks back."""
        super().__init__(parent)
        self._tokenizer, self._network, self._sizes, self._window = tokenizer, network, dict(sizes), window
        self._plan = self._planned(LEAST_WIDTH)
        self._current: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("How the network works"))
        self.setAccessibleDescription(self._plan.sentences)

    @property
    def plan(self) -> NetworkPlan:
        return self._plan

    @property
    def current(self) -> Block | None:
        """The box that is told of."""
        return None if self._current is None else self._plan.blocks[self._current]

    def sizeHint(self) -> QSize:
        return QSize(round(LEAST_WIDTH) + 40, round(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(round(LEAST_WIDTH), round(HEIGHT))

    def _planned(self, width: float) -> NetworkPlan:
        return network_plan(self._tokenizer, self._network, self._sizes, window=self._window, width=width)

    def _point_at(self, index: int | None) -> None:
        if index == self._current:
            return
        self._current = index
        block = self.current
        title, tip = (block.title, block.tip) if block else ("", "")
        self.setAccessibleName(f"{title}: {tip}" if block else self.tr("How the network works"))
        self.pointed.emit(title, tip)
        self.follow_ring()
        self.update()

    def focus_shape(self) -> QRect:
        block = self.current
        return self.rect() if block is None else _rect(block.rect).toAlignedRect()

    # Events

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._plan = self._planned(self.width())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._plan.at(event.position().x(), event.position().y())
        if index is not None or not self.hasFocus():  # what the keys have reached is told until another is pointed at
            self._point_at(index)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if self._current is None:
            self._point_at(0)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point_at(None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEYS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        last = len(self._plan.blocks) - 1
        self._point_at(min(max((self._current or 0) + step, 0), last))

    # Looks

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_columns(painter)
        for link in self._plan.links:
            self._paint_link(painter, link)
        self._paint_notes(painter)
        for index, block in enumerate(self._plan.blocks):
            self._paint_block(painter, block, is_current=index == self._current)

    def _paint_columns(self, painter: QPainter) -> None:
        colors = theme.current()
        painter.setFont(colors.font("caption"))
        painter.setPen(colors.color("text.muted"))
        for name, left, width in self._plan.columns:
            painter.drawText(QRectF(left, 0, width, 16), Qt.AlignmentFlag.AlignCenter, name)
        beneath = max(note.bottom for note in self._plan.notes) + 6
        first = self._plan.notes[0].left
        painter.drawText(QRectF(first, beneath, 240, 16), Qt.AlignmentFlag.AlignVCenter, self.tr("the notes so far"))
        _, left, width = self._plan.columns[-1]
        painter.setPen(colors.color("model.text"))
        painter.drawText(QRectF(left, beneath, width, 16), Qt.AlignmentFlag.AlignCenter, self.tr("the next one"))

    def _paint_link(self, painter: QPainter, link: Link) -> None:
        colors = theme.current()
        start, end = QPointF(*link.start), QPointF(*link.end)
        is_model = link.line in ("copy", "moved", "chain")
        pen = QPen(colors.color("model.thin" if is_model else "border.control"), 1.5 if is_model else 1.0)
        if link.line == "moved":
            pen.setDashPattern([3, 2])
        if link.line == "glance":
            pen = QPen(colors.color("model.thin", alpha=0.6), 1.0)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        path = QPainterPath(start)
        if link.line == "way" and start.y() != end.y() and start.x() != end.x():
            middle = (start.x() + end.x()) / 2
            path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
        elif link.line in ("copy", "moved", "glance"):
            bend = (end.y() - start.y()) * 0.6
            path.cubicTo(start + QPointF(0, bend), end - QPointF(0, bend), end)
        else:
            path.lineTo(end)
        painter.drawPath(path)
        if link.line in _POINTING or (link.line == "way" and start.x() == end.x()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(pen.color())
            painter.drawPolygon([end, end + QPointF(-_TIP * 0.8, -_TIP), end + QPointF(_TIP * 0.8, -_TIP)])

    def _paint_notes(self, painter: QPainter) -> None:
        colors = theme.current()
        painter.setPen(QPen(colors.color("roll.note_outline"), 1))
        painter.setBrush(colors.color("you.base"))
        for note in self._plan.notes:
            painter.drawRoundedRect(_rect(note), theme.metric("radius.note_seed"), theme.metric("radius.note_seed"))
        pen = QPen(colors.color("model.thin"), 1.2)
        pen.setDashPattern([3, 2])
        painter.setPen(pen)
        painter.setBrush(colors.color("model.base", alpha=0.16))
        radius = min(theme.metric("radius.note_generated"), self._plan.next_note.height / 2)
        painter.drawRoundedRect(_rect(self._plan.next_note), radius, radius)

    def _paint_block(self, painter: QPainter, block: Block, *, is_current: bool) -> None:
        colors = theme.current()
        is_model = block.kind == "head"
        border = "text.primary" if is_current else "model.thin" if is_model else "border.control"
        painter.setPen(QPen(colors.color(border), 1.5 if is_current else 1.0))
        radius = theme.metric("radius.control")
        painter.setBrush(colors.color("model.wash" if is_model else "bg.hover" if is_current else "bg.raised"))
        painter.drawRoundedRect(_rect(block.rect), radius, radius)
        room = _rect(block.rect).adjusted(4, 0, -4, 0)
        painter.setFont(colors.font("caption", "medium"))
        painter.setPen(colors.color("text.primary"))
        if not block.detail:
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, block.title)
            return
        middle = room.center().y()
        painter.drawText(QRectF(room.left(), middle - 17, room.width(), 17), Qt.AlignmentFlag.AlignCenter, block.title)
        painter.setFont(colors.font("caption", tabular=True))
        painter.setPen(colors.color("text.secondary"))
        painter.drawText(QRectF(room.left(), middle, room.width(), 17), Qt.AlignmentFlag.AlignCenter, block.detail)


def _rect(rect: Rect) -> QRectF:
    return QRectF(rect.left, rect.top, rect.width, rect.height)
