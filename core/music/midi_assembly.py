"""From what readers find in a MIDI file, in its own ticks, to the columns of a score: rescaled, fitted, capped, named.

Whatever had to be changed on the way is said in `repairs`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TypeVar

import numpy as np

from core.music.columns import PartColumns, ScoreColumns
from core.music.midi_encoding import DRUM_CHANNEL
from core.music.midi_events import LEFT_OPEN, Chunks, Track, Unreadable, read_track
from core.music.note_pairing import Integers, RawNotes, fitted, rescaled, with_first_offs
from core.music.score import (
    DEFAULT_MICROSECONDS_PER_QUARTER,
    MAX_TICK,
    TICKS_PER_QUARTER,
    KeySignature,
    Metre,
    Score,
    Tempo,
    TextEvent,
)
from core.music.timing import TempoMap, position_at

MAX_NOTES = 200_000
MAX_CONTROLS = 600_000
LONGEST_HOURS = 24

_TICKS_PER_SECOND = 2 * TICKS_PER_QUARTER
"""At the default tempo: where times in film frames are put."""
SLOWEST_TEMPO = 0xFFFFFF
"""Microseconds a quarter: the most a file can name."""


@dataclass(frozen=True, slots=True, eq=False)
class RawVoice:
    """A part to be: all but its notes."""

    name: str
    program: int
    is_drums: bool
    controls: Integers
    """(controls, 3): tick, number, value."""
    bends: Integers
    """(bends, 2): tick, value."""


@dataclass(slots=True, eq=False)
class RawMidi:
    """All that a file holds, in the file's own ticks; filled by a reader track by track."""

    scale: tuple[int, int]
    """Numerator and denominator that turn the file's ticks into ours."""
    voices: list[RawVoice] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    """Tick, microseconds per quarter."""
    metres: list[tuple[int, int, int]] = field(default_factory=list)
    """Tick, numerator, denominator."""
    keys: list[tuple[int, int, int]] = field(default_factory=list)
    """Tick, fifths, 1 for minor."""
    lyrics: list[tuple[int, str]] = field(default_factory=list)
    markers: list[tuple[int, str]] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    is_cut_off: bool = False
    is_in_frames: bool = False
    """Timed in film frames: tempos mean nothing then."""

    def add_track(self, track: Track) -> None:
        """Take over all but the notes of a track read event by event."""
        name = part_name(track)
        for voice in track.voices:
            controls, bends = as_rows(voice.controls, 3), as_rows(voice.bends, 2)
            self.voices.append(RawVoice(name, voice.program, voice.channel == DRUM_CHANNEL, controls, bends))
        if not self.is_in_frames:
            self.tempos += [(tick, int.from_bytes(content[:3], "big")) for tick, content in track.tempos]
        self.metres += [(tick, *_metre(content)) for tick, content in track.metres]
        self.keys += [(tick, *_key(content)) for tick, content in track.keys]
        self.lyrics += [(tick, as_text(content)) for tick, content in track.lyrics]
        self.markers += [(tick, as_text(content)) for tick, content in track.markers]


def raw_of(chunks: Chunks) -> RawMidi:
    """Nothing read yet but the header."""
    if chunks.division < 0x8000:
        raw = RawMidi((TICKS_PER_QUARTER, chunks.division))
    else:
        frames, per_frame = 0x100 - (chunks.division >> 8), chunks.division & 0xFF
        # 29 stands for the 30000/1001 frames a second of colour television.
        frames, base = (30_000, 1_001) if frames == 29 else (frames, 1)
        raw = RawMidi((_TICKS_PER_SECOND * base, frames * per_frame))
        raw.is_in_frames = True
        raw.repairs.append("Timed in film frames; placed at 120 quarters a minute")
    if chunks.named_tracks != len(chunks.tracks):
        named, found = counted(chunks.named_tracks, "track"), len(chunks.tracks)
        raw.repairs.append(f"The header promises {named}; {found:,} found and read")
    raw.is_cut_off = chunks.is_cut_off
    return raw


def as_rows(values: Sequence[tuple[int, ...]], width: int) -> Integers:
    return np.array(values, dtype=np.int64).reshape(-1, width)


def as_text(content: bytes) -> str:
    """Modern files are in UTF-8; what isn't is taken as Latin-1, which any bytes are."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def part_name(track: Track) -> str:
    return as_text(track.name).rstrip("\0")


def counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _metre(content: bytes) -> tuple[int, int]:
    """Numerator and denominator; 0 where they can't be read."""
    return (content[0], 1 << content[1]) if len(content) >= 2 and content[1] <= 7 else (0, 0)


