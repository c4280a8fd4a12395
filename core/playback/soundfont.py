"""Reading a soundfont (.sf2, or .sf3 with Ogg Vorbis samples): which recorded sample plays a note, and how.

Written after the SoundFont Technical Specification 2.04, §7 (structure) and §8 (generators). Units are those of the
file: cents, timecents and centibels; `sampler.py` turns them into sound. Low-frequency oscillators, the modulation
envelope's course and modulators other than velocity to cutoff are left out.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import AudioError, DamagedError
from core.loading.opening import read_file

DRUM_BANK = 128
_VORBIS = 0x10
"""Flag of a sample's type: its bytes are an Ogg file (the sf3 extension)."""
_MAX_BYTES = 2_000_000_000

# Generators by number (§8.1.2)
_START, _END, _LOOP_START, _LOOP_END = 0, 1, 2, 3
_START_COARSE, _END_COARSE, _LOOP_START_COARSE, _LOOP_END_COARSE = 4, 12, 45, 50
_CUTOFF, _ENVELOPE_TO_CUTOFF, _ENVELOPE_SUSTAIN = 8, 11, 29
_PAN, _ATTENUATION = 17, 48
_DELAY, _ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE, _KEY_TO_HOLD, _KEY_TO_DECAY = 33, 34, 35, 36, 37, 38, 39, 40
_INSTRUMENT, _KEY_RANGE, _VELOCITY_RANGE, _SAMPLE, _LOOPING = 41, 43, 44, 53, 54
_COARSE_TUNE, _FINE_TUNE, _SCALE_TUNING, _EXCLUSIVE_CLASS, _ROOT_KEY = 51, 52, 56, 57, 58

_DEFAULTS = {
    _CUTOFF: 13500,
    _DELAY: -12000,
    _ATTACK: -12000,
    _HOLD: -12000,
    _DECAY: -12000,
    _RELEASE: -12000,
    _SCALE_TUNING: 100,
    _ROOT_KEY: -1,
}
_NOT_ADDED = frozenset(
    {_START, _END, _LOOP_START, _LOOP_END, _START_COARSE, _END_COARSE, _LOOP_START_COARSE, _LOOP_END_COARSE}
    | {_INSTRUMENT, _KEY_RANGE, _VELOCITY_RANGE, _SAMPLE, _LOOPING, _EXCLUSIVE_CLASS, _ROOT_KEY}
)
_VELOCITY_DOWN = 0x0102
"""A modulator's source: velocity, linear, from 1 at the softest to 0 at the loudest."""

_Generators = dict[int, int]


@dataclass(frozen=True, slots=True)
class Sample:
    """One recording. Loop points in frames from its start."""

    index: int
    content: bytes | npt.NDArray[np.int16]
    """An Ogg file, or the frames themselves (mono)."""
    frames_per_s: int
    loop_start: int
    loop_end: int
    root_key: int
    correction_cents: int


@dataclass(frozen=True, slots=True)
class Region:
    """How a sample sounds over a range of pitches and velocities."""

    sample: int
    keys: tuple[int, int]
    velocities: tuple[int, int]
    root_key: int
    """-1: the sample's own."""
    tune_cents: int
    scale_cents: int
    """Cents from one key to the next."""
    loops: bool
    attenuation_cb: int
    pan: int
    """-500 (left) to 500 (right)."""
    cutoff_cents: int
    """Of the low-pass; 13,500 and above = open."""
    velocity_to_cutoff: int
    """Cents more at the softest velocity."""
    delay_tc: int
    attack_tc: int
    hold_tc: int
    decay_tc: int
    sustain_cb: int
    release_tc: int
    key_to_hold: int
    key_to_decay: int
    exclusive_class: int
    """Notes of one class silence each other; 0 = none."""

    def plays(self, pitch: int, velocity: int) -> bool:
        return self.keys[0] <= pitch <= self.keys[1] and self.velocities[0] <= velocity <= self.velocities[1]


