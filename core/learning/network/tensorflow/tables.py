"""Rows of small tables, with a gradient that is deterministic and dense."""

from typing import Any


def rows(table: Any, index: Any) -> Any:
    """Rows of a small table; the gradient is one matrix product."""
    import tensorflow as tf

    def look_up(values: Any) -> tuple[Any, Any]:
        def gradient(change: Any) -> Any:
            count = tf.shape(values)[0]
            hits = tf.one_hot(tf.reshape(index, (-1,)), count)
            return tf.matmul(hits, tf.reshape(change, (-1, values.shape[1])), transpose_a=True)

        return tf.gather(values, index), gradient

    return tf.custom_gradient(look_up)(tf.convert_to_tensor(table))
