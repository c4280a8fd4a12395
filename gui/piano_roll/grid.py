"""Where the roll's vertical lines lie, and what a gesture snaps to. Ticks throughout; no Qt.

Bars follow the score's metres; each metre change starts a new bar. Snapping counts from the bar's start, so that a
grid of dotted quarters fits 6/8 and every bar of 7/8 begins on a line.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.music.score import Metre, Score
from core.music.timing import DEFAULT_METRE

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bars of one metre: the tick of the first, its number from 1, and the tick at which another metre begins."""

    start: int
    first_bar: int
    metre: Metre
    until: int | None


@dataclass(frozen=True, slots=True)
class Grid:
    """The bars and beats of a score."""

    stretches: tuple[Stretch, ...] = (Stretch(0, 1, DEFAULT_METRE, None),)

    @classmethod
    def of(cls, score: Score) -> Self:
        metres = score.metres if score.metres and score.metres[0].tick <= 0 else (DEFAULT_METRE, *score.metres)
        stretches: list[Stretch] = []
        bar = 1
        for index, metre in enumerate(metres):
            until = metres[index + 1].tick if index + 1 < len(metres) else None
            stretches.append(Stretch(metre.tick, bar, metre, until))
            if until is not None:
                bar += -((metre.tick - until) // metre.bar_duration)
        return cls(tuple(stretches))

    def stretch_at(self, tick: float) -> Stretch:
        """The bars of one metre around a tick; before the start, the first."""
        return self.stretches[max(0, bisect_right(self.stretches, tick, key=lambda stretch: stretch.start) - 1)]

    def bars(self, start: float, end: float) -> tuple[Ints, Ints]:
        """Ticks of the bar lines in [start, end], and the bars' numbers."""
        ticks, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for stretch in self.stretches:
            lines = _multiples(stretch, stretch.metre.bar_duration, start, end)
            ticks.append(lines)
            numbers.append((lines - stretch.start) // stretch.metre.bar_duration + stretch.first_bar)
        return np.concatenate(ticks), np.concatenate(numbers)

    def lines(self, start: float, end: float, step: int | None = None) -> Ints:
        """Ticks of the lines in [start, end] that divide each bar by `step`, or by the beat where it is None."""
        found = [np.empty(0, np.int64)]
        for stretch in self.stretches:
            bar = stretch.metre.bar_duration
            within = np.arange(0, bar, step or stretch.metre.beat_duration, dtype=np.int64)
            bars = _multiples(stretch, bar, start - bar, end)
            lines = (bars[:, None] + within).ravel()  # (bars, lines in a bar) -> (lines,)
            until = end if stretch.until is None else min(end, stretch.until - 1)
            found.append(lines[(lines >= start) & (lines <= until)])
        return np.concatenate(found)

    def bar_around(self, tick: float) -> tuple[int, int]:
        """Start and end of the bar that holds a tick."""
        stretch = self.stretch_at(tick)
        bar = stretch.metre.bar_duration
        start = stretch.start + int(max(0.0, tick - stretch.start) // bar) * bar
        return start, start + bar if stretch.until is None else min(start + bar, stretch.until)

    def beat_at(self, tick: float) -> int:
        """How long a beat is at a tick."""
        return self.stretch_at(tick).metre.beat_duration

    def snapped(self, tick: float, grid: int | None) -> int:
        """The nearest line of the grid, at or after the start; the nearest tick without a grid."""
        if grid is None:
            return max(0, round(tick))
        before = self.snapped_down(tick, grid)
        start, end = self.bar_around(tick)
        after = min(before + grid, end) if before >= start else start
        return after if tick - before >= after - tick else before

    def snapped_down(self, tick: float, grid: int | None) -> int:
        """The grid's line at or before a tick."""
        if grid is None:
            return max(0, int(tick // 1))
        start, _ = self.bar_around(tick)
        return start + int(max(0.0, tick - start) // grid) * grid


def _multiples(stretch: Stretch, step: int, start: float, end: float) -> Ints:
    """Ticks start + k · step of a stretch, k >= 0, within [start, end] and before the next stretch."""
    until = end if stretch.until is None else min(end, stretch.until - 1)
    first = max(0, int(-(-(start - stretch.start) // step)))
    last = int((until - stretch.start) // step)
    return stretch.start + np.arange(first, last + 1, dtype=np.int64) * step
