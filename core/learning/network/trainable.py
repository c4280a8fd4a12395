"""The whole network on the way to being trained: its variables, optimizer steps, and the mean of its weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from core.learning.dataset import Batch
from core.learning.likeness import NO_PITCH, all_matches, match_count, place_classes, traits
from core.learning.network.equations import PLACES, Equations, moved
from core.learning.network.runtime import explained
from core.learning.spec import Field, NetworkSpec, TokenizerSpec, TrainingSpec
from core.learning.tokenizer import Vocabulary
from core.learning.weights import Weights, beat_row, copies, knows_metre, metre_row, within_row

_CLIP_NORM = 1.0
"""Gradients of a longer norm are shortened to it."""
_ADAM = (0.9, 0.999, 1e-7)
_RMSPROP = (0.9, 1e-7)
_SHARD_FROM = 16
"""A batch of at least so many windows is computed as two independent halves, which two cores share well."""


class TrainableNetwork:
    """The network on the way to being trained."""

    def __init__(
        self,
        network: NetworkSpec,
        tokenizer: TokenizerSpec,
        training: TrainingSpec,
        vocabulary: Vocabulary,
        weights: Weights,
    ) -> None:
        import tensorflow as tf

        self._network = network
        self._tokenizer = tokenizer
        self._training = training
        self._vocabulary = vocabulary
        self._variables = {name: tf.Variable(value, name=name.replace("/", "_")) for name, value in weights.items()}
        slots = ("first", "second") if training.optimizer == "adam" else ("second",)
        self._slots = {
            f"{slot}/{name}": tf.Variable(np.zeros_like(value), trainable=False)
            for slot in slots
            for name, value in weights.items()
        }
        self._means = {
            name: tf.Variable(value, trainable=False) for name, value in weights.items() if training.averaging
        }
        pitches = vocabulary.values["pitch"]
        studying = Equations(self._variables, network, tokenizer, pitches)
        judging = Equations(self._means or self._variables, network, tokenizer, pitches)
        fields, kinds = len(tokenizer.fields), match_count(tokenizer.fields)
        arrays = (
            tf.TensorSpec((fields, None, None), tf.int32),
            tf.TensorSpec((4, None, None), tf.int32),
            tf.TensorSpec((None, None), tf.float32),
            tf.TensorSpec((kinds, None, None, None), tf.uint8),
            tf.TensorSpec((None, None, None), tf.uint8),
        )
        scalars = (tf.TensorSpec((), tf.float32), tf.TensorSpec((2,), tf.int64), tf.TensorSpec((), tf.float32))
        self._train = tf.function(self._train_step, input_signature=(*arrays, *scalars))
        # A function of its own, so that both halves of a batch share one graph and one tracing.
        self._dropped_losses = tf.function(
            lambda *given: studying.losses(given[:-1], given[-1]), input_signature=(*arrays, scalars[1])
        )
        self._judge = tf.function(lambda *given: judging.losses(given, None), input_signature=arrays)
        self._logits = tf.function(lambda *given: judging.logits(given, None), input_signature=arrays)

    # What training calls

    def warm_up(self, batch: Batch) -> None:
        """Build all graphs, which takes seconds, without a trace in weights and optimizer."""
        state = self.state()
        self.train_batch(batch, step=1, learning_rate=0.0)
        self.held_out_batch(batch)
        self.set_state(state)

    def train_batch(self, batch: Batch, *, step: int, learning_rate: float) -> dict[Field, float]:
        """One optimizer step, the `step`-th, counted from 1. Mean loss of each field in nats, before the step.

        Raises TrainingError when memory runs out.
        """
        import tensorflow as tf

        seed = np.array([self._training.random_seed, 2 * PLACES * step], dtype=np.int64)
        with explained():
            losses = self._train(
                *self._arrays(batch), tf.constant(learning_rate, tf.float32), seed, tf.cast(step, tf.float32)
            )
            means = losses.numpy() / batch.target_count
        return dict(zip(self._tokenizer.fields, means.tolist(), strict=True))

    def held_out_batch(self, batch: Batch) -> dict[Field, float]:
        """Sum of the losses over the batch's targets by field, in nats, of the model (see `weights`)."""
        with explained():
            sums = self._judge(*self._arrays(batch)).numpy()
        return dict(zip(self._tokenizer.fields, sums.tolist(), strict=True))

    def logits(self, batch: Batch) -> dict[Field, npt.NDArray[np.float32]]:
        """The model's scores of every step by field, (windows, steps, vocabulary), the batch's own events given to the chain."""
        found = self._logits(*self._arrays(batch))
        return {field: np.swapaxes(found[field].numpy(), 0, 1) for field in self._tokenizer.fields}

    def weights(self) -> Weights:
        """The model: the mean of the weights where there is one, else the weights."""
        return {name: variable.numpy() for name, variable in (self._means or self._variables).items()}

    def set_weights(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Start from these."""
        for table in (self._variables, self._means):
            for name, variable in table.items():
                variable.assign(weights[name])

    def state(self) -> dict[str, npt.NDArray[np.float32]]:
        """All that a run needs to go on as if it had never stopped."""
        return {name: variable.numpy() for name, variable in self._all().items()}

    def set_state(self, state: Mapping[str, npt.NDArray[np.float32]]) -> None:
        for name, variable in self._all().items():
            variable.assign(state[name])

    def _all(self) -> dict[str, Any]:
        return {
            **{f"weights/{name}": variable for name, variable in self._variables.items()},
            **{f"means/{name}": variable for name, variable in self._means.items()},
            **self._slots,
        }

    # One step

    def _train_step(
        self,
        symbols: Any,
        places: Any,
        targets: Any,
        matches: Any,
        alike: Any,
        learning_rate: Any,
        seed: Any,
        step: Any,
    ) -> Any:
        import tensorflow as tf

        count = tf.reduce_sum(targets)
        half = tf.shape(targets)[1] // 2
        halves = (slice(None, half), slice(half, None)) if self._training.batch >= _SHARD_FROM else (slice(None),)
        with tf.GradientTape() as tape:
            losses = tf.add_n(
                [
                    self._dropped_losses(
                        symbols[:, :, part],
                        places[:, :, part],
                        targets[:, part],
                        matches[:, part],
                        alike[part],
                        moved(seed, PLACES * shard),
                    )
                    for shard, part in enumerate(halves)
                ]
            )
            loss = tf.reduce_sum(losses) / count
        names = list(self._variables)
        gradients = tape.gradient(loss, [self._variables[name] for name in names])
        gradients, _norm = tf.clip_by_global_norm(gradients, _CLIP_NORM)
        for name, gradient in zip(names, gradients, strict=True):
            self._update(name, gradient, learning_rate, step)
        return losses

    def _update(self, name: str, gradient: Any, learning_rate: Any, step: Any) -> None:
        """Adam (Kingma & Ba 2015) with decoupled weight decay, or RMSprop as Keras has it; then the mean of the weights."""
        import tensorflow as tf

        variable, second = self._variables[name], self._slots[f"second/{name}"]
        if self._training.optimizer == "adam":
            keep, keep_square, tiny = _ADAM
            first = self._slots[f"first/{name}"]
            mean = first.assign(keep * first + (1 - keep) * gradient) / (1 - keep**step)
            square = second.assign(keep_square * second + (1 - keep_square) * gradient**2) / (1 - keep_square**step)
            decay = self._training.weight_decay if len(variable.shape) > 1 else 0.0
            variable.assign_sub(learning_rate * (mean / (tf.sqrt(square) + tiny) + decay * variable))
        else:
            keep_square, tiny = _RMSPROP
            square = second.assign(keep_square * second + (1 - keep_square) * gradient**2)
            variable.assign_sub(learning_rate * gradient / tf.sqrt(square + tiny))
        if self._means:
            # At first the mean follows closely, so that it soon forgets where training began.
            kept = tf.minimum(self._training.averaging, (1 + step) / (10 + step))
            running = self._means[name]
            running.assign(kept * running + (1 - kept) * variable)

    def _arrays(self, batch: Batch) -> tuple[npt.NDArray[Any], ...]:
        """The batch as the graphs read it: see `equations.Arrays`."""
        position, bar_steps = batch.bar_position, batch.bar_steps
        fields = self._tokenizer.fields
        symbols = np.stack([batch.symbols[field].T for field in fields])
        values = np.array([*self._vocabulary.values["pitch"], NO_PITCH], np.int32)
        pitches = values[batch.symbols["pitch"]]
        rows = (beat_row(position), within_row(position), metre_row(bar_steps), pitches)
        places = np.stack([row.T for row in rows]).astype(np.int32)
        targets = np.ascontiguousarray(batch.targets.T)
        if not copies(self._network):
            return (
                symbols,
                places,
                targets,
                np.zeros((match_count(fields), len(pitches), 0, 0), np.uint8),
                np.zeros((len(pitches), 0, 0), np.uint8),
            )
        rhythm = [batch.symbols[field][:, 1:] for field in fields if field in ("delta", "duration")]
        matches = all_matches(traits(pitches[:, 1:], pitches[:, 0], rhythm))
        alike = np.zeros((len(pitches), 0, 0), np.uint8)
        if knows_metre(self._tokenizer):
            deltas = np.array([*self._vocabulary.values["delta"], 0])[batch.symbols["delta"]]
            alike = places_alike(deltas, position, bar_steps)
        return symbols, places, targets, matches, alike


def places_alike(
    deltas: npt.NDArray[Any], position: npt.NDArray[Any], bar_steps: npt.NDArray[Any]
) -> npt.NDArray[np.uint8]:
    """(windows, steps + 1, steps + 1): likeness.place_classes of every two events; the first column is like none."""
    onsets = np.cumsum(deltas, axis=1)
    alike = place_classes(
        onsets[:, :, None] - onsets[:, None, :],
        np.maximum(bar_steps, 1)[:, :, None],
        position[:, :, None] == position[:, None, :],
    )
    alike[:, 0] = 0
    alike[:, :, 0] = 0
    return alike
