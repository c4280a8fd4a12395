"""A track of a MIDI file, event by event: tolerant, exact, and slow. What makes sense of events is elsewhere.

midi_table.py reads sound tracks by the hundred and leaves the others to this; the two agree in all they give. Ticks are
the file's own. A track that breaks off gives what came before; `damage` says why it did.
Standard MIDI File Format 1.0 (RP-001), "MIDI Files".
"""

import itertools
import re
import struct
from dataclasses import dataclass, field

LARGEST_FILE = 8 * 2**20
"""Bytes: a thousand pages of notes. What is larger is no music."""
MAX_TRACKS = 1000
MAX_EVENTS = 600_000
"""Events of one track: beyond, memory and time run away and no music is lost."""
_HEADER = b"MThd"
_TRACK = b"MTrk"
_HEADER_SEARCH = 4096
"""Bytes at the start within which wrappers (such as MacBinary) put the header."""
LARGEST_WRAPPED = 64 * 2**20
"""Bytes of a file that holds pictures or a soundfont beside its music (RIFF)."""

END_OF_TRACK = 0x2F
_MOST_LIMITED = 2
"""Values above 127 in a track that are taken for slips; more show that it is out of step."""
_WIDE = 1 << 14
"""Ticks that take three bytes to say: in a damaged track no rest is that long."""


class Unreadable(Exception):  # noqa: N818 -- a verdict; midi_file makes the FileError with the file's name
    """These bytes give no music. The text says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Chunks:
    """A MIDI file taken apart."""

    division: int
    """Ticks per quarter if below 0x8000, else frames and ticks per frame."""
    tracks: tuple[bytes, ...]
    named_tracks: int
    """What the header says; often wrong."""
    is_cut_off: bool
    """The last track is shorter than its heading says."""
    are_patterns: bool = False
    """Its tracks are pieces of their own (format 2)."""
    has_more: bool = False
    """A second song follows."""


def split(content: bytes) -> Chunks:
    """Header and tracks, whatever stands before and between. Raises Unreadable."""
    if not content:
        raise Unreadable("it is empty")
    if content.startswith(b"RIFF"):
        content = _unwrapped(content)
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"it is larger than {LARGEST_FILE // 2**20} MB")
    start = 0 if content.startswith(_HEADER) else content.find(_HEADER, 0, _HEADER_SEARCH)
    if start < 0:
        raise Unreadable(f"it is {kind_of(content) or 'not a MIDI file'}")
    if len(content) < start + 14:
        raise Unreadable("it breaks off in its header")
    length, form, named_tracks, division = struct.unpack_from(">IHHH", content, start + 4)
    if division & 0x7FFF == 0 or (division >= 0x8000 and not division & 0xFF):
        raise Unreadable("its header says 0 ticks per quarter")
    place = start + 8 + length if 6 <= length <= 1024 else start + 14
    tracks: list[bytes] = []
    is_cut_off = has_more = False
    while True:
        if content[place : place + 4] != _TRACK:
            place, has_more = _next_track(content, place, has_tracks=bool(tracks))
            if place < 0:
                break
        (length,) = struct.unpack(">I", content[place + 4 : place + 8].rjust(4, b"\0"))
        begin, end = place + 8, place + 8 + length
        if end > len(content):
            # A length that is too long may hide further tracks; without any, the file is cut off.
            following = content.find(_TRACK, begin)
            is_cut_off = following < 0
            end = len(content) if is_cut_off else following
        tracks.append(content[begin:end])
        if len(tracks) > MAX_TRACKS:
            raise Unreadable(f"it has more than {MAX_TRACKS:,} tracks")
        place = end
    if not tracks:
        raise Unreadable("it has no tracks")
    are_patterns = form == 2 and len(tracks) > 1
    return Chunks(division, tuple(tracks), named_tracks, is_cut_off, are_patterns, has_more)


def _unwrapped(content: bytes) -> bytes:
    """The MIDI file in a RIFF file, by its chunks; the content itself where they don't lead to one."""
    place = 12
    while place + 8 <= len(content):
        (length,) = struct.unpack_from("<I", content, place + 4)
        if content[place : place + 4] == b"data" and content.startswith(_HEADER, place + 8):
            inner = content[place + 8 : place + 8 + length]
            # Some write a length of nothing.
            return inner if length else content[place + 8 :]
        place += 8 + length + length % 2
    return content


