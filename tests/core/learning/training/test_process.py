"""The training process and its supervisor: what Stop, Cancel, Pause and sudden death do. Each test starts real processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from core.learning.models import model_file
from core.learning.models.library import Library
from core.learning.models.model_file import FolderFiles
from core.learning.models.progress import EpochDone, TrainingPhase, TrainingProgress
from core.learning.network.tensorflow.cluster import Cluster
from core.learning.spec import PRESETS, NetworkSpec, TokenizerSpec
from core.learning.training import process as training_process
from core.learning.training.checkpoint import CHECKPOINT, read_arrays, read_checkpoint
from core.learning.training.lock import held
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.process import take_part, train
from core.learning.training.run_folder import finish, resumable, resume_job
from core.music.score import Note, Part, Score
from core.tasks import Cancelled, Control
from tests.patience import eventually
from tests.systems import needs_kills

WHOLE = NetworkSpec(embedding=6, layers=1, units=8, attention_heads=2, head_units=8, dropout=0.2)
SMALL = replace(WHOLE, attention="running_mean")
"""The least to trace, which is what a small run's time goes into."""
SHORT = replace(PRESETS["standard"].training, window=16, stride=16, batch=2, epochs=4, learning_rate=0.01, patience=0)


def tunes(count=8):
    random = np.random.default_rng(4)
    for index in range(count):
        pitches = 60 + np.cumsum(random.integers(-3, 4, 24)).clip(-12, 12)
        notes = [Note(place * 240, int(pitch), 240) for place, pitch in enumerate(pitches)]
        yield f"f{index}", f"Tune {index}", Score((Part.of(notes),))


def job_in(home, *, network=SMALL, **changes):
    plan = TrainingPlan(
        "standard",
        name="Tunes",
        tokenizer=TokenizerSpec(fields=("pitch",)),
        network=network,
        training=replace(SHORT, **changes),
    )
    return prepare_job(tunes(), plan, home=home)


class Listener:
    """Hears everything, and acts once when `when` first holds."""

    def __init__(self, when, act):
        self.control = Control(self.hear)
        self.events = []
        self._when, self._act = when, act
        self._has_acted = False

    def hear(self, event):
        self.events.append(event)
        if not self._has_acted and self._when(event):
            self._has_acted = True
            self._act(self)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def in_epoch(number):
    return lambda event: isinstance(event, TrainingProgress) and event.epoch >= number


def losses_of(job):
    history = model_file.read_history(FolderFiles(job.folder))
    return [(epoch.epoch, dict(epoch.losses), dict(epoch.held_out_losses)) for epoch in history]


def after_an_epoch(event):
    return isinstance(event, EpochDone)


def test_pause_holds_and_stop_keeps_the_best(tmp_path):
    job = job_in(tmp_path, epochs=100_000)
    goes_on, paused = TrainingPhase("training"), TrainingPhase("paused")

    def hear_and_wish(event):
        events = listener.events
        if event == paused:
            control.unpause()
        elif paused in events and goes_on in events[events.index(paused) :] and isinstance(event, TrainingProgress):
            control.stop()
        listener.hear(event)

    control = Control(hear_and_wish)
    listener = Listener(in_epoch(2), lambda _listener: control.pause())
    result = train(job, control)

    assert listener.events[0] == TrainingPhase("starting")
    assert listener.events.count(paused) == 1
    assert listener.events[listener.events.index(paused) + 1] == goes_on, "it waited for the word, and did nothing"
    assert TrainingPhase("stopping") in listener.events
    done = listener.of(EpochDone)
    assert result.best_epoch == min(done, key=lambda epoch: epoch.held_out_loss).epoch
    assert Library(tmp_path).find("Tunes").state == "ready"
    assert resumable(tmp_path) == ()


@pytest.mark.skipif(sys.platform == "win32", reason="has no way to freeze a process")
@pytest.mark.parametrize("wish", ["stop", "cancel"])
def test_neither_stop_nor_cancel_waits_for_a_process_that_gives_no_answer(tmp_path, wish):
    job = job_in(tmp_path, epochs=100_000)

    def freeze(listener):
        (child,) = multiprocessing.active_children()
        os.kill(child.pid, signal.SIGSTOP)
        getattr(listener.control, wish)()

    listener = Listener(after_an_epoch, freeze)
    if wish == "cancel":
        with pytest.raises(Cancelled):
            train(job, listener.control)
        assert not job.folder.exists()
    else:
        result = train(job, listener.control)
        done = listener.of(EpochDone)
        assert result.best_epoch == min(done, key=lambda epoch: epoch.held_out_loss).epoch
        assert training_process._PATIENCE_S + training_process._LOOK_EVERY_S < 0.5, (
            "seconds: as long as it waits for an answer"
        )
    assert multiprocessing.active_children() == []


def test_cancel_discards_before_the_process_has_said_a_word(tmp_path):
    job = job_in(tmp_path)
    listener = Listener(lambda event: event == TrainingPhase("starting"), lambda listener: listener.control.cancel())
    with pytest.raises(Cancelled):
        train(job, listener.control)
    assert not job.folder.exists()


