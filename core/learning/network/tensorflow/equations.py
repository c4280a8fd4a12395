"""The equations of weights.py as TensorFlow graphs, over one table of weights."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.learning.network.tensorflow.copy_heads import CopyHeads, interval_rows
from core.learning.network.tensorflow.lstm import Layer
from core.learning.network.tensorflow.tables import rows
from core.learning.network.weights import copies, knows_metre, knows_place
from core.learning.spec import Field, NetworkSpec, TokenizerSpec

PLACES = 16
"""Random numbers of one step are drawn at fewer places than this."""

_BYTES = 256
"""Different ones: dropout's rate is rounded to a multiple of 1 / 256."""

Given = tuple[Any, Any, Any, Any, Any]
"""arrays.Arrays as tensors, in the order of its fields."""


class Equations:
    """Losses and scores of the network with these weights."""

    def __init__(
        self,
        table: Mapping[str, Any],
        network: NetworkSpec,
        tokenizer: TokenizerSpec,
        pitch_values: tuple[int, ...],
        layers: Sequence[Layer],
    ) -> None:
        """layers: how this device computes each LSTM layer."""
        self._table, self._network, self._tokenizer = table, network, tokenizer
        self._pitch_values, self._layers = pitch_values, layers

    def losses(self, arrays: Given, seed: Any) -> Any:
        """(fields,): cross-entropy in nats summed over the targets. seed: None = no dropout."""
        import tensorflow as tf

        symbols, _, targets, _, _ = arrays  # (fields, steps + 1, windows), (steps, windows)
        logits = self.logits(arrays, seed)
        sums = []
        for row, field in enumerate(self._tokenizer.fields):
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(symbols[row, 1:], logits[field])  # (steps, windows)
            sums.append(tf.reduce_sum(losses * targets))
        return tf.stack(sums)

    def logits(self, arrays: Given, seed: Any) -> dict[Field, Any]:
        """Scores by field, each (steps, windows, vocabulary): each head reads the fields chosen before it."""
        import tensorflow as tf

        symbols, places, _, matches, pair_places = arrays
        fields = self._tokenizer.fields
        state = self._states(symbols[:, :-1], places[:, :-1], seed)  # (steps, windows, units)
        # What the heads are told of the next event.
        place = self._place(places[:, 1:]) if knows_metre(self._tokenizer) else None  # (steps, windows, embedding)
        context = state
        if not copies(self._network):
            context = tf.concat([state, self._running_mean(state)], axis=-1)  # (steps, windows, 2 · units)
        chosen = [self._dropped(context, seed, self._network.layers)]
        read = {}
        for row, field in enumerate(fields):
            told_place = [place] if place is not None and knows_place(self._tokenizer, field) else []
            read[field] = tf.concat([*chosen, *told_place], axis=-1)  # (steps, windows, read)
            chosen.append(rows(self._table[f"embedding/{field}"], symbols[row, 1:]))
        if not copies(self._network):
            return {field: self._head(field, self._entered(field, read[field]))[0] for field in fields}
        copy_heads = CopyHeads(
            self._table, self._network, self._tokenizer, self._pitch_values, symbols, places[3], matches, pair_places
        )
        return self._mixtures(copy_heads, read, state, seed)

    def _mixtures(self, copy_heads: CopyHeads, read: Mapping[Field, Any], state: Any, seed: Any) -> dict[Field, Any]:
        import tensorflow as tf

        table, fields = self._table, self._tokenizer.fields
        entering, of_found = {}, {}
        for field in fields:
            # Queries, gate and head read the same: one product for all three.
            width, query = read[field].shape[-1], table[f"copy/{field}/query"]
            hidden = [table[f"{part}/{field}/hidden"] for part in ("gate", "head")]
            of_read, of_found[field] = zip(
                *(tf.split(one, [width, one.shape[0] - width]) for one in hidden), strict=True
            )
            entered = tf.tensordot(read[field], tf.concat([query, *of_read], axis=1), 1)  # (…, queries + gate + head)
            entering[field] = tf.split(entered, [query.shape[1], *(one.shape[1] for one in hidden)], axis=-1)
        offered = copy_heads.found({field: entering[field][0] for field in fields}, state, training=seed is not None)
        logits = {}
        for row, field in enumerate(fields):
            _, gate, head = entering[field]
            gate_of_found, head_of_found = of_found[field]
            found = copy_heads.embedded(field, offered[field])  # (steps, windows, heads · embedding)
            told = tf.concat([found, copy_heads.hints], axis=-1)  # (steps, windows, found + hints)
            gate += tf.tensordot(told, gate_of_found, 1) + table[f"gate/{field}/hidden_bias"]
            found = self._dropped(found, seed, self._network.layers + 1 + row, share=0.5)
            head += tf.tensordot(found, head_of_found, 1) + table[f"head/{field}/hidden_bias"]
            made, hidden = self._head(field, head)  # (…, vocabulary), (…, head units)
            if field == "pitch":
                made += copy_heads.relative(hidden)
            logits[field] = copy_heads.mixed(field, offered[field], gate, made)  # (steps, windows, vocabulary)
        return logits

    def _states(self, symbols: Any, places: Any, seed: Any) -> Any:
        """(steps, windows, units) of the top layer, from the events read, (…, steps, windows) each."""
        import tensorflow as tf

        table = self._table
        read = [rows(table[f"embedding/{field}"], symbols[row]) for row, field in enumerate(self._tokenizer.fields)]
        if knows_metre(self._tokenizer):
            read.append(self._place(places))
        if copies(self._network):
            read.append(rows(table["interval"], interval_rows(places[3])))
        state = self._dropped(tf.concat(read, axis=-1), seed, 0)  # (steps, windows, inputs)
        for layer, states in enumerate(self._layers):
            state = states(state, *(table[f"lstm{layer}/{part}"] for part in ("kernel", "recurrent", "bias")))
            if layer < self._network.layers - 1:
                state = self._dropped(state, seed, layer + 1)
        return state

    def _place(self, places: Any) -> Any:
        beat, within, metre = (
            rows(self._table[f"place/{name}"], places[row]) for row, name in enumerate(("beat", "within", "metre"))
        )
        return beat + within + metre  # (steps, windows, embedding)

    def _running_mean(self, state: Any) -> Any:
        import tensorflow as tf

        table = self._table
        score = tf.tanh(
            tf.tensordot(state, table["attention/score"], 1) + table["attention/score_bias"]
        )  # (steps, windows)
        weight = tf.exp(score)[..., None]  # (steps, windows, 1)
        return tf.cumsum(weight * state, axis=0) / tf.cumsum(weight, axis=0)

    def _entered(self, field: Field, read: Any) -> Any:
        """What enters the first layer of a head that reads nothing else."""
        import tensorflow as tf

        layer = "hidden" if self._network.head_units else "output"
        return tf.tensordot(read, self._table[f"head/{field}/{layer}"], 1) + self._table[f"head/{field}/{layer}_bias"]

    def _head(self, field: Field, entered: Any) -> tuple[Any, Any]:
        """(logits, what its last layer read)."""
        import tensorflow as tf

        if not self._network.head_units:
            return entered, entered
        read = tf.nn.relu(entered)  # (…, head units)
        return tf.tensordot(read, self._table[f"head/{field}/output"], 1) + self._table[
            f"head/{field}/output_bias"
        ], read

    def _dropped(self, values: Any, seed: Any, place: int, *, share: float = 1.0) -> Any:
        """Dropout by a mask that depends on the seed and the place in the network alone; share: of the network's rate."""
        import tensorflow as tf

        if seed is None or self._network.dropout == 0:
            return values
        # One random byte a value, four from each number drawn: drawing is what dropout costs.
        dropped = min(_BYTES - 1, max(1, round(_BYTES * share * self._network.dropout)))
        count = tf.size(values)
        drawn = tf.random.stateless_uniform(
            [-(-count // 4)], moved(seed, place), minval=None, maxval=None, dtype=tf.uint32, alg="philox"
        )
        drawn = tf.reshape(tf.reshape(tf.bitcast(drawn, tf.uint8), (-1,))[:count], tf.shape(values))
        return tf.where(drawn >= tf.constant(dropped, tf.uint8), values * (_BYTES / (_BYTES - dropped)), 0.0)


def moved(seed: Any, by: int) -> Any:
    """A neighbouring seed for stateless random numbers."""
    import tensorflow as tf

    return seed + tf.constant([0, by], tf.int64)
