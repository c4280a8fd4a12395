"""From what readers find in a MIDI file, in its own ticks, to the columns of a score: rescaled, fitted, capped, named.

Whatever had to be changed on the way is said in `repairs`.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core.music.columns import Ticks
from core.music.midi_encoding import DRUM_CHANNEL
from core.music.midi_events import LEFT_OPEN, Chunks, Track, Unreadable, read_track
from core.music.note_pairing import Integers, RawNotes, fitted, rescaled, with_first_offs
from core.music.score import (
    DEFAULT_MICROSECONDS_PER_QUARTER,
    MAX_TICK,
    TICKS_PER_QUARTER,
    Bends,
    Controls,
    KeySignature,
    Metre,
    Notes,
    Part,
    Score,
    Tempo,
    TextEvent,
)
from core.music.timing import TempoMap, position_at
from core.wording import counted

MAX_NOTES = 200_000
MAX_CONTROLS = 600_000
LONGEST_HOURS = 24

_TICKS_PER_SECOND = 2 * TICKS_PER_QUARTER
"""At the default tempo: where times in film frames are put."""
SLOWEST_TEMPO = 0xFFFFFF
"""Microseconds a quarter: the most a file can name."""


NO_ROWS = {width: np.zeros((0, width), dtype=np.int64) for width in (2, 3)}


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


NoteArrays = tuple[Ticks, npt.NDArray[np.uint8], Ticks, npt.NDArray[np.uint8]]
"""Onset, pitch, duration, velocity of one part's notes as `Notes` holds them."""


def assembled(raw: RawMidi, notes: RawNotes | list[NoteArrays]) -> tuple[Score, tuple[str, ...]]:
    """The score, and what was repaired in all. Raises Unreadable beyond the caps.

    notes: as the file has them; or, for each voice, arrays that are in our ticks and fit already.
    """
    scale = _Scale(*raw.scale)
    repairs = list(raw.repairs)
    arrays = notes if isinstance(notes, list) else _fitted_arrays(raw, notes, scale, repairs)
    if sum(len(onset) for onset, *_others in arrays) > MAX_NOTES:
        raise Unreadable(f"it has more than {MAX_NOTES:,} notes")
    parts = tuple(
        Part(
            voice.name,
            voice.program,
            voice.is_drums,
            Notes(np.stack(own)),
            Controls(scale.first_column(voice.controls).T),
            Bends(scale.first_column(voice.bends).T),
        )
        for voice, own in zip(raw.voices, arrays, strict=True)
    )
    tempos = _tempos(raw, scale, repairs)
    metres = _metres(raw, scale, repairs)
    keys = _keys(raw, scale, repairs)
    lyrics, markers = _texts(raw.lyrics, scale), _texts(raw.markers, scale)
    score = Score(parts or (Part(),), tempos, metres, keys, lyrics, markers)
    end = score.end
    _check_length(end, score)
    if raw.is_cut_off:
        bars = position_at(Score(metres=metres), max(0, end - 1)).bar
        repairs.append(f"Cut off; first {counted(bars, 'bar')} kept")
    return score, tuple(repairs)


