"""Phrases follow the measurements, rule by rule."""

import pytest

from core.learning.training.words import FINDS_RHYTHM, epoch_phrase
from core.music.score import Note


def notes(pitches, durations=(240,)):
    onset, made = 0, []
    for place, pitch in enumerate(pitches):
        duration = durations[place % len(durations)]
        made.append(Note(onset, pitch, duration))
        onset += duration
    return made


SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


@pytest.mark.parametrize(
    ("answer", "more", "phrase"),
    [
        ([], {}, ""),
        (notes([60] * 9 + [62]), {}, "One note, over and over"),
        (notes([60, 62] * 4), {}, "Two notes by turns"),
        (notes(SCALE), {}, "Finds the scale"),
        (notes(SCALE, (240, 480, 120)), {}, "Finds a rhythm"),
        (notes(SCALE, (240, 480, 120)), {"said": {FINDS_RHYTHM}, "copied_beats": 5.2}, "Quotes 5 beats"),
        (notes(SCALE, (240, 480, 120)), {"said": {FINDS_RHYTHM}, "copied_beats": 1.0}, "Quotes a beat"),
        ([*notes([64, 65, 67, 62, 64, 65]), Note(1440, 60, 960)], {}, "Shapes a phrase"),
        (notes(SCALE[:-1], (240, 480, 120)), {"said": {FINDS_RHYTHM}, "is_best": True}, "Best on new pieces"),
        (notes(SCALE[:-1], (240, 480, 120)), {"said": {FINDS_RHYTHM}}, ""),
    ],
)
def test_the_first_rule_that_holds_gives_the_phrase(answer, more, phrase):
    assert epoch_phrase(answer, **{"is_best": False, **more}) == phrase
