"""The events of many tracks as columns: regular expressions find them, arrays take them apart.

Only sound tracks can be read so. What breaks off, or is unusual, is read by midi_events.py, to the same result.
Ticks are the file's own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.music.midi_events import END_OF_TRACK, MAX_EVENTS, OtherEvent, TrackEvents, Unreadable, read_track

Integers = npt.NDArray[np.int64]

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
    status: Integers
    first: Integers
    second: Integers
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
        columns = columns[:, ~np.isin(columns[0], list(read))]
        rows = [(number, *row) for number, track in read.items() for row in track.channel_events]
        columns = np.concatenate([columns, np.array(rows, np.int64).reshape(-1, 5).T], axis=1)
        columns = columns[:, np.argsort(columns[0], kind="stable")]
        for number, track in read.items():
            track.channel_events = []
            tracks[number] = track
    starts = np.searchsorted(columns[0], np.arange(len(contents) + 1))
    columns[1] = np.minimum(columns[1], LATEST)
    track, tick, status, first, second = columns
    return EventTable(track, tick, status, first, second, starts, tuple(tracks)), refused


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

    def columns(self, tracks: int) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """(5, events): track, tick, status and both data bytes; and which tracks have to be read another way."""
        delta, status, first, second, counts = self._of_runs()
        owners = np.repeat(np.array(self._run_owners, np.int64), counts)
        places = np.concatenate([[0], np.cumsum(counts)])[[runs for _track, runs, _content in self._singles]]
        columns = np.stack([owners, delta, status, first, second])
        if self._singles:
            columns = np.insert(columns, places.astype(np.int64), self._of_singles(), axis=1)
        owner, delta, status = columns[:3]
        starts = np.searchsorted(owner, np.arange(tracks + 1))
        is_new = np.zeros(len(owner) + 1, bool)
        is_new[starts] = True
        # Running status: the last one of a channel that was named in the track.
        is_other = status >= 0xF0
        last = np.maximum.accumulate(np.where((status >= 0x80) & ~is_other, np.arange(len(status)), -1))
        is_running = status == 0
        status[is_running] = status[last[is_running]]
        is_odd = np.zeros(tracks + 1, bool)
        is_odd[owner[is_running & ((last < starts[owner]) | ((status >= 0xC0) & (status < 0xE0)))]] = True
        is_odd[owner[(status == 0xFF) & (columns[3] == END_OF_TRACK) & ~is_new[1:]]] = True
        ticks = np.cumsum(delta)
        columns[1] = ticks - np.append(0, ticks)[starts[owner]]
        counts = np.diff(starts)
        is_odd[:-1] |= counts > MAX_EVENTS
        self._starts, self._ticks, self._other = starts, columns[1], np.flatnonzero(is_other)
        self._owners = owner
        return columns[:, ~is_other], is_odd[:-1]

    def _of_runs(self) -> tuple[Integers, Integers, Integers, Integers, Integers]:
        """Delta, status (0 where it isn't named), data; and how many events each run has."""
        byte = np.frombuffer(b"".join(self._runs), np.uint8)
        low = np.flatnonzero(byte < 0x80).reshape(-1, 3)
        head, first, second = low.T
        start = np.append(0, second[:-1] + 1)[: len(head)]
        delta = byte[head].astype(np.int64)
        longer = np.flatnonzero(head > start)
        shift = 7
        while len(longer):
            delta[longer] |= (byte[head[longer] - shift // 7] & 0x7F).astype(np.int64) << shift
            longer = longer[head[longer] - shift // 7 > start[longer]]
            shift += 7
        status = np.where(first - head > 1, byte[first - 1], 0)
        ends = np.cumsum([len(run) for run in self._runs], dtype=np.int64)
        counts = np.diff(np.searchsorted(second, ends), prepend=0)
        return delta, status.astype(np.int64), byte[first].astype(np.int64), byte[second].astype(np.int64), counts

    def _of_singles(self) -> Integers:
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
        others, owners = self._other, self._owners[self._other]
        # Of the events before it in its track, those that are a channel's.
        places = (
            others - self._starts[owners] - (np.arange(len(others)) - np.searchsorted(others, self._starts)[owners])
        )
        rows = zip(owners.tolist(), self._ticks[others].tolist(), places.tolist(), self._contents, strict=True)
        for owner, tick, place, (kind, content) in rows:
            tracks[owner].others.append(OtherEvent(tick, place, kind, content))
        return tracks
