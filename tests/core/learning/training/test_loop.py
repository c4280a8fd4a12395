"""The loop: exact resumption, the best kept, stopping, samples. In this process, with an owner that does as told."""

import math
import shutil
import sys
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from core.errors import FileError, TrainingError
from core.learning.models import model_file
from core.learning.models.library import Library
from core.learning.models.model_file import FolderFiles
from core.learning.models.progress import EpochDone, SampleMade, TrainingProgress, TrainingStarting
from core.learning.spec import PRESETS, NetworkSpec, TokenizerSpec
from core.learning.training.checkpoint import CHECKPOINT, read_checkpoint
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.run_folder import finish
from core.music.score import Note, Part, Score

pytest.importorskip("tensorflow")
from core.learning.training.loop import ahead, learning_rate, run

# The least to trace, which is what a small run's time goes into: what a network holds is all the same to the loop. That
# a whole one, with dropout, goes on to the bit is shown of the process, in test_process.py.
TINY = NetworkSpec(embedding=6, layers=1, units=8, attention="running_mean", head_units=8, dropout=0.2)
PITCHES = TokenizerSpec(fields=("pitch",))
SHORT = replace(
    PRESETS["standard"].training, window=16, stride=16, batch=2, epochs=3, transpose=2, learning_rate=0.01, patience=0
)


class Unplugged(Exception):
    """The power goes."""


@dataclass
class Owner:
    """Collects what is reported; stops or breaks off when asked for the nth time what it wants."""

    stop_at: int = 10**9
    break_at: int = 10**9
    events: list = field(default_factory=list)
    asked: int = 0

    def report(self, event):
        self.events.append(event)

    def listen(self):
        self.asked += 1
        if self.asked >= self.break_at:
            raise Unplugged
        return "stop" if self.asked >= self.stop_at else "go"

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def tunes(count=8):
    random = np.random.default_rng(4)
    for index in range(count):
        pitches = 60 + np.cumsum(random.integers(-3, 4, 24)).clip(-12, 12)
        notes = [Note(place * 240, int(pitch), 240) for place, pitch in enumerate(pitches)]
        yield f"f{index}", f"Tune {index}", Score((Part.of(notes),))


def job_in(home, **changes):
    training = replace(SHORT, **changes)
    plan = TrainingPlan("standard", name="Tunes", tokenizer=PITCHES, network=TINY, training=training)
    return prepare_job(tunes(), plan, home=home)


class Clock:
    """A twentieth of a second is over whenever it is looked at."""

    now_s = 0.0

    def __call__(self):
        self.now_s += 0.05
        return self.now_s


def losses_of(job):
    history = model_file.read_history(FolderFiles(job.folder))
    return [(epoch.epoch, dict(epoch.losses), dict(epoch.held_out_losses), epoch.is_best) for epoch in history]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    job = job_in(tmp_path_factory.mktemp("whole"))
    owner = Owner()
    run(job, owner, clock=Clock())
    return job, owner


def test_a_run_reports_its_epochs_and_leaves_a_model(uninterrupted):
    job, owner = uninterrupted
    starting = owner.of(TrainingStarting)
    assert len(starting) == 1
    assert starting[0].studied_pieces + starting[0].held_out_pieces == 8
    assert [epoch.epoch for epoch in owner.of(EpochDone)] == [1, 2, 3]
    assert all(math.isfinite(epoch.held_out_loss) for epoch in owner.of(EpochDone))
    told = owner.of(TrainingProgress)
    batches = {at.epoch: at.batches for at in told}  # pieces are cut at other places each epoch
    progress = owner.of(TrainingProgress)
    batches = {at.epoch: at.batches for at in progress}
    assert [(at.epoch, at.batch) for at in progress] == [
        (epoch, batch) for epoch in (1, 2, 3) for batch in range(1, batches[epoch] + 1)
    ]
    assert set(model_file.read_weights(FolderFiles(job.folder), model_file.read_card(FolderFiles(job.folder))))


