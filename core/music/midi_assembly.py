"""From the chunks of MIDI files to scores, many files at once: read, interpreted, rescaled, fitted, capped, named.

Whatever had to be changed on the way is said in the repairs.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.music.midi_channels import PORT_PREFIX, Struck, Voice, interpreted
from core.music.midi_events import END_OF_TRACK, Chunks, TrackEvents, Unreadable
from core.music.midi_events import OtherEvent as Found
from core.music.midi_limits import (
    LONGEST_ENDLESS,
    LONGEST_HOURS,
    LONGEST_REST_QUARTERS,
    MAX_CONTROLS,
    MAX_NOTES,
    last_before_strays,
)
from core.music.midi_maps import SLOWEST_TEMPO, keys_of, metres_of, tempos_of
from core.music.midi_table import EventTable, Integers, read_tracks
from core.music.midi_text import as_name, decoded, encoding_of
from core.music.note_pairing import RawNotes, fitted
from core.music.score import (
    DEFAULT_MICROSECONDS_PER_QUARTER,
    MAX_TICK,
    NO_CONTROLS,
    TICKS_PER_QUARTER,
    Controls,
    Notes,
    OtherEvent,
    Part,
    Score,
    TextEvent,
)
from core.music.timing import TempoMap, position_at
from core.wording import counted

Assembled = tuple[Score, tuple[str, ...]]
"""A score, and what was repaired in all."""

_TICKS_PER_SECOND = 2 * TICKS_PER_QUARTER
"""At the default tempo: where times in film frames are put."""
_NAME, _LYRIC, _MARKER, _TEXT = 0x03, 0x05, 0x06, 0x01
_TEXTS = range(0x01, 0x10)
_TEMPO, _METRE, _KEY = 0x51, 0x58, 0x59


def assembled(files: Sequence[tuple[Chunks, bool]]) -> list[Assembled | Unreadable]:
    """What files hold, or why they give no music; with each, whether its texts are the words of a karaoke file."""
    owners = [number for number, (chunks, _is_karaoke) in enumerate(files) for _ in chunks.tracks]
    table, refused = read_tracks([content for chunks, _is_karaoke in files for content in chunks.tracks])
    verdicts = {owners[track]: reason for track, reason in reversed(refused.items())}
    bounds = (
        np.concatenate([[0], np.cumsum([len(chunks.tracks) for chunks, _is_karaoke in files])]).astype(int).tolist()
    )
    drafts = [
        _Draft.of(chunks, is_karaoke, range(*bound))
        for (chunks, is_karaoke), bound in zip(files, itertools.pairwise(bounds), strict=True)
    ]
    table = _set_apart(table, drafts)
    table = _without_strays(table, drafts)
    spaces = [track if drafts[owner].chunks.are_patterns else len(owners) + owner for track, owner in enumerate(owners)]
    found = interpreted(table, _rescaled(table, drafts, owners), owners, spaces)
    owner_of_voice = np.array([owners[voice.track] for voice in found.voices], np.int64)
    notes = _placed(found.notes, found.voices, table.tracks, drafts, owner_of_voice, verdicts)
    own_voices = np.searchsorted(owner_of_voice, np.arange(len(files) + 1)).tolist()
    own_notes = np.searchsorted(notes.voice, np.arange(len(found.voices) + 1)).tolist()
    columns = Notes(np.stack([notes.onset, notes.pitch, notes.end - notes.onset, notes.velocity]))
    for row in found.unheard.tolist():
        track, tick, port, *message = row
        content = bytes(message[1:2] if 0xC0 <= message[0] < 0xE0 else message[1:])
        drafts[owners[track]].unheard.append(OtherEvent(tick, message[0], content, port))
    results: list[Assembled | Unreadable] = []
    for number, draft in enumerate(drafts):
        voices = range(own_voices[number], own_voices[number + 1])
        sounding = [(found.voices[voice], columns.run(own_notes[voice], own_notes[voice + 1])) for voice in voices]
        try:
            if number in verdicts:
                raise verdicts[number]
            results.append(draft.finished(sounding, table.tracks))
        except Unreadable as reason:
            results.append(reason)
    return results


@dataclass(slots=True, eq=False)
class _Draft:
    """A file on its way to a score."""

    chunks: Chunks
    is_karaoke: bool
    tracks: range
    scale: tuple[int, int]
    """Numerator and denominator that turn the file's ticks into ours."""
    repairs: list[str] = field(default_factory=list)
    unheard: list[OtherEvent] = field(default_factory=list)
    may_be_too_long: bool = False

    @classmethod
    def of(cls, chunks: Chunks, is_karaoke: bool, tracks: range) -> "_Draft":  # noqa: FBT001 -- as in the pair
        repairs = []
        if chunks.division < 0x8000:
            scale = (TICKS_PER_QUARTER, chunks.division)
        else:
            frames, per_frame = 0x100 - (chunks.division >> 8), chunks.division & 0xFF
            # 29 stands for the 30000/1001 frames a second of colour television.
            frames, base = (30_000, 1_001) if frames == 29 else (frames, 1)
            scale = (_TICKS_PER_SECOND * base, frames * per_frame)
            repairs.append("Timed in film frames; placed at 120 quarters a minute")
        if chunks.named_tracks != len(chunks.tracks):
            named, found = counted(chunks.named_tracks, "track"), len(chunks.tracks)
            repairs.append(f"The header promises {named}; {found:,} found and read")
        if chunks.has_more:
            repairs.append("A second song follows in the file; only the first is read")
        if chunks.are_patterns:
            repairs.append("Its tracks are pieces of their own (format 2), set one after the other")
        return cls(chunks, is_karaoke, tracks, scale, repairs)

    def tick(self, tick: int) -> int:
        numerator, denominator = self.scale
        return (2 * tick * numerator + denominator) // (2 * denominator)

    def finished(self, sounding: list[tuple[Voice, Notes]], tracks: Sequence[TrackEvents]) -> Assembled:
        """The score. Raises Unreadable where there is no music in it, or too much."""
        note_count = sum(len(notes) for _voice, notes in sounding)
        self._tell_damage([tracks[number] for number in self.tracks], has_notes=note_count > 0)
        gathered = _Gathered(self, tracks, {voice.track for voice, _notes in sounding})
        parts = []
        for voice, notes in sounding:
            name, others = gathered.names.get(voice.track, ""), gathered.others_of(voice.track)
            controls = _controls_of(voice.controls, notes) if len(voice.controls) else NO_CONTROLS
            parts.append(Part(name, voice.program, voice.is_drums, notes, controls, voice.bank, others, voice.channel))
        tempos = () if self.chunks.division >= 0x8000 else tempos_of(gathered.tempos, self.repairs)
        metres = metres_of(gathered.metres, self.repairs)
        keys = keys_of(gathered.keys, self.repairs)
        others = tuple(sorted((*gathered.others, *self.unheard), key=_by_tick))
        end = max([0, *(notes.last_end for _voice, notes in sounding)])
        length = self._length(max([tracks[number].end for number in self.tracks]), end, has_notes=note_count > 0)
        lyrics, markers = tuple(gathered.lyrics), tuple(gathered.markers)
        score = Score(tuple(parts) or (Part(),), tempos, metres, keys, lyrics, markers, length, others)
        if self.may_be_too_long:
            _check_length(score)
        if self.chunks.is_cut_off:
            bars = position_at(score, max(0, end - 1)).bar
            self.repairs.append(f"Cut off; first {counted(bars, 'bar')} kept")
        return score, tuple(self.repairs)

    def _tell_damage(self, tracks: list[TrackEvents], *, has_notes: bool) -> None:
        damages = [
            f"Track {number} is damaged ({track.damage})"
            for number, track in enumerate(tracks, 1)
            if track.damage and not (self.chunks.is_cut_off and number == len(tracks))
        ]
        if not has_notes and self.chunks.is_cut_off:
            raise Unreadable("it breaks off before the first note")
        if not has_notes and damages:
            raise Unreadable(damages[0][:1].lower() + damages[0][1:])
        self.repairs += [f"{damage}; kept as far as it goes" for damage in damages]
        self.repairs += [
            f"Track {number} goes on after its end; read on" for number, track in enumerate(tracks, 1) if track.goes_on
        ]
        limited = sum(track.limited for track in tracks)
        if limited:
            self.repairs.append(f"{counted(limited, 'value')} above 127 taken as 127")

    def _length(self, last: int, end: int, *, has_notes: bool) -> int:
        """Where the score ends, by its tracks, if that is after its last note."""
        length = self.tick(last)
        if length > end + LONGEST_REST_QUARTERS * TICKS_PER_QUARTER and has_notes:
            self.repairs.append("The end, far beyond the music, put where the music ends")
            return 0
        return min(length, MAX_TICK) if length > end else 0


