"""The training process and its supervisor: what Stop, Cancel, Pause and sudden death do. Each test starts real processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
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
from core.learning.spec import PRESETS, NetworkSpec
from core.learning.training import process as training_process
from core.learning.training.checkpoint import CHECKPOINT, read_checkpoint
from core.learning.training.lock import held
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.process import take_part, train
from core.learning.training.run_folder import finish, resumable, resume_job
from core.music.score import Note, Part, Score
from core.tasks import Cancelled, Control

TINY = NetworkSpec(embedding=6, layers=1, units=8, attention_heads=2, head_units=8, dropout=0.2)
SHORT = replace(PRESETS["standard"].training, window=16, stride=16, batch=2, epochs=4, learning_rate=0.01, patience=0)
ANSWERS_WITHIN_S = 0.5


def tunes(count=8):
    random = np.random.default_rng(4)
    for index in range(count):
        pitches = 60 + np.cumsum(random.integers(-3, 4, 24)).clip(-12, 12)
        notes = [Note(place * 240, int(pitch), 240) for place, pitch in enumerate(pitches)]
        yield f"f{index}", f"Tune {index}", Score((Part.of(notes),))


def job_in(home, **changes):
    return prepare_job(
        tunes(), TrainingPlan("standard", name="Tunes", network=TINY, training=replace(SHORT, **changes)), home=home
    )


class Listener:
    """Hears everything, and acts once when `when` first holds."""

    def __init__(self, when, act):
        self.control = Control(self.hear)
        self.events, self.times = [], []
        self._when, self._act = when, act
        self.acted_at = None

    def hear(self, event):
        self.events.append(event)
        self.times.append(time.monotonic())
        if self.acted_at is None and self._when(event):
            self.acted_at = time.monotonic()
            self._act(self)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def in_epoch(number):
    return lambda event: isinstance(event, TrainingProgress) and event.epoch >= number


def losses_of(job):
    history = model_file.read_history(FolderFiles(job.folder))
    return [(epoch.epoch, dict(epoch.losses), dict(epoch.held_out_losses)) for epoch in history]


def test_pause_holds_and_stop_keeps_the_best_within_half_a_second(tmp_path):
    job = job_in(tmp_path, epochs=100_000)

    def act(listener):
        if not listener.control.paused:
            listener.control.pause()

    listener = Listener(in_epoch(2), act)
    held_from = []
    hear = listener.hear

    def hear_and_go_on(event):
        hear(event)
        if event == TrainingPhase("paused"):
            held_from.append((time.monotonic(), len(listener.of(TrainingProgress))))
            resume.start()
        if held_from and isinstance(event, TrainingProgress) and not control.stopping:
            held_from.append((time.monotonic(), len(listener.of(TrainingProgress))))
            control.stop()

    control = Control(hear_and_go_on)
    listener.control = control
    resume = threading.Timer(0.5, control.unpause)
    result = train(job, control)
    stopped_in_s = time.monotonic() - held_from[1][0]
    resume.join()

    assert held_from[0][0] - listener.acted_at < ANSWERS_WITHIN_S
    assert held_from[1][1] - held_from[0][1] <= 1  # nothing went on while it was held
    assert held_from[1][0] - held_from[0][0] >= 0.4
    assert stopped_in_s < ANSWERS_WITHIN_S
    assert listener.events[0] == TrainingPhase("starting")
    assert TrainingPhase("stopping") in listener.events
    done = listener.of(EpochDone)
    assert result.best_epoch == min(done, key=lambda epoch: epoch.held_out_loss).epoch
    assert Library(tmp_path).find("Tunes").state == "ready"
    assert resumable(tmp_path) == ()
    progress = [
        moment
        for moment, event in zip(listener.times, listener.events, strict=True)
        if isinstance(event, TrainingProgress)
    ]
    assert len(progress) <= 20 * (progress[-1] - progress[0]) + 2


@pytest.mark.parametrize("when", ["starting", "training"])
def test_cancel_discards_within_half_a_second(tmp_path, when):
    job = job_in(tmp_path, epochs=100_000)
    chosen = in_epoch(1) if when == "training" else lambda event: event == TrainingPhase("starting")
    listener = Listener(chosen, lambda listener: listener.control.cancel())
    with pytest.raises(Cancelled):
        train(job, listener.control)
    assert time.monotonic() - listener.acted_at < ANSWERS_WITHIN_S
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
    assert time.monotonic() - listener.acted_at < ANSWERS_WITHIN_S
    assert not job.folder.exists()


def test_after_the_process_was_killed_training_goes_on_with_the_same_losses(tmp_path):
    job, whole = job_in(tmp_path / "killed"), job_in(tmp_path / "whole")

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
    assert resumed.epochs == 4
    assert resumed.best_epoch == undisturbed.best_epoch


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
        timeout=100,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert app.returncode == -signal.SIGKILL, app.stderr
    child, has_tensorflow = app.stdout.split()
    assert has_tensorflow == "False"
    deadline = time.monotonic() + 10
    while is_alive(int(child)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(int(child))
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
