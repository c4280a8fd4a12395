"""A score as compressed bytes, for a cache: about 4 bytes a note, no pickle, so safe to keep in a file."""

import json
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import starmap

import numpy as np
import numpy.typing as npt

from core.errors import DamagedError, FileError
from core.loading.json_values import build, parse_json
from core.music.score import (
    BEND,
    Controls,
    KeySignature,
    Metre,
    Notes,
    OtherEvent,
    Part,
    Score,
    Tempo,
    TextEvent,
)

_Numbers = npt.NDArray[np.integer]
_VERSION = 2
_LARGEST_UNPACKED = 64 * 2**20
"""Bytes. The largest score that reading lets through takes less; more means a damaged or hostile file."""


def packed(score: Score) -> bytes:
    heading = {
        "version": _VERSION,
        "parts": [
            [part.name, part.program, part.is_drums, len(part.notes), len(part.controls), 0] for part in score.parts
        ],
        "more": [[part.bank, part.channel, _listed(part.others)] for part in score.parts],
        "tempos": [[event.tick, event.microseconds_per_quarter] for event in score.tempos],
        "metres": [[event.tick, event.numerator, event.denominator] for event in score.metres],
        "keys": [[event.tick, event.fifths, event.is_minor] for event in score.keys],
        "lyrics": [[event.tick, event.text] for event in score.lyrics],
        "markers": [[event.tick, event.text] for event in score.markers],
        "length": score.length,
        "others": _listed(score.others),
    }
    text = json.dumps(heading, separators=(",", ":")).encode()
    pieces = [struct.pack("<I", len(text)), text]
    for part in score.parts:
        notes = part.notes
        # Steps between onsets repeat where onsets don't: they compress to half the size.
        pieces += [
            np.diff(notes.onset, prepend=np.int32(0)).astype("<i4").tobytes(),
            notes.pitch.astype(np.uint8).tobytes(),
            notes.duration.astype("<i4").tobytes(),
            notes.velocity.astype(np.uint8).tobytes(),
            part.controls.table.T.astype("<i4").tobytes(),
        ]
    return zlib.compress(b"".join(pieces), 3)


def _listed(others: Iterable[OtherEvent]) -> list[list[int | str]]:
    return [[event.tick, event.status, event.content.hex(), event.port] for event in others]


def unpacked(stored: bytes) -> Score:
    """Rebuild from `packed`. Raises FileError where the bytes are damaged or of another version."""
    try:
        return _unpacked(stored)
    except (DamagedError, zlib.error, struct.error, ValueError) as error:
        raise FileError("A stored piece is damaged.", hint="Import it again.") from error


_Other = tuple[int, int, str, int]
"""Tick, status, content in hexadecimal digits, port."""


@dataclass(frozen=True, slots=True)
class _Heading:
    """What stands before the notes, as JSON."""

    version: int
    parts: tuple[tuple[str, int, bool, int, int, int], ...]
    """Name, program, whether it is drums; how many notes and controls, and in the first version bends."""
    tempos: tuple[tuple[int, int], ...]
    metres: tuple[tuple[int, int, int], ...]
    keys: tuple[tuple[int, int, bool], ...]
    lyrics: tuple[tuple[int, str], ...]
    markers: tuple[tuple[int, str], ...]
    more: tuple[tuple[int, int | None, tuple[_Other, ...]], ...] = ()
    """Of each part bank, channel, and what else its track holds."""
    length: int = 0
    others: tuple[_Other, ...] = ()


def _unpacked(stored: bytes) -> Score:
    inflate = zlib.decompressobj()
    content = inflate.decompress(stored, _LARGEST_UNPACKED)
    if not inflate.eof:
        raise ValueError("cut off, or too large")
    (length,) = struct.unpack_from("<I", content)
    heading = build(_Heading, parse_json(content[4 : 4 + length], at_most=_LARGEST_UNPACKED))
    if heading.version not in (1, _VERSION):
        raise ValueError("of another version")
    place = 4 + length

    def taken(count: int, kind: str) -> _Numbers:
        nonlocal place
        if count < 0:
            raise ValueError("fewer than none")
        array: _Numbers = np.frombuffer(content, kind, count, place)
        place += array.nbytes
        return array

    parts = []
    more = heading.more or tuple((0, None, ()) for _part in heading.parts)
    for (name, program, is_drums, count, controls, bends), (bank, channel, others) in zip(
        heading.parts, more, strict=True
    ):
        steps = taken(count, "<i4")
        notes = np.empty((4, count), np.int64)
        steps.cumsum(out=notes[0])
        for row, kind in enumerate(("u1", "<i4", "u1"), start=1):
            notes[row] = taken(count, kind)
        parts.append(
            Part(
                name,
                program,
                is_drums,
                Notes(notes),
                Controls(_controls(taken, controls, bends, heading.version)),
                bank,
                _others(others),
                channel,
            )
        )
    if place != len(content):
        raise ValueError("more bytes than its heading names")
    return Score(
        tuple(parts),
        tuple(starmap(Tempo, heading.tempos)),
        tuple(starmap(Metre, heading.metres)),
        tuple(starmap(KeySignature, heading.keys)),
        _texts(heading.lyrics),
        _texts(heading.markers),
        heading.length,
        _others(heading.others),
    )


def _texts(stored: Iterable[tuple[int, str]]) -> tuple[TextEvent, ...]:
    return tuple(starmap(TextEvent, stored))


def _others(stored: Iterable[_Other]) -> tuple[OtherEvent, ...]:
    return tuple(OtherEvent(tick, status, bytes.fromhex(content), port) for tick, status, content, port in stored)


def _controls(taken: Callable[[int, str], _Numbers], controls: int, bends: int, version: int) -> _Numbers:
    """(4, controls); in the first version bends stood apart, and nothing told places within a tick."""
    if version > 1:
        return taken(4 * controls, "<i4").reshape(-1, 4).T
    tick, number, value = taken(3 * controls, "<i4").reshape(-1, 3).T
    bent_tick, bend = taken(2 * bends, "<i4").reshape(-1, 2).T
    ticks, numbers = np.append(tick, bent_tick), np.append(number, np.full(bends, BEND))
    table = np.stack([ticks, numbers, np.append(value, bend), np.zeros(controls + bends, np.int32)])
    return table[:, np.argsort(ticks, kind="stable")]