def _controls_of(rows: Integers, notes: Notes) -> Controls:
    """Raises Unreadable where they go on for too long."""
    if int(rows[-1, 0]) > MAX_TICK:
        raise Unreadable(_too_long())
    is_before = rows[:, 3] < 0
    if is_before.any():
        # Before what is let go, where something still is: a note may have been cut, or drawn out.
        rows = rows.copy()
        rows[is_before & ~np.isin(rows[:, 0], notes.end), 3] = 0
    return Controls(rows.T)


class _Gathered:
    """What the tracks of a file hold beside notes, sorted by what it is for; in our ticks."""

    def __init__(self, draft: _Draft, tracks: Sequence[TrackEvents], with_parts: set[int]) -> None:
        self.names: dict[int, str] = {}
        self.tempos: list[tuple[int, bytes]] = []
        self.metres: list[tuple[int, bytes]] = []
        self.keys: list[tuple[int, bytes]] = []
        self.lyrics: list[TextEvent] = []
        self.markers: list[TextEvent] = []
        self.others: list[OtherEvent] = []
        self._of_tracks: dict[int, list[OtherEvent]] = {}
        events = [(number, event) for number in draft.tracks for event in tracks[number].others]
        self._encoding = encoding_of(event.content for _number, event in events if event.kind in _TEXTS)
        self._words_are_texts = draft.is_karaoke and not any(event.kind == _LYRIC for _number, event in events)
        ports: dict[int, int] = {}
        for number, event in events:
            if event.kind == PORT_PREFIX:
                ports[number] = event.content[0] & 0x7F if event.content else 0
            elif event.kind != END_OF_TRACK:
                self._take(
                    draft.tick(event.tick), event, number, is_of_part=number in with_parts, port=ports.get(number, 0)
                )
        for texts in (self.lyrics, self.markers):
            texts.sort(key=_by_tick)
        for others in (self.others, *self._of_tracks.values()):
            others.sort(key=_by_tick)

    def _take(self, tick: int, event: Found, track: int, *, is_of_part: bool, port: int) -> None:
        kind, content = event.kind, event.content
        entries = {_TEMPO: self.tempos, _METRE: self.metres, _KEY: self.keys}.get(kind)
        if entries is not None:
            entries.append((tick, content))
            return
        if kind in _TEXTS:
            text = decoded(content, self._encoding)
            if kind == _NAME and is_of_part and track not in self.names:
                self.names[track] = as_name(text)
                return
            if kind == _LYRIC or (kind == _TEXT and self._words_are_texts and not text.startswith("@")):
                self.lyrics += [TextEvent(tick, text)] if text else []
                return
            if kind == _MARKER:
                self.markers += [TextEvent(tick, text)] if text else []
                return
            content = text.encode("utf-8", "replace")
        others = self._of_tracks.setdefault(track, []) if is_of_part else self.others
        others.append(OtherEvent(tick, kind, content, port if kind >= 0x80 else 0))

    def others_of(self, track: int) -> tuple[OtherEvent, ...]:
        """Those of a track, for its first part; the next ones get none."""
        return tuple(self._of_tracks.pop(track, ()))


