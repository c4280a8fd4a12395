"""Copy heads in NumPy, as weights.py has them: what they remember of earlier events, and the mixture with what they offer.

A Cache holds the keys and values that can be copied when the next `rows` events are chosen: one while generating, a
stretch of a piece when it is judged as a whole. Arrays are (batch, rows, …) for the events to be chosen and (batch, events, …) for earlier ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.learning.events.tokenizer import Vocabulary
from core.learning.network.match_features import (
    LONGEST_MATCH,
    MATCH_FEATURES,
    NO_PITCH,
    PLACE_FEATURES,
    SAME_PLACE,
    Bytes,
    match_count,
    match_features,
    next_matches,
    place_classes,
    place_features,
    traits,
)
from core.learning.network.weights import (
    COPY_WIDTH,
    FARTHEST_INTERVAL,
    GATE_UNITS,
    INTERVALS,
    TINY,
    Weights,
    copy_head_counts,
    distance_row,
    knows_metre,
)
from core.learning.spec import Field, NetworkSpec, TokenizerSpec

Array = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
Symbols = Mapping[Field, IntArray]

_SHUT = -1e9
_INTERVAL_TRAIT = 1
_ZERO_INTERVAL = 128


@dataclass(frozen=True, eq=False)
class Reach:
    """What of the cache can be copied, whatever the field."""

    back: IntArray
    """(rows, events): how many events further back, within the window."""
    may_copy: npt.NDArray[np.bool_]
    """(batch, rows, events)."""
    may_move: npt.NDArray[np.bool_]
    """(batch, rows, events): also transposed."""
    moves: IntArray
    """(batch, events): rows of the intervals by which they were reached; -1 where none can be repeated."""
    hints: Array
    """(batch, rows, …): of longest matches, and of how much there is."""


@dataclass(frozen=True, eq=False)
class Cache:
    """Keys and values of the events that can be copied; immutable, so that one can go back to it."""

    keys: Array
    """(batch, events, all heads' widths)."""
    symbols: dict[Field, IntArray]
    """Each (batch, events)."""
    onsets: IntArray
    """(batch, events): in steps, as the model heard them."""
    positions: IntArray
    """(batch, events): steps into the bar."""
    traits: npt.NDArray[np.int32]
    """(kinds, batch, events)."""
    matches: Bytes
    """(kinds, batch, rows, events)."""
    first_row: int
    """How many events there are before the first row's."""
    last_pitch: IntArray
    """(batch, rows): of the event just before, or NO_PITCH."""
    last_onset: IntArray
    """(batch, rows), as the two below."""
    last_position: IntArray
    last_bar_steps: IntArray
    next_key: Array
    """(batch, all heads' widths): of the state that chooses the next event."""
    window: int

    @cached_property
    def reach(self) -> Reach:
        """Found once for all fields of the next event."""
        batch, rows = len(self.keys), self.rows
        back = self.first_row + np.arange(rows)[:, None] - np.arange(self.count)  # (rows, events)
        is_seen = (back > 0) & (back < self.window)  # (rows, events)
        intervals = self.traits[_INTERVAL_TRAIT] - _ZERO_INTERVAL  # (batch, events); far below for none
        can_move = np.abs(intervals) <= FARTHEST_INTERVAL  # (batch, events)
        may_move = is_seen & can_move[:, None] & (self.last_pitch != NO_PITCH)[..., None]  # (batch, rows, events)
        longest = (self.matches * is_seen).max(axis=-1, initial=0).transpose(1, 2, 0)  # (batch, rows, kinds)
        known = np.broadcast_to(np.log1p(is_seen.sum(axis=-1))[:, None] / 5, (batch, rows, 1))
        return Reach(
            np.clip(back, 0, self.window - 1),
            np.broadcast_to(is_seen, may_move.shape),
            may_move,
            np.where(can_move, intervals + FARTHEST_INTERVAL, -1),
            np.concatenate([longest / 8, longest > 0, known], axis=-1).astype(self.keys.dtype),
        )

    @property
    def count(self) -> int:
        """Events remembered."""
        return int(self.keys.shape[1])

    @property
    def rows(self) -> int:
        return int(self.matches.shape[2])

    def repeated(self, times: int) -> "Cache":
        """The same cache for so many takes; of one take."""

        def spread(array: npt.NDArray[Any], axis: int = 0) -> npt.NDArray[Any]:
            return np.repeat(array, times, axis=axis)

        return replace(
            self,
            keys=spread(self.keys),
            onsets=spread(self.onsets),
            positions=spread(self.positions),
            last_pitch=spread(self.last_pitch),
            last_onset=spread(self.last_onset),
            last_position=spread(self.last_position),
            last_bar_steps=spread(self.last_bar_steps),
            symbols={field: spread(values) for field, values in self.symbols.items()},
            traits=spread(self.traits, 1),
            matches=spread(self.matches, 1),
            next_key=spread(self.next_key),
        )


@dataclass(frozen=True, eq=False)
class Chosen:
    """What is known of the events to be chosen when one of their fields is: the fields before it, and their places."""

    symbols: Symbols
    """Each (batch, rows), of the fields earlier in the chain."""
    bar_position: IntArray | None
    """(batch, rows); None until the delta is chosen."""
    bar_steps: IntArray | None


@dataclass(frozen=True, eq=False)
class Offer:
    """What the heads of one field found."""

    weights: Array
    """(batch, heads, rows, events)."""
    by_symbol: Array
    """(batch, exact heads, rows, vocabulary)."""
    by_interval: Array
    """(batch, transposing heads, rows, 51)."""
    told: Array
    """(batch, rows, GATE_UNITS + the head's units): what was found, as the gate and the head read it."""
    can_open: npt.NDArray[np.bool_]
    """(batch, rows, heads + 1)."""


class CopyHeads:
    """The copying part of one trained model. Immutable."""

    def __init__(
        self,
        network: NetworkSpec,
        tokenizer: TokenizerSpec,
        vocabulary: Vocabulary,
        window: int,
        weights: Weights,
    ) -> None:
        self._fields = tokenizer.fields
        self._window = window
        self._knows_metre = knows_metre(tokenizer)
        self._kinds = match_count(tokenizer.fields)
        self._pitches = np.array([*vocabulary.values["pitch"], NO_PITCH])
        self._deltas = np.array([*vocabulary.values["delta"], 0]) if self._knows_metre else np.zeros(0, np.int64)
        # (units, all heads' widths)
        self._keys = np.concatenate([weights[f"copy/{field}/key"] for field in self._fields], axis=1)
        self._dtype = self._keys.dtype
        width = network.embedding
        self._heads: dict[Field, tuple[int, int]] = {}
        self._key_spans: dict[Field, slice] = {}
        self._distances: dict[Field, Array] = {}
        self._match_tables: dict[Field, list[Array]] = {}
        self._place_tables: dict[Field, Array] = {}
        self._same_weights: dict[Field, Array] = {}
        self._found: dict[Field, tuple[list[Array], list[Array]]] = {}
        self._hints: dict[Field, Array] = {}
        self._gates: dict[Field, tuple[Array, Array]] = {}
        start = 0
        for field in self._fields:
            exact, moving = self._heads[field] = copy_head_counts(network, field)
            heads = exact + moving
            self._key_spans[field] = slice(start, start + heads * COPY_WIDTH)
            start += heads * COPY_WIDTH
            self._distances[field] = weights[f"copy/{field}/distance"].T[distance_row(np.arange(window))]
            feature_weights = weights[f"copy/{field}/likeness"]  # (features, heads)
            levels = match_features(np.arange(LONGEST_MATCH + 1, dtype=np.uint8)).astype(self._dtype)
            self._match_tables[field] = [
                levels @ feature_weights[kind * MATCH_FEATURES : (kind + 1) * MATCH_FEATURES]
                for kind in range(self._kinds)
            ]
            rest = feature_weights[self._kinds * MATCH_FEATURES :]
            if self._knows_metre:
                classes = place_features(np.arange(2 * SAME_PLACE, dtype=np.uint8)).astype(self._dtype)
                self._place_tables[field] = classes @ rest[:PLACE_FEATURES]
                rest = rest[PLACE_FEATURES:]
            self._same_weights[field] = rest
            # What a head found is read by the gate and by the output head: both in one product with the odds it gives.
            gate = weights[f"gate/{field}/hidden"]  # (read + found + hints, GATE_UNITS)
            layer = "hidden" if network.head_units else "output"
            output = weights[f"head/{field}/{layer}"]  # (read + found, head units)
            read = len(output) - heads * width
            from_found = np.concatenate([gate[read : read + heads * width], output[read:]], axis=1)
            symbols, moves = weights[f"embedding/{field}"][:-1], weights["interval"][:INTERVALS]
            parts = np.split(from_found, heads)
            self._found[field] = [symbols @ part for part in parts[:exact]], [moves @ part for part in parts[exact:]]
            self._hints[field] = gate[read + heads * width :]
            self._gates[field] = weights[f"gate/{field}/output"], weights[f"gate/{field}/output_bias"]

    # What is remembered

    def begun(self, batch: int, bar_steps: int, states: Array) -> Cache:
        """Before the first event; states: (batch, units), after the begin row."""
        nothing = np.zeros((batch, 0), np.int64)
        here = np.zeros((batch, 1), np.int64)
        return Cache(
            keys=np.zeros((batch, 0, self._keys.shape[1]), self._dtype),
            symbols=dict.fromkeys(self._fields, nothing),
            onsets=nothing,
            positions=nothing,
            traits=np.zeros((self._kinds, batch, 0), np.int32),
            matches=np.zeros((self._kinds, batch, 1, 0), np.uint8),
            first_row=0,
            last_pitch=here + NO_PITCH,
            last_onset=here,
            last_position=here,
            last_bar_steps=here + bar_steps,
            next_key=states @ self._keys,
            window=self._window,
        )

    def after(
        self, cache: Cache, symbols: Symbols, bar_position: IntArray, bar_steps: IntArray, states: Array
    ) -> Cache:
        """With some more events; all (batch, events), states (batch, events, units) after each of them."""
        every = self._joined(cache, symbols, bar_position, states)
        row = cache.matches[:, :, 0]
        for end in range(cache.count + 1, every.count + 1):
            row = next_matches(row, every.traits[..., :end])
        kept = slice(max(0, every.count - (self._window - 1)), None)
        last = slice(-1, None)
        return Cache(
            keys=every.keys[:, kept],
            symbols={field: values[:, kept] for field, values in every.symbols.items()},
            onsets=every.onsets[:, kept],
            positions=every.positions[:, kept],
            traits=every.traits[..., kept],
            matches=row[:, :, None, kept],
            first_row=min(every.count, self._window - 1),
            last_pitch=self._pitches[every.symbols["pitch"][:, last]],
            last_onset=every.onsets[:, last],
            last_position=every.positions[:, last],
            last_bar_steps=bar_steps[:, last],
            next_key=every.next_key,
            window=self._window,
        )

    def during(
        self, cache: Cache, symbols: Symbols, bar_position: IntArray, bar_steps: IntArray, states: Array
    ) -> Cache:
        """As `after`, but for choosing each of these events, not the next one."""
        every = self._joined(cache, symbols, bar_position, states)
        events = bar_position.shape[1]
        matches = np.zeros((*every.traits.shape[:2], events, every.count), np.uint8)
        row = cache.matches[:, :, 0]
        for event in range(events):
            matches[:, :, event, : cache.count + event] = row
            row = next_matches(row, every.traits[..., : cache.count + event + 1])

        def before(last: IntArray, values: IntArray) -> IntArray:
            return np.concatenate([last, values[:, :-1]], axis=1)

        return replace(
            every,
            matches=matches,
            first_row=cache.count,
            last_pitch=before(cache.last_pitch, self._pitches[symbols["pitch"]]),
            last_onset=before(cache.last_onset, every.onsets[:, cache.count :]),
            last_position=before(cache.last_position, bar_position),
            last_bar_steps=before(cache.last_bar_steps, bar_steps),
        )

    def _joined(self, cache: Cache, symbols: Symbols, bar_position: IntArray, states: Array) -> Cache:
        """Old events and new ones; what belongs to rows is still the old."""
        keys = states @ self._keys  # (batch, events, all heads' widths)
        deltas = self._deltas[symbols["delta"]] if self._knows_metre else np.zeros(bar_position.shape, np.int64)
        pitches = self._pitches[symbols["pitch"]]  # (batch, events)
        rhythm = [symbols[field] for field in self._fields if field in ("delta", "duration")]
        new_traits = traits(pitches, cache.last_pitch[:, -1], rhythm)  # (kinds, batch, events)
        return replace(
            cache,
            keys=np.concatenate([cache.keys, cache.next_key[:, None], keys[:, :-1]], axis=1),
            symbols={field: np.concatenate([cache.symbols[field], symbols[field]], axis=1) for field in self._fields},
            onsets=np.concatenate([cache.onsets, cache.last_onset[:, -1:] + np.cumsum(deltas, axis=1)], axis=1),
            positions=np.concatenate([cache.positions, bar_position], axis=1),
            traits=np.concatenate([cache.traits, new_traits], axis=-1),
            next_key=keys[:, -1],
        )

    # What is offered

    def offer(self, field: Field, queries: Array, cache: Cache, chosen: Chosen) -> Offer:
        """queries: (batch, rows, heads · width)."""
        exact, moving = self._heads[field]
        heads = exact + moving
        batch, rows, count = len(queries), cache.rows, cache.count
        asked = queries.reshape(batch, rows, heads, COPY_WIDTH).transpose(0, 2, 1, 3)  # (batch, heads, rows, width)
        # → (batch, heads, width, events)
        keys = cache.keys[:, :, self._key_spans[field]].reshape(batch, count, heads, COPY_WIDTH).transpose(0, 2, 3, 1)
        reach = cache.reach
        scores = (asked @ keys) * self._dtype.type(COPY_WIDTH**-0.5)  # (batch, heads, rows, events)
        scores += self._match_scores(field, cache, chosen, reach.back).transpose(0, 3, 1, 2)
        may = np.stack([reach.may_copy] * exact + [reach.may_move] * moving, axis=1)  # (batch, heads, rows, events)
        if count:
            scores = np.where(may, scores, _SHUT)
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights /= weights.sum(axis=-1, keepdims=True)
            weights *= may
        else:
            weights = scores
        size = len(self._found[field][0][0])
        # → (batch, exact heads, rows, vocabulary)
        by_symbol = weights[:, :exact] @ _one_hot(cache.symbols[field], size, self._dtype)[:, None]
        by_interval = np.zeros((batch, 0, rows, INTERVALS), self._dtype)  # (batch, transposing heads, rows, 51)
        if moving:
            by_interval = weights[:, exact:] @ _one_hot(reach.moves, INTERVALS, self._dtype)[:, None]
        from_symbols, from_moves = self._found[field]
        # → (batch, rows, GATE_UNITS + the head's units)
        told = sum(by_symbol[:, head] @ table for head, table in enumerate(from_symbols))
        told = told + sum(by_interval[:, head] @ table for head, table in enumerate(from_moves))
        told[..., :GATE_UNITS] += reach.hints @ self._hints[field]
        can = [np.ones((batch, rows), bool), *[reach.may_copy.any(-1)] * exact, *[reach.may_move.any(-1)] * moving]
        return Offer(weights, by_symbol, by_interval, told, np.stack(can, axis=-1))

    def _match_scores(self, field: Field, cache: Cache, chosen: Chosen, back: IntArray) -> Array:
        """(batch, rows, events, heads)."""
        total: Array = self._distances[field][back][None]  # (1, rows, events, heads)
        for kind, table in enumerate(self._match_tables[field]):
            total = total + table[cache.matches[kind]]
        if self._knows_metre:
            total += self._place_tables[field][self._places(field, cache, chosen)]
        position = self._fields.index(field)
        for number, earlier in enumerate(self._fields[:position]):
            is_same = chosen.symbols[earlier][:, :, None] == cache.symbols[earlier][:, None, :]
            total += is_same[..., None] * self._same_weights[field][number]
        return total

    def _places(self, field: Field, cache: Cache, chosen: Chosen) -> Bytes:
        """Place classes of the events to be chosen; of delta, which decides the place, those of the events before."""
        if field != "delta" and chosen.bar_position is not None and chosen.bar_steps is not None:
            onsets = cache.last_onset + self._deltas[chosen.symbols["delta"]]
            return place_classes(
                onsets[..., None] - cache.onsets[:, None],
                chosen.bar_steps[..., None],
                chosen.bar_position[..., None] == cache.positions[:, None],
            )
        found = np.zeros((len(cache.onsets), cache.rows, cache.count), np.uint8)
        if cache.count > 1:
            found[..., 1:] = place_classes(
                cache.last_onset[..., None] - cache.onsets[:, None, :-1],
                cache.last_bar_steps[..., None],
                cache.last_position[..., None] == cache.positions[:, None, :-1],
            )
        return found

    # The mixture

    def gates(self, field: Field, entered: Array, offer: Offer, motifs: float) -> Array:
        """(batch, rows, heads + 1): how much of the mixture is the network's own, then each head's.

        entered: (batch, rows, GATE_UNITS) of the gate's hidden layer. motifs: nats by which copying opens further.
        """
        output, bias = self._gates[field]
        openness = np.maximum(entered, 0) @ output + bias  # (batch, rows, heads + 1)
        openness[..., 1:] += motifs
        return _softmax(np.where(offer.can_open, openness, _SHUT))

    def mixed(self, field: Field, gates: Array, offer: Offer, cache: Cache, logits: Array) -> Array:
        """Scores of the mixture, (batch, rows, vocabulary); logits: of the head alone."""
        exact, moving = self._heads[field]
        odds = gates[..., :1] * _softmax(logits)  # (batch, rows, vocabulary)
        shares = gates[..., 1:].transpose(0, 2, 1)[..., None]  # (batch, heads, rows, 1)
        odds += (shares[:, :exact] * offer.by_symbol).sum(axis=1)
        if moving:
            odds += self.by_pitch((shares[:, exact:] * offer.by_interval).sum(axis=1), cache.last_pitch)
        scores: Array = np.log(odds + self._dtype.type(TINY))
        return scores

    def by_pitch(self, offered: Array, last: IntArray) -> Array:
        """(batch, rows, vocabulary) of what is offered for each interval from the last pitch, (batch, rows, 51)."""
        place = self._pitches[:-1] - last[..., None] + FARTHEST_INTERVAL
        is_offered = (place >= 0) & (place < INTERVALS) & (last != NO_PITCH)[..., None]
        return np.where(is_offered, np.take_along_axis(offered, np.where(is_offered, place, 0), axis=-1), 0)

    def sources(
        self, field: Field, gates: Array, offer: Offer, cache: Cache, symbols: IntArray
    ) -> tuple[Array, IntArray]:
        """Of the symbols that came, (batch, rows): the odds that copying gave each, and the event that gave most of them.

        The event is -1 where none gave any.
        """
        exact, _ = self._heads[field]
        given = gates[..., 1:].transpose(0, 2, 1)[..., None] * offer.weights  # (batch, heads, rows, events)
        is_copied = cache.symbols[field][:, None] == symbols[..., None]  # (batch, rows, events)
        total = (given[:, :exact] * is_copied[:, None]).sum(axis=1)
        if field == "pitch":
            moved = cache.last_pitch[..., None] + (cache.traits[_INTERVAL_TRAIT] - _ZERO_INTERVAL)[:, None]
            total += (given[:, exact:] * (moved == self._pitches[symbols][..., None])[:, None]).sum(axis=1)
        share = total.sum(axis=-1)
        place = total.argmax(axis=-1) if cache.count else np.zeros(share.shape, np.int64)
        return share, np.where(share > 0, place, -1)


def _softmax(scores: Array) -> Array:
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Array = odds / odds.sum(axis=-1, keepdims=True)
    return shares


def _one_hot(values: IntArray, size: int, dtype: np.dtype[np.floating]) -> Array:
    """(…, size); a negative value has nothing."""
    hits: Array = (values[..., None] == np.arange(size)).astype(dtype)
    return hits
