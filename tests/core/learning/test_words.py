"""Phrases and verdicts follow the measurements, rule by rule."""

import pytest

from core.learning.progress import EpochDone
from core.learning.words import FINDS_RHYTHM, NEARLY_STOPPED, NO_PATTERN, STILL_LEARNING, epoch_phrase, verdict
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


def history(*pairs):
    """Epochs of (loss, held-out loss)."""
    return [
        EpochDone(epoch, {"pitch": loss}, {"pitch": held_out}, False, 1, 1.0, 1.0)
        for epoch, (loss, held_out) in enumerate(pairs, start=1)
    ]


def test_verdicts():
    falling = [(3 - 0.1 * step, 3 - 0.08 * step) for step in range(10)]
    assert verdict([]) == ""
    assert verdict(history(*falling[:3])) == STILL_LEARNING
    assert verdict(history(*falling)) == STILL_LEARNING
    flat = [*falling, *((2.0 - 0.001 * step, 2.28) for step in range(6))]
    assert verdict(history(*flat)) == NEARLY_STOPPED
    memorising = [*falling, *((2.0 - 0.1 * step, 2.3 + 0.05 * step) for step in range(6))]
    assert verdict(history(*memorising)) == "It has started to memorise. Epoch 10 is the best so far."
    assert verdict(history(*falling), counting_loss=1.0) == NO_PATTERN
    assert verdict(history(*falling), counting_loss=2.5) == STILL_LEARNING
