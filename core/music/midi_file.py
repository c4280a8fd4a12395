"""Reading and writing .mid files.

Reading: `read_midi` for a file, `read_midi_bytes` for bytes, `read_many` for the bytes of many files: the same results
at a fraction of the time. midi_table.py takes all tracks apart at once; what it can't, midi_events.py reads event by
event. midi_channels.py makes sense of the events, midi_assembly.py scores of that.

Writing: midi_encoding.py. `TickExactMIDI` is the way out to pretty_midi, `from_pretty_midi` the way back. Everything is in
ticks, 480 a quarter; other resolutions are rescaled on reading, halves rounded up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

import pretty_midi

from core.errors import DamagedError, FileError
from core.files import replacing
from core.loading.opening import read_file
from core.music.midi_assembly import assembled
from core.music.midi_encoding import encoded
from core.music.midi_events import LARGEST_WRAPPED, Chunks, Unreadable, split
from core.music.score import BEND, TICKS_PER_QUARTER, KeySignature, Score
from core.music.timing import TempoMap


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
    (result,) = read_many([(content, name)])
    if isinstance(result, FileError):
        raise result
    return result


def read_many(files: Sequence[tuple[bytes, str]]) -> Iterator[ReadResult | FileError]:
    """What `read_midi_bytes` gives or raises for each of (content, name) in turn, at a fraction of the time."""
    opened = [_taken_apart(content) for content, _name in files]
    sound = [
        (chunks, _is_karaoke(*file))
        for chunks, file in zip(opened, files, strict=True)
        if not isinstance(chunks, Unreadable)
    ]
    results = iter(assembled(sound))
    for chunks, (_content, name) in zip(opened, files, strict=True):
        found = chunks if isinstance(chunks, Unreadable) else next(results)
        yield _unreadable(name, found) if isinstance(found, Unreadable) else ReadResult(*found)


def _taken_apart(content: bytes) -> Chunks | Unreadable:
    try:
        return split(content)
    except Unreadable as reason:
        return reason


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
                if event.number < BEND
            ]
            instrument.pitch_bends = [
                pretty_midi.PitchBend(event.value, tempo_map.seconds_at(event.tick)) for event in part.controls.bends()
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
        return read_file(path, at_most=LARGEST_WRAPPED)
    except DamagedError as error:
        raise FileError(f"‘{path.name}’ can't be read: {error.reason}.") from error


def _is_karaoke(content: bytes, name: str) -> bool:
    return name.lower().endswith(".kar") or b"@KMIDI" in content


def _unreadable(name: str, reason: Unreadable) -> FileError:
    return FileError(f"‘{name}’ can't be read: {reason}.")