def _key(content: bytes) -> tuple[int, int]:
    """Fifths and mode; (8, 0), which is no key, where they can't be read."""
    return ((content[0] ^ 0x80) - 0x80, content[1]) if len(content) >= 2 else (8, 0)


def read_by_events(chunks: Chunks, *, is_karaoke: bool) -> tuple[RawMidi, RawNotes]:
    """Read all tracks event by event, whatever their state. Raises Unreadable where no music is left.

    is_karaoke: take the texts for lyrics where there are no lyrics.
    """
    raw = raw_of(chunks)
    notes: list[tuple[int, int, int, int, int]] = []
    texts: list[tuple[int, str]] = []
    damages: list[str] = []
    limited = controls = 0
    ends: list[int] = []
    for number, content in enumerate(chunks.tracks, 1):
        track = read_track(content)
        limited += track.limited
        texts += [(tick, as_text(text)) for tick, text in track.texts]
        if track.damage and not (chunks.is_cut_off and number == len(chunks.tracks)):
            damages.append(f"Track {number} is damaged ({track.damage})")
        for index, voice in enumerate(track.voices, len(raw.voices)):
            notes += [(index, *note) for note in voice.notes]
            controls += len(voice.controls) + len(voice.bends)
            ends.append(track.end)
        if len(notes) > MAX_NOTES:
            raise Unreadable(f"it has more than {MAX_NOTES:,} notes")
        if controls > MAX_CONTROLS:
            raise Unreadable(f"it has more than {MAX_CONTROLS:,} controller events")
        raw.add_track(track)
    if not notes and chunks.is_cut_off:
        raise Unreadable("it breaks off before the first note")
    if not notes and damages:
        raise Unreadable(damages[0][:1].lower() + damages[0][1:])
    if is_karaoke and not raw.lyrics:
        raw.lyrics = [(tick, text) for tick, text in texts if not text.startswith("@")]
    raw.repairs += [f"{damage}; kept as far as it goes" for damage in damages]
    paired, endless = _closed(with_first_offs(raw_notes(notes)), ends, raw)
    if endless:
        raw.repairs.append(f"{counted(endless, 'endless note')} closed at the end")
    if limited:
        raw.repairs.append(f"{counted(limited, 'value')} above 127 taken as 127")
    return raw, paired


