"""The strip under the top bar, fed from `messages`: one message at a time, the others wait their turn."""

from collections import deque

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from gui import messages
from gui.controls.message_strip import MessageStrip
from gui.messages import Message


class MessageQueue(MessageStrip):
    """Shows what is posted; hidden while there is nothing to say."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._waiting: deque[Message] = deque()
        self._shown: Message | None = None
        self._leaving = QTimer(self)
        self._leaving.setSingleShot(True)
        self._leaving.timeout.connect(self._next)
        self.closed.connect(self._next)
        self.action_chosen.connect(self._act)
        messages.center().posted.connect(self._on_posted)
        self.hide()

    def _on_posted(self, message: Message) -> None:
        self._waiting.append(message)
        if self._shown is None:
            self._next()

    def _next(self) -> None:
        self._leaving.stop()
        message = self._shown = self._waiting.popleft() if self._waiting else None
        self.setVisible(message is not None)
        if message is not None:
            labels = [action.label for action in message.actions]
            self.show_message(message.level, message.sentence, message.hint, labels, icon=message.icon)
            if message.lasts_ms:
                self._leaving.start(message.lasts_ms)

    def _act(self, index: int) -> None:
        message = self._shown
        self._next()
        if message is not None:
            message.actions[index].act()
