"""What a part's controllers do to its sound while it is played, as courses over time.

Loudness: channel volume (7) and expression (11). Place: pan (10). Pitch: the wheel with its range (RPN 0), fine and
coarse tuning (RPN 1, 2), and vibrato by the modulation wheel (1). Keys held longer: sustain (64), sostenuto (66). Softer
strikes: the soft pedal (67). “Reset all controllers” (121) does what RP-015 says.
After the MIDI 1.0 Detailed Specification, General MIDI 1 and 2, and SoundFont 2.04 §8.4 (how far vibrato reaches).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from core.music.channel_state import before_releases, before_strikes, changes, tick_of
from core.music.score import BEND, Part
from core.music.timing import TempoMap
from core.playback.voice import FRAMES_PER_S

Ticks = npt.NDArray[np.int64]
Frames = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

_MODULATION, _DATA, _VOLUME, _PAN, _EXPRESSION = 1, 6, 7, 10, 11
_DATA_FINE, _SUSTAIN, _SOSTENUTO, _SOFT = 38, 64, 66, 67
_NRPN_FINE, _NRPN, _RPN_FINE, _RPN, _RESET = 98, 99, 100, 101, 121
_USUAL = {_VOLUME: 100, _PAN: 64, _EXPRESSION: 127}
"""Until a part sets its own (General MIDI 1); 0 for all others."""
_OF_PITCH = frozenset({_DATA, _DATA_FINE, _NRPN_FINE, _NRPN, _RPN_FINE, _RPN, _RESET, BEND})
_NO_PARAMETER = (127, 127)
_GM2_MELODIC = 121
"""The bank's coarse half where General MIDI 2 puts its variations into the fine one."""

SOFTER = 0.7
"""What the soft pedal leaves of a velocity."""
_VIBRATO_CENTS = 50.0
"""At the modulation wheel's end."""
_VIBRATO_HZ = 5.5
_GLIDE = int(0.008 * FRAMES_PER_S)
"""A step is reached within so many frames: sound that jumps clicks."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """A value that changes in steps: values[0] before frames[0], values[i + 1] from frames[i] on."""

    frames: Frames
    """(steps,), rising."""
    values: Values
    """(steps + 1, …)"""

    @classmethod
    def of(cls, ticks: Ticks, values: Values, before: float | Sequence[float], tempo_map: TempoMap) -> Self:
        """Of steps in ticks (rising, some alike: the last counts)."""
        frames = np.rint(np.asarray(tempo_map.seconds_at(ticks.astype(np.float64))) * FRAMES_PER_S).astype(np.int64)
        last = np.append(frames[1:] != frames[:-1], True)[: len(frames)]
        return cls(frames[last], np.concatenate([np.array([before], np.float64), values[last]]))

    def at(self, frames: Frames) -> Values:
        """(frames, …): in force at each."""
        return self.values[np.searchsorted(self.frames, frames, side="right")]

    def moves(self, begins: Frames, ends: Frames) -> npt.NDArray[np.bool_]:
        """Whether a step lies between, for each pair."""
        return np.searchsorted(self.frames, begins, side="right") < np.searchsorted(self.frames, ends, side="left")

    def over(self, onset: int, begin: int, end: int) -> Values:
        """(end - begin, …): frame by frame, for a note struck at `onset` ≤ begin. What was set before is there at once."""
        low, high = np.searchsorted(self.frames, (onset, end), side="right")
        steps = self.frames[low:high]
        reached = np.append(steps, self.frames[high : high + 1])[1:]  # the next step, also beyond the end
        reached = np.minimum(steps + _GLIDE, np.append(reached, end + _GLIDE)[: len(steps)])
        corners = np.append(onset, np.column_stack([steps, reached]))
        heights = np.repeat(self.values[low : high + 1], 2, axis=0)[: len(corners)]
        at = np.arange(begin, end)
        columns = heights.reshape(len(heights), -1).T
        found = np.stack([np.interp(at, corners, column) for column in columns], axis=-1)
        return found.reshape(len(at), *heights.shape[1:])


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How one part moves."""

    levels: Course
    """Gains of the left and the right side."""
    cents: Course
    vibrato: Course
    """Its depth in cents."""

    @property
    def fastest(self) -> float:
        """No recording of the part runs faster than this."""
        return float(2 ** (max(0.0, self.cents.values.max() + self.vibrato.values.max()) / 1200))

    def speeds(self, onset: int, end: int) -> Values:
        """(end - onset,): how fast a recording runs, frame by frame, for a note struck at `onset`; 1 = as it is."""
        depth = self.vibrato.over(onset, onset, end)
        swing = np.sin(np.arange(onset, end) * (2 * np.pi * _VIBRATO_HZ / FRAMES_PER_S))
        speeds: Values = 2 ** ((self.cents.over(onset, onset, end) + depth * swing) / 1200)
        return speeds


