"""Where the chart's labels stand, so that they cover neither each other nor the curves: plain boxes in pixels, no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

LABEL_WIDTH = 200.0
"""Room for a curve's name and what it amounts to."""
LABEL_HEIGHT = 36.0
BESIDE = 12.0
"""From a curve's end to its label."""
_APART = 6.0
"""Between two labels, one above the other."""
_AWAY = 24.0
"""From a point to the box that tells of it."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def lies_in(self, other: "Box") -> bool:
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def beside_ends(x: float, first: float, second: float, *, top: float, bottom: float) -> tuple[Box, Box]:
    """Labels right of two curves' ends at (x, first) and (x, second), apart and between top and bottom."""
    reach = LABEL_HEIGHT + _APART
    upper, lower = min(first, second), max(first, second)
    push = max(0.0, reach - (lower - upper)) / 2
    upper, lower = upper - push, lower + push
    half = LABEL_HEIGHT / 2
    upper = max(upper, top + half)
    lower = min(max(lower, upper + reach), bottom - half)
    upper = min(upper, lower - reach)
    heights = (upper, lower) if first <= second else (lower, upper)
    places = [Box(x + BESIDE, middle - half, LABEL_WIDTH, LABEL_HEIGHT) for middle in heights]
    return places[0], places[1]


def best_place(
    point: tuple[float, float],
    size: tuple[float, float],
    *,
    plot: Box,
    taken: Sequence[Box],
    points: Sequence[tuple[float, float]],
) -> Box | None:
    """A box of `size` near `point` that meets none of `taken` and covers as few of the curves' `points` as can be.

    None where there is no room in the plot.
    """
    (x, y), (width, height) = point, size
    lefts = (x - width - BESIDE, x + BESIDE)
    tops = (y - _AWAY - height, y + _AWAY, plot.top + 4, plot.bottom - height - _AWAY / 2)
    places = [Box(left, top, width, height) for top in tops for left in lefts]
    free = [box for box in places if box.lies_in(plot) and not any(box.meets(other) for other in taken)]
    return min(free, key=lambda box: sum(box.holds(*at) for at in points), default=None)
