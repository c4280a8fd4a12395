"""How fast takes come: 4 takes of 8 bars by the preset “standard”, beside the loop over Keras' `model.predict`.

    python -m tests.benchmarks.generating [--model NAME] [--without-keras]

The rival is what tutorials show: a Keras model of the same sizes that reads its last 64 events anew for each note.
Both run in this process, one after the other; ratios are of notes a second.
"""

import argparse
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import paths
from core.learning.copying import build_studied_index
from core.learning.generation import generate
from core.learning.inference import Network
from core.learning.library import Library, ModelRecord, TrainedModel
from core.learning.spec import PRESETS, GenerationRequest
from core.learning.tokenizer import Vocabulary, encode
from core.learning.weights import fresh_weights, weight_shapes
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


def keras_notes_per_s(takes: int, *, notes: int = 24) -> float:
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
    started = time.perf_counter()
    for _ in range(notes):
        odds = model.predict(windows, verbose=0)
        for place, rows in enumerate(odds):
            chosen = [random.choice(len(row), p=row / row.sum()) for row in rows.astype(np.float64)]
            windows[place] = np.concatenate([windows[place][:, 1:], np.array(chosen, "int32")[:, None]], axis=1)
    return takes * notes / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--model", default="", help="a model of the library; without one: random weights")
    parser.add_argument("--without-keras", action="store_true")
    parser.add_argument("--times", type=int, default=15)
    options = parser.parse_args()
    library = Library(paths.home())
    model = library.load(library.find(options.model)) if options.model else random_model()
    started = time.perf_counter()
    generate(model, replace(REQUEST, takes=1, length_bars=1))
    print(f"{model.record.name}: first take of one bar after {1000 * (time.perf_counter() - started):.0f} ms")
    ours = {}
    for takes in (1, 4, 8, 26):
        seconds, notes = timed(model, replace(REQUEST, takes=takes), times=options.times)
        ours[takes] = notes / seconds
        print(f"{takes:2} takes of 8 bars: {seconds:.3f} s, {notes} notes, {ours[takes]:,.0f} notes/s")
    if not options.without_keras:
        for takes in (1, 4):
            rival = keras_notes_per_s(takes)
            print(
                f"model.predict loop, {takes} takes: {rival:,.1f} notes/s: we are {ours[takes] / rival:,.0f} times as fast"
            )


if __name__ == "__main__":
    main()
