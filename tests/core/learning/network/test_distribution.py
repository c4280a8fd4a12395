"""How work is shared: which windows, what the chief says, and that two devices do what one does."""

import subprocess
import sys
import textwrap
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.learning.network.tensorflow.cluster import Cluster
from core.learning.network.tensorflow.distribution import Distribution
from tests.core.cli.test_entry import PROJECT


@dataclass
class Strategy:
    """As much of tf.distribute's as is asked for outside of graphs."""

    num_replicas_in_sync: int


def distribution(machine, *, machines, each):
    addresses = tuple(f"host:{port}" for port in range(1, machines + 1))
    return Distribution(Strategy(machines * each), Cluster(addresses, machine, has_chief_job=False))


@given(windows=st.integers(1, 40), machines=st.integers(2, 5), each=st.integers(1, 3))
def test_every_window_counts_once_and_each_replica_gets_equally_many(windows, machines, each):
    plan = np.arange(windows)[:, None] + np.zeros((1, 4), np.int64)
    counted, sizes = [], set()
    for machine in range(machines):
        rows, counting = distribution(machine, machines=machines, each=each).share(plan)
        counted += rows[:counting, 0].tolist()
        sizes.add(len(rows))
    assert counted == list(range(windows))
    (size,) = sizes
    assert size % each == 0
    assert size > 0


def test_one_device_reads_the_whole_batch():
    plan = np.arange(12).reshape(3, 4)
    rows, counting = Distribution().share(plan)
    assert rows is plan
    assert counting == 3


def test_alone_a_wish_is_granted_at_once_and_the_own_clock_counts():
    for alone in (Distribution(), Distribution(Strategy(2))):
        assert alone.agreed("stop") == "stop"
        assert alone.agreed_elapsed_s(12.5) == 12.5


def test_of_several_machines_all_do_what_the_chief_said_with_the_last_batch():
    chief, other = (distribution(machine, machines=2, each=1) for machine in range(2))

    def read_a_batch():
        sums = np.concatenate([np.array([7.0], np.float32), chief.message(0.01)])  # the other's message is not added
        return [each.heard(sums).tolist() for each in (chief, other)]

    assert chief.agreed_elapsed_s(12.5) == other.agreed_elapsed_s(99.0)
    assert [chief.agreed("stop"), other.agreed("go")] == ["go", "go"]
    assert read_a_batch() == [[7.0], [7.0]]
    assert [chief.agreed("go"), other.agreed("stop")] == ["stop", "stop"]
    assert chief.agreed_elapsed_s(13.0) == other.agreed_elapsed_s(0.0) == 12.5
    assert read_a_batch() == [[7.0], [7.0]]
    assert [chief.agreed("go"), other.agreed("go")] == ["go", "go"], "what others wish is not heard"


TWO_DEVICES = """
    import sys
    from pathlib import Path
    from core.learning.network.tensorflow.runtime import quiet_tensorflow
    quiet_tensorflow(2, wakes=False)
    import numpy as np
    import tensorflow as tf
    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    from core.learning.training.checkpoint import read_arrays
    from core.learning.network.tensorflow.distribution import Distribution
    from core.learning.training.loop import run
    from tests.core.learning.machines import Unasked, small_job

    found = []
    for name, strategy in (("one", None), ("two", tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))):
        job = small_job(Path(sys.argv[1], name))
        distribution = Distribution(strategy)
        history = run(job, Unasked(), distribution)
        arrays = read_arrays(job.folder / "checkpoint.npz")
        del arrays["cursor"]
        found.append((distribution.replicas, arrays, [epoch.held_out_loss for epoch in history]))
    (one, ours, losses), (two, theirs, others) = found
    print(one, two, max(np.abs(ours[name] - theirs[name]).max() for name in ours), np.abs(np.subtract(losses, others)).max())
"""


def test_two_devices_reach_the_weights_of_one(tmp_path):
    program = textwrap.dedent(TWO_DEVICES)
    done = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    one, two, weights, losses = done.stdout.split()
    assert (one, two) == ("1", "2")
    assert float(weights) < 1e-5
    assert float(losses) < 1e-5
