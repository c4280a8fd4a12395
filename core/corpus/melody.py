"""Which part of a score is the melody, and the line that is heard on top of a thick texture. Ticks throughout."""

import re
from collections.abc import Sequence

import numpy as np

from core.corpus.note_table import BoolArray, FloatArray, IntArray, NoteTable
from core.music.score import Part, Score

_CLEAR_SHARE = 0.9
"""From this share of single-note onsets on, a part may be one line."""
_MOST_CROWDED = 0.2
"""Up to this share of crowded time it is one. Sung and played lines, however legato, stay below an eighth; piano pieces
keep above a quarter even played staccato, though a performance strikes no two notes at one tick."""
_FEWEST_NOTES = 16
"""A part with fewer is no melody if another part has as many: a fanfare, a closing chord."""
_MELODIC_NAME = re.compile(
    r"melod|vocal|voice|voix|lead|sopran|sing|gesang|stimme|canto|chant|solo", flags=re.IGNORECASE
)


def melody_scores(parts: NoteTable, *, names: Sequence[str], lengths: IntArray) -> FloatArray:
    """(parts,): how much each is like a melody: single notes in a singing register that move by small steps.

    parts: each a group of the table, with notes. lengths: (parts,), ticks from the start of its piece to the end.
    """
    counts = np.maximum(parts.counts(), 1)
    named = np.array([bool(_MELODIC_NAME.search(name)) for name in names], np.float64)
    scores: FloatArray = (
        2.0 * parts.single_shares()
        - 1.5 * parts.overlap_shares()
        + np.minimum(1.0, parts.sums(parts.duration) / np.maximum(lengths, 1))
        + 0.5 * np.minimum(1.0, (parts.pitch_counts() > 0).sum(axis=1) / 8)
        - np.abs(parts.sums(parts.pitch) / counts - 72) / 24
        - 0.05 * parts.leaps()
        + named
    )
    return scores


def are_lines(parts: NoteTable) -> BoolArray:
    """(parts,): whether each is heard as one line, written or performed."""
    return (parts.single_shares() >= _CLEAR_SHARE) & (parts.crowded_shares() <= _MOST_CROWDED)


def best_parts(pieces: Sequence[Sequence[Part]], table: NoteTable) -> list[int]:
    """For each piece the index, among all parts, of the part that is most like a melody.

    pieces: their parts, without drums or empty ones, at least one each; table: all these parts in turn. Parts of fewer
    than 16 notes count only where a piece has none of more. Of two that score alike the first wins.
    """
    if len(pieces) == table.groups:
        return list(range(table.groups))
    ends = np.zeros(table.groups, np.int64)
    np.maximum.at(ends, table.group, table.onset + table.duration)
    sizes = [len(parts) for parts in pieces]
    starts = np.cumsum([0, *sizes])[:-1]
    lengths = np.repeat(np.maximum.reduceat(ends, starts), sizes)
    names = [part.name for parts in pieces for part in parts]
    scores = melody_scores(table, names=names, lengths=lengths)
    # Far below all others, but still in order among themselves.
    scores[table.counts() < _FEWEST_NOTES] -= 1e6
    return [
        int(start + np.argmax(scores[start : start + size])) for start, size in zip(starts.tolist(), sizes, strict=True)
    ]


def melody_part(score: Score) -> int | None:
    """The index of the part that is most like a melody; None if there are no notes but drums'."""
    pitched = [index for index, part in enumerate(score.parts) if part.notes and not part.is_drums]
    if len(pitched) < 2:
        return pitched[0] if pitched else None
    parts = [score.parts[index] for index in pitched]
    return pitched[best_parts([parts], NoteTable.of(parts))[0]]


def melody_line(score: Score) -> Part | None:
    """The melody as a part of single notes, with its part's name and program; None if there are no notes but drums'."""
    index = melody_part(score)
    if index is None:
        return None
    part = score.parts[index]
    return Part(part.name, part.program, notes=part.notes.top_line())
