"""What is said of a training's curves: of invented ones rule by rule, and of real ones epoch by epoch.

The real ones were printed by `pytest -m slow tests/slow/test_verdicts.py -s`.
"""

import math
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.learning.course import course
from core.learning.progress import EpochDone
from core.learning.words import NEARLY_STOPPED, NO_PATTERN, ONLY_MEMORISES, STILL_LEARNING, ending, verdict

MORE = "More pieces, or more alike, would help."

# (loss of plain counting, [(loss, held-out loss) of each epoch])
MEMORISES = 4.697, [
    (7.862, 6.49), (6.226, 5.663), (5.584, 5.169), (5.189, 5.014), (4.914, 4.904), (4.706, 4.816), (4.545, 4.644),
    (4.462, 4.594), (4.285, 4.528), (4.083, 4.334), (3.996, 4.449), (3.908, 4.265), (3.821, 4.33), (3.782, 4.405),
    (3.706, 4.314), (3.606, 4.392), (3.55, 4.254), (3.502, 4.283), (3.434, 4.358), (3.41, 4.393), (3.39, 4.367),
    (3.323, 4.287), (3.283, 4.347), (3.253, 4.53), (3.202, 4.379), (3.14, 4.45), (3.143, 4.381), (3.074, 4.472),
    (3.036, 4.427), (3.054, 4.522), (2.992, 4.59), (2.996, 4.534), (2.952, 4.597), (2.939, 4.592), (2.873, 4.659),
    (2.888, 4.661),
]  # fmt: skip
MEMORISES_ONLY = 4.966, [
    (8.065, 6.356), (6.464, 6.342), (6.333, 5.883), (5.81, 5.706), (5.406, 5.458), (5.07, 5.272), (4.904, 5.234),
    (4.69, 5.226), (4.621, 5.396), (4.521, 5.43), (4.384, 5.218), (4.296, 5.33), (4.385, 5.454), (4.23, 5.478),
    (4.21, 5.26), (4.114, 5.941), (4.11, 5.364), (4.143, 5.748), (4.111, 5.798), (3.881, 5.734), (3.998, 5.738),
    (3.989, 5.885), (3.846, 5.88), (3.77, 6.022), (3.678, 6.03), (3.697, 6.016), (3.7, 6.18), (3.63, 6.153),
    (3.564, 6.287), (3.651, 6.281),
]  # fmt: skip
BY_LOT = 4.220, [
    (6.546, 6.555), (6.302, 6.235), (6.018, 5.977), (5.797, 5.763), (5.622, 5.554), (5.433, 5.345), (5.208, 5.112),
    (4.95, 4.861), (4.715, 4.624), (4.498, 4.459), (4.331, 4.35), (4.218, 4.313), (4.164, 4.311), (4.14, 4.3),
    (4.11, 4.312), (4.102, 4.319), (4.08, 4.312), (4.057, 4.314), (4.043, 4.32), (4.034, 4.327), (4.032, 4.33),
    (4.022, 4.334), (4.021, 4.334), (4.013, 4.334), (4.014, 4.335),
]  # fmt: skip
LEARNS = 4.464, [
    (10.96, 8.914), (7.462, 6.06), (6.05, 5.295), (5.274, 4.972), (4.969, 4.647), (4.82, 4.588), (4.677, 4.553),
    (4.538, 4.485), (4.501, 4.457), (4.356, 4.452), (4.324, 4.39), (4.247, 4.384), (4.196, 4.358), (4.148, 4.357),
    (4.145, 4.345), (4.111, 4.349),
]  # fmt: skip


def history(pairs):
    """Epochs of (loss, held-out loss)."""
    return [
        EpochDone(epoch, {"pitch": loss}, {"pitch": held_out}, False, 1, 1.0, 1.0)
        for epoch, (loss, held_out) in enumerate(pairs, start=1)
    ]


def said(pairs, counting_loss=math.inf):
    """What is said after each epoch, as (sentence, for how many epochs)."""
    epochs = history(pairs)
    words = [verdict(epochs[:after], counting_loss=counting_loss) for after in range(1, len(epochs) + 1)]
    return [(sentence, len(list(run))) for sentence, run in groupby(words)]


def memorises(epoch):
    return f"It has started to memorise. Epoch {epoch} is the best so far."


@pytest.mark.parametrize(
    ("run", "sentences", "end"),
    [
        (
            MEMORISES,
            [(STILL_LEARNING, 16), (NEARLY_STOPPED, 5), (memorises(17), 15)],
            "It had started to memorise; what is kept is from before that.",
        ),
        (
            MEMORISES_ONLY,
            [(STILL_LEARNING, 11), (NO_PATTERN, 4), (ONLY_MEMORISES, 15)],
            f"It only memorised its pieces and found no pattern. {MORE}",
        ),
        (BY_LOT, [(STILL_LEARNING, 16), (NO_PATTERN, 9)], f"It found no pattern. {MORE}"),
        (LEARNS, [(STILL_LEARNING, 16)], "It was still learning: more epochs would help."),
    ],
    ids=["memorises", "memorises only", "by lot", "learns"],
)
def test_real_trainings_are_told_as_they_are(run, sentences, end):
    counting_loss, pairs = run
    assert said(pairs, counting_loss) == sentences
    assert ending(history(pairs), counting_loss=counting_loss) == end


