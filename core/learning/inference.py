"""The trained network in NumPy: one event at a time with carried state, or a whole piece at once.

Follows the equations of weights.py to rounding. What depends on a symbol alone (its embedding times the weights that
read it) is multiplied out once when the network is made, so that a step is left with a few products of matrices.
A batch is several takes going on side by side; all arrays are (batch, …), symbols are indices into the vocabulary.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from core.learning.spec import STEPS_PER_QUARTER, Field, NetworkSpec, TokenizerSpec, TrainingSpec
from core.learning.tokenizer import Events, Vocabulary
from core.learning.weights import Weights, beat_row, distance_row, knows_metre, knows_place, metre_row, within_row

Array = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
Symbols = Mapping[Field, IntArray]

_CHUNK = 256
"""Events of a piece read at once: bounds memory, and keeps the attention's square small."""
_WINDOWS_AT_ONCE = 512


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy's products on one core meanwhile: a step's are too small to share, and would wait for a busy second core."""
    with _thread_pools().limit(limits=1, user_api="blas"):
        yield


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


@dataclass(frozen=True, eq=False)
class Place:
    """Where onsets lie: steps into their bar, and steps of that bar; arrays of one shape."""

    bar_position: IntArray
    bar_steps: IntArray


@dataclass(frozen=True, eq=False)
class State:
    """What the network remembers of all events read, for each take of a batch; a value, so that one can go back to it."""

    hidden: tuple[Array, ...]
    """(batch, units) for each layer."""
    cells: tuple[Array, ...]
    memory: tuple[Array, ...]
    """query_key: keys and values, (batch, heads, events, width) each. running_mean: sums, (batch, units) and (batch, 1)."""
    inputs: Array
    """(events, batch, 4 · units): what the first layer reads, for a network that reads its window anew for each event."""
    heads: Array
    """(batch, all heads' units): what the heads read of the last state."""

    @property
    def batch(self) -> int:
        return len(self.heads)

    def repeated(self, times: int) -> "State":
        """The same memory for so many takes; of one take."""

        def spread(array: Array, axis: int = 0) -> Array:
            return np.repeat(array, times, axis=axis)

        return State(
            tuple(map(spread, self.hidden)),
            tuple(map(spread, self.cells)),
            tuple(map(spread, self.memory)),
            spread(self.inputs, 1),
            spread(self.heads),
        )


class Network:
    """The network of one trained model. Immutable; safe to use from several threads."""

    def __init__(
        self,
        network: NetworkSpec,
        tokenizer: TokenizerSpec,
        training: TrainingSpec,
        vocabulary: Vocabulary,
        weights: Weights,
        *,
        dtype: type[np.floating] = np.float32,
    ) -> None:
        self.fields = tokenizer.fields
        self.vocabulary = vocabulary
        self.window = training.window
        self._rereads = training.target == "last_step"
        """Trained on windows that stand alone: reads its last `window` events anew for each prediction."""
        self._spec = network
        self._knows_metre = knows_metre(tokenizer)
        self._dtype = dtype
        self._prepare(tokenizer, {name: value.astype(dtype) for name, value in weights.items()})

    # Reading events

    def begin(self, bar_steps: int, *, batch: int = 1) -> State:
        """Before the first event, which will lie in a bar of so many steps."""
        units, layers = self._spec.units, self._spec.layers
        nothing = np.zeros((batch, units), self._dtype)
        state = State(
            (nothing,) * layers,
            (nothing,) * layers,
            self._empty_memory(batch),
            np.zeros((0, batch, 4 * units), self._dtype),
            np.zeros((batch, 0), self._dtype),
        )
        begin_rows = {field: np.full((1, batch), size) for field, size in self.vocabulary.sizes.items()}
        first_bar = Place(np.zeros((1, batch), np.int64), np.full((1, batch), bar_steps))
        return self._read(state, self._inputs(begin_rows, first_bar))[0]

    def advance(self, state: State, symbols: Symbols, place: Place) -> State:
        """After one more event of each take; all arrays (batch,)."""
        here = Place(place.bar_position[None], place.bar_steps[None])
        inputs = self._inputs({field: symbols[field][None] for field in self.fields}, here)
        return self._read(state, inputs)[0]

    def logits(self, state: State, field: Field, earlier: Symbols, place: Place | None) -> Array:
        """Scores of the next event's `field`, (batch, vocabulary), given that event's fields before it in the chain.

        place: of that event, known once its delta is; not needed for delta.
        """
        return self._head(state.heads, field, earlier, place)

    # A whole piece

    def read(self, events: Events, *, bar_steps: int | None = None) -> State:
        """After all of the events (only the last window of them where the network knows no more), one take.

        bar_steps: the bar of the first event to come; counts only if there are none yet.
        """
        if not len(events):
            return self.begin(4 * STEPS_PER_QUARTER if bar_steps is None else bar_steps)
        state = self.begin(int(events.bar_steps[0]))
        inputs = self._event_inputs(events)
        for start in range(0, len(inputs), _CHUNK):
            state, _ = self._read(state, inputs[start : start + _CHUNK])
        return state

    def sequence_logits(self, events: Events) -> dict[Field, Array]:
        """Scores of every event's fields given all before it: (events, vocabulary) by field."""
        if not len(events):
            return {field: np.zeros((0, size), self._dtype) for field, size in self.vocabulary.sizes.items()}
        state = self.begin(int(events.bar_steps[0]))
        inputs = self._event_inputs(events)[:-1]
        heads = [state.heads]
        if self._rereads:
            heads.append(self._windows_heads(np.concatenate([state.inputs, inputs])))
        else:
            for start in range(0, len(inputs), _CHUNK):
                state, read = self._read(state, inputs[start : start + _CHUNK])
                heads.append(read[:, 0])
        symbols = self.vocabulary.indices(events)
        place = Place(events.bar_position, events.bar_steps)
        every = np.concatenate(heads)  # (events, heads' units)
        return {field: self._head(every, field, symbols, place) for field in self.fields}

    # The equations

    def _prepare(self, tokenizer: TokenizerSpec, weights: Mapping[str, Array]) -> None:
        units, width, layers = self._spec.units, self._spec.embedding, self._spec.layers
        # σ(x) = (tanh(x / 2) + 1) / 2: with the halves put into the weights, one tanh does all four gates.
        halves = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], self._dtype), units)
        kernels = [weights[f"lstm{layer}/kernel"] * halves for layer in range(layers)]
        self._upper_kernels = kernels[1:]
        self._recurrents = [weights[f"lstm{layer}/recurrent"] * halves for layer in range(layers)]
        self._biases = [weights[f"lstm{layer}/bias"] * halves for layer in range(layers)]
        place_tables = [weights[f"place/{part}"] for part in ("beat", "within", "metre")] if self._knows_metre else []

        rows = np.split(kernels[0], range(width, len(kernels[0]), width))
        self._input_tables = {
            field: weights[f"embedding/{field}"] @ rows[position] for position, field in enumerate(self.fields)
        }
        self._place_inputs = [table @ rows[-1] for table in place_tables]

        if self._spec.attention == "query_key":
            scale = self._dtype((units // self._spec.attention_heads) ** -0.5)
            roles = (weights["attention/query"] * scale, weights["attention/key"], weights["attention/value"])
            self._attention = np.concatenate(roles, axis=1)
            self._distances = weights["attention/distance"][:, distance_row(np.arange(self.window))]
        else:
            self._attention = weights["attention/score"][:, None]
            self._score_bias = weights["attention/score_bias"]

        entrances, biases = [], []
        self._spans: dict[Field, slice] = {}
        self._earlier_tables: dict[Field, dict[Field, Array]] = {}
        self._place_heads: dict[Field, list[Array]] = {}
        self._outputs: dict[Field, tuple[Array, Array]] = {}
        start = 0
        for position, field in enumerate(self.fields):
            layer = "hidden" if self._spec.head_units else "output"
            entrance = weights[f"head/{field}/{layer}"]
            entrances.append(entrance[: 2 * units])
            biases.append(weights[f"head/{field}/{layer}_bias"])
            self._spans[field] = slice(start, start + entrance.shape[1])
            start += entrance.shape[1]
            rows = np.split(entrance[2 * units :], range(width, len(entrance) - 2 * units, width))
            self._earlier_tables[field] = {
                earlier: weights[f"embedding/{earlier}"] @ rows[index]
                for index, earlier in enumerate(self.fields[:position])
            }
            told_place = knows_place(tokenizer, field)
            self._place_heads[field] = [table @ rows[-1] for table in place_tables] if told_place else []
            if self._spec.head_units:
                self._outputs[field] = weights[f"head/{field}/output"], weights[f"head/{field}/output_bias"]
        self._entrance = np.concatenate(entrances, axis=1)
        self._entrance_bias = np.concatenate(biases)

    def _inputs(self, symbols: Symbols, place: Place) -> Array:
        """What the first layer adds up for each event: (events, batch, 4 · units)."""
        total: Array = self._biases[0] + self._input_tables[self.fields[0]][symbols[self.fields[0]]]
        for field in self.fields[1:]:
            total += self._input_tables[field][symbols[field]]
        return _with_place(total, self._place_inputs, place)

    def _event_inputs(self, events: Events) -> Array:
        symbols = {field: values[:, None] for field, values in self.vocabulary.indices(events).items()}
        return self._inputs(symbols, Place(events.bar_position[:, None], events.bar_steps[:, None]))

    def _read(self, state: State, inputs: Array) -> tuple[State, Array]:
        """(state after the last, what the heads read after each (events, batch, …)); inputs: (events, batch, 4 · units)."""
        if self._rereads:
            window = np.concatenate([state.inputs, inputs])[-self.window :]
            heads = self._from_nothing(window)
            return replace(state, inputs=window, heads=heads), heads[None]
        hidden, cells = list(state.hidden), list(state.cells)
        values = inputs
        for layer, recurrent in enumerate(self._recurrents):
            if layer:
                values = values @ self._upper_kernels[layer - 1] + self._biases[layer]
            values, hidden[layer], cells[layer] = _lstm(values, recurrent, hidden[layer], cells[layer])
        contexts, memory = self._attend(values, state.memory)
        heads = np.concatenate([values, contexts], axis=-1) @ self._entrance + self._entrance_bias
        return State(tuple(hidden), tuple(cells), memory, state.inputs, heads[-1]), heads

    def _from_nothing(self, inputs: Array) -> Array:
        """What the heads read at the end of windows that stand alone: (batch, …) of (events, batch, 4 · units)."""
        nothing = np.zeros((inputs.shape[1], self._spec.units), self._dtype)
        values = inputs
        for layer, recurrent in enumerate(self._recurrents):
            if layer:
                values = values @ self._upper_kernels[layer - 1] + self._biases[layer]
            values, _, _ = _lstm(values, recurrent, nothing, nothing)
        contexts, _ = self._attend(values, self._empty_memory(values.shape[1]))
        heads: Array = np.concatenate([values[-1], contexts[-1]], axis=-1) @ self._entrance + self._entrance_bias
        return heads

    def _windows_heads(self, inputs: Array) -> Array:
        """What the heads read after each event but the first of one take, its window alone: (events - 1, …)."""
        heads = [self._from_nothing(inputs[:end]) for end in range(2, min(self.window, len(inputs) + 1))]
        for start in range(0, len(inputs) - self.window + 1, _WINDOWS_AT_ONCE):
            ends = np.arange(start, min(start + _WINDOWS_AT_ONCE, len(inputs) - self.window + 1))
            heads.append(self._from_nothing(inputs[ends[None] + np.arange(self.window)[:, None], 0]))
        return np.concatenate([np.zeros((0, self._entrance.shape[1]), self._dtype), *heads])

    def _empty_memory(self, batch: int) -> tuple[Array, ...]:
        units, heads = self._spec.units, self._spec.attention_heads
        if self._spec.attention == "query_key":
            return (np.zeros((batch, heads, 0, units // heads), self._dtype),) * 2
        return np.zeros((batch, units), self._dtype), np.zeros((batch, 1), self._dtype)

    def _attend(self, states: Array, memory: tuple[Array, ...]) -> tuple[Array, tuple[Array, ...]]:
        """Contexts (events, batch, units) of the top layer's states, and the memory with these added."""
        if self._spec.attention == "running_mean":
            return self._running_mean(states, *memory)
        events, batch, units = states.shape
        heads = self._spec.attention_heads
        projected = (states @ self._attention).reshape(events, batch, 3, heads, units // heads)
        queries, keys, values = projected.transpose(2, 1, 3, 0, 4)  # each (batch, heads, events, width)
        keys, values = np.concatenate([memory[0], keys], axis=2), np.concatenate([memory[1], values], axis=2)
        before = memory[0].shape[2]
        distance = before + np.arange(events)[:, None] - np.arange(before + events)  # (events, before + events)
        scores = queries @ keys.swapaxes(2, 3) + self._distances[:, np.clip(distance, 0, self.window - 1)]
        if events > 1:
            scores = np.where((distance >= 0) & (distance < self.window), scores, -np.inf)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        contexts = (weights @ values).transpose(2, 0, 1, 3).reshape(events, batch, units)
        kept = slice(max(0, before + events - (self.window - 1)), None)
        return contexts, (keys[:, :, kept], values[:, :, kept])

    def _running_mean(self, states: Array, total: Array, mass: Array) -> tuple[Array, tuple[Array, ...]]:
        shares = np.exp(np.tanh(states @ self._attention + self._score_bias))  # (events, batch, 1)
        totals = total + np.cumsum(shares * states, axis=0)
        masses = mass + np.cumsum(shares, axis=0)
        return totals / masses, (totals[-1], masses[-1])

    def _head(self, heads: Array, field: Field, earlier: Symbols, place: Place | None) -> Array:
        values = heads[..., self._spans[field]]
        for name, table in self._earlier_tables[field].items():
            values = values + table[earlier[name]]
        if place is not None:
            values = _with_place(values, self._place_heads[field], place)
        if field in self._outputs:
            output, bias = self._outputs[field]
            values = np.maximum(values, 0) @ output + bias
        return values


def _with_place(values: Array, tables: list[Array], place: Place) -> Array:
    if not tables:
        return values
    beat, within, metre = tables
    return (
        values
        + beat[beat_row(place.bar_position)]
        + within[within_row(place.bar_position)]
        + metre[metre_row(place.bar_steps)]
    )


def _lstm(inputs: Array, recurrent: Array, hidden: Array, cells: Array) -> tuple[Array, Array, Array]:
    """(every state (events, batch, units), last state, last cells); inputs carry the bias already."""
    units = hidden.shape[-1]
    states = np.empty((*inputs.shape[:2], units), inputs.dtype)
    half = inputs.dtype.type(0.5)
    for event, read in enumerate(inputs):
        gates = np.tanh(hidden @ recurrent + read)
        entrance, forget, exit_ = (half * gates[:, index * units : (index + 1) * units] + half for index in (0, 1, 3))
        cells = forget * cells + entrance * gates[:, 2 * units : 3 * units]
        hidden = exit_ * np.tanh(cells)
        states[event] = hidden
    return states, hidden, cells
