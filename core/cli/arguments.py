"""What is written after a command: names that name something, and files that can be written, known before any work is done."""

import argparse
import errno
import os
import re
from pathlib import Path

from core.cli.console import UsageError
from core.errors import SpecError
from core.files import not_written, require_place

_OPTIONS = {"length_bars": "bars", "pitch_range": "range", "start": "start-from"}


def named(text: str) -> str:
    """A name or path that is one. Raises ArgumentTypeError, which argparse tells with the option."""
    if not text.strip():
        raise argparse.ArgumentTypeError("needs a name")
    return text


def file_to_write(text: str) -> Path:
    """A path that may be a file's, whatever lies there. Raises ArgumentTypeError."""
    if not text.strip():
        raise argparse.ArgumentTypeError("needs the name of a file")
    if text.endswith(("/", os.sep)) or Path(text).name in ("", ".."):
        raise argparse.ArgumentTypeError(f"‘{text}’ is a folder; name a file in it")
    return Path(text)


def place_of(path: Path, *suffixes: str) -> Path:
    """The file to write: `path`, with the first of the suffixes unless it has one of them; it can be written now.

    Raises FileError: for a missing or closed folder too, which isn't made.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "")
    except OSError as error:
        raise not_written(f"‘{path}’ can't be written", error) from error
    if suffixes and not path.name.lower().endswith(suffixes):
        path = path.with_name(path.name + suffixes[0])
    require_place(path)
    return path


def usage_error(error: SpecError) -> UsageError:
    """A sentence that names the option: of “Takes: 1 to 26.” “--takes goes from 1 to 26.”"""
    option = f"--{_OPTIONS.get(error.field, error.field).replace('_', '-')}"
    match = re.fullmatch(r"[^‘“:]+: (.+)", error.sentence)
    if match is None:
        return UsageError(f"{option}: {error}")
    allowed = match.group(1).removeprefix("from ")
    return UsageError(f"{option} {'goes from' if ' to ' in allowed else 'is'} {allowed}")
