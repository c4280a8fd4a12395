"""A line under the top bar, or two: what happened, what to do about it, and the buttons that do it."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QWidget

from gui import theme
from gui.controls.buttons import IconButton, PlainButton, YouButton
from gui.controls.text import Icon, Text

Level = Literal["info", "ok", "warning", "error"]

ICONS: dict[Level, str] = {"info": "info", "ok": "circle-check", "warning": "triangle-alert", "error": "circle-x"}
ROLES: dict[Level, str] = {
    "info": "text.secondary",
    "ok": "status.ok",
    "warning": "status.warning",
    "error": "status.error",
}
_GROUNDS: dict[Level, str] = {
    "info": "bg.raised",
    "ok": "status.ok_wash",
    "warning": "status.warning_wash",
    "error": "status.error_wash",
}


_ONE_LINE, _TWO_LINES = 40, 58
"""Heights."""


class MessageStrip(QWidget):
    """Shows one message at a time, on one line; what to do goes below where that is too short."""

    action_chosen = Signal(int)
    """Index of the button that was pressed."""
    closed = Signal()

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level: Level = "info"
        self._icon = Icon("info", size=17)
        self._sentence = Text(weight="medium", elides=True)
        self._hint = Text(role="text.secondary", elides=True)
        self._buttons: list[PlainButton | YouButton] = []
        self._close = IconButton("x", self.tr("Close this message"), size=28)
        self._close.clicked.connect(self.closed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 0, 8, 0)
        self._row.setSpacing(10)
        self._row.addWidget(self._icon)
        self._words = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._words.addWidget(self._sentence)
        self._words.addWidget(self._hint, 1)
        self._row.addLayout(self._words, 1)
        self._row.addWidget(self._close)
        self.setFixedHeight(_ONE_LINE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_message(
        self, level: Level, sentence: str, hint: str = "", actions: Sequence[str] = (), *, icon: str = ""
    ) -> None:
        """Replace what is shown. The first of `actions` is the one that decides, in blue, where there are two."""
        self._level = level
        self._icon.set_icon(icon or ICONS[level], ROLES[level])
        self._sentence.setText(sentence)
        self._hint.setText(hint)
        self._hint.setToolTip(hint)
        for old in self._buttons:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = []
        for index, words in enumerate(actions):
            make = YouButton if index == 0 and len(actions) > 1 else PlainButton
            button = make(words, size="compact")
            button.clicked.connect(lambda _checked=False, index=index: self.action_chosen.emit(index))
            self._row.insertWidget(self._row.count() - 1, button, 0, Qt.AlignmentFlag.AlignVCenter)
            self._buttons.append(button)
        self._sentence.setToolTip(sentence)
        self.setAccessibleName(f"{sentence} {hint}".strip())
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Put the words on one line or two, as there is room beside the buttons."""
        margins, gap = self._row.contentsMargins(), self._row.spacing()
        others = [self._icon, *self._buttons, self._close]
        room = (
            self.width()
            - margins.left()
            - margins.right()
            - sum(max(one.minimumWidth(), one.sizeHint().width()) + gap for one in others)
        )
        sentence, hint = (_width(text) for text in (self._sentence, self._hint))
        fits = sentence + (gap + hint if hint else 0) <= room
        direction = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        self._words.setDirection(direction)
        self._words.setSpacing(gap if fits else 0)
        self._words.setContentsMargins(0, 0 if fits else 9, 0, 0 if fits else 9)
        # Beside the hint the sentence takes its own width; alone on a line, at most that line.
        self._sentence.setFixedWidth(sentence if fits else max(0, min(sentence, room)))
        self._hint.setVisible(bool(hint))
        self.setFixedHeight(_ONE_LINE if fits or not hint else _TWO_LINES)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.current().color(_GROUNDS[self._level]))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.current().color("border.subtle"))


def _width(text: Text) -> int:
    return text.fontMetrics().horizontalAdvance(text.text()) + 1 if text.text() else 0
