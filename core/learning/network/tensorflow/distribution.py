"""Who computes what: one device alone, all GPUs of a machine, or all devices of several machines.

Each device is a *replica*: it holds all weights, reads its share of every batch's windows, and the replicas' gradients
are summed before each step, so that the step is the one that a single device would take on the whole batch. What has
to be the same everywhere, yet only the chief can know (its clock, what its owner wants), travels as a *message* of a few
numbers with those sums: it costs no message of its own, and is heard one batch later.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from core.learning.network.tensorflow.cluster import Cluster
from core.learning.network.tensorflow.runtime import explained, quiet_tensorflow

FloatArray = npt.NDArray[np.float32]
Wish = Literal["go", "stop"]

MESSAGE = 3
"""Learning rate, whether to stop, seconds trained."""
_NUMBERS = 2**24
"""A float32 holds whole numbers below this exactly, on any device and through any sum with zeros."""
_BYTES_A_NUMBER = 3
_SEEDS_A_REPLICA = 2**40
"""Each replica's dropout masks are drawn with seeds of their own, so far apart that they never meet."""
_HALVES_FROM = 2
"""A processor computes a share of at least so many windows as two independent halves, which two cores share well."""

_NO_SERVER = "Could not start gRPC server"


class Distribution:
    """One device alone by default; with a strategy of tf.distribute, all of its devices."""

    def __init__(self, strategy: Any = None, cluster: Cluster | None = None) -> None:
        self._strategy = strategy
        self._cluster = cluster
        self.machines = len(cluster.addresses) if cluster else 1
        self._machine = cluster.index if cluster else 0
        self.replicas = int(strategy.num_replicas_in_sync) if strategy else 1
        """All of them, on all machines."""
        self._here = self.replicas // self.machines
        self._said = self._heard = (0.0, 0.0)  # as in a message, without the learning rate

    @property
    def is_chief(self) -> bool:
        """Whether this machine keeps the model."""
        return self._machine == 0

    @property
    def uses_gpu(self) -> bool:
        import tensorflow as tf

        return bool(tf.config.list_logical_devices("GPU"))

    def halves(self, batch: int) -> bool:
        """Whether a replica's share of so many windows is better computed as two halves."""
        return not self.uses_gpu and batch // self.replicas >= _HALVES_FROM

    # Windows

    def share(self, plan: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], int]:
        """The rows of a batch's plan that this machine reads, and how many of them count: the last ones may only fill up.

        Each replica gets equally many, at least one.
        """
        if self._strategy is None:
            return plan, len(plan)
        each = -(-len(plan) // self.replicas)
        first = self._machine * self._here * each
        places = np.arange(first, first + self._here * each)
        return plan[np.minimum(places, len(plan) - 1)], int(np.sum(places < len(plan)))

    # What the chief alone can know

    def agreed(self, wish: Wish) -> Wish:
        """What all machines do now: of several, what the chief wished a batch ago."""
        if self.machines == 1:
            return wish
        self._said = (float(wish == "stop"), self._said[1])
        return "stop" if self._heard[0] else "go"

    def agreed_elapsed_s(self, elapsed_s: float) -> float:
        """How long training has taken: of several machines, by the chief's clock a batch ago."""
        if self.machines == 1:
            return elapsed_s
        self._said = (self._said[0], elapsed_s)
        return self._heard[1]

    def from_chief(self, content: bytes) -> bytes:
        """The chief's content on every machine; what the others give is dropped. Raises MachineLostError."""
        if self.machines == 1:
            return content
        size = len(content) if self.is_chief else 0
        low, high = self._sum(np.array([size % _NUMBERS, size // _NUMBERS], np.float32)).tolist()
        size = int(low) + int(high) * _NUMBERS
        numbers = -(-size // _BYTES_A_NUMBER)
        return _as_bytes(self._sum(_as_numbers(content) if self.is_chief else np.zeros(numbers, np.float32)))[:size]

    def leave(self) -> None:
        """Wait until every machine has what the last batch gave, so that none ends too early for another. Raises nothing."""
        if self.machines > 1:
            with suppress(TrainingError):  # a machine has left already, with all that it needs
                self._sum(np.zeros(1, np.float32))

    def _sum(self, values: FloatArray) -> FloatArray:
        """Over the machines."""
        import tensorflow as tf

        strategy = self._strategy

        def on_replica(values: Any) -> Any:
            is_first = tf.distribute.get_replica_context().replica_id_in_sync_group % self._here == 0
            return tf.where(is_first, values, tf.zeros_like(values))

        def total(values: Any) -> Any:
            return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(on_replica, args=(values,)), axis=None)

        with explained(self._cluster):
            return np.asarray(tf.function(total)(tf.constant(values)).numpy(), dtype=np.float32)

    # Graphs

    def scope(self) -> AbstractContextManager[Any]:
        """Variables made within it are on every replica, all as the chief's first."""
        return nullcontext() if self._strategy is None else self._strategy.scope()

    def explained(self) -> AbstractContextManager[None]:
        """Turns TensorFlow's errors that a person can do something about into TrainingErrors."""
        return explained(self._cluster)

    def message(self, learning_rate: float = 0.0) -> FloatArray:
        """(3,): goes into `step` and `total`; only the chief's counts."""
        return np.array([learning_rate, *self._said], dtype=np.float32)

    def heard(self, sums: FloatArray) -> FloatArray:
        """(losses,) of the sums that `step` or `total` gave, (losses + 3,) where there are several replicas; keeps the message.

        `agreed` and `agreed_elapsed_s` tell what it said.
        """
        if self._strategy is None:
            return sums
        self._heard = (float(sums[-2]), float(sums[-1]))
        return sums[:-MESSAGE]

    def step(
        self,
        arrays: Sequence[Any],
        window_axes: Sequence[int],
        message: Any,
        seed: Any,
        *,
        gradient: Callable[[Sequence[Any], Any], tuple[Any, Any]],
        apply: Callable[[Any, Any], None],
        weights: Any,
    ) -> Any:
        """Have each replica compute the gradient of its windows, and apply the sum everywhere; the sums of the losses.

        arrays: of the windows of this machine, which lie along `window_axes`. gradient: of (arrays, seed), one row, with
        the losses that it is of, (losses,). apply: with (gradient, learning rate). weights: the row, a variable, that the
        gradient is for. Gradient, losses and message travel as one row, so that a step is taken wholly or not at all.
        """
        import tensorflow as tf

        strategy = self._strategy
        if strategy is None:
            found, losses = gradient(arrays, seed)
            apply(found, message[0])
            return losses

        def on_replica(arrays: Any, message: Any, seed: Any) -> Any:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            own = seed + tf.stack([tf.constant(0, tf.int64), tf.cast(replica, tf.int64) * _SEEDS_A_REPLICA])
            found, losses = gradient(self._own(arrays, window_axes, replica), own)
            return tf.concat([found, _with_message(losses, message, replica)], 0)

        parts = strategy.run(on_replica, args=(arrays, message, seed))
        sums = strategy.extended.reduce_to(tf.distribute.ReduceOp.SUM, parts, weights)
        size = weights.shape[0]

        def everywhere(_weights: Any, sums: Any) -> Any:
            apply(sums[:size], sums[-MESSAGE])
            return tf.no_op()

        strategy.extended.update(weights, everywhere, args=(sums,))
        return strategy.experimental_local_results(sums)[0][size:]

    def total(
        self, arrays: Sequence[Any], window_axes: Sequence[int], message: Any, losses: Callable[[Sequence[Any]], Any]
    ) -> Any:
        """The sums over all replicas of what `losses` gives for the windows of each, (losses,)."""
        import tensorflow as tf

        if self._strategy is None:
            return losses(arrays)

        def on_replica(arrays: Any, message: Any) -> Any:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            return _with_message(losses(self._own(arrays, window_axes, replica)), message, replica)

        parts = self._strategy.run(on_replica, args=(arrays, message))
        return self._strategy.reduce(tf.distribute.ReduceOp.SUM, parts, axis=None)

    def _own(self, arrays: Sequence[Any], window_axes: Sequence[int], replica: Any) -> list[Any]:
        """The windows of one replica, of those of its machine."""
        import tensorflow as tf

        if self._here == 1:
            return list(arrays)
        place = replica % self._here
        found = []
        for array, axis in zip(arrays, window_axes, strict=True):
            each = tf.shape(array)[axis] // self._here
            found.append(array[(*[slice(None)] * axis, slice(place * each, (place + 1) * each))])
        return found


def started(threads: int, cluster: Cluster | None = None) -> Distribution:
    """Import TensorFlow, with so many threads, and take every GPU of this machine, else its processor; and join the cluster.

    Returns when all machines of the cluster are there, however long that takes. Raises TrainingError.
    """
    quiet_tensorflow(threads, wakes=cluster is None)
    import tensorflow as tf

    if cluster is not None:
        try:
            return Distribution(tf.distribute.MultiWorkerMirroredStrategy(), cluster)
        except tf.errors.OpError as error:
            raise _not_joined(cluster, str(error)) from error
    several = len(tf.config.list_logical_devices("GPU")) > 1
    return Distribution(tf.distribute.MirroredStrategy() if several else None)


def _not_joined(cluster: Cluster, told: str) -> TrainingError:
    address = cluster.addresses[cluster.index]
    if _NO_SERVER in told:
        return TrainingError(
            f"This machine can't listen on {address}.", hint="End what uses that port, or choose another in TF_CONFIG."
        )
    return TrainingError(
        f"The machines can't join: {told.splitlines()[0].rstrip('.')}.",
        hint=f"Start all of them anew; they have to reach each other, and this one has to be {address}.",
    )


def _with_message(losses: Any, message: Any, replica: Any) -> Any:
    """The losses and, from the chief's first replica, the message."""
    import tensorflow as tf

    return tf.concat([losses, tf.where(tf.equal(replica, 0), message, tf.zeros_like(message))], 0)


def _as_numbers(content: bytes) -> FloatArray:
    rest = -len(content) % _BYTES_A_NUMBER
    raw = np.frombuffer(content + bytes(rest), dtype=np.uint8).reshape(-1, _BYTES_A_NUMBER)
    return (raw @ np.array([2**16, 2**8, 1], dtype=np.int64)).astype(np.float32)


def _as_bytes(numbers: FloatArray) -> bytes:
    whole = numbers.astype(np.int64)[:, None] >> np.array([16, 8, 0])
    return bytes((whole & 0xFF).astype(np.uint8))
