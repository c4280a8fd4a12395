"""What is said of a training's curves: of invented ones rule by rule, and of real ones epoch by epoch.

The real ones were printed by `pytest -m slow tests/slow/test_verdicts.py -s`.
"""

import math
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.learning.models.progress import EpochDone
from core.learning.training.course import course
from core.learning.training.words import NEARLY_STOPPED, NO_PATTERN, ONLY_MEMORISES, STILL_LEARNING, ending, verdict

MORE = "More pieces, or more alike, would help."

# (loss of plain counting, [(loss, held-out loss) of each epoch])
MEMORISES = 4.620, [
    (6.302, 5.689), (5.12, 4.901), (4.297, 4.395), (3.852, 4.285), (3.619, 4.216), (3.461, 4.181), (3.303, 4.183),
    (3.171, 4.197), (3.017, 4.207), (2.906, 4.201), (2.796, 4.225), (2.703, 4.242), (2.582, 4.285), (2.489, 4.311),
    (2.378, 4.332), (2.275, 4.34), (2.184, 4.38), (2.101, 4.462), (2.028, 4.534), (1.886, 4.587), (1.849, 4.649),
    (1.729, 4.732), (1.631, 4.804), (1.578, 4.892), (1.499, 4.98), (1.406, 5.075), (1.331, 5.161), (1.22, 5.245),
    (1.16, 5.354), (1.131, 5.45), (1.1, 5.551), (1.032, 5.637), (0.927, 5.691), (0.89, 5.773), (0.84, 5.862),
    (0.791, 5.956),
]  # fmt: skip
MEMORISES_ONLY = 4.220, [
    (5.772, 5.167), (4.473, 4.547), (4.006, 4.566), (3.777, 4.584), (3.527, 4.662), (3.225, 4.763), (2.926, 4.846),
    (2.585, 4.954), (2.268, 5.089), (1.947, 5.228), (1.67, 5.35), (1.392, 5.517), (1.116, 5.743), (0.891, 5.994),
    (0.672, 6.205), (0.513, 6.471), (0.475, 6.74), (0.389, 7.001), (0.296, 7.305), (0.243, 7.567), (0.244, 7.822),
    (0.207, 8.022), (0.195, 8.215), (0.174, 8.438), (0.147, 8.759),
]  # fmt: skip
STALLS = 4.220, [
    (6.108, 5.731), (5.267, 4.74), (4.516, 4.275), (4.321, 4.254), (4.285, 4.246), (4.264, 4.243), (4.251, 4.241),
    (4.245, 4.242), (4.227, 4.241), (4.219, 4.243), (4.208, 4.244), (4.202, 4.246), (4.192, 4.25), (4.188, 4.253),
    (4.182, 4.255), (4.175, 4.257), (4.173, 4.258), (4.17, 4.259), (4.164, 4.26), (4.166, 4.261),
]  # fmt: skip
LEARNS = 4.302, [
    (7.596, 6.141), (5.652, 5.03), (4.563, 4.112), (3.965, 3.767), (3.672, 3.635), (3.544, 3.553), (3.399, 3.537),
    (3.282, 3.516), (3.21, 3.525), (3.183, 3.523), (3.139, 3.529), (3.059, 3.529), (3.052, 3.525), (3.019, 3.531),
    (3.005, 3.535), (3.007, 3.538),
]  # fmt: skip
BEGINS = LEARNS[0], LEARNS[1][:8]


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
            [(STILL_LEARNING, 10), (NEARLY_STOPPED, 3), (memorises(6), 23)],
            "It had started to memorise; what is kept is from before that.",
        ),
        (
            MEMORISES_ONLY,
            [(STILL_LEARNING, 6), (ONLY_MEMORISES, 19)],
            f"It only memorised its pieces and found no pattern. {MORE}",
        ),
        (STALLS, [(STILL_LEARNING, 8), (NO_PATTERN, 12)], f"It found no pattern. {MORE}"),
        (BEGINS, [(STILL_LEARNING, 8)], "It was still learning: more epochs would help."),
        (LEARNS, [(STILL_LEARNING, 12), (NEARLY_STOPPED, 4)], "It had nearly stopped improving."),
    ],
    ids=["memorises", "memorises only", "stalls", "begins", "learns"],
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


def test_a_short_run_whose_last_epochs_were_no_better_is_not_told_to_go_on():
    article = [(3.666, 3.448), (3.282, 3.382), (3.093, 3.395), (2.919, 3.434)]  # the preset of that name on the Lieder
    assert ending(history(article[:2])) == "It was still learning: more epochs would help."
    assert ending(history(article)) == "It ended too soon to say more than that epoch 2 was the best."
    assert ending([replace(epoch, epoch=epoch.epoch - 1) for epoch in history([(3.0, 2.0), *article])]) == (
        "It ended too soon to say more than that the model it started from was the best."
    )


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
