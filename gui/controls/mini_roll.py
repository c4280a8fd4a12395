"""A melody at a glance: takes, epochs' answers and pieces all show themselves with this one widget."""

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.music.score import Note
from gui import theme

_BAR = 1920
"""Ticks between bar lines unless told otherwise: 4/4."""
_FEWEST_BAR_PIXELS = 6


class MiniRoll(QWidget):
    """Fits the notes to its size. Blue: yours; amber: the model's; magenta: also in a training piece."""

    def __init__(self, *, radius: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notes: tuple[Note, ...] = ()
        self._generated: frozenset[Note] = frozenset()
        self._copied: frozenset[Note] = frozenset()
        self._span = (0, _BAR)
        self._pitches: tuple[int, int] | None = None
        self._bar = _BAR
        self._playhead: float | None = None
        self._radius = radius
        self._drawn: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.events().changed.connect(self._forget)

    def set_notes(
        self,
        notes: Iterable[Note],
        generated: frozenset[Note] = frozenset(),
        copied: frozenset[Note] = frozenset(),
        span: tuple[int, int] | None = None,
        *,
        pitches: tuple[int, int] | None = None,
        bar: int = _BAR,
    ) -> None:
        """Show `notes` between the ticks of `span` (all of them without one), fitted to `pitches` or to their own range."""
        self._notes = tuple(notes)
        self._generated, self._copied = generated, copied
        self._span = span or (0, max((note.end for note in self._notes), default=_BAR))
        self._pitches, self._bar = pitches, bar
        self._forget()

    def set_playhead(self, tick: float | None) -> None:
        if tick == self._playhead:
            return
        before, self._playhead = self._playhead, tick
        for place in (before, tick):
            if place is not None:
                self.update(int(self._x(place)) - 3, 0, 6, self.height())

    @property
    def playhead(self) -> float | None:
        return self._playhead

    def sizeHint(self) -> QSize:
        return QSize(122, 92)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, 16)

    def _x(self, tick: float) -> float:
        start, end = self._span
        return (tick - start) / max(1, end - start) * self.width()

    def _forget(self) -> None:
        self._drawn = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        dpr = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.size() != self.size() * dpr:
            self._drawn = QPixmap(self.size() * dpr)
            self._drawn.setDevicePixelRatio(dpr)
            self._drawn.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._drawn)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw(painter)
            painter.end()
        painter = QPainter(self)
        painter.setClipRegion(event.region())
        painter.drawPixmap(0, 0, self._drawn)
        if self._playhead is not None and self._span[0] <= self._playhead <= self._span[1]:
            x = self._x(self._playhead)
            painter.setPen(QPen(theme.current().color("roll.playhead"), 1.5))
            painter.drawLine(round(x), 0, round(x), self.height())

    def _draw(self, painter: QPainter) -> None:
        colors = theme.current()
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()), self._radius, self._radius)
        painter.setClipPath(frame)
        painter.fillRect(self.rect(), colors.color("bg.inset"))
        start, end = self._span
        width, height = self.width(), self.height()
        if self._x(start + self._bar) >= _FEWEST_BAR_PIXELS:
            first = (start // self._bar + 1) * self._bar
            for tick in range(first, end, self._bar):
                painter.fillRect(QRectF(round(self._x(tick)), 0, 1, height), colors.color("roll.beat_line"))
        shown = [note for note in self._notes if note.end > start and note.onset < end]
        if not shown:
            return
        low, high = self._pitches or (
            min(note.pitch for note in shown) - 1,
            max(note.pitch for note in shown) + 1,
        )
        row = height / (high - low + 1)
        thick = max(min(row - 0.6, 7.0), 2.6)
        yours, models, copied = colors.color("you.base"), colors.color("model.thin"), colors.color("copied.base")
        painter.setPen(Qt.PenStyle.NoPen)
        per_tick = width / max(1, end - start)
        for note in shown:
            color = copied if note in self._copied else models if note in self._generated else yours
            painter.setBrush(color)
            top = (high - note.pitch) * row + (row - thick) / 2
            left = (note.onset - start) * per_tick + 0.5
            painter.drawRoundedRect(QRectF(left, top, max(note.duration * per_tick - 1, 1.6), thick), 1, 1)
