"""How fast the preset “standard” trains, beside PyTorch and Keras; and how soon it knows what n-grams know.

    python -m tests.benchmarks.training [--torch-python PATH] [--window 64] [--batch 64] [--rounds 7] [--without-keras]
    python -m tests.benchmarks.training --reach MINUTES [--pitch-only] [--recipe-minutes 30]

The first trains one batch again and again: ours, PyTorch's `nn.LSTM` and Keras' `fit` with the same network, weights, losses
and optimizer (torch_rival.py, in an interpreter that has torch; keras_rival.py), in turn; ratios are of medians. The second trains on the Lieder of resources/demo for so many minutes, and tells when the pieces kept aside
cost less than 2.636 and 3.331 bits a pitch (--pitch-only: told pitches alone, as the models were that set these marks); then the article's recipe as published (Keras, windows of 32 one event
apart, one target each) until it knows the latter or its time is up.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from core import paths
from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.learning.events.dataset import Batch, Batches, Dataset, EncodedPiece
from core.learning.events.tokenizer import Events, IntArray, Vocabulary
from core.learning.models.progress import EpochDone
from core.learning.network.match_features import NO_PITCH, all_matches, traits
from core.learning.network.tensorflow.arrays import all_pair_places
from core.learning.network.tensorflow.runtime import quiet_tensorflow
from core.learning.network.weights import (
    COPY_WIDTH,
    FARTHEST_INTERVAL,
    Weights,
    copy_head_counts,
    distance_row,
    fresh_weights,
    weight_shapes,
)
from core.learning.spec import PRESETS, Preset, TokenizerSpec
from core.learning.training.loop import run
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import start_job
from core.learning.training.run_folder import DATASET, TrainingJob
from core.tasks import Control

THREADS = 2
LEARNING_RATE = 1e-4


def made_up_piece(events: int, random: np.random.Generator) -> Events:
    """Music enough to have repeats: a walk of eight motifs."""
    motifs = random.integers(-4, 5, (8, 8))
    steps = np.concatenate([motifs[number] for number in random.integers(0, 8, -(-events // 8))])[:events]
    delta = random.choice([0, 6, 12, 24, 36, 48], events, p=[0.05, 0.1, 0.4, 0.3, 0.05, 0.1]).astype(np.int32)
    return Events(
        delta,
        (55 + np.cumsum(steps) % 30).astype(np.int32),
        random.choice(np.arange(6, 97, 6), events).astype(np.int32),
        random.integers(0, 8, events).astype(np.int32),
        (np.cumsum(delta) % 96).astype(np.int32),
        np.full(events, 96, np.int32),
    )


def one_batch(preset: Preset) -> tuple[Batch, Vocabulary]:
    """Full windows, none of them the begin of a piece alone."""
    random = np.random.default_rng(1)
    spec = preset.training
    pieces = [EncodedPiece(str(number), "", made_up_piece(spec.window, random)) for number in range(spec.batch + 8)]
    dataset = Dataset.of(pieces, replace(spec, held_out=8 / len(pieces)))
    vocabulary = Vocabulary.of(map(dataset.events, dataset.studied), preset.tokenizer, transpose=spec.transpose)
    batches = Batches(dataset, vocabulary, spec)
    return batches.batch(batches.epoch(1)[0]), vocabulary


Rival = Callable[[int], tuple[float, float]]
"""Seconds that so many optimizer steps take, and seconds of processors: on a busy computer the latter say more."""


def timed(action: Callable[[], object]) -> tuple[float, float]:
    started, cpu_started = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - started, time.process_time() - cpu_started


def ours(preset: Preset, batch: Batch, vocabulary: Vocabulary, weights: Weights) -> tuple[Rival, dict[str, float]]:
    """(training, losses before the first step)."""
    from core.learning.network.tensorflow.trainable import TrainableNetwork

    network = TrainableNetwork(preset.network, preset.tokenizer, preset.training, vocabulary, weights)
    losses = {str(name): loss / batch.target_count for name, loss in network.validation_batch(batch).items()}
    done = 0

    def train(steps: int) -> None:
        nonlocal done
        for _ in range(steps):
            done += 1
            network.train_batch(batch, step=done, learning_rate=LEARNING_RATE)

    return lambda steps: timed(lambda: train(steps)), losses


class ForeignRival:
    """Another library in a process of its own, which waits while others are timed. Its losses have to be ours."""

    def __init__(
        self, name: str, python: str, script: str, arrays: dict[str, Any], threads: int, losses: dict[str, float]
    ) -> None:
        self._name = name
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "batch.npz"
            np.savez(path, **arrays)
            self._process = subprocess.Popen(
                [python, str(Path(__file__).with_name(script)), str(path), str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for (field, own), loss in zip(losses.items(), self._told()["loss"], strict=True):
                if abs(loss - own) > 1e-4:
                    raise SystemExit(f"The losses of {field} differ: ours {own:.6f}, those of {name} {loss:.6f}.")

    def __call__(self, steps: int) -> tuple[float, float]:
        assert self._process.stdin is not None
        print(steps, file=self._process.stdin, flush=True)
        told = self._told()
        return float(told["seconds"]), float(told["cpu"])

    def _told(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"The process of {self._name} broke off.")
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        self._process.communicate()


def foreign_arrays(preset: Preset, batch: Batch, vocabulary: Vocabulary, weights: Weights) -> dict[str, Any]:
    fields, network, training = preset.tokenizer.fields, preset.network, preset.training
    pitches = np.array([*vocabulary.values["pitch"], NO_PITCH])[batch.symbols["pitch"]]
    rows = (
        np.minimum(batch.bar_position // 24, 15),
        batch.bar_position % 24,
        np.minimum(batch.bar_steps // 12, 31),
        pitches,
    )
    rhythm = [batch.symbols[field][:, 1:] for field in ("delta", "duration")]
    deltas = np.array([*vocabulary.values["delta"], 0])[batch.symbols["delta"]]
    steps = np.arange(training.window)
    sizes = {
        "fields": fields,
        "exact": {field: copy_head_counts(network, field)[0] for field in fields},
        "moving": {field: copy_head_counts(network, field)[1] for field in fields},
        "units": network.units,
        "layers": network.layers,
        "dropout": network.dropout,
        "farthest_interval": FARTHEST_INTERVAL,
        "copy_width": COPY_WIDTH,
        "learning_rate": LEARNING_RATE,
        "weight_decay": training.weight_decay,
        "averaging": training.averaging,
    }
    arrays = {
        "symbols": np.stack([batch.symbols[field] for field in fields]),
        "places": np.stack(rows).astype(np.int32),
        "targets": batch.targets,
        "matches": all_matches(traits(pitches[:, 1:], pitches[:, 0], rhythm)),
        "alike": all_pair_places(deltas, batch.bar_position, batch.bar_steps),
        "values": np.array(vocabulary.values["pitch"], np.int32),
        "distances": distance_row(np.maximum(steps[:, None] - steps, 0)).astype(np.int32),
    }
    return {
        "sizes": np.frombuffer(json.dumps(sizes).encode(), np.uint8),
        **{f"w:{name}": value for name, value in weights.items()},
        **{f"b:{name}": value for name, value in arrays.items()},
    }


def sgemm_flops(threads: int, times: int = 3, size: int = 2048) -> float:
    """Floating-point operations a second of TensorFlow's product of two large matrices, one on each thread; the best of some."""
    import tensorflow as tf

    one = tf.random.stateless_uniform((size, size), (1, 2))
    taken = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(times):
            started = time.perf_counter()
            list(pool.map(lambda _: tf.matmul(one, one).numpy(), range(threads)))
            taken.append(time.perf_counter() - started)
    return 2 * threads * size**3 / min(taken)


