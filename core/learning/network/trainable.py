"""The whole network on the way to being trained: its graphs, losses, dropout and optimizer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from core.learning.dataset import Batch
from core.learning.network.distribution import Distribution
from core.learning.network.lstm import Layer, gpu_layer, processor_layer
from core.learning.spec import Field, NetworkSpec, TokenizerSpec, TrainingSpec
from core.learning.weights import (
    Weights,
    beat_row,
    distance_row,
    knows_metre,
    knows_place,
    metre_row,
    within_row,
)

LONGEST_SEQUENCE = 4096
_CLIP_NORM = 1.0
"""Gradients of a longer norm are shortened to it."""
_ADAM = (0.9, 0.999, 1e-7)
_RMSPROP = (0.9, 1e-7)
_PLACES = 16
"""Random numbers of one step are drawn at fewer places than this in each half."""
_WINDOW_AXES = (2, 2, 1)
"""Along which axis of each of a batch's arrays its windows lie."""


class TrainableNetwork:
    """The network on the way to being trained."""

    def __init__(
        self,
        network: NetworkSpec,
        tokenizer: TokenizerSpec,
        training: TrainingSpec,
        weights: Weights,
        distribution: Distribution | None = None,
    ) -> None:
        import tensorflow as tf

        self._distribution = distribution or Distribution()
        self._halves = self._distribution.halves(training.batch)
        self._network = network
        self._tokenizer = tokenizer
        self._training = training
        slots = ("first", "second") if training.optimizer == "adam" else ("second",)
        with self._distribution.scope():
            self._variables = {name: tf.Variable(value, name=name.replace("/", "_")) for name, value in weights.items()}
            self._slots = {
                f"{slot}/{name}": tf.Variable(np.zeros_like(value), trainable=False)
                for slot in slots
                for name, value in weights.items()
            }
        self._layers: list[Layer] = [
            gpu_layer(len(weights[f"lstm{layer}/kernel"]), network.units)
            if self._distribution.uses_gpu
            else processor_layer
            for layer in range(network.layers)
        ]
        fields = len(tokenizer.fields)
        arrays = (
            tf.TensorSpec((fields, None, None), tf.int32),
            tf.TensorSpec((3, None, None), tf.int32),
            tf.TensorSpec((None, None), tf.float32),
        )
        word, number = tf.TensorSpec((3,), tf.float32), tf.TensorSpec((), tf.float32)
        self._train = tf.function(
            self._train_step, input_signature=(arrays, word, tf.TensorSpec((2,), tf.int64), number, number)
        )
        self._judge = tf.function(self._losses_without_dropout, input_signature=(arrays, word))
        self._logits = tf.function(self._all_logits, input_signature=arrays[:2])

    # What training calls

    def warm_up(self, batch: Batch) -> None:
        """Build all graphs, which takes seconds, without a trace in weights and optimizer."""
        weights, state = self.weights(), self.optimizer_state()
        self.train_batch(batch, step=1, learning_rate=0.0, target_count=1)
        self.held_out_batch(batch)
        self.set_weights(weights)
        self.set_optimizer_state(state)

    def train_batch(
        self, batch: Batch, *, step: int, learning_rate: float, target_count: int | None = None
    ) -> dict[Field, float]:
        """One optimizer step, the `step`-th, counted from 1. Mean loss of each field in nats, before the step.

        Of several machines each gives its share of the batch, and target_count, of all shares. Raises TrainingError
        when memory runs out, MachineLostError when another machine is gone.
        """
        import tensorflow as tf

        target_count = target_count or batch.target_count
        seed = np.array([self._training.random_seed, 2 * _PLACES * step], dtype=np.int64)
        with self._distribution.explained():
            sums = self._train(
                _arrays(batch),
                self._distribution.word(learning_rate),
                seed,
                tf.cast(step, tf.float32),
                tf.cast(target_count, tf.float32),
            )
            means = self._distribution.heard(sums.numpy()) / target_count
        return dict(zip(self._tokenizer.fields, means.tolist(), strict=True))

    def held_out_batch(self, batch: Batch) -> dict[Field, float]:
        """Sum of the losses over the batch's targets (those of all machines) by field, in nats, without dropout."""
        with self._distribution.explained():
            sums = self._distribution.heard(self._judge(_arrays(batch), self._distribution.word()).numpy())
        return dict(zip(self._tokenizer.fields, sums.tolist(), strict=True))

    def logits(self, batch: Batch) -> dict[Field, npt.NDArray[np.float32]]:
        """Logits of every step by field, each (windows, steps, vocabulary), the batch's own events given to the chain."""
        found = self._logits(*_arrays(batch)[:2])
        return {field: np.swapaxes(found[field].numpy(), 0, 1) for field in self._tokenizer.fields}

    def weights(self) -> Weights:
        return {name: variable.numpy() for name, variable in self._variables.items()}

    def set_weights(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
        for name, variable in self._variables.items():
            variable.assign(weights[name])

    def optimizer_state(self) -> dict[str, npt.NDArray[np.float32]]:
        return {name: slot.numpy() for name, slot in self._slots.items()}

    def set_optimizer_state(self, state: Mapping[str, npt.NDArray[np.float32]]) -> None:
        for name, slot in self._slots.items():
            slot.assign(state[name])

    # Graphs: symbols are (fields, steps + 1, windows), places (3, steps + 1, windows), targets (steps, windows).

    def _train_step(self, arrays: Any, word: Any, seed: Any, step: Any, count: Any) -> Any:
        return self._distribution.step(
            arrays,
            _WINDOW_AXES,
            word,
            seed,
            gradients=lambda arrays, seed: self._gradients(arrays, seed, count),
            apply=lambda gradients, learning_rate: self._apply(gradients, learning_rate, step),
            variables=list(self._variables.values()),
        )

    def _gradients(self, arrays: Any, seed: Any, count: Any) -> tuple[Any, Any]:
        """By weight, of the loss divided by `count`; and the losses themselves, (fields,)."""
        import tensorflow as tf

        symbols, places, targets = arrays
        half = tf.shape(targets)[1] // 2
        halves = (slice(None, half), slice(half, None)) if self._halves else (slice(None),)
        with tf.GradientTape() as tape:
            losses = tf.add_n(
                [
                    self._losses(
                        symbols[:, :, part], places[:, :, part], targets[:, part], _moved(seed, _PLACES * shard)
                    )
                    for shard, part in enumerate(halves)
                ]
            )
            loss = tf.reduce_sum(losses) / count
        return tape.gradient(loss, list(self._variables.values())), losses

    def _apply(self, gradients: Any, learning_rate: Any, step: Any) -> None:
        import tensorflow as tf

        gradients, _norm = tf.clip_by_global_norm(gradients, _CLIP_NORM)
        for name, gradient in zip(self._variables, gradients, strict=True):
            self._update(name, gradient, learning_rate, step)

    def _update(self, name: str, gradient: Any, learning_rate: Any, step: Any) -> None:
        """Adam (Kingma & Ba 2015) or RMSprop as Keras has it."""
        import tensorflow as tf

        variable, second = self._variables[name], self._slots[f"second/{name}"]
        if self._training.optimizer == "adam":
            keep, keep_square, tiny = _ADAM
            first = self._slots[f"first/{name}"]
            mean = first.assign(keep * first + (1 - keep) * gradient) / (1 - keep**step)
            square = second.assign(keep_square * second + (1 - keep_square) * gradient**2) / (1 - keep_square**step)
            variable.assign_sub(learning_rate * mean / (tf.sqrt(square) + tiny))
        else:
            keep_square, tiny = _RMSPROP
            square = second.assign(keep_square * second + (1 - keep_square) * gradient**2)
            variable.assign_sub(learning_rate * gradient / tf.sqrt(square + tiny))

    def _losses_without_dropout(self, arrays: Any, word: Any) -> Any:
        def losses(arrays: Any) -> Any:
            symbols, places, targets = arrays
            return self._losses(symbols, places, targets, None)

        return self._distribution.total(arrays, _WINDOW_AXES, word, losses)

    def _losses(self, symbols: Any, places: Any, targets: Any, seed: Any) -> Any:
        """(fields,): cross-entropy in nats summed over the targets. seed: None = no dropout."""
        import tensorflow as tf

        logits = self._chained_logits(symbols, places, self._features(symbols, places, seed))
        sums = []
        for row, field in enumerate(self._tokenizer.fields):
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(symbols[row, 1:], logits[field])
            sums.append(tf.reduce_sum(losses * targets))
        return tf.stack(sums)

    def _all_logits(self, symbols: Any, places: Any) -> dict[Field, Any]:
        return self._chained_logits(symbols, places, self._features(symbols, places, None))

    def _features(self, symbols: Any, places: Any, seed: Any) -> Any:
        """(steps, windows, 2 units): state and context of every step."""
        import tensorflow as tf

        table = self._variables
        inputs = [
            _rows(table[f"embedding/{field}"], symbols[row, :-1]) for row, field in enumerate(self._tokenizer.fields)
        ]
        if knows_metre(self._tokenizer):
            inputs.append(self._place(places[:, :-1]))
        state = self._dropped(tf.concat(inputs, axis=-1), seed, 0)
        for layer in range(self._network.layers):
            name = f"lstm{layer}"
            state = self._layers[layer](state, *(table[f"{name}/{part}"] for part in ("kernel", "recurrent", "bias")))
            if layer < self._network.layers - 1:
                state = self._dropped(state, seed, layer + 1)
        context = self._query_key(state) if self._network.attention == "query_key" else self._running_mean(state)
        return self._dropped(tf.concat([state, context], axis=-1), seed, self._network.layers)

    def _place(self, places: Any) -> Any:
        beat, within, metre = (
            _rows(self._variables[f"place/{name}"], places[row]) for row, name in enumerate(("beat", "within", "metre"))
        )
        return beat + within + metre

    def _query_key(self, state: Any) -> Any:
        import tensorflow as tf

        table, heads = self._variables, self._network.attention_heads
        steps, windows = tf.shape(state)[0], tf.shape(state)[1]
        width = self._network.units // heads

        def cut(role: str) -> Any:
            read = tf.reshape(tf.tensordot(state, table[f"attention/{role}"], 1), (steps, windows, heads, width))
            return tf.transpose(read, (1, 2, 0, 3))  # (windows, heads, steps, width)

        scores = tf.matmul(cut("query") * width**-0.5, cut("key"), transpose_b=True)
        back = tf.range(steps)[:, None] - tf.range(steps)[None, :]
        row_of = tf.constant(distance_row(np.arange(LONGEST_SEQUENCE)), tf.int32)
        bias = _rows(tf.transpose(table["attention/distance"]), tf.gather(row_of, tf.maximum(back, 0)))
        is_seen = (back >= 0) & (back < self._training.window)
        hidden = tf.where(is_seen, 0.0, -1e9)
        weights = tf.nn.softmax(scores + tf.transpose(bias, (2, 0, 1)) + hidden)
        context = tf.transpose(tf.matmul(weights, cut("value")), (2, 0, 1, 3))  # (steps, windows, heads, width)
        return tf.reshape(context, tf.shape(state))

    def _running_mean(self, state: Any) -> Any:
        import tensorflow as tf

        table = self._variables
        score = tf.tanh(tf.tensordot(state, table["attention/score"], 1) + table["attention/score_bias"])
        weight = tf.exp(score)[..., None]
        return tf.cumsum(weight * state, axis=0) / tf.cumsum(weight, axis=0)

    def _chained_logits(self, symbols: Any, places: Any, features: Any) -> dict[Field, Any]:
        """Logits by field, each (steps, windows, vocabulary): each head reads the fields chosen before it."""
        import tensorflow as tf

        table = self._variables
        chosen = [features]
        place = self._place(places[:, 1:]) if knows_metre(self._tokenizer) else None
        logits = {}
        for row, field in enumerate(self._tokenizer.fields):
            read = tf.concat([*chosen, place] if knows_place(self._tokenizer, field) else chosen, axis=-1)
            if self._network.head_units:
                hidden = tf.tensordot(read, table[f"head/{field}/hidden"], 1) + table[f"head/{field}/hidden_bias"]
                read = tf.nn.relu(hidden)
            logits[field] = tf.tensordot(read, table[f"head/{field}/output"], 1) + table[f"head/{field}/output_bias"]
            chosen.append(_rows(table[f"embedding/{field}"], symbols[row, 1:]))
        return logits

    def _dropped(self, values: Any, seed: Any, place: int) -> Any:
        """Dropout by a mask that depends on the seed and the place in the network alone."""
        import tensorflow as tf

        if seed is None or self._network.dropout == 0:
            return values
        rate = self._network.dropout
        kept = tf.random.stateless_uniform(tf.shape(values), _moved(seed, place), alg="philox") >= rate
        return tf.where(kept, values / (1 - rate), 0.0)


def _arrays(batch: Batch) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The batch time-major: (fields, steps + 1, windows), (3, steps + 1, windows), (steps, windows)."""
    position, steps = batch.bar_position.T, batch.bar_steps.T
    symbols = np.stack([values.T for values in batch.symbols.values()])
    places = np.stack([beat_row(position), within_row(position), metre_row(steps)]).astype(np.int32)
    return symbols, places, np.ascontiguousarray(batch.targets.T)


def _moved(seed: Any, by: int) -> Any:
    """A neighbouring seed for stateless random numbers."""
    import tensorflow as tf

    return seed + tf.constant([0, by], tf.int64)


def _rows(table: Any, index: Any) -> Any:
    """Rows of a small table; the gradient is one matrix product, so that it is deterministic and dense."""
    import tensorflow as tf

    def look_up(values: Any) -> tuple[Any, Any]:
        def gradient(change: Any) -> Any:
            rows = tf.shape(values)[0]
            hits = tf.one_hot(tf.reshape(index, (-1,)), rows)
            return tf.matmul(hits, tf.reshape(change, (-1, values.shape[1])), transpose_a=True)

        return tf.gather(values, index), gradient

    return tf.custom_gradient(look_up)(tf.convert_to_tensor(table))
