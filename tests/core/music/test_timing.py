from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.music.score import Metre, Score, Tempo
from core.music.timing import (
    TempoMap,
    bar_start,
    bar_starts,
    duration_s,
    metre_at,
    position_at,
    steps_at,
    tempo_at,
)
from tests import strategies
from tests.builders import BAR, QUARTER, score


def test_without_a_tempo_a_quarter_lasts_half_a_second():
    assert TempoMap.of(Score()).seconds_at(QUARTER) == 0.5


def test_a_tempo_counts_from_its_tick_on():
    slower = TempoMap.of(Score(tempos=(Tempo(QUARTER, 1_000_000),)))
    assert slower.seconds_at(QUARTER) == 0.5
    assert slower.seconds_at(2 * QUARTER) == 1.5
    assert slower.tick_at(1.0) == 1.5 * QUARTER


@given(strategies.scores(max_parts=1, max_notes=1), st.floats(0, 100_000))
def test_ticks_and_seconds_are_inverse(piece, tick):
    tempo_map = TempoMap.of(piece)
    assert tempo_map.tick_at(tempo_map.seconds_at(tick)) == pytest.approx(tick, abs=1e-6)


@given(strategies.scores(max_parts=1, max_notes=1), st.lists(st.integers(0, 100_000), min_size=1))
def test_an_array_of_ticks_gives_what_each_tick_gives(piece, ticks):
    tempo_map = TempoMap.of(piece)
    seconds = tempo_map.seconds_at(np.array(ticks))
    assert seconds.tolist() == [tempo_map.seconds_at(tick) for tick in ticks]
    assert tempo_map.tick_at(seconds).tolist() == [tempo_map.tick_at(second) for second in seconds.tolist()]


def test_time_goes_on_through_a_tempo_of_zero():
    stopped = TempoMap.of(Score(tempos=(Tempo(0, 0),)))
    assert stopped.seconds_at(QUARTER) > 0


def test_a_score_lasts_until_its_last_note_ends():
    assert duration_s(score("C4 1/4 D4 1/4")) == 1.0


def test_metre_and_tempo_have_defaults_until_the_first_is_named():
    piece = Score(metres=(Metre(BAR, 3, 4),), tempos=(Tempo(BAR, 400_000),))
    assert (metre_at(piece, BAR - 1).numerator, metre_at(piece, BAR).numerator) == (4, 3)
    assert tempo_at(piece, BAR - 1).quarters_per_minute == 120
    assert tempo_at(piece, BAR + 5).quarters_per_minute == 150


def test_bars_follow_the_metre():
    piece = Score(metres=(Metre(0, 3, 4), Metre(3 * QUARTER, 6, 8), Metre(6 * QUARTER, 4, 4)))
    assert bar_starts(piece, 10 * QUARTER) == [0, 3 * QUARTER, 6 * QUARTER, 10 * QUARTER, 14 * QUARTER]


def test_a_metre_change_within_a_bar_starts_a_new_bar():
    piece = Score(metres=(Metre(0, 4, 4), Metre(QUARTER, 2, 4)))
    assert bar_starts(piece, QUARTER) == [0, QUARTER, 3 * QUARTER]
    assert position_at(piece, QUARTER).bar == 2


def test_the_empty_score_has_one_bar():
    assert bar_starts(Score(), 0) == [0, BAR]


def test_a_place_is_named_by_bar_beat_and_tick():
    piece = Score(metres=(Metre(0, 4, 4), Metre(BAR, 6, 8)))
    place = position_at(piece, BAR + 3 * 240 + 7)
    assert (place.bar, place.beat, place.tick) == (2, 4, 7)


@given(strategies.scores(max_parts=1, max_notes=1), st.integers(0, 60_000))
def test_bars_cover_all_and_agree_with_positions(piece, tick):
    starts = bar_starts(piece, tick)
    assert starts[0] == 0
    assert starts[-2] <= tick < starts[-1]
    assert all(earlier < later for earlier, later in pairwise(starts))
    place = position_at(piece, tick)
    assert place.bar == len(starts) - 1
    assert bar_start(piece, place.bar) == starts[-2]
    assert starts[-2] + (place.beat - 1) * metre_at(piece, starts[-2]).beat_duration + place.tick == tick


def test_bars_are_counted_from_one():
    assert bar_start(Score(), 1) == 0
    with pytest.raises(ValueError):
        bar_start(Score(), 0)


def test_a_tick_between_two_steps_goes_to_the_nearest_the_later_of_a_tie():
    assert [steps_at(tick) for tick in (0, 9, 10, 29, 30, 480)] == [0, 0, 1, 1, 2, 24]
