"""The bar at the top: the mark, the workspaces, the transport with its readout, running training, and the volume."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from core.music.score import Metre, Score, Tempo
from core.music.timing import metre_at, position_at, tempo_at
from gui import theme
from gui.actions import Actions
from gui.controls.buttons import IconButton
from gui.controls.focus import KeyboardFocus
from gui.controls.segments import Segment, Segments
from gui.controls.slider import Slider
from gui.controls.text import Icon, Surface, Text

_NARROW = 1400
"""Below this width the training pill says less."""
_QUARTERS_OF_A_BEAT = 4


class Mark(QWidget):
    """Ritornello's sign: a repeat that closes, two amber dots and two bars."""

    def __init__(self, size: int = 22, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_mark(painter, self.width())


def draw_mark(painter: QPainter, size: float) -> None:
    """Draw the sign into a square at the painter's origin."""
    colors = theme.current()
    painter.save()
    painter.scale(size / 22, size / 22)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.color("model.base"))
    for y in (8, 14):
        painter.drawEllipse(QPointF(4, y), 2.1, 2.1)
    painter.fillRect(QRectF(9, 2, 2, 18), colors.color("text.primary"))
    painter.fillRect(QRectF(14, 2, 5.5, 18), colors.color("text.primary"))
    painter.restore()


