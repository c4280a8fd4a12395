"""Two curves over the epochs: pieces the model has never seen, and pieces it studies. Painted by hand.

Labels stand at the curves' ends instead of in a legend; a hover line tells an epoch's values in words, and the arrow
keys walk the epochs for those without a mouse.
"""

import itertools
import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.learning.models.progress import EpochDone
from gui import theme
from gui.controls.focus import KeyboardFocus
from gui.controls.numbers import counted, grouped
from gui.training.chart_labels import BESIDE, LABEL_WIDTH, Box, beside_ends, best_place
from gui.training.chart_scale import LEFT, TOP, ChartScale, axis_end, bits, notes_of, scale_for
from gui.training.verdict import Field, among, best_of, memorising_since, part_of

_OVER_THE_TOP = 2.5
"""Bits that the studied curve may stand above the other: its first reading, begun by chance alone, may run out at the
top, lest it squeeze all that follows."""


def line_words(bit_count: int, metrics: QFontMetricsF, room: float) -> str:
    """What stands beside a horizontal line: how many notes, or the bare number where the word has no room."""
    count = round(notes_of(bit_count))
    words = counted(count, "note", "notes")
    return words if metrics.horizontalAdvance(words) <= room else grouped(count)


class LossChart(KeyboardFocus, QWidget):
    """Held-out and studied loss by epoch, with the best epoch and where memorising began."""

    epoch_hovered = Signal(int)
    """0 when the pointer leaves."""

    keys_kept = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history: tuple[EpochDone, ...] = ()
        self._epochs = 1
        self._field: Field = "together"
        self._marked: tuple[int, ...] = ()
        self._hovered = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(170)
        self.setAccessibleName(self.tr("How unsure the model is, epoch by epoch"))

    def sizeHint(self) -> QSize:
        return QSize(800, 220)  # it takes what room there is

    def show_history(self, history: Sequence[EpochDone], *, epochs: int) -> None:
        """Draw these epochs of a training planned for `epochs`."""
        # The model that training went on from is epoch 0: a point on one curve, and no curve by itself.
        self._history = tuple(history) if history and history[-1].epoch else ()
        self._epochs = max(epochs, history[-1].epoch if history else 1)
        self.setAccessibleDescription(self.summary())
        self.update()

    def set_field(self, field: Field) -> None:
        self._field = field
        self.setAccessibleDescription(self.summary())
        self.update()

    def set_marked(self, epochs: Sequence[int]) -> None:
        """The epochs whose answer can be heard: small rings on the axis."""
        self._marked = tuple(epochs)
        self.update()

    @property
    def hovered_epoch(self) -> int:
        return self._hovered

    def x_of(self, epoch: int) -> float:
        """Where an epoch lies, in this widget's pixels: the leaders of the strip begin there."""
        return self.scale().x(epoch)

    def scale(self) -> ChartScale:
        """The axes, with room for the labels right of the last point."""
        unseen, studied = (
            [bits(part_of(epoch, self._field, held_out=held_out)) for epoch in self._drawn_epochs(held_out=held_out)]
            for held_out in (True, False)
        )
        top = max(unseen + studied[1:], default=0.0) + _OVER_THE_TOP
        done = self._history[-1].epoch if self._history else 1
        end = axis_end(done, self._epochs, width=self.width(), room=BESIDE + LABEL_WIDTH)
        values = [*unseen, *(min(value, top) for value in studied)]
        return scale_for(self.width(), self.height(), last_epoch=end, values=values)

    def summary(self) -> str:
        """The whole chart as a sentence, for a screen reader."""
        best = best_of(self._history)
        if best is None:
            return self.tr("No epoch is done yet.")
        last = self._history[-1]
        return self.tr(
            "After epoch {last} it chooses among {held_out} notes in pieces it has never seen and {studied} in pieces it "
            "studies. Best: {best}, among {best_notes}."
        ).format(
            last=last.epoch,
            held_out=among(part_of(last, self._field, held_out=True)),
            studied=among(part_of(last, self._field, held_out=False)),
            best=self.tr("epoch {number}").format(number=best.epoch) if best.epoch else self.tr("as it started"),
            best_notes=among(part_of(best, self._field, held_out=True)),
        )

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors, scale = theme.current(), self.scale()
        if self._history:
            self._paint_grid(painter, scale)
        else:
            painter.setFont(colors.font("body"))
            painter.setPen(colors.color("text.muted"))
            plot = QRectF(LEFT, TOP, self.width() - LEFT, scale.plot_bottom - TOP)
            painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, self.tr("The curves begin after the first epoch"))
        if self._history:
            self._paint_regions(painter, scale)
            self._paint_curve(painter, scale, held_out=False)
            self._paint_curve(painter, scale, held_out=True)
            self._paint_best(painter, scale)
            self._paint_ends(painter, scale)
            self._paint_hover(painter, scale)
        self._paint_marks(painter, scale)
        painter.end()

    def _paint_grid(self, painter: QPainter, scale: ChartScale) -> None:
        colors = theme.current()
        painter.setFont(colors.font("caption", tabular=True))
        for line in scale.lines():
            y = round(scale.y(line)) + 0.5
            painter.setPen(colors.color("border.subtle"))
            painter.drawLine(QPointF(LEFT, y), QPointF(scale.x(scale.last_epoch), y))
            painter.setPen(colors.color("text.muted"))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            room = QRectF(0, y - 9, LEFT - 8, 18)
            painter.drawText(room, right, line_words(line, QFontMetricsF(painter.font()), room.width()))
        for epoch in scale.epoch_ticks():
            x, is_last = scale.x(epoch), epoch == scale.last_epoch
            painter.setPen(colors.color("border.medium"))
            painter.drawLine(QPointF(x, scale.plot_bottom), QPointF(x, scale.plot_bottom + 5))
            painter.setPen(colors.color("text.muted"))
            if is_last:
                box, side = QRectF(x - 100, scale.plot_bottom + 9, 100, 18), Qt.AlignmentFlag.AlignRight
                text = self.tr("epoch {number}").format(number=epoch)
            else:
                box, side = QRectF(x - 30, scale.plot_bottom + 9, 60, 18), Qt.AlignmentFlag.AlignHCenter
                text = str(epoch)
                if x > scale.x(scale.last_epoch) - 80:
                    continue
            painter.drawText(box, side, text)

    def _paint_regions(self, painter: QPainter, scale: ChartScale) -> None:
        colors = theme.current()
        now, height = self._history[-1].epoch, scale.plot_bottom - TOP
        painter.setFont(colors.font("caption"))
        if now < self._epochs:
            rest = QRectF(scale.x(now), TOP, scale.x(self._epochs) - scale.x(now), height)
            painter.fillRect(rest, colors.color("bg.panel", alpha=0.55))
            if rest.width() > 100:
                painter.setPen(colors.color("text.muted"))
                painter.drawText(
                    rest.adjusted(0, 10, 0, 0),
                    Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop,
                    self.tr("still to come"),
                )
        since = memorising_since(self._history)
        if since is not None:
            region = QRectF(scale.x(since), TOP, scale.x(now) - scale.x(since), height)
            painter.fillRect(region, colors.color("status.warning", alpha=0.07))
            if region.width() > 90:
                painter.setPen(colors.color("status.warning"))
                painter.setFont(colors.font("caption", "medium"))
                painter.drawText(region.adjusted(12, 10, 0, 0), Qt.AlignmentFlag.AlignLeft, self.tr("memorising"))

    def _paint_curve(self, painter: QPainter, scale: ChartScale, *, held_out: bool) -> None:
        colors = theme.current()
        path = QPainterPath()
        for index, epoch in enumerate(self._drawn_epochs(held_out=held_out)):
            point = self._point(scale, epoch, held_out=held_out)
            if index == 0:
                path.moveTo(point)
            else:
                path.lineTo(point)
        pen = QPen(colors.color("model.thin"), 2.6) if held_out else QPen(colors.color("text.secondary"), 2)
        if not held_out:
            pen.setDashPattern([2.5, 2.0])
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.save()
        painter.setClipRect(QRectF(0, TOP - 2, self.width(), scale.plot_bottom - TOP + 4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        painter.drawPath(path)
        painter.restore()

    def _paint_best(self, painter: QPainter, scale: ChartScale) -> None:
        best = best_of(self._history)
        if best is None:
            return
        colors, point = theme.current(), self._point(scale, best, held_out=True)
        green = colors.color("status.ok")
        painter.setPen(QPen(green, 1.5))
        painter.drawLine(QPointF(point.x(), TOP), QPointF(point.x(), scale.plot_bottom))
        painter.setBrush(colors.color("bg.window"))
        painter.setPen(QPen(green, 2.5))
        painter.drawEllipse(point, 5.5, 5.5)
        if best.epoch == self._history[-1].epoch:
            return  # the label at the curve's end says it already
        words = (
            self.tr("Best: epoch {number}").format(number=best.epoch) if best.epoch else self.tr("Best: as it started")
        )
        beside = self.tr("among {notes} notes").format(notes=among(part_of(best, self._field, held_out=True)))
        width = max(QFontMetricsF(colors.font("caption", "semibold")).horizontalAdvance(words), 108.0) + 20
        place = best_place(
            (point.x(), point.y()),
            (width, 42.0),
            plot=Box(LEFT, TOP, scale.x(scale.last_epoch) - LEFT, scale.plot_bottom - TOP),
            taken=(*self._end_boxes(scale), *self._memorising_word(scale)),
            points=self._drawn(scale),
        )
        if place is None:
            return
        box = QRectF(place.left, place.top, place.width, place.height)
        anchor = QPointF(box.right() if box.center().x() < point.x() else box.left(), box.center().y())
        reach = point - anchor
        painter.setPen(QPen(green, 1.2))
        painter.drawLine(anchor, point - reach * (8 / max(8.0, math.hypot(reach.x(), reach.y()))))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("status.ok_wash"))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(green)
        painter.setFont(colors.font("caption", "semibold"))
        painter.drawText(box.adjusted(10, 5, 0, 0), Qt.AlignmentFlag.AlignLeft, words)
        painter.setPen(colors.color("text.secondary"))
        painter.setFont(colors.font("caption", tabular=True))
        painter.drawText(box.adjusted(10, 21, 0, 0), Qt.AlignmentFlag.AlignLeft, beside)

    def _memorising_word(self, scale: ChartScale) -> tuple[Box, ...]:
        since = memorising_since(self._history)
        return () if since is None else (Box(scale.x(since) + 12, TOP + 8, 84, 20),)

    def _drawn(self, scale: ChartScale) -> list[tuple[float, float]]:
        """Points on both curves, close enough together that no label slips between them."""
        found = []
        for held_out in (True, False):
            points = [self._point(scale, epoch, held_out=held_out) for epoch in self._drawn_epochs(held_out=held_out)]
            for start, end in itertools.pairwise(points):
                found += [(start + (end - start) * (step / 8)).toTuple() for step in range(9)]
        return found

    def _end_boxes(self, scale: ChartScale) -> tuple[Box, Box]:
        """Where the two labels stand: of the pieces never seen, and of those studied."""
        last = self._history[-1]
        unseen, studied = (self._point(scale, last, held_out=held_out) for held_out in (True, False))
        return beside_ends(unseen.x(), unseen.y(), studied.y(), top=TOP, bottom=scale.plot_bottom)

    def _paint_ends(self, painter: QPainter, scale: ChartScale) -> None:
        colors, last = theme.current(), self._history[-1]
        for box, held_out, title, role, point_role in zip(
            self._end_boxes(scale),
            (True, False),
            (self.tr("Pieces it has never seen"), self.tr("Pieces it studies")),
            ("model.text", "text.primary"),
            ("model.thin", "text.secondary"),
            strict=True,
        ):
            point = self._point(scale, last, held_out=held_out)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color(point_role))
            painter.drawEllipse(QPointF(point.x(), max(point.y(), TOP)), 4, 4)
            count = among(part_of(last, self._field, held_out=held_out))
            words = self.tr("like choosing among {notes} notes") if held_out else self.tr("among {notes}")
            room = QRectF(box.left, box.top, box.width, box.height)
            painter.setPen(colors.color(role))
            painter.setFont(colors.font("body", "semibold"))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
            painter.setPen(colors.color("text.secondary"))
            painter.setFont(colors.font("caption", tabular=True))
            room.adjust(0, 18, 0, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words.format(notes=count))

    def _paint_marks(self, painter: QPainter, scale: ChartScale) -> None:
        colors = theme.current()
        painter.setBrush(colors.color("bg.window"))
        painter.setPen(QPen(colors.color("text.muted"), 1.5))
        for epoch in self._marked:
            painter.drawEllipse(QPointF(scale.x(epoch), scale.plot_bottom), 3, 3)

    def _paint_hover(self, painter: QPainter, scale: ChartScale) -> None:
        epoch = next((done for done in self._history if done.epoch == self._hovered), None)
        if epoch is None:
            return
        colors = theme.current()
        lines = self.words_for(epoch)
        font = colors.font("caption", tabular=True)
        metrics = QFontMetricsF(font)
        width = max(metrics.horizontalAdvance(line) for line in lines) + 24
        height = 17 * len(lines) + 14
        x = scale.x(epoch.epoch)
        painter.setPen(QPen(colors.color("text.secondary"), 1))
        painter.drawLine(QPointF(x, TOP), QPointF(x, scale.plot_bottom))
        left = x + 10 if x + 10 + width < self.width() else x - 10 - width
        box = QRectF(left, scale.plot_bottom - height - 8, width, height)
        painter.setPen(QPen(colors.color("border.medium"), 1))
        painter.setBrush(colors.color("bg.raised"))
        painter.drawRoundedRect(box, 6, 6)
        for index, line in enumerate(lines):
            painter.setPen(colors.color("text.primary" if index == 0 else "text.secondary"))
            painter.setFont(colors.font("caption", "semibold") if index == 0 else font)
            painter.drawText(QPointF(box.left() + 12, box.top() + 18 + 17 * index), line)
        for held_out, role in ((True, "model.thin"), (False, "text.secondary")):
            painter.setPen(QPen(colors.color("bg.window"), 1.5))
            painter.setBrush(QColor(colors.color(role)))
            painter.drawEllipse(self._point(scale, epoch, held_out=held_out), 4.5, 4.5)

    def words_for(self, epoch: EpochDone) -> tuple[str, ...]:
        """What the hover box says of an epoch: words first, then bits and loss."""
        lines = [self.tr("Epoch {number}").format(number=epoch.epoch)]
        for held_out, title in ((True, self.tr("Never seen")), (False, self.tr("Studied"))):
            nats = part_of(epoch, self._field, held_out=held_out)
            lines.append(
                self.tr("{title}: among {notes} notes · {bits} bits · loss {loss}").format(
                    title=title, notes=among(nats), bits=f"{bits(nats):.2f}", loss=f"{nats:.3f}"
                )
            )
        return tuple(lines)

    def _drawn_epochs(self, *, held_out: bool) -> tuple[EpochDone, ...]:
        return tuple(epoch for epoch in self._history if held_out or epoch.losses)

    def _point(self, scale: ChartScale, epoch: EpochDone, *, held_out: bool) -> QPointF:
        return QPointF(scale.x(epoch.epoch), scale.y(bits(part_of(epoch, self._field, held_out=held_out))))

    # Mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.scale().epoch_at(event.position().x()))

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hover(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = self._history[-1].epoch if self._history else 0
        steps: dict[int, Callable[[], int]] = {
            Qt.Key.Key_Left: lambda: max(1, (self._hovered or last + 1) - 1),
            Qt.Key.Key_Right: lambda: min(last, self._hovered + 1),
            Qt.Key.Key_Home: lambda: 1,
            Qt.Key.Key_End: lambda: last,
        }
        step = steps.get(event.key())
        if step is None or not last:
            super().keyPressEvent(event)
            return
        self._hover(step())
        epoch = next((done for done in self._history if done.epoch == self._hovered), None)
        if epoch is not None:
            self.setAccessibleDescription(". ".join(self.words_for(epoch)))

    def _hover(self, epoch: int) -> None:
        if self._history and epoch > self._history[-1].epoch:
            epoch = self._history[-1].epoch
        if epoch != self._hovered:
            self._hovered = epoch
            self.epoch_hovered.emit(epoch)
            self.update()
