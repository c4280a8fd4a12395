"""Velocities as stems under the roll; a drag paints them. Square heads are yours, round ones the model's."""

from dataclasses import replace
from typing import overload

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from core.music import edits
from core.music.edits import Edited
from gui import theme
from gui.piano_roll.gestures import edit_name
from gui.piano_roll.looks import Detail, Looks
from gui.piano_roll.note_index import Ints, NoteIndex
from gui.piano_roll.painting import fill_color, paint_bars
from gui.piano_roll.roll_view import RollView

_STEM = 3
_REACH = 4
"""Pixels to either side of the pointer within which a stem is painted."""
_ABOVE = 8
_BELOW = 2


class VelocityLane(QWidget):
    """One stem a note of the part. A drag that begins on a selected stem changes the selected notes only."""

    def __init__(self, view: RollView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._painted: dict[int, int] = {}  # row -> velocity, until the button is up
        self._last: QPointF | None = None
        self._only_selected = False
        self.setFixedHeight(theme.metric("size.velocity_lane"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(self.tr("Velocities"))
        view.viewport_changed.connect(self.update)
        view.notes_changed.connect(self.update)
        view.document.changed.connect(self.abandon)
        theme.events().changed.connect(self.update)

    # Painting

    @overload
    def y_of(self, velocity: float) -> float: ...
    @overload
    def y_of(self, velocity: Ints) -> NDArray[np.float64]: ...
    def y_of(self, velocity: float | Ints) -> float | NDArray[np.float64]:
        """The height of a stem's head."""
        return self.height() - _BELOW - (self.height() - _ABOVE - _BELOW) * velocity / 127

    def velocity_at(self, y: float) -> int:
        """The velocity that a place stands for, 1-127."""
        share = (self.height() - _BELOW - y) / (self.height() - _ABOVE - _BELOW)
        return min(max(round(share * 127), 1), 127)

    def paintEvent(self, event: QPaintEvent) -> None:
        view, colors = self._view, theme.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), colors.color("bg.inset"))
        for velocity in (32, 64, 96):
            painter.fillRect(0, round(self.y_of(velocity)), self.width(), 1, colors.color("roll.beat_line"))
        paint_bars(painter, self.rect(), view.viewport, view.grid, beats=False)
        index, looks = view.index, view.looks
        if view.covered.size:
            index, looks = index.taken(view.free_rows), looks.taken(view.free_rows)
        self._paint_stems(painter, index, looks)
        self._paint_stems(painter, view.preview_index, view.preview_looks)
        painter.fillRect(0, 0, self.width(), 1, colors.color("border.subtle"))

    def _paint_stems(self, painter: QPainter, index: NoteIndex, looks: Looks) -> None:
        view = self._view
        rows = index.starting_between(view.viewport.tick_at(-6), view.viewport.tick_at(self.width() + 6))
        if not rows.size:
            return
        velocities = index.velocity[rows]
        if self._painted and index is view.index:
            velocities = np.array(
                [
                    self._painted.get(row, velocity)
                    for row, velocity in zip(rows.tolist(), velocities.tolist(), strict=True)
                ]
            )
        xs = np.floor(index.onset[rows] * view.viewport.pixels_per_tick + 0.5).astype(np.int64) - view.viewport.x_offset
        has_heads = view.detail == Detail.FULL
        if not has_heads:
            rows, xs, velocities = _loudest(rows, xs, velocities)
        kinds = looks.fill[rows].astype(np.int64) + 64 * looks.by_model[rows] + 128 * looks.selected[rows]
        bottom = self.height()
        painter.setPen(Qt.PenStyle.NoPen)
        for kind in np.unique(kinds).tolist():
            here = np.flatnonzero(kinds == kind)
            is_selected = kind >= 128
            color = theme.current().color("roll.playhead") if is_selected else fill_color(kind % 64)
            painter.setBrush(color)
            heights = np.rint(self.y_of(velocities[here])).astype(np.int64)
            places = list(zip(xs[here].tolist(), heights.tolist(), strict=True))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.drawRects([QRect(x + 1, y, _STEM if has_heads else 1, bottom - y) for x, y in places])
            if not has_heads:
                continue
            if kind & 64:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                for x, y in places:
                    painter.drawEllipse(QPointF(x + 2.5, y), 3.6, 3.6)
            else:
                painter.drawRects([QRect(x - 1, y - 3, 7, 6) for x, y in places])

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            self.abandon()
            return
        near = self._rows_between(event.position().x(), event.position().x())
        self._only_selected = bool(self._view.looks.selected[near].any())
        self._last = event.position()
        self._paint_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._last is not None:
            self._paint_to(event.position())
            return
        self._view.status_changed.emit(
            self.tr("Velocity {} · drag to paint").format(self.velocity_at(event.position().y()))
        )

    def _rows_between(self, one: float, other: float) -> Ints:
        view = self._view
        low, high = sorted((one, other))
        rows = view.index.starting_between(
            view.viewport.tick_at(low - _REACH - _STEM / 2), view.viewport.tick_at(high + _REACH)
        )
        return np.setdiff1d(rows, view.covered)

    def _paint_to(self, at: QPointF) -> None:
        """Give the stems between the last place and this one the heights of the line between them."""
        view, last = self._view, self._last or at
        rows = self._rows_between(last.x(), at.x())
        if self._only_selected:
            rows = rows[view.looks.selected[rows]]
        for row in rows.tolist():
            x = view.viewport.x_at(int(view.index.onset[row]))
            share = 1.0 if at.x() == last.x() else min(max((x - last.x()) / (at.x() - last.x()), 0.0), 1.0)
            self._painted[row] = self.velocity_at(last.y() + (at.y() - last.y()) * share)
        self._last = at
        if rows.size:
            velocity = self._painted[int(rows[-1])]
            view.status_changed.emit(self.tr("Velocity {}").format(velocity))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._last is None:
            return
        view, painted = self._view, self._painted
        self._last, self._painted = None, {}
        changed = {
            view.index.notes[row]: velocity
            for row, velocity in painted.items()
            if view.index.notes[row].velocity != velocity
        }
        if changed:
            edited = edits.set_velocity(view.score, view.part_index, changed)
            kept = frozenset(
                replace(note, velocity=changed.get(note, note.velocity)) for note in view.document.selection
            )
            view.apply(edit_name("Change velocity of {}", len(changed)), Edited(edited.score, kept))
        self.update()

    def abandon(self) -> None:
        """Forget what was painted since the press."""
        self._last, self._painted = None, {}
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._last is not None:
            self.abandon()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._view.status_changed.emit("")
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the editor scrolls


def _loudest(rows: Ints, xs: Ints, velocities: Ints) -> tuple[Ints, Ints, Ints]:
    """Of the stems on one pixel column, the tallest. xs rise."""
    first = np.flatnonzero(np.diff(xs, prepend=xs[0] - 1))
    ranked = velocities * rows.size + np.arange(rows.size)  # the velocity decides, and the place comes along
    tallest = np.maximum.reduceat(ranked, first) % rows.size
    return rows[tallest], xs[tallest], velocities[tallest]
