"""Each statistic on music small enough to do the sum by hand. A bar of 4/4 has 96 steps."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.learning.evaluation.sample_statistics import (
    Copies,
    Histogram,
    Means,
    Passage,
    compared,
    earth_movers_distance,
    groove_similarity,
    measured_against,
    measured_notes,
    most_in_a_row,
    only_loops,
    pitch_class_entropy,
    scale_consistency,
    self_similarity,
)
from core.learning.events.tokenizer import encode
from core.learning.generation.repetition import stuck_since
from core.learning.ngram.interpolated import InterpolatedNgram
from core.learning.spec import TokenizerSpec
from core.music.score import Metre
from tests.builders import score
from tests.core.learning.events.test_memorisation import build_studied_index

BAR = 96


def passage(text, *, bars, given_bars=0, piece=0, metre=(4, 4)):
    music = score(text, metres=(Metre(0, *metre),))
    length = 24 * 4 * metre[0] // metre[1]
    barlines = range(0, (bars + 1) * length, length)
    return Passage.of(encode(music, TokenizerSpec()), barlines, given_bars=given_bars, piece=piece)


SCALE = "C4 1/4 D4 1/4 E4 1/4 F4 1/4 "
UP_THERE = "C5 1/4 D5 1/4 E5 1/4 F5 1/4 "
SYNCOPE = "C4 1/8 D4 1/4 E4 1/4 F4 3/8 "


def test_a_passage_ends_at_its_last_barline_and_judges_what_is_new():
    found = passage(SCALE + "C4 2/1", bars=2, given_bars=1)
    assert (found.onsets.tolist(), found.durations.tolist()) == ([0, 24, 48, 72, 96], [24, 24, 24, 24, 96])
    assert found.pitches[found.new].tolist() == [60]
    shorter = Passage.of(encode(score(SCALE * 3), TokenizerSpec()), [0, 96, 192])
    assert len(shorter.pitches) == 8


def test_places_in_the_bar_start_anew_in_each():
    assert passage(SYNCOPE * 2, bars=2).positions.tolist() == [0, 12, 36, 60] * 2
    waltz = passage("C4 1/4 D4 1/2 C4 1/4 D4 1/2", bars=2, metre=(3, 4))
    assert waltz.positions.tolist() == [0, 24] * 2


def test_entropy_counts_pitch_classes_within_the_bars():
    four = passage(SCALE + UP_THERE + "G4 1/1", bars=3)
    assert pitch_class_entropy(four, 1) == pytest.approx((2 + 2 + 0) / 3)
    shares = np.array([2, 2, 2, 2, 1]) / 9
    assert pitch_class_entropy(four, 3) == pytest.approx(-np.sum(shares * np.log2(shares)))
    assert math.isnan(pitch_class_entropy(four, 4))
    assert pitch_class_entropy(passage("C4 1/4 D4 1/4 r 1/2 r 1/1 E4 1/1", bars=3), 1) == pytest.approx(0.5)


def test_grooves_are_alike_where_the_onsets_are():
    assert groove_similarity(passage(SCALE + UP_THERE, bars=2)) == 1
    # Of 96 places the first is struck in both bars, three in each alone.
    assert groove_similarity(passage(SCALE + SYNCOPE, bars=2)) == pytest.approx(1 - 6 / 96)
    assert groove_similarity(passage(SCALE + "r 1/1 " + UP_THERE, bars=3)) == 1
    assert math.isnan(groove_similarity(passage(SCALE + "r 1/1", bars=2)))


def test_scale_consistency_is_the_best_scales_share():
    assert scale_consistency(passage(SCALE * 2, bars=2)) == 1
    assert scale_consistency(passage("A4 1/4 B4 1/4 C5 1/4 G#4 1/4 " + "A4 1/1", bars=2)) == 4 / 5
    chromatic = " ".join(f"{name} 1/8" for name in ("C4", "C#4", "D4", "D#4", "E4", "F4", "F#4", "G4"))
    assert scale_consistency(passage(chromatic, bars=1)) == 5 / 8


def test_bars_are_similar_by_the_notes_that_they_share():
    turned = "C4 1/4 D4 1/4 E4 1/4 G4 1/4 "
    assert self_similarity(passage(SCALE * 2, bars=2), 1) == 1
    assert self_similarity(passage(SCALE + turned, bars=2), 1) == 3 / 5
    assert self_similarity(passage(SCALE + UP_THERE, bars=2), 1) == 0
    assert self_similarity(passage(SCALE + UP_THERE + SCALE, bars=3), 2) == 1
    assert math.isnan(self_similarity(passage(SCALE * 2, bars=2), 4))


def test_new_bars_are_also_held_against_given_ones():
    both = passage(SCALE + UP_THERE + SCALE, bars=3, given_bars=2)
    assert (self_similarity(both, 2), self_similarity(both, 1)) == (1, 0)


def test_one_pitch_in_a_row_is_counted_among_the_new_notes():
    assert most_in_a_row(passage(SCALE, bars=1)) == 0
    assert most_in_a_row(passage("C4 1/4 D4 1/4 D4 1/4 D4 1/4 C4 1/1", bars=2)) == 3
    assert most_in_a_row(passage("D4 1/4 D4 1/4 D4 1/4 C4 1/4 C4 1/1", bars=2, given_bars=1)) == 0


def test_a_bar_that_comes_more_than_four_times_is_stuck_and_four_times_is_not():
    assert only_loops(passage(SCALE * 5, bars=5))
    assert not only_loops(passage(SCALE * 4 + UP_THERE, bars=5))
    assert not only_loops(passage(SCALE * 4 + "C4 1/4 D4 1/4 E4 1/4 C5 1/4", bars=5))
    assert not only_loops(passage(SCALE * 2 + UP_THERE + SCALE * 2, bars=5))
    assert only_loops(passage("C4 1/4 D4 1/4 " * 10, bars=5))
    assert only_loops(passage(UP_THERE + "r 1/8 " + SYNCOPE * 5, bars=7))


def guard_stops(found):
    """Whether the guard would have drawn these notes again at one of them."""
    bar = int(found.barlines[1] - found.barlines[0])
    onsets, pitches = found.onsets.tolist(), found.pitches.tolist()
    return any(stuck_since(onsets[:end], pitches[:end], bar=bar) is not None for end in range(1, len(onsets) + 1))


def test_the_guard_stops_before_what_samples_are_judged_by_and_stops_more():
    for loop in (SCALE * 5, "C4 1/4 D4 1/4 " * 10, "D4 1/4 " + "C4 1/16 " * 13):
        assert only_loops(passage(loop, bars=5))
        assert guard_stops(passage(loop, bars=5))
    four_times = passage(SCALE * 4 + UP_THERE, bars=5)
    assert guard_stops(four_times)
    assert not only_loops(four_times)
    assert not guard_stops(passage(SCALE * 3 + UP_THERE, bars=4))


def test_one_pitch_for_more_than_four_bars_or_twelve_times_is_stuck():
    assert only_loops(passage("C4 1/4 C4 3/4 C4 3/4 C4 1/4 C4 3/8 C4 5/8 C4 1/1 C4 1/1", bars=5))
    assert not only_loops(passage("C4 1/4 C4 3/4 C4 3/4 C4 1/4 C4 3/8 C4 5/8 C4 1/1 D4 1/1", bars=5))
    assert only_loops(passage("D4 1/4 " + "C4 1/16 " * 13, bars=2))
    assert not only_loops(passage("D4 1/4 " + "C4 1/16 " * 12, bars=1))


def test_what_was_given_is_not_the_models_fault():
    assert not only_loops(passage(SCALE * 5 + UP_THERE, bars=6, given_bars=4))


def test_the_earth_is_moved_no_farther_than_needed():
    assert earth_movers_distance(np.array([0.0, 1.0]), np.array([1.0, 0.0])) == 0
    assert earth_movers_distance(np.array([0.0, 1.0]), np.array([3.0, 2.0])) == 2
    assert earth_movers_distance(np.array([0.0]), np.array([0.0, 1.0, 2.0, 3.0])) == 1.5
    assert earth_movers_distance(np.array([1.0, 1.0]), np.array([0.0, 2.0])) == 1  # one mean, another spread
    assert math.isnan(earth_movers_distance(np.zeros(0), np.array([1.0])))


some = st.lists(st.floats(-10, 10), min_size=1, max_size=12).map(np.array)


@given(some, some, st.floats(-5, 5))
def test_the_earth_movers_distance_is_a_distance(one, other, shift):
    there = earth_movers_distance(one, other)
    assert there == pytest.approx(earth_movers_distance(other, one))
    assert there >= abs(one.mean() - other.mean()) - 1e-9
    assert earth_movers_distance(one, one + shift) == pytest.approx(abs(shift))


def test_histograms_overlap_by_their_shares():
    one = Histogram.of([np.array([0, 0]), np.array([1, 1])], 3)
    other = Histogram.of([np.array([1, 2]), np.array([1, 9])], 3)
    assert (one.beside(other), one.distance(other)) == (0.5, 0.5)
    assert math.isnan(one.distance(Histogram.of([np.zeros(0, int)], 3)))


def test_copying_less_than_real_music_is_no_distance():
    much, little = Copies(np.array([[1.0, 2.0], [2.0, 2.0]])), Copies(np.array([[0.0, 3.0], [1.0, 1.0]]))
    assert (much.beside(little), little.beside(much)) == (0.75, 0.25)
    assert (much.distance(little), little.distance(much)) == (0.5, 0)


def transposed(one, shift):
    return replace(one, pitches=one.pitches + shift)


pieces = st.lists(
    st.lists(st.tuples(st.sampled_from(["C4", "D4", "F#4", "A4"]), st.sampled_from(["1/8", "1/4", "1/2"])), min_size=6, max_size=20),
    min_size=2, max_size=6,
)  # fmt: skip


@given(pieces, st.integers(-5, 5))
def test_identical_passages_are_at_no_distance_and_transposed_ones_only_by_pitch(music, shift):
    passages = [
        passage(" ".join(f"{pitch} {length}" for pitch, length in line), bars=10, piece=index)
        for index, line in enumerate(music)
    ]
    real = measured_notes(passages)
    moved = measured_notes([transposed(one, shift) for one in passages])
    known = {name for name, measured in real.items() if not math.isnan(measured.beside(measured))}
    assert all(real[name].distance(real[name]) == pytest.approx(0) for name in known)
    apart = {name for name in known if moved[name].distance(real[name]) > 1e-9}
    assert apart <= {"pitches, overlap", "pitch classes, overlap"}
    assert bool(apart) == (shift != 0)


def walk(random, length=64):
    """A line within an octave, by steps, in eighths and quarters."""
    steps = np.cumsum(random.choice([-2, -1, 1, 2, 3, -3], length))
    pitches = 60 + np.abs(steps % 24 - 12)
    durations = random.choice([12, 12, 24], length)
    onsets = np.concatenate([[0], np.cumsum(durations)[:-1]])
    inside = onsets < 8 * BAR
    return Passage(onsets[inside], pitches[inside], durations[inside], np.arange(0, 9 * BAR, BAR))


def walks(seed, count=40):
    random = np.random.default_rng(seed)
    return [replace(walk(random), piece=number) for number in range(count)]


STUDIED = build_studied_index([("Walk", one.pitches, one.durations) for one in walks(9)])
NGRAMS = InterpolatedNgram(STUDIED)


def judged(generated, real=None):
    real = walks(1) if real is None else real
    return {
        found.name: found
        for found in (
            *compared(measured_notes(real), measured_notes(generated), [one.piece for one in real]),
            *compared(
                measured_against(real, STUDIED, NGRAMS),
                measured_against(generated, STUDIED, NGRAMS),
                [one.piece for one in real],
            ),
        )
    }


def failing(found):
    return {name for name, statistic in found.items() if not statistic.holds}


def test_more_music_of_the_same_kind_can_not_be_told_from_real_music():
    assert not failing(judged(walks(2)))


def test_one_note_over_and_over_is_caught_by_the_ngram_model():
    steady = [
        replace(one, onsets=np.arange(0, 8 * BAR, 12), pitches=np.full(64, 67), durations=np.full(64, 12))
        for one in walks(1)
    ]
    found = judged(steady)
    assert "bits a note for an n-gram model" in failing(found)
    assert "similarity to the bar before" in failing(found)
    assert found["pitch-class entropy in 1 bar, bits"].generated == 0
    assert all(only_loops(one) for one in steady)


def test_a_loop_is_caught_by_its_similarity_to_itself():
    loops = []
    for one in walks(2):
        bar = one.bar_notes(0)
        onsets = np.concatenate([one.onsets[bar] + number * BAR for number in range(8)])
        durations = np.minimum(one.durations[bar], BAR - one.onsets[bar])
        loops.append(replace(one, onsets=onsets, pitches=np.tile(one.pitches[bar], 8), durations=np.tile(durations, 8)))
    assert {"similarity to the bar before", "groove similarity between bars"} <= failing(judged(loops))
    assert all(only_loops(one) for one in loops)


def test_studied_music_is_caught_as_copied_and_unstudied_music_is_not():
    copies = [transposed(one, 3) for one in walks(9)]
    found = judged(copies)
    assert {"runs of 8 notes that were studied", "runs of 12 notes that were studied"} <= failing(found)
    assert found["runs of 12 notes that were studied"].generated == 1
    assert found["longest run that was studied, notes"].generated == np.mean([len(one.pitches) for one in copies])


def test_of_long_runs_not_one_more_than_real_music_shares_is_allowed():
    real = [*walks(1)[:-1], replace(walks(9)[0], piece=39)]
    as_many, more = walks(2), walks(2)
    as_many[0], more[:2] = walks(9)[0], walks(9)[:2]
    name = "runs of 12 notes that were studied"
    assert judged(as_many, real)[name].distance < judged(more, real)[name].distance
    assert judged(more, real)[name].allowed == 0
    assert name in failing(judged(more, real))


def test_a_piece_stays_in_one_half():
    # Two pieces, of which one is all low and one all high: every half holds one of them alone.
    low, high = Means(np.zeros(4)), np.full(4, 10.0)
    found = compared({"height": Means(np.concatenate([low.values, high]))}, {"height": low}, [0] * 4 + [1] * 4)
    assert (found[0].halves, found[0].distance, found[0].allowed) == (10, 5, 20)


def test_what_can_not_be_measured_of_the_real_passages_is_left_out_and_else_fails():
    nothing, one = Means(np.full(2, np.nan)), Means(np.array([1.0, 2.0]))
    assert compared({"it": nothing}, {"it": one}, [0, 1]) == ()
    (found,) = compared({"it": one}, {"it": nothing}, [0, 1])
    assert math.isnan(found.distance)
    assert not found.holds
