"""Which part of a score is the melody, and the line that is heard on top of a thick texture.

The arithmetic works on columns: an integer array (4, notes) of onset, pitch, duration, velocity in the order of a
part's notes, so that the importer can judge thousands of files without making a Note. Ticks throughout.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.music.score import Note, Part, Score

IntArray = npt.NDArray[np.int64]

ONSET, PITCH, DURATION, VELOCITY = range(4)
"""The rows of columns."""

_FEWEST_NOTES = 16
"""A part with fewer is no melody if another part has as many: a fanfare, a closing chord."""
CLEAR_SHARE = 0.9
"""From this share of single-note onsets on, a part is heard as one line."""
_MELODIC_NAME = re.compile(
    r"melod|vocal|voice|voix|lead|sopran|sing|gesang|stimme|canto|chant|solo", flags=re.IGNORECASE
)


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What the choice of a melody looks at in one part."""

    columns: IntArray
    """(4, notes)"""
    name: str = ""
    is_drums: bool = False


def columns_of(notes: Sequence[Note]) -> IntArray:
    """Columns (4, notes) of notes in the order given."""
    rows = [(note.onset, note.pitch, note.duration, note.velocity) for note in notes]
    return np.array(rows, dtype=np.int64).reshape(-1, 4).T


def notes_of(columns: IntArray) -> tuple[Note, ...]:
    """The notes of columns, in their order."""
    return tuple(Note(*row) for row in columns.T.tolist())


def single_share(columns: IntArray) -> float:
    """The share of onsets at which one note alone starts, 0 to 1; 0 without notes."""
    if not columns.shape[1]:
        return 0.0
    _, struck = np.unique(columns[ONSET], return_counts=True)
    return float(np.mean(struck == 1))


def overlap_share(columns: IntArray) -> float:
    """The share of notes that start while an earlier one still sounds; 0 for a single line."""
    onset = columns[ONSET]
    if len(onset) < 2:
        return 0.0
    heard_until = np.maximum.accumulate(onset + columns[DURATION])
    # Notes of one chord start together: what counts is whether anything from before the chord still sounds.
    chord = np.searchsorted(onset, onset, side="left")
    earlier = chord[chord > 0]
    return float(np.sum(heard_until[earlier - 1] > onset[chord > 0]) / len(onset))


def melody_score(voice: Voice, *, length: int) -> float:
    """How much a part is like a melody: single notes in a singing register that move by small steps.

    length: ticks from the start of the piece to its end. A part without notes has no score: minus infinity.
    """
    columns = voice.columns
    if not columns.shape[1]:
        return -np.inf
    pitch = columns[PITCH]
    coverage = float(columns[DURATION].sum()) / max(1, length)
    leap = float(np.abs(np.diff(pitch)).mean()) if len(pitch) > 1 else 0.0
    return (
        2.0 * single_share(columns)
        - 1.5 * overlap_share(columns)
        + min(1.0, coverage)
        + 0.5 * min(1.0, len(np.unique(pitch)) / 8)
        - abs(float(pitch.mean()) - 72) / 24
        - 0.05 * leap
        + (1.0 if _MELODIC_NAME.search(voice.name) else 0.0)
    )


def best_voice(voices: Sequence[Voice]) -> int | None:
    """The index of the part that is most like a melody; None if there are no notes but drums'.

    Parts of fewer than 16 notes are looked at only if no part has more. Of two that score alike the first wins.
    """
    pitched = [index for index, voice in enumerate(voices) if not voice.is_drums and voice.columns.shape[1]]
    candidates = [index for index in pitched if voices[index].columns.shape[1] >= _FEWEST_NOTES] or pitched
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    length = max(int((voices[index].columns[ONSET] + voices[index].columns[DURATION]).max()) for index in pitched)
    return max(candidates, key=lambda index: melody_score(voices[index], length=length))


def top_line(columns: IntArray) -> IntArray:
    """The highest note of each onset, ended where the next one starts: columns (4, onsets)."""
    onset = columns[ONSET]
    if not len(onset):
        return columns
    # Within an onset the notes are ordered by pitch, so the last of each is the highest.
    line = columns[:, np.append(onset[1:] != onset[:-1], True)].copy()
    gaps = np.diff(line[ONSET])
    line[DURATION, :-1] = np.minimum(line[DURATION, :-1], gaps)
    return line


def voices_of(score: Score) -> tuple[Voice, ...]:
    """The parts of a score as the choice of a melody sees them."""
    return tuple(Voice(columns_of(part.notes), part.name, part.is_drums) for part in score.parts)


def melody_part(score: Score) -> int | None:
    """The index of the part that is most like a melody; None if there are no notes but drums'."""
    return best_voice(voices_of(score))


def skyline(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The highest note of each onset, ended where the next one starts. notes: ordered by (onset, pitch)."""
    return notes_of(top_line(columns_of(notes)))


def melody_line(score: Score) -> Part | None:
    """The melody as a part of single notes, with its part's name and program; None if there are no notes but drums'."""
    index = melody_part(score)
    if index is None:
        return None
    part = score.parts[index]
    return Part(part.name, part.program, notes=skyline(part.notes))
