"""The strip under the ruler that says in words who wrote which bars: "Seed · 4 bars", "Take B · 8 bars"."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui import theme
from gui.piano_roll.roll_view import RollView

_EDGE_WIDTH = 3
_LABEL_ROOM = 14


@dataclass(frozen=True, slots=True)
class Block:
    """Bars of one author, in ticks. is_preview: a take that isn't kept yet."""

    start: int
    end: int
    by_model: bool
    bars: int
    is_preview: bool = False


def blocks_of(view: RollView) -> tuple[Block, ...]:
    """Runs of bars by who wrote the notes that begin in them; empty bars belong to what went before.

    A bar that holds notes of both is yours. The bars under a take on show are the take's.
    """
    free, take = view.free_rows, view.preview
    if take is not None:
        free = free[(view.index.onset[free] < take.start) | (view.index.onset[free] >= take.end)]
    onset, by_model = view.index.onset[free], view.looks.by_model[free]
    blocks: list[Block] = []
    if onset.size:
        end = int(view.index.end[free].max())
        starts, _ = view.grid.bars(0, end)
        edges = np.append(starts, view.grid.bar_around(end - 1)[1])
        bar = np.searchsorted(starts, onset, side="right") - 1
        yours = np.zeros(len(starts), np.bool_)
        yours[bar[~by_model]] = True
        filled = np.unique(bar)
        begin = 0
        for at in range(1, len(filled) + 1):
            if at == len(filled) or yours[filled[at]] != yours[filled[begin]]:
                first = int(filled[begin]) if begin else 0
                last = int(filled[at]) if at < len(filled) else int(np.searchsorted(starts, end, side="left"))
                blocks.append(Block(int(starts[first]), int(edges[last]), not yours[filled[begin]], last - first))
                begin = at
    if take is not None:
        blocks = [block for block in blocks if block.start < take.start or block.start >= take.end]
        bars = len(view.grid.bars(take.start, take.end - 1)[0])
        blocks.append(Block(take.start, take.end, by_model=True, bars=bars, is_preview=True))
    return tuple(blocks)


class PartStrip(QWidget):
    """Labelled blocks in the colours of their authors."""

    def __init__(self, view: RollView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._blocks = blocks_of(view)
        self.setFixedHeight(theme.metric("size.part_strip"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        view.document.changed.connect(self._read)
        view.document.preview_changed.connect(self._read)
        view.viewport_changed.connect(self.update)
        theme.events().changed.connect(self.update)

    @property
    def labels(self) -> tuple[str, ...]:
        """The blocks in words, from left to right."""
        return tuple(self._label(block) for block in self._blocks)

    def _read(self) -> None:
        self._blocks = blocks_of(self._view)
        self.update()

    def _label(self, block: Block) -> str:
        bars = self.tr("1 bar") if block.bars == 1 else self.tr("{} bars").format(block.bars)
        take = self._view.preview
        if block.is_preview and take is not None:
            return self.tr("Take {} · {} · preview, not kept yet").format(take.letter, bars)
        if block.by_model:
            return self.tr("By the model · {}").format(bars)
        return self.tr("Seed · {}").format(bars)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors, view = theme.current(), self._view.viewport
        painter = QPainter(self)
        painter.fillRect(event.rect(), colors.color("bg.inset"))
        painter.setFont(colors.font("caption", "medium", tabular=True))
        height = self.height()
        for block in self._blocks:
            left, right = round(view.x_at(block.start)), round(view.x_at(block.end)) - 1
            if right < 0 or left > self.width():
                continue
            author = "model" if block.by_model else "you"
            painter.fillRect(left, 2, right - left, height - 4, colors.color(f"{author}.wash"))
            painter.fillRect(left, 2, _EDGE_WIDTH, height - 4, colors.color(f"{author}.base"))
            room = right - max(left, 0) - _LABEL_ROOM
            words = painter.fontMetrics().elidedText(self._label(block), Qt.TextElideMode.ElideRight, room)
            painter.setPen(colors.color(f"{author}.text"))
            painter.save()
            painter.setClipRect(QRectF(left, 0, right - left, height))
            painter.drawText(QPointF(max(left, 0) + 10, 15.5), words)
            painter.restore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the editor scrolls
