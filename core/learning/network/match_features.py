"""How alike two places of one piece are: what copy heads know of an earlier event s when event t is to be chosen.

All of it stays the same when the piece is transposed. Arrays of events are (…, events) in the piece's order; of pairs
(…, t, s). Training computes it for whole windows, generating row by row, both by the functions here.

*Matches*: of how many events before t and before s in a row the last are the same: in pitch, in interval, in contour
(intervals in nine classes of size and direction), and in rhythm (delta and duration) where the model knows any. At
most 15 are counted. *Places* (where the model knows the metre): whether t and s lie at one place in the bar, and whether
they lie 1, 2, 4, 8 or some other number of bars apart. *Fields*: whether the fields of t chosen already are those of s.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.integer]
Bytes = npt.NDArray[np.uint8]

LONGEST_MATCH = 15
MATCH_LEVELS = (0, 1, 2, 4)
"""A match of length m is told as whether it is longer than each of these, and as m / 8."""
MATCH_FEATURES = len(MATCH_LEVELS) + 1
BAR_LAGS = (1, 2, 4, 8)
"""Bars apart that are classes of their own, 1 to 4; class 5 is any other whole number, class 0 none."""
LAG_CLASSES = len(BAR_LAGS) + 1
_LAG_CLASS = np.array(
    [0, *(BAR_LAGS.index(bars) + 1 if bars in BAR_LAGS else LAG_CLASSES for bars in range(1, max(BAR_LAGS) + 2))],
    dtype=np.uint8,
)
"""By bars apart, up to the first of all beyond."""
PLACE_FEATURES = 1 + LAG_CLASSES
SAME_PLACE = 8
"""Added to the lag's class where both events lie at one place in the bar."""
NO_PITCH = -1
"""The pitch of no event: of that before the first."""
_LEAPS = (1, 3, 5, 8)
"""Semitones from which an interval's contour class begins: repeated, step, third, leap, wide leap."""
_NEVER = -1
"""A trait that is like no other."""


def match_count(fields: Sequence[str]) -> int:
    """Kinds of matches for a tokenizer of these fields."""
    return 3 + bool({"delta", "duration"} & set(fields))


def feature_count(fields: Sequence[str], field: str) -> int:
    """Numbers that tell a copy head of `field` how alike two places are."""
    places = PLACE_FEATURES if "delta" in fields else 0
    return MATCH_FEATURES * match_count(fields) + places + list(fields).index(field)


def match_features(matches: Bytes) -> npt.NDArray[np.float32]:
    """(…, 5) of matches (…)."""
    levels = [matches > level for level in MATCH_LEVELS]
    return np.stack([*levels, matches / np.float32(8)], axis=-1, dtype=np.float32, casting="unsafe")


def traits(pitches: IntArray, before: IntArray, rhythm: Sequence[IntArray]) -> npt.NDArray[np.int32]:
    """(kinds, …, events): what has to be the same for two events to match, in the order of the module's docstring.

    pitches: (…, events). before: (…), the pitch before the first, or NO_PITCH. rhythm: symbols of delta and duration, as
    far as the model knows them; none, no match of rhythm.
    """
    earlier = np.concatenate([before[..., None], pitches[..., :-1]], axis=-1)
    intervals = pitches - earlier
    contours = np.sign(intervals) * np.digitize(np.abs(intervals), _LEAPS)
    has_none = earlier == NO_PITCH
    kinds = [pitches, np.where(has_none, _NEVER, intervals + 128), np.where(has_none, _NEVER, contours + 8)]
    if rhythm:
        kinds.append(rhythm[0] if len(rhythm) == 1 else rhythm[0] * 1024 + rhythm[1])
    return np.stack(kinds).astype(np.int32)


def next_matches(matches: Bytes, known: IntArray) -> Bytes:
    """The row of the next event, (…, t), from that of the last one, (…, t - 1), and all traits so far, (…, t)."""
    row = np.zeros(known.shape, np.uint8)
    if known.shape[-1] > 1:
        newest = known[..., -1:]
        is_same = (known[..., :-1] == newest) & (newest != _NEVER)
        row[..., 1:] = np.minimum(matches + np.uint8(1), LONGEST_MATCH) * is_same
    return row


def all_matches(known: IntArray) -> Bytes:
    """(…, events, events) of the traits of whole windows; 0 where s is not before t."""
    events = known.shape[-1]
    pairs = np.zeros((*known.shape, events), np.uint8)
    for event in range(2, events):
        pairs[..., event, :event] = next_matches(pairs[..., event - 1, : event - 1], known[..., :event])
    return pairs


def place_classes(apart: IntArray, bar_steps: IntArray, is_same_place: npt.NDArray[np.bool_]) -> Bytes:
    """The lag's class, plus 8 at the same place in the bar; all arrays of one shape or broadcasting.

    apart: steps from the earlier onset to the later. bar_steps: of the later one's bar.
    """
    bars = np.divide(
        apart, bar_steps, dtype=np.float32
    )  # a whole number exactly where it is one: onsets are below 2^24
    classes = _LAG_CLASS[np.clip(bars, 0, len(_LAG_CLASS) - 1).astype(np.uint8)]
    found: Bytes = classes * (bars == np.floor(bars)) + np.uint8(SAME_PLACE) * is_same_place
    return found


def place_features(classes: Bytes) -> npt.NDArray[np.float32]:
    """(…, 6) of place classes (…): whether at one place in the bar, then each lag."""
    lags = classes % SAME_PLACE
    told = [classes >= SAME_PLACE, *(lags == number for number in range(1, LAG_CLASSES + 1))]
    return np.stack(told, axis=-1, dtype=np.float32, casting="unsafe")
