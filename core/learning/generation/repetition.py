"""Getting stuck: when notes only go round. Notes in order are two rows, their onsets in steps and their pitches.

This is the guard, which draws a take again before it is heard, so it is strict. What a sample is judged by afterwards is
`only_loops` of evaluation/sample_statistics.py, a definition of its own that allows more.
"""

from collections.abc import Sequence

_SAME_NOTES = 12
"""A pitch struck this often in a row is in many songs; more is stuck."""
_SAME_NOTES_SLOW = 8
"""Or so often, when it takes more than two bars."""
_MOST_ROUNDS = 3
"""A figure of up to a bar may come so many times in a row, and one pitch for so many bars. Of 1,148 whole songs one in
seven goes on longer somewhere; a take that may does so often enough to be told from real music by it."""
_BARS_OF_SHORT_FIGURE = 2
"""One of up to half a bar wears out sooner: it may fill so many bars."""
_BARS_OF_LONG_FIGURE = 5
"""One of up to two bars may fill so many bars: of 1,148 whole songs two have such a stretch, and none a bar more."""
_LONGEST_FIGURE = 32
"""Notes."""


def stuck_since(onsets: Sequence[int], pitches: Sequence[int], *, bar: int) -> int | None:
    """The index of the note from which they only go round, where they do so at their end; None if they don't.

    Stuck is: one pitch more than 12 times in a row (or more than 8 times over more than two bars, or however often over
    more than three), a figure of at most two bars that fills more than five bars by itself, one of at most a bar that
    fills more than three, or one of at most half a bar that fills more than two. bar: steps.
    """
    count = len(pitches)
    same = 1
    while same < count and pitches[count - 1 - same] == pitches[-1]:
        same += 1
    span = onsets[-1] - onsets[count - same]
    if same > _SAME_NOTES or (same > _SAME_NOTES_SLOW and span > 2 * bar) or span >= _MOST_ROUNDS * bar:
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
        bars = _MOST_ROUNDS if 2 * length > bar else _BARS_OF_SHORT_FIGURE
        if length > bar:
            bars = _BARS_OF_LONG_FIGURE
        if onsets[-1] - onsets[max(0, first + 1 - figure)] >= bars * bar:
            return max(0, first + 1 - figure)
    return None