class Soundfont:
    """The presets of one file, by (bank, program)."""

    def __init__(self, presets: dict[tuple[int, int], tuple[Region, ...]], samples: tuple[Sample, ...]) -> None:
        self._presets = presets
        self._samples = samples

    def sample(self, index: int) -> Sample:
        return self._samples[index]

    def regions(self, program: int, *, is_drums: bool, bank: int = 0) -> tuple[Region, ...]:
        """The regions of a preset, or of the nearest that the file has.

        Nearest: the program in this bank, in bank 0, in any; else one of the same family of eight, of a related
        family, or any. A kit of drums: its own, the standard kit, or any kit; nothing else beats drums.
        """
        kits = [preset for preset in self._presets if preset[0] == DRUM_BANK]
        if is_drums:
            return self._presets[min(kits, key=lambda kit: (kit[1] != program, kit[1]))] if kits else ()
        others = [preset for preset in self._presets if preset[0] != DRUM_BANK] or kits
        if not others:
            return ()
        nearest = min(others, key=lambda preset: (_distance(program, preset[1]), preset[0] != bank, preset[0]))
        return self._presets[nearest]


def _distance(wanted: int, offered: int) -> tuple[int, int, int]:
    """How far two General MIDI programs are apart to the ear: the same, one family, families alike, the rest."""
    if wanted == offered:
        return (0, 0, 0)
    families = wanted // 8, offered // 8
    if families[0] == families[1]:
        return (1, abs(wanted - offered), offered)
    alike = {(6, 5), (5, 6), (7, 8), (8, 7), (8, 9), (9, 8), (11, 6), (11, 5), (10, 9), (12, 5), (13, 3), (14, 1)}
    alike |= {(9, 7), (7, 9), (8, 7), (11, 10), (10, 10), (11, 12), (13, 4), (6, 11), (15, 6), (12, 6), (12, 11)}
    return (2 if families in alike else 3, abs(wanted - offered), offered)


def read_soundfont(path: Path) -> Soundfont:
    """Read the structure of a soundfont; samples are decoded by whoever plays them.

    Raises AudioError if the file is missing, too large or not a soundfont.
    """
    try:
        content = read_file(path, at_most=_MAX_BYTES)
    except DamagedError as error:
        raise AudioError(
            f"The soundfont ‘{path.name}’ can't be read: {error.reason}.",
            hint="A simple built-in sound is used instead.",
        ) from error
    try:
        return _parsed(content)
    except (ValueError, IndexError, KeyError, struct.error) as error:
        raise AudioError(
            f"‘{path.name}’ is not a soundfont that can be read.", hint="Choose a .sf2 or .sf3 file."
        ) from error


def _parsed(content: bytes) -> Soundfont:
    if content[:4] != b"RIFF" or content[8:12] != b"sfbk":
        raise ValueError("no RIFF sfbk header")
    chunks = dict(_chunks(content, 12, min(len(content), 8 + int.from_bytes(content[4:8], "little"))))

    def rows(name: bytes, form: str) -> list[tuple[int, ...]]:
        start, size = chunks[name]
        return list(struct.iter_unpack(form, content[start : start + size - size % struct.calcsize(form)]))

    samples = tuple(_samples(content, chunks, rows(b"shdr", "<20sIIIIIBbHH")))
    instrument_zones = _Zones(
        rows(b"inst", "<20xH"), rows(b"ibag", "<HH"), rows(b"igen", "<HH"), rows(b"imod", "<HHhHH"), link=_SAMPLE
    )
    preset_rows = rows(b"phdr", "<20xHHHIII")
    preset_zones = _Zones(
        [(row[2],) for row in preset_rows],
        rows(b"pbag", "<HH"),
        rows(b"pgen", "<HH"),
        rows(b"pmod", "<HHhHH"),
        link=_INSTRUMENT,
    )
    presets = {}
    for index, (program, bank, *_) in enumerate(preset_rows[:-1]):
        regions = [
            region
            for preset_zone, _ in preset_zones.of(index)
            for instrument_zone, velocity_to_cutoff in instrument_zones.of(preset_zone[_INSTRUMENT])
            if (region := _region(preset_zone, instrument_zone, velocity_to_cutoff)) and region.sample < len(samples)
        ]
        presets[bank, program] = tuple(regions)
    return Soundfont(presets, samples)


