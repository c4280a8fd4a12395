"""What several machines would gain: the step of the preset “standard” and the sum of its gradients, measured; the rest computed.

    python -m tests.benchmarks.machines

Measured here: the step of one machine for 16 windows and for the smaller shares that more machines would have, and the
time that two processes on 127.0.0.1 take to sum the gradients and a single number. Computed by `docs/machines.md`'s
formula: what n machines of this kind would do. The two processes share this machine's cores and its loopback, so the
sum's speed is what TensorFlow's transport can do, not what a network can.
"""

import json
import os
import socket
import subprocess
import sys
import time

import numpy as np

from core import paths
from core.learning.events.dataset import Batch
from core.learning.models import model_file
from core.learning.models.model_file import FolderFiles
from core.learning.network.weights import fresh_weights, parameter_count

SHARES = (16, 8, 4, 2, 1)
SECONDS = 10.0
"""For so long each share's step is repeated."""
SUMS = 100
NUMBERS = "numbers"


def starter() -> model_file.ModelCard:
    """The card of the starter model: the preset “standard” with the vocabulary of 1,148 melodies."""
    return model_file.read_card(FolderFiles(paths.starter_model()))


def any_batch(card: model_file.ModelCard, windows: int) -> Batch:
    """Windows of random events: the time of a step doesn't depend on what they are."""
    random = np.random.default_rng(1)
    steps = card.training.window
    shape = (windows, steps + 1)
    return Batch(
        {field: random.integers(0, size, shape).astype(np.int32) for field, size in card.vocabulary.sizes.items()},
        random.integers(0, 96, shape).astype(np.int32),
        np.full(shape, 96, np.int32),
        np.ones((windows, steps), np.float32),
    )


def step_times(card: model_file.ModelCard) -> dict[int, float]:
    """Seconds of the fastest of many steps, by windows: others' work on the machine only ever makes one slower."""
    from core.learning.network.tensorflow.distribution import started
    from core.learning.network.tensorflow.trainable import TrainableNetwork

    distribution = started(os.cpu_count() or 1)
    weights = fresh_weights(card.weight_shapes, random_seed=1)
    found = {}
    for windows in SHARES:
        net = TrainableNetwork(card.network, card.tokenizer, card.training, card.vocabulary, weights, distribution)
        batch = any_batch(card, windows)
        net.warm_up(batch)
        taken: list[float] = []
        while sum(taken) < SECONDS:
            began = time.perf_counter()
            net.train_batch(batch, step=len(taken) + 1, learning_rate=1e-6)
            taken.append(time.perf_counter() - began)
        found[windows] = min(taken)
    return found


def sum_times(numbers: int) -> dict[str, float]:
    """Milliseconds of the fastest and the median sum of so many numbers, and of one number, over two processes."""
    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    machines = []
    for index in range(2):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        machines.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.machines", NUMBERS, str(numbers)],
                env={**os.environ, "TF_CONFIG": json.dumps(cluster)},
                stdout=subprocess.PIPE,
                text=True,
            )
        )
    chief, _ = (machine.communicate()[0] for machine in machines)
    return {str(name): float(value) for name, value in json.loads(chief).items()}


def take_sums(numbers: int) -> None:
    """What each of the two processes does."""
    from core.learning.network.tensorflow.cluster import Cluster
    from core.learning.network.tensorflow.distribution import started

    cluster = Cluster.from_environment()
    assert cluster is not None
    distribution = started(1, cluster)
    import tensorflow as tf

    with distribution.scope():
        strategy = tf.distribute.get_strategy()
    found = {}
    for name, size in (("all", numbers), ("one", 1)):

        def total(values: tf.Tensor) -> tf.Tensor:
            def same(values: tf.Tensor) -> tf.Tensor:
                return tf.identity(values)

            return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(same, args=(values,)), axis=None)

        graph, values = tf.function(total), tf.ones(size)
        graph(values)
        taken = []
        for _ in range(SUMS):
            began = time.perf_counter()
            graph(values)
            taken.append(1e3 * (time.perf_counter() - began))
        found |= {f"{name}_fastest": min(taken), f"{name}_median": float(np.median(taken))}
    distribution.leave()
    print(json.dumps(found))


def main() -> None:
    card = starter()
    numbers = parameter_count(card.weight_shapes)
    megabytes = 4 * numbers / 1e6
    steps = step_times(card)
    sums = sum_times(numbers)
    print(f"{numbers:,} numbers: gradients of {megabytes:.1f} MB")
    for windows, seconds in steps.items():
        notes = windows * card.training.window / seconds
        print(f"a step of {windows:2} windows: {1e3 * seconds:6.0f} ms, {notes:7,.0f} notes/s")
    print("sums over two processes, ms:", {name: round(value, 2) for name, value in sums.items()})
    speed = megabytes / (sums["all_fastest"] - sums["one_fastest"])  # each sends 2 (n - 1) / n = 1 time the gradients
    hop_ms = sums["one_fastest"] / 2
    print(f"TensorFlow's transport: {1e3 * speed:,.0f} MB/s, {hop_ms:.2f} ms a hop")
    for title, per_machine in (("batch of 16 in all", None), ("16 windows a machine", 16)):
        print(title)
        for machines in (1, 8, 64):
            share = per_machine or max(1, 16 // machines)
            working = machines if per_machine else min(machines, 16)
            hops = 2 * (machines - 1)
            summing = hops / machines * megabytes / speed + hops * hop_ms
            step = 1e3 * steps[share] + summing
            rate = 1e3 * share * working * card.training.window / step
            alone = 16 * card.training.window / steps[16]
            print(
                f"  {machines:2} machines: step {1e3 * steps[share]:.0f} + sum {summing:.0f} = {step:.0f} ms,"
                f" {rate:,.0f} notes/s, {rate / alone:.1f} times one"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == [NUMBERS]:
        take_sums(int(sys.argv[2]))
    else:
        main()
