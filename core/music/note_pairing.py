"""From onsets and ends as files give them to notes that fit a `Part`: the rules of note-offs, on whole arrays.

The notes of all parts of a file go through here at once, told apart by the number of their voice: many small files
would otherwise spend their time in calls. All arrays have shape (notes,); ticks are int64.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_TICK_BITS = 33
"""Ticks below 2^33 share an int64 with a pitch (7 bits) and a voice (up to 2^23)."""


@dataclass(frozen=True, slots=True, eq=False)
class RawNotes:
    """Notes of all voices of a file, in any order."""

    voice: Integers
    onset: Integers
    pitch: Integers
    end: Integers
    velocity: Integers

    def __len__(self) -> int:
        return len(self.onset)

    def taken(self, index: npt.NDArray[np.generic]) -> "RawNotes":
        """The notes at these places, or where a mask is true."""
        return RawNotes(self.voice[index], self.onset[index], self.pitch[index], self.end[index], self.velocity[index])

    def places(self) -> Integers:
        """One number per note that rises with (voice, pitch, onset)."""
        return ((self.voice << 7 | self.pitch) << _TICK_BITS) + self.onset


def paired(is_strike: npt.NDArray[np.bool_], is_new: npt.NDArray[np.bool_]) -> Integers:
    """The place of the note-off that ends each strike; -1 where none does, and at note-offs.

    Strikes and note-offs in order, those of one key of one channel together; is_new: where those of another begin. What
    was struck first is let go first, and an off while nothing sounds means nothing. Where notes are left over at the
    end, an off was lost: from the last silence on an off then ends all that sounds, lest one lost off draw out all
    that follow.
    """
    size = len(is_strike)
    if not size:
        return np.zeros(0, np.int64)
    places = np.arange(size)
    if size % 2 == 0 and bool(is_strike[::2].all()) and not is_strike[1::2].any() and not is_new[1::2].any():
        return np.where(is_strike, places + 1, -1)  # strike and off in turn, as mostly
    group = np.cumsum(is_new) - 1
    starts = np.flatnonzero(is_new)
    steps = np.where(is_strike, 1, -1)
    total = np.cumsum(steps)
    within = total - (total - steps)[starts][group]
    # The least sum so far of each group: lowering one group after the other far enough lets one sweep do for all.
    far = group * (2 * size + 2)
    least = np.minimum(np.minimum.accumulate(within - far) + far, 0)
    depth = within - least  # how many sound after each event
    before = np.where(is_new, 0, np.append(0, depth[:-1]))
    is_off = ~is_strike & (before > 0)
    strikes, offs = np.flatnonzero(is_strike), np.flatnonzero(is_off)
    strike_rank = np.arange(len(strikes)) - np.searchsorted(strikes, starts)[group[strikes]]
    first_off, off_count = np.searchsorted(offs, starts), np.bincount(group[offs], minlength=len(starts))
    is_closed = strike_rank < off_count[group[strikes]]
    result = np.full(size, -1, np.int64)
    result[strikes[is_closed]] = offs[(first_off[group[strikes]] + strike_rank)[is_closed]]
    if not is_closed.all():
        ends = np.append(starts[1:], size) - 1
        silence = np.maximum.accumulate(np.where((depth == 0) | is_new, places, -1))
        # Where a group begins with a strike, silence lies before it.
        silent = silence[ends] - ((depth[silence[ends]] > 0) & is_new[silence[ends]])
        late = strikes[(strikes > silent[group[strikes]]) & (depth[ends] > 0)[group[strikes]]]
        following = np.append(offs, size)[np.searchsorted(offs, late)]
        result[late] = np.where(
            (following < size) & (group[np.minimum(following, size - 1)] == group[late]), following, -1
        )
    return result


def rescaled(ticks: Integers, numerator: int, denominator: int) -> Integers:
    """Ticks times numerator / denominator, halves rounded up."""
    if numerator == denominator:
        return ticks
    result: Integers = (2 * ticks * numerator + denominator) // (2 * denominator)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Notes ordered by (voice, onset, pitch) without overlaps on a pitch, and what it took."""

    notes: RawNotes
    doubled: Integers
    """The voices of notes left out because a longer one starts at the same place."""
    cut: Integers
    """The voices of notes shortened because their pitch is struck again."""


def fitted(notes: RawNotes) -> Fitted:
    """The array form of `score.fitted`, for all voices at once: what stays, and what is cut, is the same."""
    places = notes.places()
    order = np.argsort(places, kind="stable")
    doubled = np.zeros(0, np.int64)
    if bool((places[order][1:] == places[order][:-1]).any()):
        order = np.lexsort((-notes.velocity, notes.onset - notes.end, places))
        is_first = np.ones(len(notes), bool)
        is_first[1:] = np.diff(places[order]) != 0
        doubled = notes.voice[order[~is_first]]
        order = order[is_first]
    places = places[order]
    is_struck_again = np.zeros(len(order), bool)
    # Ends are compared as places, which can't reach into the next pitch's: a tick has more bits than it needs.
    is_struck_again[:-1] = places[:-1] + (notes.end - notes.onset)[order][:-1] > places[1:]
    cut = order[is_struck_again]
    cut_voices = notes.voice[cut]
    if len(cut):
        end = notes.end.copy()
        end[cut] = notes.onset[order[1:][is_struck_again[:-1]]]
        notes = replace(notes, end=end)
    if len(order) < len(notes):
        notes = notes.taken(order)
    return Fitted(_in_order(notes), doubled, cut_voices)


def _in_order(notes: RawNotes) -> RawNotes:
    """By (voice, onset, pitch), which no two notes share."""
    keys = (notes.voice << _TICK_BITS) + notes.onset << 7 | notes.pitch
    return notes if bool((keys[1:] > keys[:-1]).all()) else notes.taken(np.argsort(keys))
