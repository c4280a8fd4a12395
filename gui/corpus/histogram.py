"""Histograms of a corpus: grey bars, the chosen one blue, and the chosen pieces' share in blue inside every other.

A click on a bar chooses it, a second click lets it go; the arrow keys walk the bars and Enter or Space chooses.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import theme
from gui.controls import pitches
from gui.controls.focus import KeyboardFocus

_TITLE_HEIGHT = 26
_PADDING_X, _PADDING_TOP, _PADDING_BOTTOM = 14.0, 12.0, 8.0
_LABELS = 22.0
"""Height of the row of labels under the bars."""
_NUMBERS = 16.0
"""Room for the numbers over the bars."""
_KEYBOARD = 17.0
_BLACK = frozenset((1, 3, 6, 8, 10))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. value and share in any one unit; share is the chosen pieces' part of value."""

    key: str
    label: str
    value: float
    share: float = 0.0
    number: str = ""
    """Written over the bar; "" = nothing."""
    words: str = ""
    """The bar in a sentence, for the tip and the screen reader."""


class Histogram(KeyboardFocus, QWidget):
    """A card with a title and one bar a category."""

    chosen = Signal(str)
    """The key of the clicked bar, or "" when the chosen one was let go."""

    focus_radius = 8
    keys_kept = frozenset(
        {
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
            Qt.Key.Key_Home,
            Qt.Key.Key_End,
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
            Qt.Key.Key_Space,
        }
    )

    def __init__(self, title: str, caption: str = "", *, gap: float = 10.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._caption, self._gap = title, caption, gap
        self._bars: tuple[Bar, ...] = ()
        self._chosen = ""
        self._current = -1
        self._hovered = -1
        self._drawn_height = 118.0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)

    def sizeHint(self) -> QSize:
        return QSize(300, round(_PADDING_TOP + _TITLE_HEIGHT + self._drawn_height + _PADDING_BOTTOM))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.sizeHint().height())

    def set_chart_height(self, height: float) -> None:
        """How high the bars with their labels are."""
        self._drawn_height = height
        self.updateGeometry()
        self.update()

    def set_caption(self, caption: str) -> None:
        self._caption = caption
        self.update()

    def show_bars(self, bars: Sequence[Bar], *, chosen: str = "") -> None:
        """Draw these; `chosen` is the key of the bar that filters, if it is one of this chart's."""
        self._bars = tuple(bars)
        self._chosen = chosen
        self._current = min(self._current, len(self._bars) - 1)
        self.setAccessibleDescription(self.summary())
        self.update()

    @property
    def bars(self) -> tuple[Bar, ...]:
        return self._bars

    def summary(self) -> str:
        """Every bar in words, for a screen reader."""
        return "; ".join(bar.words or f"{bar.label}: {bar.value:g}" for bar in self._bars if bar.value > 0)

    def rect_of(self, key: str) -> QRectF:
        """Where a bar can be clicked, over the full height of the chart; empty if there is no such bar."""
        for index, bar in enumerate(self._bars):
            if bar.key == key:
                area, width = self._area(), self._bar_width()
                return QRectF(area.left() + index * width, area.top(), width, area.height())
        return QRectF()

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        card = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(colors.color("border.subtle"))
        painter.setBrush(colors.color("bg.panel"))
        painter.drawRoundedRect(card, 8, 8)
        self._paint_title(painter)
        if self._bars:
            self._paint_bars(painter)
        painter.end()

    def _paint_title(self, painter: QPainter) -> None:
        colors = theme.current()
        font = colors.font("body", "semibold")
        painter.setFont(font)
        painter.setPen(colors.color("text.primary"))
        baseline = _PADDING_TOP + 14
        painter.drawText(QPointF(_PADDING_X, baseline), self._title)
        left = _PADDING_X + QFontMetricsF(font).horizontalAdvance(self._title) + 8
        small = colors.font("caption")
        painter.setFont(small)
        painter.setPen(colors.color("text.muted"))
        room = self.width() - _PADDING_X - left
        painter.drawText(
            QPointF(left, baseline),
            QFontMetricsF(small).elidedText(self._caption, Qt.TextElideMode.ElideRight, max(0.0, room)),
        )

    def _paint_bars(self, painter: QPainter) -> None:
        colors, area, width = theme.current(), self._area(), self._bar_width()
        floor = area.bottom() - _LABELS
        tallest = max((bar.value for bar in self._bars), default=0.0) or 1.0
        every = self._label_step(width)
        for index, bar in enumerate(self._bars):
            left = area.left() + index * width + self._gap_of(width) / 2
            bar_width = width - self._gap_of(width)
            height = (floor - area.top() - _NUMBERS) * bar.value / tallest
            if bar.value > 0:
                height = max(height, 1.0)
            is_chosen = bar.key == self._chosen
            rect = QRectF(left, floor - height, bar_width, height)
            self._fill(painter, rect, bar, is_chosen=is_chosen, is_hovered=index in self._lit())
            middle = left + bar_width / 2
            painter.setPen(colors.color("you.text" if is_chosen else "text.muted"))
            painter.setFont(colors.font("caption", "semibold" if is_chosen else "regular", tabular=True))
            if bar.number and (is_chosen or index in self._lit() or width > 26):
                painter.drawText(
                    QRectF(middle - 40, rect.top() - 18, 80, 16), Qt.AlignmentFlag.AlignHCenter, bar.number
                )
            if bar.label and (is_chosen or index % every == 0):
                painter.setPen(colors.color("you.text" if is_chosen else "text.secondary"))
                painter.drawText(QRectF(middle - 40, floor + 5, 80, 16), Qt.AlignmentFlag.AlignHCenter, bar.label)
        painter.setPen(colors.color("border.medium"))
        painter.drawLine(QPointF(area.left(), floor + 0.5), QPointF(area.right(), floor + 0.5))

    def _fill(self, painter: QPainter, rect: QRectF, bar: Bar, *, is_chosen: bool, is_hovered: bool) -> None:
        colors = theme.current()
        radius = min(3.0, rect.width() / 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(
            colors.color("you.base") if is_chosen else colors.color("text.muted", alpha=0.85 if is_hovered else 0.62)
        )
        painter.drawRoundedRect(rect, radius, radius)
        if bar.share > 0 and not is_chosen:
            height = rect.height() * min(bar.share / bar.value, 1.0) if bar.value else 0.0
            painter.setBrush(colors.color("you.base"))
            painter.drawRoundedRect(QRectF(rect.left(), rect.bottom() - height, rect.width(), height), radius, radius)

    def _label_step(self, width: float) -> int:
        """Every how many bars there is room for a label."""
        metrics = QFontMetricsF(theme.current().font("caption", tabular=True))
        widest = max((metrics.horizontalAdvance(bar.label) for bar in self._bars), default=0.0)
        return max(1, math.ceil((widest + 4) / max(1.0, width)))

    def _lit(self) -> tuple[int, ...]:
        """The bars under the pointer and the keys."""
        keyboard = self._current if self.has_ring or (self.hasFocus() and self._walked) else -1
        return (self._hovered, keyboard)

    def _area(self) -> QRectF:
        top = _PADDING_TOP + _TITLE_HEIGHT
        return QRectF(_PADDING_X, top, self.width() - 2 * _PADDING_X, self._drawn_height)

    def _bar_width(self) -> float:
        return self._area().width() / max(1, len(self._bars))

    def _gap_of(self, width: float) -> float:
        return min(self._gap, width * 0.35)

    # Mouse and keys

    def bar_at(self, position: QPointF) -> int:
        """Index of the bar whose column holds the position, or -1."""
        area = self._area()
        if not self._bars or not area.contains(position):
            return -1
        return min(int((position.x() - area.left()) / self._bar_width()), len(self._bars) - 1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered = self.bar_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if hovered >= 0 else Qt.CursorShape.ArrowCursor)
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.bar_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._current = index
            self._choose(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        count, key = len(self._bars), event.key()
        if not count:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Right:
            self._walk(min(self._current + 1, count - 1))
        elif key == Qt.Key.Key_Left:
            self._walk(max(self._current - 1, 0))
        elif key == Qt.Key.Key_Home:
            self._walk(0)
        elif key == Qt.Key.Key_End:
            self._walk(count - 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            self._choose(self._current)
        elif key == Qt.Key.Key_Escape and self._chosen:
            self.chosen.emit("")
        else:
            super().keyPressEvent(event)

    def _walk(self, index: int) -> None:
        self._current = index
        self._walked = True
        self.setAccessibleDescription(self._bars[index].words)
        self.update()

    def _choose(self, index: int) -> None:
        bar = self._bars[index]
        if bar.value > 0:
            self.chosen.emit("" if bar.key == self._chosen else bar.key)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._walked = False
        if self._current < 0 and self.has_ring:
            self._current = next((index for index, bar in enumerate(self._bars) if bar.value > 0), -1)
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.bar_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._bars[index].words if index >= 0 else "", self)
            return True
        return super().event(event)


class PitchHistogram(Histogram):
    """One bar a pitch, standing on the keys of a piano; the bars' keys are MIDI pitches."""

    def _gap_of(self, width: float) -> float:
        return min(2.0, width * 0.25)

    def _paint_bars(self, painter: QPainter) -> None:
        colors, area, width = theme.current(), self._area(), self._bar_width()
        keyboard = QRectF(area.left(), area.bottom() - _KEYBOARD - _NUMBERS, area.width(), _KEYBOARD)
        floor = keyboard.top() - 2
        tallest = max((bar.value for bar in self._bars), default=0.0) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("roll.key_white"))
        painter.drawRoundedRect(keyboard, 2, 2)
        line = colors.color("roll.note_outline", alpha=0.4)
        for index, bar in enumerate(self._bars):
            pitch, left = int(bar.key), area.left() + index * width
            height = (floor - area.top()) * bar.value / tallest
            if bar.value > 0:
                height = max(height, 1.0)
            rect = QRectF(left + self._gap_of(width) / 2, floor - height, width - self._gap_of(width), height)
            self._fill(painter, rect, bar, is_chosen=bar.key == self._chosen, is_hovered=index in self._lit())
            if pitch % 12 in _BLACK:
                painter.setPen(QPen(line, 1))
                middle = left + width / 2
                painter.drawLine(QPointF(middle, keyboard.top()), QPointF(middle, keyboard.bottom()))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colors.color("roll.key_black"))
                painter.drawRoundedRect(QRectF(left + 1, keyboard.top(), max(1.0, width - 2), 11), 1.5, 1.5)
            elif pitch % 12 in (0, 5) and index:
                painter.setPen(QPen(line, 1))
                painter.drawLine(QPointF(left, keyboard.top()), QPointF(left, keyboard.bottom()))
            if pitch % 12 == 0:
                painter.setPen(colors.color("text.secondary"))
                painter.setFont(colors.font("caption"))
                box = QRectF(max(area.left(), left + width / 2 - 20), keyboard.bottom() + 1, 40, 16)
                side = Qt.AlignmentFlag.AlignLeft if box.left() == area.left() else Qt.AlignmentFlag.AlignHCenter
                painter.drawText(box, side, pitches.name_of(pitch))