class Controllers:
    """What one part's controllers say."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def motion(self, tempo_map: TempoMap) -> Motion:
        ticks = np.unique(np.concatenate([self._changes(number)[0] for number in (_VOLUME, _PAN, _EXPRESSION)]))
        levels = self._levels(np.append(ticks, -1))  # at -1 is what holds before any
        modulation, depths = self._changes(_MODULATION)
        bent, cents = self._bent()
        return Motion(
            Course.of(ticks, levels[:-1], levels[-1], tempo_map),
            Course.of(bent, cents, 0.0, tempo_map),
            Course.of(modulation, depths.astype(np.float64) * (_VIBRATO_CENTS / 127), 0.0, tempo_map),
        )

    def banks(self, ticks: Ticks) -> Ticks:
        """The bank of a note struck at each tick, as soundfonts number them: the variation, whichever half it is in."""
        coarse, fine = divmod(self._part.bank, 128)
        return np.full(len(ticks), fine if coarse in (0, _GM2_MELODIC) else coarse, np.int64)

    def softened(self, ticks: Ticks, velocities: Ticks) -> Ticks:
        """Velocities of notes struck at these ticks, less under the soft pedal."""
        at, values = changes(self._part.controls, _SOFT)
        is_soft = np.append(0, values)[np.searchsorted(at, before_strikes(ticks), side="right")] >= 64
        return np.where(is_soft, np.maximum(1, np.rint(velocities * SOFTER).astype(np.int64)), velocities)

    def held(self, onsets: Ticks, ends: Ticks, pitches: Ticks, last: int) -> Ticks:
        """Ends put off by the pedals, or to where the pitch is struck again if that is sooner.

        last: the tick at which a pedal that never comes up lets go at the latest.
        """
        put_off = ends
        begins, lifts = self._pressed(_SOSTENUTO, last)
        if len(begins):  # it holds the keys that are down when it is pressed
            pressed = np.searchsorted(begins, before_releases(ends), side="right") - 1
            caught = pressed >= np.searchsorted(begins, before_strikes(onsets), side="right")
            put_off = np.where(caught, np.maximum(ends, lifts[pressed]), ends)
        begins, lifts = self._pressed(_SUSTAIN, last)
        if len(begins):
            pressed = np.searchsorted(begins, before_releases(put_off), side="right") - 1
            put_off = np.where(pressed >= 0, np.maximum(put_off, lifts[pressed]), put_off)
        if put_off is ends:
            return ends
        order = np.lexsort((onsets, pitches))
        again = np.full(len(ends), np.iinfo(np.int64).max)
        same = pitches[order][1:] == pitches[order][:-1]
        again[order[:-1][same]] = onsets[order[1:][same]]
        held: Ticks = np.minimum(put_off, again)
        return held

    def _changes(self, number: int) -> tuple[Ticks, Ticks]:
        """(ticks, values) of one controller, reset ones included."""
        at, values = changes(self._part.controls, number)
        return tick_of(at), values

    def _value_at(self, number: int, ticks: Ticks) -> Ticks:
        at, values = self._changes(number)
        return np.append(_USUAL.get(number, 0), values)[np.searchsorted(at, ticks, side="right")]

    def _levels(self, ticks: Ticks) -> Values:
        """(ticks, 2): gains of left and right."""
        volume, expression = self._value_at(_VOLUME, ticks) / _USUAL[_VOLUME], self._value_at(_EXPRESSION, ticks) / 127
        pan = (np.maximum(self._value_at(_PAN, ticks), 1) - 1) / 126
        sides = np.stack([np.cos(pan * np.pi / 2), np.sin(pan * np.pi / 2)], axis=1) * np.sqrt(2)
        levels: Values = ((volume * expression) ** 2)[:, None] * sides
        return levels

    def _pressed(self, number: int, last: int) -> tuple[Ticks, Ticks]:
        """From which place to which tick a pedal is down, each rising."""
        at, values = changes(self._part.controls, number)
        turns = np.diff((values >= 64).astype(np.int8), prepend=0)
        begins, lifts = at[turns > 0], tick_of(at[turns < 0])
        return begins, np.append(lifts, max(last, int(tick_of(at)[-1])))[: len(begins)] if len(begins) else lifts

    def _bent(self) -> tuple[Ticks, Values]:
        """(ticks, cents): where the pitch is moved, and how far in all."""
        controls = self._part.controls
        steps: list[tuple[int, float]] = []
        tuning = _Tuning()
        for event in controls.taken(np.isin(controls.number, list(_OF_PITCH))):
            tuning.control(event.number, event.value)
            if tuning.cents != (steps[-1][1] if steps else 0.0):
                steps.append((event.tick, tuning.cents))
        found = np.array(steps, np.float64).reshape(-1, 2)
        return found[:, 0].astype(np.int64), found[:, 1]


class _Tuning:
    """The registered parameters that move the pitch, and the wheel."""

    def __init__(self) -> None:
        self.wheel = 0
        self._chosen = _NO_PARAMETER
        self._data = {(0, 0): [2, 0], (0, 1): [64, 0], (0, 2): [64, 0]}
        """By parameter: coarse and fine. RPN 0: semitones and cents; 1: 14 bits round 8192 = a semitone; 2: semitones round 64."""

    @property
    def cents(self) -> float:
        (semitones, more), (coarse, fine), (keys, _) = self._data.values()
        bent = self.wheel / 8192 * (100 * semitones + more)
        return bent + (coarse * 128 + fine - 8192) / 8192 * 100 + 100 * (keys - 64)

    def control(self, number: int, value: int) -> None:
        if number == BEND:
            self.wheel = value
        elif number == _RESET:
            self.wheel, self._chosen = 0, _NO_PARAMETER
        elif number in (_NRPN, _NRPN_FINE):
            self._chosen = _NO_PARAMETER
        elif number == _RPN:
            self._chosen = (value, self._chosen[1])
        elif number == _RPN_FINE:
            self._chosen = (self._chosen[0], value)
        elif (data := self._data.get(self._chosen)) is not None:
            data[number == _DATA_FINE] = value
