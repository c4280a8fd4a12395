"""How fast takes come by the preset “standard”, and the first note; beside what TensorFlow offers, and beside a limit.

    python -m tests.benchmarks.generating [--model NAME] [--without-keras] [--rounds 5]

Timed are whole requests (takes of 8 bars, with all that is checked and drawn), and the network alone: notes a second of
1, 8 and 32 takes side by side. Its rivals, in turn with it: what tutorials show, a loop over the `predict` of a Keras
model of the same sizes that reads its last 64 events anew for each note; and the whole loop in one graph that XLA
compiles, which carries its state but has no copy heads (its compilation, of seconds, is not counted). The limit is
that of a processor which reads every weight once for each event of all takes, as fast as memory gives them.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core import paths
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import Vocabulary, encode
from core.learning.generation.generation import generate
from core.learning.models.library import Library, ModelRecord, TrainedModel
from core.learning.network.inference import Network, Place, one_thread
from core.learning.network.weights import fresh_weights, weight_shapes
from core.learning.spec import PRESETS, Field, GenerationRequest
from core.music.score import Note, Part, Score

KNOWN = {
    "delta": tuple(range(0, 97, 3)),
    "pitch": tuple(range(40, 90)),
    "duration": tuple(range(3, 97, 3)),
    "velocity": tuple(range(8)),
}
SEED = Score((Part.of(Note(place * 240, 60 + (0, 2, 4, 5, 7, 5, 4, 2)[place % 8], 240) for place in range(32)),))
REQUEST = GenerationRequest(SEED, length_bars=8, takes=4, keep="rhythm")
"""The kept rhythm makes it 64 notes a take whatever the weights are."""


def random_model() -> TrainedModel:
    preset = PRESETS["standard"]
    vocabulary = Vocabulary({field: KNOWN[field] for field in preset.tokenizer.fields})
    sizes = {str(field): size for field, size in vocabulary.sizes.items()}
    weights = fresh_weights(weight_shapes(preset.network, preset.tokenizer, sizes), random_seed=1)
    return TrainedModel(
        ModelRecord("random", "Random weights", Path("none")),
        preset.tokenizer,
        preset.network,
        preset.training,
        vocabulary,
        Network(preset.network, preset.tokenizer, preset.training, vocabulary, weights),
        build_studied_index([("Seed", encode(SEED, preset.tokenizer))]),
    )


def timed(model: TrainedModel, request: GenerationRequest, *, times: int) -> tuple[float, int]:
    """(median seconds, notes) of a request."""
    taken = []
    for attempt in range(times):
        started = time.perf_counter()
        takes = generate(model, replace(request, random_seed=attempt))
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), sum(len(take.generated) for take in takes)


def keras_notes_per_s(takes: int, *, notes: int = 12) -> Callable[[], float]:
    """The loop over `model.predict`, all takes in one batch."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    spec, window = PRESETS["standard"].network, PRESETS["standard"].training.window
    inputs = [keras.Input((window,), dtype="int32") for _ in KNOWN]
    embedded = [
        keras.layers.Embedding(len(values), spec.embedding)(given)
        for given, values in zip(inputs, KNOWN.values(), strict=True)
    ]
    states = keras.layers.Concatenate()(embedded)
    for _ in range(spec.layers):
        states = keras.layers.LSTM(spec.units, return_sequences=True)(states)
    context = keras.layers.MultiHeadAttention(spec.attention_heads, spec.units // spec.attention_heads)(
        states[:, -1:], states
    )
    features = keras.layers.Concatenate()([states[:, -1], context[:, 0]])
    heads = [
        keras.layers.Dense(len(values), activation="softmax")(
            keras.layers.Dense(spec.head_units, activation="relu")(features)
        )
        for values in KNOWN.values()
    ]
    model = keras.Model(inputs, heads)
    random = np.random.default_rng(1)
    windows = [random.integers(0, len(values), (takes, window)).astype("int32") for values in KNOWN.values()]
    model.predict(windows, verbose=0)

    def timed_once() -> float:
        started = time.perf_counter()
        for _ in range(notes):
            odds = model.predict(windows, verbose=0)
            for place, rows in enumerate(odds):
                chosen = [random.choice(len(row), p=row / row.sum()) for row in rows.astype(np.float64)]
                windows[place] = np.concatenate([windows[place][:, 1:], np.array(chosen, "int32")[:, None]], axis=1)
        return takes * notes / (time.perf_counter() - started)

    return timed_once


