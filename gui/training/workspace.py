"""The Train workspace: settings at the left; at the right the verdict, how far it is, the curves and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from core.learning.models.progress import EpochDone, TrainingProgress
from gui.controls.buttons import Button, ModelButton, PlainButton, QuietButton
from gui.controls.numbers import about, span
from gui.controls.progress import ProgressLine, ProgressRing
from gui.controls.segments import Segment, Segments
from gui.controls.text import Card, Icon, Surface, Text
from gui.training.answers import Answer
from gui.training.epochs_strip import EpochsStrip
from gui.training.loss_chart import LossChart
from gui.training.settings_panel import SettingsPanel
from gui.training.verdict import best_of, verdict

Phase = Literal["idle", "preparing", "training", "paused", "stopping", "cancelling", "done", "failed"]
_NARROW = 1280
"""Under this width the buttons go beneath the verdict."""
_RUNNING: tuple[Phase, ...] = ("preparing", "training", "paused", "stopping", "cancelling")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A training that broke off and can go on."""

    model_id: str
    name: str
    epoch: int
    epochs: int


class TrainWorkspace(QSplitter):
    """Shows one training; emits what the user wants of it. `controller.py` does it."""

    train_requested = Signal()
    pause_requested = Signal()
    continue_requested = Signal()
    stop_requested = Signal()
    cancel_requested = Signal()
    resume_requested = Signal(str)
    """Id of the unfinished training to go on with."""
    discard_requested = Signal(str)
    compose_requested = Signal()
    pieces_requested = Signal()
    """There is nothing to learn from: show Pieces."""
    answer_play_requested = Signal(object)
    """An Answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self._phase: Phase = "idle"
        self._history: tuple[EpochDone, ...] = ()
        self._epochs = 0
        self._held_out_pieces = 0
        self._counting_loss = float("inf")
        self._ending: tuple[str, str] = ("", "")
        self.settings = SettingsPanel()
        self.chart = LossChart()
        self.strip = EpochsStrip(self._place_of)
        self.addWidget(self.settings)
        self.addWidget(self._main())
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        self.setSizes([316, 1284])
        self._connect()
        self._look()

    def _main(self) -> QWidget:
        body = Surface("bg.window")
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 18, 24, 14)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addSpacing(10)
        self._unfinished = QVBoxLayout()
        self._unfinished.setSpacing(8)
        column.addLayout(self._unfinished)
        column.addWidget(self._progress_row())
        column.addSpacing(12)
        column.addLayout(self._chart_head())
        column.addSpacing(4)
        column.addWidget(self.chart, 1)
        column.addWidget(self.strip)
        column.addLayout(self._foot())
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setMinimumWidth(640)
        return scroll

    def _head(self) -> QWidget:
        head = QWidget()
        head.setMinimumHeight(74)
        self._head_grid = QGridLayout(head)
        self._head_grid.setContentsMargins(0, 0, 0, 0)
        self._head_grid.setHorizontalSpacing(24)
        self._head_grid.setVerticalSpacing(8)
        self._head_grid.setColumnStretch(0, 1)
        words = QVBoxLayout()
        words.setSpacing(4)
        title = QHBoxLayout()
        title.setSpacing(10)
        self._icon = Icon("graduation-cap", size=20)
        self._ring = ProgressRing(20)
        self._title = Text("", size="verdict", weight="semibold", wraps=True)
        title.addWidget(self._icon)
        title.addWidget(self._ring)
        title.addWidget(self._title, 1)
        words.addLayout(title)
        self._sentences = Text("", role="text.secondary", wraps=True)
        self._sentences.setMaximumWidth(760)
        self._sentences.setContentsMargins(30, 0, 0, 0)
        words.addWidget(self._sentences)
        words.addStretch(1)
        self._head_grid.addLayout(words, 0, 0)
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(8)
        buttons.addStretch(1)
        self.cancel = QuietButton(self.tr("Cancel"))
        self.cancel.setToolTip(self.tr("End the training and keep nothing of it"))
        self.pause = PlainButton(self.tr("Pause"), icon="pause", size="primary")
        self.pause.setToolTip(self.tr("Hold the training; the computer is all yours until it goes on"))
        self.go_on = PlainButton(self.tr("Go on"), icon="play", size="primary")
        self.stop = ModelButton("", icon="square", icon_size=13)
        self.stop.setToolTip(self.tr("End here; the best epoch so far becomes the model"))
        self.train = ModelButton(self.tr("Train"), icon="graduation-cap")
        self.pieces = PlainButton(self.tr("Bring in pieces"), icon="folder-plus", size="primary")
        for button in (self.cancel, self.pause, self.go_on, self.stop, self.pieces, self.train):
            buttons.addWidget(button)
        self._head_grid.addWidget(self._buttons, 0, 1, Qt.AlignmentFlag.AlignTop)
        return head

    def _progress_row(self) -> QWidget:
        self._progress = QWidget()
        self._progress.setFixedHeight(22)
        row = QHBoxLayout(self._progress)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        self._line = ProgressLine()
        self._epoch_words = Text("", weight="medium")
        self._time_words = Text("", role="text.secondary")
        row.addWidget(self._line, 1)
        row.addWidget(self._epoch_words)
        row.addWidget(self._time_words)
        return self._progress

    def _chart_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(Text(self.tr("Hear it learn"), size="title", weight="semibold"))
        row.addWidget(
            Text(self.tr("How unsure it is about the next note. Lower is better."), role="text.secondary", elides=True),
            1,
        )
        info = Icon("info", role="text.muted", size=14)
        info.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, on=False)
        info.setToolTip(
            self.tr(
                "2 notes: as unsure as between two equally likely notes. Each line down is one bit less: half as many to "
                "choose from. Technical name: cross-entropy."
            )
        )
        row.addWidget(info)
        self.fields = Segments(
            (
                Segment(
                    "together", self.tr("Together"), tip=self.tr("When, which pitch, how long and how loud, all in one")
                ),
                Segment("pitch", self.tr("Pitch"), tip=self.tr("The pitch alone")),
                Segment("length", self.tr("Length"), tip=self.tr("The length alone, given the pitch")),
            ),
            small=True,
            name=self.tr("Curves of"),
        )
        row.addWidget(self.fields)
        return row

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(6)
        self._copied_swatch = _Swatch()
        self._copied_words = Text(self.tr("also found in a piece it studies"), size="caption", role="text.muted")
        row.addWidget(self._copied_swatch)
        row.addWidget(self._copied_words)
        row.addStretch(1)
        self.compose = PlainButton("", icon="arrow-right", icon_size=14, size="compact")
        row.addWidget(self.compose)
        return row

    def _connect(self) -> None:
        self.train.clicked.connect(self.train_requested)
        self.pause.clicked.connect(self.pause_requested)
        self.go_on.clicked.connect(self.continue_requested)
        self.stop.clicked.connect(self._on_stop)
        self.cancel.clicked.connect(self.cancel_requested)
        self.compose.clicked.connect(self.compose_requested)
        self.pieces.clicked.connect(self.pieces_requested)
        self.strip.play_requested.connect(self.answer_play_requested)
        self.fields.chosen.connect(self.chart.set_field)
        self.settings.changed.connect(self._look)

    # What the controller tells it

    @property
    def phase(self) -> Phase:
        return self._phase

    @property
    def is_running(self) -> bool:
        return self._phase in _RUNNING

    def show_start(self) -> None:
        """A training was asked for: its settings are locked, the curves are empty."""
        self._history = ()
        self._held_out_pieces = 0
        self._counting_loss = float("inf")
        self._line.set_fraction(0)
        self._epoch_words.setText("")
        self._time_words.setText("")
        self.chart.show_history((), epochs=1)
        self.chart.set_marked(())
        self.strip.show_answers(())
        self.settings.set_locked(locked=True)
        self.set_phase("preparing")

    def set_phase(self, phase: Phase) -> None:
        """What is going on."""
        self._phase = phase
        if phase not in _RUNNING:
            self.settings.set_locked(locked=False)
        self._look()

    def show_plan(self, *, epochs: int, held_out_pieces: int, counting_loss: float = float("inf")) -> None:
        """What the run will do, once it is known, and the loss of plain counting, which it has to beat."""
        self._epochs, self._held_out_pieces, self._counting_loss = epochs, held_out_pieces, counting_loss
        self.chart.show_history(self._history, epochs=epochs)
        self._look()

    def show_progress(self, progress: TrainingProgress) -> None:
        """Where it stands within an epoch."""
        share = progress.batch / max(1, progress.batches)
        self._line.set_fraction((progress.epoch - 1 + share) / max(1, progress.epochs))
        self._ring.set_fraction(self._line.fraction)
        self._epoch_words.setText(
            self.tr("Epoch {epoch} of {epochs}").format(epoch=progress.epoch, epochs=progress.epochs)
        )
        so_far = self.tr("{time} so far").format(time=span(progress.elapsed_s))
        left = self.tr("about {time} left").format(time=about(progress.left_s)) if progress.left_s >= 0 else ""
        self._time_words.setText(" · ".join(words for words in (left, so_far) if words))

    def show_history(self, history: Sequence[EpochDone], *, epochs: int) -> None:
        """All epochs so far of a run planned for `epochs`."""
        self._history = tuple(history)
        self._epochs = epochs
        self.chart.show_history(self._history, epochs=epochs)
        self._mark()
        self._look()

    def add_answers(self, answers: Sequence[Answer]) -> None:
        """What the model answered after some epochs."""
        self.strip.add_answers(answers)
        self._mark()
        self._look()

    def show_ending(self, title: str, sentences: str, *, failed: bool) -> None:
        """How it ended: the model is ready, or training broke off."""
        self._ending = (title, sentences)
        if self._history and not failed:
            self.show_history(self._history, epochs=self._history[-1].epoch)
        self.set_phase("failed" if failed else "done")

    def show_unfinished(self, trainings: Sequence[Unfinished]) -> None:
        """Trainings that broke off, to go on with or throw away."""
        while (item := self._unfinished.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if self.is_running:
            return
        for training in trainings[:3]:
            card = UnfinishedCard(training)
            card.resume_requested.connect(self.resume_requested)
            card.discard_requested.connect(self.discard_requested)
            self._unfinished.addWidget(card)

    # Within

    def _place_of(self, epoch: int) -> float:
        return self.chart.x_of(epoch)

    def _mark(self) -> None:
        best, now = best_of(self._history), self._history[-1].epoch if self._history else 0
        self.strip.set_marks(kept=best.epoch if best else 0, now=now)
        self.chart.set_marked([card.answer.epoch for card in self.strip.cards])

    def _on_stop(self) -> None:
        self.set_phase("stopping")  # in the same frame; the process follows
        self.stop_requested.emit()

    def _look(self) -> None:
        """Bring every word and button in line with the phase."""
        title, sentences, icon, role = self._words()
        self._title.setText(title)
        self._sentences.setText(sentences)
        busy = self._phase in ("preparing", "stopping", "cancelling")
        self._ring.setVisible(busy)
        self._icon.setVisible(not busy)
        self._icon.set_icon(icon, role)
        best = best_of(self._history)
        has_corpus = self.settings.choices() is not None
        shown: dict[Button, bool] = {
            self.cancel: self._phase in ("preparing", "training", "paused"),
            self.pause: self._phase == "training",
            self.go_on: self._phase == "paused",
            self.stop: self._phase == "stopping" or (self._phase in ("training", "paused") and best is not None),
            self.train: not self.is_running,
            self.pieces: not self.is_running and not has_corpus,
        }
        for button, is_shown in shown.items():
            button.setVisible(is_shown)
        self.train.setEnabled(has_corpus)
        self.train.setToolTip("" if has_corpus else self.tr("There are no pieces to learn from yet"))
        self.train.set_text(self.tr("Train another") if self._phase == "done" else self.tr("Train"))
        self.stop.setEnabled(self._phase != "stopping")
        self.stop.set_text(
            self.tr("Stopping…")
            if self._phase == "stopping"
            else self.tr("Stop and keep epoch {number}").format(number=best.epoch)
            if best is not None and best.epoch
            else self.tr("Stop and keep it as it started")
        )
        self._progress.setVisible(self.is_running)
        self.compose.setVisible(best is not None)
        self.compose.set_text(
            self.tr("Compose with epoch {number} now").format(number=best.epoch)
            if best is not None and best.epoch and self.is_running
            else self.tr("Compose with it")
        )
        copies = any(card.answer.copied for card in self.strip.cards)
        self._copied_swatch.setVisible(copies)
        self._copied_words.setVisible(copies)

    def _words(self) -> tuple[str, str, str, str]:
        """Title, sentences, icon and its colour."""
        best = best_of(self._history)
        kept = (
            self.tr("Keeping epoch {number}. This takes a second or two.").format(number=best.epoch)
            if best is not None and best.epoch
            else self.tr("Keeping it as it started. This takes a second or two.")
        )
        match self._phase:
            case "idle":
                if self.settings.choices() is None:
                    words = self.tr(
                        "Bring in a folder of MIDI files first; thirty pieces or more in one style work well."
                    )
                else:
                    words = self.tr(
                        "It reads the pieces again and again, and you hear after chosen epochs what it has learnt."
                    )
                return self.tr("Ready to train"), words, "graduation-cap", "text.secondary"
            case "preparing":
                words = self.tr("Starting the learning engine takes about 10 s the first time. Go on editing.")
                return self.tr("Getting ready to train"), words, "graduation-cap", "text.secondary"
            case "paused":
                words = self.tr("Nothing is lost. It goes on from where it is.")
                return self.tr("Paused"), words, "pause", "text.secondary"
            case "stopping":
                return self.tr("Stopping after this step"), kept if best else "", "square", "text.secondary"
            case "cancelling":
                return self.tr("Cancelling"), self.tr("Nothing of this training is kept."), "x", "text.secondary"
            case "done":
                return *self._ending, "circle-check", "status.ok"
            case "failed":
                return *self._ending, "circle-x", "status.error"
            case _:
                said = verdict(self._history, held_out_pieces=self._held_out_pieces, counting_loss=self._counting_loss)
                icon = "triangle-alert" if said.tone == "warning" else "graduation-cap"
                return (
                    said.title,
                    said.sentences,
                    icon,
                    "status.warning" if said.tone == "warning" else "text.secondary",
                )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_buttons()
        self.strip.update()

    def _place_buttons(self) -> None:
        """Beside the verdict where there is room for both, else beneath it."""
        is_narrow = self.width() < _NARROW
        top = Qt.AlignmentFlag.AlignTop
        if is_narrow:
            self._head_grid.addWidget(self._buttons, 1, 0, 1, 2, top)
        else:
            self._head_grid.addWidget(self._buttons, 0, 1, top)


class UnfinishedCard(Card):
    """One training that broke off: go on with it, or throw it away."""

    resume_requested = Signal(str)
    discard_requested = Signal(str)

    def __init__(self, training: Unfinished) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(Icon("history", role="status.ok", size=17))
        words = self.tr("“{name}” broke off after epoch {epoch} of {epochs}").format(
            name=training.name, epoch=training.epoch, epochs=training.epochs
        )
        row.addWidget(Text(words, weight="medium", elides=True), 1)
        self.go_on = PlainButton(self.tr("Go on with it"), size="compact")
        self.discard = QuietButton(self.tr("Throw it away"), size="compact")
        row.addWidget(self.discard)
        row.addWidget(self.go_on)
        self.go_on.clicked.connect(lambda: self.resume_requested.emit(training.model_id))
        self.discard.clicked.connect(lambda: self.discard_requested.emit(training.model_id))


class _Swatch(Surface):
    """The colour of copied notes, for the legend."""

    def __init__(self) -> None:
        super().__init__("copied.base", radius=2)
        self.setFixedSize(14, 8)