def _closed(notes: RawNotes, ends: Sequence[int], raw: RawMidi) -> tuple[RawNotes, int]:
    """End the notes that are left open with their track, or after a quarter if they start there; and their number."""
    left_open = notes.end == LEFT_OPEN
    endless = int(left_open.sum())
    if endless:
        end = np.array(ends, dtype=np.int64)[notes.voice]
        a_quarter_later = notes.onset + max(1, TICKS_PER_QUARTER * raw.scale[1] // raw.scale[0])
        end = np.where(end > notes.onset, end, a_quarter_later)
        notes = replace(notes, end=np.where(left_open, end, notes.end))
    return notes, endless


def raw_notes(notes: Sequence[tuple[int, int, int, int, int]]) -> RawNotes:
    """Of (voice, onset, pitch, end, velocity) each. Raises Unreadable where a tick is absurd."""
    if any(
        onset > MAX_TICK or MAX_TICK < end < LEFT_OPEN or end > LEFT_OPEN for _voice, onset, _pitch, end, _v in notes
    ):
        raise Unreadable(_too_long())
    table = as_rows(notes, 5)
    return RawNotes(table[:, 0], table[:, 1], table[:, 2], table[:, 3], table[:, 4])


def _too_long() -> str:
    return f"it would last more than {LONGEST_HOURS} hours"


def assembled(raw: RawMidi, notes: RawNotes) -> tuple[ScoreColumns, tuple[str, ...]]:
    """The columns, and what was repaired in all. Raises Unreadable beyond the caps."""
    if len(notes) > MAX_NOTES:
        raise Unreadable(f"it has more than {MAX_NOTES:,} notes")
    scale = _Scale(*raw.scale)
    repairs = list(raw.repairs)
    onset = scale.ticks(notes.onset)
    end = notes.end if scale.is_one else np.maximum(onset + 1, scale.ticks(notes.end))
    fit = fitted(RawNotes(notes.voice, onset, notes.pitch, end, notes.velocity))
    notes = fit.notes
    if fit.doubled:
        repairs.append(f"{counted(fit.doubled, 'doubled note')} left out")
    if fit.cut:
        repairs.append(f"{counted(fit.cut, 'note')} cut where the pitch is struck again")
    controls = [scale.first_column(voice.controls) for voice in raw.voices]
    bends = [scale.first_column(voice.bends) for voice in raw.voices]
    tempos = tuple(
        Tempo(tick, value)
        for tick, value in _map(raw.tempos, scale)
        if _holds(0 < value <= SLOWEST_TEMPO, "Tempo unreadable, so left out", repairs)
    )
    metres = tuple(
        Metre(tick, numerator, denominator)
        for tick, numerator, denominator in _map(raw.metres, scale)
        if _holds(numerator > 0 and denominator > 0, "Metre unreadable, so left out", repairs)
    )
    keys = tuple(
        KeySignature(tick, fifths, bool(mode))
        for tick, fifths, mode in _map(raw.keys, scale)
        if _holds(-7 <= fifths <= 7 and mode in (0, 1), "Key signature unreadable, so left out", repairs)
    )
    lyrics, markers = _texts(raw.lyrics, scale), _texts(raw.markers, scale)
    last = max(
        int(notes.end.max(initial=0)),
        *(int(rows[-1, 0]) for rows in (*controls, *bends) if len(rows)),
        *(events[-1].tick for events in (tempos, metres, keys, lyrics, markers) if events),
        0,
        0,  # max() of a lone number wants company
    )
    _check_length(last, tempos)
    columns = ScoreColumns(tuple(_parts(raw, notes, controls, bends)), tempos, metres, keys, lyrics, markers)
    if raw.is_cut_off:
        bars = position_at(Score(metres=metres), max(0, int(notes.end.max(initial=1)) - 1)).bar
        repairs.append(f"Cut off; first {counted(bars, 'bar')} kept")
    return columns, tuple(repairs)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The file's ticks in ours."""

    numerator: int
    denominator: int

    @property
    def is_one(self) -> bool:
        return self.numerator == self.denominator

    def tick(self, tick: int) -> int:
        return (2 * tick * self.numerator + self.denominator) // (2 * self.denominator)

    def ticks(self, ticks: Integers) -> Integers:
        return rescaled(ticks, self.numerator, self.denominator)

    def first_column(self, rows: Integers) -> Integers:
        """Rows with the tick in front, in order of ticks."""
        if len(rows) and not self.is_one:
            rows = np.concatenate([self.ticks(rows[:, :1]), rows[:, 1:]], axis=1)
        return rows


_Entry = TypeVar("_Entry", bound=tuple[int, ...])


def _map(entries: list[_Entry], scale: _Scale) -> Iterator[_Entry]:
    """Entries in order of ticks, the last of those at one tick, the tick in ours."""
    latest: dict[int, _Entry] = {}
    for entry in entries:
        latest[scale.tick(entry[0])] = entry
    for tick, entry in sorted(latest.items()):
        yield (tick, *entry[1:])  # type: ignore[misc]  # a tuple of the same shape


def _holds(claim: bool, otherwise: str, repairs: list[str]) -> bool:  # noqa: FBT001 -- reads as an assertion
    if not claim and otherwise not in repairs:
        repairs.append(otherwise)
    return claim


def _texts(entries: list[tuple[int, str]], scale: _Scale) -> tuple[TextEvent, ...]:
    """In order of ticks; texts that say nothing are left out."""
    return tuple(TextEvent(scale.tick(tick), text) for tick, text in sorted(entries, key=itemgetter(0)) if text)


def _check_length(last: int, tempos: tuple[Tempo, ...]) -> None:
    slowest = max((tempo.microseconds_per_quarter for tempo in tempos), default=0)
    slowest = max(slowest, DEFAULT_MICROSECONDS_PER_QUARTER)
    if last * slowest <= LONGEST_HOURS * 3600 * 1_000_000 * TICKS_PER_QUARTER:
        return
    if last > MAX_TICK or TempoMap.of(Score(tempos=tempos)).seconds_at(last) > LONGEST_HOURS * 3600:
        raise Unreadable(_too_long())


def _parts(
    raw: RawMidi, notes: RawNotes, controls: Sequence[Integers], bends: Sequence[Integers]
) -> Iterator[PartColumns]:
    if not raw.voices:
        none = np.zeros(0, dtype=np.int32)
        few = none.astype(np.uint8)
        yield PartColumns("", 0, False, none, few, none, few, none.reshape(0, 3), none.reshape(0, 2))  # noqa: FBT003 -- the fields in order
    bounds = np.searchsorted(notes.voice, np.arange(len(raw.voices) + 1)).tolist()
    onset, duration = notes.onset.astype(np.int32), (notes.end - notes.onset).astype(np.int32)
    pitch, velocity = notes.pitch.astype(np.uint8), notes.velocity.astype(np.uint8)
    for index, voice in enumerate(raw.voices):
        own = slice(bounds[index], bounds[index + 1])
        yield PartColumns(
            voice.name,
            voice.program,
            voice.is_drums,
            onset[own],
            pitch[own],
            duration[own],
            velocity[own],
            controls[index].astype(np.int32),
            bends[index].astype(np.int32),
        )