def network_notes_per_s(model: TrainedModel, takes: int, *, notes: int = 48) -> float:
    """The network alone, after the seed: every field's odds, a draw from them, and on to the next event."""
    network, random = model.network, np.random.default_rng(1)
    state = network.read(encode(SEED, model.tokenizer)).repeated(takes)
    bar = np.full(takes, 96)
    position = np.zeros(takes, np.int64)
    with one_thread():
        started = time.perf_counter()
        for _ in range(notes):
            chosen: dict[Field, np.ndarray] = {}
            place = None
            for field in network.fields:
                scores = network.logits(state, field, chosen, place)
                noise = random.gumbel(size=scores.shape)
                chosen[field] = np.argmax(scores + noise, axis=-1)
                if field == "delta":
                    deltas = np.asarray(network.vocabulary.values["delta"])[chosen[field]]
                    position = (position + deltas) % 96
                    place = Place(position, bar)
            assert place is not None
            state = network.advance(state, chosen, place)
    return takes * notes / (time.perf_counter() - started)


def compiled_notes_per_s(takes: int, *, notes: int = 48) -> Callable[[], float]:
    """The whole loop of an LSTM of the same sizes with chained heads, in one graph compiled by XLA, its state carried."""
    import tensorflow as tf

    spec, fields = PRESETS["standard"].network, tuple(KNOWN)
    width, units, hidden = spec.embedding, spec.units, spec.head_units

    def matrix(*shape: int) -> Any:
        return tf.random.stateless_normal(shape, (1, sum(shape))) / shape[0] ** 0.5

    tables = [matrix(len(KNOWN[field]), width) for field in fields]
    kernels = [
        matrix((width * len(fields) if layer == 0 else units) + units, 4 * units) for layer in range(spec.layers)
    ]
    hiddens = [matrix(units + width * place, hidden) for place in range(len(fields))]
    outputs = [matrix(hidden, len(KNOWN[field])) for field in fields]

    @tf.function(jit_compile=True, autograph=False)
    def whole(seed: Any) -> Any:
        def note(step: Any, given: Any, states: Any, cells: Any, total: Any) -> tuple[Any, ...]:
            values, after, kept = given, [], []
            for kernel, state, cell in zip(kernels, states, cells, strict=True):
                taken, keep, new, shown = tf.split(tf.matmul(tf.concat([values, state], 1), kernel), 4, axis=1)
                cell = tf.sigmoid(keep) * cell + tf.sigmoid(taken) * tf.tanh(new)
                values = tf.sigmoid(shown) * tf.tanh(cell)
                after.append(values)
                kept.append(cell)
            read, embedded = values, []
            for place, (first, output) in enumerate(zip(hiddens, outputs, strict=True)):
                scores = tf.matmul(tf.nn.relu(tf.matmul(read, first)), output)
                odds = tf.random.stateless_uniform(
                    tf.shape(scores), tf.stack([seed[0] + step, seed[1] + place]), minval=1e-9
                )
                chosen = tf.argmax(scores - tf.math.log(-tf.math.log(odds)), axis=1)
                embedded.append(tf.gather(tables[place], chosen))
                read = tf.concat([read, embedded[-1]], 1)
                total += tf.cast(chosen, tf.int32)
            return step + 1, tf.concat(embedded, 1), tuple(after), tuple(kept), total

        nothing = tuple(tf.zeros((takes, units)) for _ in range(spec.layers))
        start = (0, tf.zeros((takes, width * len(fields))), nothing, nothing, tf.zeros((takes,), tf.int32))
        return tf.while_loop(lambda step, *_: step < notes, note, start)[-1]

    seed = tf.constant([1, 2])
    whole(seed).numpy()

    def timed_once() -> float:
        started = time.perf_counter()
        whole(seed).numpy()
        return takes * notes / (time.perf_counter() - started)

    return timed_once


