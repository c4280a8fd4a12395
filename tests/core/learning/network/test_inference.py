import zipfile
from dataclasses import replace

import numpy as np
import pytest

from core import paths
from core.learning.events.dataset import Batch
from core.learning.events.tokenizer import Events, Vocabulary, encode
from core.learning.models.model_file import FolderFiles, read_card, read_weights
from core.learning.network.inference import Network, Place, one_thread
from core.learning.network.weights import fresh_weights, weight_shapes
from core.learning.spec import PRESETS, NetworkSpec
from core.music.midi_file import read_midi_bytes

KNOWN = {
    "delta": tuple(range(0, 49, 3)),
    "pitch": tuple(range(48, 84)),
    "duration": tuple(range(3, 49, 3)),
    "velocity": (2, 4, 6),
}


def some_events(count, *, bar=72, seed=1):
    random = np.random.default_rng(seed)
    delta = random.choice(KNOWN["delta"], count).astype(np.int32)
    return Events(
        delta,
        random.choice(KNOWN["pitch"], count).astype(np.int32),
        random.choice(KNOWN["duration"], count).astype(np.int32),
        random.choice(KNOWN["velocity"], count).astype(np.int32),
        (np.cumsum(delta) % bar).astype(np.int32),
        np.full(count, bar, np.int32),
    )


def vocabulary_of(preset):
    return Vocabulary({field: KNOWN[field] for field in preset.tokenizer.fields})


def weights_of(preset):
    """Random ones, large enough that every part of the network matters."""
    weights = fresh_weights(weight_shapes(preset.network, preset.tokenizer, vocabulary_of(preset).sizes), random_seed=7)
    random = np.random.default_rng(3)
    spread = 0.05 * min(1.0, (128 / preset.network.units) ** 0.5)
    return {name: (value + random.normal(0, spread, value.shape)).astype(np.float32) for name, value in weights.items()}


def network_of(preset, dtype=np.float32):
    return Network(
        preset.network, preset.tokenizer, preset.training, vocabulary_of(preset), weights_of(preset), dtype=dtype
    )


def small(name):
    """The preset, with the large one's network made small enough for a fast test."""
    preset = PRESETS[name]
    if name == "large":
        network = replace(preset.network, units=128, head_units=96)
        preset = replace(preset, network=network, training=replace(preset.training, window=48, stride=48))
    return preset


def tensorflow_logits(preset, events, *, start=0, vocabulary=None, weights=None):
    """Logits of the trainable network for the events from `start` on; the window before knows nothing of the rest."""
    from core.learning.network.tensorflow.trainable import TrainableNetwork

    vocabulary, weights = vocabulary or vocabulary_of(preset), weights or weights_of(preset)
    symbols = vocabulary.indices(events)
    if start:
        columns = {field: values[start - 1 :] for field, values in symbols.items()}
        position, steps = events.bar_position[start - 1 :], events.bar_steps[start - 1 :]
    else:
        columns = {
            field: np.concatenate([[vocabulary.sizes[field]], values]).astype(np.int32)
            for field, values in symbols.items()
        }
        position = np.concatenate([[0], events.bar_position]).astype(np.int32)
        steps = np.concatenate([events.bar_steps[:1], events.bar_steps])
    batch = Batch(
        {field: values[None] for field, values in columns.items()},
        position[None],
        steps[None],
        np.ones((1, len(position) - 1), np.float32),
    )
    network = TrainableNetwork(preset.network, preset.tokenizer, preset.training, vocabulary, weights)
    return {field: values[0] for field, values in network.logits(batch).items()}


@pytest.mark.parametrize("name", PRESETS)
def test_numpy_and_tensorflow_give_the_same_logits(name):
    preset = small(name)
    events = some_events(preset.training.window)  # training never reads further in one go
    expected, found = tensorflow_logits(preset, events), network_of(preset).sequence_logits(events)
    assert set(found) == set(expected) == set(preset.tokenizer.fields)
    for field, scores in found.items():
        assert np.abs(expected[field]).max() > 0.1
        np.testing.assert_allclose(scores, expected[field], atol=1e-5, rtol=0)


