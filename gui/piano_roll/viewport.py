"""Where a tick and a pitch lie on the screen, and back. Plain arithmetic in logical pixels, with no Qt types.

x grows with time, y grows downwards with falling pitch; row 0 is pitch 127. Scroll offsets and row heights
are whole pixels, so that a painted picture can be shifted instead of painted again.
"""

from dataclasses import dataclass, replace

from core.music.score import TICKS_PER_QUARTER

TOP_PITCH = 127
PITCHES = 128

MIN_ROW_HEIGHT = 8
MAX_ROW_HEIGHT = 28
DEFAULT_ROW_HEIGHT = 19

MIN_PIXELS_PER_TICK = 0.02 / TICKS_PER_QUARTER
"""Two hours at 120 quarters a minute are then 288 px: any song fits."""
MAX_PIXELS_PER_TICK = 960 / TICKS_PER_QUARTER
"""A sixteenth is then 240 px wide."""
DEFAULT_PIXELS_PER_TICK = 32 / TICKS_PER_QUARTER
LEFT_MARGIN = 5
"""Pixels left free before tick 0, so that a note that starts there shows its edge."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """The visible piece of the roll. x_offset and y_offset: pixels scrolled from tick 0 and from the top of pitch 127."""

    width: int = 800
    height: int = 400
    x_offset: int = -LEFT_MARGIN
    y_offset: int = 0
    pixels_per_tick: float = DEFAULT_PIXELS_PER_TICK
    row_height: int = DEFAULT_ROW_HEIGHT

    def x_at(self, tick: float) -> float:
        return tick * self.pixels_per_tick - self.x_offset

    def tick_at(self, x: float) -> float:
        """The tick at x, not rounded; negative before the start."""
        return (x + self.x_offset) / self.pixels_per_tick

    def y_at(self, pitch: int) -> int:
        """The top of a pitch's row."""
        return (TOP_PITCH - pitch) * self.row_height - self.y_offset

    def pitch_at(self, y: float) -> int:
        """The pitch whose row holds y, 0-127 also outside."""
        row = int((y + self.y_offset) // self.row_height)
        return TOP_PITCH - min(max(row, 0), PITCHES - 1)

    @property
    def ticks_visible(self) -> tuple[float, float]:
        """The ticks at the left and right edge; the left one is at least 0."""
        return max(0.0, self.tick_at(0)), max(0.0, self.tick_at(self.width))

    @property
    def pitches_visible(self) -> tuple[int, int]:
        """The lowest and the highest pitch of which any pixel shows."""
        return self.pitch_at(self.height - 1), self.pitch_at(0)

    def ticks_in(self, pixels: float) -> float:
        """How many ticks a distance in pixels is."""
        return pixels / self.pixels_per_tick

    def resized(self, *, width: int, height: int) -> "Viewport":
        """The same place seen through a window of another size."""
        return replace(self, width=max(1, width), height=max(1, height)).within()

    def scrolled(self, *, dx: int = 0, dy: int = 0) -> "Viewport":
        """Moved by so many pixels, right and down being positive; never before the start or beyond a pitch."""
        return replace(self, x_offset=self.x_offset + dx, y_offset=self.y_offset + dy).within()

    def zoomed(self, factor: float, *, x: float) -> "Viewport":
        """Time stretched by `factor`, the tick at x staying under x."""
        scale = min(max(self.pixels_per_tick * factor, MIN_PIXELS_PER_TICK), MAX_PIXELS_PER_TICK)
        return replace(self, pixels_per_tick=scale, x_offset=round(self.tick_at(x) * scale - x)).within()

    def with_row_height(self, row_height: int, *, y: float) -> "Viewport":
        """Rows of another height, the place at y staying under y."""
        height = min(max(row_height, MIN_ROW_HEIGHT), MAX_ROW_HEIGHT)
        row = (y + self.y_offset) / self.row_height
        return replace(self, row_height=height, y_offset=round(row * height - y)).within()

    def showing(
        self, start: float, end: float, *, low: int, high: int, least_row_height: int = MIN_ROW_HEIGHT
    ) -> "Viewport":
        """Zoomed and scrolled so that these ticks fill the width and these pitches are in the middle of the height."""
        scale = (self.width - 2 * LEFT_MARGIN) / max(end - start, 1.0)
        scale = min(max(scale, MIN_PIXELS_PER_TICK), MAX_PIXELS_PER_TICK)
        fitting = self.height // max(high - low + 1, 1)
        row_height = min(max(fitting, least_row_height), DEFAULT_ROW_HEIGHT)
        return replace(
            self, pixels_per_tick=scale, x_offset=round(start * scale) - LEFT_MARGIN, row_height=row_height
        ).centred_on(low, high)

    def centred_on(self, low: int, high: int) -> "Viewport":
        """Scrolled up or down until these pitches are in the middle."""
        middle = (TOP_PITCH - (low + high) / 2 + 0.5) * self.row_height
        return replace(self, y_offset=round(middle - self.height / 2)).within()

    def revealing(self, tick: float, *, margin: int = 40) -> "Viewport":
        """Scrolled as little as needed for a tick to be `margin` pixels inside."""
        x = self.x_at(tick)
        if x < margin:
            return self.scrolled(dx=round(x - margin))
        if x > self.width - margin:
            return self.scrolled(dx=round(x - (self.width - margin)))
        return self

    def revealing_pitch(self, pitch: int) -> "Viewport":
        """Scrolled as little as needed for a pitch's row to show whole."""
        y = self.y_at(pitch)
        if y < 0:
            return self.scrolled(dy=y)
        if y + self.row_height > self.height:
            return self.scrolled(dy=y + self.row_height - self.height)
        return self

    def paged_to(self, tick: float) -> "Viewport":
        """For following a playhead: unchanged while the tick shows, else turned so that it is at the left."""
        x = self.x_at(tick)
        if 0 <= x < self.width:
            return self
        return replace(self, x_offset=round(tick * self.pixels_per_tick) - LEFT_MARGIN).within()

    def within(self) -> "Viewport":
        """The nearest place that isn't before the start or beyond the highest or lowest pitch."""
        lowest = max(0, PITCHES * self.row_height - self.height)
        return replace(self, x_offset=max(self.x_offset, -LEFT_MARGIN), y_offset=min(max(self.y_offset, 0), lowest))
