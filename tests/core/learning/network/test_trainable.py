"""The TensorFlow network: its gradient, its causality, that it learns, that it repeats itself exactly."""

import math
from dataclasses import replace

import numpy as np
import pytest

from core.learning.events.dataset import Batches, Dataset, EncodedPiece
from core.learning.events.tokenizer import Vocabulary, encode
from core.learning.network.tensorflow.copy_heads import by_pitch
from core.learning.network.tensorflow.distribution import Distribution
from core.learning.network.tensorflow.equations import Equations
from core.learning.network.tensorflow.lstm import gpu_layer, processor_layer
from core.learning.network.tensorflow.tables import rows
from core.learning.network.tensorflow.trainable import TrainableNetwork
from core.learning.network.weights import INTERVALS, distance_row, fresh_weights, weight_shapes
from core.learning.spec import PRESETS, NetworkSpec, TokenizerSpec, TrainingSpec
from core.music.score import Note, Part, Score

tf = pytest.importorskip("tensorflow")
SMALL = NetworkSpec(embedding=8, layers=2, units=16, attention_heads=2, head_units=12, dropout=0.0)
LIKE_THE_ARTICLE = NetworkSpec(
    embedding=8, layers=2, units=16, attention="running_mean", attention_heads=1, head_units=0, dropout=0.0
)
CASES = {
    "copying": (SMALL, TokenizerSpec()),
    "running_mean": (LIKE_THE_ARTICLE, TokenizerSpec(fields=("duration", "pitch"), legato=True)),
}


def loop_of_four_bars():
    pitches = [60, 62, 64, 65, 67, 65, 64, 62] * 4
    return Score((Part.of(Note(place * 240, pitch, 240) for place, pitch in enumerate(pitches)),))


def study(tokenizer, scores, **changes):
    spec = TrainingSpec(**{"window": 32, "stride": 32, "batch": 4, "transpose": 0, **changes})
    pieces = [EncodedPiece(str(place), "", encode(score, tokenizer)) for place, score in enumerate(scores)]
    dataset = Dataset.of(pieces, spec)
    vocabulary = Vocabulary.of(map(dataset.events, dataset.studied), tokenizer, transpose=spec.transpose)
    return Batches(dataset, vocabulary, spec)


def trainable(spec, tokenizer, batches):
    shapes = weight_shapes(spec, tokenizer, batches.vocabulary.sizes)
    return TrainableNetwork(spec, tokenizer, batches.spec, batches.vocabulary, fresh_weights(shapes, random_seed=3))


@pytest.fixture(scope="module")
def traced():
    """A small network, its batches and its state when new: tracing its graphs takes longer than any test of it."""
    batches = study(TokenizerSpec(), [loop_of_four_bars()])
    net = trainable(SMALL, TokenizerSpec(), batches)
    return net, batches, net.state()


@pytest.fixture
def small(traced):
    """A new network, and its batches."""
    net, batches, new = traced
    net.set_state(new)
    return net, batches


def plain_layer(inputs, kernel, recurrent, bias):
    """The textbook cell, unrolled, whose gradient TensorFlow derives itself."""
    state = cell = tf.zeros((inputs.shape[1], recurrent.shape[0]), inputs.dtype)
    states = []
    for step in range(inputs.shape[0]):
        read = tf.matmul(inputs[step], kernel) + tf.matmul(state, recurrent) + bias
        taken, kept, new, shown = tf.split(read, 4, axis=1)
        cell = tf.sigmoid(kept) * cell + tf.sigmoid(taken) * tf.tanh(new)
        state = tf.sigmoid(shown) * tf.tanh(cell)
        states.append(state)
    return tf.stack(states)


def test_the_hand_written_gradient_equals_autodiff_of_a_plain_loop():
    random = np.random.default_rng(0)
    shapes = ((7, 3, 4), (4, 20), (5, 20), (20,))
    given = [tf.constant(random.normal(size=shape) * 0.5) for shape in shapes]  # float64: the error left is rounding
    wanted = tf.constant(random.normal(size=(7, 3, 5)))
    found = []
    for layer in (processor_layer, plain_layer):
        with tf.GradientTape() as tape:
            tape.watch(given)
            states = layer(*given)
            loss = tf.reduce_sum((states - wanted) ** 2)
        found.append([states, *tape.gradient(loss, given)])
    for ours, theirs in zip(*found, strict=True):
        assert np.abs(ours.numpy() - theirs.numpy()).max() < 1e-12


