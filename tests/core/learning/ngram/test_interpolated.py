import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.learning.ngram.interpolated import Chain, InterpolatedNgram
from tests.core.learning.events.test_memorisation import build_studied_index

symbols = st.lists(st.integers(0, 4), max_size=20)


@given(st.lists(symbols, max_size=4), symbols)
def test_the_probabilities_after_any_context_sum_to_one(sequences, context):
    chain = Chain(5)
    for sequence in sequences:
        chain.learn(sequence)
    assert sum(chain.probability(context, symbol) for symbol in range(5)) == pytest.approx(1)


def test_a_longer_context_counts_before_a_shorter_one():
    chain = Chain(2)
    chain.learn([0, 0, 1])
    assert chain.probability([], 0) == pytest.approx((2 + 2 / 2) / (3 + 2))
    assert chain.probability([0], 1) == pytest.approx((1 + 2 * 0.4) / (2 + 2))
    assert chain.probability([1], 0) == chain.probability([], 0)  # nothing came after it


RANDOM = np.random.default_rng(3)
LINES = [(60 + np.cumsum(RANDOM.choice([-2, -1, 1, 2], 40)), RANDOM.choice([12, 24], 40)) for _ in range(30)]
MODEL = InterpolatedNgram(build_studied_index([("", pitches, lengths) for pitches, lengths in LINES[1:]]))


def test_a_line_costs_the_same_in_every_key():
    pitches, lengths = LINES[0]
    assert MODEL.bits(pitches + 7, lengths) == pytest.approx(MODEL.bits(pitches, lengths))
    assert MODEL.bits(pitches, lengths).shape == (39,)


def test_wandering_costs_more_and_one_note_over_and_over_less_than_music():
    pitches, lengths = LINES[0]
    usual = MODEL.bits(pitches, lengths).mean()
    wandering = MODEL.bits(RANDOM.integers(40, 90, 40), RANDOM.integers(1, 96, 40)).mean()
    songs = [([*[60] * 20, *pitches], [*[24] * 20, *lengths]) for pitches, lengths in LINES[1:]]
    knows_one_note = InterpolatedNgram(build_studied_index([("", *song) for song in songs]))
    stuck = knows_one_note.bits([60] * 40, [24] * 40).mean()
    assert wandering > 2 * usual
    assert stuck < usual / 2


def test_a_note_costs_its_interval_and_its_length_after_those_before_it():
    pitches, lengths = [60, 62, 61, 63, 62, 64], [12, 24, 12, 12, 24, 12]
    intervals, durations = Chain(255), Chain(384)
    intervals.learn([2, -1, 2, -1, 2])
    durations.learn(lengths)
    expected = [
        intervals.probability([2, -1, 2, -1][:place], interval) * durations.probability(lengths[: place + 1], length)
        for place, (interval, length) in enumerate(zip([2, -1, 2, -1, 2], lengths[1:], strict=True))
    ]
    found = InterpolatedNgram(build_studied_index([("", pitches, lengths)])).bits(pitches, lengths)
    assert found == pytest.approx(-np.log2(expected))


def test_a_single_note_has_no_bits():
    assert MODEL.bits([60], [24]).shape == (0,)
