from dataclasses import replace

import pytest

from core.learning.events.tokenizer import Vocabulary
from gui.training.model_words import Figure, figures, made_on, size_words, studied, technical
from tests.core.learning.models.test_library import CARD

MEASURED = replace(CARD, held_out_bits_per_pitch=2.0, held_out_bits_per_note=3.5, pieces=1033, notes=147561)


def test_bits_are_told_as_notes_to_choose_among():
    assert figures(MEASURED) == (
        Figure("4.0 notes", "for the next pitch, of 3 pitches that it knows"),
        Figure("11.3 notes", "for the whole next note: start, length and pitch"),
    )
    of_pitch = Vocabulary({**CARD.vocabulary.values, "delta": (12,), "duration": (12,)})
    assert figures(replace(MEASURED, vocabulary=of_pitch))[1].words == "for the whole next note"


def test_what_was_not_measured_is_not_told():
    unknown = replace(CARD, held_out_bits_per_note=float("inf"), best_epoch=0)
    assert figures(unknown) == ()
    assert technical(unknown) == ()


def test_the_figures_of_training_stay_to_be_read():
    assert technical(MEASURED) == ("2.00 bits per pitch · 3.50 bits per note", "best epoch 1 of 2")


def test_what_was_read_is_counted():
    assert studied(MEASURED) == "1\u2009033 pieces · 147\u2009561 notes"
    assert studied(replace(CARD, pieces=1, notes=0)) == "1 piece"
    assert studied(replace(CARD, pieces=0, notes=0)) == ""


@pytest.mark.parametrize(
    ("created", "words"),
    [("2026-11-06T20:22:59+00:00", "6 November 2026"), ("2025-01-31", "31 January 2025"), ("once", "once"), ("", "")],
)
def test_a_day_is_written_out(created, words):
    assert made_on(created) == words


def test_the_network_s_size_is_rounded_where_it_is_large():
    assert size_words(41208) == "41\u2009208 numbers"
    assert size_words(1_940_000) == "1.9 million numbers"
