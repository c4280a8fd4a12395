"""How much music, and how long, is let through; beyond, a file is no music, or would hold everything else up."""

import numpy as np

from core.music.midi_table import Integers
from core.music.score import TICKS_PER_QUARTER

MAX_NOTES = 200_000
MAX_CONTROLS = 600_000
"""Of all channels of a file."""
LONGEST_HOURS = 24
LONGEST_ENDLESS = 16 * TICKS_PER_QUARTER
"""Ticks of a note that nothing ends: one lost byte is not to sound for minutes."""
LONGEST_REST_QUARTERS = 1_200
"""Between the last note and the end of a file, ten minutes at 120 a minute: more is no rest."""
_MOST_STRAYS = 8
_LEAST_OTHERS = 8
"""Events for each stray one."""


def last_before_strays(ticks: Integers) -> int | None:
    """The last tick before the widest gap, if but few events lie beyond it; None where it isn't they that take so long.

    ticks: of all events, rising.
    """
    if len(ticks) < 2:
        return None
    gap = int(np.diff(ticks).argmax())
    strays = len(ticks) - gap - 1
    return int(ticks[gap]) if strays <= _MOST_STRAYS and strays * _LEAST_OTHERS <= gap + 1 else None
