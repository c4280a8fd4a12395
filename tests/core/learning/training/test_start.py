"""The rule for what a training starts with: a function of a few facts."""

from dataclasses import replace

import pytest

from core.learning.events.tokenizer import Vocabulary
from core.learning.models.model_file import ModelCard
from core.learning.spec import PRESETS
from core.learning.training.start import FEW_NOTES, gentler, longer, shorter, suiting_start

STANDARD = PRESETS["standard"]
STARTER = ModelCard(
    "Starter model",
    "standard",
    STANDARD.tokenizer,
    STANDARD.network,
    STANDARD.training,
    Vocabulary({"delta": (0, 24), "pitch": (60, 62), "duration": (24,), "velocity": (4,)}),
)


def start(starter=STARTER, preset="standard", **facts):
    return suiting_start(starter, preset, **{"notes": 5_000, "has_chords": False, **facts})


def test_few_melodies_start_from_the_starter_model():
    assert start().from_starter
    assert start(notes=FEW_NOTES).from_starter
    assert start(known_share=0.05).from_starter


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"starter": None}, "no starter model"),
        ({"notes": FEW_NOTES + 1}, "enough to learn from"),
        ({"has_chords": True}, "chords"),
        ({"preset": "quick"}, "‘Quick’"),
        ({"preset": "article"}, "‘As in the article’"),
        ({"starter": replace(STARTER, network=replace(STARTER.network, units=64))}, "‘Standard’"),
        ({"known_share": 0.5}, "has studied these pieces"),
    ],
)
def test_what_it_does_not_suit_starts_from_nothing_and_says_why(facts, why):
    found = start(**facts)
    assert not found.from_starter
    assert found.reason.startswith("It starts from nothing, because ")
    assert why in found.reason
    assert found.reason.endswith(".")


def test_going_on_is_gentler_and_shorter_but_never_nothing():
    spec = STANDARD.training
    assert 0 < gentler(spec).learning_rate < spec.learning_rate
    assert shorter(replace(spec, epochs=1)).epochs >= 1
    assert shorter(replace(spec, epochs=160, patience=80)).epochs < 160
    assert shorter(replace(spec, patience=0)).patience == 0  # never, as before
    assert shorter(replace(spec, patience=1)).patience == 1  # not never


def test_few_pieces_are_read_more_often_but_not_without_end():
    spec = STANDARD.training
    assert longer(spec, events=150_000) == spec
    assert longer(spec, events=50_000).epochs == 2 * spec.epochs
    assert longer(spec, events=50_000).patience == 2 * spec.patience
    assert longer(spec, events=5).epochs == longer(spec, events=0).epochs == 10 * spec.epochs