def _chunks(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    while start + 8 <= end:
        name, size = content[start : start + 4], int.from_bytes(content[start + 4 : start + 8], "little")
        inside = start + 8
        if inside + size > end:
            raise ValueError("a chunk reaches beyond its file")
        if name == b"LIST":
            yield from _chunks(content, inside + 4, inside + size)
        else:
            yield name, (inside, size)
        start = inside + size + size % 2


def _samples(content: bytes, chunks: dict[bytes, tuple[int, int]], headers: list[tuple[int, ...]]) -> Iterator[Sample]:
    base, size = chunks[b"smpl"]
    for index, header in enumerate(headers[:-1]):
        _, start, end, loop_start, loop_end, rate, root_key, correction, _, kind = header
        recorded: bytes | npt.NDArray[np.int16]
        if kind & _VORBIS:  # positions are bytes, loop points already count from the sample's start
            recorded = content[base + start : base + min(end, size)]
        else:
            recorded = np.frombuffer(content[base + 2 * start : base + min(2 * end, size - size % 2)], "<i2")
            loop_start, loop_end = loop_start - start, loop_end - start
        yield Sample(index, recorded, max(rate, 400), max(0, loop_start), max(0, loop_end), root_key, correction)


class _Zones:
    """The zones of presets, or of instruments: generators with the global zone's folded in."""

    def __init__(
        self,
        owners: list[tuple[int, ...]],
        bags: list[tuple[int, ...]],
        generators: list[tuple[int, ...]],
        modulators: list[tuple[int, ...]],
        *,
        link: int,
    ) -> None:
        self._owners, self._bags, self._generators, self._modulators = owners, bags, generators, modulators
        self._link = link
        """The generator that ends a zone: a zone without it is the global one."""

    def of(self, owner: int) -> Iterator[tuple[_Generators, int]]:
        """(generators, velocity to cutoff) of each zone. Raises IndexError for an owner that isn't there."""
        common: _Generators = {}
        common_velocity = 0
        for bag in range(self._owners[owner][0], self._owners[owner + 1][0]):
            (generator, modulator), (next_generator, next_modulator) = self._bags[bag], self._bags[bag + 1]
            zone = {
                number: value if number in (_KEY_RANGE, _VELOCITY_RANGE, _SAMPLE, _INSTRUMENT) else _signed(value)
                for number, value in self._generators[generator:next_generator]
            }
            velocity = sum(
                amount
                for source, target, amount, by, _ in self._modulators[modulator:next_modulator]
                if (source, target, by) == (_VELOCITY_DOWN, _CUTOFF, 0)
            )
            if self._link in zone:
                yield common | zone, velocity or common_velocity
            else:
                common, common_velocity = zone, velocity


def _signed(value: int) -> int:
    return value - 0x10000 if value >= 0x8000 else value


def _region(preset: _Generators, instrument: _Generators, velocity_to_cutoff: int) -> Region | None:
    """What a preset's zone makes of an instrument's: ranges intersect, all else adds (§9.4). None if nothing is left."""
    keys = _intersection(preset.get(_KEY_RANGE, 0x7F00), instrument.get(_KEY_RANGE, 0x7F00))
    velocities = _intersection(preset.get(_VELOCITY_RANGE, 0x7F00), instrument.get(_VELOCITY_RANGE, 0x7F00))
    if keys is None or velocities is None:
        return None

    def value(number: int) -> int:
        own = instrument.get(number, _DEFAULTS.get(number, 0))
        return own if number in _NOT_ADDED else own + preset.get(number, 0)

    return Region(
        sample=instrument[_SAMPLE],
        keys=keys,
        velocities=velocities,
        root_key=value(_ROOT_KEY),
        tune_cents=100 * value(_COARSE_TUNE) + value(_FINE_TUNE),
        scale_cents=value(_SCALE_TUNING),
        loops=value(_LOOPING) in (1, 3),
        attenuation_cb=max(0, value(_ATTENUATION)),
        pan=min(500, max(-500, value(_PAN))),
        cutoff_cents=value(_CUTOFF) + value(_ENVELOPE_TO_CUTOFF) * (1000 - value(_ENVELOPE_SUSTAIN)) // 1000,
        velocity_to_cutoff=velocity_to_cutoff,
        delay_tc=value(_DELAY),
        attack_tc=value(_ATTACK),
        hold_tc=value(_HOLD),
        decay_tc=value(_DECAY),
        sustain_cb=min(1440, max(0, value(_SUSTAIN))),
        release_tc=value(_RELEASE),
        key_to_hold=value(_KEY_TO_HOLD),
        key_to_decay=value(_KEY_TO_DECAY),
        exclusive_class=value(_EXCLUSIVE_CLASS),
    )


def _intersection(one: int, other: int) -> tuple[int, int] | None:
    """Of two ranges as the file packs them: lowest in the low byte, highest in the high one."""
    low, high = max(one & 0xFF, other & 0xFF), min(one >> 8, other >> 8)
    return (low, high) if low <= high else None
