"""Reading and writing .mid files; with midi_batch.py, its way to read hundreds at once, all that knows MIDI libraries.

Reading: `read_midi` for a file, `read_midi_bytes` for bytes, `read_many` for the bytes of many files: the same results
at a fraction of the time. Arrays go from there into the parts of the score; no object is made for a note.

Three ways lead there. midi_batch.py takes files that are plain, by symusic, many together. What it declines is read
alone, by symusic, here. What that can't tell exactly is read by midi_events.py, event by event, tolerant and slow.

symusic reads all tracks that have notes. It pairs note-offs first in, first out, and drops notes never closed, so two
rules are applied to its arrays (note_pairing.py), and each track is given a last note-off for every pitch, far beyond
its end: a note that it closes was left open. Where one was, where a text isn't UTF-8, where symusic refuses or could
be wrong (ticks beyond its 32 bits), the whole file is read by midi_events.py, which is exact and tolerant.
pretty_midi is the reference that both agree with in the tests. It is no fallback: nothing was found that it reads and
these two don't.

Writing: midi_encoding.py. `TickExactMIDI` is the way out to pretty_midi, `from_pretty_midi` the way back. Everything is in
ticks, 480 a quarter; other resolutions are rescaled on reading, halves rounded up.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import pretty_midi
import symusic

from core.errors import DamagedError, FileError
from core.files import replacing
from core.loading.opening import read_file
from core.music.midi_assembly import (
    NO_ROWS,
    NoteArrays,
    RawMidi,
    RawVoice,
    assembled,
    part_name,
    raw_notes,
    raw_of,
    read_by_events,
)
from core.music.midi_batch import is_meta_alone, read_together
from core.music.midi_encoding import encoded, meta_event, variable_length
from core.music.midi_events import LARGEST_FILE, Chunks, Track, Unreadable, read_track, split
from core.music.note_pairing import Integers, RawNotes, with_first_offs
from core.music.score import TICKS_PER_QUARTER, KeySignature, Score
from core.music.timing import TempoMap

_FAR = 0x0FFFFFFF
"""Ticks from the end of a track to the note-offs that show what was left open: the longest that one delta can say."""
_LARGEST_FOR_SYMUSIC = 3 * 2**20
"""Bytes. Enough for all notes that are let through; beyond, symusic's memory could run away before it is asked."""
_END_OF_TRACK = b"\xff\x2f\x00"
_LAST_OFFS = b"\0".join(bytes((pitch, 0)) for pitch in range(128))
"""Data of 128 note-offs in running status, between them deltas of 0."""
_FAR_DELTA = variable_length(_FAR)
_NO_NOTES = {
    "time": np.zeros(0, np.int32),
    "duration": np.zeros(0, np.int32),
    "pitch": np.zeros(0, np.int8),
    "velocity": np.zeros(0, np.int8),
}
_ODD_META = re.compile(rb"\xff(?:\x51[^\x03]|\x58(?:[^\x04]|\x04.[\x08-\xff])|\x59[^\x02])", re.DOTALL)
"""Perhaps a tempo, metre or key of a length or a denominator that symusic takes for another."""
_CONTROL = ("time", "number", "value")
_BEND = ("time", "value")


@dataclass(frozen=True, eq=False)
class ReadResult:
    """What a file holds, and what had to be repaired to read it.

    Repairs are short claims for a report, such as "2 endless notes closed at the end".
    """

    score: Score
    repairs: tuple[str, ...] = ()


def read_midi(path: Path) -> Score:
    """The score in a file. Raises FileError with a sentence that names the file and says why it can't be read."""
    return read_midi_bytes(_content(path), path.name).score


def read_midi_bytes(content: bytes, name: str) -> ReadResult:
    """What the bytes of a MIDI file hold. name: what FileError calls the file. Raises FileError."""
    try:
        chunks = split(content)
        is_karaoke = _is_karaoke(content, name)
        found = (None if is_karaoke else _read_by_symusic(chunks)) or read_by_events(chunks, is_karaoke=is_karaoke)
        return ReadResult(*assembled(*found))
    except Unreadable as reason:
        raise _unreadable(name, reason) from reason


def read_many(files: Sequence[tuple[bytes, str]]) -> Iterator[ReadResult | FileError]:
    """What `read_midi_bytes` gives or raises for each of (content, name) in turn, at a fraction of the time."""
    together = read_together([b"" if _is_karaoke(*file) else file[0] for file in files])
    for index, (content, name) in enumerate(files):
        found = together.pop(index, None)
        try:
            yield read_midi_bytes(content, name) if found is None else ReadResult(*assembled(*found))
        except FileError as error:
            yield error
        except Unreadable as reason:
            yield _unreadable(name, reason)