def _by_tick(event: OtherEvent | TextEvent) -> int:
    return event.tick


def _set_apart(table: EventTable, drafts: Sequence[_Draft]) -> EventTable:
    """The patterns of format 2 one after the other: each begins where the one before it ends."""
    shifts = dict[int, int]()
    for draft in drafts:
        if draft.chunks.are_patterns:
            ends = [table.tracks[number].end for number in draft.tracks]
            shifts.update(zip(draft.tracks, itertools.accumulate([0, *ends]), strict=False))
    if not shifts:
        return table
    shift = np.array([shifts.get(number, 0) for number in range(len(table.tracks))], np.int64)
    for number, ticks in shifts.items():
        track = table.tracks[number]
        track.end += ticks
        track.others = [replace(event, tick=event.tick + ticks) for event in track.others]
    return replace(table, tick=table.tick + shift[table.track])


def _rescaled(table: EventTable, drafts: Sequence[_Draft], owners: Sequence[int]) -> Integers:
    """The ticks of the table's events in ours; halves are rounded up."""
    scales = np.array([drafts[owner].scale for owner in owners], np.int64).reshape(-1, 2)
    if bool((scales[:, 0] == scales[:, 1]).all()):
        return table.tick
    numerator, denominator = scales[table.track].T
    ticks: Integers = (2 * table.tick * numerator + denominator) // (2 * denominator)
    return ticks


def _without_strays(table: EventTable, drafts: Sequence[_Draft]) -> EventTable:
    """Files that would last too long for a few events far beyond all others do without them."""
    kept = None
    for draft in drafts:
        tracks = [table.tracks[number] for number in draft.tracks]
        ends = max(track.end for track in tracks)
        tempos = [(draft.tick(e.tick), e.content) for track in tracks for e in track.others if e.kind == _TEMPO]
        slowest = max([DEFAULT_MICROSECONDS_PER_QUARTER, *(int.from_bytes(value[:3], "big") for _t, value in tempos)])
        if draft.tick(ends) * slowest <= _LONGEST_MICROSECONDS * TICKS_PER_QUARTER:
            continue
        draft.may_be_too_long = True
        begin, end = int(table.starts[draft.tracks.start]), int(table.starts[draft.tracks.stop])
        others = [event.tick for track in tracks for event in track.others if event.kind != END_OF_TRACK]
        ticks = np.sort(np.concatenate([table.tick[begin:end], np.array(others, np.int64)]))
        last = last_before_strays(ticks)
        if last is None:
            continue
        kept = np.ones(len(table.tick), bool) if kept is None else kept
        kept[begin:end] = table.tick[begin:end] <= last
        left_out = int((ticks > last).sum())
        for track in tracks:
            track.others = [event for event in track.others if event.tick <= last or event.kind == END_OF_TRACK]
            track.end = min(track.end, last)
        if left_out:
            draft.repairs.append(f"{counted(left_out, 'event')} far beyond the music left out")
    if kept is None:
        return table
    starts = np.concatenate([[0], np.cumsum(kept)])[table.starts]
    return EventTable(
        table.track[kept],
        table.tick[kept],
        table.status[kept],
        table.first[kept],
        table.second[kept],
        starts,
        table.tracks,
    )


