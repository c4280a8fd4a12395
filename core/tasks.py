"""How long work talks and listens: `task(control) -> result`, with no thread or toolkit in sight.

The task calls `control.report(event)` to speak and `control.checkpoint()` to listen; whoever runs it
(a Worker's thread, the command line, a test) holds the other end. Everything here is safe to call
from any thread.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class Cancelled(Exception):  # noqa: N818 -- the user's will, not an error
    """The task was asked to end and to discard what it was making."""


def _unheard(_event: object) -> None:
    pass


def heeding(control: "Control", items: Iterable[Item]) -> Iterator[Item]:
    """The items; before each the control may end or hold the work."""
    for item in items:
        control.checkpoint()
        yield item


class Control:
    """The line between a running task and its owner.

    Cancel means: end and discard. Leave is a cancel by someone who means to come back: end, and keep what can be
    gone on with. Stop means: end soon and keep the best so far. Pause holds the task at its next checkpoint until
    `unpause`, `stop`, `cancel` or `leave`.
    """

    def __init__(self, listener: Callable[[object], None] = _unheard) -> None:
        self._listener = listener
        self._cancelled = threading.Event()
        self._left = threading.Event()
        self._stopping = threading.Event()
        self._running = threading.Event()
        self._running.set()

    # The task's side

    def report(self, event: object) -> None:
        """Tell the owner something; `event` must be an immutable value."""
        self._listener(event)

    def checkpoint(self) -> None:
        """Hold while paused; raise Cancelled if the owner has cancelled."""
        if self._cancelled.is_set():
            raise Cancelled
        if self.paused:  # else no lock is taken: a signal's handler, in this thread, would wait for it for ever
            self._running.wait()
            if self._cancelled.is_set():
                raise Cancelled

    @property
    def stopping(self) -> bool:
        """True once the owner has asked to end and keep the best so far."""
        return self._stopping.is_set()

    @property
    def cancelled(self) -> bool:
        """True once the owner has asked to end, be it only for now."""
        return self._cancelled.is_set()

    @property
    def left(self) -> bool:
        """True once the owner has asked to end for now."""
        return self._left.is_set()

    @property
    def paused(self) -> bool:
        """True while the owner wants the task to hold."""
        return not self._running.is_set()

    # The owner's side

    def cancel(self) -> None:
        self._cancelled.set()
        self._running.set()

    def leave(self) -> None:
        if not self.cancelled:
            self._left.set()
            self.cancel()

    def stop(self) -> None:
        self._stopping.set()
        self._running.set()

    def pause(self) -> None:
        if not (self.stopping or self.cancelled):
            self._running.clear()

    def unpause(self) -> None:
        self._running.set()