def write_midi(score: Score, path: Path) -> None:
    """Write a .mid file, all at once. Raises FileError; then `path` is as it was."""
    with replacing(path) as temporary:
        temporary.write_bytes(encoded(score))


def midi_bytes(score: Score) -> bytes:
    """The bytes that `write_midi` puts into a file."""
    return encoded(score)


class TickExactMIDI(pretty_midi.PrettyMIDI):  # type: ignore[misc]  # pretty_midi ships no types
    """A score as a PrettyMIDI, for what other programs do with one: its notes in seconds, its piano roll, its sound.

    `write` writes the score that it was made of, to the tick; what was changed in this object's lists since is not
    written. pretty_midi's own `write` starts from seconds: it loses markers, tempos between whole microseconds and
    repeated ones, and the order of controllers at one tick; it adds a 4/4 and spells six flats as six sharps.
    """

    def __init__(self, score: Score) -> None:
        super().__init__(resolution=TICKS_PER_QUARTER, initial_tempo=120.0)
        self.score = score
        tempo_map = TempoMap.of(score)
        self._tick_scales = list(
            zip(tempo_map.ticks.astype(int).tolist(), tempo_map.seconds_per_tick.tolist(), strict=True)
        )
        self.time_signature_changes = [
            pretty_midi.TimeSignature(metre.numerator, metre.denominator, tempo_map.seconds_at(metre.tick))
            for metre in score.metres
        ]
        self.key_signature_changes = [
            pretty_midi.KeySignature(_key_number(key), tempo_map.seconds_at(key.tick)) for key in score.keys
        ]
        self.lyrics = [pretty_midi.Lyric(lyric.text, tempo_map.seconds_at(lyric.tick)) for lyric in score.lyrics]
        for part in score.parts:
            instrument = pretty_midi.Instrument(part.program, part.is_drums, part.name)
            starts, ends = (tempo_map.seconds_at(ticks) for ticks in (part.notes.onset, part.notes.end))
            instrument.notes = [
                pretty_midi.Note(note.velocity, note.pitch, start, end)
                for note, start, end in zip(part.notes, starts.tolist(), ends.tolist(), strict=True)
            ]
            instrument.control_changes = [
                pretty_midi.ControlChange(event.number, event.value, tempo_map.seconds_at(event.tick))
                for event in part.controls
            ]
            instrument.pitch_bends = [
                pretty_midi.PitchBend(event.value, tempo_map.seconds_at(event.tick)) for event in part.bends
            ]
            self.instruments.append(instrument)

    def write(self, filename: str | Path | IO[bytes]) -> None:
        """Write the score to a path or an open binary file."""
        content = encoded(self.score)
        if isinstance(filename, (str, Path)):
            Path(filename).write_bytes(content)
        else:
            filename.write(content)


def from_pretty_midi(midi: "pretty_midi.PrettyMIDI", name: str = "music") -> Score:
    """The score of a PrettyMIDI, rounded to ticks as its own writer rounds. Raises FileError."""
    written = BytesIO()
    midi.write(written)
    return read_midi_bytes(written.getvalue(), name).score


def _key_number(key: KeySignature) -> int:
    """pretty_midi counts 12 major keys from C, then 12 minor ones."""
    return (key.fifths * 7 + 9) % 12 + 12 if key.is_minor else key.fifths * 7 % 12


def _content(path: Path) -> bytes:
    """A file's bytes. Raises FileError."""
    try:
        return read_file(path, at_most=LARGEST_FILE)
    except DamagedError as error:
        raise FileError(f"‘{path.name}’ can't be read: {error.reason}.") from error


def _is_karaoke(content: bytes, name: str) -> bool:
    return name.lower().endswith(".kar") or b"@KMIDI" in content


def _unreadable(name: str, reason: Unreadable) -> FileError:
    return FileError(f"‘{name}’ can't be read: {reason}.")