class Readout(QWidget):
    """Where the playhead is, the tempo and the metre there; a click on the tempo or the metre asks to change it."""

    tempo_clicked = Signal()
    metre_clicked = Signal()

    _WIDTHS = (92, 86, 52)

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._position = "1 . 1 . 1"
        self._tempo = Tempo(0, 500_000)
        self._metre = Metre(0, 4, 4)
        self.setFixedSize(sum(self._WIDTHS) + 4, 34)
        self.setToolTip(
            self.tr("Bar . beat . quarter of the beat; tempo; metre. Click the tempo or the metre to set it")
        )
        self.setAccessibleName(self.tr("Position, tempo and metre"))

    def show_place(self, score: Score, tick: float) -> None:
        """Bar, beat and quarter of the beat at `tick`, and what holds there."""
        place = position_at(score, int(tick))
        metre, tempo = metre_at(score, int(tick)), tempo_at(score, int(tick))
        quarter = place.tick * _QUARTERS_OF_A_BEAT // metre.beat_duration + 1
        position = f"{place.bar} . {place.beat} . {quarter}"
        if (position, tempo, metre) != (self._position, self._tempo, self._metre):
            self._position, self._tempo, self._metre = position, tempo, metre
            self.setAccessibleDescription(
                f"{position}, {tempo.quarters_per_minute:g}, {metre.numerator}/{metre.denominator}"
            )
            self.update()

    @property
    def words(self) -> tuple[str, str, str]:
        """Position, tempo and metre as shown."""
        return (
            self._position,
            f"{self._tempo.quarters_per_minute:.0f}",
            f"{self._metre.numerator} / {self._metre.denominator}",
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if event.button() == Qt.MouseButton.LeftButton and x > self._WIDTHS[0]:
            (self.tempo_clicked if x < self._WIDTHS[0] + self._WIDTHS[1] + 2 else self.metre_clicked).emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setPen(QPen(colors.color("border.medium"), 1))
        painter.setBrush(colors.color("bg.inset"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        position, tempo, metre = self.words
        middle = int(Qt.AlignmentFlag.AlignCenter)
        left = 1.0
        for index, width in enumerate(self._WIDTHS):
            if index:
                painter.fillRect(QRectF(left, 1, 1, self.height() - 2), colors.color("border.subtle"))
                left += 1
            room = QRectF(left, 0, width, self.height())
            painter.setPen(colors.color("text.primary"))
            if index == 0:
                painter.setFont(colors.font("title", "semibold", tabular=True))
                painter.drawText(room, middle, position)
            elif index == 1:
                self._draw_tempo(painter, room, tempo)
            else:
                painter.setFont(colors.font(weight="medium", tabular=True))
                painter.drawText(room, middle, metre)
            left += width

    def _draw_tempo(self, painter: QPainter, room: QRectF, tempo: str) -> None:
        colors = theme.current()
        number, unit = colors.font(weight="medium", tabular=True), colors.font("caption")
        painter.setFont(unit)
        unit_width = painter.fontMetrics().horizontalAdvance("BPM")
        painter.setFont(number)
        number_width = painter.fontMetrics().horizontalAdvance(tempo)
        left = room.left() + (room.width() - number_width - 4 - unit_width) / 2
        painter.drawText(QRectF(left, 0, number_width + 2, room.height()), int(Qt.AlignmentFlag.AlignVCenter), tempo)
        painter.setFont(unit)
        painter.setPen(colors.color("text.muted"))
        painter.drawText(
            QRectF(left + number_width + 4, 0, unit_width + 2, room.height()), int(Qt.AlignmentFlag.AlignVCenter), "BPM"
        )


class JobPill(KeyboardFocus, QAbstractButton):
    """What trains in the background, on a pill; a click leads to it."""

    focus_radius = 17

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fraction = 0.0
        self._title = ""
        self._details = ""
        self._is_short = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.tr("Show the training"))
        self.setFont(theme.current().font(tabular=True))

    def show_job(self, fraction: float, title: str, details: str) -> None:
        self._fraction, self._title, self._details = fraction, title, details
        self.setAccessibleName(f"{title} {details}")
        self.updateGeometry()
        self.update()

    def set_short(self, *, short: bool) -> None:
        if short != self._is_short:
            self._is_short = short
            self.updateGeometry()

    def _words(self) -> tuple[str, str]:
        return self._title, "" if self._is_short else self._details

    def sizeHint(self) -> QSize:
        title, details = self._words()
        metrics = self.fontMetrics()
        width = 9 + 18 + 9 + metrics.horizontalAdvance(title) + 4 + 12
        if details:
            width += 9 + metrics.horizontalAdvance(details)
        return QSize(width, 34)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setPen(QPen(colors.color("model.dim"), 1) if self.underMouse() else Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("model.wash"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 17, 17)
        circle = QRectF(11, 10, 14, 14)
        pen = QPen(colors.color("model.dim"), 2.6)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        painter.drawEllipse(circle)
        pen.setColor(colors.color("model.base"))
        painter.setPen(pen)
        painter.drawArc(circle, 90 * 16, -round(self._fraction * 360 * 16))
        title, details = self._words()
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(colors.color("model.text"))
        painter.setFont(colors.font(weight="medium"))
        painter.drawText(self.rect().adjusted(36, 0, 0, 0), middle, title)
        left = 36 + painter.fontMetrics().horizontalAdvance(title) + 9
        painter.setFont(colors.font(tabular=True))
        painter.setPen(colors.color("text.secondary"))
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), middle, details)


class TransportBar(Surface):
    """54 high. Emits what is asked for; shows what it is told."""

    workspace_chosen = Signal(str)
    """"pieces", "train" or "compose"."""
    volume_changed = Signal(float)
    job_clicked = Signal()
    tempo_clicked = Signal()
    metre_clicked = Signal()
    sound_check_requested = Signal()

    def __init__(self, actions: Actions, *, volume: float = 0.7, parent: QWidget | None = None) -> None:
        super().__init__("bg.panel", edges="tb", parent=parent)
        self.setFixedHeight(theme.metric("size.top_bar"))
        self._volume_before = volume
        self.workspaces = Segments(
            [
                Segment("pieces", self.tr("Pieces"), "library", self.tr("The pieces you brought in  (Ctrl+1)")),
                Segment("train", self.tr("Train"), "graduation-cap", self.tr("Let a model learn them  (Ctrl+2)")),
                Segment("compose", self.tr("Compose"), "piano", self.tr("Write a seed, hear it continued  (Ctrl+3)")),
            ],
            current="compose",
            rechooses=True,
            name=self.tr("Workspace"),
        )
        self.readout = Readout()
        self.pill = JobPill()
        self.pill.hide()
        self.play_button = IconButton("play", "", icon_size=18, kind="plain")
        self.play_button.setFixedSize(44, 30)
        self._build(actions, volume)
        self._connect()

    def _build(self, actions: Actions, volume: float) -> None:
        left = QHBoxLayout()
        left.setSpacing(14)
        left.addWidget(Mark())
        left.addWidget(self.workspaces)
        middle = QHBoxLayout()
        middle.setSpacing(6)
        for name in ("to_start", "play", "loop", "metronome"):
            icon = {"to_start": "skip-back", "play": "play", "loop": "repeat", "metronome": "metronome"}[name]
            button = self.play_button if name == "play" else IconButton(icon, "", icon_size=18)
            button.follow(actions[name])
            button.setAccessibleName(actions[name].text())
            middle.addWidget(button)
        middle.addSpacing(8)
        middle.addWidget(self.readout)
        right = QHBoxLayout()
        right.setSpacing(14)
        right.addStretch(1)
        right.addWidget(self.pill)
        self._no_sound = QWidget()
        words = QHBoxLayout(self._no_sound)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(7)
        words.addWidget(Icon("volume-x", role="status.warning", size=17))
        self._no_sound_words = Text(self.tr("No sound device"), role="status.warning")
        words.addWidget(self._no_sound_words)
        self._check_again = IconButton("refresh-cw", self.tr("Look for a sound device again"), icon_size=15, size=28)
        words.addWidget(self._check_again)
        self._no_sound.hide()
        self._sound = QWidget()
        self._sound.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        volume_row = QHBoxLayout(self._sound)
        volume_row.setContentsMargins(0, 0, 0, 0)
        volume_row.setSpacing(5)
        self._mute = IconButton("volume-2", self.tr("Mute"), icon_size=17, size=28)
        self.volume = Slider(0, 1, 0.05, value=volume, role="neutral", thumb=12, name=self.tr("Volume"))
        self.volume.setFixedWidth(84)
        volume_row.addWidget(self._mute)
        volume_row.addWidget(self.volume)
        self._show_volume(volume)
        right.addWidget(self._no_sound)
        right.addWidget(self._sound)
        help_button = IconButton("circle-question-mark", "", icon_size=18)
        help_button.follow(actions["keys"])
        help_button.setAccessibleName(actions["keys"].text())
        right.addWidget(help_button)
        row = QGridLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setHorizontalSpacing(16)
        row.addLayout(left, 0, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(middle, 0, 1)
        row.addLayout(right, 0, 2)
        row.setColumnStretch(0, 1)
        row.setColumnStretch(2, 1)

    def _connect(self) -> None:
        self.workspaces.chosen.connect(self.workspace_chosen)
        self.pill.clicked.connect(self.job_clicked)
        self.volume.changed.connect(self._on_volume)
        self._mute.clicked.connect(self._on_mute)
        self._check_again.clicked.connect(self.sound_check_requested)
        self.readout.tempo_clicked.connect(self.tempo_clicked)
        self.readout.metre_clicked.connect(self.metre_clicked)

    def show_playing(self, *, playing: bool) -> None:
        self.play_button.set_icon("pause" if playing else "play")
        self.play_button.setCheckable(True)
        self.play_button.setChecked(playing)

    def show_job(self, fraction: float | None, title: str = "", details: str = "") -> None:
        """Show what trains, from 0 to 1; None: nothing does."""
        self.pill.setVisible(fraction is not None)
        if fraction is not None:
            self.pill.show_job(fraction, title, details)

    def show_sound(self, *, available: bool, sentence: str = "") -> None:
        """Say quietly that there is no sound device, or show the volume."""
        self._no_sound.setVisible(not available)
        self._no_sound.setToolTip(sentence)
        self._sound.setVisible(available)

    def _show_volume(self, volume: float) -> None:
        self._mute.set_icon("volume-2" if volume > 0 else "volume-x")
        self._mute.set_tip(self.tr("Mute") if volume > 0 else self.tr("Sound on"))

    def _on_volume(self, volume: float) -> None:
        self._show_volume(volume)
        self.volume_changed.emit(volume)

    def _on_mute(self) -> None:
        if self.volume.value > 0:
            self._volume_before = self.volume.value
            self.volume.set_value(0)
        else:
            self.volume.set_value(self._volume_before or 0.7)
        self._on_volume(self.volume.value)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.pill.set_short(short=self.width() < _NARROW)
