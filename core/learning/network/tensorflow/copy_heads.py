"""Copy heads in TensorFlow, as weights.py has them: what they find among earlier events, and the mixture with it.

All heads of all fields point at once: while training, every field of the events to be chosen is known.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.learning.network.match_features import (
    LAG_CLASSES,
    MATCH_FEATURES,
    MATCH_LEVELS,
    NO_PITCH,
    PLACE_FEATURES,
    SAME_PLACE,
    match_count,
)
from core.learning.network.tensorflow.pointing import SHUT, pointed
from core.learning.network.weights import (
    COPY_WIDTH,
    FARTHEST_INTERVAL,
    INTERVAL_ROWS,
    INTERVALS,
    TINY,
    copy_head_counts,
    knows_metre,
)
from core.learning.spec import Field, NetworkSpec, TokenizerSpec


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


class CopyHeads:
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
        pair_places: Any,
    ) -> None:
        """Symbols (fields, steps + 1, windows), pitches (steps + 1, windows), matches and pair_places as `arrays.Arrays` has them."""
        import tensorflow as tf

        self._table, self._network, self._tokenizer = table, network, tokenizer
        self._pitch_values = pitch_values
        self._symbols = tf.transpose(symbols[:, 1:], (0, 2, 1))  # (fields, windows, steps)
        self._last = pitches[:-1]  # (steps, windows)
        self._matches, self._pair_places = matches, pair_places
        steps = tf.shape(pitches)[0] - 1
        intervals = pitches[1:] - self._last  # (steps, windows)
        can_move = (self._last != NO_PITCH) & (tf.abs(intervals) <= FARTHEST_INTERVAL)  # (steps, windows)
        self._can_move = tf.transpose(can_move)  # (windows, steps)
        self._moves = tf.transpose(tf.where(can_move, intervals + FARTHEST_INTERVAL, -1))  # (windows, steps)
        copied = tf.broadcast_to(tf.range(steps)[:, None] > 0, tf.shape(can_move))  # (steps, windows)
        moved = tf.cumsum(tf.cast(can_move, tf.int32), axis=0, exclusive=True) > 0  # (steps, windows)
        self._can_open = copied, moved & (self._last != NO_PITCH)
        longest = tf.transpose(
            tf.cast(tf.reduce_max(matches, axis=3), tf.float32), (2, 0, 1)
        )  # (steps, windows, kinds)
        known = tf.math.log1p(tf.cast(tf.range(steps), tf.float32)) / 5  # (steps,)
        self.hints = tf.concat(
            [
                longest / 8,
                tf.cast(longest > 0, tf.float32),
                tf.broadcast_to(known[:, None, None], tf.concat([tf.shape(can_move), [1]], 0)),
            ],
            axis=-1,
        )
        """(steps, windows, …): of longest matches, and of how much there is to copy."""

    def found(
        self, queries: Mapping[Field, Any], states: Any, *, training: bool
    ) -> dict[Field, tuple[Any, Any | None]]:
        """By field, what its heads offer for each step: how likely each symbol is, and each interval.

        First (steps, windows, exact heads, vocabulary); then, for the pitch, (steps, windows, transposing heads, 51), for
        other fields None. Odds sum to 1 over the last axis, or to 0 where there is nothing to copy. queries: of each field,
        (steps, windows, its heads · COPY_WIDTH). states: (steps, windows, units). training: whether a gradient will be
        asked for; without one, less is kept.
        """
        import tensorflow as tf

        fields, steps, windows = self._tokenizer.fields, tf.shape(states)[0], tf.shape(states)[1]

        def batch_major(values: Any) -> Any:
            return tf.transpose(tf.reshape(values, (steps, windows, -1, COPY_WIDTH)), (1, 0, 2, 3))

        asked = batch_major(tf.concat([queries[field] for field in fields], axis=-1) * COPY_WIDTH**-0.5)
        to_keys = tf.concat([self._table[f"copy/{field}/key"] for field in fields], axis=1)  # (units, heads · width)
        known = batch_major(tf.tensordot(states, to_keys, 1))  # (windows, steps, heads, width)
        # One more number of each query and key shuts what a transposing head can't move.
        moving = np.concatenate([np.repeat([0.0, 1.0], copy_head_counts(self._network, field)) for field in fields])
        shut = tf.where(self._can_move, 0.0, SHUT)[:, :, None] * tf.constant(moving, tf.float32)  # (windows, s, heads)
        heads = len(moving)
        asked = tf.reshape(asked, (windows, steps, heads, COPY_WIDTH))
        known = tf.reshape(known, (windows, steps, heads, COPY_WIDTH))
        asked = tf.concat([asked, tf.ones_like(asked[..., :1])], axis=-1)
        known = tf.concat([known, shut[..., None]], axis=-1)
        distance = tf.concat([self._table[f"copy/{field}/distance"] for field in fields], axis=0)  # (heads, 32)
        offers = []
        for row, field in enumerate(fields):
            exact, transposing = copy_head_counts(self._network, field)
            size = self._table[f"embedding/{field}"].shape[0] - 1
            offers.append((exact, tf.one_hot(self._symbols[row], size)))  # (windows, steps, vocabulary)
            if transposing:
                offers.append((transposing, tf.one_hot(self._moves, INTERVALS)))  # (windows, steps, 51)
        given = iter(
            pointed(asked, known, self._feature_weights(), distance, self._match_features, offers, training=training)
        )
        is_open = [tf.cast(can, tf.float32)[..., None, None] for can in self._can_open]  # (steps, windows, 1, 1) each

        def opened(moves: int) -> Any:
            # Where there is nothing to copy, the weights are even over what is to come.
            return tf.transpose(next(given), (1, 0, 2, 3)) * is_open[moves]

        return {
            field: (opened(0), opened(1) if copy_head_counts(self._network, field)[1] else None) for field in fields
        }

    def _match_features(self, first: Any, last: Any, row: Any, end: Any) -> Any:
        """The match features of the pairs of some windows and rows, (windows, features, rows, end).

        For each level whether each kind of match is longer, then its length; whether at one place in the bar and each
        lag, of the events before, then of both themselves; then whether the same in each field but the last.
        """
        import tensorflow as tf

        lengths = self._matches[first:last, :, row:end, :end]  # (windows, kinds, rows, end)
        features = [tf.cast(lengths > tf.constant(level, tf.uint8), tf.float32) for level in MATCH_LEVELS]
        features.append(tf.cast(lengths, tf.float32))
        if knows_metre(self._tokenizer):
            for ahead in (0, 1):
                pair_places = self._pair_places[first:last, None, row + ahead : end + ahead, ahead : end + ahead]
                # → (windows, 1, rows, end)
                lags = tf.bitwise.bitwise_and(pair_places, tf.constant(SAME_PLACE - 1, tf.uint8))
                told = [pair_places >= tf.constant(SAME_PLACE, tf.uint8)]
                told += [lags == tf.constant(number, tf.uint8) for number in range(1, LAG_CLASSES + 1)]
                features.append(tf.cast(tf.concat(told, axis=1), tf.float32))
        symbols = tf.transpose(self._symbols[:-1, first:last], (1, 0, 2))  # (windows, fields - 1, steps)
        if len(self._tokenizer.fields) > 1:
            features.append(tf.cast(symbols[:, :, row:end, None] == symbols[:, :, None, :end], tf.float32))
        return tf.concat(features, axis=1)

    def _feature_weights(self) -> Any:
        """(features, heads): what each feature adds for each head."""
        import tensorflow as tf

        fields = self._tokenizer.fields
        match_width = MATCH_FEATURES * match_count(fields)
        place_width = PLACE_FEATURES if knows_metre(self._tokenizer) else 0
        kinds = match_count(fields)
        # A length is told as m / 8; features go by level first here, by kind in the weights.
        scale = np.tile([1.0] * (MATCH_FEATURES - 1) + [1 / 8], kinds).astype(np.float32)[:, None]
        order = np.arange(match_width).reshape(kinds, MATCH_FEATURES).T.ravel()
        weights = []
        for position, field in enumerate(fields):
            own = self._table[f"copy/{field}/likeness"]  # (features, heads)
            match, place, same = tf.split(own, [match_width, place_width, position])
            # Where the next event lies is known once its delta is: delta itself looks at the places of the events before.
            none = tf.zeros_like(place)
            here = (place, none) if field == "delta" else (none, place)
            unknown = tf.zeros((len(fields) - 1 - position, own.shape[1]))
            weights.append(tf.concat([tf.gather(match * scale, order), *here, same, unknown], axis=0))
        return tf.concat(weights, axis=1)

    def embedded(self, field: Field, offered: tuple[Any, Any | None]) -> Any:
        """(steps, windows, heads · embedding): what the heads found, as the network reads it."""
        import tensorflow as tf

        by_symbol, by_interval = offered  # (steps, windows, exact heads, vocabulary), (…, transposing heads, 51)
        found = [tf.tensordot(by_symbol, self._table[f"embedding/{field}"][:-1], 1)]
        if by_interval is not None:
            found.append(tf.tensordot(by_interval, self._table["interval"][:INTERVALS], 1))
        width = sum(copy_head_counts(self._network, field)) * self._network.embedding
        return tf.reshape(tf.concat(found, axis=2), tf.concat([tf.shape(self._last), [width]], 0))

    def mixed(self, field: Field, offered: tuple[Any, Any | None], entered: Any, logits: Any) -> Any:
        """Scores of the mixture, (steps, windows, vocabulary); entered: what enters the gate's hidden layer; logits: of
        the head alone.
        """
        import tensorflow as tf

        table = self._table
        exact, moving = copy_head_counts(self._network, field)
        openness = (
            tf.tensordot(tf.nn.relu(entered), table[f"gate/{field}/output"], 1) + table[f"gate/{field}/output_bias"]
        )
        copied, moved = self._can_open
        can_open = tf.stack([tf.ones_like(copied), *[copied] * exact, *[moved] * moving], axis=-1)  # (…, heads + 1)
        # → (steps, windows, 1), (…, exact heads), (…, transposing heads)
        own, *gates = tf.split(tf.nn.softmax(tf.where(can_open, openness, SHUT)), [1, exact, moving], axis=-1)
        # → (steps, windows, vocabulary)
        odds = own * tf.nn.softmax(logits) + tf.reduce_sum(gates[0][..., None] * offered[0], axis=2)
        if offered[1] is not None:
            odds += by_pitch(tf.reduce_sum(gates[1][..., None] * offered[1], axis=2), self._last, self._pitch_values)
        return tf.math.log(odds + TINY)

    def relative(self, read: Any) -> Any:
        """What the pitch's head adds for the interval from the last pitch, (steps, windows, vocabulary)."""
        import tensorflow as tf

        # → (steps, windows, 51)
        offered = tf.tensordot(read, self._table["head/pitch/relative"], 1) + self._table["head/pitch/relative_bias"]
        return by_pitch(offered, self._last, self._pitch_values)