def states_and_gradients(layer, inputs, weights, wanted):
    def found(inputs):
        with tf.GradientTape() as tape:
            tape.watch([inputs, *weights])
            states = layer(inputs, *weights)
            loss = tf.reduce_sum(states * wanted)
        return [states, *tape.gradient(loss, [inputs, *weights])]

    return tf.function(found)(inputs)


def layer_of_five(steps=20):
    """Inputs, the weights kernel, recurrent and bias, and what to multiply the states with."""
    random = np.random.default_rng(0)
    shapes = ((steps, 3, 7), (7, 20), (5, 20), (20,), (steps, 3, 5))
    inputs, *weights, wanted = (tf.constant(random.normal(size=shape) / 2, tf.float32) for shape in shapes)
    return inputs, weights, wanted


def test_the_layer_for_a_gpu_has_the_states_and_gradients_of_the_one_for_a_processor():
    ours = states_and_gradients(processor_layer, *layer_of_five())
    theirs = states_and_gradients(gpu_layer(7, 5), *layer_of_five())
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one).max() > 0.1
        assert np.abs(one - other).max() < 1e-5


def pretend_a_gpu(monkeypatch):
    real = tf.config.list_logical_devices
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: ["GPU"] if kind == "GPU" else real(kind))


def test_where_there_is_a_gpu_the_layer_is_cudnn_s_with_our_weights(monkeypatch):
    pretend_a_gpu(monkeypatch)
    layer = gpu_layer(7, 5)
    inputs, (kernel, recurrent, bias), wanted = layer_of_five()

    def gradient():
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            states = layer(inputs, kernel, recurrent, bias)
        return tape.gradient(states, kernel, wanted)

    traced = tf.compat.v1.wrap_function(gradient, [])
    kinds = [operation.type for operation in traced.graph.get_operations()]
    assert kinds.count("CudnnRNNV3") == kinds.count("CudnnRNNBackpropV3") == 1
    (cudnn,) = [operation for operation in traced.graph.get_operations() if operation.type == "CudnnRNNV3"]
    packed = traced.prune([], cudnn.inputs[3])().numpy()
    # As cudnnGetRNNWeightParams has it: the matrices of i, f, g, o for the input, then for the state, each by rows of
    # one output; then their biases, of which those for the input are left 0.
    parts = [*np.split(kernel.numpy(), 4, axis=1), *np.split(recurrent.numpy(), 4, axis=1)]
    assert np.array_equal(packed, np.concatenate([*(part.T.ravel() for part in parts), np.zeros(20), bias.numpy()]))


@pytest.mark.parametrize(
    ("case", "apart"),
    # Adam makes much of rounding where a gradient is tiny: a step is 1e-3.
    [("running_mean", 1e-5), pytest.param("copying", 1e-4, marks=pytest.mark.slow)],
)
def test_the_whole_network_learns_the_same_by_the_layer_for_a_gpu(monkeypatch, case, apart):
    spec, tokenizer = CASES[case]
    batches = study(tokenizer, [loop_of_four_bars()])
    ours = trainable(spec, tokenizer, batches)
    monkeypatch.setattr(Distribution, "uses_gpu", True)
    theirs = trainable(spec, tokenizer, batches)
    for step, plan in enumerate(batches.epoch(1) * 3, start=1):
        losses = [net.train_batch(batches.batch(plan), step=step, learning_rate=1e-3) for net in (ours, theirs)]
        assert list(losses[0].values()) == pytest.approx(list(losses[1].values()), abs=1e-5)
    before, after = ours.weights(), theirs.weights()
    assert max(np.abs(before[name] - after[name]).max() for name in before) < apart


@pytest.mark.parametrize("case", CASES)
def test_a_prediction_knows_nothing_of_its_event_or_later_ones(case):
    spec, tokenizer = CASES[case]
    random = np.random.default_rng(2)
    notes = [Note(place * 240, int(pitch), 240) for place, pitch in enumerate(random.integers(50, 70, 20))]
    batches = study(tokenizer, [Score((Part.of(notes),))])
    net = trainable(spec, tokenizer, batches)
    batch = batches.batch(batches.validation()[-1])
    before = net.logits(batch)
    changed_at = 9
    column = int(batch.targets[-1].sum()) - 20 + changed_at + 1  # of the events read and predicted
    for field in tokenizer.fields:
        batch.symbols[field][-1, column] = (batch.symbols[field][-1, column] + 1) % batches.vocabulary.sizes[field]
    batch.bar_position[-1, column] += 7
    after = net.logits(batch)
    first = tokenizer.fields[0]
    assert np.array_equal(before[first][-1, :column], after[first][-1, :column])
    for field in tokenizer.fields:
        assert np.array_equal(before[field][-1, : column - 1], after[field][-1, : column - 1])
        if batches.vocabulary.sizes[field] > 1:  # of a single value it is sure either way
            assert not np.array_equal(before[field][-1, column], after[field][-1, column])