def flops_per_event(weights: Weights) -> int:
    """Of the products with the matrices: once forward, twice backward, two operations each. Pairs are not counted."""
    tables = ("embedding/", "place/", "interval")
    matrices = [
        value
        for name, value in weights.items()
        if value.ndim == 2 and not name.startswith(tables) and not name.endswith(("/distance", "/likeness"))
    ]
    return 6 * sum(value.size for value in matrices)


def compare(options: argparse.Namespace) -> None:
    quiet_tensorflow(options.threads)
    preset = PRESETS["standard"]
    training = replace(preset.training, window=options.window, stride=options.window, batch=options.batch)
    preset = replace(preset, training=training)
    batch, vocabulary = one_batch(preset)
    sizes = {str(field): size for field, size in vocabulary.sizes.items()}
    shapes = weight_shapes(preset.network, preset.tokenizer, sizes)
    weights = fresh_weights(shapes, random_seed=1)
    rivals: dict[str, Rival] = {}
    rivals["ours"], losses = ours(preset, batch, vocabulary, weights)
    arrays = foreign_arrays(preset, batch, vocabulary, weights)
    foreign = {}
    if options.torch_python:
        foreign["PyTorch"] = options.torch_python, "torch_rival.py"
    if not options.without_keras:
        foreign["Keras fit"] = sys.executable, "keras_rival.py"
    processes = {
        name: ForeignRival(name, python, script, arrays, options.threads, losses)
        for name, (python, script) in foreign.items()
    }
    print(f"losses before the first step, all the same: {', '.join(f'{k} {v:.5f}' for k, v in losses.items())}")
    rivals |= processes
    for rival in rivals.values():
        rival(2)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    peaks = []
    for _ in range(options.rounds):
        for name, rival in rivals.items():
            seconds, cpu = rival(options.steps)
            taken[name].append((seconds / options.steps, cpu / options.steps))
        peaks.append(sgemm_flops(options.threads))
    for process in processes.values():
        process.close()
    events, peak = batch.target_count, statistics.median(peaks)
    print(
        f"{options.batch} windows of {options.window}, {options.threads} threads, {options.rounds} rounds of "
        f"{options.steps} steps, load",
        *os.getloadavg(),
    )
    own, own_cpu = (statistics.median(times) for times in zip(*taken["ours"], strict=True))
    for name, times in taken.items():
        seconds, cpu = (statistics.median(one) for one in zip(*times, strict=True))
        print(
            f"{name:10} {seconds:.3f} s a step, {events / seconds:7,.0f} events/s: we are {seconds / own:.2f} times as "
            f"fast; of processors {cpu:.3f} s: {cpu / own_cpu:.2f} times ours"
        )
    share = flops_per_event(weights) * events / own / peak
    print(f"products with the weights: {share:.0%} of sgemm's {peak / 1e9:.0f} GFLOP/s")


