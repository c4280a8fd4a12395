"""Where a tick lies: in seconds, in bars and beats, in steps of the model's grid.

Everything is in ticks unless its name says otherwise. Seconds are float64 from the start of the score. Bars and beats
are counted from 1, as musicians do. Each metre change starts a new bar, also in the middle of one.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar, overload

import numpy as np
import numpy.typing as npt

from core.music.columns import Integers
from core.music.score import DEFAULT_MICROSECONDS_PER_QUARTER, TICKS_PER_QUARTER, Metre, Score, Tempo

_EIGHTH = TICKS_PER_QUARTER // 2
TICKS_PER_STEP = 20
"""A step is one cell of the model's grid: 24 a quarter divide sixteenths and triplets alike."""

DEFAULT_METRE = Metre(0, 4, 4)
DEFAULT_TEMPO = Tempo(0, DEFAULT_MICROSECONDS_PER_QUARTER)

Tick = TypeVar("Tick", int, Integers)
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TempoMap:
    """Ticks to seconds and back, for one number or an array of them; the inverse is exact to rounding.

    Before tick 0 and after the last tempo the nearest tempo goes on.
    """

    ticks: FloatArray
    """(tempos,): where each tempo starts, the first at 0."""
    starts_s: FloatArray
    """(tempos,): the same places in seconds."""
    seconds_per_tick: FloatArray
    """(tempos,), all above 0."""

    @classmethod
    def of(cls, score: Score) -> "TempoMap":
        tempos = score.tempos if score.tempos and score.tempos[0].tick <= 0 else (DEFAULT_TEMPO, *score.tempos)
        ticks = np.array([tempo.tick for tempo in tempos], dtype=np.float64)
        # A tempo of 0 microseconds would let time stand still and have no inverse.
        microseconds = np.array([max(1, tempo.microseconds_per_quarter) for tempo in tempos], dtype=np.float64)
        seconds_per_tick = microseconds / (1e6 * TICKS_PER_QUARTER)
        starts_s = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * seconds_per_tick[:-1])])
        return cls(ticks, starts_s, seconds_per_tick)

    @overload
    def seconds_at(self, tick: float) -> float: ...
    @overload
    def seconds_at(self, tick: npt.NDArray[np.generic]) -> FloatArray: ...
    def seconds_at(self, tick: float | npt.NDArray[np.generic]) -> float | FloatArray:
        """Seconds from the start of the score to `tick`, which may lie between two ticks."""
        at = np.asarray(tick, dtype=np.float64)
        index = np.maximum(np.searchsorted(self.ticks, at, side="right") - 1, 0)
        seconds: FloatArray = self.starts_s[index] + (at - self.ticks[index]) * self.seconds_per_tick[index]
        return seconds if isinstance(tick, np.ndarray) else float(seconds)

    @overload
    def tick_at(self, seconds: float) -> float: ...
    @overload
    def tick_at(self, seconds: npt.NDArray[np.generic]) -> FloatArray: ...
    def tick_at(self, seconds: float | npt.NDArray[np.generic]) -> float | FloatArray:
        """The tick, not rounded, that is reached after so many seconds."""
        at = np.asarray(seconds, dtype=np.float64)
        index = np.maximum(np.searchsorted(self.starts_s, at, side="right") - 1, 0)
        ticks: FloatArray = self.ticks[index] + (at - self.starts_s[index]) / self.seconds_per_tick[index]
        return ticks if isinstance(seconds, np.ndarray) else float(ticks)


def duration_s(score: Score) -> float:
    """Seconds from the start to the end of the last note."""
    return TempoMap.of(score).seconds_at(score.end)


def tempo_at(score: Score, tick: float) -> Tempo:
    """The tempo in force at a tick."""
    index = bisect_right(score.tempos, tick, key=lambda tempo: tempo.tick)
    return score.tempos[index - 1] if index else DEFAULT_TEMPO


def metre_at(score: Score, tick: float) -> Metre:
    """The metre in force at a tick."""
    index = bisect_right(score.metres, tick, key=lambda metre: metre.tick)
    return score.metres[index - 1] if index else DEFAULT_METRE


@dataclass(frozen=True, slots=True)
class BarPosition:
    """A place as musicians name it: bar and beat from 1, and the ticks into that beat."""

    bar: int
    beat: int
    tick: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A run of bars of one metre; only the last bar of it may be shorter."""

    start: int
    first_bar: int
    metre: Metre


def _stretches(score: Score) -> Iterator[_Stretch]:
    metres = score.metres if score.metres and score.metres[0].tick <= 0 else (DEFAULT_METRE, *score.metres)
    bar = 1
    for index, metre in enumerate(metres):
        yield _Stretch(metre.tick, bar, metre)
        if index + 1 < len(metres):
            bar += -((metre.tick - metres[index + 1].tick) // metre.bar_duration)


def position_at(score: Score, tick: int) -> BarPosition:
    """Bar, beat and tick of a place at or after the start."""
    *_, stretch = (stretch for stretch in _stretches(score) if stretch.start <= max(0, tick))
    bars, inside = divmod(max(0, tick) - stretch.start, stretch.metre.bar_duration)
    beat, rest = divmod(inside, stretch.metre.beat_duration)
    return BarPosition(stretch.first_bar + bars, beat + 1, rest)


def bar_start(score: Score, bar: int) -> int:
    """The tick at which a bar, counted from 1, starts."""
    if bar < 1:
        raise ValueError(f"bars are counted from 1, not {bar}")
    *_, stretch = (stretch for stretch in _stretches(score) if stretch.first_bar <= bar)
    return stretch.start + (bar - stretch.first_bar) * stretch.metre.bar_duration


def bar_starts(score: Score, until_tick: int) -> list[int]:
    """The starts of all bars that cover 0 … until_tick, in order; the last lies beyond `until_tick`."""
    starts: list[int] = []
    stretches = list(_stretches(score))
    for stretch, following in zip(stretches, [*stretches[1:], None], strict=True):
        step = stretch.metre.bar_duration
        bars = (until_tick - stretch.start) // step + 2 if stretch.start <= until_tick else 1
        beyond = stretch.start + bars * step
        starts.extend(range(stretch.start, beyond if following is None else min(following.start, beyond), step))
        if starts[-1] > until_tick:
            return starts
    return starts


def steps_at(tick: Tick) -> Tick:
    """The step of the model's grid that is nearest to a tick, or to each; a tie goes to the later."""
    return (tick + TICKS_PER_STEP // 2) // TICKS_PER_STEP


def continuation_start(score: Score, part: int) -> int:
    """The tick where a continuation of the part begins: the first barline after its last onset and at or after its end.

    A note played over the barline by less than an eighth doesn't put it off by a bar, and one struck a hair early
    belongs to the bar it was meant for.
    """
    notes = score.parts[part].notes
    if not notes:
        return 0
    end = notes.last_end
    least = max(end - _EIGHTH, steps_at(int(notes.onset[-1])) * TICKS_PER_STEP)
    return next(start for start in bar_starts(score, end) if start > least)
