"""Which pieces are versions of one tune: the same song again, in another key, cut, or arranged otherwise.

Judged by the runs of intervals in the top line. In whatever key, two versions share a good part of them, two songs of one
style next to none: of 1,148 songs the four most alike are two pairs that use one melody and two that quote each other
(0.28 to 0.88 of the shorter one's runs), and the next pair shares 0.16.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.learning.events.memorisation import window_hashes
from core.learning.events.tokenizer import Events

_RUN = 8
"""Intervals."""
_ALIKE = 0.2
"""Of the shorter piece's different runs, the share that the other has too."""
_FEWEST = 8
"""Runs: fewer tell nothing."""
_COMMON = 50
"""A run that more pieces have is a scale or a repeated note."""


def version_groups(pieces: Sequence[Events]) -> NDArray[np.int64]:
    """(pieces,): for each the index of the first piece that it is a version of, directly or through others; its own if of none.

    Where most pieces would be one group, as in a folder of exercises, each stands by itself: nothing could be kept aside.
    """
    own = np.arange(len(pieces))
    runs = [np.unique(_runs(piece)) for piece in pieces]
    counts = np.array([len(each) for each in runs])
    if not counts.sum():
        return own
    groups = own.copy()
    for first, second, shared in _sharing(np.concatenate(runs), np.repeat(own, counts)):
        if shared >= max(_FEWEST, _ALIKE * min(counts[first], counts[second])):
            low, high = sorted((int(groups[first]), int(groups[second])))
            groups[groups == high] = low
    return groups if np.bincount(groups).max() <= max(2, len(pieces) // 2) else own


def _runs(events: Events) -> NDArray[np.uint64]:
    top = np.append(events.delta[1:] > 0, True)[: len(events)]  # of a chord, read upwards, the last
    return window_hashes(np.diff(events.pitch[top].astype(np.int64)), _RUN)


def _sharing(runs: NDArray[np.uint64], pieces: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """(piece, later piece, runs that both have), of all that have any."""
    order = np.lexsort((pieces, runs))
    runs, pieces = runs[order], pieces[order]
    _, counts = np.unique(runs, return_counts=True)
    telling = np.repeat(counts <= _COMMON, counts)
    runs, pieces = runs[telling], pieces[telling]
    pairs = [np.zeros(0, np.int64)]
    for apart in range(1, _COMMON):
        same = runs[apart:] == runs[:-apart]
        if not same.any():
            break
        pairs.append(pieces[:-apart][same] << 32 | pieces[apart:][same])
    codes, shared = np.unique(np.concatenate(pairs), return_counts=True)
    return [(code >> 32, code & 0xFFFFFFFF, many) for code, many in zip(codes.tolist(), shared.tolist(), strict=True)]
