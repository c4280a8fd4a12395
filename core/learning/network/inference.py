"""The trained network in NumPy: one event at a time with carried state, or a whole piece at once.

Follows the equations of weights.py to rounding. What depends on a symbol alone (its embedding times the weights that
read it) is multiplied out once when the network is made, so that a step is left with a few products of matrices.
A batch is several takes going on side by side; all arrays are (batch, …), symbols are indices into the vocabulary.
"""

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from core.learning.events.tokenizer import Events, Vocabulary
from core.learning.network.copy_heads import Cache, Chosen, CopyHeads, Offer
from core.learning.network.match_features import NO_PITCH
from core.learning.network.weights import (
    COPY_WIDTH,
    GATE_UNITS,
    INTERVAL_ROWS,
    Weights,
    beat_row,
    copies,
    copy_head_counts,
    interval_row,
    knows_metre,
    knows_place,
    metre_row,
    within_row,
)
from core.learning.spec import STEPS_PER_QUARTER, Field, NetworkSpec, TokenizerSpec, TrainingSpec

Array = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
Symbols = Mapping[Field, IntArray]

_CHUNK = 256
"""Events of a piece read at once: bounds memory, and keeps the pairs of copying few."""
_WINDOWS_AT_ONCE = 512


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy's products on one core meanwhile: a step's are too small to share, and would wait for a busy second core."""
    with _thread_pools().limit(limits=1, user_api="blas"):
        yield


@functools.cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


@dataclass(frozen=True, eq=False)
class Place:
    """Where onsets lie: steps into their bar, and steps of that bar; arrays of one shape."""

    bar_position: IntArray
    bar_steps: IntArray

    @property
    def rows(self) -> "Place":
        """One event of each take, as (batch, 1)."""
        return Place(self.bar_position[:, None], self.bar_steps[:, None])

    @property
    def columns(self) -> "Place":
        """The events of one piece, as (1, events)."""
        return Place(self.bar_position[None], self.bar_steps[None])


@dataclass(frozen=True, eq=False)
class State:
    """What the network remembers of all events read, for each take of a batch; a value, so that one can go back to it."""

    hidden: tuple[Array, ...]
    """(batch, units) for each layer."""
    cells: tuple[Array, ...]
    """(batch, units) for each layer."""
    memory: tuple[Array, ...]
    """running_mean: sums, (batch, units) and (batch, 1). copying: nothing."""
    cache: Cache | None
    """copying: keys and values of the events that can be copied."""
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
            hidden=tuple(map(spread, self.hidden)),
            cells=tuple(map(spread, self.cells)),
            memory=tuple(map(spread, self.memory)),
            cache=None if self.cache is None else self.cache.repeated(times),
            inputs=spread(self.inputs, 1),
            heads=spread(self.heads),
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
        typed: Weights = {name: value.astype(dtype) for name, value in weights.items()}
        self._copy_heads = CopyHeads(network, tokenizer, vocabulary, self.window, typed) if copies(network) else None
        self._prepare(tokenizer, typed)

    @property
    def copies(self) -> bool:
        """Whether it has heads that point to earlier events."""
        return self._copy_heads is not None

    # Reading events

    def begin(self, bar_steps: int, *, batch: int = 1) -> State:
        """Before the first event, which will lie in a bar of so many steps."""
        units, layers = self._spec.units, self._spec.layers
        nothing = np.zeros((batch, units), self._dtype)
        state = State(
            hidden=(nothing,) * layers,
            cells=(nothing,) * layers,
            memory=self._empty_memory(batch),
            cache=None,
            inputs=np.zeros((0, batch, 4 * units), self._dtype),
            heads=np.zeros((batch, 0), self._dtype),
        )
        symbols = {field: np.full((1, batch), size) for field, size in self.vocabulary.sizes.items()}
        first_bar = Place(np.zeros((1, batch), np.int64), np.full((1, batch), bar_steps))
        state, _, tops = self._read(state, symbols, first_bar)
        if self._copy_heads is None:
            return state
        return replace(state, cache=self._copy_heads.begun(batch, bar_steps, tops[0]))

    def advance(self, state: State, symbols: Symbols, place: Place) -> State:
        """After one more event of each take; all arrays (batch,)."""
        here = Place(place.bar_position[None], place.bar_steps[None])
        return self._read_on(state, {field: symbols[field][None] for field in self.fields}, here)

    def logits(self, state: State, field: Field, earlier: Symbols, place: Place | None) -> Array:
        """Scores of the next event's `field`, (batch, vocabulary), given that event's fields before it in the chain.

        place: of that event, known once its delta is; not needed for delta.
        """
        return self.bent_logits(state, field, earlier, place, motifs=0.0)[0]

    def bent_logits(
        self, state: State, field: Field, earlier: Symbols, place: Place | None, *, motifs: float
    ) -> tuple[Array, Array]:
        """(`logits`, the same with the gates of the copy heads bent), (batch, vocabulary) each.

        motifs: nats by which these gates open further, or close; a network without such heads knows no motifs.
        """
        entered = self._entered(state.heads, field, earlier, place)  # (batch, queries + gate + head)
        if state.cache is None:
            own = self._head(field, entered)[0]
            return own, own
        chosen = self._chosen(field, {name: values[:, None] for name, values in earlier.items()}, place and place.rows)
        mixture = self._mixture(field, entered[:, None], state.cache, chosen)
        own = mixture.scores()[:, 0]
        return own, mixture.scores(motifs)[:, 0] if motifs else own

    # A whole piece

    def read(self, events: Events, *, bar_steps: int | None = None) -> State:
        """After all of the events (only the last window of them where the network knows no more), one take.

        bar_steps: the bar of the first event to come; counts only if there are none yet.
        """
        if not len(events):
            return self.begin(4 * STEPS_PER_QUARTER if bar_steps is None else bar_steps)
        state = self.begin(int(events.bar_steps[0]))
        for start in range(0, len(events), _CHUNK):
            state = self._read_on(state, *self._stretch(events, start))
        return state

    def sequence_logits(self, events: Events) -> dict[Field, Array]:
        """Scores of every event's fields given all before it: (events, vocabulary) by field."""
        found: dict[Field, list[Array]] = {
            field: [np.zeros((0, size), self._dtype)] for field, size in self.vocabulary.sizes.items()
        }
        if self._rereads and len(events):
            every = self._reread_heads(events)
            place = Place(events.bar_position, events.bar_steps)
            every_symbol = self.vocabulary.indices(events)
            return {
                field: self._head(field, self._entered(every, field, every_symbol, place))[0] for field in self.fields
            }
        for heads, cache, symbols, place in self._stretches(events):
            for field in self.fields:
                entered = self._entered(heads, field, symbols, place)
                if cache is None:
                    found[field].append(self._head(field, entered)[0])
                else:
                    chosen = self._chosen(field, {name: row[None] for name, row in symbols.items()}, place.columns)
                    found[field].append(self._mixture(field, entered[None], cache, chosen).scores()[0])
        return {field: np.concatenate(parts) for field, parts in found.items()}

    def sources(self, events: Events) -> tuple[Array, IntArray]:
        """Where the pitch of each event came from: (share of its chance that copying gave, the earlier event that gave most).

        Both (events,); the event is -1 where nothing earlier spoke for the pitch, as in any network without copy heads.
        """
        if self._copy_heads is None:
            return np.zeros(len(events), self._dtype), np.full(len(events), -1)
        shares, places = [np.zeros(0, self._dtype)], [np.zeros(0, np.int64)]
        done = 0
        for heads, cache, symbols, place in self._stretches(events):
            if cache is None:
                raise AssertionError("copying networks remember")
            chosen = self._chosen("pitch", {name: row[None] for name, row in symbols.items()}, place.columns)
            entered = self._entered(heads, "pitch", symbols, place)[None]
            mixture = self._mixture("pitch", entered, cache, chosen)
            came = symbols["pitch"][None]  # (1, events)
            gates, scores = mixture.gates(), mixture.scores()[0]
            copied, source = (
                found[0] for found in self._copy_heads.sources("pitch", gates, mixture.offer, cache, came)
            )
            share = np.minimum(1, copied / np.exp(np.take_along_axis(scores, came[0][:, None], axis=1)[:, 0]))
            source = np.where(source < 0, -1, source + done - cache.first_row)
            shares.append(share)
            places.append(source)
            done += len(heads)
        return np.concatenate(shares), np.concatenate(places)

    def _stretches(
        self, events: Events
    ) -> Iterator[tuple[Array, Cache | None, dict[Field, npt.NDArray[np.int32]], Place]]:
        """One stretch of a piece after another: what the heads read before each of its events, what those can copy, its
        symbols and places; all (events, …).
        """
        if not len(events):
            return
        state = self.begin(int(events.bar_steps[0]))
        for start in range(0, len(events), _CHUNK):
            symbols, place = self._stretch(events, start)
            after, read, tops = self._read(state, symbols, place)
            cache = None
            if self._copy_heads is not None and state.cache is not None:
                columns = {field: values.T for field, values in symbols.items()}
                heard = (columns, place.bar_position.T, place.bar_steps.T, tops.transpose(1, 0, 2))
                cache = self._copy_heads.during(state.cache, *heard)
                after = replace(after, cache=self._copy_heads.after(state.cache, *heard))
            heads = np.concatenate([state.heads, read[:-1, 0]])
            yield (
                heads,
                cache,
                {field: values[:, 0] for field, values in symbols.items()},
                Place(place.bar_position[:, 0], place.bar_steps[:, 0]),
            )
            state = after

    def _stretch(self, events: Events, start: int) -> tuple[dict[Field, npt.NDArray[np.int32]], Place]:
        """Symbols and places of the events from `start` on, (events, 1) each."""
        span = slice(start, start + _CHUNK)
        symbols = {field: values[span, None] for field, values in self.vocabulary.indices(events).items()}
        return symbols, Place(events.bar_position[span, None], events.bar_steps[span, None])

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

        rows = np.split(kernels[0], range(width, len(kernels[0]), width))  # (embedding, 4 · units) each
        self._input_tables = {
            field: weights[f"embedding/{field}"] @ rows[position] for position, field in enumerate(self.fields)
        }
        self._place_inputs = [table @ rows[len(self.fields)] for table in place_tables]
        self._interval_inputs = weights["interval"] @ rows[-1] if self._copy_heads else None
        self._pitches = np.array([*self.vocabulary.values["pitch"], NO_PITCH])

        if self._copy_heads is None:
            self._attention = weights["attention/score"][:, None]  # (units, 1)
            self._score_bias = weights["attention/score_bias"]  # ()

        entrances, biases = [], []
        self._spans: dict[Field, slice] = {}
        self._earlier_tables: dict[Field, dict[Field, Array]] = {}
        self._place_heads: dict[Field, list[Array]] = {}
        self._outputs: dict[Field, tuple[Array, Array]] = {}
        context = units if self._copy_heads else 2 * units
        start = 0
        for position, field in enumerate(self.fields):
            layer = "hidden" if self._spec.head_units else "output"
            entrance, bias = weights[f"head/{field}/{layer}"], weights[f"head/{field}/{layer}_bias"]
            read = context + width * (position + knows_place(tokenizer, field))
            if self._copy_heads:  # queries, gate and head read the same: one product for all three
                query = weights[f"copy/{field}/query"]
                parts = (query, weights[f"gate/{field}/hidden"][:read], entrance[:read])
                entrance = np.concatenate(parts, axis=1)
                bias = np.concatenate(
                    [np.zeros(query.shape[1], query.dtype), weights[f"gate/{field}/hidden_bias"], bias]
                )
            entrances.append(entrance[:context])
            biases.append(bias)
            self._spans[field] = slice(start, start + entrance.shape[1])
            start += entrance.shape[1]
            rows = np.split(entrance[context:], range(width, len(entrance) - context, width))
            self._earlier_tables[field] = {
                earlier: weights[f"embedding/{earlier}"] @ rows[index]
                for index, earlier in enumerate(self.fields[:position])
            }
            told_place = knows_place(tokenizer, field)
            self._place_heads[field] = [table @ rows[-1] for table in place_tables] if told_place else []
            if self._spec.head_units:
                self._outputs[field] = weights[f"head/{field}/output"], weights[f"head/{field}/output_bias"]
        if self._copy_heads:
            self._relative = weights["head/pitch/relative"], weights["head/pitch/relative_bias"]
        self._entrance = np.concatenate(entrances, axis=1)  # (context, all heads' units)
        self._entrance_bias = np.concatenate(biases)  # (all heads' units,)

    def _inputs(self, symbols: Symbols, place: Place, last_pitch: IntArray) -> Array:
        """What the first layer adds up for each event, (events, batch, 4 · units); last_pitch: (batch,), before the first."""
        total: Array = self._biases[0] + self._input_tables[self.fields[0]][symbols[self.fields[0]]]
        for field in self.fields[1:]:
            total += self._input_tables[field][symbols[field]]
        if self._interval_inputs is not None:
            pitches = self._pitches[symbols["pitch"]]  # (events, batch)
            before = np.concatenate([last_pitch[None], pitches[:-1]])
            is_none = (pitches == NO_PITCH) | (before == NO_PITCH)
            total += self._interval_inputs[np.where(is_none, INTERVAL_ROWS - 1, interval_row(pitches - before))]
        return _with_place(total, self._place_inputs, place)

    def _read_on(self, state: State, symbols: Symbols, place: Place) -> State:
        """After some more events of each take, (events, batch)."""
        after, _, tops = self._read(state, symbols, place)
        if self._copy_heads is None or state.cache is None:
            return after
        columns = {field: values.T for field, values in symbols.items()}
        heard = (columns, place.bar_position.T, place.bar_steps.T, tops.transpose(1, 0, 2))
        return replace(after, cache=self._copy_heads.after(state.cache, *heard))

    def _read(self, state: State, symbols: Symbols, place: Place) -> tuple[State, Array, Array]:
        """(state after the last, its cache left as it was; what the heads read after each, (events, batch, …); the top
        layer's states, (events, batch, units)) of symbols and places (events, batch).
        """
        batch = place.bar_position.shape[1]
        last_pitch = np.full(batch, NO_PITCH) if state.cache is None else state.cache.last_pitch[:, -1]
        inputs = self._inputs(symbols, place, last_pitch)  # (events, batch, 4 · units)
        if self._rereads:
            window = np.concatenate([state.inputs, inputs])[-self.window :]
            heads = self._from_nothing(window)
            return replace(state, inputs=window, heads=heads), heads[None], heads[None]
        hidden, cells = list(state.hidden), list(state.cells)
        values = inputs
        for layer, recurrent in enumerate(self._recurrents):
            if layer:
                values = values @ self._upper_kernels[layer - 1] + self._biases[layer]
            values, hidden[layer], cells[layer] = _lstm(values, recurrent, hidden[layer], cells[layer])
            # → (events, batch, units), (batch, units), (batch, units)
        memory, features = state.memory, values
        if self._copy_heads is None:
            contexts, memory = self._running_mean(values, *state.memory)
            features = np.concatenate([values, contexts], axis=-1)
        heads = features @ self._entrance + self._entrance_bias  # (events, batch, all heads' units)
        after = State(
            hidden=tuple(hidden),
            cells=tuple(cells),
            memory=memory,
            cache=state.cache,
            inputs=state.inputs,
            heads=heads[-1],
        )
        return after, heads, values

    def _reread_heads(self, events: Events) -> Array:
        """What the heads read before each event, of a network that reads its window anew: (events, …)."""
        begun = self.begin(int(events.bar_steps[0]))
        symbols = {field: values[:-1, None] for field, values in self.vocabulary.indices(events).items()}
        place = Place(events.bar_position[:-1, None], events.bar_steps[:-1, None])
        inputs = self._inputs(symbols, place, np.array([NO_PITCH]))
        return np.concatenate([begun.heads, self._windows_heads(np.concatenate([begun.inputs, inputs]))])

    def _from_nothing(self, inputs: Array) -> Array:
        """What the heads read at the end of windows that stand alone: (batch, …) of (events, batch, 4 · units)."""
        nothing = np.zeros((inputs.shape[1], self._spec.units), self._dtype)
        values = inputs
        for layer, recurrent in enumerate(self._recurrents):
            if layer:
                values = values @ self._upper_kernels[layer - 1] + self._biases[layer]
            values, _, _ = _lstm(values, recurrent, nothing, nothing)
        contexts, _ = self._running_mean(values, *self._empty_memory(values.shape[1]))
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
        if self._copy_heads:
            return ()
        return np.zeros((batch, self._spec.units), self._dtype), np.zeros((batch, 1), self._dtype)

    def _running_mean(self, states: Array, total: Array, mass: Array) -> tuple[Array, tuple[Array, ...]]:
        shares = np.exp(np.tanh(states @ self._attention + self._score_bias))  # (events, batch, 1)
        totals = total + np.cumsum(shares * states, axis=0)  # (events, batch, units)
        masses = mass + np.cumsum(shares, axis=0)  # (events, batch, 1)
        return totals / masses, (totals[-1], masses[-1])

    def _entered(self, heads: Array, field: Field, earlier: Symbols, place: Place | None) -> Array:
        """What enters the field's layers, (batch, …): of the states, of the fields chosen before, and of the place."""
        values = heads[..., self._spans[field]]
        for name, table in self._earlier_tables[field].items():
            values = values + table[earlier[name]]
        return values if place is None else _with_place(values, self._place_heads[field], place)

    def _head(self, field: Field, entered: Array) -> tuple[Array, Array]:
        """(logits, what its last layer read)."""
        if field not in self._outputs:
            return entered, entered
        output, bias = self._outputs[field]
        hidden = np.maximum(entered, 0)  # (…, head units)
        return hidden @ output + bias, hidden

    def _chosen(self, field: Field, symbols: Symbols, place: Place | None) -> Chosen:
        """Of symbols and places (batch, rows)."""
        earlier = {name: symbols[name] for name in self._earlier_tables[field]}
        if place is None:
            return Chosen(earlier, None, None)
        return Chosen(earlier, place.bar_position, place.bar_steps)

    def _mixture(self, field: Field, entered: Array, cache: Cache, chosen: Chosen) -> "_Mixture":
        """Of what the network makes itself and what its copy heads offer; entered: (batch, rows, queries + gate + head)."""
        heads = self._copy_heads
        if heads is None:
            raise AssertionError("only networks with copy heads mix")
        queries = sum(copy_head_counts(self._spec, field)) * COPY_WIDTH
        offer = heads.offer(field, entered[..., :queries], cache, chosen)
        told = entered[..., queries:] + offer.told  # (batch, rows, gate + head)
        logits, hidden = self._head(field, told[..., GATE_UNITS:])  # (batch, rows, vocabulary), (batch, rows, head)
        if field == "pitch":
            relative, bias = self._relative  # (head, 51), (51,)
            logits = logits + heads.by_pitch(hidden @ relative + bias, cache.last_pitch)
        return _Mixture(heads=heads, field=field, cache=cache, offer=offer, gate=told[..., :GATE_UNITS], logits=logits)


@dataclass(frozen=True, eq=False)
class _Mixture:
    """All that is known of one field before the gates open."""

    heads: CopyHeads
    field: Field
    cache: Cache
    offer: Offer
    gate: Array
    """(batch, rows, GATE_UNITS): what enters the gates' hidden layer."""
    logits: Array
    """(batch, rows, vocabulary): of the network's own head."""

    def gates(self, motifs: float = 0.0) -> Array:
        """(batch, rows, heads + 1)."""
        return self.heads.gates(self.field, self.gate, self.offer, motifs)

    def scores(self, motifs: float = 0.0) -> Array:
        """(batch, rows, vocabulary)."""
        return self.heads.mixed(self.field, self.gates(motifs), self.offer, self.cache, self.logits)


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
        gates = np.tanh(hidden @ recurrent + read)  # (batch, 4 · units)
        entrance, forget, exit_ = (half * gates[:, index * units : (index + 1) * units] + half for index in (0, 1, 3))
        cells = forget * cells + entrance * gates[:, 2 * units : 3 * units]
        hidden = exit_ * np.tanh(cells)
        states[event] = hidden
    return states, hidden, cells
