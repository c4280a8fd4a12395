"""The bytes of a MIDI file, event by event: tolerant, exact, and slow beside a compiled reader.

midi_file.py uses it for what symusic can't tell (tracks without notes, damaged files, notes never closed, times in
film frames). Ticks are the file's own. A track that breaks off gives what came before; `damage` says why it did.
Standard MIDI File Format 1.0 (RP-001), "MIDI Files".
"""

import struct
from collections import defaultdict, deque
from dataclasses import dataclass, field

LARGEST_FILE = 8 * 2**20
"""Bytes: a thousand pages of notes. What is larger is no music."""
MAX_TRACKS = 1000
MAX_EVENTS = 600_000
"""Events of one track: beyond, memory and time run away and no music is lost."""
_HEADER = b"MThd"
_TRACK = b"MTrk"
_RIFF_SEARCH = 4096
"""Bytes at the start within which wrappers (RIFF, MacBinary) put the header."""

END_OF_TRACK = 0x2F
LEFT_OPEN = 2**32 - 1
"""The end of a note that has no note-off of its own: beyond any tick that is let through."""


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


def split(content: bytes) -> Chunks:
    """Header and tracks, whatever stands before and between. Raises Unreadable."""
    if not content:
        raise Unreadable("it is empty")
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"it is larger than {LARGEST_FILE // 2**20} MB")
    start = 0 if content.startswith(_HEADER) else content.find(_HEADER, 0, _RIFF_SEARCH)
    if start < 0:
        raise Unreadable("it is not a MIDI file")
    if len(content) < start + 14:
        raise Unreadable("it breaks off in its header")
    length, _format, named_tracks, division = struct.unpack_from(">IHHH", content, start + 4)
    if division & 0x7FFF == 0 or (division >= 0x8000 and not division & 0xFF):
        raise Unreadable("its header says 0 ticks per quarter")
    place = start + 8 + length if 6 <= length <= 1024 else start + 14
    tracks: list[bytes] = []
    is_cut_off = False
    while True:
        if content[place : place + 4] != _TRACK:
            place = _next_track(content, place)
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
    return Chunks(division, tuple(tracks), named_tracks, is_cut_off)


def _next_track(content: bytes, place: int) -> int:
    """Where the next track's heading is: after an alien chunk of a sane length, else wherever one is found; or -1."""
    while place + 8 <= len(content) and content[place : place + 4].isalnum():
        (length,) = struct.unpack_from(">I", content, place + 4)
        if place + 8 + length > len(content):
            break
        place += 8 + length
        if content[place : place + 4] == _TRACK:
            return place
    return content.find(_TRACK, place)


@dataclass(slots=True, eq=False)
class Voice:
    """What one channel of a track plays with one program."""

    channel: int
    program: int
    notes: list[tuple[int, int, int, int]] = field(default_factory=list)
    """onset, pitch, end, velocity; note-offs paired first in, first out, notes without length among them."""
    controls: list[tuple[int, int, int]] = field(default_factory=list)
    bends: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Track:
    """What one track of a file holds."""

    voices: list[Voice] = field(default_factory=list)
    """In order of first appearance."""
    name: bytes = b""
    tempos: list[tuple[int, bytes]] = field(default_factory=list)
    metres: list[tuple[int, bytes]] = field(default_factory=list)
    keys: list[tuple[int, bytes]] = field(default_factory=list)
    lyrics: list[tuple[int, bytes]] = field(default_factory=list)
    markers: list[tuple[int, bytes]] = field(default_factory=list)
    texts: list[tuple[int, bytes]] = field(default_factory=list)
    end: int = 0
    limited: int = 0
    """Values above 127 that were taken as 127."""
    damage: str = ""
    has_notes: bool = False

    def metas(self, kind: int) -> list[tuple[int, bytes]] | None:
        """The list for a kind of meta event that is kept."""
        match kind:
            case 0x51:
                return self.tempos
            case 0x58:
                return self.metres
            case 0x59:
                return self.keys
            case 0x05:
                return self.lyrics
            case 0x06:
                return self.markers
            case 0x01:
                return self.texts
            case _:
                return None


def read_track(content: bytes, *, until_note: bool = False) -> Track:
    """All events of a track's bytes; or only those before its first note, which then sets `has_notes` alone.

    As in pretty_midi, a note is filed under the program in force at its note-off. Raises Unreadable where there are
    absurdly many events.
    """
    return _TrackReader(content).read(until_note=until_note)


class _BreaksOff(Exception):  # noqa: N818 -- ends the loop, never leaves this module
    pass


