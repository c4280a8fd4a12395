"""Hundreds of MIDI files read by one call of symusic: for import, where calls cost more than notes.

The tracks of plain files are laid end to end on one long track, told apart afterwards by when they sound. Between two
of them stands a boundary, a metre of no beats, and behind it note-offs for every pitch; a note that reaches past its
boundary was left open. What comes out is checked as a whole: every boundary in its place, every track heard on one
channel with one program, no pitch struck while it sounds. A file that fails is left to midi_file.py, which reads it by
itself and exactly; a batch that can't be parsed is halved until the file at fault is alone.
What is given out is what midi_file.py would have found. Ticks are local to each track, but where said.
"""

import itertools
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import symusic

from core.music.midi_assembly import NO_ROWS, NoteArrays, RawMidi, RawVoice, as_text, raw_of
from core.music.midi_events import Chunks, Unreadable, split
from core.music.note_pairing import Integers, rescaled
from core.music.score import MAX_TICK, TICKS_PER_QUARTER

Found = tuple[RawMidi, list[NoteArrays]]
"""What a file holds, as midi_assembly takes it."""

_LARGEST = 128 * 1024
"""Bytes. Larger files gain nothing by company."""
_END_OF_TRACK = b"\xff\x2f\x00"
_BOUNDARY = b"\xff\x58\x04\x00\x00\x00\x00"
_APART = b"\x01\xff\x01\x00"
"""A tick, and a text that says nothing."""
_RESET = tuple(bytes((0, 0xC0 | channel, 0)) for channel in range(16))
"""A track starts with program 0, whatever the one before it chose."""
_OFFS = tuple(
    bytes((1, 0x80 | channel)) + b"\0".join(bytes((pitch, 0)) for pitch in range(128)) for channel in range(16)
)
_SET_UP = re.compile(rb"(?:\x00(?:[\xb0-\xbf][\x00-\x7f]{2}(?:\x00[\x00-\x7f]{2})*|[\xc0-\xcf][\x00-\x7f]))+")
_FIRST_NOTE = re.compile(rb"[\x80-\xff]{0,3}[\x00-\x7f]([\x90-\x9f])[\x00-\x7f][\x01-\x7f]")
_METAS = re.compile(
    rb"(?:[\x80-\xff]{0,3}[\x00-\x7f]\xff[\x00-\x7f](?:\x00|%s))+"
    % b"|".join(b"\\x%02x.{%d}" % (length, length) for length in range(1, 128)),
    re.DOTALL,
)
"""Delta, mark, kind, length and so many bytes, again and again."""
_LARGEST_META_TRACK = 4096
"""Bytes. Longer ones are rare, and quicker told by reading to their first note."""


@dataclass(slots=True)
class _Track:
    content: bytes
    name: bytes
    channel: int | None
    """Of its first note; None in a track of meta events alone."""


@dataclass(slots=True)
class _File:
    index: int
    chunks: Chunks
    tracks: list[_Track]


def read_together(contents: Sequence[bytes]) -> dict[int, Found]:
    """What the plain ones of some files hold, by their index."""
    by_division: dict[int, list[_File]] = {}
    odd = _odd(contents)
    for index, content in enumerate(contents):
        if index not in odd and (file := _plain(index, content)) is not None:
            by_division.setdefault(file.chunks.division, []).append(file)
    found: dict[int, Found] = {}
    for files in by_division.values():
        found.update(_read(files))
    return found


def is_meta_alone(content: bytes) -> bool:
    """True of a track of meta events alone, as the first one mostly is: symusic loses nothing of it."""
    return len(content) < _LARGEST_META_TRACK and _METAS.fullmatch(content) is not None


def _odd(contents: Sequence[bytes]) -> set[int]:
    """Files with bytes that may be what symusic reads otherwise, or with times that its ticks might not hold."""
    joined = np.frombuffer(b"".join([*contents, bytes(8)]), np.uint8)
    sizes = np.array([len(content) for content in contents])
    ends = np.cumsum(sizes)
    mark = np.flatnonzero(joined == 0xFF)
    mark = mark[mark < len(joined) - 8]
    kind, length, first, second = (joined[mark + offset] for offset in range(1, 5))
    is_odd = (
        ((kind == 0x51) & (length != 3))
        | ((kind == 0x58) & ((length != 4) | (first == 0) | (second > 7)))
        | ((kind == 0x59) & (length != 2))
        | (kind == 0x05)  # lyrics and markers: their encoding is to be looked at
        | (kind == 0x06)
    )
    found = set(np.searchsorted(ends, mark[is_odd], side="right").tolist())
    # A delta is of as many bytes as are above 127, and one: four can say 2^28, events of less are of four bytes at least.
    high = joined >= 0x80
    twice = high[:-1] & high[1:]
    thrice = np.flatnonzero(twice[:-1] & high[2:])
    longest = sizes << 12
    for places, ticks in ((np.flatnonzero(twice), 1 << 21), (thrice, 1 << 28)):
        longest += np.bincount(np.searchsorted(ends, places, side="right"), minlength=len(sizes))[: len(sizes)] * ticks
    found.update(np.flatnonzero((longest > MAX_TICK) | (sizes > _LARGEST)).tolist())
    return found


