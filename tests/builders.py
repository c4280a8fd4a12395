"""Music for tests, written as one reads it: `notes("C4 1/4 D4 1/8")`, and raw MIDI bytes event by event."""

import struct
from collections.abc import Iterable
from fractions import Fraction

from core.music.midi_encoding import meta_event, variable_length
from core.music.pitch import parse_pitch
from core.music.score import TICKS_PER_QUARTER, Note, Part, Score

QUARTER = TICKS_PER_QUARTER
BAR = 4 * QUARTER


def ticks(length: str | Fraction) -> int:
    """The ticks of a share of a whole note, such as "1/4" or "3/8"."""
    whole = Fraction(length) * 4 * QUARTER
    assert whole.denominator == 1, f"{length} is no whole number of ticks"
    return int(whole)


def notes(text: str, *, at: int = 0, velocity: int = 90) -> tuple[Note, ...]:
    """Notes one after the other: pitches and lengths in turn; "r" rests, "C4+E4+G4" is a chord, "C4*120" has a velocity.

    at: the tick of the first.
    """
    words = text.split()
    made: list[Note] = []
    for sound, length in zip(words[::2], words[1::2], strict=True):
        duration = ticks(length)
        if sound != "r":
            for name in sound.split("+"):
                pitch, _, loudness = name.partition("*")
                made.append(Note(at, parse_pitch(pitch), duration, int(loudness or velocity)))
        at += duration
    return tuple(sorted(made, key=lambda note: (note.onset, note.pitch)))


def part(text: str, **fields: object) -> Part:
    """A part of notes written as for `notes`."""
    return Part.of(notes(text), **fields)  # type: ignore[arg-type]  # passed on as they are


def score(*parts: Part | str, **maps: object) -> Score:
    """A score of parts, each given as a Part or as the text of its notes."""
    made = tuple(part(given) if isinstance(given, str) else given for given in parts)
    return Score(made or (Part(),), **maps)  # type: ignore[arg-type]  # passed on as they are


# Raw MIDI, for what no writer would write

END = meta_event(0x2F, b"")


def event(delta: int, *content: int) -> bytes:
    """A channel event after so many ticks: status and data bytes, or data alone in running status."""
    return variable_length(delta) + bytes(content)


def on(delta: int, pitch: int, velocity: int = 90, *, channel: int = 0) -> bytes:
    return event(delta, 0x90 | channel, pitch, velocity)


def off(delta: int, pitch: int, *, channel: int = 0) -> bytes:
    return event(delta, 0x80 | channel, pitch, 64)


def meta(delta: int, kind: int, content: bytes = b"") -> bytes:
    return variable_length(delta) + meta_event(kind, content)


def chunk(name: bytes, content: bytes, *, length: int | None = None) -> bytes:
    """A chunk; `length` to lie about its length."""
    return name + struct.pack(">I", len(content) if length is None else length) + content


def track(*events: bytes, is_ended: bool = True) -> bytes:
    return chunk(b"MTrk", b"".join(events) + (b"\0" + END if is_ended else b""))


def midi(*chunks: bytes, kind: int = 1, tracks: int | None = None, division: int = 480) -> bytes:
    """A file; `tracks` to lie about their number."""
    count = len(chunks) if tracks is None else tracks
    return chunk(b"MThd", struct.pack(">HHH", kind, count, division)) + b"".join(chunks)


def some_notes(pitches: Iterable[int] = (60, 62, 64), *, length: int = 480) -> bytes:
    """Events of notes one after the other, to have something in a track."""
    return b"".join(on(0, pitch) + off(length, pitch) for pitch in pitches)
