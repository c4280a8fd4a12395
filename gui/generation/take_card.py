"""One take as a card: letter, character, star, grip, play; its notes; how surprising it is and what it copied."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.music.score import by_position
from core.music.timing import metre_at
from gui import theme
from gui.controls.buttons import IconButton
from gui.controls.focus import KeyboardFocus
from gui.controls.mini_roll import MiniRoll
from gui.controls.numbers import counted
from gui.controls.text import Icon, Text

if TYPE_CHECKING:  # generation loads the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take

_LOW = 128
"""Cards lower than this leave out their last line, so that the notes stay readable."""
LEAST_WIDTH = 168
_REPEATS_FROM = 0.5
_NARROW = 210
"""Under this width the words need the room of the star, which S sets as well; one that is set stays."""


class TakeCard(KeyboardFocus, QWidget):
    """A click puts the take on the roll, a double-click plays it, Enter keeps it, Space plays, S stars."""

    auditioned = Signal(object)
    play_requested = Signal(object)
    kept = Signal(object)
    starred = Signal(object, bool)
    """The take, and whether it now has a star."""
    drag_started = Signal(object)
    step_requested = Signal(int)
    """An arrow key: -1 for the card before, 1 for the one after."""

    focus_radius = 8
    keys_kept = frozenset(
        {
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
            Qt.Key.Key_Space,
            Qt.Key.Key_S,
            Qt.Key.Key_Left,
            Qt.Key.Key_Right,
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
        }
    )

    def __init__(self, take: "Take", *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.take = take
        self._is_on_roll = False
        self._is_playing = False
        self._echo: float | None = None
        self._repeats = _repeats(take)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(LEAST_WIDTH)
        self._letter = _Letter(take.letter)
        self._character = Text(take.character, weight="medium", elides=True)
        self.star = _Star()
        self.grip = _Grip()
        self.play = IconButton("play", "", checkable=True, icon_size=14, size=28, kind="plain")
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(8)
        head.addWidget(self._letter)
        if take.redrawn_from_bar is not None:
            again = Icon("refresh-cw", role="status.warning", size=14)
            again.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, on=False)
            again.setToolTip(
                self.tr("It got stuck and was drawn again from bar {bar}").format(bar=take.redrawn_from_bar)
            )
            head.addWidget(again)
        head.addWidget(self._character, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.star, self.grip, self.play):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the card's own keys do the same
            buttons.addWidget(button)
        head.addLayout(buttons)
        self.roll = MiniRoll()
        self.roll.set_notes(
            sorted(take.generated, key=lambda note: (note.onset, note.pitch)),
            take.generated,
            take.copied_notes,
            (take.start, max(take.end, take.start + 1)),
            bar=metre_at(take.request.seed, take.start).bar_duration,
        )
        self.roll.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._foot = self._make_foot()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.roll, 1)
        column.addWidget(self._foot)
        self.star.clicked.connect(self._on_star)
        self.grip.dragged.connect(lambda: self.drag_started.emit(self.take))
        self.play.clicked.connect(self._on_play)
        self.set_starred(starred=False)
        self.set_playing(playing=False)

    def _make_foot(self) -> QWidget:
        take = self.take
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        surprise = Text(
            self.tr("Surprise {bits} bits").format(bits=f"{take.mean_surprise_bits:.1f}"),
            size="caption",
            role="text.secondary",
            elides=True,
        )
        surprise.setToolTip(
            self.tr(
                "How unexpected its notes are on average. 1 bit: as likely as not; each bit more halves the chance."
            )
        )
        row.addWidget(surprise, 1)
        if take.copied_notes:
            row.addWidget(Icon("copy-check", role="copied.text", size=14))
        words = copy_words(take, repeats=self._repeats)
        copy = Text(words, size="caption", role="copied.text" if take.copied_notes else "text.muted")
        copy.setToolTip(self._copy_tip())
        row.addWidget(copy)
        return foot

    def _copy_tip(self) -> str:
        take = self.take
        words = [
            self.tr(
                "Its longest run also found in a piece it studied: {notes} notes, from “{piece}”, in any key."
            ).format(notes=take.copied, piece=take.copied_from)
            if take.copied and take.copied_from
            else self.tr("No run of its notes was found in a piece it studied.")
        ]
        if self._repeats:
            words.append(
                self.tr("{percent} % of its notes say the seed again, in any key.").format(
                    percent=round(100 * self._repeats)
                )
            )
        if take.common_run:
            words.append(
                self.tr("The studied pieces share runs of up to {notes} notes among themselves.").format(
                    notes=take.common_run
                )
            )
        return " ".join(words)

    def set_on_roll(self, *, on_roll: bool) -> None:
        self._is_on_roll = on_roll
        self._letter.set_on(on=on_roll)
        self._say()
        self.update()

    def set_echo(self, share: float | None) -> None:
        """How much of its pitches came from earlier in the piece, 0 to 1; None while unknown."""
        self._echo = share
        self._say()

    @property
    def is_on_roll(self) -> bool:
        return self._is_on_roll

    def set_starred(self, *, starred: bool) -> None:
        self.star.set_on(on=starred)

    def set_playing(self, *, playing: bool) -> None:
        self._is_playing = playing
        self.play.setChecked(playing)
        self.play.set_icon("pause" if playing else "play")
        self.play.set_tip(self.tr("Stop") if playing else self.tr("Play take {letter}").format(letter=self.take.letter))
        if not playing:
            self.roll.set_playhead(None)

    def _say(self) -> None:
        bars = max(
            1, round((self.take.end - self.take.start) / metre_at(self.take.request.seed, self.take.start).bar_duration)
        )
        words = [
            self.tr("Take {letter}").format(letter=self.take.letter),
            self.take.character.lower(),
            counted(bars, "bar", "bars"),
            self.tr("surprise {bits} bits").format(bits=f"{self.take.mean_surprise_bits:.1f}"),
            copy_words(self.take, repeats=self._repeats),
        ]
        tip = self.tr("Click: put it on the roll · double-click: play · Enter: keep")
        if self._echo is not None:
            percent = round(100 * self._echo)
            words.append(self.tr("{percent} percent from earlier in the piece").format(percent=percent))
            echo = self.tr(
                "About {percent} % of its pitches come from earlier in the piece, as they were or higher or lower"
            )
            tip = f"{tip}\n{echo.format(percent=percent)}"
        if self.take.redrawn_from_bar is not None:
            words.append(self.tr("drawn again from bar {bar}").format(bar=self.take.redrawn_from_bar))
        if self._is_on_roll:
            words.append(self.tr("on the roll"))
        self.setAccessibleName(", ".join(filter(None, words)))
        self.setToolTip(tip)

    def _on_play(self) -> None:
        self.play.setChecked(self._is_playing)  # the transport has the last word
        self.play_requested.emit(self.take)

    def _on_star(self) -> None:
        self.star.set_on(on=not self.star.is_on)
        self.star.setVisible(self.width() >= _NARROW or self.star.is_on)
        self.starred.emit(self.take, self.star.is_on)

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.auditioned.emit(self.take)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.play_requested.emit(self.take)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.kept.emit(self.take)
        elif key == Qt.Key.Key_Space:
            self.play_requested.emit(self.take)
        elif key == Qt.Key.Key_S:
            self.star.click()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Up):
            self.step_requested.emit(-1)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
            self.step_requested.emit(1)
        else:
            super().keyPressEvent(event)

    # Looks

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._foot.setVisible(self.height() >= _LOW)
        self.star.setVisible(self.width() >= _NARROW or self.star.is_on)

    def sizeHint(self) -> QSize:
        return QSize(280, 164)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        width = 2.0 if self._is_on_roll else 1.0
        ground = "model.wash" if self._is_on_roll else "bg.raised" if self.underMouse() else "bg.panel"
        painter.setPen(QPen(colors.color("model.base" if self._is_on_roll else "border.subtle"), width))
        painter.setBrush(colors.color(ground))
        inset = width / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 8, 8)


class EmptyCard(QWidget):
    """A take that is still being made: a dashed card with its letter."""

    def __init__(self, letter: str, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letter = letter
        self.setMinimumWidth(LEAST_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Take {letter}, being made").format(letter=letter))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setPen(QPen(colors.color("border.medium"), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75), 8, 8)
        painter.setFont(colors.font("body", "semibold"))
        painter.setPen(colors.color("text.muted"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)


def copy_words(take: "Take", *, repeats: float) -> str:
    """The result of the copy check in two or three words. repeats: the share of its notes that say the seed again."""
    if not take.copied_notes and repeats >= _REPEATS_FROM:
        return QCoreApplication.translate("take", "repeats the seed")
    if not take.copied_notes:
        return QCoreApplication.translate("take", "no copy")
    return QCoreApplication.translate("take", "{notes} copied").format(notes=counted(take.copied, "note", "notes"))


def _repeats(take: "Take") -> float:
    """The share of its notes in runs that the seed holds too."""
    from core.learning.events.memorisation import repeated_share

    earlier = take.request.seed.parts[take.request.part].notes
    return repeated_share(sorted(take.generated, key=by_position), earlier)


class _Letter(QWidget):
    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter = letter
        self._is_on = False
        self.setFixedSize(22, 22)

    def set_on(self, *, on: bool) -> None:
        self._is_on = on
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("model.base" if self._is_on else "bg.raised"))
        painter.drawRoundedRect(self.rect(), 5, 5)
        painter.setFont(colors.font("body", "semibold"))
        painter.setPen(colors.color("text.on_model" if self._is_on else "text.primary"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)


class _Star(IconButton):
    """Outlined, or filled for a take that was starred."""

    def __init__(self) -> None:
        super().__init__("star", "", icon_size=15, size=28)
        self.is_on = False

    def set_on(self, *, on: bool) -> None:
        self.is_on = on
        self.set_icon("" if on else "star")
        self.set_tip(self.tr("Take the star away") if on else self.tr("Star this take"))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.is_on:
            spot = QRectF(6.5, 6.5, 15, 15)
            theme.current().draw_icon(QPainter(self), "star", spot, "text.primary", filled=True)


class _Grip(IconButton):
    """Where a take is taken hold of to drag it out as a .mid."""

    dragged = Signal()

    def __init__(self) -> None:
        super().__init__("grip-vertical", "", icon_size=15, size=28)
        self.set_tip(self.tr("Drag this to a folder or to another program: it arrives as a .mid file"))
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self._pressed_at: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            return
        if (event.position().toPoint() - self._pressed_at).manhattanLength() >= QApplication.startDragDistance():
            self._pressed_at = None
            self.dragged.emit()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._pressed_at = None
