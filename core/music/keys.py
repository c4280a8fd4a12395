"""Finding the key of notes: how likely each of the 24 is, by what music in major and in minor is made of.

Each note speaks for the keys in which its step is frequent, by the square root of its length, and so do the first note
and the last; a long piece has no more to say than twenty quarters, as its notes repeat each other. Counted in the 1,148
sample songs, whose signatures are known (major or its relative minor: the likelier, again and again until none
changed). Counted in nine tenths of them and asked of the rest, it names the signature's key, or its relative, of four
bars in 78 of 100, of whole songs in 87 (`tests.benchmarks.keys`). Correlating with the profiles of Krumhansl and
Kessler (1982): 40 and 53; they take a fifth too high for the key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.music.pitch import Key
from core.music.score import TICKS_PER_QUARTER, KeySignature, Note, Notes, Score

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOST_QUARTERS = 20.0
_FITS = 0.1
"""A signature is believed if the notes make it at least so likely: many programs write C major into whatever they save."""
_ROUNDS = 8
_KEYS = tuple(Key(tonic, is_minor=is_minor) for is_minor in (False, True) for tonic in range(12))
_UNSEEN = 0.5
"""What is added to each count: nothing is impossible."""


@dataclass(frozen=True, eq=False)
class KeyProfiles:
    """What is usual in major and in minor, from the tonic upwards. Each row adds up to 1."""

    modes: FloatArray
    """(2,): shares of major and minor."""
    steps: FloatArray
    """(3, 2, 12): of the notes, the first note and the last, by mode."""

    @classmethod
    def counted(cls, evidence: FloatArray, fifths: IntArray) -> "KeyProfiles":
        """In pieces whose signatures are known. evidence: (pieces, 36), fifths: (pieces,)."""
        profiles = KEY_PROFILES
        tonics = np.stack([fifths * 7 % 12, (fifths * 7 + 9) % 12], axis=1)  # (pieces, 2): of major and of its relative
        rows = np.arange(len(fifths))
        for _ in range(_ROUNDS):
            odds = profiles.log_odds(evidence).reshape(-1, 2, 12)
            is_minor = (odds[rows, 1, tonics[:, 1]] > odds[rows, 0, tonics[:, 0]]).astype(np.int64)
            from_tonic = (np.arange(12) + tonics[rows, is_minor][:, None]) % 12
            turned = np.take_along_axis(evidence.reshape(-1, 3, 12), from_tonic[:, None, :], axis=2)  # (pieces, 3, 12)
            sums = np.stack([turned[is_minor == mode].sum(axis=0) for mode in (0, 1)], axis=1) + _UNSEEN
            modes = np.bincount(is_minor, minlength=2) + 1.0
            profiles = cls(modes / modes.sum(), sums / sums.sum(axis=2, keepdims=True))
        return profiles

    def log_odds(self, evidence: FloatArray) -> FloatArray:
        """(pieces, 24): log-likelihood of each key, first major from C upwards, of evidence (pieces, 36)."""
        spent = evidence[:, :12].sum(axis=1, keepdims=True)
        weighed = evidence.copy()
        weighed[:, :12] *= np.minimum(1, _MOST_QUARTERS / np.maximum(spent, 1e-9))
        logs = np.log(self.steps)
        turned = np.stack(
            [np.roll(logs[:, mode], tonic, axis=1) for mode in (0, 1) for tonic in range(12)]
        )  # (24, 3, 12)
        found: FloatArray = weighed @ turned.reshape(24, 36).T + np.repeat(np.log(self.modes), 12)
        return found


def _of_percent(rows: Sequence[Sequence[float]]) -> FloatArray:
    shares = np.array(rows).reshape(3, 2, 12)
    normal: FloatArray = shares / shares.sum(axis=2, keepdims=True)
    return normal


KEY_PROFILES = KeyProfiles(
    np.array([0.731, 0.269]),
    _of_percent(
        [
            # notes, in major and in minor, from the tonic upwards
            (15.8, 1.2, 12.7, 2.0, 15.6, 8.3, 2.3, 18.9, 2.3, 11.0, 2.0, 8.0),
            (16.6, 2.7, 11.0, 11.6, 3.4, 10.0, 2.6, 19.4, 8.0, 3.5, 7.0, 4.2),
            # the first note, in major and in minor, from the tonic upwards
            (18.9, 0.3, 2.4, 0.3, 33.4, 0.8, 0.2, 41.9, 0.5, 0.9, 0.1, 0.2),
            (34.6, 0.2, 3.2, 5.1, 0.9, 3.9, 0.6, 44.4, 5.1, 0.6, 0.2, 1.3),
            # the last note, in major and in minor, from the tonic upwards
            (75.9, 0.3, 1.1, 0.1, 8.7, 0.8, 0.1, 9.5, 0.1, 2.2, 0.1, 0.8),
            (59.0, 2.2, 2.2, 3.7, 2.9, 2.6, 1.5, 14.3, 2.6, 1.8, 4.8, 2.6),
        ]
    ),
)


def key_evidence(group: IntArray, onset: IntArray, pitch: IntArray, duration: IntArray, groups: int) -> FloatArray:
    """(groups, 36): what each group's notes say of its key. The notes are ordered by group, onset and pitch.

    Twelve weights in roots of quarters from C upwards, then a 1 at the lowest note of the first onset and of the last.
    """
    pitch_class = pitch % 12
    weights = np.bincount(group * 12 + pitch_class, np.sqrt(duration / TICKS_PER_QUARTER), minlength=groups * 12)
    evidence = np.zeros((groups, 36))
    evidence[:, :12] = weights.reshape(groups, 12)
    lowest = np.flatnonzero(np.append(True, (np.diff(group) != 0) | (np.diff(onset) != 0))[: len(group)])
    chords_in, firsts = np.unique(group[lowest], return_index=True)
    lasts = np.append(firsts[1:], len(lowest))[: len(firsts)] - 1
    evidence[chords_in, 12 + pitch_class[lowest[firsts]]] = 1
    evidence[chords_in, 24 + pitch_class[lowest[lasts]]] = 0.5
    return evidence


def evidence_of(notes: Notes | Iterable[Note]) -> FloatArray:
    """(1, 36): `key_evidence` of some notes, in any order."""
    columns = Notes.of(notes)
    order = np.lexsort((columns.pitch, columns.onset))
    onset, pitch, duration = (each[order].astype(np.int64) for each in (columns.onset, columns.pitch, columns.duration))
    return key_evidence(np.zeros(len(order), np.int64), onset, pitch, duration, 1)


def find_keys(
    evidence: FloatArray, signatures: Sequence[KeySignature | None] = (), profiles: KeyProfiles = KEY_PROFILES
) -> list[Key]:
    """The likeliest key of each piece, of its signature's two where it has one that the notes don't contradict.

    evidence: (pieces, 36). Without any, the signature's, else C major.
    """
    odds = profiles.log_odds(evidence)
    odds -= odds.max(axis=1, keepdims=True)
    odds = np.exp(odds)
    odds /= odds.sum(axis=1, keepdims=True)
    keys = [_KEYS[best] for best in odds.argmax(axis=1).tolist()]
    for piece, signature in enumerate(signatures):
        if signature is not None:
            stated = Key.of_signature(signature)
            relative = Key((stated.tonic + (3 if stated.is_minor else 9)) % 12, not stated.is_minor)
            major, minor = (
                odds[piece, _KEYS.index(key)] for key in sorted((stated, relative), key=lambda key: key.is_minor)
            )
            if not evidence[piece].any():
                keys[piece] = stated
            elif major + minor >= _FITS:
                # Hardly any program writes a minor signature; those that do mean it.
                keys[piece] = stated if stated.is_minor or major >= minor else relative
    return keys


def find_key(notes: Notes | Iterable[Note], signature: KeySignature | None = None) -> Key:
    """The key of some notes; without any, the signature's, else C major."""
    return find_keys(evidence_of(notes), [signature])[0]


def key_of(score: Score) -> Key:
    """The key that the notes of all parts but drums suggest, and the signature that is in force the longest."""
    notes = Notes.joined(part.notes for part in score.parts if not part.is_drums)
    return find_key(notes, longest_signature(score))


def longest_signature(score: Score) -> KeySignature | None:
    """The key signature in force for most of a score."""
    if not score.keys:
        return None
    ends = [*(key.tick for key in score.keys[1:]), max(score.end, score.keys[-1].tick + 1)]
    lasting = [end - key.tick for key, end in zip(score.keys, ends, strict=True)]
    return score.keys[lasting.index(max(lasting))]
