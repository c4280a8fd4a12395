"""The takes tray: the takes of a batch side by side, to hear, compare, keep, discard and drag out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt, QTemporaryDir, QUrl, Signal
from PySide6.QtGui import QDrag, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from core.music.score import Score
from gui import theme
from gui.controls.buttons import PlainButton, QuietButton, YouButton
from gui.controls.fields import Combo
from gui.controls.text import KeyCap, Surface, Text
from gui.generation.take_card import EmptyCard, TakeCard
from gui.takes import Batch, MadeBy, Order, TakeHistory

if TYPE_CHECKING:  # generation loads the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take

_GAP = 10
_ORDERS: tuple[tuple[Order, str], ...] = (
    ("made", "Order made"),
    ("expected", "Expected first"),
    ("surprising", "Surprising first"),
    ("copied", "Least copied first"),
    ("starred", "Starred first"),
)
_MARGIN = 8
_MANY = 4
"""Cards side by side before the tray scrolls."""


class TakesTray(Surface):
    """Shows the batches of a TakeHistory; emits what the user wants done with a take."""

    auditioned = Signal(object)
    """Put this Take on the roll."""
    play_requested = Signal(object)
    """Play this Take, or stop if it is the one playing."""
    kept = Signal(object)
    discarded = Signal()
    """The batch on show was thrown away; `restore_discarded` brings it back."""
    shown_changed = Signal(int)
    """So many takes are on show now."""

    def __init__(
        self,
        history: TakeHistory | None = None,
        *,
        write: Callable[[Score, Path], None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("bg.window", edges="t", parent=parent)
        self.setMinimumHeight(theme.metric("size.takes_tray.min"))
        self.setMaximumHeight(theme.metric("size.takes_tray.max"))
        self._write = write or _write_midi
        self._history = history or TakeHistory()
        self._cards: list[TakeCard] = []
        self._on_roll: Take | None = None
        self._playing: Take | None = None
        self._last_discarded: tuple[Batch, int] | None = None
        self._exports: QTemporaryDir | None = None
        self._row = QWidget()
        self._row_layout = QHBoxLayout(self._row)
        self._row_layout.setContentsMargins(4, 4, 4, 4)  # room for the focus ring
        self._row_layout.setSpacing(_GAP)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._row)
        self._scroll.setWidgetResizable(True)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stack = QStackedWidget()
        self._stack.addWidget(_NoTakes())
        self._stack.addWidget(self._scroll)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # the head drops words where room is short
        column.setContentsMargins(_MARGIN, 8, _MARGIN, 8)
        column.setSpacing(4)
        column.addWidget(self._head())
        column.addWidget(self._stack, 1)
        self._connect()
        self._show_batch()

    def sizeHint(self) -> QSize:
        return QSize(900, theme.metric("size.takes_tray.default"))

    def minimumSizeHint(self) -> QSize:
        return QSize(560, theme.metric("size.takes_tray.min"))

    def _head(self) -> QWidget:
        head = QWidget()
        head.setFixedHeight(30)
        self._head_row = row = QHBoxLayout(head)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(10)
        row.addWidget(Text(self.tr("Takes"), size=14, weight="semibold"))
        self._words = Text("", size="caption", role="text.muted")
        row.addWidget(self._words)
        self.batches = QuietButton("", icon="history", icon_size=15, size="compact")
        self.batches.setToolTip(self.tr("Every batch made for this document is kept: show an earlier one"))
        row.addWidget(self.batches)
        row.addStretch(1)
        self._keys = QWidget()
        keys = QHBoxLayout(self._keys)
        keys.setContentsMargins(0, 0, 0, 0)
        keys.setSpacing(4)
        for key in ("[", "]"):
            keys.addWidget(KeyCap(key, role="text.muted"))
        keys.addWidget(Text(self.tr("previous, next take"), size="caption", role="text.muted"))
        row.addWidget(self._keys)
        self._sort_words = Text(self.tr("Sort by"), size="caption", role="text.secondary")
        row.addWidget(self._sort_words)
        self.order = Combo(name=self.tr("Sort takes by"))
        for key, words in _ORDERS:
            self.order.addItem(words, key)
        self.order.setFont(theme.current().font("caption"))
        row.addWidget(self.order)
        self.discard = PlainButton(self.tr("Discard all"))
        self.discard.setToolTip(self.tr("Throw away the takes on show; what was kept stays in the score"))
        row.addWidget(self.discard)
        self.keep = YouButton(self.tr("Keep take"), icon="check", shortcut="Ctrl ↵")
        self.keep.setToolTip(
            self.tr(
                "Write the take on the roll into the score, as one step to undo. "
                "It replaces what the model wrote there; your own notes stay."
            )
        )
        row.addWidget(self.keep)
        return head

    def _connect(self) -> None:
        self.batches.clicked.connect(self._open_batches)
        self.order.currentIndexChanged.connect(self._show_batch)
        self.discard.clicked.connect(self.discard_shown)
        self.keep.clicked.connect(self.keep_current)

    # What the window tells the tray

    def begin_batch(self, words: str, *, takes: int, made_by: MadeBy = MadeBy()) -> None:  # noqa: B008 -- frozen
        """A new batch is being made: so many empty cards, filled by `add_take`. words: its settings in brief."""
        self._history.finish()
        self._history.begin(takes, words, made_by)
        self._show_batch()

    def add_take(self, take: "Take") -> None:
        """The next take of the batch being made, which is the newest."""
        self._history.add(take)
        if self._history.shown is not None and self._history.shown is self._history.batches[-1]:
            self._show_batch()

    def set_echo(self, take: "Take", share: float) -> None:
        """How much of a take's pitches came from earlier in the piece, 0 to 1."""
        self._history.echo(take, share)
        for card in self._cards:
            if card.take is take:
                card.set_echo(share)

    def finish_batch(self) -> None:
        """No more takes come: what is still empty goes, and a batch with none at all."""
        self._history.finish()
        self._show_batch()

    def set_takes(self, takes: "Sequence[Take]", words: str = "") -> None:
        """Show these as a finished batch of their own."""
        self._history.begin(len(takes), words)
        for take in takes:
            self._history.add(take)
        self.finish_batch()

    def show_opened(self) -> None:
        """Show another history: another document was opened."""
        self._on_roll = self._playing = self._last_discarded = None
        self._show_batch()

    def set_on_roll(self, take: "Take | None") -> None:
        """Which take the roll shows."""
        self._on_roll = take
        for card in self._cards:
            card.set_on_roll(on_roll=card.take is take)
        self._look()
        card_on = next((card for card in self._cards if card.take is take), None)
        if card_on is not None:
            self._scroll.ensureWidgetVisible(card_on, 20, 0)

    def set_playing(self, take: "Take | None") -> None:
        """Which take the transport plays."""
        self._playing = take
        for card in self._cards:
            card.set_playing(playing=take is not None and card.take is take)

    def set_playhead(self, tick: float | None) -> None:
        """Where the transport stands, drawn in the take on the roll or playing."""
        for card in self._cards:
            if card.take is (self._playing or self._on_roll):
                card.roll.set_playhead(tick if tick is not None and tick >= card.take.start else None)

    def restore_discarded(self) -> None:
        """Undo the last Discard all."""
        if self._last_discarded is not None:
            self._history.put_back(*self._last_discarded)
            self._last_discarded = None
            self._show_batch()

    # What the user does

    @property
    def current_take(self) -> "Take | None":
        """The take on the roll, if it is among those on show."""
        batch = self._history.shown
        return next((take for take in batch.takes if take is self._on_roll), None) if batch else None

    @property
    def takes(self) -> "tuple[Take, ...]":
        """Those on show, in the order shown."""
        return tuple(card.take for card in self._cards)

    @property
    def history(self) -> TakeHistory:
        return self._history

    def step(self, by: int) -> None:
        """Put the next (1) or previous (-1) take on the roll, round the end."""
        if not self._cards:
            return
        places = [index for index, card in enumerate(self._cards) if card.take is self._on_roll]
        place = (places[0] + by) % len(self._cards) if places else (0 if by > 0 else len(self._cards) - 1)
        self._audition(self._cards[place].take)

    def keep_current(self) -> None:
        take = self.current_take
        if take is not None:
            self.kept.emit(take)

    def discard_shown(self) -> None:
        number = self._history.number
        batch = self._history.discard_shown()
        if batch is not None:
            self._last_discarded = (batch, number)
            self._show_batch()
            self.discarded.emit()

    def show_batch(self, number: int) -> None:
        """Show the batch counted from 1."""
        self._history.show(number)
        self._show_batch()

    def export_file(self, take: "Take") -> Path:
        """Write the take as a .mid for a drag; the file lives until this tray goes. Raises FileError."""
        if self._exports is None:
            self._exports = QTemporaryDir()
        path = Path(self._exports.path()) / f"Take {take.letter} {take.random_seed}.mid"
        self._write(take.score, path)
        return path

    # Within

    def _audition(self, take: "Take") -> None:
        had_focus = any(card.hasFocus() for card in self._cards)
        self.set_on_roll(take)
        if had_focus:
            for card in self._cards:
                if card.take is take:
                    card.setFocus(Qt.FocusReason.TabFocusReason)
        self.auditioned.emit(take)

    def _show_batch(self) -> None:
        batch = self._history.shown
        shown = batch.ordered(self.order.currentData()) if batch is not None else []
        standing = {id(card.take): card for card in self._cards}
        staying = {id(take) for take in shown}
        while (item := self._row_layout.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None and not (isinstance(widget, TakeCard) and id(widget.take) in staying):
                widget.hide()
                widget.deleteLater()
        self._cards = []
        if batch is not None:
            for take in shown:  # a card that stands is kept: making one takes longer than a frame allows for four
                card = standing.get(id(take)) or self._card(take, batch)
                self._row_layout.addWidget(card, 1)
                self._cards.append(card)
            for place in range(len(batch.takes), batch.expected):
                self._row_layout.addWidget(EmptyCard(chr(ord("A") + place % 26)), 1)
            for _ in range(max(batch.expected, len(batch.takes)), _MANY):
                self._row_layout.addStretch(1)
        self._stack.setCurrentIndex(0 if batch is None else 1)
        self._look()
        self.shown_changed.emit(len(self._cards))

    def _card(self, take: "Take", batch: Batch) -> TakeCard:
        card = TakeCard(take)
        card.set_starred(starred=take.letter in batch.starred)
        card.set_echo(batch.echoes.get(take.letter))
        card.set_on_roll(on_roll=take is self._on_roll)
        card.set_playing(playing=take is self._playing)
        card.auditioned.connect(self._audition)
        card.play_requested.connect(self._on_play)
        card.kept.connect(self.kept)
        card.starred.connect(self._on_starred)
        card.drag_started.connect(self._drag)
        card.step_requested.connect(self.step)
        return card

    def _on_play(self, take: "Take") -> None:
        if take is not self._on_roll:
            self._audition(take)
        self.play_requested.emit(take)

    def _on_starred(self, take: "Take", starred: bool) -> None:  # noqa: FBT001 -- a signal's value
        self._history.star(take, starred=starred)

    def _drag(self, take: "Take") -> None:
        path = self.export_file(take)
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        drag = QDrag(self)
        drag.setMimeData(mime)
        card = next(card for card in self._cards if card.take is take)
        drag.setPixmap(card.roll.grab())
        drag.exec(Qt.DropAction.CopyAction)

    def _open_batches(self) -> None:
        menu = QMenu(self)
        for number, batch in reversed(list(enumerate(self._history.batches, start=1))):
            letters = f"{len(batch.takes)}"
            action = menu.addAction(
                self.tr("Batch {number}: {takes} takes · {words}").format(
                    number=number, takes=letters, words=batch.words
                )
            )
            action.setCheckable(True)
            action.setChecked(number == self._history.number)
            action.triggered.connect(lambda _checked, chosen=number: self.show_batch(chosen))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.batches.mapToGlobal(self.batches.rect().bottomLeft()))

    def _look(self) -> None:
        batch, count = self._history.shown, len(self._history.batches)
        self._words.setText(batch.words if batch else "")
        name = batch.made_by.name if batch else ""
        self._words.setToolTip(self.tr("Made by “{model}”").format(model=name) if name else "")
        self.batches.setVisible(count > 0)
        self.batches.set_text(self.tr("Batch {number} of {count}").format(number=self._history.number, count=count))
        take = self.current_take
        self.keep.setEnabled(take is not None)
        self.keep.set_text(self.tr("Keep take {letter}").format(letter=take.letter) if take else self.tr("Keep take"))
        has_takes = bool(self._cards)
        for widget in (self.order, self.discard, self.keep):
            widget.setVisible(has_takes)
        self._fit_head()

    def _fit_head(self) -> None:
        """What can best be done without goes first where the row is narrow."""
        has_takes = bool(self._cards)
        spare = {self._keys: has_takes, self._words: True, self._sort_words: has_takes}
        for widget, is_wanted in spare.items():
            widget.setVisible(is_wanted)
        for widget in spare:
            if self._head_row.minimumSize().width() <= self.width() - 2 * _MARGIN:
                break
            widget.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()


def _write_midi(score: Score, path: Path) -> None:
    from core.music.midi_file import write_midi  # loads the MIDI libraries, which starting up can do without

    write_midi(score, path)


class _NoTakes(QWidget):
    """The dashed tray before the first Generate."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addStretch(1)
        title = Text(self.tr("No takes yet"), weight="medium")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(title)
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addStretch(1)
        row.addWidget(Text(self.tr("Draw a seed, then press"), size="caption", role="text.secondary"))
        row.addWidget(KeyCap("G"))
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.current().color("border.control"), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(4.75, 4.75, -4.75, -4.75), 6, 6)
