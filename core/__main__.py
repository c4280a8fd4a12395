"""`python -m core` and `ritornello-cli`: the command line as a program, with its log file."""

import logging
import multiprocessing
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler

from core import paths
from core.cli import entry


class _LateLogFile(RotatingFileHandler):
    """Makes its folder when there is something to write; does without where it can't."""

    def __init__(self) -> None:
        super().__init__(paths.log_file(), maxBytes=500_000, backupCount=3, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        paths.log_file().parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that can't be written is no reason to trouble anyone."""


def main() -> int:
    """The console script. Returns the exit code."""
    multiprocessing.freeze_support()
    logging.basicConfig(
        level=logging.INFO, handlers=[_LateLogFile()], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return entry.main()


if __name__ == "__main__":
    sys.exit(main())
