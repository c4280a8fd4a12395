"""What the end of a part leaves behind, put right where something follows it: a faded volume, a pedal, a bend."""

from dataclasses import replace

import numpy as np

from core.music.columns import Ticks
from core.music.score import BEND, ControlChange, Controls, Part

_LOUDNESS = {7: 100, 11: 127}
"""Volume and expression, and what counts until a part sets its own (General MIDI 1)."""
_AT_REST = (64, 66, 67, 69, BEND)
"""Pedals and the pitch wheel: 0 is at rest."""
_PRESSED = 64


def settled(part: Part, at: int) -> Part:
    """The part as its notes before a tick leave it, but for what shouldn't reach beyond it.

    From there on it is as loud as at most of its notes, if it fades to less than half of that; pedals are up and the pitch
    wheel at rest. What this is no matter of stays, to the event.
    """
    controls = part.controls
    gone = np.zeros(len(controls), np.bool_)
    rests = []
    for number in (*_LOUDNESS, *_AT_REST) if part.notes else ():
        of_it = controls.taken(controls.number == number)
        if not of_it:
            continue
        rest = _usual(of_it, part.notes.onset, _LOUDNESS[number]) if number in _LOUDNESS else 0
        first_later = int(np.searchsorted(of_it.tick, at))
        left = of_it.value[max(0, first_later - 1) :]
        if number in _LOUDNESS:
            is_left = bool((2 * left < rest).any())
        else:
            is_left = bool((np.abs(left) >= (1 if number == BEND else _PRESSED)).any())
        if is_left:
            gone |= (controls.number == number) & (controls.tick >= at)
            rests.append(ControlChange(at, number, rest))
    if not rests:
        return part
    kept = [*controls.taken(~gone), *rests]
    return replace(part, controls=Controls.of(sorted(kept, key=lambda event: event.tick)))


def _usual(controls: Controls, onsets: Ticks, default: int) -> int:
    """The middle one of the values in force at these ticks."""
    values = np.append(controls.value, default)  # the last stands before the first
    return int(np.median(values[np.searchsorted(controls.tick, onsets, side="right") - 1]))
