"""Where an epoch and a loss lie on the chart: plain arithmetic in pixels, no Qt.

The upright axis counts in bits (nats / ln 2) and is labelled by 2 to the bits, the number of equally likely notes, so
that it reads as a logarithmic scale of notes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEFT = 72
RIGHT = 14
TOP = 10
BOTTOM = 34
MOST_LINES = 7
"""Horizontal lines at most, lest the labels crowd."""
LEAST_EPOCHS = 10
"""The axis is at least this long: two epochs alone would be one steep line from edge to edge."""
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


def bits(nats: float) -> float:
    return nats / math.log(2)


def notes_of(bit_count: float) -> float:
    """2 to the bits: among how many notes the choice is."""
    return math.exp2(min(bit_count, 60.0))


@dataclass(frozen=True, slots=True)
class ChartScale:
    """A chart of `width` × `height` pixels from epoch 0 to `last_epoch` and from `low` to `high` bits."""

    width: float
    height: float
    last_epoch: int
    low: float
    high: float

    @property
    def plot_bottom(self) -> float:
        return self.height - BOTTOM

    def x(self, epoch: float) -> float:
        return LEFT + epoch / self.last_epoch * (self.width - LEFT - RIGHT)

    def y(self, bit_count: float) -> float:
        return TOP + (self.high - bit_count) / (self.high - self.low) * (self.plot_bottom - TOP)

    def epoch_at(self, x: float) -> int:
        """The nearest epoch, 1 to the last."""
        epoch = round((x - LEFT) / (self.width - LEFT - RIGHT) * self.last_epoch)
        return min(max(epoch, 1), self.last_epoch)

    def lines(self) -> tuple[int, ...]:
        """The whole bits at which a horizontal line stands."""
        first, last = math.ceil(self.low), math.floor(self.high)
        step = max(1, math.ceil((last - first + 1) / MOST_LINES))
        return tuple(range(first, last + 1, step))

    def epoch_ticks(self) -> tuple[int, ...]:
        """The epochs named under the chart; the last one is always among them."""
        step = _step_for(self.last_epoch)
        ticks = [epoch for epoch in range(step, self.last_epoch, step) if self.last_epoch - epoch >= step * 0.6]
        return (*ticks, self.last_epoch)


def _step_for(last_epoch: float) -> int:
    return next((step for step in _STEPS if last_epoch <= step * 8), _STEPS[-1])


def axis_end(done: int, planned: int, *, width: float, room: float) -> int:
    """The last epoch of the axis: as far as planned, and so far that right of epoch `done` there are `room` pixels.

    width: of the chart. More than half of it is never left free.
    """
    plot = max(width - LEFT - RIGHT, 1.0)
    needed = done / max(0.5, 1 - room / plot)
    least = max(planned, done, LEAST_EPOCHS)
    if needed <= least:
        return least
    step = _step_for(needed)
    return math.ceil(needed / step) * step


def scale_for(width: float, height: float, *, last_epoch: int, values: Iterable[float]) -> ChartScale:
    """A scale that shows all `values` (bits), at least two octaves of notes high, starting just under the least."""
    shown = [value for value in values if math.isfinite(value)]
    low = math.floor(min(shown, default=1.0) * 2 - 1.0) / 2
    high = max(math.ceil(max(shown, default=5.0) * 2 + 0.2) / 2, low + 2.0)
    return ChartScale(max(width, 200.0), max(height, 120.0), max(last_epoch, 1), max(low, -0.5), high)