_KINDS = (
    (0, b"RIFF....WAVE", "a WAV recording"),
    (0, b"RIFF....AVI ", "a film (AVI)"),
    (0, b"RIFF....sfbk", "a soundfont"),
    (0, b"ID3", "an MP3 recording"),
    (0, b"\xff[\xfb\xfa\xf3\xf2]", "an MP3 recording"),
    (0, b"OggS", "an Ogg recording"),
    (0, b"fLaC", "a FLAC recording"),
    (0, b"FORM....AIF[FC]", "an AIFF recording"),
    (4, b"ftyp", "an MP4 recording or film"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"PK\x03\x04", "a zip archive, or a document packed as one"),
    (0, b"\x1f\x8b", "a file packed with gzip"),
    (0, b"BZh", "a file packed with bzip2"),
    (257, b"ustar", "a tar archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a picture (PNG)"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)"),
    (0, b"GIF8", "a picture (GIF)"),
    (0, b"MZ", "a program for Windows"),
    (0, b"\x7fELF", "a program for Linux"),
    (0, b"\xd0\xcf\x11\xe0", "an old Office document"),
    (0, b"SQLite format 3", "a database"),
    (0, b"{\\\\rtf", "a text document (RTF)"),
    (0, b"X:[ ]*[0-9]", "a tune in ABC notation"),
)
"""Where in a file, a pattern in which a dot is any byte, and what has it there."""
_PAGE = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)", re.DOTALL | re.IGNORECASE
)
_SCORE = re.compile(rb"<(?:!DOCTYPE\s+)?(?:score-partwise|score-timewise)")


def kind_of(content: bytes) -> str:
    """What a file is that isn't MIDI, in words that follow "it is"; "" where that can't be told."""
    start = content[:1024]
    for place, pattern, name in _KINDS:
        if re.compile(pattern, re.DOTALL).match(start, place):
            return name
    if _PAGE.match(start):
        return "a web page"
    if _SCORE.search(start):
        return "a score in MusicXML"
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"<?xml", b"<svg")):
        return "a document in XML"
    return "plain text" if _is_text(start) else ""


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    is_whole = len(text.encode()) > len(start) - 4  # the last character may be cut
    return len(start) > 3 and is_whole and all(sign.isprintable() or sign.isspace() for sign in text)


def _next_track(content: bytes, place: int, *, has_tracks: bool) -> tuple[int, bool]:
    """Where the next track's heading is, or -1; and whether a second song's header stands there instead.

    It is after alien chunks of a sane length, else wherever one is found.
    """
    begin = place
    while place + 8 <= len(content) and content[place : place + 4].isalnum():
        if has_tracks and content.startswith(_HEADER, place):
            return -1, True
        (length,) = struct.unpack_from(">I", content, place + 4)
        if place + 8 + length > len(content):
            break
        place += 8 + length
        if content[place : place + 4] == _TRACK:
            return place, False
    found = content.find(_TRACK, place)
    if has_tracks and (header := content.find(_HEADER, begin)) >= 0 and (found < 0 or header < found):
        return -1, True
    return found, False


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """A meta or exclusive event of a track, in the file's own ticks."""

    tick: int
    place: int
    """How many channel events of its track come before it."""
    kind: int
    """Of a meta event 0-127; 0xF0 or 0xF7 of an exclusive one."""
    content: bytes


@dataclass(slots=True, eq=False)
class TrackEvents:
    """What one track of a file holds, in its order."""

    channel_events: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Tick, status, and two data bytes; the second is 0 where there is but one."""
    others: list[OtherEvent] = field(default_factory=list)
    end: int = 0
    """The tick of its last event."""
    limited: int = 0
    """Values above 127 that were taken as 127."""
    damage: str = ""
    goes_on: bool = False
    """There are notes after an end of track."""


def read_track(content: bytes) -> TrackEvents:
    """All events of a track's bytes. Raises Unreadable where there are absurdly many."""
    return _TrackReader(content).read()