def test_the_model_answers_the_same_seed_after_chosen_epochs(uninterrupted):
    job, owner = uninterrupted
    samples = owner.of(SampleMade)
    assert [sample.epoch for sample in samples] == [1, 2, 3]  # the last epoch is always among them
    assert Library(job.home).samples(Library(job.home).find("Tunes")) == tuple(samples)


@pytest.mark.parametrize("break_at", [2, 7])
def test_a_run_resumed_after_a_break_gives_the_same_losses_to_the_bit(uninterrupted, tmp_path, break_at, monkeypatch):
    monkeypatch.setattr("core.learning.training.loop._CHECKPOINT_EVERY_S", 0.0)
    job = job_in(tmp_path)
    with pytest.raises(Unplugged):
        run(job, Owner(break_at=break_at))
    run(job, Owner())
    assert losses_of(job) == losses_of(uninterrupted[0])
    ours, theirs = (read_checkpoint(each.folder)[1] for each in (job, uninterrupted[0]))
    assert all(np.array_equal(array, theirs[name]) for name, array in ours.items())


def test_a_stopped_run_keeps_its_best(tmp_path):
    job = job_in(tmp_path, epochs=50)
    batches = 4
    owner = Owner(stop_at=3 * batches + 3)
    run(job, owner)
    done = owner.of(EpochDone)
    assert 1 <= len(done) < 50
    result = finish(job)
    assert result.stopped_early
    assert result.best_epoch == min(done, key=lambda epoch: epoch.held_out_loss).epoch
    record = Library(tmp_path).find("Tunes")
    assert record.state == "ready"
    assert record.held_out_bits_per_note == pytest.approx(min(epoch.held_out_loss for epoch in done) / math.log(2))
    assert not (job.folder / CHECKPOINT).exists()
    Library(tmp_path).load(record)


def test_a_run_stopped_in_its_first_epoch_keeps_what_it_has(tmp_path):
    job = job_in(tmp_path)
    owner = Owner(stop_at=3)
    run(job, owner)
    assert [epoch.epoch for epoch in owner.of(EpochDone)] == [1]
    assert finish(job).best_epoch == 1


def test_nothing_can_be_kept_of_a_run_that_did_nothing(tmp_path):
    job = job_in(tmp_path)
    with pytest.raises(TrainingError, match="Nothing was learnt"):
        finish(job)


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit on the size of files that stands for a full disk")
def test_a_full_disk_is_told_and_the_run_can_go_on(uninterrupted, tmp_path):
    import resource

    job = job_in(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6_000, limits[1]))  # bytes: the card fits, the weights don't
    try:
        with pytest.raises(FileError, match=r"‘weights.npz’ was not saved"):
            run(job, Owner())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    run(job, Owner())
    assert losses_of(job) == losses_of(uninterrupted[0])


def test_the_weights_on_disk_are_those_of_the_best_epoch(tmp_path):
    job = job_in(tmp_path, learning_rate=0.3, schedule="constant", epochs=8, patience=2)  # wild: it soon gets worse
    owner = Owner()
    run(job, owner)
    done = owner.of(EpochDone)
    best = min(done, key=lambda epoch: epoch.held_out_loss)
    assert best.epoch < done[-1].epoch
    assert done[-1].epoch - best.epoch == 2 or done[-1].epoch == 8
    card = model_file.read_card(FolderFiles(job.folder))
    kept = model_file.read_weights(FolderFiles(job.folder), card)
    last = read_checkpoint(job.folder)[1]
    assert card.best_epoch == best.epoch
    assert any(not np.array_equal(kept[name], last[f"weights/{name}"]) for name in kept)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """The folder of a user whose library holds a model that knows the tunes well."""
    home = tmp_path_factory.mktemp("origin")
    job = job_in(home, epochs=40, averaging=0.0)
    run(job, Owner())
    finish(job)
    return home


def going_on(origin, home, **changes):
    """A training from the model “Tunes”, in a folder of its own."""
    shutil.copytree(origin, home, dirs_exist_ok=True)
    return prepare_job(
        tunes(),
        TrainingPlan("standard", name="More", start_from="Tunes", training=replace(SHORT, **changes)),
        home=home,
    )


