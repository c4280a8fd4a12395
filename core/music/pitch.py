"""Names of pitches, scales and keys, and finding the key of notes.

A pitch is a MIDI number, 0-127, 60 = middle C; a pitch class is a pitch modulo 12, 0 = C.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from core.errors import SpecError
from core.music.score import KeySignature, Note, Notes, Score

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


# Krumhansl & Kessler 1982: how well each pitch class fits after a key was established, from the tonic upwards.
_MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_KEYS = tuple(Key(tonic, is_minor=is_minor) for is_minor in (False, True) for tonic in range(12))


def _standardised(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    centred = rows - rows.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    result: npt.NDArray[np.float64] = centred / np.where(deviation > 0, deviation, 1.0)
    return result


_PROFILES = _standardised(
    np.array([np.roll(_MINOR_PROFILE if key.is_minor else _MAJOR_PROFILE, key.tonic) for key in _KEYS])
)  # (24, 12)


def find_key(evidence: Sequence[float] | npt.NDArray[np.float64] | Iterable[Note]) -> Key:
    """The key whose profile correlates best with how long each pitch class sounds.

    evidence: 12 weights from C upwards, or notes. Nothing at all, or all alike, gives C major.
    Krumhansl 1990, "Cognitive Foundations of Musical Pitch", ch. 4.
    """
    given = list(evidence)
    weights = np.zeros(12)
    if given and isinstance(given[0], Note):
        for note in given:
            weights[note.pitch % 12] += note.duration
    elif given:
        weights = np.asarray(given, dtype=np.float64)
        if weights.shape != (12,):
            raise ValueError(f"12 weights are needed, not {len(given)}")
    return find_keys(weights[np.newaxis])[0]


def find_keys(weights: npt.NDArray[np.float64]) -> list[Key]:
    """The key of each row of pitch-class weights (pieces, 12), as `find_key` finds it."""
    return [_KEYS[best] for best in np.argmax(_standardised(weights) @ _PROFILES.T, axis=1).tolist()]


def key_of(score: Score) -> Key:
    """The key that the notes of all parts but drums suggest; without notes, the first key signature's."""
    notes = Notes.joined(part.notes for part in score.parts if not part.is_drums)
    if not notes and score.keys:
        return Key.of_signature(score.keys[0])
    weights = np.bincount(notes.pitch % 12, notes.duration, minlength=12)
    return find_keys(weights[np.newaxis].astype(np.float64))[0]
