"""The events of many tracks as columns: regular expressions find them, arrays take them apart.

Only sound tracks can be read so. What breaks off, or is unusual, is read by midi_events.py, to the same result.
Ticks are the file's own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core.music.midi_events import END_OF_TRACK, MAX_EVENTS, OtherEvent, TrackEvents, Unreadable, read_track

Integers = npt.NDArray[np.int64]
Octets = npt.NDArray[np.uint8]

LATEST = 2**40 - 1
"""Ticks beyond are taken for this one: no music comes near, and arithmetic stays within 64 bits."""
_LARGEST = 4 * MAX_EVENTS
"""Bytes of a track that is read at once."""
_CONTENT = b"|".join(b"\\x%02x.{%d}" % (length, length) for length in range(1, 128))
_RUN = re.compile(rb"(?:[\x80-\xff]{0,3}+[\x00-\x7f][\x80-\xbf\xe0-\xef]?+[\x00-\x7f][\x00-\x7f])++")
"""Events of two data bytes, in running status or not. Each has three bytes below 128: where its delta ends, and the data."""
_SINGLE = re.compile(
    # One data byte; or a meta or exclusive event of up to 127 bytes.
    rb"[\x80-\xff]{0,3}[\x00-\x7f](?:([\xc0-\xdf])[\x00-\x7f]|(?:\xff[\x00-\x7f]|\xf0|\xf7)(?:\x00|"
    + _CONTENT
    + rb"))",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """Channel events of all the tracks, each track's together and in its order; all arrays of shape (events,)."""

    track: Integers
    tick: Integers
    status: Octets
    first: Octets
    second: Octets
    """0 where there is but one data byte."""
    starts: Integers
    """(tracks + 1,): where each track's events start."""
    tracks: tuple[TrackEvents, ...]
    """All else that the tracks hold; their `channel_events` are empty."""


def read_tracks(contents: Sequence[bytes]) -> tuple[EventTable, dict[int, Unreadable]]:
    """All tracks, in their order; and those, by number, that are left empty as they hold absurdly many events."""
    spans = _Spans()
    refused: dict[int, Unreadable] = {}
    read: dict[int, TrackEvents] = {}
    for number, content in enumerate(contents):
        if len(content) > _LARGEST or not spans.add(number, content):
            read[number] = _read_alone(number, content, refused)
    columns, is_odd = spans.columns(len(contents))
    for number in np.flatnonzero(is_odd).tolist():
        read[number] = _read_alone(number, contents[number], refused)
    tracks = spans.tracks()
    if read:
        columns = _with_others(columns, read)
        for number, track in read.items():
            track.channel_events = []
            tracks[number] = track
    starts = np.searchsorted(columns[0], np.arange(len(contents) + 1))
    return EventTable(*columns, starts, tuple(tracks)), refused


_Columns = tuple[Integers, Integers, Octets, Octets, Octets]
"""Track, tick, status and both data bytes of channel events."""


def _with_others(columns: _Columns, read: dict[int, TrackEvents]) -> _Columns:
    """With the tracks that were read alone, in the place of what was found of them."""
    rows = [(number, *row) for number, track in read.items() for row in track.channel_events]
    others = np.array([(track, min(tick, LATEST), *message) for track, tick, *message in rows], np.int64).reshape(-1, 5)
    track, tick, status, first, second = columns
    kept = ~np.isin(track, list(read))
    order = np.argsort(np.concatenate([track[kept], others[:, 0]]), kind="stable")
    octets = others[:, 2:].astype(np.uint8).T
    return (
        np.concatenate([track[kept], others[:, 0]])[order],
        np.concatenate([tick[kept], others[:, 1]])[order],
        np.concatenate([status[kept], octets[0]])[order],
        np.concatenate([first[kept], octets[1]])[order],
        np.concatenate([second[kept], octets[2]])[order],
    )


def _read_alone(number: int, content: bytes, refused: dict[int, Unreadable]) -> TrackEvents:
    try:
        return read_track(content)
    except Unreadable as reason:
        refused[number] = reason
        return TrackEvents()