FALLING = [(3 - 0.1 * step, 3 - 0.08 * step) for step in range(10)]


def test_before_the_first_epoch_there_is_nothing_to_say():
    assert (verdict([]), ending([])) == ("", "")


def test_a_falling_test_loss_is_learning_whether_below_counting_or_not():
    assert said(FALLING) == said(FALLING, 2.5) == said(FALLING, 1.0) == [(STILL_LEARNING, 10)]


def test_flat_for_five_epochs_has_nearly_stopped_and_four_have_not():
    flat = [*FALLING, *((2.0 - 0.001 * step, 2.28) for step in range(5))]
    assert said(flat) == [(STILL_LEARNING, 14), (NEARLY_STOPPED, 1)]
    assert ending(history(flat)) == "It had nearly stopped improving."


def test_never_below_counting_has_found_no_pattern_once_it_stands_still():
    flat = [*FALLING, *((2.0 - 0.001 * step, 2.28) for step in range(5))]
    assert said(flat, 2.2)[-1] == (NO_PATTERN, 1)
    assert said(flat, 2.281)[-1] == (NO_PATTERN, 1), "a hair below is as good as counting"
    assert said(flat, 2.4)[-1] == (NEARLY_STOPPED, 1)


def test_who_was_once_below_counting_has_found_a_pattern_however_it_rises_later():
    rising = [*FALLING, *((2.0 - 0.1 * step, 2.3 + 0.1 * step) for step in range(8))]
    assert verdict(history(rising), counting_loss=2.4) == memorises(10)
    assert verdict(history(rising), counting_loss=2.2) == ONLY_MEMORISES


def test_rising_while_the_training_loss_rises_too_is_not_memorising():
    lost = [*FALLING, *((2.2 + 0.1 * step, 2.3 + 0.05 * step) for step in range(8))]
    assert verdict(history(lost)) == NEARLY_STOPPED


def test_a_model_that_only_gets_worse_from_the_start_is_not_said_to_learn_for_long():
    worse = [(2.0 - 0.1 * step, 3.0 + 0.05 * step) for step in range(10)]
    assert said(worse) == [(STILL_LEARNING, 5), (memorises(1), 5)]


@given(st.integers(0, 2**32 - 1))
def test_trembling_around_a_standstill_is_never_memorising(seed):
    random = np.random.default_rng(seed)
    pairs = [(2.5 * 0.99**step, 3.0 * (1 + random.uniform(-0.004, 0.004))) for step in range(40)]
    assert {sentence for sentence, _ in said(pairs)} <= {STILL_LEARNING, NEARLY_STOPPED}
    assert verdict(history([*pairs, *((1.6, 3.0) for _ in range(5))])) == NEARLY_STOPPED


@given(st.integers(0, 2**32 - 1))
def test_trembling_does_not_hide_that_it_memorises(seed):
    random = np.random.default_rng(seed)
    trend = [*np.linspace(4, 3, 15), *np.linspace(3, 3.4, 15)]
    pairs = [(4 - 0.1 * step, loss * (1 + random.uniform(-0.01, 0.01))) for step, loss in enumerate(trend)]
    assert [course(history(pairs[:after])).trend for after in range(25, 31)] == ["memorising"] * 6


def test_one_bad_epoch_is_not_memorising_nor_is_one_lucky_one():
    level = [(2.0 - 0.01 * step, 3.0) for step in range(20)]
    bad = [*level[:-1], (1.8, 3.2)]
    lucky = [*level[:10], (1.9, 2.9), *level[11:]]
    assert verdict(history(bad)) == verdict(history(lucky)) == NEARLY_STOPPED


def test_a_rise_that_goes_back_is_not_memorising_any_more():
    there = [*FALLING, *((2.0, 2.285) for _ in range(4)), *((1.9 - 0.1 * step, 2.34) for step in range(6))]
    back = [(1.2 - 0.05 * step, 2.29) for step in range(6)]
    assert verdict(history(there)) == memorises(10)
    assert verdict(history([*there, *back])) == NEARLY_STOPPED


def test_a_new_best_by_far_takes_the_warning_back():
    recovered = [*FALLING, *((2.0 - 0.1 * step, 2.3 + 0.05 * step) for step in range(8)), (1.0, 2.1)]
    assert verdict(history(recovered[:-1])) == memorises(10)
    assert verdict(history(recovered)) == STILL_LEARNING
