"""Ticks and pitches to pixels and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.piano_roll.viewport import (
    LEFT_MARGIN,
    MAX_PIXELS_PER_TICK,
    MAX_ROW_HEIGHT,
    MIN_PIXELS_PER_TICK,
    MIN_ROW_HEIGHT,
    PITCHES,
    Viewport,
)

viewports = st.builds(
    Viewport,
    width=st.integers(1, 4000),
    height=st.integers(1, 3000),
    x_offset=st.integers(-LEFT_MARGIN, 200_000),
    y_offset=st.integers(0, 3000),
    pixels_per_tick=st.floats(MIN_PIXELS_PER_TICK, MAX_PIXELS_PER_TICK),
    row_height=st.integers(MIN_ROW_HEIGHT, MAX_ROW_HEIGHT),
).map(Viewport.within)
places = st.integers(0, 4000)


@given(viewports, st.integers(0, 10**7))
def test_the_tick_at_the_x_of_a_tick_is_that_tick(viewport: Viewport, tick: int) -> None:
    assert viewport.tick_at(viewport.x_at(tick)) == pytest.approx(tick, abs=1e-3)


@given(viewports, places)
def test_the_x_at_the_tick_of_an_x_is_that_x(viewport: Viewport, x: int) -> None:
    assert viewport.x_at(viewport.tick_at(x)) == pytest.approx(x, abs=1e-3)


@given(viewports, st.integers(0, 127), st.integers(0, MAX_ROW_HEIGHT - 1))
def test_every_pixel_of_a_pitchs_row_is_that_pitch(viewport: Viewport, pitch: int, inside: int) -> None:
    assert viewport.pitch_at(viewport.y_at(pitch) + min(inside, viewport.row_height - 1)) == pitch


@given(viewports, st.floats(0.05, 20), places)
def test_zooming_keeps_the_tick_under_the_pointer(viewport: Viewport, factor: float, x: int) -> None:
    tick = viewport.tick_at(x)
    zoomed = viewport.zoomed(factor, x=x)
    assert abs(zoomed.x_at(tick) - x) <= 0.5 + 1e-6 or zoomed.x_offset == -LEFT_MARGIN


@given(viewports, st.integers(1, 60), places)
def test_taller_rows_keep_the_place_under_the_pointer(viewport: Viewport, row_height: int, y: int) -> None:
    place = (y + viewport.y_offset) / viewport.row_height
    after = viewport.with_row_height(row_height, y=y)
    limits = (0, max(0, PITCHES * after.row_height - after.height))
    assert abs(place * after.row_height - after.y_offset - y) <= 0.5 + 1e-6 or after.y_offset in limits


@given(viewports, st.integers(-10_000, 10_000), st.integers(-10_000, 10_000))
def test_scrolling_never_leaves_the_pitches_or_goes_before_the_start(viewport: Viewport, dx: int, dy: int) -> None:
    after = viewport.scrolled(dx=dx, dy=dy)
    assert after.x_offset >= -LEFT_MARGIN
    assert 0 <= after.y_offset <= max(0, PITCHES * after.row_height - after.height)


@given(viewports, st.integers(0, 10**6))
def test_revealing_a_tick_brings_it_into_sight(viewport: Viewport, tick: int) -> None:
    x = viewport.resized(width=300, height=200).revealing(tick).x_at(tick)
    assert 0 <= x <= 300


@given(viewports, st.integers(0, 10**6))
def test_a_page_starts_at_the_playhead_and_stays_while_it_shows(viewport: Viewport, tick: int) -> None:
    turned = viewport.paged_to(tick)
    assert 0 <= turned.x_at(tick) <= max(turned.width, LEFT_MARGIN + 1)
    assert turned.width <= LEFT_MARGIN + 1 or turned.paged_to(tick) == turned


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 100), st.integers(0, 27))
def test_a_fitted_span_shows_from_its_start_to_its_end(start: int, length: int, low: int, pitches: int) -> None:
    view = Viewport(width=900, height=600).showing(start, start + length, low=low, high=low + pitches)
    assert view.x_at(start) >= 0
    assert view.x_at(start + length) <= 900 or view.pixels_per_tick == MIN_PIXELS_PER_TICK
    bottom, top = view.pitches_visible
    assert bottom <= low <= low + pitches <= top