def bytes_per_s() -> float:
    """What one core reads from memory in a second."""
    large = np.ones(2**26, np.float32)
    large.max()
    started = time.perf_counter()
    large.max()
    return large.nbytes / (time.perf_counter() - started)


def first_note_s(model: TrainedModel) -> float:
    """From the call until the first note is drawn, the seed read."""
    started = time.perf_counter()
    with one_thread():
        state = model.network.read(encode(SEED, model.tokenizer))
        chosen: dict[Field, np.ndarray] = {}
        for field in model.network.fields:
            place = None if field == "delta" else Place(np.zeros(1, np.int64), np.full(1, 96))
            chosen[field] = np.argmax(model.network.logits(state, field, chosen, place), axis=-1)
    return time.perf_counter() - started


def side_by_side(model: TrainedModel, rounds: int, *, without_keras: bool) -> None:
    weights = fresh_weights(weight_shapes(model.network_spec, model.tokenizer, model.vocabulary.sizes), random_seed=1)
    size = sum(value.nbytes for value in weights.values())
    bandwidth = statistics.median(bytes_per_s() for _ in range(5))
    for takes in (1, 8, 32):
        rivals: dict[str, Callable[[], float]] = {"ours": partial(network_notes_per_s, model, takes)}
        if not without_keras:
            rivals["one graph by XLA"] = compiled_notes_per_s(takes)
            rivals["model.predict"] = keras_notes_per_s(takes)
        found: dict[str, list[float]] = {name: [] for name in rivals}
        for _ in range(rounds):
            for name, rival in rivals.items():
                found[name].append(rival())
        ours = statistics.median(found["ours"])
        limit = takes * bandwidth / size
        print(f"{takes} takes, the network alone: {ours:,.0f} notes/s, {ours / limit:.0%} of the limit of {limit:,.0f}")
        for name in list(rivals)[1:]:
            speed = statistics.median(found[name])
            print(f"    {name}: {speed:,.1f} notes/s: we are {ours / speed:,.1f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--model", default="", help="a model of the library; without one: random weights")
    parser.add_argument("--without-keras", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--times", type=int, default=15)
    options = parser.parse_args()
    library = Library(paths.home())
    started = time.perf_counter()
    model = library.load(library.find(options.model)) if options.model else random_model()
    loaded_s = time.perf_counter() - started
    print(
        f"{model.record.name}: loaded in {1000 * loaded_s:.0f} ms; first note {1000 * first_note_s(model):.0f} ms after",
        end="",
    )
    print(f" the first call, {1000 * statistics.median(first_note_s(model) for _ in range(9)):.0f} ms after later ones")
    started = time.perf_counter()
    generate(model, replace(REQUEST, takes=1, length_bars=1))
    print(f"{model.record.name}: first take of one bar after {1000 * (time.perf_counter() - started):.0f} ms")
    ours = {}
    for takes in (1, 4, 8, 26):
        seconds, notes = timed(model, replace(REQUEST, takes=takes), times=options.times)
        ours[takes] = notes / seconds
        print(f"{takes:2} takes of 8 bars: {seconds:.3f} s, {notes} notes, {ours[takes]:,.0f} notes/s")
    side_by_side(model, options.rounds, without_keras=options.without_keras)
    print("load", *os.getloadavg())


if __name__ == "__main__":
    main()
