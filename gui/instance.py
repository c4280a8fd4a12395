"""One window to a person and user folder: who starts the program again means the window that is there.

The first start holds a lock and listens at a socket of its own; a second one hands over the files it was given and ends.
Both have a name made of the user and the user folder. The system lets go of neither when a program is killed: a lock whose
program is gone counts for nothing, and whoever holds the lock may take a socket away that was left. Where no lock or
socket can be made, each start opens a window of its own.
"""

import json
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from PySide6.QtCore import QDeadlineTimer, QLockFile, QObject, QThread, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from core.errors import AppError, DamagedError
from core.loading.json_values import build, parse_json

_LOG = logging.getLogger(__name__)

_PATIENCE_MS = 10_000
"""For an answer: the first one may be starting itself, on a slow disk."""
_BETWEEN_MS = 50
_MOST_BYTES = 8 << 20
_TAKEN = b"taken\n"


@dataclass(frozen=True, slots=True)
class _Handed:
    """What goes over the line, as JSON on one line."""

    files: tuple[str, ...] = ()
    """Absolute paths, percent-encoded: a name may hold any bytes."""
    token: str = ""
    """With which the desktop lets the other window come forward."""


class Instance(QObject):
    """One start of the program, among those of the same person with the same user folder."""

    handed = Signal(object, str)
    """Another start handed its files over, a tuple of paths, and its token; the window is to come forward."""

    def __init__(self, home: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        name, folder = _name(home), _folder(home)
        self._lock = QLockFile(str(folder / f"{name}.lock"))
        self._lock.setStaleLockTime(0)
        self._address = name if sys.platform == "win32" else str(folder / f"{name}.socket")
        self._server: QLocalServer | None = None
        self._unread: dict[QLocalSocket, bytes] = {}

    def begin(self, files: Sequence[Path] = (), *, patience_ms: int = _PATIENCE_MS) -> bool:
        """Whether this start opens a window; if not, the files are in the hands of the one that has one.

        Raises AppError where that one doesn't answer.
        """
        deadline = QDeadlineTimer(patience_ms)
        while True:
            if self._takes_place():
                return True
            socket = QLocalSocket()
            socket.connectToServer(self._address)
            is_met = socket.waitForConnected(max(1, deadline.remainingTime()))
            if is_met and self._hands_over(socket, files, deadline):
                return False
            if deadline.hasExpired():
                if not is_met:
                    _LOG.info("another start holds the lock and does not listen")
                    return True
                raise AppError(
                    "Ritornello is open already, but does not answer.",
                    hint="Wait until it is done with what it does, or end it, and start it again.",
                )
            QThread.msleep(_BETWEEN_MS)  # the other one is just beginning, or ending

    def close(self) -> None:
        """From now on the next start is the first one."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def _takes_place(self) -> bool:
        if not self._lock.tryLock(0):
            if self._lock.error() == QLockFile.LockError.LockFailedError:
                return False
            _LOG.info("no lock: %s", self._lock.error())
            return True
        QLocalServer.removeServer(self._address)  # ours to take away: its program is gone
        self._server = server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._on_connection)
        if not server.listen(self._address):
            _LOG.info("no socket: %s", server.errorString())
            self.close()  # nobody is to wait for one who can't hear
        return True

    def _hands_over(self, socket: QLocalSocket, files: Sequence[Path], deadline: QDeadlineTimer) -> bool:
        _let_forward()
        token = os.environ.get("XDG_ACTIVATION_TOKEN", "")
        handed = {"files": [quote(os.fsencode(file.absolute())) for file in files], "token": token}
        socket.write(json.dumps(handed).encode() + b"\n")
        while not deadline.hasExpired() and socket.waitForReadyRead(max(1, deadline.remainingTime())):
            if socket.peek(len(_TAKEN)).data() == _TAKEN:
                return True
        return False

    def _on_connection(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()) is not None:
            self._unread[socket] = b""
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(lambda socket=socket: self._forget(socket))
            self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        said = self._unread.get(socket)
        if said is None:
            return
        said += socket.readAll().data()
        self._unread[socket] = said
        line, is_whole, _ = said.partition(b"\n")
        if len(said) > _MOST_BYTES:
            socket.abort()
        if not is_whole:
            return
        self._unread.pop(socket, None)
        try:
            handed = build(_Handed, parse_json(line, at_most=_MOST_BYTES))
        except DamagedError as error:
            _LOG.info("what another start said can't be read: %s", error.reason)
            socket.abort()
            return
        socket.write(_TAKEN)
        socket.flush()
        self.handed.emit(tuple(Path(os.fsdecode(unquote_to_bytes(file))) for file in handed.files), handed.token)

    def _forget(self, socket: QLocalSocket) -> None:
        self._unread.pop(socket, None)
        socket.deleteLater()


def _name(home: Path) -> str:
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    return (
        "ritornello-" + blake2b(f"{user}\0{os.path.realpath(home)}".encode(errors="replace"), digest_size=8).hexdigest()
    )


def _folder(home: Path) -> Path:
    """Where lock and socket lie: the system's place for such things, which it clears itself, or else the user folder."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_dir() and os.access(runtime, os.W_OK | os.X_OK):
        return Path(runtime)
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
    return home


def _let_forward() -> None:
    """Windows lets a window come forward only by leave of the one that the person is at."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(-1)  # whoever it is