def reach(minutes: float, recipe_minutes: float, *, pitch_only: bool) -> None:
    """Prints when the pieces kept aside cost less than each mark."""
    marks = {2.636: math.inf, 3.331: math.inf}

    class Told:
        def report(self, event: object) -> None:
            if isinstance(event, EpochDone):
                bits = event.held_out_losses["pitch"] / math.log(2)
                print(f"epoch {event.epoch}: {bits:.3f} bits a pitch after {event.elapsed_s:.0f} s", flush=True)
                for mark in marks:
                    if bits <= mark:
                        marks[mark] = min(marks[mark], event.elapsed_s)

        def listen(self) -> Any:
            return "go"

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        corpus, _ = import_paths([paths.sample_collection()], Control(), home=home)
        store = CorpusStore(home)
        tokenizer = TokenizerSpec(fields=("pitch",)) if pitch_only else None
        job = start_job(
            corpus, store, TrainingPlan("standard", minutes=minutes, random_seed=1, tokenizer=tokenizer), home=home
        )
        quiet_tensorflow(THREADS)
        run(job, Told())
        for mark, seconds in marks.items():
            print(f"{mark} bits a pitch: " + (f"after {seconds:.0f} s" if seconds < math.inf else "not reached"))
        if recipe_minutes:
            as_published = start_job(corpus, store, TrainingPlan("article", random_seed=1), home=home)
            with ProcessPoolExecutor(1, get_context("spawn")) as own:  # TensorFlow as it starts by default
                recipe_s = own.submit(recipe, as_published, mark=3.331, minutes=recipe_minutes).result()
            print(f"the article's recipe takes {'more than ' if recipe_s == math.inf else ''}", end="")
            limit = min(recipe_s, 60 * recipe_minutes)
            ratio = (
                f"we are {limit / marks[3.331]:.0f} times as fast" if marks[3.331] < math.inf else "we are not there"
            )
            print(f"{limit:.0f} s: {ratio}")