def test_left_training_saves_where_it_stands_and_can_be_gone_on_with(tmp_path):
    job = job_in(tmp_path, epochs=100_000)
    listener = Listener(in_epoch(2), lambda listener: listener.control.leave())
    with pytest.raises(Cancelled):
        train(job, listener.control)
    (unfinished,) = resumable(tmp_path)
    assert unfinished.model_id == job.model_id
    cursor, _ = read_checkpoint(job.folder)
    assert (cursor.epoch, cursor.batch) >= (2, 1)  # later than at the end of an epoch, when it is saved anyway


def test_left_before_anything_is_learnt_it_has_nothing_to_save(tmp_path):
    job = job_in(tmp_path)
    listener = Listener(lambda event: event == TrainingPhase("preparing"), lambda listener: listener.control.leave())
    with pytest.raises(Cancelled):
        train(job, listener.control)
    assert [run.model_id for run in resumable(tmp_path)] == [job.model_id]
    assert not (job.folder / CHECKPOINT).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
def test_a_training_process_that_is_asked_to_end_saves_where_it_stands(tmp_path):
    job = job_in(tmp_path, epochs=100_000)

    def ask(_listener):
        (child,) = multiprocessing.active_children()
        os.kill(child.pid, signal.SIGTERM)

    listener = Listener(in_epoch(2), ask)
    with pytest.raises(TrainingError, match="broke off"):
        train(job, listener.control)
    cursor, _ = read_checkpoint(job.folder)
    assert (cursor.epoch, cursor.batch) >= (2, 1)


def test_stop_before_anything_is_learnt_keeps_nothing(tmp_path):
    job = job_in(tmp_path)
    listener = Listener(lambda event: True, lambda listener: listener.control.stop())
    with pytest.raises(Cancelled):
        train(job, listener.control)
    assert not job.folder.exists()


@needs_kills
def test_after_the_process_was_killed_training_goes_on_with_the_same_losses(tmp_path):
    job, whole = (job_in(tmp_path / name, network=WHOLE) for name in ("killed", "whole"))

    def kill(_listener):
        (child,) = multiprocessing.active_children()
        os.kill(child.pid, signal.SIGKILL)

    listener = Listener(lambda event: isinstance(event, EpochDone) and event.epoch == 2, kill)
    with pytest.raises(TrainingError, match="memory ran out"):
        train(job, listener.control)
    (unfinished,) = resumable(job.home)
    assert unfinished.epoch in (1, 2)
    resumed = train(resume_job(unfinished.model_id, job.home), Control())
    undisturbed = train(whole, Control())  # in a process of its own, too: sums depend on the number of threads
    assert losses_of(job) == losses_of(whole)
    ours, theirs = (read_arrays(each.folder / model_file.WEIGHTS) for each in (job, whole))
    assert all(np.array_equal(array, theirs[name]) for name, array in ours.items())
    assert resumed.epochs == 4
    assert resumed.best_epoch == undisturbed.best_epoch


@needs_kills
def test_the_process_dies_with_its_parent_and_the_parent_never_loads_tensorflow(tmp_path):
    job = job_in(tmp_path, epochs=100_000)
    program = textwrap.dedent(
        """
        import multiprocessing, os, sys
        from pathlib import Path
        from core.learning.models.progress import EpochDone
        from core.learning.training.run_folder import resume_job
        from core.learning.training.process import train
        from core.tasks import Control

        def hear(event):
            if isinstance(event, EpochDone):
                (child,) = multiprocessing.active_children()
                print(child.pid, "tensorflow" in sys.modules, flush=True)
                os.kill(os.getpid(), 9)

        if __name__ == "__main__":
            train(resume_job(sys.argv[1], Path(sys.argv[2])), Control(hear))
        """
    )
    script = tmp_path / "app.py"
    script.write_text(program)
    app = subprocess.run(
        [sys.executable, str(script), job.model_id, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert app.returncode == -signal.SIGKILL, app.stderr
    child, has_tensorflow = app.stdout.split()
    assert has_tensorflow == "False"
    eventually(lambda: not is_alive(int(child)))
    (unfinished,) = resumable(tmp_path)
    assert unfinished.epoch >= 1
    assert (job.folder / "checkpoint.npz").exists()
    finish(job)  # what was best so far is there
    assert Library(tmp_path).load(Library(tmp_path).find("Tunes"))


def is_alive(pid):
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_failure_in_the_process_is_a_sentence(tmp_path):
    job = job_in(tmp_path)
    with held(job.folder), pytest.raises(TrainingError, match="already going on"):
        train(job, Control())
    assert job.folder.exists()


def test_machines_that_do_not_come_are_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(training_process, "_GATHERING_S", 0.3)
    cluster = Cluster(("127.0.0.1:1", "127.0.0.1:2"), 0, has_chief_job=False)
    job = job_in(tmp_path)
    events = []
    with pytest.raises(TrainingError, match="did not come"):
        train(job, Control(events.append), cluster=cluster)
    assert events == [TrainingPhase("starting"), TrainingPhase("gathering")]
    assert [run.model_id for run in resumable(tmp_path)] == [job.model_id]
    with pytest.raises(TrainingError, match="did not come"):
        take_part(replace(cluster, index=1), Control())
