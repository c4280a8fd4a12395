"""Is what is in a file what is read and written back? `python -m tests.benchmarks.fidelity [FILES] [SEED]`.

A few hundred files are made from the pieces that ship with the app: spread over tracks, channels and ports, with programs
and banks that change, pedals, controllers, bends and resets among the notes, in the same track or another, and texts.
A reader of its own, by mido, follows each channel through the merged tracks. Told are the share of notes that sound
otherwise, as we read them and after we wrote them again, and the events that came back, by kind.
"""

import io
import random
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import mido

from core import paths
from core.music.channel_state import before_strikes, changes
from core.music.midi_file import midi_bytes, read_many, read_midi_bytes
from core.music.score import BEND, Part, Score

FILES = 300
SEED = 11
STATE = ("program", "bank", "drums", "volume", "pan", "expression", "pedal", "bend")
_CONTROLLERS = {7: (3, 100), 10: (4, 64), 11: (5, 127), 64: (6, 0)}
_Heard = Counter[tuple[int, ...]]
"""Of each note: onset, pitch and velocity, and the state of its channel as in STATE."""


# The judge: it shares nothing with ours


@dataclass
class _Channel:
    number: int
    program: int = 0
    bank: int = 0
    chosen: list[int] = field(default_factory=lambda: [0, 0])
    values: dict[int, int] = field(
        default_factory=lambda: {number: usual for number, (_, usual) in _CONTROLLERS.items()}
    )
    bend: int = 0

    def take(self, message: mido.Message) -> None:
        if message.type == "program_change":
            self.program, self.bank = message.program, self.chosen[0] << 7 | self.chosen[1]
        elif message.type == "pitchwheel":
            self.bend = message.pitch
        elif message.type == "control_change":
            if message.control in (0, 32):
                self.chosen[message.control == 32] = message.value
            elif message.control == 121:
                self.values[11], self.values[64], self.bend = 127, 0, 0
            elif message.control in self.values:
                self.values[message.control] = message.value

    def state(self) -> tuple[int, ...]:
        is_drums = self.number == 9 or self.bank >> 7 in (120, 127)
        return self.program, self.bank, int(is_drums), *(self.values[number] for number in _CONTROLLERS), self.bend


def _merged(file: mido.MidiFile) -> Iterator[tuple[int, int, mido.Message]]:
    """Tick, port and message, in the order of the merged tracks."""
    events = []
    for track in file.tracks:
        now = port = 0
        for message in track:
            now += message.time
            if message.type == "midi_port":
                port = message.port
            events.append((now, port, message))
    return iter(sorted(events, key=lambda event: event[0]))


def heard_by_mido(content: bytes) -> _Heard:
    channels: dict[tuple[int, int], _Channel] = {}
    heard = _Heard()
    for tick, port, message in _merged(mido.MidiFile(file=io.BytesIO(content))):
        if message.is_meta or message.type == "sysex":
            continue
        channel = channels.setdefault((port, message.channel), _Channel(message.channel))
        if message.type == "note_on" and message.velocity:
            heard[tick, message.note, message.velocity, *channel.state()] += 1
        else:
            channel.take(message)
    return heard


def kinds_of(content: bytes) -> Counter[str]:
    """The events of a file by kind, but those that say nothing of the music: ends of tracks, names of parts, ports."""
    kinds = Counter[str]()
    for track in mido.MidiFile(file=io.BytesIO(content)).tracks:
        for message in track:
            kind = message.type
            if kind == "note_on" and not message.velocity:
                kind = "note_off"
            if kind not in ("end_of_track", "midi_port", "track_name"):
                kinds[kind] += 1
    return kinds


# What ours says of the same notes


def heard_by_us(score: Score) -> _Heard:
    heard = _Heard()
    for part in score.parts:
        states = _states(part)
        for note, state in zip(part.notes, states, strict=True):
            heard[note.onset, note.pitch, note.velocity, part.program, part.bank, int(part.is_drums), *state] += 1
    return heard


def _states(part: Part) -> list[tuple[int, ...]]:
    strikes = before_strikes(part.notes.onset.astype("int64"))
    columns = []
    for number, usual in (*((number, usual) for number, (_, usual) in _CONTROLLERS.items()), (BEND, 0)):
        at, values = changes(part.controls, number)
        index = at.searchsorted(strikes, side="right") - 1
        columns.append([int(values[place]) if place >= 0 else usual for place in index])
    return list(zip(*columns, strict=True)) if len(part.notes) else []


# The files