def test_numpy_and_tensorflow_give_the_same_logits_by_the_weights_that_are_shipped():
    files = FolderFiles(paths.starter_model())
    card = read_card(files)
    weights, vocabulary = read_weights(files, card), card.vocabulary
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        names = sorted(name for name in collection.namelist() if name.endswith(".mid"))[::400]
        scores = [read_midi_bytes(collection.read(name), name).score for name in names]
    network = Network(card.network, card.tokenizer, card.training, vocabulary, weights)
    for events in (encode(score, card.tokenizer) for score in scores):
        expected = tensorflow_logits(card, events, vocabulary=vocabulary, weights=weights)
        for field, found in network.sequence_logits(events).items():
            # Unlikely values stand near -20, where float32 has steps of 2e-6: so the tolerance grows with them.
            np.testing.assert_allclose(found, expected[field], atol=1e-5, rtol=1e-6)
            np.testing.assert_allclose(np.exp(found), np.exp(expected[field]), atol=2e-6, rtol=0)


def test_the_article_predicts_from_its_last_32_events_alone():
    preset = PRESETS["article"]
    events = some_events(50)
    found = network_of(preset).sequence_logits(events)
    expected = tensorflow_logits(preset, events, start=50 - 32)  # inputs: events 17 … 48; the last target: event 49
    for field, scores in found.items():
        np.testing.assert_allclose(scores[-1], expected[field][-1], atol=1e-5, rtol=0)


@pytest.mark.slow
def test_the_large_preset_in_full_size_gives_the_same_logits():
    preset = PRESETS["large"]
    events = some_events(140)
    expected, found = tensorflow_logits(preset, events), network_of(preset).sequence_logits(events)
    for field, scores in found.items():
        np.testing.assert_allclose(scores, expected[field], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", PRESETS)
def test_stepping_a_batch_gives_what_reading_the_piece_gives(name):
    preset = small(name)
    network, events = network_of(preset), some_events(45)
    whole = network.sequence_logits(events)
    symbols = {
        field: np.repeat(values[:, None], 3, axis=1) for field, values in network.vocabulary.indices(events).items()
    }
    state = network.begin(int(events.bar_steps[0])).repeated(3)
    for event in range(len(events)):
        place = Place(np.full(3, events.bar_position[event]), np.full(3, events.bar_steps[event]))
        chosen = {field: values[event] for field, values in symbols.items()}
        for field in network.fields:
            scores = network.logits(state, field, chosen, place)
            np.testing.assert_allclose(scores, np.repeat(whole[field][event][None], 3, axis=0), atol=1e-5)
        state = network.advance(state, chosen, place)
    np.testing.assert_allclose(state.heads[:1], network.read(events).heads, atol=1e-5)


def test_a_prediction_knows_nothing_of_what_comes_later():
    network, events = network_of(PRESETS["quick"], np.float64), some_events(40)
    changed = replace(events, pitch=np.where(np.arange(40) == 20, 83, events.pitch).astype(np.int32))
    before, after = network.sequence_logits(events), network.sequence_logits(changed)
    for field in network.fields:
        chained = field == "velocity"  # chosen after the pitch of the same event
        np.testing.assert_array_equal(before[field][: 20 if chained else 21], after[field][: 20 if chained else 21])
        assert np.abs(before[field][21:] - after[field][21:]).min(axis=0).max() > 0


def test_a_state_can_be_gone_back_to():
    network, events = network_of(PRESETS["standard"]), some_events(10)
    state = network.read(events)
    place = Place(np.array([0]), np.array([72]))
    chosen = {field: np.array([1]) for field in network.fields}
    once = network.advance(state, chosen, place)
    network.advance(network.advance(once, chosen, place), chosen, place)
    np.testing.assert_array_equal(network.advance(state, chosen, place).heads, once.heads)


def test_no_events_leave_the_network_at_its_begin():
    network = network_of(PRESETS["quick"])
    nothing = some_events(0)
    np.testing.assert_array_equal(network.read(nothing, bar_steps=72).heads, network.begin(72).heads)
    assert {field: scores.shape for field, scores in network.sequence_logits(nothing).items()} == {
        field: (0, len(KNOWN[field])) for field in network.fields
    }


def test_a_head_without_hidden_layer_and_one_layer_work():
    network = NetworkSpec(embedding=8, layers=1, units=16, head_units=0, attention="running_mean")
    preset = replace(PRESETS["quick"], network=network)
    assert network_of(preset).sequence_logits(some_events(5))["pitch"].shape == (5, len(KNOWN["pitch"]))


def test_products_stay_on_one_thread_only_meanwhile():
    from threadpoolctl import threadpool_info

    def threads():
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with one_thread():
        assert set(threads()) <= {1}
    assert threads() == before
