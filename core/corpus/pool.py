"""Reading in several processes at once, such that a file that kills its process costs that file alone.

Processes are spawned, know nothing of a window, end with their parent, and are ended when the reading is over or given
up. A chunk of files whose process died is read again one by one, each in the open; what dies then is named.
"""

import contextlib
import os
import sqlite3
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from multiprocessing.connection import Connection, wait
from pathlib import Path

from core.corpus.cache import Seen, cache_file, known
from core.corpus.reading import Batch, Reader, read_files
from core.corpus.walk import Found
from core.processes import spawned
from core.tasks import Control

CHUNK = 256
_SILENCE_S = 45.0
"""A process that says nothing for so long hangs: no file takes a reader 20 s."""
_STARTING_S = 120.0
"""The same for a process that has yet to start, which may be slow on a busy machine."""
_LISTEN_S = 0.05
"""How often cancelling is looked at."""

_CRASHED = "Reading it brought the reader down"
_HANGS = "Reading it took too long"


def processes_for(files: int) -> int:
    """How many processes are worth starting for so many files; 0 = read them here."""
    return 0 if files < 8 * CHUNK else min(os.cpu_count() or 1, 8, files // CHUNK)


def read_in_processes(
    chunks: Iterator[Sequence[Found]], control: Control, *, home: Path, reader: Reader, processes: int
) -> Iterator[Batch]:
    """Read chunks of files, a batch as each comes in, in no particular order.

    Ends early, with what has come in, when the control stops or cancels. However it is left, no process stays.
    """
    work = _Work(chunks)
    readings: list[_Reading] = []
    try:
        while True:
            while len(readings) < processes and work.is_left():
                readings.append(_Reading(home, reader, work))
            if not readings:
                return
            ready = wait([reading.connection for reading in readings], _LISTEN_S)
            if control.stopping or control.cancelled:
                return
            control.checkpoint()
            for reading in list(readings):
                batch = reading.heard() if reading.connection in ready else reading.missed()
                if batch is not None:
                    yield batch
                if reading.is_done:
                    reading.end()
                    readings.remove(reading)
    finally:
        for reading in readings:
            reading.end()


class _Work:
    """What is yet to be read: chunks, and before them single files of chunks that brought a process down."""

    def __init__(self, chunks: Iterator[Sequence[Found]]) -> None:
        self._chunks = chunks
        self._next: Sequence[Found] = ()
        self.alone: deque[Found] = deque()

    def is_left(self) -> bool:
        self._next = self._next or next(self._chunks, ())
        return bool(self.alone or self._next)

    def taken(self) -> Sequence[Found]:
        """The next files for a process; none if nothing is left."""
        if self.alone:
            return (self.alone.popleft(),)
        items = self._next or next(self._chunks, ())
        self._next = ()
        return items


class _Reading:
    """One process, and the files that it has yet to answer."""

    def __init__(self, home: Path, reader: Reader, work: _Work) -> None:
        self._process, self.connection = spawned(_serve, home, reader, name="reading")
        self._work = work
        self._is_up = False
        self._give()

    def _give(self) -> None:
        items = self._work.taken()
        self.is_done = not items
        self._waiting = {item.path: item for item in items}
        self._is_alone = len(items) == 1
        self._heard_at = time.monotonic()
        if items:
            with contextlib.suppress(OSError):  # it died meanwhile, which shows when it is listened to
                self.connection.send(items)

    def heard(self) -> Batch | None:
        """What the process sends; or, if it has died, what is to be said about that."""
        try:
            batch: Batch | None = self.connection.recv()
        except (EOFError, OSError):
            return self._given_up(_CRASHED)
        self._heard_at = time.monotonic()
        if batch is None:
            self._is_up = True
            return None
        for seen in batch.seen:
            self._waiting.pop(seen.path, None)
        if not self._waiting:
            self._give()
        return batch

    def missed(self) -> Batch | None:
        """Nothing while there is hope; else what is to be said about a process that hangs."""
        patience = _SILENCE_S if self._is_up else _STARTING_S
        return self._given_up(_HANGS) if time.monotonic() - self._heard_at > patience else None

    def _given_up(self, reason: str) -> Batch | None:
        self.is_done = True
        left = list(self._waiting.values())
        if not self._is_alone:
            self._work.alone.extend(left)
            return None
        # A process that never came up says nothing of its file: a size below 0 keeps the verdict out of the cache.
        return Batch(
            tuple(Seen(item.path, item.size if self._is_up else -1, item.mtime_ns, None, reason) for item in left), ()
        )

    def end(self) -> None:
        self.connection.close()
        self._process.kill()  # it writes nothing that could be left half done
        self._process.join()
        self._process.close()


def _serve(connection: Connection, home: Path, reader: Reader) -> None:
    """In the process: read what comes until nobody is there to send."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.nice(5)  # the window goes first
    connection.send(None)  # a sign of life
    with contextlib.suppress(EOFError, OSError), closing(_Known(home)) as knows:
        while True:
            items = connection.recv()
            for batch in read_files(items, knows=knows, reader=reader):
                connection.send(batch)


class _Known:
    """Which contents the cache knows. Where it fails to say, none: they are read once more, and the parent sees to it."""

    def __init__(self, home: Path) -> None:
        self._cache: sqlite3.Connection | None = None
        with contextlib.suppress(sqlite3.Error):
            uri = f"{cache_file(home).absolute().as_uri()}?mode=ro"
            self._cache = sqlite3.connect(uri, uri=True, timeout=30)

    def __call__(self, contents: Sequence[bytes]) -> set[bytes]:
        if self._cache is not None:
            with contextlib.suppress(sqlite3.Error):
                return known(self._cache, contents)
        return set()

    def close(self) -> None:
        if self._cache is not None:
            with contextlib.suppress(sqlite3.Error):
                self._cache.close()
