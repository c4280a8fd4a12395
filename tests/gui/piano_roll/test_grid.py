"""Bar lines and snapping."""

from hypothesis import given
from hypothesis import strategies as st

from core.music.score import Metre, Score
from core.music.timing import bar_starts, position_at
from gui.piano_roll.grid import Grid

metres = st.lists(st.tuples(st.integers(1, 12), st.sampled_from((2, 4, 8)), st.integers(1, 9000)), max_size=4).map(
    lambda parts: tuple(
        Metre(sum(step for *_, step in parts[:index]), numerator, denominator)
        for index, (numerator, denominator, _) in enumerate(parts)
    )
)
grids = st.sampled_from((60, 80, 120, 160, 240, 480, 720))


@given(metres, st.integers(0, 40_000))
def test_bar_lines_are_where_the_scores_bars_start(given_metres: tuple[Metre, ...], until: int) -> None:
    score = Score(metres=given_metres)
    ticks, numbers = Grid.of(score).bars(0, until)
    assert ticks.tolist() == [tick for tick in bar_starts(score, until) if tick <= until]
    assert numbers.tolist() == list(range(1, len(ticks) + 1))


@given(metres, st.integers(0, 40_000), st.integers(0, 9000))
def test_beat_lines_are_where_a_beat_begins(given_metres: tuple[Metre, ...], start: int, length: int) -> None:
    score = Score(metres=given_metres)
    lines = Grid.of(score).lines(start, start + length)
    assert all(position_at(score, int(tick)).tick == 0 for tick in lines)
    assert len(set(lines.tolist())) == len(lines)


@given(metres, st.integers(0, 40_000), grids)
def test_snapping_goes_to_the_nearest_line_and_then_stays(
    given_metres: tuple[Metre, ...], tick: int, step: int
) -> None:
    grid = Grid.of(Score(metres=given_metres))
    snapped = grid.snapped(tick, step)
    lines = grid.lines(0, tick + 20_000, step)
    assert abs(snapped - tick) == min(abs(lines - tick))
    assert grid.snapped(snapped, step) == snapped
    assert grid.snapped_down(tick, step) == lines[lines <= tick][-1]


def test_without_a_grid_a_tick_stays_and_nothing_lies_before_the_start() -> None:
    assert Grid().snapped(123.4, None) == 123
    assert Grid().snapped(-50, 120) == 0
    assert Grid().snapped(-50, None) == 0


def test_a_bar_is_found_around_any_of_its_ticks_and_ends_where_the_metre_changes() -> None:
    grid = Grid.of(Score(metres=(Metre(0, 3, 4), Metre(2000, 6, 8))))
    assert grid.bar_around(1500) == (1440, 2000)
    assert grid.bar_around(2000) == (2000, 3440)
