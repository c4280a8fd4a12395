"""The piano roll as the rest of the window sees it: ruler, part strip, keyboard, canvas and velocity lane in one widget."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from core.music.pitch import Scale
from core.music.score import TICKS_PER_QUARTER, Note
from gui import theme
from gui.document import Document
from gui.piano_roll import accessibility
from gui.piano_roll.canvas import RollCanvas
from gui.piano_roll.commands import Commands
from gui.piano_roll.keyboard import Keyboard
from gui.piano_roll.looks import ColorBy
from gui.piano_roll.part_strip import PartStrip
from gui.piano_roll.quantise_dialog import QuantiseDialog
from gui.piano_roll.roll_view import DEFAULT_SNAP, RollView, Tool
from gui.piano_roll.ruler import Ruler
from gui.piano_roll.scroll_thumb import THICKNESS, ScrollThumb
from gui.piano_roll.velocity_lane import VelocityLane
from gui.piano_roll.viewport import LEFT_MARGIN, PITCHES

_FOLDED_HEIGHT = 24
_ZOOM_STEP = 1.25


class PianoRollEditor(QWidget):
    """Edits the document's part by mouse and keys. What it shows beside the notes is set from outside."""

    note_auditioned = Signal(int, int)
    """Pitch and velocity of a note to be heard once."""
    seek_requested = Signal(int)
    """The tick to which the playhead was put."""
    loop_requested = Signal(object)
    """A pair of ticks, or None."""
    status_changed = Signal(str)
    """What is under the pointer, in words; "" for nothing."""
    midi_dropped = Signal(Path)
    tool_changed = Signal(str)
    velocity_lane_toggled = Signal(bool)
    viewport_changed = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = RollView(document, self)
        self.commands = Commands(self.view, self)
        self.ruler = Ruler(self.view, self)
        self.part_strip = PartStrip(self.view, self)
        self.keyboard = Keyboard(self.view, self)
        self.canvas = RollCanvas(self.view, self.commands, self)
        self.velocity_lane = VelocityLane(self.view, self)
        self.corner = _Corner(self)
        self.velocity_head = _VelocityHead(self)
        self._vertical = ScrollThumb(self.canvas, Qt.Orientation.Vertical)
        self._horizontal = ScrollThumb(self.canvas, Qt.Orientation.Horizontal)
        self._lay_out()
        self._connect()
        accessibility.install()
        self.setFocusProxy(self.canvas)

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.corner, 0, 0, 2, 1)
        layout.addWidget(self.ruler, 0, 1)
        layout.addWidget(self.part_strip, 1, 1)
        layout.addWidget(self.keyboard, 2, 0)
        layout.addWidget(self.canvas, 2, 1)
        layout.addWidget(self.velocity_head, 3, 0)
        layout.addWidget(self.velocity_lane, 3, 1)
        layout.setRowStretch(2, 1)
        layout.setColumnStretch(1, 1)

    def _connect(self) -> None:
        view = self.view
        view.note_auditioned.connect(self.note_auditioned)
        view.status_changed.connect(self.status_changed)
        view.tool_changed.connect(lambda: self.tool_changed.emit(view.tool))
        view.viewport_changed.connect(self._on_viewport_changed)
        view.notes_changed.connect(self._place_thumbs)
        self.keyboard.note_pressed.connect(self.note_auditioned)
        self.keyboard.row_chosen.connect(self.commands.select_row)
        self.ruler.seek_requested.connect(self.seek_requested)
        self.ruler.loop_requested.connect(self.loop_requested)
        self.canvas.midi_dropped.connect(self.midi_dropped)
        view.document.selection_changed.connect(lambda: accessibility.announce_selection(self.canvas))
        self.canvas.resized.connect(self._place_thumbs)
        self.velocity_head.fold_requested.connect(self.toggle_velocity_lane)
        self._vertical.dragged.connect(self._scroll_to_row)
        self._horizontal.dragged.connect(self._scroll_to_tick)

    # What is shown and how

    def set_tool(self, tool: Tool) -> None:
        self.view.set_tool(tool)

    def set_snap(self, ticks: int | None) -> None:
        """The grid that gestures snap to; None for none."""
        self.view.set_snap(ticks)

    def set_scale(self, scale: Scale | None) -> None:
        """Darken the rows outside a scale."""
        self.view.set_scale(scale)

    def set_color_by(self, color_by: ColorBy) -> None:
        self.view.set_color_by(color_by)

    def set_playhead(self, tick: float) -> None:
        """Cheap enough for every frame."""
        self.view.set_playhead(tick)

    def set_playing(self, *, is_playing: bool) -> None:
        """While something plays, the view follows the playhead and the sounding keys light up."""
        self.view.set_playing(is_playing=is_playing)

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        self.view.set_loop(loop)

    def set_surprise(self, surprise: Mapping[Note, float]) -> None:
        """Bits for each note of the part; a take brings its own."""
        self.view.set_surprise(surprise)

    def set_unknown(self, notes: frozenset[Note]) -> None:
        """Notes that the chosen model never met: hatched."""
        self.view.set_unknown(notes)

    def set_copied(self, notes: frozenset[Note]) -> None:
        """Notes of the part that were also found in a training piece; a take brings its own."""
        self.view.set_copied(notes)

    def show_velocity_lane(self, shown: bool) -> None:  # noqa: FBT001 -- connected to an action's toggled(bool)
        if shown == self.velocity_lane.isVisibleTo(self):
            return
        self.velocity_lane.setVisible(shown)
        self.velocity_head.set_folded(is_folded=not shown)
        self.velocity_lane_toggled.emit(shown)

    def toggle_velocity_lane(self) -> None:
        self.show_velocity_lane(not self.velocity_lane.isVisibleTo(self))

    def ask_how_to_quantise(self) -> None:
        """Open the dialog for strength and ends, and quantise as it says."""
        dialog = QuantiseDialog(self._grid_words(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda strength, ends: self.commands.quantise(strength=strength, ends=ends))
        dialog.open()

    def _grid_words(self) -> str:
        """The grid as a share of a whole note: "1/16", "1/8 triplet"."""
        grid, whole = self.view.snap or DEFAULT_SNAP, 4 * TICKS_PER_QUARTER
        for share in (1, 2, 4, 8, 16, 32, 64):
            if grid * share == whole:
                return f"1/{share}"
            if grid * share * 3 == whole * 2:
                return self.tr("1/{} triplet").format(share)
            if grid * share * 2 == whole * 3:
                return self.tr("dotted 1/{}").format(share)
        return self.tr("{} ticks").format(grid)

    def zoom_in(self) -> None:
        self.view.zoom(_ZOOM_STEP)

    def zoom_out(self) -> None:
        self.view.zoom(1 / _ZOOM_STEP)

    def fit(self) -> None:
        """Show all notes."""
        self.view.fit()

    def reveal(self, tick: float) -> None:
        """Scroll as little as needed to show a tick."""
        self.view.set_viewport(self.view.viewport.revealing(tick))

    # Scrolling

    def _on_viewport_changed(self) -> None:
        self._place_thumbs()
        self.viewport_changed.emit()

    def _place_thumbs(self) -> None:
        view, canvas = self.view.viewport, self.canvas
        self._vertical.setGeometry(canvas.width() - THICKNESS, 0, THICKNESS, canvas.height() - THICKNESS)
        self._horizontal.setGeometry(0, canvas.height() - THICKNESS, canvas.width() - THICKNESS, THICKNESS)
        rows = PITCHES * view.row_height
        self._vertical.show_piece(view.y_offset / rows, view.height / rows)
        whole = self._whole_width()
        self._horizontal.show_piece((view.x_offset + LEFT_MARGIN) / whole, view.width / whole)

    def _whole_width(self) -> float:
        """Pixels from the start to the end of the music, or to what shows if that is further."""
        view = self.view.viewport
        return max(self.view.end * view.pixels_per_tick + 2 * LEFT_MARGIN, view.x_offset + LEFT_MARGIN + view.width, 1)

    def _scroll_to_row(self, share: float) -> None:
        view = self.view.viewport
        self.view.set_viewport(view.scrolled(dy=round(share * PITCHES * view.row_height) - view.y_offset))

    def _scroll_to_tick(self, share: float) -> None:
        view = self.view.viewport
        self.view.set_viewport(view.scrolled(dx=round(share * self._whole_width()) - LEFT_MARGIN - view.x_offset))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel over ruler, keys or velocities does what it does over the notes."""
        at = self.canvas.mapFrom(self, event.position())
        self.canvas.turn_wheel(event, QPointF(max(0.0, at.x()), max(0.0, at.y())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_V and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.toggle_velocity_lane()
        elif event.key() == Qt.Key.Key_Q and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self.ask_how_to_quantise()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_thumbs()


class _Corner(QWidget):
    """The empty place over the keyboard."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedWidth(theme.metric("size.keyboard"))
        theme.events().changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colors.color("bg.panel"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, colors.color("border.subtle"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), colors.color("roll.note_outline"))


class _VelocityHead(QWidget):
    """The name of the velocity lane, which folds and unfolds it."""

    fold_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._is_folded = False
        self._is_hovered = False
        self.setFixedWidth(theme.metric("size.keyboard"))
        self.setFixedHeight(theme.metric("size.velocity_lane"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(self.tr("Fold or unfold the velocities (V)"))
        theme.events().changed.connect(self.update)

    def set_folded(self, *, is_folded: bool) -> None:
        self._is_folded = is_folded
        self.setFixedHeight(_FOLDED_HEIGHT if is_folded else theme.metric("size.velocity_lane"))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colors.color("bg.panel"))
        painter.fillRect(0, 0, self.width(), 1, colors.color("border.subtle"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), colors.color("roll.note_outline"))
        painter.setFont(colors.font("caption"))
        role = "text.primary" if self._is_hovered else "text.secondary"
        painter.setPen(colors.color(role))
        if self._is_folded:
            painter.drawText(QPointF(8, 16), self.tr("Velocity"))
            return
        painter.drawText(QPointF(8, 20), self.tr("Velocity"))
        quiet = "text.secondary" if self._is_hovered else "text.muted"
        colors.draw_icon(painter, "chevron-down", QRectF(8, 59, 14, 14), quiet)
        painter.setPen(colors.color(quiet))
        painter.drawText(QPointF(26, 70), self.tr("fold"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.fold_requested.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self._is_hovered = event.type() == QEvent.Type.Enter
            self.update()
        return super().event(event)
