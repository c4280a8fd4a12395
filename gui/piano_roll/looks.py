"""How each note is to look: which fill, whose shape, selected or not. Columns beside a NoteIndex; no Qt.

Shape says who wrote a note (square corners yours, round ones the model's) and never changes with the colouring.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.music.score import Note
from gui.piano_roll.note_index import Ints, NoteIndex

ColorBy = Literal["origin", "surprise", "copied"]
DETAILED_NOTES = 600
BATCHED_NOTES = 6_000
"""Above so many notes in view a rectangle each costs more than a picture of all."""
SURPRISE_STEPS = 9
BITS_AT_THE_TOP = 5.0


class Fill(IntEnum):
    """What a note is filled with. REPLACED is an outline alone; SURPRISE is the first of nine steps."""

    YOURS = 0
    MODEL = 1
    COPIED = 2
    UNKNOWN = 3
    GHOST = 4
    REPLACED = 5
    SURPRISE = 6


class Detail(IntEnum):
    """How much of each note is painted."""

    DENSE = 0
    BATCHED = 1
    FULL = 2


def detail_for(count: int) -> Detail:
    """The detail that so many notes in view allow; of the whole view, lest a newly scrolled strip differ from the rest."""
    return Detail((count <= BATCHED_NOTES) + (count <= DETAILED_NOTES))


@dataclass(frozen=True, eq=False)
class Looks:
    """Columns of length n, one row a note of the index they were made for."""

    fill: NDArray[np.uint8]
    by_model: NDArray[np.bool_]
    selected: NDArray[np.bool_]

    @classmethod
    def plain(cls, count: int, fill: Fill, *, by_model: bool = False) -> "Looks":
        """All alike."""
        return cls(np.full(count, fill, np.uint8), np.full(count, by_model), np.zeros(count, np.bool_))

    def taken(self, rows: Ints) -> "Looks":
        """The looks of some rows, in the order given."""
        return Looks(self.fill[rows], self.by_model[rows], self.selected[rows])

    def with_selected(self, rows: Ints) -> "Looks":
        """The same, with these rows selected and no others."""
        selected = np.zeros(self.fill.size, np.bool_)
        selected[rows] = True
        return Looks(self.fill, self.by_model, selected)


@dataclass(frozen=True, slots=True)
class Colouring:
    """What is known about notes beside their place, and which of it is to be seen."""

    by: ColorBy = "origin"
    surprise: Mapping[Note, float] | None = None
    """Bits a note."""
    copied: Collection[Note] = frozenset()
    unknown: Collection[Note] = frozenset()
    """Notes that the chosen model never met."""


def looks_of(
    index: NoteIndex,
    colouring: Colouring,
    *,
    generated: Collection[Note] = frozenset(),
    selected: Collection[Note] = frozenset(),
) -> Looks:
    """The looks of an index's notes, those in `generated` being the model's."""
    by_model = np.zeros(len(index), np.bool_)
    by_model[index.rows_of(generated)] = True
    fill = np.where(by_model, Fill.MODEL, Fill.YOURS).astype(np.uint8)
    fill[index.rows_of(colouring.unknown)] = Fill.UNKNOWN
    if colouring.by == "copied":
        fill[index.rows_of(colouring.copied)] = Fill.COPIED
    elif colouring.by == "surprise" and colouring.surprise:
        for step, notes in _by_step(colouring.surprise).items():
            fill[index.rows_of(notes)] = Fill.SURPRISE + step
    return Looks(fill, by_model, np.zeros(len(index), np.bool_)).with_selected(index.rows_of(selected))


def _by_step(surprise: Mapping[Note, float]) -> dict[int, list[Note]]:
    steps: dict[int, list[Note]] = {}
    for note, bits in surprise.items():
        step = round(min(max(bits / BITS_AT_THE_TOP, 0.0), 1.0) * (SURPRISE_STEPS - 1))
        steps.setdefault(step, []).append(note)
    return steps
