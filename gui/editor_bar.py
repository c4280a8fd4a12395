"""The bar over the piano roll: tools, snap, scale, what colours mean, undo, zoom. Drops words where room is short."""

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.music.pitch import Scale
from core.music.score import TICKS_PER_QUARTER
from gui import theme
from gui.actions import Actions
from gui.controls.buttons import IconButton
from gui.controls.fields import Combo
from gui.controls.segments import Segment, Segments
from gui.controls.text import Divider, Icon, Surface, Text

ColorBy = Literal["origin", "surprise", "copied"]

_WHOLE = 4 * TICKS_PER_QUARTER
SNAPS: tuple[tuple[str, int | None], ...] = (
    ("1/1", _WHOLE),
    ("1/2", _WHOLE // 2),
    ("1/4", _WHOLE // 4),
    ("1/8", _WHOLE // 8),
    ("1/16", _WHOLE // 16),
    ("1/32", _WHOLE // 32),
    ("1/4T", _WHOLE // 6),
    ("1/8T", _WHOLE // 12),
    ("1/16T", _WHOLE // 24),
    ("Off", None),
)
_SHADED = ("major", "minor", "harmonic minor", "melodic minor", "dorian", "mixolydian")
_ROOM_FOR_WORDS, _ROOM_FOR_LEGEND, _ROOM_FOR_SCALE = 880, 1060, 800
"""Widths under which the words before the fields go, the legend, and the scale's name is cut short."""


class Legend(QWidget):
    """What the colours of the notes say now."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._color_by: ColorBy = "origin"
        self.setFont(theme.current().font("caption"))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_color_by(self, color_by: ColorBy) -> None:
        self._color_by = color_by
        self.updateGeometry()
        self.update()

    def _words(self) -> tuple[str, str]:
        return {
            "origin": (self.tr("Yours"), self.tr("Model")),
            "surprise": (self.tr("expected"), self.tr("surprising")),
            "copied": (self.tr("own"), self.tr("also in a training piece")),
        }[self._color_by]

    def sizeHint(self) -> QSize:
        first, second = self._words()
        metrics = self.fontMetrics()
        swatches = 9 * 14 + 24 if self._color_by == "surprise" else 2 * 20 + 12
        return QSize(metrics.horizontalAdvance(first) + metrics.horizontalAdvance(second) + swatches + 4, 22)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        middle = self.height() / 2
        first, second = self._words()
        words = colors.color("text.secondary")
        align = int(Qt.AlignmentFlag.AlignVCenter)
        left = 0.0

        def write(text: str) -> None:
            nonlocal left
            painter.setPen(words)
            painter.drawText(QRectF(left, 0, self.width(), self.height()), align, text)
            left += self.fontMetrics().horizontalAdvance(text)

        def swatch(role: str, radius: float) -> None:
            nonlocal left
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color(role))
            painter.drawRoundedRect(QRectF(left, middle - 5, 14, 10), radius, radius)
            left += 20

        if self._color_by == "surprise":
            write(first)
            left += 12
            painter.setPen(Qt.PenStyle.NoPen)
            for step in range(9):
                painter.fillRect(QRectF(left, middle - 5, 14, 10), colors.color(f"surprise.{step}"))
                left += 14
            left += 12
            write(second)
            return
        swatch("you.base", 2)
        write(first)
        left += 12
        swatch("model.base" if self._color_by == "origin" else "copied.base", 5)
        write(second)


class EditorBar(Surface):
    """44 high; emits choices, follows the actions."""

    tool_chosen = Signal(str)
    snap_chosen = Signal(object)
    """Ticks, or None for no snap."""
    scale_chosen = Signal(object)
    """A Scale to shade by, or None."""
    color_chosen = Signal(str)

    def __init__(self, actions: Actions, *, parent: QWidget | None = None) -> None:
        super().__init__("bg.panel", edges="b", parent=parent)
        self.setFixedHeight(theme.metric("size.editor_bar"))
        self.tools = Segments(
            [
                Segment(tool, icon=icon, tip=actions[f"tool_{tool}"].toolTip())
                for tool, icon in (("select", "mouse-pointer-2"), ("draw", "pencil"), ("erase", "eraser"))
            ],
            small=True,
            name=self.tr("Tool"),
        )
        self.snap = Combo(name=self.tr("Snap"))
        for words, ticks in SNAPS:
            self.snap.addItem(words if ticks else self.tr("Off"), ticks)
        self.snap.setCurrentIndex(4)
        self.snap.setToolTip(self.tr("The grid that notes snap to; hold Alt to be free of it"))
        self.scale = Combo(name=self.tr("Scale"))
        self.scale.addItem(self.tr("None"), None)
        for kind in _SHADED:
            for tonic in range(12):
                scale = Scale(tonic, kind)
                self.scale.addItem(scale.name, scale)
        self.scale.setToolTip(self.tr("Darkens the rows outside of a scale"))
        self.scale.setSizeAdjustPolicy(Combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.scale.setMinimumContentsLength(11)
        self.color_by = Segments(
            [
                Segment("origin", self.tr("Origin"), tip=self.tr("Blue is yours, amber is the model's")),
                Segment("surprise", self.tr("Surprise"), tip=self.tr("How surprising each note is to the model")),
                Segment("copied", self.tr("Copied"), tip=self.tr("Notes that are also found in a training piece")),
            ],
            small=True,
            name=self.tr("Colour by"),
        )
        self.legend = Legend()
        self._snap_words = Text(self.tr("Snap"), role="text.secondary")
        self._scale_words = Text(self.tr("Scale"), role="text.secondary")
        self._color_words = Text(self.tr("Colour by"), role="text.secondary")
        self._build(actions)
        self._connect()

    def _build(self, actions: Actions) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self.tools)
        row.addWidget(Divider(upright=True))
        row.addWidget(Icon("magnet", size=15))
        row.addWidget(self._snap_words)
        row.addWidget(self.snap)
        row.addWidget(self._scale_words)
        row.addWidget(self.scale)
        self._line = Divider(upright=True)
        row.addWidget(self._line)
        row.addWidget(self._color_words)
        row.addWidget(self.color_by)
        row.addSpacing(4)
        row.addWidget(self.legend)
        row.addStretch(1)
        for index, name in enumerate(("undo", "redo", "zoom_out", "zoom_in")):
            if index == 2:
                row.addWidget(Divider(upright=True))
            icon = {"undo": "undo-2", "redo": "redo-2"}.get(name, name.replace("_", "-"))
            button = IconButton(icon, "", size=28)
            button.follow(actions[name])
            button.setAccessibleName(actions[name].text())
            row.addWidget(button)

    def _connect(self) -> None:
        self.tools.chosen.connect(self.tool_chosen)
        self.snap.activated.connect(lambda _index: self.snap_chosen.emit(self.snap.currentData()))
        self.scale.activated.connect(lambda _index: self.scale_chosen.emit(self.scale.currentData()))
        self.color_by.chosen.connect(self.color_chosen)
        self.color_by.chosen.connect(self.legend.set_color_by)

    def set_tool(self, tool: str) -> None:
        self.tools.set_current(tool)

    def show_scale(self, scale: Scale | None) -> None:
        """Show a scale as chosen, silently."""
        index = self.scale.findText(scale.name) if scale is not None else 0
        if index >= 0:
            self.scale.setCurrentIndex(index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self.width()
        for words in (self._snap_words, self._scale_words, self._color_words):
            words.setVisible(width >= _ROOM_FOR_WORDS)
        self.legend.setVisible(width >= _ROOM_FOR_LEGEND)
        self.scale.setMaximumWidth(200 if width >= _ROOM_FOR_SCALE else 104)

    def minimumSizeHint(self) -> QSize:
        return QSize(560, theme.metric("size.editor_bar"))
