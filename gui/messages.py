"""What the window has to say to the musician: one door for every sentence, so that none gets lost or piles up.

`post` shows a strip under the top bar, one at a time; `note` is a quiet word in the status bar.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from core.errors import AppError
from gui.controls.message_strip import Level


@dataclass(frozen=True, slots=True)
class MessageAction:
    """A button on the strip; the strip closes when it is pressed."""

    label: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Message:
    """What happened, what to do, and the buttons that do it."""

    sentence: str
    hint: str = ""
    level: Level = "info"
    actions: tuple[MessageAction, ...] = ()
    icon: str = ""
    """A Lucide name; "" = the level's own."""
    lasts_ms: int = 0
    """It leaves by itself after so long; 0 = it stays until closed."""


class _Messages(QObject):
    posted = Signal(object)
    withdrawn = Signal(object)
    noted = Signal(str)


class _State:
    center: _Messages | None = None


def center() -> _Messages:
    """Where the window listens."""
    if _State.center is None:
        _State.center = _Messages()
    return _State.center


def post(message: Message) -> None:
    """Show `message` on the strip at once; what stood there comes back when it goes."""
    center().posted.emit(message)


def post_failure(error: AppError, *actions: MessageAction) -> Message:
    """Show an expected failure."""
    message = Message(error.sentence, error.hint, "error", actions)
    post(message)
    return message


def withdraw(message: Message | None) -> None:
    """Take away what has been dealt with, wherever in the pile it stands."""
    if message is not None:
        center().withdrawn.emit(message)


def note(words: str) -> None:
    """Say something in passing, in the status bar."""
    center().noted.emit(words)
