"""Coming back and getting stuck: what followed the last time the line went like this, and when it only goes round.

A line is its notes in order, as onsets in steps and pitches.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_LONGEST_MATCH = 15
_SAME_NOTES = 12
"""A pitch struck this often in a row is in many songs; more is stuck."""
_SAME_NOTES_SLOW = 8
"""Or so often, when it takes more than two bars."""
MOST_ROUNDS = 4
"""A figure of up to a bar may come so many times in a row, and one pitch for so many bars."""
_BARS_OF_SHORT_FIGURE = 3
"""One of up to half a bar wears out sooner: it may fill so many bars."""
_BARS_OF_LONG_FIGURE = 5
"""One of up to two bars may fill so many bars: of 1,148 whole songs two have such a stretch, and none a bar more."""
_LONGEST_FIGURE = 32
"""Notes."""


def stuck_since(onsets: Sequence[int], pitches: Sequence[int], *, bar: int) -> int | None:
    """The index of the note from which the line only goes round, where it does so at its end; None if it doesn't.

    Stuck is: one pitch more than 12 times in a row (or more than 8 times over more than two bars, or however often over
    more than four), a figure of at most two bars that fills more than five bars by itself, one of at most a bar that
    fills more than four, or one of at most half a bar that fills more than three. bar: steps.
    """
    count = len(pitches)
    same = 1
    while same < count and pitches[count - 1 - same] == pitches[-1]:
        same += 1
    span = onsets[-1] - onsets[count - same]
    if same > _SAME_NOTES or (same > _SAME_NOTES_SLOW and span > 2 * bar) or span >= MOST_ROUNDS * bar:
        return count - same
    for figure in range(1, min(_LONGEST_FIGURE, count // 2) + 1):
        length = onsets[-1] - onsets[-1 - figure]
        if length > 2 * bar:
            break
        if length == 0:
            continue
        first = count - 1
        while (
            first >= figure
            and pitches[first] == pitches[first - figure]
            and onsets[first] - onsets[first - figure] == length
        ):
            first -= 1
        # The notes from `first` + 1 - figure on repeat; the figure has gone round that often at the last note:
        bars = MOST_ROUNDS if 2 * length > bar else _BARS_OF_SHORT_FIGURE
        if length > bar:
            bars = _BARS_OF_LONG_FIGURE
        if onsets[-1] - onsets[max(0, first + 1 - figure)] >= bars * bar:
            return max(0, first + 1 - figure)
    return None


class MotifMemory:
    """Where in the line it went as it goes now, by the intervals of its recent past: one take's own, it grows with it."""

    def __init__(self, pitches: Sequence[int]) -> None:
        self._pitches = np.zeros(max(64, 2 * len(pitches)), np.int64)
        self._matches = np.zeros(len(self._pitches), np.int64)
        """For each place s: how many intervals before the note at s are also those that end the line."""
        self._count = 0
        for pitch in pitches:
            self.add(pitch)

    def add(self, pitch: int) -> None:
        """The line goes on to this pitch."""
        if self._count == len(self._pitches):
            self._pitches = np.concatenate([self._pitches, np.zeros_like(self._pitches)])
            self._matches = np.concatenate([self._matches, np.zeros_like(self._matches)])
        count = self._count
        self._pitches[count] = pitch
        if count >= 2:
            # The line now ends with one more interval; place s + 1 matches one longer if its last interval is that.
            intervals = np.diff(self._pitches[: count + 1])
            is_same = intervals[:-1] == intervals[-1]  # interval i lies before place i + 1
            self._matches[2 : count + 1] = np.where(is_same, self._matches[1:count] + 1, 0)
        self._count = count + 1

    def followers(self) -> tuple[npt.NDArray[np.int64], int]:
        """(places whose note followed the longest earlier match, how many intervals match); none: no places, 0."""
        candidates = self._matches[2 : self._count]
        longest = int(candidates.max(initial=0))
        if not longest:
            return np.zeros(0, np.int64), 0
        return 2 + np.flatnonzero(candidates == longest), min(longest, _LONGEST_MATCH)

    def pitches_after(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The pitches that would follow the last note as the notes at `places` followed theirs."""
        moved: npt.NDArray[np.int64] = (
            self._pitches[self._count - 1] + self._pitches[places] - self._pitches[places - 1]
        )
        return moved
