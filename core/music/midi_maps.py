"""Tempos, metres and keys as a MIDI file writes them, read as the maps of a score; what can't be read is left out and said."""

from collections.abc import Sequence
from typing import TypeVar

from core.music.score import KeySignature, Metre, Tempo
from core.music.timing import DEFAULT_METRE, TICKS_PER_STEP
from core.wording import counted

SLOWEST_TEMPO = 0xFFFFFF
"""Microseconds a quarter: the most a file can name."""
_NEAR = TICKS_PER_STEP
"""A metre this near to a barline means it: programs that shift events put some a few ticks late or early."""

_Entry = TypeVar("_Entry")
Events = Sequence[tuple[int, bytes]]
"""Tick and content."""


def tempos_of(events: Events, repairs: list[str]) -> tuple[Tempo, ...]:
    found = {}
    for tick, content in events:
        value = int.from_bytes(content[:3], "big")
        if 0 < value <= SLOWEST_TEMPO:
            found[tick] = Tempo(tick, value)
        else:
            _left_out("Tempo", repairs)
    return _in_order(found)


def metres_of(events: Events, repairs: list[str]) -> tuple[Metre, ...]:
    found = {}
    for tick, content in events:
        if len(content) >= 2 and content[0] > 0 and content[1] <= 7:
            found[tick] = Metre(tick, content[0], 1 << content[1])
        else:
            _left_out("Metre", repairs)
    metres = _in_order(found)
    if not metres or (len(metres) == 1 and metres[0].tick == 0):
        return metres
    placed = at_barlines(metres)
    moved = sum(metre not in metres for metre in placed)
    if moved:
        repairs.append(f"{counted(moved, 'metre')} put at the nearest barline")
    return placed


def at_barlines(metres: Sequence[Metre]) -> tuple[Metre, ...]:
    """Metres a little beside a barline are put there, in the place of one that is there already."""
    placed: list[Metre] = []
    for metre in metres:
        before = placed[-1] if placed else DEFAULT_METRE
        beyond = (metre.tick - before.tick) % before.bar_duration
        tick = metre.tick
        if before.bar_duration > 2 * _NEAR:
            if beyond <= _NEAR:
                tick -= beyond
            elif before.bar_duration - beyond <= _NEAR:
                tick += before.bar_duration - beyond
        if placed and placed[-1].tick >= tick:
            placed.pop()
        placed.append(Metre(tick, metre.numerator, metre.denominator))
    return tuple(placed)


def keys_of(events: Events, repairs: list[str]) -> tuple[KeySignature, ...]:
    found = {}
    for tick, content in events:
        fifths = (content[0] ^ 0x80) - 0x80 if content else 8
        if len(content) >= 2 and -7 <= fifths <= 7 and content[1] in (0, 1):
            found[tick] = KeySignature(tick, fifths, bool(content[1]))
        else:
            _left_out("Key signature", repairs)
    return _in_order(found)


def _left_out(what: str, repairs: list[str]) -> None:
    repair = f"{what} unreadable, so left out"
    if repair not in repairs:
        repairs.append(repair)


def _in_order(found: dict[int, _Entry]) -> tuple[_Entry, ...]:
    """By rising tick. Of several entries at one tick the dictionary held on to the last."""
    return tuple(found[tick] for tick in sorted(found)) if len(found) > 1 else tuple(found.values())
