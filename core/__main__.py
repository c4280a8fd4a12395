"""`python -m core` and `ritornello-cli`: the command line as a program, with its log file."""

import logging
import multiprocessing
import sys

from core.cli import entry
from core.log_file import LogFile


def main() -> int:
    """The console script. Returns the exit code."""
    multiprocessing.freeze_support()
    logging.basicConfig(level=logging.INFO, handlers=[LogFile()])
    return entry.main()


if __name__ == "__main__":
    sys.exit(main())
