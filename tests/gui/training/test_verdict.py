import math

import pytest

from gui.training.verdict import among, best_of, memorising_since, part_of, verdict
from tests.gui.training.conftest import MEMORISING, epochs, started_from


def test_before_the_first_epoch_it_says_what_is_going_on():
    assert "first time" in verdict(()).title


def test_a_falling_test_loss_is_learning():
    said = verdict(epochs([30, 20, 15]), held_out_pieces=11)
    assert said.title == "It is still learning."
    assert "the 11 pieces it has never seen: in epoch 3 it was like choosing among 15.0 notes" in said.sentences


def test_a_rising_test_loss_with_a_falling_one_is_memorising():
    said = verdict(MEMORISING)
    assert said.title == "It has started to memorise. Epoch 5 is the best so far."
    assert said.tone == "warning"
    assert memorising_since(MEMORISING) == 5
    assert memorising_since(MEMORISING[:8]) is None


def test_a_model_that_was_gone_on_from_is_no_epoch():
    assert "first time" in verdict(started_from(9, ())).title
    said = verdict(started_from(9, epochs([8])))
    assert said.sentences == "After one reading it is like choosing among 8.0 notes."
    worse = verdict(started_from(5, MEMORISING))
    assert worse.title == "It has started to memorise. The model it started from is the best so far."
    assert "Since its start it has" in worse.sentences
    assert "Stopping loses nothing: the model it started from is kept." in worse.sentences
    assert (
        "as it started it was like choosing among 7.0 notes" in verdict(started_from(7, epochs([7.5, 7.4]))).sentences
    )


def test_a_flat_test_loss_has_nearly_stopped():
    assert verdict(epochs([10.0] * 9)).title == "It has nearly stopped improving."


def test_a_standstill_above_counting_has_found_no_pattern_and_says_what_counting_does():
    said = verdict(epochs([20, 12, *[10.0] * 7]), counting_loss=math.log(9))
    assert said.title == "It has not found a pattern yet."
    assert said.sentences == (
        "Counting which note follows which does better: it chooses among 9.0 notes, the model in epoch 3 among 10.0. "
        "More pieces, or more alike, would help."
    )
    assert said.tone == "warning"
    even = verdict(epochs([20, 12, *[10.0] * 7]), counting_loss=math.log(10.01))
    assert "does as well: it chooses among 10.0 notes" in even.sentences
    below = verdict(epochs([20, 12, *[8.0] * 7]), counting_loss=math.log(9))
    assert (below.title, below.tone) == ("It has nearly stopped improving.", "plain")


def test_memorising_above_counting_says_both():
    said = verdict(MEMORISING, counting_loss=math.log(5))
    assert said.title == "It has started to memorise and has not found a pattern."
    assert said.sentences.endswith("More pieces, or more alike, would help. Stopping loses nothing: epoch 5 is kept.")
    assert said.tone == "warning"


def test_losses_are_told_as_the_notes_to_choose_among():
    epoch = epochs([8])[0]
    assert among(part_of(epoch, "together", held_out=True)) == "8.0"
    assert part_of(epoch, "pitch", held_out=True) + part_of(epoch, "length", held_out=True) == pytest.approx(
        part_of(epoch, "together", held_out=True)
    )
    assert best_of(MEMORISING).epoch == 5
