"""Copying heads in TensorFlow, as weights.py has them: what they find among earlier events, and the mixture with it.

Pairs of events are (heads or features, windows, t, s), everything else is time-major, as in the rest of the network.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.learning.likeness import (
    LAG_CLASSES,
    MATCH_FEATURES,
    MATCH_LEVELS,
    NO_PITCH,
    PLACE_FEATURES,
    SAME_PLACE,
)
from core.learning.network.tables import rows
from core.learning.spec import Field, NetworkSpec, TokenizerSpec
from core.learning.weights import (
    COPY_WIDTH,
    FARTHEST_INTERVAL,
    INTERVAL_ROWS,
    INTERVALS,
    TINY,
    copy_heads,
    distance_row,
    knows_metre,
)

_SHUT = -1e9
_LONGEST_WINDOW = 4096


def interval_rows(pitches: Any) -> Any:
    """(steps, windows): rows of the table `interval` for the step from the pitch before to each; none before the first."""
    import tensorflow as tf

    before = tf.concat([tf.fill([1, tf.shape(pitches)[1]], NO_PITCH), pitches[:-1]], axis=0)
    inside = tf.clip_by_value(pitches - before, -FARTHEST_INTERVAL, FARTHEST_INTERVAL) + FARTHEST_INTERVAL
    return tf.where((pitches == NO_PITCH) | (before == NO_PITCH), INTERVAL_ROWS - 1, inside)


def by_pitch(offered: Any, last: Any, values: Any) -> Any:
    """What is offered for each interval, (steps, windows, 51), as offered for each pitch of the vocabulary, (…, vocabulary).

    last: (steps, windows), the pitches that the intervals start from; from NO_PITCH nothing is offered. values: the
    vocabulary's pitches. The gradient is the same move back, where autodiff would scatter.
    """
    import tensorflow as tf

    symbol_of = np.full(128 + 2 * (FARTHEST_INTERVAL + 1), -1, np.int32)
    symbol_of[np.asarray(values) + FARTHEST_INTERVAL + 1] = np.arange(len(values))
    here = last[..., None]

    def forward(offered: Any) -> tuple[Any, Any]:
        place = tf.constant(values, tf.int32) - here + FARTHEST_INTERVAL
        is_offered = (place >= 0) & (place < INTERVALS) & (here != NO_PITCH)
        moved = tf.gather(offered, tf.where(is_offered, place, 0), batch_dims=2)

        def gradient(change: Any) -> Any:
            pitch = here + tf.range(-FARTHEST_INTERVAL, FARTHEST_INTERVAL + 1)
            symbol = tf.gather(tf.constant(symbol_of), pitch + FARTHEST_INTERVAL + 1)
            is_known = (symbol >= 0) & (here != NO_PITCH)
            back = tf.gather(change, tf.where(is_known, symbol, 0), batch_dims=2)
            return tf.where(is_known, back, tf.zeros((), change.dtype))

        return tf.where(is_offered, moved, tf.zeros((), moved.dtype)), gradient

    return tf.custom_gradient(forward)(offered)


class Copying:
    """What all fields share of one batch."""

    def __init__(
        self,
        table: Mapping[str, Any],
        network: NetworkSpec,
        tokenizer: TokenizerSpec,
        pitch_values: tuple[int, ...],
        symbols: Any,
        pitches: Any,
        matches: Any,
        places: Any,
    ) -> None:
        """Symbols (fields, steps + 1, windows), pitches (steps + 1, windows), matches (kinds, windows, t, s) and places
        (windows, steps + 1, steps + 1) as likeness.py gives them.
        """
        import tensorflow as tf

        self._table, self._network, self._tokenizer = table, network, tokenizer
        self._pitch_values = pitch_values
        self._symbols = tf.transpose(symbols[:, 1:], (0, 2, 1))  # (fields, windows, steps)
        self._last = pitches[:-1]
        steps = tf.shape(pitches)[0] - 1
        back = tf.range(steps)[:, None] - tf.range(steps)[None, :]
        row_of = tf.constant(distance_row(np.arange(_LONGEST_WINDOW)), tf.int32)
        self._distances = tf.gather(row_of, tf.maximum(back, 0))

        self._interval_rows = tf.transpose(interval_rows(pitches)[1:])  # (windows, steps)
        intervals = tf.transpose(pitches[1:] - self._last)
        has_before = tf.transpose(self._last) != NO_PITCH
        can_move = has_before & (tf.abs(intervals) <= FARTHEST_INTERVAL)
        self._intervals = tf.where(can_move, intervals + FARTHEST_INTERVAL, -1)
        is_earlier = tf.broadcast_to(back > 0, tf.concat([tf.shape(can_move), [steps]], 0))  # (windows, t, s)
        may_move = is_earlier & can_move[:, None, :] & has_before[:, :, None]
        self._can_open = [
            tf.transpose(tf.reduce_any(may, axis=2)) for may in (is_earlier, may_move)
        ]  # (steps, windows)
        self._like = self._likeness(matches, places, is_earlier, may_move)

        longest = tf.transpose(
            tf.cast(tf.reduce_max(matches, axis=3), tf.float32), (2, 1, 0)
        )  # (steps, windows, kinds)
        known = tf.math.log1p(tf.cast(tf.range(steps), tf.float32)) / 5
        self._hints = tf.concat(
            [
                longest / 8,
                tf.cast(longest > 0, tf.float32),
                tf.broadcast_to(known[:, None, None], tf.concat([tf.shape(longest)[:2], [1]], 0)),
            ],
            axis=-1,
        )

    def _likeness(self, matches: Any, places: Any, is_earlier: Any, may_move: Any) -> dict[Field, Any]:
        """Each field's likeness, (heads, windows, t, s), and far down what may not be copied.

        One product for all fields and features: the pairs are many, and each pass over them costs.
        """
        import tensorflow as tf

        fields = self._tokenizer.fields
        lengths = tf.cast(matches, tf.float32)
        levels = tf.constant(MATCH_LEVELS, tf.float32)[None, :, None, None, None]
        told = tf.concat([tf.cast(lengths[:, None] > levels, tf.float32), lengths[:, None] / 8], axis=1)
        match_width = MATCH_FEATURES * matches.shape[0]
        features = [tf.reshape(told, tf.concat([[match_width], tf.shape(matches)[1:]], 0))]
        place_width = 0
        if knows_metre(self._tokenizer):
            place_width = PLACE_FEATURES
            lags = tf.bitwise.bitwise_and(places, SAME_PLACE - 1)
            alike = [places >= SAME_PLACE, *(lags == number for number in range(1, LAG_CLASSES + 1))]
            # Where the next event lies is known once its delta is: delta itself looks at the places of the events before.
            features += [tf.cast(tf.stack([one[:, :-1, :-1] for one in alike]), tf.float32)]
            features += [tf.cast(tf.stack([one[:, 1:, 1:] for one in alike]), tf.float32)]
        rest = [chosen[:, :, None] == chosen[:, None, :] for chosen in tf.unstack(self._symbols)[:-1]]
        rest += [~is_earlier, ~may_move]
        features += [tf.cast(tf.stack(rest), tf.float32)]
        weights, counts = [], []
        for position, field in enumerate(fields):
            exact, moving = copy_heads(self._network, field)
            counts.append(exact + moving)
            own = self._table[f"copy/{field}/likeness"]  # (features, heads)
            match, place, same = tf.split(own, [match_width, place_width, position])
            none = tf.zeros_like(place)
            shut = np.full((2, exact + moving), _SHUT, np.float32)
            shut[1, :exact] = 0
            unknown = tf.zeros((len(fields) - 1 - position, exact + moving))
            here = (place, none) if field == "delta" else (none, place)
            weights.append(tf.concat([match, *here, same, unknown, shut], axis=0))
        every = tf.transpose(tf.concat(weights, axis=1))  # (all heads, features)
        like = tf.tensordot(every, tf.concat(features, axis=0), 1)
        return dict(zip(fields, tf.split(like, counts), strict=True))

    def scores(self, field: Field, read: Any, states: Any) -> tuple[Any, Any]:
        """(how much each head attends, (heads, windows, t, s), what they found, (steps, windows, heads · embedding))."""
        import tensorflow as tf

        table, position = self._table, self._tokenizer.fields.index(field)
        exact, moving = copy_heads(self._network, field)
        heads = exact + moving
        steps, windows = tf.shape(read)[0], tf.shape(read)[1]

        def cut(values: Any, role: str) -> Any:
            projected = tf.tensordot(values, table[f"copy/{field}/{role}"], 1)
            return tf.transpose(tf.reshape(projected, (steps, windows, heads, COPY_WIDTH)), (2, 1, 0, 3))

        scores = tf.matmul(cut(read, "query") * COPY_WIDTH**-0.5, cut(states, "key"), transpose_b=True)
        distance = rows(tf.transpose(table[f"copy/{field}/distance"]), self._distances)  # (t, s, heads)
        scores += self._like[field] + tf.transpose(distance, (2, 0, 1))[:, None]
        weights = tf.nn.softmax(scores)

        # Head by head: TensorFlow 2.21 crashes in a product of batches that have to be broadcast.
        values = rows(table[f"embedding/{field}"], self._symbols[position])  # (windows, steps, embedding)
        found = [tf.matmul(weights[head], values) for head in range(exact)]
        if moving:
            moves = rows(table["interval"], self._interval_rows)
            found += [tf.matmul(weights[head], moves) for head in range(exact, heads)]
        # Where there is nothing to copy, the weights are even over what is to come: found, and the gates, are shut there.
        is_open = tf.cast(tf.repeat(self._openable(field), self._network.embedding, axis=-1), tf.float32)
        return weights, tf.transpose(tf.concat(found, axis=-1), (1, 0, 2)) * is_open

    def _openable(self, field: Field) -> Any:
        """(steps, windows, heads): whether each head has anything to copy."""
        import tensorflow as tf

        exact, moving = copy_heads(self._network, field)
        return tf.stack([self._can_open[0]] * exact + [self._can_open[1]] * moving, axis=-1)

    def mixed(self, field: Field, read: Any, found: Any, weights: Any, logits: Any) -> Any:
        """Scores of the mixture, (steps, windows, vocabulary); logits: of the head alone."""
        import tensorflow as tf

        table = self._table
        exact, moving = copy_heads(self._network, field)
        told = tf.concat([read, found, self._hints], axis=-1)
        hidden = tf.nn.relu(tf.tensordot(told, table[f"gate/{field}/hidden"], 1) + table[f"gate/{field}/hidden_bias"])
        openness = tf.tensordot(hidden, table[f"gate/{field}/output"], 1) + table[f"gate/{field}/output_bias"]
        can_open = tf.concat([tf.ones_like(self._can_open[0])[..., None], self._openable(field)], axis=-1)
        gates = tf.nn.softmax(tf.where(can_open, openness, _SHUT))
        shares = tf.transpose(gates[..., 1:], (2, 1, 0))[..., None] * weights  # (heads, windows, t, s)
        symbols = self._symbols[self._tokenizer.fields.index(field)]
        values = tf.one_hot(symbols, logits.shape[-1])  # (windows, s, vocabulary)
        copied = tf.transpose(tf.matmul(tf.reduce_sum(shares[:exact], 0), values), (1, 0, 2))
        if moving:
            offered = tf.matmul(tf.reduce_sum(shares[exact:], 0), tf.one_hot(self._intervals, INTERVALS))
            copied += by_pitch(tf.transpose(offered, (1, 0, 2)), self._last, self._pitch_values)
        return tf.math.log(gates[..., :1] * tf.nn.softmax(logits) + copied + TINY)

    def relative(self, read: Any) -> Any:
        """What the pitch's head adds for the interval from the last pitch, (steps, windows, vocabulary)."""
        import tensorflow as tf

        offered = tf.tensordot(read, self._table["head/pitch/relative"], 1) + self._table["head/pitch/relative_bias"]
        return by_pitch(offered, self._last, self._pitch_values)
