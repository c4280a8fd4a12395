"""The whole network on the way to being trained: its variables, optimizer steps, and the mean of its weights."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from core.learning.events.dataset import Batch
from core.learning.events.tokenizer import Vocabulary
from core.learning.network.match_features import match_count
from core.learning.network.tensorflow.arrays import Arrays, arrays_of
from core.learning.network.tensorflow.distribution import MESSAGE, Distribution
from core.learning.network.tensorflow.equations import PLACES, Equations, moved
from core.learning.network.tensorflow.lstm import Layer, gpu_layer, processor_layer
from core.learning.network.weights import Weights
from core.learning.spec import Field, NetworkSpec, TokenizerSpec, TrainingSpec

_CLIP_NORM = 1.0
"""Gradients of a longer norm are shortened to it."""
_ADAM = (0.9, 0.999, 1e-7)
_RMSPROP = (0.9, 1e-7)
_WINDOW_AXES = (2, 2, 1, 0, 0)
"""Along which axis of each of `Arrays.given` its windows lie."""


class TrainableNetwork:
    """The network on the way to being trained."""

    def __init__(
        self,
        network: NetworkSpec,
        tokenizer: TokenizerSpec,
        training: TrainingSpec,
        vocabulary: Vocabulary,
        weights: Weights,
        distribution: Distribution | None = None,
    ) -> None:
        import tensorflow as tf

        self._distribution = distribution or Distribution()
        self._halves = self._distribution.halves(training.batch)
        self._network = network
        self._tokenizer = tokenizer
        self._training = training
        self._vocabulary = vocabulary
        self._shapes = {name: value.shape for name, value in weights.items()}
        # All weights lie in one row: the optimizer takes few steps over long rows instead of many over short ones, and
        # its graph is made in no time.
        row = self._joined(weights)  # (weights,)
        slots = ("first", "second") if training.optimizer == "adam" else ("second",)
        with self._distribution.scope():
            self._weights = tf.Variable(row)
            self._slots = {slot: tf.Variable(np.zeros_like(row), trainable=False) for slot in slots}
            self._mean = tf.Variable(row, trainable=False) if training.averaging else None
        decays = {name: np.full(value.shape, np.ndim(value) > 1, np.float32) for name, value in weights.items()}
        # (weights,): 0 for what is no matrix
        self._decay = tf.constant(training.weight_decay * self._joined(decays))
        self._layers: list[Layer] = [
            gpu_layer(len(weights[f"lstm{layer}/kernel"]), network.units)
            if self._distribution.uses_gpu
            else processor_layer
            for layer in range(network.layers)
        ]
        fields, kinds = len(tokenizer.fields), match_count(tokenizer.fields)
        arrays = (
            tf.TensorSpec((fields, None, None), tf.int32),
            tf.TensorSpec((4, None, None), tf.int32),
            tf.TensorSpec((None, None), tf.float32),
            tf.TensorSpec((None, kinds, None, None), tf.uint8),
            tf.TensorSpec((None, None, None), tf.uint8),
        )
        message, seed = tf.TensorSpec((MESSAGE,), tf.float32), tf.TensorSpec((2,), tf.int64)
        number, flat = tf.TensorSpec((), tf.float32), tf.TensorSpec((len(row),), tf.float32)

        def graph(function: Any, *given: Any) -> Any:
            return tf.function(function, input_signature=given, autograph=False)

        self._train = graph(self._train_step, arrays, message, seed, number, number)
        # Functions of their own, so that both halves of a batch share one graph and one tracing.
        self._losses_and_gradient = graph(self._studied, flat, *arrays, seed)
        self._losses = graph(lambda row, *given: self._equations(row).losses(given, None), flat, *arrays)
        self._judge = graph(self._judged, arrays, message)
        self._logits = graph(lambda *given: self._equations(self._model).logits(given, None), *arrays)

    # What training calls

    def warm_up(self, batch: Batch) -> None:
        """Build all graphs, which takes seconds, without a trace in weights and optimizer."""
        state = self.state()
        self.train_batch(batch, step=1, learning_rate=0.0, target_count=1)
        self.validation_batch(batch)
        self.set_state(state)

    def arrays(self, batch: Batch) -> Arrays:
        """The batch as `train_batch` reads it; may be made in another thread meanwhile."""
        return arrays_of(batch, self._network, self._tokenizer, self._vocabulary)

    def train_batch(
        self, batch: Batch | Arrays, *, step: int, learning_rate: float, target_count: int | None = None
    ) -> dict[Field, float]:
        """One optimizer step, the `step`-th, counted from 1. Mean loss of each field in nats, before the step.

        Of several machines each gives its share of the batch, and target_count, of all shares. Raises TrainingError
        when memory runs out, MachineLostError when another machine is gone.
        """
        import tensorflow as tf

        seed = np.array([self._training.random_seed, 2 * PLACES * step], dtype=np.int64)
        arrays = batch if isinstance(batch, Arrays) else self.arrays(batch)
        target_count = target_count or arrays.target_count
        with self._distribution.explained():
            sums = self._train(
                arrays.given,
                self._distribution.message(learning_rate),
                seed,
                tf.constant(step, tf.float32),
                tf.constant(target_count, tf.float32),
            )
            means = self._distribution.heard(sums.numpy()) / target_count
        return dict(zip(self._tokenizer.fields, means.tolist(), strict=True))

    def validation_batch(self, batch: Batch) -> dict[Field, float]:
        """Validation: the sum of the losses over the batch's targets (those of all machines) by field, in nats, of the model (see `weights`)."""
        with self._distribution.explained():
            sums = self._distribution.heard(self._judge(self.arrays(batch).given, self._distribution.message()).numpy())
        return dict(zip(self._tokenizer.fields, sums.tolist(), strict=True))

    def logits(self, batch: Batch) -> dict[Field, npt.NDArray[np.float32]]:
        """The model's scores of every step by field, (windows, steps, vocabulary), the batch's own events given to the chain."""
        found = self._logits(*self.arrays(batch).given)
        return {field: np.swapaxes(found[field].numpy(), 0, 1) for field in self._tokenizer.fields}

    def weights(self) -> Weights:
        """The model: the mean of the weights where there is one, else the weights."""
        return self._named(self._model.numpy())

    def set_weights(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Start from these."""
        for row in (self._weights, self._mean):
            if row is not None:
                row.assign(self._joined(weights))

    def state(self) -> dict[str, npt.NDArray[np.float32]]:
        """All that a run needs to go on as if it had never stopped."""
        return {
            f"{kind}/{name}": value
            for kind, row in self._rows().items()
            for name, value in self._named(row.numpy()).items()
        }

    def set_state(self, state: Mapping[str, npt.NDArray[np.float32]]) -> None:
        for kind, row in self._rows().items():
            row.assign(self._joined({name: state[f"{kind}/{name}"] for name in self._shapes}))

    def _rows(self) -> dict[str, Any]:
        means = {} if self._mean is None else {"means": self._mean}
        return {"weights": self._weights, **means, **self._slots}

    @property
    def _model(self) -> Any:
        return self._weights if self._mean is None else self._mean

    def _joined(self, weights: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        return np.concatenate([np.ravel(weights[name]) for name in self._shapes])

    @property
    def _sizes(self) -> list[int]:
        return [math.prod(shape) for shape in self._shapes.values()]

    def _named(self, row: npt.NDArray[np.float32]) -> Weights:
        parts = np.split(row, np.cumsum(self._sizes)[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def _table(self, row: Any) -> dict[str, Any]:
        """As `_named`, in a graph."""
        import tensorflow as tf

        parts = tf.split(row, self._sizes)
        return {name: tf.reshape(part, shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def _equations(self, row: Any) -> Equations:
        return self._equations_of(self._table(row))

    def _equations_of(self, table: Mapping[str, Any]) -> Equations:
        return Equations(table, self._network, self._tokenizer, self._vocabulary.values["pitch"], self._layers)

    def _judged(self, arrays: Any, message: Any) -> Any:
        import tensorflow as tf

        def losses(arrays: Any) -> Any:
            row = tf.convert_to_tensor(self._model)
            return tf.add_n([self._losses(row, *part) for part in self._parts(arrays)])

        return self._distribution.total(arrays, _WINDOW_AXES, message, losses)

    def _parts(self, arrays: Any) -> list[list[Any]]:
        """The windows as two independent halves where two cores can share them."""
        import tensorflow as tf

        if not self._halves:
            return [list(arrays)]
        half = tf.shape(arrays[0])[_WINDOW_AXES[0]] // 2
        return [
            [array[(*[slice(None)] * axis, part)] for array, axis in zip(arrays, _WINDOW_AXES, strict=True)]
            for part in (slice(None, half), slice(half, None))
        ]

    # One step

    def _train_step(self, arrays: Any, message: Any, seed: Any, step: Any, count: Any) -> Any:
        return self._distribution.step(
            arrays,
            _WINDOW_AXES,
            message,
            seed,
            gradient=self._gradient,
            apply=lambda gradient, learning_rate: self._learn(gradient / count, learning_rate, step),
            weights=self._weights,
        )

    def _gradient(self, arrays: Any, seed: Any) -> tuple[Any, Any]:
        """(gradient of the sum of the losses, (weights,); the losses (fields,)), summed over the targets."""
        import tensorflow as tf

        row = tf.convert_to_tensor(self._weights)  # (weights,)
        studied = [
            self._losses_and_gradient(row, *part, moved(seed, PLACES * number))
            for number, part in enumerate(self._parts(arrays))
        ]
        losses, gradient = (tf.add_n(list(parts)) for parts in zip(*studied, strict=True))
        return gradient, losses

    def _studied(self, row: Any, *given: Any) -> tuple[Any, Any]:
        """(losses (fields,), gradient of their sum, (weights,)) of some windows, summed over their targets."""
        import tensorflow as tf

        *arrays, seed = given
        table = self._table(row)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(table.values()))
            losses = self._equations_of(table).losses(tuple(arrays), seed)
            loss = tf.reduce_sum(losses)
        gradients = tape.gradient(loss, list(table.values()), unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return losses, tf.concat([tf.reshape(gradient, (-1,)) for gradient in gradients], 0)

    def _learn(self, gradient: Any, learning_rate: Any, step: Any) -> None:
        """Adam (Kingma & Ba 2015) with decoupled weight decay, or RMSprop as Keras has it; then the mean of the weights."""
        import tensorflow as tf

        (gradient,), _norm = tf.clip_by_global_norm([gradient], _CLIP_NORM)
        weights, second = self._weights, self._slots["second"]
        if self._training.optimizer == "adam":
            keep, keep_square, tiny = _ADAM
            left, left_square = keep**step, keep_square**step
            weights.assign(weights * (1 - learning_rate * self._decay))
            tf.raw_ops.ResourceApplyAdam(
                var=weights.handle,
                m=self._slots["first"].handle,
                v=second.handle,
                beta1_power=left,
                beta2_power=left_square,
                lr=learning_rate,
                beta1=keep,
                beta2=keep_square,
                epsilon=tiny * tf.sqrt(1 - left_square),  # it knows no correction of the second moment there
                grad=gradient,
            )
        else:
            keep_square, tiny = _RMSPROP
            square = second.assign(keep_square * second + (1 - keep_square) * gradient**2)
            weights.assign_sub(learning_rate * gradient / tf.sqrt(square + tiny))
        if self._mean is not None:
            # At first the mean follows closely, so that it soon forgets where training began.
            kept = tf.minimum(self._training.averaging, (1 + step) / (10 + step))
            self._mean.assign(kept * self._mean + (1 - kept) * weights)
