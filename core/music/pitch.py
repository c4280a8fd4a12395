"""Names of pitches, scales and keys.

A pitch is a MIDI number, 0-127, 60 = middle C; a pitch class is a pitch modulo 12, 0 = C.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import SpecError
from core.music.score import KeySignature

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_SHARP_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_FLAT_NAMES = ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B")
_PITCH = re.compile(r"([A-Ga-g])([#♯b♭]?)(-?\d{1,2})")
_SCALE = re.compile(r"([A-Ga-g])([#♯b♭]?)\s*(.*)")

SCALES = MappingProxyType(
    {
        "major": (0, 2, 4, 5, 7, 9, 11),
        "minor": (0, 2, 3, 5, 7, 8, 10),
        "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
        "melodic minor": (0, 2, 3, 5, 7, 9, 11),
        "dorian": (0, 2, 3, 5, 7, 9, 10),
        "phrygian": (0, 1, 3, 5, 7, 8, 10),
        "lydian": (0, 2, 4, 6, 7, 9, 11),
        "mixolydian": (0, 2, 4, 5, 7, 9, 10),
        "locrian": (0, 1, 3, 5, 6, 8, 10),
        "major pentatonic": (0, 2, 4, 7, 9),
        "minor pentatonic": (0, 3, 5, 7, 10),
        "blues": (0, 3, 5, 6, 7, 10),
        "whole tone": (0, 2, 4, 6, 8, 10),
        "chromatic": tuple(range(12)),
    }
)
"""Semitones above the tonic, by kind."""
SCALE_NAMES = tuple(SCALES)
"""The kinds of scale, without tonic: "major", "minor" …"""
_MINOR_LIKE = frozenset(kind for kind, steps in SCALES.items() if 3 in steps and 4 not in steps)


def pitch_name(pitch: int, *, middle_c: int = 4, flats: bool = False) -> str:
    """What a pitch is called, such as "F♯5"; `middle_c` is the octave number of pitch 60."""
    names = _FLAT_NAMES if flats else _SHARP_NAMES
    return f"{names[pitch % 12]}{pitch // 12 - 5 + middle_c}"


def parse_pitch(name: str, *, middle_c: int = 4) -> int:
    """The pitch of a name such as "A3", "F#5" or "Bb2". Raises ValueError where it is none or outside 0-127."""
    match = _PITCH.fullmatch(name.strip())
    if match is None:
        raise ValueError(f"‘{name}’ is not a pitch. Write one like A3, F#5 or Bb2.")
    letter, accidental, octave = match.groups()
    pitch = _LETTERS[letter.upper()] + _ACCIDENTALS[accidental] + 12 * (int(octave) + 5 - middle_c)
    if not 0 <= pitch <= 127:
        lowest, highest = pitch_name(0, middle_c=middle_c), pitch_name(127, middle_c=middle_c)
        raise ValueError(f"‘{name}’ lies outside {lowest} to {highest}.")
    return pitch


def tonic_name(tonic: int, *, is_minor: bool = False) -> str:
    """A tonic as it is usually spelt: E♭ for both modes, but A♭ major beside G♯ minor."""
    flat = {3, 10} if is_minor else {1, 3, 8, 10}
    return (_FLAT_NAMES if tonic % 12 in flat else _SHARP_NAMES)[tonic % 12]


@dataclass(frozen=True, slots=True)
class Scale:
    """A tonic, 0 (C) to 11, and a kind out of SCALE_NAMES."""

    tonic: int
    kind: str

    def __post_init__(self) -> None:
        if not 0 <= self.tonic <= 11 or self.kind not in SCALES:
            raise ValueError(f"no such scale: {self!r}")

    @property
    def name(self) -> str:
        return f"{tonic_name(self.tonic, is_minor=self.kind in _MINOR_LIKE)} {self.kind}"

    @property
    def pitch_classes(self) -> frozenset[int]:
        return frozenset((self.tonic + step) % 12 for step in SCALES[self.kind])

    def writes_flat(self, pitch: int) -> bool:
        """Whether a black key is written with a flat here: in F, B♭, E♭, A♭ and D♭ major and their minors.

        The leading note of a minor is not: C♯ in D minor.
        """
        is_minor = self.kind in _MINOR_LIKE
        major = self.tonic + 3 if is_minor else self.tonic
        return major % 12 in {1, 3, 5, 8, 10} and not (is_minor and (pitch + 1 - self.tonic) % 12 == 0)

    def contains(self, pitch: int) -> bool:
        return pitch % 12 in self.pitch_classes


def parse_scale(name: str) -> Scale:
    """The scale of a name such as "D minor" or "F# dorian"; a tonic alone means major. Raises SpecError("scale")."""
    match = _SCALE.fullmatch(name.strip())
    kind = " ".join(match.group(3).lower().split()) or "major" if match else ""
    kind = {"m": "minor", "natural minor": "minor", "ionian": "major", "aeolian": "minor"}.get(kind, kind)
    if match is None or kind not in SCALES:
        raise SpecError(
            "scale",
            f"‘{name}’ is not a scale.",
            hint=f"Write a tonic and a kind, such as “D minor”. Kinds: {', '.join(SCALE_NAMES)}.",
        )
    return Scale((_LETTERS[match.group(1).upper()] + _ACCIDENTALS[match.group(2)]) % 12, kind)


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic, 0 (C) to 11, in major or minor."""

    tonic: int
    is_minor: bool = False

    @classmethod
    def of_signature(cls, signature: KeySignature) -> "Key":
        return cls((signature.fifths * 7 + (9 if signature.is_minor else 0)) % 12, signature.is_minor)

    @property
    def name(self) -> str:
        return f"{tonic_name(self.tonic, is_minor=self.is_minor)} {'minor' if self.is_minor else 'major'}"

    @property
    def scale(self) -> Scale:
        return Scale(self.tonic, "minor" if self.is_minor else "major")
