"""SIGINT (Ctrl+C), SIGTERM and SIGHUP: one way out of every command, with nothing half made.

A signal raises Interrupted wherever the command is; its `finally`s then remove what is unfinished and end what it
started. A task with a Control is left instead: it ends where it can, and keeps what can be gone on with. A second signal doesn't
wait for that. Signals that whoever started the program has it ignore (`nohup`, a shell's background job) stay ignored.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from core.tasks import Control

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_AGAIN_AFTER_S = 0.05


class Interrupted(KeyboardInterrupt):
    """The program was asked to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number
        """As shells have it."""


@contextmanager
def interruptible(control: Control | None = None) -> Iterator[None]:
    """What is done in the block can be interrupted; then Interrupted leaves it, whatever else was raised or done.

    control: of a task, which is left at the first signal. In the main thread alone: signals come nowhere else.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if control is None or len(came) > 1:
            raise Interrupted(number)
        control.leave()

    def hear_again(lost: "sys.UnraisableHookArgs") -> None:
        """Python drops what is raised while it clears an object away: the signal comes again when it is done with that."""
        if isinstance(lost.exc_value, Interrupted):
            threading.Timer(_AGAIN_AFTER_S, signal.raise_signal, (came[-1],)).start()
        else:
            hook(lost)

    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in handlers.items() if handler not in (signal.SIG_IGN, None)}
    hook, sys.unraisablehook = sys.unraisablehook, hear_again
    try:
        for number in before:
            signal.signal(number, hear)
        yield
    except Exception as error:
        if came:
            raise Interrupted(came[0]) from error
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook
    if came:
        raise Interrupted(came[0])