def _fitted_arrays(raw: RawMidi, notes: RawNotes, scale: "_Scale", repairs: list[str]) -> list[NoteArrays]:
    if len(notes) > MAX_NOTES:
        raise Unreadable(f"it has more than {MAX_NOTES:,} notes")
    if not scale.is_one:
        onset = scale.ticks(notes.onset)
        end = np.maximum(onset + 1, scale.ticks(notes.end))
        notes = RawNotes(notes.voice, onset, notes.pitch, end, notes.velocity)
    if len(notes) and int(notes.end.max()) > MAX_TICK:
        raise Unreadable(_too_long())
    fit = fitted(notes)
    notes = fit.notes
    if fit.doubled:
        repairs.append(f"{counted(fit.doubled, 'doubled note')} left out")
    if fit.cut:
        repairs.append(f"{counted(fit.cut, 'note')} cut where the pitch is struck again")
    whole = (
        notes.onset.astype(np.int32),
        notes.pitch.astype(np.uint8),
        (notes.end - notes.onset).astype(np.int32),
        notes.velocity.astype(np.uint8),
    )
    bounds = np.searchsorted(notes.voice, np.arange(len(raw.voices) + 1)).tolist()
    return [
        (whole[0][begin:end], whole[1][begin:end], whole[2][begin:end], whole[3][begin:end])
        for begin, end in itertools.pairwise(bounds)
    ]


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

    def first_column(self, rows: Integers) -> Ticks:
        """Rows with their ticks, which stand in front, in ours."""
        if len(rows):
            if not self.is_one:
                rows = np.concatenate([self.ticks(rows[:, :1]), rows[:, 1:]], axis=1)
            if int(rows[-1, 0]) > MAX_TICK:
                raise Unreadable(_too_long())
        return rows.astype(np.int32)  # (events, 2 or 3)


def _tempos(raw: RawMidi, scale: _Scale, repairs: list[str]) -> tuple[Tempo, ...]:
    found = {}
    for tick, value in raw.tempos:
        if 0 < value <= SLOWEST_TEMPO:
            ours = scale.tick(tick)
            found[ours] = Tempo(ours, value)
        else:
            _left_out("Tempo", repairs)
    return _in_order(found)


def _metres(raw: RawMidi, scale: _Scale, repairs: list[str]) -> tuple[Metre, ...]:
    found = {}
    for tick, numerator, denominator in raw.metres:
        if numerator > 0 and denominator > 0:
            ours = scale.tick(tick)
            found[ours] = Metre(ours, numerator, denominator)
        else:
            _left_out("Metre", repairs)
    return _in_order(found)


def _keys(raw: RawMidi, scale: _Scale, repairs: list[str]) -> tuple[KeySignature, ...]:
    found = {}
    for tick, fifths, mode in raw.keys:
        if -7 <= fifths <= 7 and mode in (0, 1):
            ours = scale.tick(tick)
            found[ours] = KeySignature(ours, fifths, bool(mode))
        else:
            _left_out("Key signature", repairs)
    return _in_order(found)


def _left_out(what: str, repairs: list[str]) -> None:
    repair = f"{what} unreadable, so left out"
    if repair not in repairs:
        repairs.append(repair)


_Entry = TypeVar("_Entry")


def _in_order(found: dict[int, _Entry]) -> tuple[_Entry, ...]:
    """By rising tick. Of several entries at one tick the dictionary held on to the last."""
    return tuple(entry for _tick, entry in sorted(found.items())) if len(found) > 1 else tuple(found.values())


def _texts(entries: list[tuple[int, str]], scale: _Scale) -> tuple[TextEvent, ...]:
    """In order of ticks; texts that say nothing are left out."""
    if not entries:
        return ()
    return tuple(TextEvent(scale.tick(tick), text) for tick, text in sorted(entries, key=itemgetter(0)) if text)


def _check_length(end: int, score: Score) -> None:
    """Raises Unreadable where anything lies beyond the longest time that is let through."""
    last, slowest = end, DEFAULT_MICROSECONDS_PER_QUARTER
    for tempo in score.tempos:
        slowest = max(slowest, tempo.microseconds_per_quarter)
    for events in (score.tempos, score.metres, score.keys, score.lyrics, score.markers):
        if events:
            last = max(last, events[-1].tick)
    for part in score.parts:
        for columns in (part.controls, part.bends):
            last = max(last, int(columns.table[0].max(initial=0)))
    if last * slowest <= LONGEST_HOURS * 3600 * 1_000_000 * TICKS_PER_QUARTER:
        return
    if last > MAX_TICK or TempoMap.of(Score(tempos=score.tempos)).seconds_at(last) > LONGEST_HOURS * 3600:
        raise Unreadable(_too_long())
