"""What Python says when the program crashes natively, kept with the log until the next start can tell of it.

A crash is what stands in the file when nobody ended it in order: some systems' harmless faults are written there too.
"""

import faulthandler
import logging
import platform
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from core import paths
from core.errors import DamagedError
from core.loading.opening import read_file
from core.version import version

_LOG = logging.getLogger(__name__)
_KEPT = 5
"""Reports of earlier crashes."""
_MOST_BYTES = 1_000_000
_FAULTS = (b"Fatal Python error", b"Windows fatal exception")


class CrashFile:
    """The file of one run of the program, which is the only one with its user folder."""

    def __init__(self) -> None:
        self._file: TextIO | None = None

    def begin(self) -> Path | None:
        """From now on a crash is written down. The report of the one that ended the last run, if one did."""
        earlier = _set_aside(paths.crash_file())
        try:
            paths.crash_file().parent.mkdir(parents=True, exist_ok=True)
            self._file = paths.crash_file().open("w", encoding="utf-8")  # open while it runs: a crash leaves no time to
            self._file.write(f"Ritornello {version()}, Python {platform.python_version()}, {platform.platform()}\n")
            self._file.flush()
        except OSError as error:
            _LOG.info("no file for crashes: %s", error)
        told_to = self._file or sys.stderr
        if told_to is not None:
            faulthandler.enable(told_to)
        return earlier

    def end(self) -> None:
        """The program ends in order."""
        faulthandler.disable()
        if sys.stderr is not None:
            faulthandler.enable()
        if self._file is not None:
            self._file.close()
            with suppress(OSError):
                paths.crash_file().unlink(missing_ok=True)


def report_of(file: Path) -> str:
    """What a report says, "" if it can't be read any more."""
    try:
        return read_file(file, at_most=_MOST_BYTES).decode("utf-8", "replace")
    except DamagedError:
        return ""


def _set_aside(file: Path) -> Path | None:
    """Keep what the last run left, if it tells of a crash; the oldest such reports go."""
    try:
        if not any(fault in read_file(file, at_most=_MOST_BYTES) for fault in _FAULTS):
            return None
        at = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        kept = file.with_name(f"crash {at:%Y-%m-%d %H.%M.%S}.txt")
        file.replace(kept)
        for old in sorted(file.parent.glob("crash *.txt"))[:-_KEPT]:
            old.unlink()
    except (DamagedError, OSError) as error:
        _LOG.info("no report of a crash: %s", error)
        return None
    return kept
