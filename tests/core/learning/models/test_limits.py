from dataclasses import replace

import pytest

from core.learning.events.tokenizer import Vocabulary
from core.learning.models.limits import length_words, limits
from core.learning.spec import PRESETS
from tests.core.learning.models.test_library import CARD

ARTICLE = replace(
    CARD,
    tokenizer=PRESETS["article"].tokenizer,
    network=PRESETS["article"].network,
    training=PRESETS["article"].training,
    vocabulary=Vocabulary({"duration": (24,), "pitch": (60, 62)}),
)


def told(card=CARD, **changes):
    return {limit.title: limit.sentence for limit in limits(replace(card, **changes))}


@pytest.mark.parametrize(
    ("steps", "words"),
    [(2, "a 32nd triplet"), (18, "a dotted eighth"), (24, "a quarter"), (30, "1.25 quarters"), (384, "16 quarters")],
)
def test_lengths_are_called_as_musicians_do(steps, words):
    assert length_words(steps) == words


def test_a_model_of_few_pieces_is_said_to_repeat_them():
    assert told(pieces=3)["Repeats its pieces"] == "3 pieces are very few. It will mostly repeat them."
    assert told(pieces=1)["Repeats its pieces"].startswith("1 piece is very few.")
    assert "often quote" in told(pieces=29)["Repeats its pieces"]
    assert told(pieces=12, started_from="Lieder")["Repeats its pieces"].startswith("12 of its own pieces are few.")
    assert "Repeats its pieces" not in told(pieces=30)
    assert "Repeats its pieces" not in told(pieces=0), "unknown"


def test_lines_and_chords_are_told_apart_by_what_was_counted():
    assert "no chords" in told(chord_share=0.002)["Single lines"]
    assert "voice" in told(chord_share=0.3)["Notes, not voices"]
    unknown = told()
    assert "Single lines" not in unknown
    assert "Notes, not voices" not in unknown
    assert "Single lines" in told(ARTICLE)


def test_what_the_article_s_recipe_lacks_is_told():
    found = told(ARTICLE)
    assert "where in the bar" in found["No rests"]
    assert "loud as your seed" in found["One loudness"]
    assert found["Looks back"] == "It sees the last 32 notes and nothing before them."
    assert found["Wanders out of key"].startswith("It learnt each piece in its own key")
    assert "copies" not in found["No plan"]


def test_what_the_copying_network_reaches_is_told():
    found = told()
    assert found["Looks back"].startswith("It can copy from the last 384 notes.")
    assert found["Wanders out of key"].startswith("It learnt each piece in many keys, up to 6 semitones away.")
    assert "because it copies" in found["No plan"]
    assert "No rests" not in found


def test_the_one_velocity_it_knows_is_named():
    assert told()["One loudness"].endswith("has the velocity 88.")
    values = {**CARD.vocabulary.values, "velocity": (3, 5)}
    assert "One loudness" not in told(vocabulary=Vocabulary(values))


def test_the_notes_it_knows_are_named():
    assert told()["Notes it knows"].startswith(
        "Pitches from C4 to E4, 3 of them, and 2 lengths, from an eighth to a quarter."
    )
    whole = Vocabulary({**CARD.vocabulary.values, "pitch": (60, 61, 62), "duration": (12,)})
    assert told(vocabulary=whole)["Notes it knows"].startswith("Pitches from C4 to D4, and one length, an eighth.")


def test_an_unfinished_training_is_told_first():
    assert limits(replace(CARD, state="unfinished"))[0].title == "Still learning"
    assert "Still learning" not in told()
