"""Where copy heads point and what they find there: one pass over all pairs of events, with a gradient of its own.

The pairs (window, head, t, s) are many and everything about them is small, so passes over memory are what costs. Rows t
are taken in blocks whose pairs stay in the processor's cache; events s after a block's last row are left out. Of each
block the attention weights alone are kept for the gradient, which needs one pass less than softmax's: the sum that it
subtracts is taken over the vocabulary, as by Dao et al. 2022, “FlashAttention”, over the width of a head.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.learning.network.weights import DISTANCE_ROWS, distance_row

SHUT = -1e9
_ROWS = 96
_PAIRS = 32768
"""Windows so short that several fit into so many pairs are taken together."""
_LONGEST_WINDOW = 4096


def pointed(
    queries: Any,
    keys: Any,
    feature_weights: Any,
    distance: Any,
    match_features: Callable[[Any, Any, Any, Any], Any],
    offers: Sequence[tuple[int, Any]],
    *,
    training: bool = True,
) -> tuple[Any, ...]:
    """What each head finds, by value: for each of the `offers` (windows, steps, its heads, its values).

    queries, keys: (windows, steps, heads, width), scaled and with whatever else the product should add. feature_weights:
    (features, heads). distance: (heads, 32). match_features: those of a block, (windows, features, rows, s), given
    its first window, that after its last, its first row, and that after its last, which ends its s as well. offers: for heads in their order,
    how many of them offer one kind of value, and which one each event has, as ones and zeros (windows, s, values).
    An event before which there is none finds anything. training: whether there will be a gradient.
    """
    import tensorflow as tf

    dtype = queries.dtype
    windows, steps = tf.shape(queries)[0], tf.shape(queries)[1]
    heads, width = queries.shape[2], queries.shape[3]
    features = feature_weights.shape[0]
    counts = [count for count, _ in offers]
    values = [value for _, value in offers]
    blocks = -(-steps // _ROWS)
    together = tf.where(blocks == 1, tf.maximum(1, _PAIRS // tf.maximum(1, steps * steps)), 1)
    turns = -(-windows // together) * blocks

    def span(turn: Any) -> tuple[Any, Any, Any, Any]:
        """(first window, after the last, first row, after the last) of one turn."""
        first, row = turn // blocks * together, turn % blocks * _ROWS
        return first, tf.minimum(first + together, windows), row, tf.minimum(row + _ROWS, steps)

    def head_major(values: Any) -> Any:
        return tf.transpose(values, (0, 2, 1, 3))

    def features_of(first: Any, last: Any, row: Any, end: Any) -> Any:
        """(windows, features, pairs)."""
        return tf.reshape(match_features(first, last, row, end), (last - first, features, (end - row) * end))

    def array(*shape: int | None) -> Any:
        """Of a value (…, *shape) for each turn."""
        return tf.TensorArray(dtype, turns, infer_shape=False, element_shape=(None, *shape))

    def of_distance(found: Any) -> Any:
        """(heads, 32): the gradient of `distance`, of that of (heads, rows, s), whose last row is its last s.

        Row by row in a rectangle one wider than it is, a diagonal becomes a column.
        """
        rows, end = tf.shape(found)[1], tf.shape(found)[2]
        flat = tf.reshape(found, (heads, rows * end))
        more = -(rows * end) % (end + 1)
        columns = tf.reduce_sum(tf.reshape(tf.pad(flat, ((0, 0), (0, more))), (heads, -1, end + 1)), axis=1)
        row = end - rows
        back = row - tf.range(end + 1)
        back = tf.clip_by_value(tf.where(back > 0, back, back + end + 1), 0, _LONGEST_WINDOW - 1)
        return tf.matmul(columns, tf.one_hot(tf.gather(rows_of, back), DISTANCE_ROWS, dtype=dtype))

    rows_of = tf.constant(distance_row(np.arange(_LONGEST_WINDOW)), tf.int32)

    def find(queries: Any, keys: Any, feature_weights: Any, distance: Any) -> tuple[tuple[Any, ...], Any]:
        # (heads, t, s): by distance, and far down what is not earlier. Each row is the one before, moved by one.
        near = tf.gather(distance, tf.gather(rows_of, tf.range(1, steps)), axis=1)  # (heads, steps - 1)
        nothing = tf.fill((heads, steps + 1), tf.constant(SHUT, dtype))
        ring = tf.concat([nothing, tf.reverse(near, (1,))], axis=1)  # (heads, 2 steps)
        tiled = tf.reshape(tf.tile(ring, (1, steps)), (heads, 2 * steps * steps))
        by_distance = tf.reshape(tiled[:, : steps * (2 * steps - 1)], (heads, steps, 2 * steps - 1))[:, :, :steps]
        weight = tf.transpose(feature_weights)  # (heads, features)

        def forward(turn: Any, attended: Any, found: Any) -> tuple[Any, ...]:
            first, last, row, end = span(turn)
            count, rows = last - first, end - row
            asked = head_major(queries[first:last, row:end])  # (windows, heads, rows, width)
            known = head_major(keys[first:last, :end])  # (windows, heads, s, width)
            # → (windows, heads, pairs)
            matched = tf.matmul(tf.tile(weight[None], (count, 1, 1)), features_of(first, last, row, end))
            scores = tf.matmul(asked, known, transpose_b=True) + tf.reshape(matched, (count, heads, rows, end))
            weights = tf.nn.softmax(scores + by_distance[None, :, row:end, :end])  # (windows, heads, rows, s)
            written = []
            for array, part, own, value in zip(found, tf.split(weights, counts, axis=1), counts, values, strict=True):
                offered = tf.matmul(tf.reshape(part, (count, own * rows, end)), value[first:last, :end])
                offered = tf.transpose(tf.reshape(offered, (count, own, rows, value.shape[-1])), (0, 2, 1, 3))
                written.append(array.write(turn, tf.reshape(offered, (count * rows, own, value.shape[-1]))))
            kept = attended.write(turn, weights) if training else attended
            return turn + 1, kept, tuple(written)

        _, attended, found = tf.while_loop(
            lambda turn, *_: turn < turns,
            forward,
            (0, array(heads, None, None), tuple(array(own, value.shape[-1]) for own, value in offers)),
            parallel_iterations=1,
        )
        found = tuple(
            tf.reshape(array.concat(), (windows, steps, own, value.shape[-1]))
            for array, own, value in zip(found, counts, values, strict=True)
        )

        def gradient(*changes: Any) -> tuple[Any, ...]:
            # What softmax takes from each row is one more value, which every event has.
            changes = tuple(
                tf.concat([change, -tf.reduce_sum(change * was, axis=-1, keepdims=True)], axis=-1)
                for change, was in zip(changes, found, strict=True)
            )
            every = [tf.concat([value, tf.ones_like(value[..., :1])], axis=-1) for value in values]

            def backward(turn: Any, asked: Any, known: Any, feature_weights: Any, distance: Any) -> tuple[Any, ...]:
                first, last, row, end = span(turn)
                count, rows = last - first, end - row
                parts = []
                for change, own, value in zip(changes, counts, every, strict=True):
                    part = tf.reshape(head_major(change[first:last, row:end]), (count, own * rows, value.shape[-1]))
                    back = tf.matmul(part, value[first:last, :end], transpose_b=True)
                    parts.append(tf.reshape(back, (count, own, rows, end)))
                weights = tf.reshape(attended.read(turn), (count, heads, rows, end))
                scores = tf.concat(parts, axis=1) * weights  # (windows, heads, rows, s)
                query = tf.matmul(scores, head_major(keys[first:last, :end]))  # (windows, heads, rows, width)
                key = tf.matmul(scores, head_major(queries[first:last, row:end]), transpose_a=True)
                # → (windows, steps, heads, width)
                key = tf.pad(head_major(key), ((0, 0), (0, steps - end), (0, 0), (0, 0)))
                # → (windows, features, heads)
                matched = tf.matmul(
                    features_of(first, last, row, end),
                    tf.reshape(scores, (count, heads, rows * end)),
                    transpose_b=True,
                )
                return (
                    turn + 1,
                    asked.write(turn, tf.reshape(head_major(query), (count * rows, heads, width))),
                    known.write(turn, tf.reshape(key, (count * steps, heads, width))),
                    feature_weights + tf.reduce_sum(matched, axis=0),
                    distance + of_distance(tf.reduce_sum(scores, axis=0)),
                )

            _, asked, known, *rest = tf.while_loop(
                lambda turn, *_: turn < turns,
                backward,
                (
                    0,
                    array(heads, width),
                    array(heads, width),
                    tf.zeros((features, heads), dtype),
                    tf.zeros((heads, DISTANCE_ROWS), dtype),
                ),
                parallel_iterations=1,
            )
            # Several windows of one turn, or several turns of one window: its turns' changes of the keys are added up.
            by_turn = tf.reshape(known.concat(), (windows, blocks, steps, heads, width))
            return (
                tf.reshape(asked.concat(), (windows, steps, heads, width)),
                tf.reduce_sum(by_turn, axis=1),
                *rest,
            )

        return found, gradient

    found: tuple[Any, ...] = tf.custom_gradient(find)(queries, keys, feature_weights, distance)
    return found
