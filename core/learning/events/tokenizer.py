"""Notes ↔ events on the grid of 24 steps a quarter, and the vocabulary of values that a model knows.

One event per note, ordered by (onset, pitch). An event says how far it lies after the one before (delta, 0 in a chord),
its pitch, duration and velocity class. Where it lies in its bar is kept beside, as an input that is never decoded.
"""

import bisect
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from core.errors import ModelError
from core.learning.spec import FIELDS, STEPS_PER_QUARTER, Field, TokenizerSpec
from core.music.score import MAX_TICK, Metre, Notes, Part, Score
from core.music.timing import TICKS_PER_STEP, steps_at

IntArray = npt.NDArray[np.int32]


LONGEST_STEPS = 16 * STEPS_PER_QUARTER
"""No vocabulary holds a longer delta or duration (four bars of 4/4): a model says longer rests and notes by the longest."""
_LAST_STEP = MAX_TICK // TICKS_PER_STEP


@dataclass(frozen=True, eq=False)
class Events:
    """The notes of one melody or texture; each array is int32 of shape (n,), all steps are of the grid.

    The first event's delta counts from the start of the bar in which it lies, and `origin` is that bar's start.
    """

    delta: IntArray
    pitch: IntArray
    duration: IntArray
    velocity: IntArray
    """Class, from 0."""
    bar_position: IntArray
    """Steps from the start of the bar to the onset."""
    bar_steps: IntArray
    """Steps of that bar: the metre."""
    origin: int = 0

    def __len__(self) -> int:
        return len(self.pitch)

    def field(self, name: Field) -> IntArray:
        values: IntArray = getattr(self, name)
        return values

    @property
    def onsets(self) -> npt.NDArray[np.int64]:
        """Steps from the score's start."""
        return self.origin + np.cumsum(self.delta, dtype=np.int64)

    def first(self, count: int) -> "Events":
        """The events up to the count-th."""
        columns = ("delta", "pitch", "duration", "velocity", "bar_position", "bar_steps")
        return Events(**{name: getattr(self, name)[:count] for name in columns}, origin=self.origin)


def velocity_class(velocity: int, classes: int) -> int:
    """0 to classes - 1 for a velocity 1 to 127."""
    return (velocity - 1) * classes // 127