class _TrackReader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0
        self._track = Track()
        self._voices: dict[tuple[int, int], Voice] = {}
        self._programs = [0] * 16
        self._open: defaultdict[int, deque[tuple[int, int]]] = defaultdict(deque)
        """By channel and pitch: onset and velocity of what sounds."""

    def read(self, *, until_note: bool) -> Track:
        track, content = self._track, self._content
        tick = status = events = 0
        size = len(content)
        try:
            while self._place < size:
                events += 1
                if events > MAX_EVENTS:
                    raise Unreadable(f"it has more than {MAX_EVENTS:,} events in a track")
                tick += self._number()
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
                if byte >= 0xF0:
                    if self._system(byte, tick):
                        break
                    continue
                if until_note and byte & 0xF0 == 0x90 and self._peeks_at_note():
                    track.has_notes = True
                    return track
                track.end = tick
                self._channel_event(byte, tick)
        except (IndexError, _BreaksOff):
            track.damage = track.damage or "it breaks off"
        self._leave_open()
        track.voices = self._heard()
        track.has_notes = any(voice.notes for voice in track.voices)
        return track

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
            return 127
        return value

    def _peeks_at_note(self) -> bool:
        return self._content[self._place + 1] > 0

    def _channel_event(self, status: int, tick: int) -> None:
        kind, channel = status & 0xF0, status & 0x0F
        first = self._data()
        if kind == 0xC0:
            self._programs[channel] = first
            if not any(voice.notes for voice in self._voices.values() if voice.channel == channel):
                self._voice(channel, for_note=True)
            return
        if kind == 0xD0:
            return
        second = self._data()
        if kind == 0x90 and second:
            self._open[channel << 7 | first].append((tick, second))
        elif kind in (0x80, 0x90):
            self._close(channel, first, tick)
        elif kind == 0xB0:
            self._voice(channel).controls.append((tick, first, second))
        elif kind == 0xE0:
            self._voice(channel).bends.append((tick, (second << 7 | first) - 8192))

    def _close(self, channel: int, pitch: int, tick: int) -> None:
        sounding = self._open.get(channel << 7 | pitch)
        if sounding:
            onset, velocity = sounding.popleft()
            self._voice(channel, for_note=True).notes.append((onset, pitch, tick, velocity))

    def _leave_open(self) -> None:
        for place, sounding in sorted(self._open.items()):
            if sounding:
                notes = self._voice(place >> 7, for_note=True).notes
                notes.extend((onset, place & 127, LEFT_OPEN, velocity) for onset, velocity in sounding)

    def _voice(self, channel: int, *, for_note: bool = False) -> Voice:
        """The voice that an event of a channel belongs to.

        Controllers never start a second voice of a channel, and a voice that has not played yet takes the program
        that its first note has: controllers often come before the program.
        """
        program = self._programs[channel]
        voice = self._voices.get((channel, program))
        if voice is not None:
            return voice
        known = [voice for (other, _program), voice in self._voices.items() if other == channel]
        if not known:
            voice = Voice(channel, program)
        elif not for_note:
            return known[-1]
        elif known[-1].notes:
            voice = Voice(channel, program)
        else:
            voice = self._voices.pop((channel, known[-1].program))
            voice.program = program
        self._voices[channel, program] = voice
        return voice

    def _heard(self) -> list[Voice]:
        """The voices with notes; of a track without any, the one voice of its only channel.

        What is left out is set-up for channels that don't play here, as in pretty_midi.
        """
        voices = list(self._voices.values())
        playing = [voice for voice in voices if voice.notes]
        return playing or (voices if len(voices) == 1 else [])

    def _system(self, status: int, tick: int) -> bool:
        """Meta and exclusive events; True at the end of the track."""
        if status in (0xF0, 0xF7):
            self._skip(self._number())
        elif status == 0xFF:
            kind = self._content[self._place]
            self._place += 1
            if kind == END_OF_TRACK:
                self._track.end = tick
                return True
            length = self._number()
            begin = self._place
            self._skip(length)
            self._track.end = tick
            content = self._content[begin : self._place]
            kept = self._track.metas(kind)
            if kept is not None:
                kept.append((tick, content))
            elif kind == 0x03:
                self._track.name = content
        else:
            # Real-time and common messages don't belong into files; the ones with data are as long as on the wire.
            self._track.damage = self._track.damage or f"an illegal status byte, {status:02X}"
            self._place += {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0)
        return False

    def _skip(self, length: int) -> None:
        if self._place + length > len(self._content):
            raise _BreaksOff
        self._place += length
