"""The strip under the chart: what the model answered after chosen epochs, each joined to its place on the axis."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from gui import theme
from gui.controls.buttons import IconButton
from gui.controls.focus import KeyboardFocus
from gui.controls.mini_roll import MiniRoll
from gui.controls.text import Text
from gui.training.answers import Answer

CARD_WIDTH = 142
LEADER_HEIGHT = 38
_GAP = 12
_MARGIN = 4
"""Room for the focus ring."""


class EpochCard(KeyboardFocus, QWidget):
    """One answer: the epoch's number, play, its notes, a phrase. Space, Enter or a click plays it."""

    play_requested = Signal(object)
    """The Answer."""
    step_requested = Signal(int)

    focus_radius = 8
    keys_kept = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right})

    def __init__(self, answer: Answer, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answer = answer
        self._is_kept = self._is_playing = self._is_now = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedWidth(CARD_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._number = Text(str(answer.epoch), weight="semibold")
        self._mark = _Mark()
        self.play = IconButton("play", "", checkable=True, icon_size=14, size=26, kind="plain")
        self.play.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the card's own keys do the same
        self.roll = MiniRoll()
        self.roll.setFixedHeight(92)
        notes = answer.notes
        self.roll.set_notes(notes, frozenset(notes), answer.copied, bar=answer.bar)
        role = "copied.text" if answer.copied else "text.secondary"
        self._phrase = Text(answer.phrase, size="caption", role=role, wraps=True)
        self._phrase.setFixedHeight(32)
        self._phrase.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._number)
        head.addWidget(self._mark, 1)
        head.addWidget(self.play)
        column = QVBoxLayout(self)
        column.setContentsMargins(9, 7, 9, 7)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.roll)
        column.addWidget(self._phrase)
        self.play.clicked.connect(self._on_play)
        self.set_playing(playing=False)

    def set_marks(self, *, kept: bool, now: bool) -> None:
        """kept: the best so far, which stopping keeps. now: the latest epoch."""
        self._is_kept, self._is_now = kept, now
        self._mark.show_words(self.tr("kept") if kept else self.tr("now") if now else "", is_kept=kept)
        self._say()
        self.update()

    def set_playing(self, *, playing: bool) -> None:
        self._is_playing = playing
        self.play.setChecked(playing)
        self.play.set_icon("pause" if playing else "play")
        words = self.tr("Stop") if playing else self.tr("Play what epoch {number} answers")
        self.play.set_tip(words.format(number=self.answer.epoch))
        if not playing:
            self.roll.set_playhead(None)
        self._say()
        self.update()

    def _say(self) -> None:
        words = [self.tr("Epoch {number}").format(number=self.answer.epoch)]
        if self._is_kept:
            words.append(self.tr("kept"))
        if self.answer.phrase:
            words.append(self.answer.phrase[0].lower() + self.answer.phrase[1:])
        words.append(self.tr("playing") if self._is_playing else self.tr("play"))
        self.setAccessibleName(", ".join(words))
        if self.answer.copied:
            self.setToolTip(self.tr("Magenta notes were also found in a piece it studies, in whatever key"))

    def _on_play(self) -> None:
        self.play.setChecked(self._is_playing)  # the transport has the last word
        self.play_requested.emit(self.answer)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.play_requested.emit(self.answer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.play_requested.emit(self.answer)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step_requested.emit(1 if event.key() == Qt.Key.Key_Right else -1)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        width = 2.0 if self._is_kept else 1.0
        painter.setPen(QPen(colors.color("status.ok" if self._is_kept else "border.subtle"), width))
        painter.setBrush(colors.color("bg.raised" if self._is_playing or self.underMouse() else "bg.panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2), 8, 8)


class _Mark(QWidget):
    """A green pill with a star for the kept epoch, or a quiet word."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._is_kept = False
        self.setFixedHeight(20)

    def show_words(self, words: str, *, is_kept: bool) -> None:
        self._words, self._is_kept = words, is_kept
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._words:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setFont(colors.font("caption"))
        left = 0.0
        if self._is_kept:
            width = painter.fontMetrics().horizontalAdvance(self._words) + 31
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("status.ok_wash"))
            painter.drawRoundedRect(QRectF(0, 0, min(width, self.width()), 20), 10, 10)
            colors.draw_icon(painter, "star", QRectF(7, 4, 12, 12), "status.ok", filled=True)
            left = 23
        painter.setPen(colors.color("status.ok" if self._is_kept else "text.muted"))
        painter.drawText(QRectF(left, 0, self.width() - left, 20), Qt.AlignmentFlag.AlignVCenter, self._words)


class EpochsStrip(QWidget):
    """The cards side by side, the newest at the right, with leaders up to the chart."""

    play_requested = Signal(object)
    """An Answer."""

    def __init__(self, place_of: Callable[[int], float], *, parent: QWidget | None = None) -> None:
        """place_of: where an epoch lies on the chart's axis, in pixels from this strip's left edge."""
        super().__init__(parent)
        self._place_of = place_of
        self._cards: list[EpochCard] = []
        self._kept = self._now = 0
        self._leaders = _Leaders(self)
        self._row = QWidget()
        self._layout = QHBoxLayout(self._row)
        self._layout.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        self._layout.setSpacing(_GAP)
        self._layout.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._row)
        self._scroll.setWidgetResizable(True)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stays_at_newest = True
        bar = self._scroll.horizontalScrollBar()
        bar.valueChanged.connect(self._leaders.update)
        bar.sliderMoved.connect(lambda value: self._on_scrolled(value, bar.maximum()))
        bar.rangeChanged.connect(lambda _low, high: bar.setValue(high) if self._stays_at_newest else None)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._leaders)
        column.addWidget(self._scroll)
        self._scroll.setFixedHeight(198)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(600, LEADER_HEIGHT + 198)

    @property
    def cards(self) -> tuple[EpochCard, ...]:
        return tuple(self._cards)

    def show_answers(self, answers: Sequence[Answer]) -> None:
        """Show these in place of all others."""
        for card in self._cards:
            card.hide()
            card.deleteLater()
        self._cards = []
        self.add_answers(answers)

    def add_answers(self, answers: Sequence[Answer]) -> None:
        """Let newer answers join, each in its place."""
        for answer in answers:
            if any(card.answer.epoch == answer.epoch for card in self._cards):
                continue
            card = EpochCard(answer)
            place = sum(other.answer.epoch < answer.epoch for other in self._cards)
            self._cards.insert(place, card)
            self._layout.insertWidget(place, card)
            card.play_requested.connect(self.play_requested)
            card.step_requested.connect(lambda by, card=card: self._step(card, by))
        self._mark()

    def set_marks(self, *, kept: int, now: int) -> None:
        """Which epoch stopping keeps, and which is the latest; 0 = none."""
        self._kept, self._now = kept, now
        self._mark()

    def set_playing(self, epoch: int) -> None:
        """Which epoch's answer sounds; 0 = none."""
        for card in self._cards:
            card.set_playing(playing=card.answer.epoch == epoch)

    def set_playhead(self, epoch: int, tick: float | None) -> None:
        for card in self._cards:
            if card.answer.epoch == epoch:
                card.roll.set_playhead(tick)

    def leaders(self) -> tuple[tuple[float, float, bool], ...]:
        """From the axis to the middle of each card in view, in this strip's pixels, and whether it is the kept one."""
        found = []
        for card in self._cards:
            x = card.mapTo(self, card.rect().topLeft()).x() + card.width() / 2
            if card.isVisible() and 0 <= x <= self.width():
                found.append((self._place_of(card.answer.epoch), x, card.answer.epoch == self._kept))
        return tuple(found)

    def _on_scrolled(self, value: int, maximum: int) -> None:
        self._stays_at_newest = value == maximum

    def _mark(self) -> None:
        for card in self._cards:
            epoch = card.answer.epoch
            card.set_marks(kept=epoch == self._kept, now=epoch == self._now)
        self._leaders.update()

    def _step(self, card: EpochCard, by: int) -> None:
        place = self._cards.index(card) + by
        if 0 <= place < len(self._cards):
            self._cards[place].setFocus(Qt.FocusReason.TabFocusReason)
            self._scroll.ensureWidgetVisible(self._cards[place], 20, 0)


class _Leaders(QWidget):
    def __init__(self, strip: EpochsStrip) -> None:
        super().__init__(strip)
        self._strip = strip
        self.setFixedHeight(LEADER_HEIGHT)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.update()
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors, height = theme.current(), float(self.height())
        for start, end, is_kept in sorted(self._strip.leaders(), key=lambda leader: leader[2]):
            path = QPainterPath(QPointF(start, 0))
            path.cubicTo(QPointF(start, height * 0.6), QPointF(end, height * 0.4), QPointF(end, height))
            role = "status.ok" if is_kept else "border.medium"
            painter.setPen(QPen(colors.color(role), 1.6 if is_kept else 1.1))
            painter.drawPath(path)