def class_velocity(index: int, classes: int) -> int:
    """The velocity in the middle of a class."""
    lowest, above = -(-index * 127 // classes), -(-(index + 1) * 127 // classes)
    return 1 + (lowest + above - 1) // 2


def bar_places(onset_steps: npt.NDArray[np.int64], metres: Iterable[Metre]) -> tuple[IntArray, IntArray]:
    """(steps into the bar, steps of the bar) of each onset. A metre begins a bar; before the first one 4/4 counts."""
    starts, lengths = [0], [4 * STEPS_PER_QUARTER]
    for metre in metres:
        starts.append(steps_at(metre.tick))
        lengths.append(max(1, steps_at(metre.bar_duration)))
    valid = np.searchsorted(np.asarray(starts), onset_steps, side="right") - 1
    bar_steps = np.asarray(lengths)[valid]
    return ((onset_steps - np.asarray(starts)[valid]) % bar_steps).astype(np.int32), bar_steps.astype(np.int32)


def encode(score: Score, spec: TokenizerSpec, *, part: int = 0) -> Events:
    """The events of one part. All four fields are filled whatever fields the tokenizer's model uses."""
    notes = _quantised_notes(score.parts[part].notes, spec)
    onsets = (notes.onset // TICKS_PER_STEP).astype(np.int64)
    bar_position, bar_steps = bar_places(onsets, score.metres)
    origin = int(onsets[0] - bar_position[0]) if notes else 0
    before = np.append(origin, onsets[:-1])[: len(onsets)]
    return Events(
        delta=(onsets - before).astype(np.int32),
        pitch=notes.pitch,
        duration=notes.duration // TICKS_PER_STEP,
        velocity=_classes(spec.velocity_classes)[notes.velocity],
        bar_position=bar_position,
        bar_steps=bar_steps,
        origin=origin,
    )


def decode(events: Events, spec: TokenizerSpec) -> Part:
    """The notes of the events, as a part without name or program."""
    velocity = _class_velocities(spec.velocity_classes)[events.velocity]
    ticks = (events.onsets * TICKS_PER_STEP, events.duration.astype(np.int64) * TICKS_PER_STEP)
    return Part.of(Notes(np.stack([ticks[0], events.pitch, ticks[1], velocity])))


def quantised(score: Score, spec: TokenizerSpec) -> Score:
    """The score as a model can hear it: each part on the grid, velocities in their classes, legato if the spec is."""
    return replace(score, parts=tuple(replace(part, notes=_quantised_notes(part.notes, spec)) for part in score.parts))


def _quantised_notes(notes: Notes, spec: TokenizerSpec) -> Notes:
    table = notes.table.astype(np.int64)  # (onset, pitch, duration, velocity) × notes
    onset, _pitch, duration, velocity = table
    of_velocity, velocities = _classes(spec.velocity_classes), _class_velocities(spec.velocity_classes)
    onset[:] = np.minimum(steps_at(onset), _LAST_STEP) * TICKS_PER_STEP
    duration[:] = np.minimum(np.maximum(1, steps_at(duration)), _LAST_STEP) * TICKS_PER_STEP
    velocity[:] = velocities[of_velocity[velocity]]
    on_grid = Notes(table).fitted()
    return on_grid.top_line(legato=True) if spec.legato else on_grid


@cache
def _classes(classes: int) -> IntArray:
    """(128,): `velocity_class` of each velocity; that of 0 is never asked for."""
    return np.array([velocity_class(max(1, velocity), classes) for velocity in range(128)], np.int32)


@cache
def _class_velocities(classes: int) -> IntArray:
    """(classes,): `class_velocity` of each."""
    return np.array([class_velocity(index, classes) for index in range(classes)], np.int32)


@dataclass(frozen=True)
class Vocabulary:
    """The values of each field that a model knows, sorted; a symbol is the index into them."""

    values: Mapping[Field, tuple[int, ...]]

    @classmethod
    def of(cls, pieces: Iterable[Events], spec: TokenizerSpec, *, transpose: int = 0) -> Self:
        """All values met in the pieces; pitches also up to `transpose` semitones around. Absurd lengths are left out."""
        met: dict[Field, set[int]] = {field: set() for field in spec.fields}
        for events in pieces:
            for field, values in met.items():
                values.update(np.unique(events.field(field)).tolist())
        met["pitch"] = {
            pitch + shift
            for pitch in met["pitch"]
            for shift in range(-transpose, transpose + 1)
            if 0 <= pitch + shift < 128
        }
        for field in ("delta", "duration"):
            if field in met:
                met[field] = {value for value in met[field] if value <= LONGEST_STEPS} or {LONGEST_STEPS}
        return cls({field: tuple(sorted(values)) for field, values in met.items()})

    @property
    def sizes(self) -> dict[Field, int]:
        return {field: len(values) for field, values in self.values.items()}

    def index(self, field: Field, value: int) -> int:
        """The symbol of a value, or of the nearest one known (the lower of two as near)."""
        known = self.values[field]
        place = bisect.bisect_left(known, value)
        if place == 0:
            return 0
        if place == len(known) or value - known[place - 1] <= known[place] - value:
            return place - 1
        return place

    def indices(self, events: Events) -> dict[Field, IntArray]:
        """The symbols of the events by field, each (n,); an unknown value becomes the nearest known one."""
        return {field: self.symbols(field, events.field(field)) for field in self.values}

    def symbols(self, field: Field, values: npt.NDArray[np.integer]) -> IntArray:
        """`index` for a whole array of any shape."""
        known = np.asarray(self.values[field])
        place = np.clip(np.searchsorted(known, values), 1, max(1, len(known) - 1))
        if len(known) == 1:
            return np.zeros(np.shape(values), dtype=np.int32)
        lower_is_nearer = values - known[place - 1] <= known[place] - values
        nearest: IntArray = (place - lower_is_nearer).astype(np.int32)
        return nearest

    def unknown(self, events: Events) -> npt.NDArray[np.bool_]:
        """(n,): which events have a value that the model never met."""
        mask = np.zeros(len(events), dtype=bool)
        for field, known in self.values.items():
            mask |= ~np.isin(events.field(field), known)
        return mask

    def extended(self, other: "Vocabulary") -> "Vocabulary":
        """With the other's values added, field by field."""
        return Vocabulary(
            {field: tuple(sorted({*known, *other.values[field]})) for field, known in self.values.items()}
        )

    def to_json(self) -> dict[str, list[int]]:
        return {field: list(values) for field, values in self.values.items()}

    @classmethod
    def from_json(cls, stored: Any) -> Self:
        """Rebuild from `to_json`. Raises ModelError when it is anything else."""
        highest = {"delta": LONGEST_STEPS, "pitch": 127, "duration": LONGEST_STEPS, "velocity": 126}
        if not isinstance(stored, dict) or not stored:
            raise ModelError("Its vocabulary is damaged.")
        values: dict[Field, tuple[int, ...]] = {}
        for field in FIELDS:
            known = stored.get(field)
            if known is None:
                continue
            if (
                not isinstance(known, list)
                or not known
                or any(type(value) is not int or not 0 <= value <= highest[field] for value in known)
                or any(later <= earlier for earlier, later in itertools.pairwise(known))
            ):
                raise ModelError("Its vocabulary is damaged.")
            values[field] = tuple(known)
        return cls(values)
