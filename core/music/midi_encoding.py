"""A score as the bytes of a .mid file: exact in ticks, one track a part, nothing rounded.

Format 1, 480 ticks per quarter. The first track holds tempos, metres, keys, lyrics and markers; then comes one track
for each part, also for one without notes. Parts may share a channel, since each has a track of its own.
"""

import struct
from collections.abc import Iterable

from core.music.score import TICKS_PER_QUARTER, Part, Score

DRUM_CHANNEL = 9
MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
_LONGEST_DELTA = 0x0FFFFFFF
_END_OF_TRACK = b"\xff\x2f\x00"
_NOTHING = b"\xff\x01\x00"
"""An empty text: carries time across gaps longer than one delta can say."""

_TimedBytes = tuple[int, bytes]


def encoded(score: Score) -> bytes:
    """The bytes of a .mid file that reads back as the same score."""
    tracks = [_track(_conductor_events(score))]
    melodic = 0
    for part in score.parts:
        if part.is_drums:
            channel = DRUM_CHANNEL
        else:
            channel = MELODIC_CHANNELS[melodic % len(MELODIC_CHANNELS)]
            melodic += 1
        tracks.append(_track(_part_events(part, channel)))
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), TICKS_PER_QUARTER)
    return header + b"".join(tracks)


def variable_length(number: int) -> bytes:
    """A number of up to 28 bits in groups of 7, the highest first, all but the last marked."""
    if number < 0x80:
        return bytes((number,))
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def meta_event(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + variable_length(len(content)) + content


def _text(kind: int, text: str) -> bytes:
    return meta_event(kind, text.encode("utf-8", "replace"))


def _conductor_events(score: Score) -> list[_TimedBytes]:
    events: list[_TimedBytes] = []
    for tempo in score.tempos:
        microseconds = min(max(tempo.microseconds_per_quarter, 1), 0xFFFFFF)
        events.append((tempo.tick, meta_event(0x51, microseconds.to_bytes(3, "big"))))
    for metre in score.metres:
        numbers = (metre.numerator, metre.denominator.bit_length() - 1, 24, 8)  # 24 clocks a click, 8 32nds a quarter
        events.append((metre.tick, meta_event(0x58, bytes(numbers))))
    events += [(key.tick, meta_event(0x59, struct.pack("bB", key.fifths, key.is_minor))) for key in score.keys]
    events += [(lyric.tick, _text(0x05, lyric.text)) for lyric in score.lyrics]
    events += [(marker.tick, _text(0x06, marker.text)) for marker in score.markers]
    return _in_order(events)


def _part_events(part: Part, channel: int) -> list[_TimedBytes]:
    offs = [(note.end, bytes((0x80 | channel, note.pitch, 64))) for note in part.notes]
    bends = ((event.tick, min(max(event.value, -8192), 8191) + 8192) for event in part.bends)
    start: list[_TimedBytes] = [(0, bytes((0xC0 | channel, part.program)))]
    if part.name:
        start.insert(0, (0, _text(0x03, part.name)))
    # In this order at one tick: a pitch struck again is closed first, and a pedal or bend holds for what follows.
    return _in_order(
        [
            *start,
            *offs,
            *(
                (event.tick, bytes((0xB0 | channel, *map(_seven_bits, (event.number, event.value)))))
                for event in part.controls
            ),
            *((tick, bytes((0xE0 | channel, value & 0x7F, value >> 7))) for tick, value in bends),
            *((note.onset, bytes((0x90 | channel, note.pitch, note.velocity))) for note in part.notes),
        ]
    )


def _seven_bits(value: int) -> int:
    return min(max(value, 0), 127)


def _in_order(events: list[_TimedBytes]) -> list[_TimedBytes]:
    return sorted(events, key=lambda event: event[0])


def _track(events: Iterable[_TimedBytes]) -> bytes:
    pieces: list[bytes] = []
    now = 0
    for tick, content in events:
        delta = tick - now
        while delta > _LONGEST_DELTA:
            pieces += (variable_length(_LONGEST_DELTA), _NOTHING)
            delta -= _LONGEST_DELTA
        pieces += (variable_length(delta), content)
        now = tick
    body = b"".join(pieces) + b"\0" + _END_OF_TRACK
    return struct.pack(">4sI", b"MTrk", len(body)) + body
