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
    is_apart: bool = False
    """Known to hold no two notes that overlap on one pitch of one voice."""

    def __len__(self) -> int:
        return len(self.onset)

    def taken(self, index: npt.NDArray[np.generic]) -> "RawNotes":
        """The notes at these places, or where a mask is true."""
        return RawNotes(self.voice[index], self.onset[index], self.pitch[index], self.end[index], self.velocity[index])

    def places(self) -> Integers:
        """One number per note that rises with (voice, pitch, onset)."""
        return ((self.voice << 7 | self.pitch) << _TICK_BITS) + self.onset


def with_first_offs(notes: RawNotes) -> RawNotes:
    """End each note at the first note-off strictly after its onset, and drop notes of no length.

    Expects note-offs paired first in, first out. One note-off closes all open notes of its voice and pitch, as in
    pretty_midi; those of notes without length count too.
    """
    places = notes.places()
    offs = places + (notes.end - notes.onset)
    order = np.argsort(places)
    sounding = notes.end > notes.onset
    if not bool((places[order][1:] < offs[order][:-1]).any()):
        return replace(notes if bool(sounding.all()) else notes.taken(sounding), is_apart=True)
    offs.sort()
    kept, starts = notes.taken(sounding), places[sounding]
    ends = offs[np.searchsorted(offs, starts, side="right")] & ((1 << _TICK_BITS) - 1)
    return replace(kept, end=ends)


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
    doubled: int
    """Notes left out because a longer one starts at the same place."""
    cut: int
    """Notes shortened because their pitch is struck again."""


def fitted(notes: RawNotes) -> Fitted:
    """The array form of `score.fitted`: what stays, and what is cut, is the same."""
    if notes.is_apart:
        return Fitted(_in_order(notes), 0, 0)
    places = notes.places()
    order = np.lexsort((-notes.velocity, notes.onset - notes.end, places))
    notes, places = notes.taken(order), places[order]
    first = np.ones(len(notes), dtype=bool)
    first[1:] = places[1:] != places[:-1]
    doubled = len(notes) - int(first.sum())
    if doubled:
        notes, places = notes.taken(first), places[first]
    struck_again = np.zeros(len(notes), dtype=bool)
    # Ends are compared as places, which can't reach into the next pitch's: a tick has more bits than it needs.
    struck_again[:-1] = places[:-1] + (notes.end - notes.onset)[:-1] > places[1:]
    cut = int(struck_again.sum())
    if cut:
        following = np.append(notes.onset[1:], 0)
        notes = replace(notes, end=np.where(struck_again, following, notes.end))
    return Fitted(_in_order(notes), doubled, cut)


def _in_order(notes: RawNotes) -> RawNotes:
    """By (voice, onset, pitch), which no two notes share."""
    keys = (notes.voice << _TICK_BITS) + notes.onset << 7 | notes.pitch
    return notes if bool((keys[1:] > keys[:-1]).all()) else notes.taken(np.argsort(keys))