class _BreaksOff(Exception):  # noqa: N818 -- ends the loop, never leaves this module
    pass


class _TrackReader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0
        self._track = TrackEvents()
        self._ended: tuple[int, int, int] | None = None
        """Where the track first ended: how many events of either kind it had then, and the tick."""
        self._doubtful: tuple[int, int, int] | None = None
        """The same of the first value that can't be one."""

    def read(self) -> TrackEvents:
        track, content = self._track, self._content
        tick = status = events = 0
        size = len(content)
        try:
            while self._place < size:
                events += 1
                if events > MAX_EVENTS:
                    raise Unreadable(f"it has more than {MAX_EVENTS:,} events in a track")
                delta = self._number()
                byte = content[self._place]
                if byte >= 0x80:
                    self._place += 1
                    if byte < 0xF0:
                        status = byte
                elif not status:
                    track.damage = "an event without a status"
                    break
                else:
                    byte = status
                if byte < 0xF0:
                    self._channel_event(byte, tick + delta)
                elif not self._other(byte, tick + delta):
                    break
                elif track.others[-1].kind == END_OF_TRACK and self._ended is None:
                    self._ended = (*self._counts(), tick + delta)
                    status = 0
                tick += delta
                track.end = tick
        except (IndexError, _BreaksOff):
            track.damage = track.damage or "it breaks off"
        self._leave_out_the_doubtful()
        return track

    def _counts(self) -> tuple[int, int]:
        return len(self._track.channel_events), len(self._track.others)

    def _leave_out_the_doubtful(self) -> None:
        """After a break nothing is music that only happens to read as events, nor is what fills a track after its end."""
        track = self._track
        if self._ended is not None:
            after = track.channel_events[self._ended[0] :]
            if track.damage or not any(status & 0xF0 == 0x90 and second for _tick, status, _first, second in after):
                self._keep(*self._ended)
                track.damage = ""
            else:
                track.goes_on = True
        if track.limited > _MOST_LIMITED:
            track.damage = track.damage or "values that can't be any"
        if track.damage and self._doubtful is not None:
            self._keep(*self._doubtful)
            track.limited = 0
        if track.damage:
            self._leave_out_what_comes_late()

    def _leave_out_what_comes_late(self) -> None:
        """A break shows but some events after it: a wide gap before it is mostly part of it."""
        events = self._track.channel_events
        for number, (before, after) in enumerate(itertools.pairwise(events), 1):
            if after[0] - before[0] >= _WIDE:
                others = sum(event.place < number for event in self._track.others)
                self._keep(number, others, before[0])
                return

    def _keep(self, channel_events: int, others: int, end: int) -> None:
        del self._track.channel_events[channel_events:]
        del self._track.others[others:]
        self._track.end = end

    def _number(self) -> int:
        """A variable-length quantity."""
        value = 0
        for _ in range(5):
            byte = self._content[self._place]
            self._place += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        self._track.damage = "a time that can't be read"
        raise _BreaksOff

    def _data(self) -> int:
        value = self._content[self._place]
        self._place += 1
        if value > 127:
            self._track.limited += 1
            if self._doubtful is None:
                self._doubtful = (*self._counts(), self._track.end)
            return 127
        return value

    def _channel_event(self, status: int, tick: int) -> None:
        first = self._data()
        second = 0 if 0xC0 <= status < 0xE0 else self._data()
        self._track.channel_events.append((tick, status, first, second))

    def _other(self, status: int, tick: int) -> bool:
        """Meta and exclusive events; False where there is none, which is damage."""
        kind = status
        if status == 0xFF:
            kind = self._content[self._place]
            self._place += 1
        elif status not in (0xF0, 0xF7):
            # Real-time and common messages don't belong into files: the place of what follows isn't known.
            self._track.damage = f"an illegal status byte, {status:02X}"
            return False
        length = self._number()
        begin, self._place = self._place, self._place + length
        if self._place > len(self._content):
            if kind != END_OF_TRACK or self._ended is None:
                raise _BreaksOff
            return False
        self._track.others.append(
            OtherEvent(tick, len(self._track.channel_events), kind, self._content[begin : self._place])
        )
        return True
