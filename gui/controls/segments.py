"""Two to four choices side by side, one of them raised."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import theme
from gui.controls.focus import KeyboardFocus


@dataclass(frozen=True, slots=True)
class Segment:
    """One choice; without text, the icon alone. `tip` is also what a screen reader says of an icon."""

    key: str
    text: str = ""
    icon: str = ""
    tip: str = ""


class Segments(KeyboardFocus, QWidget):
    """The choices; arrows move between them. small: 28 high rather than 32. full: all the room, in equal shares."""

    chosen = Signal(str)
    """The key of the part the user chose."""

    focus_radius = 7
    keys_kept = frozenset(
        {
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
        }
    )

    def __init__(
        self,
        items: Sequence[Segment | str],
        *,
        current: str = "",
        small: bool = False,
        full: bool = False,
        rechooses: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """rechooses: `chosen` is also sent for a click on what is chosen already."""
        super().__init__(parent)
        self._rechooses = rechooses
        self._items = tuple(Segment(item, item) if isinstance(item, str) else item for item in items)
        self._current = current or self._items[0].key
        self._small, self._full = small, full
        self._hovered = -1
        self.setFont(theme.current().font("caption" if small and not full else "body", "medium", tabular=True))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy.Policy.Expanding if full else QSizePolicy.Policy.Fixed
        self.setSizePolicy(policy, QSizePolicy.Policy.Fixed)
        self._name = name
        self._say()

    @property
    def current(self) -> str:
        return self._current

    def set_current(self, key: str) -> None:
        """Show `key` as chosen, silently."""
        if key != self._current and any(item.key == key for item in self._items):
            self._current = key
            self._say()
            self.update()

    def _say(self) -> None:
        item = next(item for item in self._items if item.key == self._current)
        self.setAccessibleName(f"{self._name}: {item.text or item.tip}" if self._name else item.text or item.tip)

    def _choose(self, index: int) -> None:
        item = self._items[index]
        if item.key != self._current or self._rechooses:
            self.set_current(item.key)
            self.chosen.emit(item.key)

    def _widths(self) -> list[float]:
        if self._full:
            room = self.width() - 6 - 2 * (len(self._items) - 1)
            return [room / len(self._items)] * len(self._items)
        return [float(self._natural_width(item)) for item in self._items]

    def _natural_width(self, item: Segment) -> int:
        icon = self._icon_side if item.icon else 0
        text = self.fontMetrics().horizontalAdvance(item.text) + 1 if item.text else 0
        padding = 8 if not item.text else 9 if self._small else 12
        return 2 * padding + icon + text + (7 if icon and text else 0)

    @property
    def _icon_side(self) -> int:
        return 15 if self._small else 16

    def sizeHint(self) -> QSize:
        width = sum(self._natural_width(item) for item in self._items) + 6 + 2 * (len(self._items) - 1)
        return QSize(width, 28 if self._small else 32)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def rects(self) -> list[QRectF]:
        """Where each choice lies, in widget pixels."""
        left, found = 3.0, []
        for width in self._widths():
            found.append(QRectF(left, 3, width, self.height() - 6))
            left += width + 2
        return found

    def _index_at(self, x: float) -> int:
        for index, rect in enumerate(self.rects()):
            if rect.left() - 1 <= x <= rect.right() + 1:
                return index
        return -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._choose(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().x())
        if index != self._hovered:
            self._hovered = index
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        index = next(index for index, item in enumerate(self._items) if item.key == self._current)
        self._choose(min(max(index + step, 0), len(self._items) - 1))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._index_at(event.pos().x())
            if index >= 0 and self._items[index].tip:
                QToolTip.showText(event.globalPos(), self._items[index].tip, self)
                return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setPen(QPen(colors.color("border.medium"), 1))
        painter.setBrush(colors.color("bg.inset" if colors.is_dark else "bg.window"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        for index, (item, rect) in enumerate(zip(self._items, self.rects(), strict=True)):
            is_on = item.key == self._current
            if is_on:
                painter.setPen(QPen(colors.color("border.medium"), 1))
                painter.setBrush(colors.color("bg.hover" if colors.is_dark else "bg.raised"))
                painter.drawRoundedRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5), 5, 5)
            hovered = index == self._hovered and self.isEnabled()
            role = "text.disabled" if not self.isEnabled() else "text.primary" if is_on or hovered else "text.secondary"
            self._paint_item(painter, item, rect, role)

    def _paint_item(self, painter: QPainter, item: Segment, rect: QRectF, role: str) -> None:
        colors = theme.current()
        side = self._icon_side if item.icon else 0
        text = self.fontMetrics().horizontalAdvance(item.text) + 1 if item.text else 0
        gap = 7 if side and text else 0
        left = rect.left() + (rect.width() - side - gap - text) / 2
        if item.icon:
            spot = QRectF(round(left), round(rect.center().y() - side / 2), side, side)
            colors.draw_icon(painter, item.icon, spot, role)
        painter.setPen(colors.color(role))
        painter.drawText(
            QRectF(left + side + gap, rect.top(), text + 2, rect.height()),
            int(Qt.AlignmentFlag.AlignVCenter),
            item.text,
        )
