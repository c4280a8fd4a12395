import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from core.learning.generation.sampling import allowed_only, draw, log_softmax, nucleus, tempered, top_k

score_rows = npst.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=st.floats(-40, 40))
temperatures = st.one_of(st.just(0.0), st.floats(0.01, 5))


@st.composite
def scores_and_masks(draw_):
    scores = draw_(score_rows)
    return scores, draw_(npst.arrays(np.bool_, scores.shape))


@given(scores_and_masks(), temperatures, st.integers(0, 12), st.floats(0.01, 1), st.floats(0, 0.9999999))
def test_sampling_never_returns_what_a_filter_removed(given_, temperature, k, p, chance):
    scores, mask = given_
    probabilities = nucleus(top_k(tempered(allowed_only(scores, mask), temperature), k), p)
    chosen = draw(probabilities, [chance] * len(scores))
    for row, symbol in enumerate(chosen):
        assert probabilities[row, symbol] > 0
        assert mask[row, symbol] or not mask[row].any()
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1)


@given(score_rows, st.floats(0, 0.9999999))
def test_temperature_zero_is_the_likeliest(scores, chance):
    assert (draw(tempered(scores, 0), [chance] * len(scores)) == scores.argmax(axis=-1)).all()


@given(score_rows)
def test_a_temperature_near_zero_goes_to_the_likeliest(scores):
    probabilities = tempered(np.round(scores), 1e-3)
    is_likeliest = np.round(scores) == np.round(scores).max(axis=-1, keepdims=True)
    assert probabilities[~is_likeliest].max(initial=0) < 1e-9


@given(score_rows, st.integers(1, 12))
def test_top_k_keeps_at_most_k_and_the_likeliest_among_them(scores, k):
    before = tempered(scores, 1)
    after = top_k(before, k)
    assert ((after > 0).sum(axis=-1) <= k).all()
    assert (np.take_along_axis(after, before.argmax(axis=-1)[:, None], axis=-1) > 0).all()


@given(score_rows, st.floats(0.01, 0.99))
def test_the_nucleus_is_the_smallest_set_that_reaches_the_mass(scores, p):
    before = tempered(scores, 1)
    after = nucleus(before, p)
    for row, kept in zip(before, after > 0, strict=True):
        mass = row[kept].sum()
        assert mass >= p - 1e-9
        assert kept.sum() == 1 or mass - row[kept].min() < p + 1e-9


def test_the_draws_follow_the_probabilities():
    probabilities = np.array([[0.5, 0.0, 0.2, 0.3]])
    chances = (np.arange(1000) + 0.5) / 1000
    counts = np.bincount(draw(np.repeat(probabilities, 1000, axis=0), chances), minlength=4)
    assert counts.tolist() == [500, 0, 200, 300]


def test_a_chance_of_almost_one_stays_on_the_last_possible_symbol():
    assert draw(np.array([[0.7, 0.3, 0.0]]), [np.nextafter(1.0, 0.0)]).tolist() == [1]


def test_log_softmax_stands_large_scores():
    assert log_softmax(np.array([1000.0, 1000.0])) == pytest.approx([-np.log(2)] * 2)