def test_going_on_from_a_model_never_ends_worse_than_it(origin, tmp_path):
    job = going_on(origin, tmp_path, learning_rate=0.5, schedule="constant", averaging=0.0)  # wild: it forgets all
    owner = Owner()
    run(job, owner)
    first, *rest = owner.of(EpochDone)
    known = Library(tmp_path).find("Tunes")
    assert first.epoch == 0
    assert first.held_out_loss / math.log(2) == pytest.approx(known.held_out_bits_per_note, rel=1e-5)
    assert all(epoch.held_out_loss > first.held_out_loss for epoch in rest)
    result = finish(job)
    assert (result.best_epoch, result.epochs) == (0, 3)
    assert result.held_out_bits_per_note == pytest.approx(known.held_out_bits_per_note, rel=1e-5)
    files = [FolderFiles(folder) for folder in (job.folder, known.path)]
    kept, before = (model_file.read_weights(each, model_file.read_card(each)) for each in files)
    assert all(np.array_equal(array, before[name]) for name, array in kept.items())


def test_going_on_keeps_what_becomes_better_and_survives_a_break_to_the_bit(origin, tmp_path):
    whole, broken = (going_on(origin, tmp_path / name, learning_rate=0.002) for name in ("whole", "broken"))
    run(whole, Owner())
    with pytest.raises(Unplugged):
        run(broken, Owner(break_at=4))  # in the first epoch, after the older model was judged
    run(broken, Owner())
    history = model_file.read_history(FolderFiles(broken.folder))
    assert [epoch.epoch for epoch in history] == [0, 1, 2, 3]
    assert losses_of(broken) == losses_of(whole)
    best = min(history, key=lambda epoch: epoch.held_out_loss)
    assert finish(broken).best_epoch == best.epoch > 0


def test_a_run_stopped_in_its_first_epoch_keeps_the_model_it_went_on_from(origin, tmp_path):
    job = going_on(origin, tmp_path)
    run(job, Owner(stop_at=3))
    result = finish(job)
    assert (result.best_epoch, result.epochs, result.stopped_early) == (0, 0, True)
    record = Library(tmp_path).find("More")
    assert (record.state, record.started_from) == ("ready", "Tunes")


def test_time_that_is_up_ends_the_run_with_a_tested_epoch(tmp_path):
    job = job_in(tmp_path, epochs=1000, minutes=0.01)
    owner = Owner()
    run(job, owner, clock=Clock())
    assert len(owner.of(EpochDone)) == 2
    assert 0.6 < owner.of(EpochDone)[-1].elapsed_s < 1
    assert finish(job).stopped_early


def test_words_on_how_it_goes_come_twenty_times_a_second_at_most(tmp_path):
    moments = iter(np.arange(0, 1000, 0.004).tolist())
    owner = Owner()
    run(job_in(tmp_path), owner, clock=lambda: next(moments))
    assert 0 < len(owner.of(TrainingProgress)) < 12


def test_the_learning_rate_warms_up_and_falls():
    rates = [learning_rate(SHORT, step=step, progress=step / 1000) for step in range(1, 1001)]
    assert rates[0] < rates[50] < rates[99]
    assert max(rates) <= SHORT.learning_rate
    assert rates[-1] == pytest.approx(0.02 * SHORT.learning_rate, rel=0.01)
    assert learning_rate(SHORT, step=10, progress=0.0, warm_up=10) == SHORT.learning_rate
    constant = replace(SHORT, schedule="constant")
    assert learning_rate(constant, step=1, progress=0.9) == SHORT.learning_rate


def test_the_next_batch_is_made_ahead_in_order_and_none_after_the_end():
    made = []

    def make(number):
        made.append(number)
        return -number

    coming = ahead(make, [1, 2, 3, 4])
    assert (next(coming), next(coming)) == (-1, -2)
    coming.close()  # waits for the one being made
    assert made == [1, 2, 3]
    assert list(ahead(make, [])) == []


def test_what_fails_ahead_fails_where_it_is_used():
    coming = ahead(lambda number: 1 // number, [1, 0])
    assert next(coming) == 1
    with pytest.raises(ZeroDivisionError):
        next(coming)
