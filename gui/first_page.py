"""The first start: a seed and a model are ready, so that one key gives music; or a folder begins a model of one's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from core.music.score import Note
from gui import theme
from gui.controls.buttons import ModelButton, PlainButton, QuietButton
from gui.controls.numbers import counted
from gui.controls.text import Card, Chip, Divider, Icon, KeyCap, Text, label

if TYPE_CHECKING:  # the library loads the model's arithmetic, which starting up can do without
    from core.learning.models.library import ModelRecord

_WIDEST = 1256
_TALLEST = 742
_BAR = 1920
_BEAT = 480
_SHOWN_BARS = 8
_BLACK = frozenset({1, 3, 6, 8, 10})


class DemoRoll(QWidget):
    """The seed in the first four bars, and the room for the answer in the next four."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notes: tuple[Note, ...] = ()
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_notes(self, notes: Sequence[Note]) -> None:
        self._notes = tuple(notes)
        self.setAccessibleName(self.tr("The seed melody, {n} notes").format(n=len(notes)))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(566, 120)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()), 6, 6)
        painter.setClipPath(frame)
        width, height = self.width(), self.height()
        low = min((note.pitch for note in self._notes), default=66) - 3
        high = max((note.pitch for note in self._notes), default=79) + 3
        row, per_tick = height / (high - low + 1), width / (_SHOWN_BARS * _BAR)
        for pitch in range(low, high + 1):
            role = "roll.black_row" if pitch % 12 in _BLACK else "roll.white_row"
            painter.fillRect(QRectF(0, (high - pitch) * row, width, row + 1), colors.color(role))
        for beat in range(_SHOWN_BARS * 4 + 1):
            on_bar = beat % 4 == 0
            color = colors.color("roll.bar_line") if on_bar else colors.color("roll.beat_line", alpha=0.6)
            painter.fillRect(QRectF(round(beat * _BEAT * per_tick), 0, 1, height), color)
        room = QRectF(width / 2 + 3, 3, width / 2 - 6, height - 6)
        pen = QPen(colors.color("model.base"), 1.3)
        pen.setDashPattern([5 / 1.3, 4 / 1.3])
        painter.setPen(pen)
        painter.setBrush(colors.color("model.base", alpha=0.06))
        painter.drawRoundedRect(room, 6, 6)
        painter.setPen(colors.color("model.text"))
        painter.setFont(colors.font(weight="medium"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), self.tr("the model answers here"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("you.base"))
        for note in self._notes:
            spot = QRectF(
                note.onset * per_tick + 0.5,
                (high - note.pitch) * row + 0.8,
                max(2.0, note.duration * per_tick - 1.5),
                max(2.0, row - 1.6),
            )
            painter.drawRoundedRect(spot, 2, 2)


class _DropTarget(QWidget):
    """Where a folder belongs, though anywhere will do."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(theme.current().color("border.control"), 2)
        pen.setDashPattern([2.5, 2])
        painter.setPen(pen)
        painter.setBrush(theme.current().color("bg.panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 12, 12)


class _Swatch(QWidget):
    """A small note beside its meaning."""

    def __init__(self, *, is_answer: bool) -> None:
        super().__init__()
        self._is_answer = is_answer
        self.setFixedSize(14, 10)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_answer:
            pen = QPen(theme.current().color("model.base"), 1.3)
            pen.setDashPattern([2, 1.6])
            painter.setPen(pen)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.7, 0.7, -0.7, -0.7), 4, 4)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.current().color("you.base"))
            painter.drawRoundedRect(self.rect(), 2, 2)


class FirstPage(QScrollArea):
    """Emits what is chosen; the window does it."""

    continue_requested = Signal()
    play_requested = Signal()
    folder_requested = Signal()
    samples_requested = Signal()
    open_requested = Signal()
    empty_requested = Signal()
    keys_requested = Signal()
    shown_at_start_changed = Signal(bool)

    def __init__(self, *, shown_at_start: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._record: ModelRecord | None = None
        self._knows_models = False
        self._has_seed = True
        self.demo = DemoRoll()
        self.continue_button = ModelButton(self.tr("Continue this melody"), icon="chevrons-right")
        self.play_button = PlainButton(self.tr("Play the seed"), icon="play", icon_size=15, size="primary")
        self.folder_button = PlainButton(self.tr("Choose a folder"), icon="folder-plus", icon_size=17, size="primary")
        self.samples_button = PlainButton(self.tr("Use the sample pieces"), icon="music", icon_size=17, size="primary")
        self.open_button = QuietButton(self.tr("Open a .mid file as the seed"), icon="file-music")
        self.empty_button = QuietButton(self.tr("Start with an empty piano roll"), icon="piano")
        self.keys_button = QuietButton(self.tr("Keyboard shortcuts"), icon="keyboard", shortcut="?")
        self.shown_at_start = QCheckBox(self.tr("Show this page at start"))
        self.shown_at_start.setChecked(shown_at_start)
        self.setWidget(self._page())
        self._connect()

    def set_seed(self, notes: Sequence[Note]) -> None:
        """What would be continued; without any the page says so rather than offering it."""
        self.demo.set_notes(notes)
        self._has_seed = bool(notes)
        self.play_button.setEnabled(self._has_seed)
        self._show_offer()

    def set_model(self, record: "ModelRecord | None") -> None:
        """The model that would answer; without any the page says so rather than offering it."""
        self._record, self._knows_models = record, True
        self._show_offer()

    def _show_offer(self) -> None:
        record = self._record
        if not self._knows_models:
            self.continue_button.setEnabled(self._has_seed)
            return
        self.continue_button.setEnabled(record is not None and self._has_seed)
        self.continue_button.setToolTip(
            "" if record else self.tr("The starter model is missing. Train one of your own.")
        )
        if not self._has_seed:
            chip, answer = "", self.tr("No melody is waiting. Open one, or start with an empty piano roll.")
        elif record is None:
            chip, answer = "", self.tr("A blue seed melody is waiting.")
        elif record.is_starter:
            chip = self.tr("starter model, learnt from {melodies}")
            answer = self.tr("A blue seed melody is waiting. The starter model answers in amber.")
        else:
            chip = self.tr("your model, learnt from {pieces}")
            answer = self.tr("A blue seed melody is waiting. “{name}” answers in amber.").format(name=record.name)
        pieces = record.pieces if record else 0
        self._model_words.set_text(
            chip.format(
                melodies=counted(pieces, "sample melody", "sample melodies"), pieces=counted(pieces, "piece", "pieces")
            )
        )
        self._model_words.setVisible(bool(chip) and pieces > 0)
        self._answer_words.setText(answer)

    def set_playing(self, *, playing: bool) -> None:
        self.play_button.set_icon("pause" if playing else "play")
        self.play_button.set_text(self.tr("Pause") if playing else self.tr("Play the seed"))

    def focus(self) -> None:
        """Put the keyboard on the button that gives music."""
        button = self.continue_button if self.continue_button.isEnabled() else self.folder_button
        button.setFocus(Qt.FocusReason.ShortcutFocusReason)
        button.show_ring()  # before the window is shown, Qt forgets the reason

    def _page(self) -> QWidget:
        page = QWidget()
        page.setMaximumSize(_WIDEST, _TALLEST)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 16, 0, 16)
        column.setSpacing(0)
        column.addWidget(label(self.tr("Write four bars. Hear your own model carry on."), "hero", "semibold"))
        column.addSpacing(6)
        column.addWidget(
            label(
                self.tr(
                    "Ritornello learns from MIDI files you choose. It works offline, and your music stays on this computer."
                ),
                15,
                role="text.secondary",
            )
        )
        column.addSpacing(26)
        panels = QGridLayout()
        panels.setHorizontalSpacing(24)
        panels.addWidget(self._try_panel(), 0, 0)
        panels.addWidget(self._drop_panel(), 0, 1)
        panels.setColumnStretch(0, 1)
        panels.setColumnStretch(1, 1)
        column.addLayout(panels, 1)
        column.addSpacing(28)
        column.addLayout(self._steps())
        column.addSpacing(24)
        column.addWidget(Divider())
        column.addSpacing(14)
        column.addLayout(self._foot())
        around = QWidget()
        outer = QHBoxLayout(around)
        outer.setContentsMargins(32, 0, 32, 0)
        middle = QVBoxLayout()
        middle.addStretch(1)
        middle.addWidget(page, 100)
        middle.addStretch(2)
        outer.addStretch(1)
        outer.addLayout(middle, 100)
        outer.addStretch(1)
        return around

    def _try_panel(self) -> QWidget:
        panel = Card(radius=12)
        panel.setMaximumHeight(484)
        column = QVBoxLayout(panel)
        column.setContentsMargins(24, 22, 24, 24)
        column.setSpacing(0)
        title = QHBoxLayout()
        title.setSpacing(10)
        title.addWidget(label(self.tr("Try it now"), "verdict", "semibold"))
        self._model_words = Chip("")
        self._model_words.hide()  # until the models are read
        title.addWidget(self._model_words)
        title.addStretch(1)
        column.addLayout(title)
        column.addSpacing(4)
        self._answer_words = label(
            self.tr("A blue seed melody is waiting. The model answers in amber."), role="text.secondary"
        )
        column.addWidget(self._answer_words)
        column.addSpacing(14)
        column.addWidget(self.demo, 1)
        column.addSpacing(10)
        legend = QHBoxLayout()
        legend.setSpacing(6)
        for is_answer, words in ((False, self.tr("the seed, 4 bars")), (True, self.tr("room for the answer, 4 bars"))):
            legend.addWidget(_Swatch(is_answer=is_answer))
            legend.addWidget(label(words, "caption", role="text.secondary"))
            legend.addSpacing(10)
        legend.addStretch(1)
        column.addLayout(legend)
        column.addSpacing(20)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addWidget(self.continue_button)
        buttons.addWidget(self.play_button)
        buttons.addStretch(1)
        buttons.addWidget(label(self.tr("or press"), "caption", role="text.muted"))
        buttons.addWidget(KeyCap("G", role="text.muted"))
        column.addLayout(buttons)
        return panel

    def _drop_panel(self) -> QWidget:
        panel = _DropTarget()
        panel.setMaximumHeight(484)
        column = QVBoxLayout(panel)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(Icon("folder-open", size=52), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(14)
        for words, size, weight, role, gap in (
            (self.tr("Drop a folder of MIDI files here"), "verdict", "semibold", "text.primary", 4),
            (
                self.tr("or a .zip, or single .mid files. Anywhere in the window will do.")
                + "\n"
                + self.tr("Thirty pieces or more in one style work well."),
                "body",
                "regular",
                "text.secondary",
                24,
            ),
        ):
            text = Text(words, size=size, weight="semibold" if weight == "semibold" else "regular", role=role)
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(text)
            column.addSpacing(gap)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(self.folder_button)
        buttons.addWidget(self.samples_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addSpacing(24)
        small = Text(
            self.tr("You will see which files were kept, repaired or left out, and why.")
            + "\n"
            + self.tr("The sample pieces are in the public domain."),
            size="caption",
            role="text.muted",
        )
        small.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(small)
        column.addStretch(1)
        return panel

    def _steps(self) -> QHBoxLayout:
        steps = QHBoxLayout()
        steps.setSpacing(24)
        for number, (icon, title, words) in enumerate(
            (
                ("library", self.tr("Pieces"), self.tr("Bring MIDI files in. See and hear what is in them.")),
                ("graduation-cap", self.tr("Train"), self.tr("It learns them in about 10 minutes. Listen in.")),
                ("piano", self.tr("Compose"), self.tr("Sketch a seed, get several takes, keep one, export .mid.")),
            ),
            start=1,
        ):
            if number > 1:
                line = Divider(upright=True)
                line.setFixedHeight(36)
                steps.addWidget(line)
            step = QHBoxLayout()
            step.setSpacing(14)
            step.addWidget(Icon(icon, size=18), 0, Qt.AlignmentFlag.AlignTop)
            texts = QVBoxLayout()
            texts.setSpacing(1)
            texts.addWidget(label(f"{number}. {title}", weight="medium"))
            texts.addWidget(Text(words, size="caption", role="text.secondary", wraps=True))
            texts.addStretch(1)
            step.addLayout(texts, 1)
            steps.addLayout(step, 1)
        return steps

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(4)
        for button in (self.open_button, self.empty_button, self.keys_button):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.shown_at_start)
        return foot

    def _connect(self) -> None:
        self.continue_button.clicked.connect(self.continue_requested)
        self.play_button.clicked.connect(self.play_requested)
        self.folder_button.clicked.connect(self.folder_requested)
        self.samples_button.clicked.connect(self.samples_requested)
        self.open_button.clicked.connect(self.open_requested)
        self.empty_button.clicked.connect(self.empty_requested)
        self.keys_button.clicked.connect(self.keys_requested)
        self.shown_at_start.toggled.connect(self.shown_at_start_changed)
