"""Takes and model records made by hand."""

import pytest

from core.learning.generation.generation import Take
from core.learning.models.library import ModelRecord
from core.learning.spec import GenerationRequest
from core.music.score import Note, Part, Score
from gui import theme

BAR = 1920


@pytest.fixture(autouse=True)
def _dressed(qapp):
    theme.apply(qapp, "dark")


@pytest.fixture
def records(tmp_path):
    return (
        ModelRecord("starter", "Starter model", tmp_path, pieces=1148, best_epoch=24, is_starter=True),
        ModelRecord("mine", "Chorales", tmp_path, pieces=115, best_epoch=3),
    )


def seed_notes(*pitches):
    return tuple(Note(index * 480, pitch, 480) for index, pitch in enumerate(pitches))


def made_take(letter, pitches=(62, 64, 65), *, bits=1.0, copied=0):
    seed = seed_notes(60, 62, 64, 65)
    continuation = tuple(Note(BAR + index * 480, pitch, 480) for index, pitch in enumerate(pitches))
    return Take(
        letter=letter,
        generated=frozenset(continuation),
        start=BAR,
        end=2 * BAR,
        request=GenerationRequest(Score((Part(notes=seed),)), length_bars=1),
        random_seed=7,
        surprise_bits=tuple((note, bits) for note in continuation),
        copied=copied,
        copied_notes=frozenset(continuation[:copied]),
        character="Lies high",
    )