@pytest.mark.parametrize("case", CASES)
def test_a_small_network_learns_a_four_bar_loop_by_heart(case):
    spec, tokenizer = CASES[case]
    target = "last_step" if case == "running_mean" else "every_step"
    batches = study(
        tokenizer, [loop_of_four_bars()], batch=32, target=target, stride=1 if target == "last_step" else 32
    )
    net = trainable(spec, tokenizer, batches)
    for step in range(1, 251):
        (plan,) = batches.epoch(step)
        losses = net.train_batch(batches.batch(plan), step=step, learning_rate=0.02)
    assert sum(losses.values()) < 0.05  # 1.4 nats would be knowing the pitches used, but not their order


def test_the_same_seed_trains_the_same_network_to_the_bit():
    spec, tokenizer = replace(SMALL, layers=1, dropout=0.3), TokenizerSpec()
    batches, again = (study(tokenizer, [loop_of_four_bars()] * 3, batch=16) for _ in range(2))
    net, other = (trainable(spec, tokenizer, each) for each in (batches, again))
    new = net.state()
    assert all(np.array_equal(value, other.state()[name]) for name, value in new.items())
    found = []
    for each in (batches, again):  # by one graph: tracing it takes longer than all the rest
        net.set_state(new)
        losses = [net.train_batch(each.batch(each.epoch(1)[0]), step=step, learning_rate=0.01) for step in range(1, 6)]
        found.append((losses, net.weights()))
    (losses, weights), (others, their_weights) = found
    assert losses == others
    assert all(np.array_equal(value, their_weights[name]) for name, value in weights.items())


def test_dropout_differs_from_step_to_step_and_rests_in_the_test():
    spec, tokenizer = CASES["running_mean"]
    batches = study(tokenizer, [loop_of_four_bars()])
    net = trainable(replace(spec, dropout=0.5), tokenizer, batches)
    batch = batches.batch(batches.epoch(1)[0])
    # A learning rate this small leaves the weights as they are: what differs is the mask.
    first, second = (net.train_batch(batch, step=step, learning_rate=1e-30) for step in (1, 2))
    assert first != second
    assert net.validation_batch(batch) == net.validation_batch(batch)


def test_losses_are_those_of_the_logits(small):
    net, batches = small
    batch = batches.batch(batches.validation()[0])
    logits, losses = net.logits(batch), net.validation_batch(batch)
    for field, scores in logits.items():
        logs = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
        chosen = np.take_along_axis(logs, batch.symbols[field][:, 1:, None], axis=-1)[..., 0]
        assert losses[field] == pytest.approx(-(chosen * batch.targets).sum(), rel=1e-5, abs=1e-4)


def test_weights_and_optimizer_state_come_back(small):
    net, batches = small
    batch = batches.batch(batches.epoch(1)[0])
    net.train_batch(batch, step=1, learning_rate=0.01)
    kept = net.state()
    went_on = net.train_batch(batch, step=2, learning_rate=0.01), net.weights()
    net.train_batch(batch, step=3, learning_rate=0.1)
    net.set_state(kept)
    again = net.train_batch(batch, step=2, learning_rate=0.01), net.weights()
    assert again[0] == went_on[0]
    assert all(np.array_equal(value, again[1][name]) for name, value in went_on[1].items())


def test_distances_have_their_own_rows_when_near():
    rows = distance_row(np.arange(5000))
    assert rows[:16].tolist() == list(range(16))
    assert (np.diff(rows) >= 0).all()
    assert rows.max() == 31


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_starts_near_even_odds(name):
    preset = PRESETS[name]
    batches = study(preset.tokenizer, [loop_of_four_bars()], window=preset.training.window, stride=1)
    shapes = weight_shapes(preset.network, preset.tokenizer, batches.vocabulary.sizes)
    weights = fresh_weights(shapes, random_seed=1)
    assert {key: value.shape for key, value in weights.items()} == shapes
    net = TrainableNetwork(preset.network, preset.tokenizer, preset.training, batches.vocabulary, weights)
    batch = batches.batch(batches.validation()[0])
    losses = net.validation_batch(batch)
    for field, loss in losses.items():
        assert loss / batch.target_count == pytest.approx(math.log(batches.vocabulary.sizes[field]), abs=0.7)


