"""Processes that this one starts for work that may crash or take all memory: they end with it, and leave its signals to it."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def spawned(
    target: Callable[..., None],
    *arguments: object,
    name: str,
    grace_s: Callable[[], float] | None = None,
) -> tuple[SpawnProcess, Connection]:
    """A process that runs `target(pipe, *arguments)`, and this end of the pipe. Raises OSError when it can't be started.

    Ctrl+C, which a terminal sends to it too, is for this process alone. When this process is gone, however it ended, the
    other one ends at once, whatever it is doing; or so many seconds later as `grace_s()`, asked there, says.
    """
    context = multiprocessing.get_context("spawn")
    ours: Any  # on Windows of another class, which does the same
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(target, grace_s, theirs, *arguments), name=name, daemon=True)
    try:
        with _signals_held_back():
            process.start()
    except BaseException:  # interrupted, it must not stay behind
        ours.close()
        if process.pid is not None:
            process.kill()
            process.join()
        raise
    finally:
        theirs.close()
    return process, ours


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Signals come after the block: neither does one leave half a process, nor does it hit one that isn't ready for it."""
    if sys.platform == "win32":  # which has none for a single program
        yield
    else:
        resource_tracker.ensure_running()  # it would let them through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(
    target: Callable[..., None], grace_s: Callable[[], float] | None, pipe: Connection, *arguments: object
) -> None:
    """In the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    threading.Thread(target=_end_with_parent, args=(grace_s,), name="parent", daemon=True).start()
    target(pipe, *arguments)


def _end_with_parent(grace_s: Callable[[], float] | None) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        if grace_s is not None:
            time.sleep(grace_s())
        os._exit(1)
