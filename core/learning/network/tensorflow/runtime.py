"""TensorFlow's start, its machine's devices, and its ways to say that memory ran out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import TrainingError
from core.learning.network.tensorflow.cluster import Cluster
from core.silence import standard_error_shut

_ABORTED = "Collective ops is aborted"
"""What TensorFlow says on the machines that are left, whatever befell the one that is gone."""


def quiet_tensorflow(threads: int, *, wakes: bool = True) -> None:
    """Import TensorFlow with so many threads, without its chatter. Call once, before anything else here.

    wakes: its devices too, which then can't become a cluster's any more. Raises TrainingError when it can't be loaded.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with standard_error_shut():  # TensorFlow's C++ greets before it reads how quiet it should be
        try:
            import tensorflow as tf
        except ImportError as error:
            raise TrainingError(
                f"TensorFlow, which trains, can't be loaded: {error}.", hint="Install Ritornello again."
            ) from error
        tf.get_logger().setLevel("ERROR")
        # The threads that run operations compute as well: with as many helpers again, two cores lose a sixth of their time.
        tf.config.threading.set_intra_op_parallelism_threads(max(1, threads - 1))
        tf.config.threading.set_inter_op_parallelism_threads(max(2, threads))
        # What rewriting graphs gains is lost in noise; it takes half of the seconds before training starts.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        if wakes:
            tf.config.list_logical_devices()  # the runtime has its own say


def visible_gpus() -> tuple[str, ...]:
    """The GPUs that TensorFlow can compute on, by name. In a process of its own: importing takes seconds and memory."""
    quiet_tensorflow(1)
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    return tuple(str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)) for gpu in devices)


@contextmanager
def explained(cluster: Cluster | None = None) -> Iterator[None]:
    """Turns TensorFlow's ways to say that memory ran out, or another machine is gone, into the one sentence."""
    import tensorflow as tf

    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        raise out_of_memory() from error
    except tf.errors.OpError as error:
        is_lost = isinstance(error, tf.errors.UnavailableError | tf.errors.DeadlineExceededError)
        if cluster is None or not (is_lost or _ABORTED in str(error)):
            raise
        raise cluster.lost(str(error)) from error


def out_of_memory() -> TrainingError:
    return TrainingError(
        "Training ran out of memory. The best so far is kept.",
        hint="Choose a smaller preset, window or batch, or close other programs, and go on.",
    )
