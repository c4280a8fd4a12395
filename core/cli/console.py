"""How the command line speaks: results on stdout, everything else on stderr.

With `--json` the last line of stdout is the result as one JSON value; without, stdout holds the same for people.
"""

import dataclasses
import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import AppError


class UsageError(Exception):
    """The arguments make no sense together; exit code 2."""


class Console:
    """Where a command's words go."""

    def __init__(self, *, as_json: bool = False, progress_as_json: bool = False) -> None:
        self.as_json = as_json
        self.progress_as_json = progress_as_json

    def say(self, line: str = "") -> None:
        """A line of the result for people; nothing when the result is JSON."""
        if not self.as_json:
            sys.stdout.write(f"{shown(line)}\n")

    def note(self, line: str) -> None:
        """A line about how it is going."""
        self._err(shown(line))

    def _err(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def remark(self, line: str) -> None:
        """A line about how it is going that a program reading the progress has no use for."""
        if not self.progress_as_json:
            self.note(line)

    def note_json(self, record: object) -> None:
        """A record about how it is going, as one line of JSON."""
        self._err(as_json(record))

    def result(self, record: object) -> None:
        """The result, last; nothing without `--json`."""
        if self.as_json:
            sys.stdout.write(f"{as_json(record)}\n")
        sys.stdout.flush()

    def failure(self, error: AppError) -> None:
        """One sentence on stderr, and its hint; with `--json` an object that says the same."""
        self.note(str(error))
        self.result({"error": error.sentence, "hint": error.hint})

    @contextmanager
    def bar(self, unit: str, *, total: int | None = None) -> Iterator["Bar"]:
        """A progress bar where stderr is a terminal; else nothing is drawn."""
        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no thread of its own: tasks report often enough
        with tqdm(total=total, unit=unit, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as drawn:
            yield Bar(drawn)


class Bar:
    """A progress bar that is told where it stands."""

    def __init__(self, drawn: Any) -> None:
        self._drawn = drawn

    def show(self, done: int, total: int, words: str = "") -> None:
        self._drawn.total = total
        self._drawn.n = done
        if words:
            self._drawn.set_postfix_str(shown(words), refresh=False)
        self._drawn.refresh()

    def write(self, line: str) -> None:
        """A line above the bar."""
        self._drawn.write(shown(line), file=sys.stderr)


_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, colours it, breaks a line or turns its direction round."""


def shown(line: str) -> str:
    """A line that is safe on a terminal: names of files and pieces may hold anything."""
    return _UNSHOWN.sub(lambda found: found.group().encode("unicode_escape").decode(), line)


def as_json(record: object) -> str:
    """One line of JSON. Dataclasses become objects; what JSON can't say (infinity) becomes null."""
    return json.dumps(_plain(record), ensure_ascii=False)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value