def test_moving_offers_from_intervals_to_pitches_has_the_gradient_of_autodiff():
    random = np.random.default_rng(4)
    values = (50, 51, 52, 55, 60, 61, 62, 90)  # gaps, and pitches out of reach
    last = tf.constant(random.choice([*range(48, 66), -1], size=(6, 3)), tf.int32)
    offered = tf.constant(random.normal(size=(6, 3, INTERVALS)))  # float64: the error left is rounding
    wanted = tf.constant(random.normal(size=(6, 3, len(values))))

    def plain(offered):
        pitches = []
        for pitch in values:
            place = pitch - last + 25
            hits = tf.one_hot(place, INTERVALS, dtype=offered.dtype) * tf.cast(last >= 0, offered.dtype)[..., None]
            pitches.append(tf.reduce_sum(offered * hits, axis=-1))
        return tf.stack(pitches, axis=-1)

    found = []
    for moved in (lambda offered: by_pitch(offered, last, values), plain):
        with tf.GradientTape() as tape:
            tape.watch(offered)
            by_pitches = moved(offered)
            loss = tf.reduce_sum((by_pitches - wanted) ** 2)
        found.append((by_pitches, tape.gradient(loss, offered)))
    for ours, theirs in zip(*found, strict=True):
        assert np.abs(ours.numpy() - theirs.numpy()).max() < 1e-12


def test_rows_of_a_table_have_the_gradient_of_autodiff():
    random = np.random.default_rng(5)
    table, index = tf.constant(random.normal(size=(7, 3)).astype(np.float32)), tf.constant([[0, 6, 6], [2, 2, 2]])
    changes = []
    for look_up in (rows, tf.gather):
        with tf.GradientTape() as tape:
            tape.watch(table)
            loss = tf.reduce_sum(look_up(table, index) ** 3)
        changes.append(tf.convert_to_tensor(tape.gradient(loss, table)).numpy())
    np.testing.assert_allclose(*changes, rtol=1e-5)


def test_the_running_mean_of_the_weights_is_the_model_and_follows_them(small):
    net, batches = small
    batch = batches.batch(batches.epoch(1)[0])
    means = net.weights()
    for step in range(1, 4):
        net.train_batch(batch, step=step, learning_rate=0.01)
        kept = min(batches.spec.averaging, (1 + step) / (10 + step))
        state = net.state()
        means = {name: kept * mean + (1 - kept) * state[f"weights/{name}"] for name, mean in means.items()}
    for name, mean in net.weights().items():
        np.testing.assert_allclose(mean, means[name], atol=1e-6)
        np.testing.assert_array_equal(mean, state[f"means/{name}"])


def test_weights_decay_by_their_share_of_the_rate_and_biases_do_not(small):
    net, batches = small
    decaying = trainable(SMALL, TokenizerSpec(), study(TokenizerSpec(), [loop_of_four_bars()], weight_decay=0.5))
    start, batch = net.state(), batches.batch(batches.epoch(1)[0])
    for network in (net, decaying):
        network.train_batch(batch, step=1, learning_rate=0.01)
    more = 0.5 - batches.spec.weight_decay
    for name, usual in net.state().items():
        if name.startswith("weights/"):
            expected = usual - 0.01 * more * start[name] if usual.ndim > 1 else usual
            np.testing.assert_allclose(decaying.state()[name], expected, atol=1e-6)


@pytest.mark.parametrize("rate", [0.001, 0.4, 0.999])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    equations = Equations({}, replace(SMALL, dropout=rate), TokenizerSpec(), (), ())
    kept = equations._dropped(tf.ones((100, 101)), tf.constant([1, 2], tf.int64), 0).numpy()
    assert abs(np.mean(kept == 0) - rate) < 0.02
    assert kept.mean() == pytest.approx(1, abs=0.3 if rate > 0.9 else 0.03)


@pytest.mark.parametrize("windows", [1, 3])
def test_a_batch_that_has_no_even_halves_is_studied_and_judged_like_any_other(small, windows):
    network, batches = small
    plan = np.repeat(batches.validation()[0][:1], windows, axis=0)
    batch = batches.batch(plan)
    judged = network.validation_batch(batch)
    studied = network.train_batch(batch, step=1, learning_rate=0.0)
    for field, loss in studied.items():
        assert loss == pytest.approx(judged[field] / batch.target_count, abs=1e-5)