def _plain(index: int, content: bytes) -> _File | None:
    """The file taken apart, if there is nothing unusual about how it is built and how its tracks begin."""
    try:
        chunks = split(content)
    except Unreadable:
        return None
    if chunks.division >= 0x8000 or chunks.is_cut_off:
        return None
    tracks = []
    for body in chunks.tracks:
        track = _track(body)
        if track is None:
            return None
        tracks.append(track)
    return _File(index, chunks, tracks)


def _track(content: bytes) -> _Track | None:
    if not content.endswith(_END_OF_TRACK):
        return None
    place, name, size = 0, b"", len(content)
    while True:
        while content.startswith(b"\x00\xff", place) and place + 4 < size:
            kind, length = content[place + 2], content[place + 3]
            if length > 127:
                return None
            if kind == 0x03:
                name = content[place + 4 : place + 4 + length]
            place += 4 + length
        set_up = _SET_UP.match(content, place)
        if set_up is None:
            break
        place = set_up.end()
    note = _FIRST_NOTE.match(content, place)
    if note is not None:
        return _Track(content, name, note[1][0] & 0x0F)
    return _Track(content, b"", None) if is_meta_alone(content) else None


def _read(files: Sequence[_File]) -> dict[int, Found]:
    """Of files with the same resolution."""
    tracks = [track for file in files for track in file.tracks]
    parsed = _parsed(tracks, files[0].chunks.division)
    if parsed is None:
        half = len(files) // 2
        return {**_read(files[:half]), **_read(files[half:])} if half else {}
    score, ends = parsed
    sounds = _Sounds(score, ends, TICKS_PER_QUARTER, files[0].chunks.division)
    is_sounding = np.array([track.channel is not None for track in tracks])
    is_fit = (sounds.voices == is_sounding) & ~sounds.is_bad
    found: dict[int, Found] = {}
    raws: list[RawMidi] = []
    first = 0
    fits, program, is_drum = is_fit.tolist(), sounds.program.tolist(), sounds.is_drum.tolist()
    for file in files:
        raw = raw_of(file.chunks)
        raws += [raw] * len(file.tracks)
        numbered = list(enumerate(file.tracks, first))
        first += len(file.tracks)
        sounding = [(number, track) for number, track in numbered if track.channel is not None]
        if not sounding or not all(fits[number] for number, _track in numbered):
            continue
        raw.voices = [
            RawVoice(
                as_text(track.name).rstrip("\0"),
                program[number],
                is_drum[number],
                sounds.controls.get(number, NO_ROWS[3]),
                sounds.bends.get(number, NO_ROWS[2]),
            )
            for number, track in sounding
        ]
        found[file.index] = (raw, [sounds.notes(number) for number, _track in sounding])
    starts = sounds.starts
    for number, row in _rows_by_track(score.tempos, ("time", "mspq"), starts, ends):
        raws[number].tempos.append(row)
    for number, row in _rows_by_track(score.time_signatures, ("time", "numerator", "denominator"), starts, ends):
        if row[1]:
            raws[number].metres.append(row)
    for number, row in _rows_by_track(score.key_signatures, ("time", "key", "tonality"), starts, ends):
        raws[number].keys.append(row)
    for raw, _arrays in found.values():
        for entries in (raw.tempos, raw.metres, raw.keys):
            if len(entries) > 1:
                entries.sort(key=itemgetter(0))
    return found


def _parsed(tracks: Sequence[_Track], division: int) -> tuple[Any, Integers] | None:
    """What symusic makes of the tracks end to end, and the tick of each one's end; None if that can't be trusted."""
    pieces: list[bytes] = []
    for track in tracks:
        if track.channel is None:
            pieces += (track.content[:-3], _BOUNDARY, _APART)
        else:
            pieces += (_RESET[track.channel], track.content[:-3], _BOUNDARY, _OFFS[track.channel])
    body = b"".join((*pieces, b"\0", _END_OF_TRACK))
    header = struct.pack(">4sIHHH4sI", b"MThd", 6, 1, 1, division, b"MTrk", len(body))
    try:
        score = symusic.Score.from_midi(header + body)
    except (RuntimeError, ValueError, IndexError):
        return None
    metres = score.time_signatures.numpy()
    ends = metres["time"][metres["numerator"] == 0].astype(np.int64)
    is_whole = len(ends) == len(tracks) and ends[0] >= 0 and bool((ends[1:] > ends[:-1]).all())
    return (score, ends) if is_whole else None


def _rows_by_track(events: Any, names: tuple[str, ...], starts: Integers, ends: Integers) -> Iterable[tuple[int, Any]]:
    """Number of the track, and the event's values with its tick in front."""
    if not events:
        return ()
    columns = events.numpy()
    number = np.searchsorted(ends, columns[names[0]])
    # What lies behind the last boundary isn't there: a track ends with it.
    tick = columns[names[0]] - starts[number]
    rest = (columns[name].tolist() for name in names[1:])
    return zip(number.tolist(), zip(tick.tolist(), *rest, strict=True), strict=True)


