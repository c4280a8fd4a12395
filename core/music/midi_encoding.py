"""A score as the bytes of a .mid file: exact in ticks, one track a part, nothing rounded.

Format 1, 480 ticks per quarter. The first track holds tempos, metres, keys, lyrics, markers and what belongs to no part;
then comes one track for each part, also for one without notes. midi_lanes.py says which channel a part has; what a
channel of several parts is told is written once. All tracks end where the score does.
"""

import struct
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from core.music.midi_lanes import CHANNELS, Lane, Sound, lanes_of
from core.music.score import (
    BEND,
    KEY_PRESSURE,
    PRESSURE,
    PROGRAM,
    TICKS_PER_QUARTER,
    ControlChange,
    OtherEvent,
    Part,
    Score,
)

_LONGEST_DELTA = 0x0FFFFFFF
_END_OF_TRACK = b"\xff\x2f\x00"
_NOTHING = b"\xff\x01\x00"
"""An empty text: carries time across gaps longer than one delta can say."""
_PORT_PREFIX = 0x21

# In this order at one tick: a pitch struck again is closed first, and a pedal or bend holds for what follows.
_HEADING, _BEFORE, _RELEASES, _BETWEEN, _STRIKES, _AFTER = range(6)

_Event = tuple[int, int, bytes, int | None]
"""Tick, place within the tick, content, and the port if it matters."""


def encoded(score: Score) -> bytes:
    """The bytes of a .mid file that reads back as the same score."""
    told = _Told(score)
    events = [_conductor_events(score)]
    unheard = [event for event in score.others if _is_of_channel(event)]
    for number, part in enumerate(score.parts):
        lane, first, controls = told.by_part[number]
        port, channel = divmod(lane.channel, CHANNELS)
        of_track = _part_events(part, channel, port, first, controls)
        if part.notes:
            # In a track of notes, as one that only told a channel this would be a part without notes.
            of_track += map(_other, unheard)
            unheard = []
        events.append(of_track)
    events[0] += map(_other, unheard)
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(events), TICKS_PER_QUARTER)
    return header + b"".join(_track(of_track, score.end) for of_track in events)


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


class _Told:
    """What each part's track tells its channel: the first setting, and those of the channel's events that have to stand there."""

    def __init__(self, score: Score) -> None:
        self.by_part: dict[int, tuple[Lane, Sound | None, list[ControlChange]]] = {}
        for lane in lanes_of(score):
            parts = [score.parts[number] for number in lane.parts]
            homes = _homes(lane, parts)
            for place, number in enumerate(lane.parts):
                controls = lane.controls
                if len(parts) > 1:
                    # Of these parts one can differ from another in places within a tick alone.
                    own = parts[place].controls if len(parts[place].controls) == len(controls) else controls
                    controls = own.taken(homes == place)
                self.by_part[number] = (lane, lane.first if place == 0 else None, list(controls))


def _homes(lane: Lane, parts: Sequence[Part]) -> npt.NDArray[np.int64]:
    """Where each event of a channel stands: with the last of its parts that it has to follow within its tick."""
    homes = np.zeros(len(lane.controls), np.int64)
    if len(parts) > 1 and len(homes):
        for place, part in enumerate(parts):
            if len(part.controls) == len(homes):
                when, tick = part.controls.when, part.controls.tick
                homes[(when > 0) | ((when == 0) & np.isin(tick, part.notes.end))] = place
    return homes


def _conductor_events(score: Score) -> list[_Event]:
    events: list[tuple[int, bytes]] = []
    for tempo in score.tempos:
        microseconds = min(max(tempo.microseconds_per_quarter, 1), 0xFFFFFF)
        events.append((tempo.tick, meta_event(0x51, microseconds.to_bytes(3, "big"))))
    for metre in score.metres:
        numbers = (metre.numerator, metre.denominator.bit_length() - 1, 24, 8)  # 24 clocks a click, 8 32nds a quarter
        events.append((metre.tick, meta_event(0x58, bytes(numbers))))
    events += [(key.tick, meta_event(0x59, struct.pack("bB", key.fifths, key.is_minor))) for key in score.keys]
    events += [(lyric.tick, _text(0x05, lyric.text)) for lyric in score.lyrics]
    events += [(marker.tick, _text(0x06, marker.text)) for marker in score.markers]
    others = [_other(event) for event in score.others if not _is_of_channel(event)]
    return [*others, *((tick, _BETWEEN, content, None) for tick, content in events)]


