"""The equations of weights.py as TensorFlow graphs, over one table of weights."""

from collections.abc import Mapping
from typing import Any

from core.learning.network.copying import Copying, interval_rows
from core.learning.network.lstm import lstm
from core.learning.network.tables import rows
from core.learning.spec import Field, NetworkSpec, TokenizerSpec
from core.learning.weights import copies, knows_metre, knows_place

PLACES = 16
"""Random numbers of one step are drawn at fewer places than this."""

Arrays = tuple[Any, Any, Any, Any, Any]
"""What a batch is to the graphs: symbols (fields, steps + 1, windows), places (4, steps + 1, windows): rows of beat, place
within it and metre, and the pitch; targets (steps, windows); and for copying matches (kinds, windows, steps, steps) and
places alike (windows, steps + 1, steps + 1)."""


class Equations:
    """Losses and scores of the network with these weights."""

    def __init__(
        self, table: Mapping[str, Any], network: NetworkSpec, tokenizer: TokenizerSpec, pitch_values: tuple[int, ...]
    ) -> None:
        self._table, self._network, self._tokenizer = table, network, tokenizer
        self._pitch_values = pitch_values

    def losses(self, arrays: Arrays, seed: Any) -> Any:
        """(fields,): cross-entropy in nats summed over the targets. seed: None = no dropout."""
        import tensorflow as tf

        symbols, _, targets, _, _ = arrays
        logits = self.logits(arrays, seed)
        sums = []
        for row, field in enumerate(self._tokenizer.fields):
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(symbols[row, 1:], logits[field])
            sums.append(tf.reduce_sum(losses * targets))
        return tf.stack(sums)

    def logits(self, arrays: Arrays, seed: Any) -> dict[Field, Any]:
        """Scores by field, each (steps, windows, vocabulary): each head reads the fields chosen before it."""
        import tensorflow as tf

        symbols, places, _, matches, alike = arrays
        state = self._states(symbols, places, seed)
        layers = self._network.layers
        copying = None
        if copies(self._network):
            copying = Copying(
                self._table, self._network, self._tokenizer, self._pitch_values, symbols, places[3], matches, alike
            )
            chosen = [self._dropped(state, seed, layers)]
        else:
            chosen = [self._dropped(tf.concat([state, self._running_mean(state)], axis=-1), seed, layers)]
        place = self._place(places[:, 1:]) if knows_metre(self._tokenizer) else None
        logits = {}
        for row, field in enumerate(self._tokenizer.fields):
            read = tf.concat([*chosen, place] if knows_place(self._tokenizer, field) else chosen, axis=-1)
            if copying is None:
                logits[field], _ = self._head(field, read)
            else:
                weights, found = copying.scores(field, read, state)
                made, hidden = self._head(
                    field, tf.concat([read, self._dropped(found, seed, layers + 1 + row, share=0.5)], axis=-1)
                )
                if field == "pitch":
                    made += copying.relative(hidden)
                logits[field] = copying.mixed(field, read, found, weights, made)
            chosen.append(rows(self._table[f"embedding/{field}"], symbols[row, 1:]))
        return logits

    def _states(self, symbols: Any, places: Any, seed: Any) -> Any:
        """(steps, windows, units) of the top layer."""
        import tensorflow as tf

        table = self._table
        inputs = [
            rows(table[f"embedding/{field}"], symbols[row, :-1]) for row, field in enumerate(self._tokenizer.fields)
        ]
        if knows_metre(self._tokenizer):
            inputs.append(self._place(places[:, :-1]))
        if copies(self._network):
            inputs.append(rows(table["interval"], interval_rows(places[3, :-1])))
        state = self._dropped(tf.concat(inputs, axis=-1), seed, 0)
        for layer in range(self._network.layers):
            name = f"lstm{layer}"
            read = tf.tensordot(state, table[f"{name}/kernel"], 1) + table[f"{name}/bias"]
            state = lstm(read, table[f"{name}/recurrent"])
            if layer < self._network.layers - 1:
                state = self._dropped(state, seed, layer + 1)
        return state

    def _place(self, places: Any) -> Any:
        beat, within, metre = (
            rows(self._table[f"place/{name}"], places[row]) for row, name in enumerate(("beat", "within", "metre"))
        )
        return beat + within + metre

    def _running_mean(self, state: Any) -> Any:
        import tensorflow as tf

        table = self._table
        score = tf.tanh(tf.tensordot(state, table["attention/score"], 1) + table["attention/score_bias"])
        weight = tf.exp(score)[..., None]
        return tf.cumsum(weight * state, axis=0) / tf.cumsum(weight, axis=0)

    def _head(self, field: Field, read: Any) -> tuple[Any, Any]:
        """(logits, what its last layer read)."""
        import tensorflow as tf

        table = self._table
        if self._network.head_units:
            hidden = tf.tensordot(read, table[f"head/{field}/hidden"], 1) + table[f"head/{field}/hidden_bias"]
            read = tf.nn.relu(hidden)
        return tf.tensordot(read, table[f"head/{field}/output"], 1) + table[f"head/{field}/output_bias"], read

    def _dropped(self, values: Any, seed: Any, place: int, *, share: float = 1.0) -> Any:
        """Dropout by a mask that depends on the seed and the place in the network alone; share: of the network's rate."""
        import tensorflow as tf

        if seed is None or self._network.dropout == 0:
            return values
        rate = share * self._network.dropout
        kept = tf.random.stateless_uniform(tf.shape(values), moved(seed, place), alg="philox") >= rate
        return tf.where(kept, values / (1 - rate), 0.0)


def moved(seed: Any, by: int) -> Any:
    """A neighbouring seed for stateless random numbers."""
    import tensorflow as tf

    return seed + tf.constant([0, by], tf.int64)