class _Sounds:
    """Notes, controllers and pitch bends by the track that they come from."""

    def __init__(self, score: Any, ends: Integers, numerator: int, denominator: int) -> None:
        size = len(ends)
        self.starts: Integers = np.append(0, ends[:-1] + 1)
        self._ends = ends
        self.is_bad = np.zeros(size, np.bool_)
        self.voices = np.zeros(size, np.int64)
        """How many channels and programs a track is heard on."""
        self.program = np.zeros(size, np.int64)
        self.is_drum = np.zeros(size, np.bool_)
        self.controls: dict[int, Integers] = {}
        self.bends: dict[int, Integers] = {}
        columns: list[dict[str, Any]] = []
        numbers: list[Integers] = []
        for voice in score.tracks:
            notes = voice.notes.numpy() if voice.notes else None
            number = self._numbers(notes["time"]) if notes is not None else np.zeros(0, np.int64)
            plays = np.zeros(size, np.bool_)
            plays[number] = True
            if notes is not None:
                columns.append(notes)
                numbers.append(number)
                self.voices += plays
                self.program[plays] = voice.program
                self.is_drum[plays] = voice.is_drum
            self._sort_out(voice.controls, ("time", "number", "value"), plays, self.controls)
            self._sort_out(voice.pitch_bends, ("time", "value"), plays, self.bends)
        self._gather(columns, numbers, numerator, denominator)

    def _numbers(self, times: npt.NDArray[np.int32]) -> Integers:
        """(events,): the track of each. times: rising, of all tracks."""
        bounds = np.searchsorted(times, self._ends, side="right")
        return np.repeat(np.arange(len(bounds)), np.diff(bounds, prepend=0))

    def _sort_out(
        self, events: Any, names: tuple[str, ...], plays: npt.NDArray[np.bool_], into: dict[int, Integers]
    ) -> None:
        if not events:
            return
        columns = events.numpy()
        number = self._numbers(columns["time"])
        self.is_bad[number[~plays[number]]] = True  # it may belong to notes on another program
        rows = np.stack([columns[name].astype(np.int64) for name in names], axis=1)
        rows[:, 0] -= self.starts[number]
        bounds = np.searchsorted(number, np.arange(len(self._ends) + 1)).tolist()
        for one, (begin, end) in enumerate(itertools.pairwise(bounds)):
            if end > begin:
                into[one] = rows[begin:end]

    def _gather(
        self, columns: Sequence[dict[str, Any]], numbers: Sequence[Integers], numerator: int, denominator: int
    ) -> None:
        number = np.concatenate([np.zeros(0, np.int64), *numbers])
        order = None if bool((number[1:] >= number[:-1]).all()) else np.argsort(number, kind="stable")

        def joined(name: str) -> Integers:
            values = np.concatenate([np.zeros(0, np.int64), *(arrays[name] for arrays in columns)], dtype=np.int64)
            return values if order is None else values[order]

        number = number if order is None else number[order]
        onset, pitch, velocity = joined("time"), joined("pitch"), joined("velocity")
        end = onset + joined("duration")
        self.is_bad[number[(end <= onset) | (end > self._ends[number])]] = True
        start = self.starts[number]
        onset -= start
        end -= start
        # By pitch and, as sorting keeps what is in order, number and onset.
        by_pitch = np.argsort(pitch.astype(np.uint8), kind="stable")
        self.is_bad[_struck_again(number, onset, pitch, end, by_pitch)] = True
        if numerator != denominator:
            onset = rescaled(onset, numerator, denominator)
            end = np.maximum(onset + 1, rescaled(end, numerator, denominator))
            self.is_bad[number[end > MAX_TICK]] = True
            self.is_bad[_struck_again(number, onset, pitch, end, by_pitch)] = True
        places = (number << 33 | onset) << 7 | pitch
        if not bool((places[1:] > places[:-1]).all()):
            order = np.argsort(places, kind="stable")  # quick: but for the notes of a chord they are in order
            number, onset, pitch, end, velocity = (values[order] for values in (number, onset, pitch, end, velocity))
        self._onset, self._duration = onset.astype(np.int32), (end - onset).astype(np.int32)
        self._pitch, self._velocity = pitch.astype(np.uint8), velocity.astype(np.uint8)
        self._bounds = np.searchsorted(number, np.arange(len(self._ends) + 1)).tolist()

    def notes(self, number: int) -> NoteArrays:
        """Of one track, in our ticks, by onset and pitch."""
        begin, end = self._bounds[number], self._bounds[number + 1]
        return self._onset[begin:end], self._pitch[begin:end], self._duration[begin:end], self._velocity[begin:end]


def _struck_again(number: Integers, onset: Integers, pitch: Integers, end: Integers, by_pitch: Integers) -> Integers:
    """Numbers of tracks in which a pitch is struck while it sounds, or twice at once."""
    number, onset, pitch, end = (values[by_pitch] for values in (number, onset, pitch, end))
    again: npt.NDArray[np.bool_] = (end[:-1] > onset[1:]) & (number[:-1] == number[1:]) & (pitch[:-1] == pitch[1:])
    return number[1:][again]
