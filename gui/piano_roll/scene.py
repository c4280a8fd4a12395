"""The roll as a picture that is kept: grid, notes of all parts, the take on show. What moves is drawn over it.

Scrolling shifts the picture and paints the strip that came into sight; a playhead that moves costs a copy of two
thin strips. Anything else makes an area stale, and only that is painted again.
"""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QPainter, QPixmap

from gui.piano_roll.looks import Fill, Looks
from gui.piano_roll.painting import paint_grid, paint_notes, paint_seam
from gui.piano_roll.roll_view import RollView
from gui.piano_roll.viewport import Viewport


class Scene:
    """Everything on the canvas that stands still."""

    def __init__(self, view: RollView) -> None:
        self._view = view
        self._pixmap = QPixmap()
        self._viewport: Viewport | None = None
        self._stale: list[QRect] = []
        self._detail = view.detail

    def invalidate(self, area: QRect | None = None) -> None:
        """Paint again what is in the area, or all of it, when it is next asked for."""
        if area is None:
            self._viewport = None
        else:
            self._stale.append(area)

    def picture(self, size: QSize, dpr: float) -> QPixmap:
        """The picture of the present viewport, brought up to date."""
        viewport, detail = self._view.viewport, self._view.detail
        device_size = QSize(round(size.width() * dpr), round(size.height() * dpr))
        everything = QRect(QPoint(0, 0), size)
        if self._pixmap.size() != device_size or self._pixmap.devicePixelRatio() != dpr:
            self._pixmap = QPixmap(device_size)
            self._pixmap.setDevicePixelRatio(dpr)
            self._viewport = None
        if self._viewport is None or detail != self._detail or not self._shift(self._viewport, viewport, size, dpr):
            self._stale = [everything]
        self._viewport, self._detail = viewport, detail
        areas = [area.intersected(everything) for area in self._stale if area.intersects(everything)]
        self._stale = []
        if areas:
            painter = QPainter(self._pixmap)
            for area in areas:
                painter.setClipRect(area)
                self._paint(painter, area)
            painter.end()
        return self._pixmap

    def _shift(self, before: Viewport, after: Viewport, size: QSize, dpr: float) -> bool:
        """Scroll the picture from one place to another; False where it has to be painted anew."""
        if before == after:
            return True
        if replace(before, x_offset=after.x_offset, y_offset=after.y_offset) != after or dpr != int(dpr):
            return False
        dx, dy = before.x_offset - after.x_offset, before.y_offset - after.y_offset
        width, height = size.width(), size.height()
        if abs(dx) >= width or abs(dy) >= height:
            return False
        scale = int(dpr)
        self._stale = [area.translated(dx, dy) for area in self._stale]
        self._pixmap.scroll(dx * scale, dy * scale, self._pixmap.rect())
        if dx:
            self._stale.append(QRect(0 if dx > 0 else width + dx, 0, abs(dx), height))
        if dy:
            self._stale.append(QRect(0, 0 if dy > 0 else height + dy, width, abs(dy)))
        return True

    def _paint(self, painter: QPainter, area: QRect) -> None:
        view, detail = self._view, self._detail
        viewport = view.viewport
        paint_grid(painter, area, viewport, view.grid, snap=view.snap, scale=view.scale, loop=view.loop)
        for ghost in view.ghosts:
            paint_notes(
                painter, area, viewport, ghost, Looks.plain(len(ghost), Fill.GHOST), detail, name_of=view.name_of
            )
        index, looks = view.index, view.looks
        lifted = view.covered if view.floating is None else np.union1d(view.covered, view.floating.lifted)
        if lifted.size:
            resting = np.ones(len(index), np.bool_)
            resting[lifted] = False
            rows = np.flatnonzero(resting)
            index, looks = index.taken(rows), looks.taken(rows)
        paint_notes(painter, area, viewport, index, looks, detail, name_of=view.name_of)
        if view.preview is not None:
            gone = view.replaced_index
            looks = Looks.plain(len(gone), Fill.REPLACED, by_model=True)
            paint_notes(painter, area, viewport, gone, looks, detail, name_of=view.name_of)
            paint_seam(painter, area, viewport, view.preview.start)
            paint_notes(painter, area, viewport, view.preview_index, view.preview_looks, detail, name_of=view.name_of)
