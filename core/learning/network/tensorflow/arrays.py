"""A batch as the graphs read it. NumPy alone: a thread can make the next batch's while TensorFlow computes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.learning.events.dataset import Batch
from core.learning.events.tokenizer import IntArray, Vocabulary
from core.learning.network.match_features import NO_PITCH, Bytes, all_matches, match_count, place_classes, traits
from core.learning.network.weights import beat_row, copies, knows_metre, metre_row, within_row
from core.learning.spec import NetworkSpec, TokenizerSpec


@dataclass(frozen=True, eq=False)
class Arrays:
    """What a batch is to the graphs."""

    symbols: npt.NDArray[np.int32]
    """(fields, steps + 1, windows)."""
    places: npt.NDArray[np.int32]
    """(4, steps + 1, windows): rows of beat, place within it and metre, and the pitch."""
    targets: npt.NDArray[np.float32]
    """(steps, windows)."""
    matches: Bytes
    """copying: (windows, kinds, steps, steps), of match_features.py."""
    pair_places: Bytes
    """copying: (windows, steps + 1, steps + 1), place classes of match_features.py."""

    @property
    def target_count(self) -> int:
        return int(self.targets.sum())

    @property
    def given(self) -> tuple[npt.NDArray[np.generic], ...]:
        return self.symbols, self.places, self.targets, self.matches, self.pair_places


def arrays_of(batch: Batch, network: NetworkSpec, tokenizer: TokenizerSpec, vocabulary: Vocabulary) -> Arrays:
    position, bar_steps = batch.bar_position, batch.bar_steps  # (windows, steps + 1) each
    fields = tokenizer.fields
    symbols = np.stack([batch.symbols[field].T for field in fields])  # (fields, steps + 1, windows)
    pitches = np.array([*vocabulary.values["pitch"], NO_PITCH], np.int32)[
        batch.symbols["pitch"]
    ]  # (windows, steps + 1)
    rows = (beat_row(position), within_row(position), metre_row(bar_steps), pitches)
    places = np.stack([row.T for row in rows]).astype(np.int32)  # (4, steps + 1, windows)
    targets = np.ascontiguousarray(batch.targets.T)  # (steps, windows)
    windows = len(targets.T)
    pair_places = np.zeros((windows, 0, 0), np.uint8)
    if not copies(network):
        return Arrays(symbols, places, targets, np.zeros((windows, match_count(fields), 0, 0), np.uint8), pair_places)
    # → (windows, steps) each; then (windows, kinds, steps, steps)
    rhythm = [batch.symbols[field][:, 1:] for field in fields if field in ("delta", "duration")]
    matches = np.ascontiguousarray(np.swapaxes(all_matches(traits(pitches[:, 1:], pitches[:, 0], rhythm)), 0, 1))
    if knows_metre(tokenizer):
        deltas = np.array([*vocabulary.values["delta"], 0])[batch.symbols["delta"]]  # (windows, steps + 1)
        pair_places = all_pair_places(deltas, position, bar_steps)
    return Arrays(symbols, places, targets, matches, pair_places)


def all_pair_places(deltas: IntArray, position: IntArray, bar_steps: IntArray) -> Bytes:
    """(windows, steps + 1, steps + 1): match_features.place_classes of every two events; the first column is like none."""
    onsets = np.cumsum(deltas, axis=1, dtype=np.int32)  # (windows, steps + 1)
    pair_places = place_classes(
        onsets[:, :, None] - onsets[:, None, :],
        np.maximum(bar_steps, 1)[:, :, None],
        position[:, :, None] == position[:, None, :],
    )
    pair_places[:, 0] = 0
    pair_places[:, :, 0] = 0
    return pair_places
