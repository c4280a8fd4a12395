"""train under TF_CONFIG: real processes on 127.0.0.1 reach what one reaches, and end with a sentence when one is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from core.learning.models import model_file
from core.learning.models.model_file import FolderFiles
from core.learning.training.checkpoint import CHECKPOINT, read_arrays, read_checkpoint
from core.learning.training.loop import run
from tests.core.cli.test_entry import PROJECT
from tests.core.learning.machines import NETWORK, Unasked, small_job
from tests.patience import HANGS_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process group is killed as a whole")


def free_addresses(count):
    """Of ports that were free just now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


class Machine:
    """`train --resume` in a process group of its own, its words read as they come."""

    def __init__(self, home, addresses, index):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core", "train", "--resume", "--json", "--progress", "json"],
            cwd=PROJECT,
            env={
                **os.environ,
                "RITORNELLO_HOME": str(home),
                "TF_CONFIG": json.dumps(cluster),
                "TMPDIR": str(home.parent),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        self._has_read = threading.Event()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self):
        for line in self._process.stderr:
            self.lines.append(line)
            if line.startswith('{"epoch": 2,'):
                self._has_read.set()
        self._has_read.set()

    @property
    def words(self):
        return "".join(line for line in self.lines if not line.startswith("{"))

    def wait_for_the_second_epoch(self):
        assert self._has_read.wait(HANGS_S), self.words

    def kill(self):
        os.killpg(self._process.pid, signal.SIGKILL)

    def end(self):
        """Exit code and the JSON on stdout."""
        try:
            code = self._process.wait()
            out = self._process.stdout.read()
        finally:
            self.close()
        return code, json.loads(out) if out else None

    def close(self):
        if self._process.poll() is None:
            self.kill()
            self._process.wait()
        self._listener.join()
        self._process.stdout.close()
        self._process.stderr.close()


@pytest.fixture
def machines(tmp_path):
    """Start so many machines; the chief's home is `chief`, and the others' are empty."""
    started = []

    def start(count):
        addresses = free_addresses(count)
        now = [
            Machine(tmp_path / ("chief" if not index else f"other {index}"), addresses, index) for index in range(count)
        ]
        started.extend(now)
        return now

    yield start
    for machine in started:
        machine.close()


def epochs_of(folder):
    return model_file.read_history(FolderFiles(folder))


def assert_same_model(job, single):
    """The weights, and the losses on the way, of a run on several machines and of one on a single device."""
    ours, theirs = (read_arrays(each.folder / model_file.WEIGHTS) for each in (job, single))
    start = read_arrays(single.folder / "start.npz")
    assert max(np.abs(theirs[name] - start[name]).max() for name in theirs) > 0.05, "something was learnt"
    assert max(np.abs(ours[name] - theirs[name]).max() for name in ours) < 1e-5
    for one, other in zip(epochs_of(job.folder), epochs_of(single.folder), strict=True):
        assert one.held_out_loss == pytest.approx(other.held_out_loss, abs=1e-5)
        assert one.losses == pytest.approx(other.losses, abs=1e-5)


@pytest.mark.parametrize("victim", [1, pytest.param(0, marks=pytest.mark.slow)])
def test_a_killed_machine_ends_the_others_with_a_sentence_and_resume_reaches_what_one_machine_reaches(
    tmp_path, machines, victim
):
    light = replace(NETWORK, attention="running_mean")  # five processes trace it
    job = small_job(tmp_path / "chief", network=light)
    first = machines(2)
    first[0].wait_for_the_second_epoch()
    first[victim].kill()
    survivor = first[1 - victim]
    code, out = survivor.end()
    assert code == 1
    who = "machine 2 of 2" if victim else "the chief"
    assert f"Training broke off: {who} (127.0.0.1:" in out["error"]
    assert "--resume" in out["hint"]
    assert "Traceback" not in survivor.words
    stored = read_checkpoint(job.folder)
    assert stored is not None
    assert 2 <= stored[0].epoch <= job.training.epochs
    assert not (tmp_path / "other 1").exists(), "only the chief writes"

    second = machines(2 if victim else 1)  # the number of machines may change
    ends = [machine.end() for machine in second]
    assert {code for code, _ in ends} == {0}, [machine.words for machine in second]
    records = [record for _, record in ends]
    for key in ("model", "epochs", "best_epoch", "held_out_bits_per_note", "held_out_bits_per_pitch"):
        assert len({record[key] for record in records}) == 1
    assert not any(line.startswith('{"epoch": 1,') for line in second[0].lines), "it goes on, not anew"
    assert not (job.folder / CHECKPOINT).exists()
    assert not (tmp_path / "other 1").exists()

    single = small_job(tmp_path / "single", network=light)
    run(single, Unasked())
    assert_same_model(job, single)


@pytest.mark.slow
def test_more_machines_than_windows_reach_what_one_machine_reaches(tmp_path, machines):
    job = small_job(tmp_path / "chief")
    four = machines(4)
    assert [machine.end()[0] for machine in four] == [0, 0, 0, 0], [machine.words for machine in four]
    single = small_job(tmp_path / "single")
    run(single, Unasked())
    assert_same_model(job, single)


@pytest.mark.slow
def test_when_the_chief_s_time_is_up_all_machines_end(tmp_path, machines):
    small_job(tmp_path / "chief", epochs=100_000, minutes=0.05)
    ends = [machine.end() for machine in machines(2)]
    assert [code for code, _ in ends] == [0, 0]
    assert ends[0][1]["epochs"] == ends[1][1]["epochs"] < 100_000
