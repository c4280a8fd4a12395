"""One thing looked at or tried, and how it came out."""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import AppError
from core.files import refused
from core.tasks import Cancelled

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """detail: what was found, or what is wrong. hint: what to do about it, "" if nothing has to be done."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
    took_s: float = 0.0
    trace: str = ""
    """Where the program itself is at fault."""


@dataclass(frozen=True, slots=True)
class Trying:
    """Reported before what takes its time."""

    name: str


def tried(name: str, step: Callable[[], str]) -> Check:
    """How a step came out, whose result is the detail. Whatever it raises is a failed check, but Cancelled."""
    began = time.perf_counter()
    detail, hint, trace = "", "", ""
    try:
        detail, ok = step(), True
    except Cancelled:
        raise
    except (AppError, OSError) as error:
        told = error if isinstance(error, AppError) else refused(error)
        detail, hint, ok = told.sentence, told.hint, False
    except Exception as error:  # noqa: BLE001 -- a fault of ours in one step must not hide what the others have to say
        trace, ok = traceback.format_exc(), False
        _LOG.error("%s: %s", name, trace)
        detail, hint = f"A fault in the program: {type(error).__name__}: {error}".rstrip(": "), "Please report it."
    return Check(name, ok, detail, hint, time.perf_counter() - began, trace)
