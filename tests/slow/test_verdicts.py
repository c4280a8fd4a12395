"""What is said of real trainings made to memorise, to find nothing and to learn. A minute or so each, on a small network.

`pytest -m slow tests/slow/test_verdicts.py -s` prints their curves; those of tests/core/learning/training/test_course.py were
written down from it.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core import paths
from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.learning.models.progress import EpochDone, TrainingStarting
from core.learning.spec import PRESETS, NetworkSpec
from core.learning.training.course import course
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.process import train
from core.learning.training.words import NEARLY_STOPPED, NO_PATTERN, ONLY_MEMORISES, STILL_LEARNING, ending, verdict
from core.music.score import Note, Part, Score
from core.tasks import Control

pytestmark = pytest.mark.slow

SMALL = NetworkSpec(embedding=16, layers=1, units=48, attention_heads=2, head_units=32, dropout=0.1)
BIG = NetworkSpec(embedding=32, layers=1, units=192, attention_heads=2, head_units=96, dropout=0.0)
TINY = NetworkSpec(embedding=8, layers=1, units=12, attention_heads=2, head_units=12, dropout=0.3)
TRAINING = replace(
    PRESETS["standard"].training, window=64, stride=64, batch=4, patience=0, learning_rate=5e-3, random_seed=1
)


@pytest.fixture
def melodies(tmp_path):
    """So many melodies of the sample collection, from the given one on."""

    def some(count, *, first=0):
        corpus, _report = import_paths([paths.sample_collection()], Control(), home=tmp_path / "corpus")
        learnable = CorpusStore(tmp_path / "corpus").learnable_scores(corpus)
        return [
            (entry.fingerprint, entry.title, score)
            for entry, score in itertools.islice(learnable, first, first + count)
        ]

    return some


@pytest.fixture
def trained(tmp_path):
    """Train to the end: the epochs, and the loss of plain counting."""

    def run(pieces, network, training):
        events = []
        train(
            prepare_job(
                pieces, TrainingPlan("standard", name="Trial", network=network, training=training), home=tmp_path
            ),
            Control(events.append),
        )
        history = [event for event in events if isinstance(event, EpochDone)]
        (counting_loss,) = (event.counting_loss for event in events if isinstance(event, TrainingStarting))
        print(f"\ncounting {counting_loss:.3f}", [(round(e.loss, 3), round(e.held_out_loss, 3)) for e in history])
        return history, counting_loss

    return run


def notes_by_lot(pieces):
    """Lines whose every pitch and length is drawn by lot."""
    random = np.random.default_rng(1)
    for index in range(pieces):
        notes, onset = [], 0
        for _ in range(64):
            duration = int(random.choice([120, 240, 480, 960]))
            notes.append(Note(onset, int(random.integers(60, 77)), duration))
            onset += duration
        yield f"f{index:02}", f"Lot {index}", Score((Part.of(notes),))


def test_a_big_network_without_dropout_learns_from_thirty_melodies_and_then_memorises_them(melodies, trained):
    settings = replace(TRAINING, window=128, stride=128, batch=8, epochs=36, schedule="constant", learning_rate=3e-3)
    history, counting_loss = trained(melodies(30, first=300), BIG, settings)
    found = course(history, counting_loss=counting_loss)
    said = [verdict(history[:epoch], counting_loss=counting_loss) for epoch in range(1, 37)]
    assert found.beats_counting
    assert said[-1] == f"It has started to memorise. Epoch {found.best_epoch} is the best so far."
    assert said[:6] == [STILL_LEARNING] * 6
    assert found.best_epoch < 30


def test_a_big_network_learns_notes_by_lot_by_heart_and_nothing_else(trained):
    settings = replace(TRAINING, epochs=25, transpose=0, schedule="constant", learning_rate=3e-3)
    history, counting_loss = trained(list(notes_by_lot(24)), BIG, settings)
    assert min(epoch.held_out_loss for epoch in history) > counting_loss
    assert verdict(history, counting_loss=counting_loss) == ONLY_MEMORISES
    assert "found no pattern" in ending(history, counting_loss=counting_loss)


def test_a_tiny_network_finds_no_pattern_in_notes_by_lot(trained):
    settings = replace(TRAINING, epochs=20, transpose=0, learning_rate=1e-2)
    history, counting_loss = trained(list(notes_by_lot(150)), TINY, settings)
    assert min(epoch.held_out_loss for epoch in history) > counting_loss
    assert verdict(history, counting_loss=counting_loss) == NO_PATTERN
    assert "found no pattern" in ending(history, counting_loss=counting_loss)


def test_a_small_network_learns_from_forty_melodies_until_it_stands_still(melodies, trained):
    history, counting_loss = trained(melodies(40), SMALL, replace(TRAINING, epochs=16))
    said = [verdict(history[:epoch], counting_loss=counting_loss) for epoch in range(1, 17)]
    assert said[:8] == [STILL_LEARNING] * 8
    assert course(history[:8], counting_loss=counting_loss).beats_counting
    assert ending(history[:8], counting_loss=counting_loss) == "It was still learning: more epochs would help."
    assert said[-1] == NEARLY_STOPPED
