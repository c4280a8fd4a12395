"""Minutes: that a preset learns real music, and what the article's recipe costs beside it."""

import itertools
import math
import multiprocessing
import os
import signal

import numpy as np
import pytest

from core import paths
from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.errors import TrainingError
from core.learning.models.progress import EpochDone
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job, start_job
from core.learning.training.process import train
from core.learning.training.run_folder import resume_job
from core.tasks import Control
from tests.systems import needs_kills

pytestmark = pytest.mark.slow

UNIGRAM_BITS = 4.17
"""Of a pitch in these pieces when only counted."""


@pytest.fixture(scope="module")
def lieder(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    corpus, _report = import_paths([paths.sample_collection()], Control(), home=home)
    return corpus, CorpusStore(home)


def test_the_quick_preset_learns_the_sample_pieces_in_five_minutes(lieder):
    corpus, store = lieder
    events = []
    job = start_job(corpus, store, TrainingPlan("quick", name="Quick", minutes=5, random_seed=1), home=store.home)
    result = train(job, Control(events.append))
    print(f"quick: {result.held_out_bits_per_pitch:.3f} bits a pitch, {result.events_per_s:,.0f} notes/s")
    assert result.held_out_bits_per_pitch < UNIGRAM_BITS - 0.8
    assert [event.epoch for event in events if isinstance(event, EpochDone)] == list(range(1, result.epochs + 1))


def test_the_article_s_recipe_runs_as_written_only_slowly(lieder):
    corpus, store = lieder
    events = []
    job = start_job(corpus, store, TrainingPlan("article", name="Article", minutes=3, random_seed=1), home=store.home)
    result = train(job, Control(events.append))
    print(f"article: {result.held_out_bits_per_pitch:.3f} bits a pitch, {result.events_per_s:,.0f} notes/s")
    assert math.isfinite(result.held_out_bits_per_note)
    assert result.held_out_bits_per_pitch < UNIGRAM_BITS


@needs_kills
def test_the_shipped_network_killed_in_an_epoch_ends_with_the_same_weights_to_the_bit(lieder):
    corpus, store = lieder
    # Fewer pieces, so that minutes are enough; everything else is what `train` does.
    few = [
        (entry.fingerprint, entry.title, score) for entry, score in itertools.islice(store.learnable_scores(corpus), 60)
    ]
    killed, whole = (
        prepare_job(few, TrainingPlan("standard", name=name, epochs=2, random_seed=1), home=store.home)
        for name in ("Killed", "Whole")
    )
    was_killed = False

    def kill(event):
        nonlocal was_killed
        if isinstance(event, EpochDone) and not was_killed:
            was_killed = True
            (child,) = multiprocessing.active_children()
            os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(TrainingError):
        train(killed, Control(kill))
    assert was_killed
    train(resume_job(killed.model_id, store.home), Control())
    train(whole, Control())
    found, expected = (np.load(job.folder / "weights.npz") for job in (killed, whole))
    assert set(found.files) == set(expected.files)
    for name in found.files:
        assert np.array_equal(found[name], expected[name]), name