def made_file(pieces: list[Score], chance: random.Random) -> bytes:
    """Some pieces as one file: each line of notes and each stream of controllers goes where chance puts it."""
    tracks: list[list[tuple[int, bytes]]] = [[] for _ in range(chance.randint(1, 8))]
    ports = [chance.choice((0, 0, 0, 1)) for _ in tracks]
    channels = chance.sample(range(16), chance.randint(1, 6))
    on_key: set[tuple[int, int, int]] = set()
    for piece in pieces:
        number = chance.randrange(len(tracks))
        channel = chance.choice(channels)
        for note in piece.parts[0].notes:
            if chance.random() < 0.02:
                channel = chance.choice(channels)
            if (channel, note.onset, note.pitch) in on_key:
                continue
            on_key.add((channel, note.onset, note.pitch))
            tracks[number] += [
                (note.onset, bytes((0x90 | channel, note.pitch, note.velocity))),
                (note.end, bytes((0x80 | channel, note.pitch, 0))),
            ]
    onsets = sorted({tick for track in tracks for tick, content in track if content[0] >> 4 == 9}) or [0]
    for channel in channels:
        _tell(tracks, channel, onsets, chance)
    header = b"MThd" + bytes((0, 0, 0, 6, 0, 1, 0, len(tracks), 1, 0xE0))
    return header + b"".join(_track(events, port, chance) for events, port in zip(tracks, ports, strict=True))


def _tell(tracks: list[list[tuple[int, bytes]]], channel: int, onsets: list[int], chance: random.Random) -> None:
    """Settings at the start and among the notes, often at the very tick of some."""
    for _ in range(chance.randint(0, 30)):
        tick = chance.choice((0, chance.choice(onsets), chance.choice(onsets) + chance.randint(0, 200)))
        value = chance.randrange(128)
        number = chance.choice((7, 10, 11, 64, 64, 1, 91, 121, 6, 100, 101))
        events = {
            "control": [bytes((0xB0 | channel, number, value))],
            "program": [bytes((0xC0 | channel, value))],
            "bank": [
                bytes((0xB0 | channel, 0, chance.choice((0, 0, 8, 120, 127)))),
                bytes((0xB0 | channel, 32, chance.choice((0, 1)))),
                bytes((0xC0 | channel, value)),
            ],
            "bend": [bytes((0xE0 | channel, value, chance.randrange(128)))],
            "pressure": [bytes((0xD0 | channel, value))],
            "key": [bytes((0xA0 | channel, 60, value))],
            "pedal": [bytes((0xB0 | channel, 64, 0)), bytes((0xB0 | channel, 64, 127))],
        }[chance.choice(("control", "control", "control", "program", "bank", "bend", "pressure", "key", "pedal"))]
        track = chance.choice(tracks)
        place = chance.choice((0, len(track)))
        track[place:place] = [(tick, content) for content in events]


def _track(events: list[tuple[int, bytes]], port: int, chance: random.Random) -> bytes:
    metas = [(0x03, b"Name"), (0x01, b"a text"), (0x04, b"Violin"), (0x02, b"(c)"), (0x07, b"cue"), (0x7F, b"\0\1")]
    extra = [(0, bytes((0xFF, kind, len(text))) + text) for kind, text in metas if chance.random() < 0.4]
    extra += [(0, b"\xf0\x05\x7e\x7f\x09\x01\xf7")] if chance.random() < 0.2 else []
    # Notes are mostly let go before others are struck, but not always.
    in_order = chance.random() < 0.8
    events = sorted([*extra, *events], key=lambda event: (event[0], in_order and event[1][0] >> 4 == 9))
    content = bytes((0, 0xFF, 0x21, 1, port)) if port else b""
    now = 0
    for tick, data in events:
        content += _delta(tick - now) + data
        now = tick
    content += b"\0\xff\x2f\0"
    return b"MTrk" + len(content).to_bytes(4, "big") + content


def _delta(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def made_files(count: int, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        names = sorted(name for name in collection.namelist() if name.endswith(".mid"))
        scores = [
            read_midi_bytes(collection.read(name), name).score for name in chance.sample(names, min(len(names), 200))
        ]
    return [made_file(chance.sample(scores, chance.randint(1, 6)), chance) for _ in range(count)]


# The comparison


@dataclass
class Comparison:
    notes: int = 0
    differing: Counter[str] = field(default_factory=Counter)
    """Notes that sound otherwise as read, and after writing; and by what."""
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)


def compared(contents: Iterable[bytes]) -> Comparison:
    result = Comparison()
    for content in contents:
        reference = heard_by_mido(content)
        score = read_midi_bytes(content, "made.mid").score
        written = midi_bytes(score)
        result.notes += reference.total()
        for name, heard in (("as read", heard_by_us(score)), ("after writing", heard_by_mido(written))):
            result.differing[name] += (reference - heard).total()
        result.before += kinds_of(content)
        result.after += kinds_of(written)
    return result


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    contents = made_files(count, int(sys.argv[2]) if len(sys.argv) > 2 else SEED)
    result = compared(contents)
    print(f"{count:,} files, {result.notes:,} notes; compared by {', '.join(STATE)}")
    for name in ("as read", "after writing"):
        print(f"notes that differ {name}: {result.differing[name]:,} ({result.differing[name] / result.notes:.4%})")
    for kind, before in sorted(result.before.items()):
        print(f"{kind:20} {before:9,} in, {result.after[kind]:9,} out")
    begun = time.process_time()
    list(read_many([(content, "made.mid") for content in contents]))
    print(f"read in {time.process_time() - begun:.2f} s of work")


if __name__ == "__main__":
    main()