def recipe(job: TrainingJob, *, mark: float, minutes: float) -> float:
    """Seconds until the article's network, trained by Keras as published, costs less than `mark` bits a pitch; inf: never.

    Its embeddings, two LSTM layers, attention over the window and two softmax heads; windows of 32 one event apart with
    one target each, batches of 64, RMSprop. Judged on a tenth of the targets kept aside after every 200 steps, which
    is not timed.
    """
    import keras

    preset = PRESETS["article"]
    dataset = Dataset.load(job.folder / DATASET)
    vocabulary = Vocabulary.of(map(dataset.events, dataset.studied), preset.tokenizer, transpose=0)
    layers, window = keras.layers, preset.training.window
    fields = preset.tokenizer.fields
    inputs = [keras.Input((window,), dtype="int32") for _ in fields]
    states = layers.Concatenate()(
        [
            layers.Embedding(vocabulary.sizes[field] + 1, preset.network.embedding)(given)
            for field, given in zip(fields, inputs, strict=True)
        ]
    )
    for _ in range(preset.network.layers):
        states = layers.LSTM(preset.network.units, return_sequences=True)(states)
    scores = layers.Reshape((window,))(layers.Dense(1, activation="tanh")(states))
    context = layers.Dot(axes=(1, 1))([states, layers.Softmax()(scores)])
    outputs = [layers.Dense(vocabulary.sizes[field])(context) for field in fields]
    model = keras.Model(inputs, outputs)
    losses = [keras.losses.SparseCategoricalCrossentropy(from_logits=True) for _ in fields]
    model.compile(keras.optimizers.RMSprop(1e-3), losses)
    symbols = {field: vocabulary.symbols(field, dataset.columns[field]) for field in fields}

    def examples(pieces: Sequence[int], stride: int) -> IntArray:
        """(examples,): the target of each, an event with a whole window before it in its piece."""
        spans = [np.arange(dataset.starts[piece] + window, dataset.starts[piece + 1], stride) for piece in pieces]
        return np.concatenate(spans)

    def arrays(targets: IntArray) -> tuple[list[IntArray], list[IntArray]]:
        before = targets[:, None] + np.arange(-window, 0)
        return [symbols[field][before] for field in fields], [symbols[field][targets] for field in fields]

    studied, tested = examples(dataset.studied, 1), examples(dataset.validation, 10)
    given, wanted = arrays(tested)
    random = np.random.default_rng(1)
    order = random.permutation(studied)
    taken, at = 0.0, 0
    share = 200 * preset.training.batch
    model.fit(*arrays(order[: preset.training.batch]), batch_size=preset.training.batch, verbose=0)
    while taken < 60 * minutes:
        part = order[at : at + share]
        at = at + share if at + share < len(order) else 0
        started = time.perf_counter()
        model.fit(*arrays(part), batch_size=preset.training.batch, verbose=0)
        taken += time.perf_counter() - started
        logits = model.predict(given, batch_size=1024, verbose=0)[fields.index("pitch")]
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        bits = -float(logs[np.arange(len(logs)), wanted[fields.index("pitch")]].mean()) / math.log(2)
        print(f"the article's recipe: {bits:.3f} bits a pitch after {taken:.0f} s", flush=True)
        if bits <= mark:
            return taken
    return math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--torch-python", default="", help="an interpreter that has torch; without one: no PyTorch")
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--without-keras", action="store_true")
    parser.add_argument("--reach", type=float, default=0.0, metavar="MINUTES", help="train on the Lieder for so long")
    parser.add_argument("--pitch-only", action="store_true", help="with --reach: told pitches alone")
    parser.add_argument("--recipe-minutes", type=float, default=0.0, help="and the article's recipe for so long")
    options = parser.parse_args()
    if options.reach:
        reach(options.reach, options.recipe_minutes, pitch_only=options.pitch_only)
    else:
        compare(options)


if __name__ == "__main__":
    main()
