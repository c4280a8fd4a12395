"""What a channel is set to: the changes of one controller, with what resets it, in the order that counts within a tick.

A place here is a number that rises with the tick and the place within it: before what the tick lets go, before what it
strikes, or after.
"""

import numpy as np
import numpy.typing as npt

from core.music.columns import Integers
from core.music.score import BEND, PRESSURE, Controls

RESET = 121
"""Reset all controllers."""
AFTER_RESET = {1: 0, 11: 127, 64: 0, 65: 0, 66: 0, 67: 0, BEND: 0, PRESSURE: 0}
"""What it sets, and to what (RP-015); not bank, volume, pan, program and the effects from 91 on."""
_PLACES = 3


def changes(controls: Controls, number: int) -> tuple[Integers, npt.NDArray[np.int64]]:
    """(changes,) each: the places at which a controller is set, rising, and the values."""
    tick, numbers, value, when = controls.table.astype(np.int64)
    is_set = numbers == number
    if number in AFTER_RESET:
        is_reset = numbers == RESET
        value = np.where(is_reset, AFTER_RESET[number], value)
        is_set |= is_reset
    return (tick * _PLACES + when + 1)[is_set], value[is_set]


def tick_of(places: Integers) -> Integers:
    return places // _PLACES


def before_strikes(ticks: npt.NDArray[np.integer]) -> Integers:
    """The last places that count for what is struck at some ticks."""
    return ticks.astype(np.int64) * _PLACES + 1


def before_releases(ticks: npt.NDArray[np.integer]) -> Integers:
    """The last places that count for what is let go at some ticks."""
    return ticks.astype(np.int64) * _PLACES