def _placed(
    notes: Struck,
    voices: Sequence[Voice],
    tracks: Sequence[TrackEvents],
    drafts: Sequence[_Draft],
    owner_of_voice: Integers,
    verdicts: dict[int, Unreadable],
) -> RawNotes:
    """All notes in our ticks, fitted; the files that hold too many, or too late ones, get a verdict and lose theirs."""
    owner = owner_of_voice[notes.voice]
    onset, end = notes.onset, notes.end
    if notes.is_endless.any():
        ends = [
            drafts[number].tick(tracks[voice.track].end) for number, voice in zip(owner_of_voice, voices, strict=True)
        ]
        track_ends = np.array(ends, np.int64)[notes.voice]
        end = np.where(notes.is_endless, np.where(track_ends > onset, track_ends, onset + TICKS_PER_QUARTER), end)
    is_long = notes.is_endless & (end > onset + LONGEST_ENDLESS)
    end = np.maximum(np.where(is_long, onset + LONGEST_ENDLESS, end), onset + 1)
    _tell(drafts, owner[notes.is_endless & ~is_long], "endless note", "closed at the end")
    _tell(drafts, owner[is_long], "endless note", "closed after four bars")
    _tell(drafts, owner[notes.is_brief], "note", "without length made one tick long")
    for number, count in _counts(owner):
        if count > MAX_NOTES:
            verdicts.setdefault(number, Unreadable(f"it has more than {MAX_NOTES:,} notes"))
    controls = Counter[int]()
    seen = set[tuple[int, int]]()
    for number, voice in zip(owner_of_voice.tolist(), voices, strict=True):
        if (number, voice.channel) not in seen:
            seen.add((number, voice.channel))
            controls[number] += len(voice.controls)
    for number, count in controls.items():
        if count > MAX_CONTROLS:
            verdicts.setdefault(number, Unreadable(f"it has more than {MAX_CONTROLS:,} controller events"))
    for number, _count in _counts(owner[end > MAX_TICK]):
        verdicts.setdefault(number, Unreadable(_too_long()))
    raw = RawNotes(notes.voice, onset, notes.pitch, end, notes.velocity)
    if verdicts:
        raw = raw.taken(~np.isin(owner, list(verdicts)))
    fit = fitted(raw)
    _tell(drafts, owner_of_voice[fit.doubled], "doubled note", "left out")
    _tell(drafts, owner_of_voice[fit.cut], "note", "cut where the pitch is struck again")
    return fit.notes


def _counts(owner: Integers) -> Iterator[tuple[int, int]]:
    numbers, counts = np.unique(owner, return_counts=True)
    return zip(numbers.tolist(), counts.tolist(), strict=True)


def _tell(drafts: Sequence[_Draft], owner: Integers, what: str, happened: str) -> None:
    if len(owner):
        for number, count in _counts(owner):
            drafts[number].repairs.append(f"{counted(count, what)} {happened}")


_LONGEST_MICROSECONDS = LONGEST_HOURS * 3600 * 1_000_000


def _too_long() -> str:
    return f"it would last more than {LONGEST_HOURS} hours"


def _check_length(score: Score) -> None:
    """Raises Unreadable where anything lies beyond the longest time that is let through."""
    last, slowest = score.end, DEFAULT_MICROSECONDS_PER_QUARTER
    for tempo in score.tempos:
        slowest = max(slowest, tempo.microseconds_per_quarter)
    for events in (score.tempos, score.metres, score.keys, score.lyrics, score.markers, score.others):
        if events:
            last = max(last, events[-1].tick)
    for part in score.parts:
        last = max(last, *(event.tick for event in part.others[-1:]), int(part.controls.tick.max(initial=0)))
    if last * slowest <= _LONGEST_MICROSECONDS * TICKS_PER_QUARTER:
        return
    if last > MAX_TICK or TempoMap.of(Score(tempos=score.tempos)).seconds_at(last) > LONGEST_HOURS * 3600:
        raise Unreadable(_too_long())


__all__ = ["SLOWEST_TEMPO", "Assembled", "assembled"]
