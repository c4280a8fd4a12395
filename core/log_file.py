"""The log file of command line and window, which nobody is troubled about."""

import logging
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler

from core import paths


class LogFile(RotatingFileHandler):
    """Makes its folder when there is something to write; does without where it can't."""

    def __init__(self) -> None:
        super().__init__(paths.log_file(), maxBytes=500_000, backupCount=3, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def _open(self) -> TextIOWrapper:
        paths.log_file().parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that can't be written is no reason to trouble anyone."""
