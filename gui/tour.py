"""The tour: a card at a time, over the real window, that points at the region it speaks of. Nothing waits for it.

A card takes no more room than its words need and dims nothing; all keys and buttons of the window go on working. Nothing
moves: a card is at one place, then at the next.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleInterface,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QRegion,
)
from PySide6.QtWidgets import QAccessibleWidget, QApplication, QHBoxLayout, QVBoxLayout, QWidget

from gui import theme
from gui.controls.buttons import IconButton, QuietButton, YouButton
from gui.controls.text import Text, label

_WIDTH = 348
_TAIL = 10
"""The margin around a card, in which its tail is drawn."""
_APART = 6
"""Between a region's frame and the tail's tip."""
_FRAME = 4
"""A region's frame lies so far outside it."""
_MOVES = frozenset({QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide})
_EDGE = 8
"""To the window's edge."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One card, and what it points at."""

    title: str
    words: str
    region: QWidget
    at: float = 0.5
    """Where along the region the card points, 0 to 1 from its left."""


class Tour(QObject):
    """Goes from stop to stop over one window."""

    begun = Signal()
    ended = Signal()

    def __init__(self, window: QWidget, stops: Callable[[], Sequence[Stop]]) -> None:
        """stops: asked at each beginning, for the keys that are named in them may have changed."""
        super().__init__(window)
        self._window, self._make_stops = window, stops
        self._stops: tuple[Stop, ...] = ()
        self._at = 0
        self._before: QWidget | None = None
        self._placing = QTimer(self)  # layouts settle first
        self._placing.setSingleShot(True)
        self._placing.timeout.connect(self._place)
        self.card: TourCard | None = None
        self._frame: _RegionFrame | None = None

    @property
    def is_shown(self) -> bool:
        return self.card is not None

    def begin(self, *, takes_focus: bool, back_to: QWidget | None = None) -> None:
        """From the first card. takes_focus: the keyboard goes to it; wherever it is, from a card it goes `back_to` at the end."""
        if self.card is not None:
            self._go_to(0, takes_focus=takes_focus)
            return
        self._stops = tuple(self._make_stops())
        self._before = back_to
        self._frame = _RegionFrame(self._window)
        card = self.card = TourCard(self._window)
        card.next.clicked.connect(lambda: self._step(1))
        card.back.clicked.connect(lambda: self._step(-1))
        card.skip.clicked.connect(self.end)
        card.close_button.clicked.connect(self.end)
        card.stepped.connect(self._step)
        if (app := QApplication.instance()) is not None:
            app.installEventFilter(self)
        self.begun.emit()
        self._go_to(0, takes_focus=takes_focus)

    def end(self) -> None:
        """Take the card away."""
        card, frame = self.card, self._frame
        if card is None or frame is None:
            return
        focused = QApplication.focusWidget()
        had_focus = focused is not None and card.isAncestorOf(focused)
        self._placing.stop()
        if (app := QApplication.instance()) is not None:
            app.removeEventFilter(self)
        self.card = self._frame = None
        for part in (card, frame):
            part.hide()
            part.deleteLater()
        self.ended.emit()
        before, self._before = self._before, None
        if had_focus and before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)

    def _step(self, by: int) -> None:
        at = self._at + by
        if at >= len(self._stops):
            self.end()
        elif at >= 0:
            card = self.card
            focused = QApplication.focusWidget()
            self._go_to(at, takes_focus=card is not None and focused is not None and card.isAncestorOf(focused))

    def _go_to(self, at: int, *, takes_focus: bool) -> None:
        card = self.card
        if card is None:
            return
        self._at = at
        stop = self._stops[at]
        card.show_stop(stop, at, len(self._stops))
        self._place()
        card.show()
        if takes_focus:
            card.next.setFocus(Qt.FocusReason.ShortcutFocusReason)
        card.announce()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The card goes with its region; and it is the innermost thing, which Esc closes wherever the focus is."""
        kind = event.type()
        if kind in _MOVES and watched in (self._window, self._stops[self._at].region):
            self._placing.start()
        elif (
            kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and isinstance(watched, QWidget)
            and self._window.isAncestorOf(watched)
        ):
            event.accept()
            if kind == QEvent.Type.KeyPress:
                self.end()
            return True
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        card, frame, region = self.card, self._frame, self._stops[self._at].region
        if card is None or frame is None:
            return
        room = self._window.rect()
        card.resize(card.sizeHint())
        is_seen = region.isVisible() and self._window.isAncestorOf(region)
        frame.setVisible(is_seen)
        if is_seen:
            target = QRect(region.mapTo(self._window, QPoint()), region.size())
            frame.go_round(target, room)
            rect, tip = place(card.size(), target, room, at=self._stops[self._at].at)
        else:
            rect = QRect(QPoint(), card.size())
            rect.moveBottomRight(room.bottomRight() - QPoint(_EDGE, _EDGE))
            tip = None
        card.setGeometry(rect)
        card.point_at(None if tip is None else tip - rect.topLeft())
        frame.raise_()
        card.raise_()


def place(size: QSize, target: QRect, room: QRect, *, at: float) -> tuple[QRect, QPoint | None]:
    """Where a card of this size goes, and the tip of its tail: beside its target where there is room, else within it.

    All in the window's pixels. The tip is None where the card lies within.
    """
    inner = room.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    across = min(max(target.left() + round(at * target.width()), inner.left() + 24), inner.right() - 24)
    down = target.center().y()
    left = min(max(across - size.width() // 2, inner.left()), inner.right() + 1 - size.width())
    top = min(max(down - size.height() // 2, inner.top()), inner.bottom() + 1 - size.height())
    beside = (
        (QPoint(left, target.bottom() + 1 + _APART), QPoint(across, target.bottom() + 1 + _APART)),
        (QPoint(left, target.top() - _APART - size.height()), QPoint(across, target.top() - _APART)),
        (QPoint(target.right() + 1 + _APART, top), QPoint(target.right() + 1 + _APART, down)),
        (QPoint(target.left() - _APART - size.width(), top), QPoint(target.left() - _APART, down)),
    )
    for corner, tip in beside:
        rect = QRect(corner, size)
        if inner.contains(rect):
            return rect, tip
    rect = QRect(QPoint(), size)
    rect.moveTopRight(target.topRight() + QPoint(-_EDGE, _EDGE))
    rect.moveTop(min(rect.top(), inner.bottom() + 1 - size.height()))
    return rect, None


class TourCard(QWidget):
    """Words about one region, and the buttons that lead on, back and away."""

    stepped = Signal(int)
    """By an arrow key: 1 on, -1 back."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        _install_accessibility()
        self._tip: QPoint | None = None
        self._count = label("", "caption", role="text.muted")
        self._title = label("", "title", "semibold")
        self._words = Text("", role="text.secondary", wraps=True)
        self._words.setFixedWidth(_WIDTH - 40)
        self.close_button = IconButton("x", self.tr("End the tour  (Esc)"), size=28)
        self.skip = QuietButton(self.tr("Skip the tour"), size="compact")
        self.back = QuietButton(self.tr("Back"))
        self.next = YouButton(self.tr("Next"))
        head = QHBoxLayout()
        head.addWidget(self._count)
        head.addStretch(1)
        head.addWidget(self.close_button)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.skip)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.next)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(_TAIL + 11, _TAIL + 8, _TAIL + 14, _TAIL + 16)
        column.setSpacing(0)
        said = QVBoxLayout()
        said.setContentsMargins(9, 0, 0, 0)  # the words stand above those of the first button
        said.setSpacing(0)
        said.addLayout(head)
        said.addWidget(self._title)
        said.addSpacing(6)
        said.addWidget(self._words)
        column.addLayout(said)
        column.addSpacing(16)
        column.addLayout(foot)
        for button in (self.close_button, self.skip, self.back, self.next):
            button.installEventFilter(self)
        theme.events().changed.connect(self.update)

    def show_stop(self, stop: Stop, at: int, count: int) -> None:
        """The card's words."""
        self._count.setText(self.tr("{number} of {count}").format(number=at + 1, count=count))
        self._title.setText(stop.title)
        self._words.setText(stop.words)
        self._words.setFixedHeight(self._words.heightForWidth(self._words.width()))
        is_last = at == count - 1
        self.next.set_text(self.tr("Done") if is_last else self.tr("Next"))
        self.back.setVisible(at > 0)
        self.skip.setVisible(not is_last)
        self._column.activate()
        self.setAccessibleName(f"{self.tr('Tour')}, {self._count.text()}: {stop.title}")
        self.setAccessibleDescription(stop.words)

    def announce(self) -> None:
        """Tell a screen reader, if there is one, though the focus may stay where it is."""
        if QAccessible.isActive():
            words = f"{self.accessibleName()}. {self.accessibleDescription()}"
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def point_at(self, tip: QPoint | None) -> None:
        """Draw the tail to this point of the card's own, on its edge; None: without."""
        self._tip = tip
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH + 2 * _TAIL, self._column.sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """On the buttons, arrows turn the cards: Qt would lead them out of the card, and the roll would move notes."""
        if isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            if event.type() == QEvent.Type.KeyPress:
                self.stepped.emit(1 if event.key() == Qt.Key.Key_Right else -1)
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        body = QRectF(self.rect()).adjusted(_TAIL, _TAIL, -_TAIL, -_TAIL)
        painter.setPen(QPen(colors.color("border.control"), 1))
        painter.setBrush(colors.color("bg.raised"))
        painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        if self._tip is None:
            return
        tail = _tail(QPointF(self._tip), body)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(tail)
        painter.setPen(QPen(colors.color("border.control"), 1))
        painter.drawPolyline(tail)