class _Spans:
    """Where runs of events of two data bytes lie, and the single events between them; then their columns."""

    def __init__(self) -> None:
        self._runs: list[bytes] = []
        self._run_owners: list[int] = []
        self._singles: list[tuple[int, int, bytes]] = []
        """Track, the number of runs before it in all, and its bytes."""
        self._contents: list[tuple[int, bytes]] = []
        """Kind and content of those that are no channel's."""

    def add(self, number: int, content: bytes) -> bool:
        """Take in a track; False for one that isn't sound, of which nothing stays."""
        before = len(self._runs), len(self._singles)
        place, size = 0, len(content)
        while place < size:
            run = _RUN.match(content, place)
            if run is not None:
                self._runs.append(run[0])
                self._run_owners.append(number)
                place = run.end()
                if place == size:
                    break
            single = _SINGLE.match(content, place)
            if single is None:
                break
            place = single.end()
            self._singles.append((number, len(self._runs), single[0]))
        if place == size > 0:
            return True
        del self._runs[before[0] :], self._run_owners[before[0] :], self._singles[before[1] :]
        return False

    def columns(self, tracks: int) -> tuple[_Columns, npt.NDArray[np.bool_]]:
        """The events; and which tracks have to be read another way."""
        delta, status, first, second, counts = self._of_runs()
        owner = np.repeat(np.array(self._run_owners, np.int64), counts)
        if self._singles:
            ends = np.append(0, np.cumsum(counts))
            places = ends[[runs for _track, runs, _content in self._singles]]
            # Where each of all events goes.
            to = np.arange(len(places)) + places
            is_run = np.ones(len(delta) + len(places), bool)
            is_run[to] = False
            single = self._of_singles()
            octets = single[2:].astype(np.uint8)
            owner, delta = _merged(owner, single[0], is_run), _merged(delta, single[1], is_run)
            status, first = _merged(status, octets[0], is_run), _merged(first, octets[1], is_run)
            second = _merged(second, octets[2], is_run)
        starts = np.searchsorted(owner, np.arange(tracks + 1))
        is_other = status >= 0xF0
        # Running status: the last one of a channel that was named in the track.
        named = np.flatnonzero((status >= 0x80) & ~is_other)
        is_running = np.flatnonzero(status == 0)
        is_odd = np.zeros(tracks, bool)
        if len(is_running):
            which = np.searchsorted(named, is_running) - 1
            last = named[which] if len(named) else np.full(len(which), -1)
            status[is_running] = status[last]
            is_lost = (which < 0) | (last < starts[owner[is_running]])
            is_odd[owner[is_running[is_lost | ((status[last] >= 0xC0) & (status[last] < 0xE0))]]] = True
        others = np.flatnonzero(is_other)
        is_end = (status[others] == 0xFF) & (first[others] == END_OF_TRACK)
        is_odd[owner[others[is_end & (others + 1 < starts[owner[others] + 1])]]] = True
        is_odd |= np.diff(starts) > MAX_EVENTS
        ticks = np.cumsum(delta)
        tick = np.minimum(ticks - np.append(0, ticks)[starts[owner]], LATEST)
        self._starts, self._ticks, self._other, self._owners = starts, tick, others, owner[others]
        kept = ~is_other
        return (owner[kept], tick[kept], status[kept], first[kept], second[kept]), is_odd

    def _of_runs(self) -> tuple[Integers, Octets, Octets, Octets, Integers]:
        """Delta, status (0 where it isn't named), data; and how many events each run has."""
        byte = np.frombuffer(b"".join(self._runs), np.uint8)
        low = np.flatnonzero(byte < 0x80)
        head, after, second = low[::3], low[1::3], low[2::3]
        start = np.append(0, second[:-1] + 1)[: len(head)]
        delta = byte[head].astype(np.int64)
        longer = np.flatnonzero(head > start)
        back = 1
        while len(longer):
            delta[longer] |= (byte[head[longer] - back] & 0x7F).astype(np.int64) << 7 * back
            longer = longer[head[longer] - back > start[longer]]
            back += 1
        status = np.where(after - head > 1, byte[after - 1], np.uint8(0))
        ends = np.cumsum([len(run) for run in self._runs], dtype=np.int64)
        counts = np.diff(np.searchsorted(second, ends), prepend=0)
        return delta, status, byte[after], byte[second], counts

    def _of_singles(self) -> Integers:
        """(5, singles): track, delta, status and data; of meta events their kind is the first."""
        rows = []
        for number, _runs, content in self._singles:
            place = delta = 0
            while content[place] >= 0x80:
                delta = (delta | content[place] & 0x7F) << 7
                place += 1
            delta |= content[place]
            status = content[place + 1]
            if status >= 0xF0:
                kind, begin = (content[place + 2], place + 4) if status == 0xFF else (status, place + 3)
                self._contents.append((kind, content[begin:]))
            rows.append((number, delta, status, content[place + 2], 0))
        return np.array(rows, np.int64).T

    def tracks(self) -> list[TrackEvents]:
        """What the tracks hold beside channel events; after `columns`."""
        last = self._starts[1:] - 1
        ends = np.where(np.diff(self._starts) > 0, self._ticks[last] if len(self._ticks) else 0, 0)
        tracks = [TrackEvents(end=end) for end in ends.tolist()]
        others, owners = self._other, self._owners
        # Of the events before it in its track, those that are a channel's.
        places = (
            others - self._starts[owners] - (np.arange(len(others)) - np.searchsorted(others, self._starts)[owners])
        )
        rows = zip(owners.tolist(), self._ticks[others].tolist(), places.tolist(), self._contents, strict=True)
        for owner, tick, place, (kind, content) in rows:
            tracks[owner].others.append(OtherEvent(tick, place, kind, content))
        return tracks


_Kind = TypeVar("_Kind", np.int64, np.uint8)


def _merged(
    column: npt.NDArray[_Kind], others: npt.NDArray[_Kind], is_of_column: npt.NDArray[np.bool_]
) -> npt.NDArray[_Kind]:
    """The values of both, each in its order, as the mask tells."""
    merged = np.empty(len(is_of_column), column.dtype)
    merged[is_of_column] = column
    merged[~is_of_column] = others
    return merged