def _text(kind: int, text: str) -> bytes:
    return meta_event(kind, text.encode("utf-8", "replace"))


def _is_of_channel(event: OtherEvent) -> bool:
    return 0x80 <= event.status < 0xF0


def _other(event: OtherEvent) -> _Event:
    if event.status < 0x80:
        return event.tick, _HEADING, meta_event(event.status, event.content), None
    length = b"" if _is_of_channel(event) else variable_length(len(event.content))
    return event.tick, _HEADING, bytes((event.status,)) + length + event.content, event.port


def _part_events(
    part: Part, channel: int, port: int, first: Sound | None, controls: Sequence[ControlChange]
) -> list[_Event]:
    events: list[_Event] = []
    if part.name:
        events.append((0, _HEADING, _text(0x03, part.name), None))
    events += map(_other, part.others)
    if first is not None:
        controls = _with_first(first, controls)
    for event in controls:
        place = _BEFORE if event.when < 0 else _AFTER if event.when > 0 else _BETWEEN
        events.append((event.tick, place, _message(event, channel), port))
    notes = part.notes
    on, off = 0x90 | channel, 0x80 | channel
    columns = (notes.onset.tolist(), notes.end.tolist(), notes.pitch.tolist(), notes.velocity.tolist())
    for onset, end, pitch, velocity in zip(*columns, strict=True):
        events.append((onset, _STRIKES, bytes((on, pitch, velocity)), port))
        events.append((end, _RELEASES, bytes((off, pitch, 64)), port))
    return events


def _with_first(first: Sound, controls: Sequence[ControlChange]) -> list[ControlChange]:
    """Set the program at the start: after the last event there that chooses its bank, or after one put before them."""
    bank, program = first
    at_start = [event for event in controls if event.tick == 0 and event.when <= 0]
    chosen, place = 0, 0 if bank == 0 else -1
    for index, event in enumerate(at_start, 1):
        if event.number == 0:
            chosen = event.value << 7 | chosen & 0x7F
        elif event.number == 32:
            chosen = chosen & 0x3F80 | event.value
        else:
            continue
        if chosen == bank:
            place = index
    when = min([0, *(event.when for event in at_start)])
    if place < 0:
        selects = [ControlChange(0, 0, bank >> 7, when), ControlChange(0, 32, bank & 0x7F, when)]
        return [*selects, ControlChange(0, PROGRAM, program, when), *controls]
    setting = ControlChange(0, PROGRAM, program, at_start[place - 1].when if place else when)
    return [*controls[:place], setting, *controls[place:]]


def _message(event: ControlChange, channel: int) -> bytes:
    number, value = event.number, event.value
    if number == BEND:
        bend = min(max(value, -8192), 8191) + 8192
        return bytes((0xE0 | channel, bend & 0x7F, bend >> 7))
    value = min(max(value, 0), 127)
    if number == PRESSURE:
        return bytes((0xD0 | channel, value))
    if number == PROGRAM:
        return bytes((0xC0 | channel, value))
    if number >= KEY_PRESSURE:
        return bytes((0xA0 | channel, min(number - KEY_PRESSURE, 127), value))
    return bytes((0xB0 | channel, min(max(number, 0), 127), value))


def _track(events: Iterable[_Event], end: int) -> bytes:
    pieces: list[bytes] = []
    now = port = 0
    for tick, _place, content, its_port in sorted(events, key=lambda event: event[:2]):
        if its_port is not None and its_port != port:
            pieces += (*_gap(tick - now), meta_event(_PORT_PREFIX, bytes((its_port,))))
            now, port = tick, its_port
        pieces += (*_gap(tick - now), content)
        now = tick
    body = b"".join((*pieces, *_gap(max(0, end - now)), _END_OF_TRACK))
    return struct.pack(">4sI", b"MTrk", len(body)) + body


def _gap(delta: int) -> list[bytes]:
    pieces = []
    while delta > _LONGEST_DELTA:
        pieces += [variable_length(_LONGEST_DELTA), _NOTHING]
        delta -= _LONGEST_DELTA
    return [*pieces, variable_length(delta)]
