"""The arithmetic of playing: passes, loops, strikes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.playback.transport import Playhead, Timeline
from core.playback.voice import FRAMES_PER_S

SPAN = 400


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    start = draw(st.integers(0, SPAN))
    end = draw(st.integers(0, SPAN))
    loop = draw(st.none() | st.tuples(st.integers(0, SPAN), st.integers(0, SPAN)))
    if loop is not None and loop[1] - loop[0] < 5:
        loop = None
    return Timeline(start, end, loop)


@st.composite
def note_frames(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    notes = draw(st.lists(st.tuples(st.integers(0, SPAN), st.integers(1, 90)), max_size=12))
    onsets = np.array(sorted(onset for onset, _ in notes), np.int64)
    durations = np.array([duration for _, duration in notes], np.int64)
    return onsets, onsets + durations


cuts = st.lists(st.integers(1, 120), min_size=1, max_size=12)


def struck(timeline: Timeline, onsets: np.ndarray, ends: np.ndarray, begin: int, end: int) -> list[tuple[int, int]]:
    strikes = timeline.strikes(onsets, ends, begin, end, tail=30)
    pairs = zip(strikes.notes.tolist(), strikes.onsets.tolist(), strict=True)
    return [(note, onset) for note, onset in pairs if begin <= onset < end]


@given(timelines(), note_frames(), cuts)
def test_every_strike_comes_once_however_the_timeline_is_cut(timeline, frames, cuts) -> None:
    onsets, ends = frames
    edges = np.cumsum([0, *cuts]).tolist()
    pieces = [
        strike for begin, end in itertools.pairwise(edges) for strike in struck(timeline, onsets, ends, begin, end)
    ]
    assert sorted(pieces) == sorted(struck(timeline, onsets, ends, 0, edges[-1]))
    assert len(set(pieces)) == len(pieces)


@given(timelines(), note_frames(), st.integers(0, 900))
def test_strikes_are_those_of_walking_frame_by_frame(timeline, frames, length) -> None:
    onsets, ends = frames
    expected = []
    position = timeline.start
    for output in range(length):
        if timeline.loops and position == timeline.loop[1]:
            position = timeline.loop[0]
        if not timeline.loops and position >= timeline.end:
            break
        expected += [(index, output) for index, onset in enumerate(onsets.tolist()) if onset == position]
        assert timeline.position(output) == position
        position += 1
    assert sorted(struck(timeline, onsets, ends, 0, length)) == sorted(expected)


@given(timelines(), note_frames(), st.integers(0, 500), st.integers(1, 200), st.integers(0, 60))
def test_a_window_names_each_note_that_sounds_in_it(timeline, frames, begin, length, tail) -> None:
    onsets, ends = frames
    window = timeline.strikes(onsets, ends, begin, begin + length, tail=tail)
    whole = timeline.strikes(onsets, ends, 0, 1200, tail=tail)
    inside = {
        (note, onset, end)
        for note, onset, end in zip(whole.notes.tolist(), whole.onsets.tolist(), whole.ends.tolist(), strict=True)
        if onset < begin + length and end + tail > begin
    }
    assert set(zip(window.notes.tolist(), window.onsets.tolist(), window.ends.tolist(), strict=True)) == inside


def test_a_loop_comes_round_exactly() -> None:
    timeline = Timeline(10, 100, (20, 50))
    assert [timeline.position(output) for output in (0, 39, 40, 69, 70, 40 + 30 * 1000)] == [10, 49, 20, 49, 20, 20]
    assert timeline.output_end is None


def test_a_loop_that_was_passed_is_not_entered() -> None:
    timeline = Timeline(60, 100, (20, 50))
    assert not timeline.loops
    assert timeline.position(30) == 90
    assert timeline.output_end == 40


def test_a_note_beyond_the_loop_is_let_go_where_the_loop_ends() -> None:
    strikes = Timeline(0, 100, (0, 50)).strikes(np.array([40]), np.array([90]), 0, 100)
    assert strikes.onsets.tolist() == [40, 90]
    assert strikes.ends.tolist() == [50, 100]


def test_a_note_that_sounds_already_is_picked_up_in_its_middle() -> None:
    strikes = Timeline(30, 100).strikes(np.array([0, 10]), np.array([60, 20]), 0, 100)
    assert strikes.notes.tolist() == [0]
    assert strikes.onsets.tolist() == [-30]


def test_the_playhead_follows_the_clock_and_waits_before_the_first_sound() -> None:
    playhead = Playhead(Timeline(FRAMES_PER_S, 10 * FRAMES_PER_S), at_s=5.0)
    assert playhead.position(4.0) == FRAMES_PER_S
    assert playhead.position(6.5) == pytest.approx(2.5 * FRAMES_PER_S)
    assert playhead.position(99.0) == 10 * FRAMES_PER_S