def _read_by_symusic(chunks: Chunks) -> tuple[RawMidi, RawNotes | list[NoteArrays]] | None:
    """None where symusic can't read it, or would lose or change something."""
    if chunks.division >= 0x8000 or chunks.is_cut_off or sum(map(len, chunks.tracks)) > _LARGEST_FOR_SYMUSIC:
        return None
    openings = [None if is_meta_alone(content) else read_track(content, until_note=True) for content in chunks.tracks]
    if any(opening is not None and (opening.damage or opening.limited) for opening in openings):
        return None
    raw = raw_of(chunks)
    read = _tracks_by_symusic(chunks, openings, raw)
    if read is None:
        return None
    columns: list[dict[str, Any]] = []
    for index, opening in enumerate(openings):
        if opening is None:
            continue
        if not opening.has_notes:
            raw.add_track(opening)
            columns += [_NO_NOTES] * len(opening.voices)
        for track in read.get(index, ()):
            if track.notes:
                columns.append(track.notes.numpy())
                controls, bends = _rows_of(track.controls, _CONTROL), _rows_of(track.pitch_bends, _BEND)
                raw.voices.append(RawVoice(part_name(opening), track.program, track.is_drum, controls, bends))
    if raw.scale[0] == raw.scale[1]:
        lines = [line for arrays in columns if (line := _line(arrays)) is not None]
        if len(lines) == len(columns):
            return raw, lines
    notes = _notes_of(columns)
    if len(notes) and not (notes.onset.min() >= 0 and (notes.end >= notes.onset).all() and notes.end.max() < _FAR):
        return None
    return raw, with_first_offs(notes)


def _line(arrays: dict[str, Any]) -> NoteArrays | None:
    """Notes that sound one at a time and in order need no pairing, no sorting and no fitting; None of others."""
    onset, duration = arrays["time"], arrays["duration"]
    if len(onset):
        end = onset + duration
        if onset[0] < 0 or end[-1] >= _FAR or duration.min() <= 0 or duration.max() >= _FAR:
            return None
        if (end[:-1] > onset[1:]).any():
            return None
    return onset, arrays["pitch"].view(np.uint8), duration, arrays["velocity"].view(np.uint8)


def _tracks_by_symusic(chunks: Chunks, openings: Sequence[Track | None], raw: RawMidi) -> dict[int, list[Any]] | None:
    """What symusic found, by the number of the file's track; tempos, metres, keys and texts go into `raw`."""
    sounding = [index for index, opening in enumerate(openings) if opening is None or opening.has_notes]
    if not sounding:
        return {}
    patched = [_patched(chunks.tracks[index], index) for index in sounding]
    if not all(patched):
        return None
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(patched), chunks.division)
    try:
        parsed = symusic.Score.from_midi(header + b"".join(patched))
    except (RuntimeError, ValueError, IndexError):
        return None
    read: dict[int, list[Any]] = {}
    for track in parsed.tracks:
        if not track.name.isdecimal():
            return None  # it ended before its end
        read.setdefault(int(track.name), []).append(track)
        if track.lyrics:
            raw.lyrics += [(event.time, event.text) for event in track.lyrics]
    raw.tempos += [(event.time, event.mspq) for event in parsed.tempos]
    raw.metres += [(event.time, event.numerator, event.denominator) for event in parsed.time_signatures]
    raw.keys += [(event.time, event.key, event.tonality) for event in parsed.key_signatures]
    if parsed.markers:
        raw.markers += [(event.time, event.text) for event in parsed.markers]
    if any("\ufffd" in text for _tick, text in (*raw.lyrics, *raw.markers)):
        return None  # not UTF-8
    return read


def _patched(content: bytes, index: int) -> bytes:
    """The track named by its number, with note-offs for every pitch far behind its end. b"" if unfit: refused."""
    if not content.endswith(_END_OF_TRACK) or _ODD_META.search(content) is not None:
        return b""
    pieces = [content[:-3], meta_event(0x03, b"%d" % index)]
    delta = _FAR_DELTA
    for channel in range(16):
        if 0x90 | channel in content:
            pieces += (delta, bytes((0x80 | channel,)), _LAST_OFFS)
            delta = b"\0"
    pieces += (b"\0", _END_OF_TRACK)
    body = b"".join(pieces)
    return struct.pack(">4sI", b"MTrk", len(body)) + body


def _rows_of(events: Any, names: tuple[str, ...]) -> Integers:
    """(events, names), in the file's order."""
    if not events:
        return NO_ROWS[len(names)]
    columns = events.numpy()
    return np.stack([columns[name].astype(np.int64) for name in names], axis=1)


def _notes_of(columns: Sequence[dict[str, Any]]) -> RawNotes:
    """The notes of all voices, told apart by their number."""
    if not columns:
        return raw_notes([])

    def joined(name: str) -> Integers:
        return np.concatenate([arrays[name] for arrays in columns], dtype=np.int64)

    voice = np.repeat(np.arange(len(columns)), [len(arrays["time"]) for arrays in columns])
    onset = joined("time")
    return RawNotes(voice, onset, joined("pitch"), onset + joined("duration"), joined("velocity"))
