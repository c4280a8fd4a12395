"""The strip under the top bar, fed from `messages`: the newest on top, those beneath come back when it goes."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from gui import messages
from gui.controls.message_strip import MessageStrip
from gui.messages import Message


class MessagePile(MessageStrip):
    """Shows what is posted; hidden while there is nothing to say. The time of a passing message runs while it shows."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._pile: list[Message] = []
        self._left_ms: dict[int, int] = {}
        """What is left of the time of each passing message, by its id."""
        self._shown: Message | None = None
        self._leaving = QTimer(self)
        self._leaving.setSingleShot(True)
        self._leaving.timeout.connect(self._drop)
        self.closed.connect(self._drop)
        self.action_chosen.connect(self._act)
        messages.center().posted.connect(self._on_posted)
        messages.center().withdrawn.connect(self._on_withdrawn)
        self.hide()

    def _on_posted(self, message: Message) -> None:
        says = (message.sentence, message.hint)
        self._pile = [one for one in self._pile if (one.sentence, one.hint) != says]  # said again, it is said once
        self._pile.append(message)
        self._left_ms[id(message)] = message.lasts_ms
        self._show_top()

    def _on_withdrawn(self, message: Message) -> None:
        self._pile = [one for one in self._pile if one is not message]
        self._show_top()

    def _drop(self) -> None:
        """Take the message on top away."""
        if self._pile:
            self._pile.pop()
            self._show_top()

    def _show_top(self) -> None:
        if self._leaving.isActive():
            self._left_ms[id(self._shown)] = max(0, self._leaving.remainingTime())
            self._leaving.stop()
        message = self._shown = self._pile[-1] if self._pile else None
        self._left_ms = {id(one): self._left_ms[id(one)] for one in self._pile}
        self.setVisible(message is not None)
        if message is not None:
            labels = [action.label for action in message.actions]
            self.show_message(message.level, message.sentence, message.hint, labels, icon=message.icon)
            if message.lasts_ms:
                self._leaving.start(self._left_ms[id(message)])

    def _act(self, index: int) -> None:
        message = self._shown
        self._drop()
        if message is not None:
            message.actions[index].act()