def _tail(tip: QPointF, body: QRectF) -> QPolygonF:
    """Two sides of a triangle from the body's edge to the tip, the base open and a pixel inside."""
    half = float(_TAIL)
    if tip.y() <= body.top() or tip.y() >= body.bottom():
        x = min(max(tip.x(), body.left() + 8 + half), body.right() - 8 - half)
        base = body.top() + 1.5 if tip.y() <= body.top() else body.bottom() - 1.5
        return QPolygonF([QPointF(x - half, base), QPointF(x, tip.y()), QPointF(x + half, base)])
    y = min(max(tip.y(), body.top() + 8 + half), body.bottom() - 8 - half)
    base = body.left() + 1.5 if tip.x() <= body.left() else body.right() - 1.5
    return QPolygonF([QPointF(base, y - half), QPointF(tip.x(), y), QPointF(base, y + half)])


class _RegionFrame(QWidget):
    """A line round the region that is spoken of; the mouse goes through, and what lies within is not covered."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def go_round(self, target: QRect, room: QRect) -> None:
        self.setGeometry(target.adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME).intersected(room))
        self.setMask(QRegion(self.rect()).subtracted(QRegion(self.rect().adjusted(_FRAME, _FRAME, -_FRAME, -_FRAME))))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().color("text.primary"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)


@functools.cache
def _install_accessibility() -> None:
    QAccessible.installFactory(_interface_of)


def _interface_of(_kind: str, thing: QObject | None) -> QAccessibleInterface | None:
    if not isinstance(thing, TourCard):
        return None
    interface = QAccessibleWidget(thing, QAccessible.Role.Dialog)
    _KEPT.append(interface)
    thing.destroyed.connect(lambda: _KEPT.remove(interface))
    return interface


_KEPT: list[QAccessibleInterface] = []
"""Qt holds no Python object."""
