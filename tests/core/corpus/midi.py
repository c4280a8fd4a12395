"""Small .mid files by their bytes, and readers that misbehave where a test plants it."""

import itertools
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from core.errors import FileError
from core.music.midi_file import ReadResult, read_many

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def _length(value: int) -> bytes:
    """A MIDI variable-length quantity."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _track(events: Iterable[tuple[int, bytes]]) -> bytes:
    content, now = b"", 0
    for tick, event in sorted(events):
        content += _length(tick - now) + event
        now = tick
    content += b"\x00\xff\x2f\x00"
    return b"MTrk" + len(content).to_bytes(4, "big") + content


def voice(
    pitches: Sequence[int | Sequence[int]], *, step: int = 480, channel: int = 0, name: str = "", velocity: int = 80
) -> bytes:
    """A track of notes or chords, one after the other."""
    events = [(0, b"\xff\x03" + _length(len(name.encode())) + name.encode())] if name else []
    for index, chord in enumerate(pitches):
        for pitch in [chord] if isinstance(chord, int) else chord:
            events.append((index * step, bytes([0x90 | channel, pitch, velocity])))
            events.append(((index + 1) * step, bytes([0x80 | channel, pitch, 0])))
    return _track(events)


def midi(
    *tracks: bytes, bpm: float | None = 120, metre: tuple[int, int] | None = None, resolution: int = 480, text: str = ""
) -> bytes:
    """A file of format 1 with a track of tempo and metre before the given ones."""
    events = [(0, b"\xff\x01" + _length(len(text.encode())) + text.encode())] if text else []
    if bpm is not None:
        events.append((0, b"\xff\x51\x03" + round(60e6 / bpm).to_bytes(3, "big")))
    if metre is not None:
        events.append((0, bytes([0xFF, 0x58, 4, metre[0], metre[1].bit_length() - 1, 24, 8])))
    every = [_track(events), *tracks]
    return (
        b"MThd\x00\x00\x00\x06\x00\x01"
        + len(every).to_bytes(2, "big")
        + resolution.to_bytes(2, "big")
        + b"".join(every)
    )


def tune(transposed: int = 0, **frame: object) -> bytes:
    """Sixteen notes of a single line; another tune for each transposition."""
    return midi(voice([pitch + transposed for pitch in SCALE + SCALE[::-1]]), **frame)  # type: ignore[arg-type]  # passed on


Files = Sequence[tuple[bytes, str]]
Results = Iterator[ReadResult | FileError]


def refusing(files: Files) -> Results:
    """A reader for imports that must not read."""
    assert not files, f"{files[0][1]} was read again"
    return iter(())


def crashing(files: Files) -> Results:
    """A reader whose process dies at a file with ‘crash’ in its name, as in native code."""
    if any("crash" in Path(name).name for _content, name in files):
        os._exit(139)
    return read_many(files)


def slow(files: Files) -> Results:
    """A reader that takes its time."""
    for result in read_many(files):
        time.sleep(0.01)
        yield result


def stuck(files: Files) -> Results:
    """A reader that never comes to the end."""
    yield from itertools.islice(slow(files), 40)
    threading.Event().wait()


def hanging(files: Files) -> Results:
    """A reader that hangs at a file with ‘hang’ in its name, and tells the folder HANGS_TOLD of each time."""
    if any("hang" in Path(name).name for _content, name in files):
        with Path(os.environ["HANGS_TOLD"]).open("a") as told:
            told.write("x")
        threading.Event().wait()
    return read_many(files)
