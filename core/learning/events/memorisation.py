"""The copy check: which runs of notes a take shares with the pieces its model studied.

Two runs are the same when their intervals and their note lengths are, in whatever key. Melodies of one style share
short runs anyway; so the index also knows how long a run the studied pieces share among themselves, and only what goes
beyond that counts as copied. Lengths are in the model's steps; chords are read upwards, note after note.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.learning.events.tokenizer import Events
from core.loading.arrays import Like
from core.music.score import Note
from core.music.timing import steps_at

Ints = NDArray[np.int64]

_GRAM = 4
"""Symbols of an indexed n-gram: fewer are found in thousands of places, more are often found in none."""
_SAMPLED_PIECES = 200
"""Pieces compared with all others to learn what they share: enough for a percentile, done in a second."""
_OVERLAPS_OF_A_MELODY = 0.01
"""Share of notes: quantising makes melodies overlap here and there."""
_MIXER = np.uint64(0x9E3779B97F4A7C15)
_BASE = np.uint64(0xD6E8FEB86659FD93)
_CHANCE_RUN = 5
"""Notes: so many equal ones are soon found in any two melodies."""
_END = -(2**40)
"""The symbol after the last note of a query: found nowhere."""
STUDIED_ARRAYS = {
    "titles": Like("|u1", (None,), 1 << 26),
    "bounds": Like("<i8", (None,), 1 << 24),
    "pitches": Like("|i1", (None,), 1 << 28),
    "lengths": Like("<u2", (None,), 1 << 28),
    "shared": Like("<f8", (3,)),
}
"""What `StudiedIndex.to_arrays` gives: millions of pieces at most, with some hundred notes each."""


@dataclass(frozen=True, slots=True)
class SharedRun:
    """`notes` notes of the query from index `start` on are also found in the studied piece called `title`."""

    start: int = 0
    notes: int = 0
    title: str = ""


@dataclass(frozen=True, eq=False)
class StudiedIndex:
    """The notes of all studied pieces, one after another, in a form that finds shared runs fast."""

    titles: tuple[str, ...]
    bounds: Ints
    """(pieces + 1,): piece i is notes bounds[i] to bounds[i + 1]."""
    pitches: NDArray[np.int8]
    lengths: NDArray[np.uint16]
    """In steps."""
    usual_run: float = 0.0
    """Notes: the longest run that a piece shares with any other, on average over the pieces."""
    common_run: int = 0
    """Notes: nine of ten pieces share no longer run with any other. Longer than this counts as copied."""
    is_monophonic: bool = False
    """Whether hardly ever two of their notes sound at once."""

    def runs(
        self, pitches: Sequence[int] | Ints, lengths: Sequence[int] | Ints, *, longer_than: int
    ) -> list[SharedRun]:
        """Every run of more than `longer_than` notes (at least 4) that a studied piece holds too, once for each place."""
        query = np.asarray(pitches, np.int64), np.asarray(lengths, np.int64)
        return [
            SharedRun(start, notes, self.titles[self._piece_at(place)])
            for start, place, notes in self._matches(*query, leaving_out=None)
            if notes > longer_than
        ]

    def longest_run(self, pitches: Sequence[int] | Ints, lengths: Sequence[int] | Ints) -> SharedRun:
        """The longest run that any studied piece holds too; the first of equals. 0 notes if there is not even one."""
        return self._longest(np.asarray(pitches, np.int64), np.asarray(lengths, np.int64), leaving_out=None)

    def holds(self, pitches: Sequence[int] | Ints, lengths: Sequence[int] | Ints) -> bool:
        """Whether a studied piece is these notes from its first to its last, in any key."""
        return _whole(np.asarray(pitches, np.int64), np.asarray(lengths, np.int64)) in self._wholes

    def found(self, melodies: Iterable[tuple[Ints, Ints]], *, notes: int) -> list[NDArray[np.bool_]]:
        """For each melody of (pitches, lengths): which of its runs of so many notes (at least 2) a studied piece holds too.

        Each array is (runs,), by the place of the run's first note.
        """
        studied = np.append(np.unique(_run_hashes(self._symbols, self.lengths, notes)), np.uint64(0))
        found = []
        for pitches, lengths in melodies:
            hashes = _run_hashes(_closed_symbols(pitches, lengths), lengths, notes)
            # np.isin would sort the many once more for each melody. The 0 at the end is for those beyond the last.
            found.append(studied[np.searchsorted(studied[:-1], hashes)] == hashes)
        return found

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Plain arrays for an .npz without pickle."""
        return {
            "titles": np.frombuffer("\n".join(self.titles).encode(), np.uint8),
            "bounds": self.bounds,
            "pitches": self.pitches,
            "lengths": self.lengths,
            "shared": np.array([self.usual_run, self.common_run, self.is_monophonic], np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "StudiedIndex":
        """From `to_arrays`, each as in STUDIED_ARRAYS. Raises ValueError when they don't fit together."""
        bounds, pitches, lengths = arrays["bounds"], arrays["pitches"], arrays["lengths"]
        text = arrays["titles"].tobytes().decode()
        titles = tuple(text.split("\n")) if len(bounds) > 1 else ()
        usual, common, is_monophonic = arrays["shared"].tolist()
        fits = (
            len(bounds) == len(titles) + 1
            and len(pitches) == len(lengths) == bounds[-1]
            and bounds[0] == 0
            and (np.diff(bounds) >= 0).all()
            and pitches.min(initial=0) >= 0
            and 0 <= usual <= len(pitches)
            and 0 <= common <= len(pitches)
        )
        if not fits:
            raise ValueError("the arrays of the studied pieces don't fit together")
        return cls(titles, bounds, pitches, lengths, usual, int(common), bool(is_monophonic))

    # Each note but a piece's last is one symbol: its length and the interval to the next note. A run of n notes is
    # n − 1 equal symbols and then an equal length.

    @cached_property
    def _symbols(self) -> Ints:
        symbols = _symbols_of(self.pitches.astype(np.int64), self.lengths.astype(np.int64))
        last = self.bounds[1:][np.diff(self.bounds) > 0] - 1
        symbols[last] = -1 - last  # equal to nothing else
        return symbols

    @cached_property
    def _wholes(self) -> frozenset[bytes]:
        pitches, lengths = self.pitches.astype(np.int64), self.lengths.astype(np.int64)
        spans = [slice(start, end) for start, end in itertools.pairwise(self.bounds.tolist())]
        return frozenset(_whole(pitches[span], lengths[span]) for span in spans)

    @cached_property
    def _grams(self) -> tuple[NDArray[np.uint64], Ints]:
        hashes = window_hashes(self._symbols, _GRAM)
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order

    def _piece_at(self, place: int) -> int:
        return int(np.searchsorted(self.bounds, place, side="right")) - 1

    def _matches(self, pitches: Ints, lengths: Ints, *, leaving_out: int | None) -> Iterator[tuple[int, int, int]]:
        """(start in the query, place in the index, notes) of each maximal run of at least _GRAM symbols."""
        symbols = _closed_symbols(pitches, lengths)
        hashes, order = self._grams
        query_hashes = window_hashes(symbols, _GRAM)
        firsts = np.searchsorted(hashes, query_hashes, side="left")
        lasts = np.searchsorted(hashes, query_hashes, side="right")
        for start in np.flatnonzero(lasts > firsts):
            places = order[firsts[start] : lasts[start]]
            if start > 0:  # a run that could begin a note earlier has been found there
                places = places[(places == 0) | (self._symbols[places - 1] != symbols[start - 1])]
            if leaving_out is not None:
                places = places[(places < self.bounds[leaving_out]) | (places >= self.bounds[leaving_out + 1])]
            alike = 0
            while len(places):
                # Both sides end in a symbol that is equal to nothing, so neither index runs over.
                goes_on = self._symbols[places + alike] == symbols[start + alike]
                for place in places[~goes_on]:
                    if alike >= _GRAM:  # less is a collision of hashes
                        same_length = self.lengths[place + alike] == lengths[start + alike]
                        yield int(start), int(place), alike + int(same_length)
                places = places[goes_on]
                alike += 1

    def _longest(self, pitches: Ints, lengths: Ints, *, leaving_out: int | None) -> SharedRun:
        best = max(
            self._matches(pitches, lengths, leaving_out=leaving_out),
            key=lambda match: (match[2], -match[0], -match[1]),
            default=None,
        )
        if best is not None:
            start, place, notes = best
            return SharedRun(start, notes, self.titles[self._piece_at(place)])
        return self._longest_short(pitches, lengths, leaving_out=leaving_out)

    def _longest_short(self, pitches: Ints, lengths: Ints, *, leaving_out: int | None) -> SharedRun:
        symbols, studied = _closed_symbols(pitches, lengths), self._symbols
        if leaving_out is not None:
            studied = studied.copy()
            own = slice(self.bounds[leaving_out], self.bounds[leaving_out + 1])
            studied[own] = -1 - np.arange(len(studied))[own]
        for notes in range(_GRAM, 0, -1):
            studied_runs, query_runs = _run_hashes(studied, self.lengths, notes), _run_hashes(symbols, lengths, notes)
            if leaving_out is not None and notes == 1:  # a lone length has no symbol that would tell whose it is
                return SharedRun()
            # The few are looked for in the many: NumPy's isin would first sort or hash the many.
            wanted = np.unique(query_runs)
            if not len(wanted):
                continue
            nearest = wanted[np.minimum(np.searchsorted(wanted, studied_runs), len(wanted) - 1)]
            found = set(nearest[nearest == studied_runs].tolist())
            start = next((index for index, run in enumerate(query_runs.tolist()) if run in found), None)
            if start is not None:
                place = int(np.flatnonzero(studied_runs == query_runs[start])[0])
                return SharedRun(start, notes, self.titles[self._piece_at(place)])
        return SharedRun()


def repeated_share(notes: Sequence[Note], earlier: Sequence[Note]) -> float:
    """Of some notes, the share in runs that earlier ones hold too, in whatever key, 0 to 1. Both by onset.

    A note is as long as it takes until the next, however it is held. Runs of five notes and fewer are chance.
    """
    if not notes or not earlier:
        return 0.0
    pitches, lengths = _until_next(earlier)
    bounds = np.array([0, len(earlier)], np.int64)
    index = StudiedIndex(("",), bounds, pitches.astype(np.int16), lengths.astype(np.int32))
    runs = index.runs(*_until_next(notes), longer_than=_CHANCE_RUN)
    return len({place for run in runs for place in range(run.start, run.start + run.notes)}) / len(notes)


def _until_next(notes: Sequence[Note]) -> tuple[Ints, Ints]:
    """Pitch and steps until the next note; the last lasts as long as it is held."""
    onsets = [*(steps_at(note.onset) for note in notes), steps_at(notes[-1].end)]
    return np.array([note.pitch for note in notes], np.int64), np.diff(onsets).astype(np.int64)


def build_studied_index(pieces: Iterable[tuple[str, Events]]) -> StudiedIndex:
    """An index of (title, events) of each studied piece, with what they share among themselves."""
    taken = list(pieces)
    bounds = np.cumsum([0, *(len(events) for _, events in taken)]).astype(np.int64)
    overlaps = sum(int((events.delta[1:] < events.duration[:-1]).sum()) for _, events in taken)
    index = StudiedIndex(
        tuple(" ".join(title.split()) for title, _ in taken),
        bounds,
        np.concatenate([np.zeros(0, np.int8), *(events.pitch.astype(np.int8) for _, events in taken)]),
        np.concatenate(
            [np.zeros(0, np.uint16), *(events.duration.clip(0, 65535).astype(np.uint16) for _, events in taken)]
        ),
        is_monophonic=overlaps < _OVERLAPS_OF_A_MELODY * max(1, int(bounds[-1])),
    )
    if len(taken) < 2:
        return index
    sampled = np.unique(np.linspace(0, len(taken) - 1, min(len(taken), _SAMPLED_PIECES)).astype(int))
    shared = [
        index._longest(  # noqa: SLF001 -- the index measures itself before it is handed out
            index.pitches[bounds[piece] : bounds[piece + 1]].astype(np.int64),
            index.lengths[bounds[piece] : bounds[piece + 1]].astype(np.int64),
            leaving_out=int(piece),
        ).notes
        for piece in sampled
    ]
    return replace(index, usual_run=float(np.mean(shared)), common_run=int(np.ceil(np.percentile(shared, 90))))


def _symbols_of(pitches: Ints, lengths: Ints) -> Ints:
    """One symbol for each note; that of the last is to be overwritten."""
    intervals = np.diff(pitches, append=0)
    return lengths * 512 + intervals + 256


def _whole(pitches: Ints, lengths: Ints) -> bytes:
    """All of a melody, but for its key."""
    return np.concatenate([np.diff(pitches), lengths]).tobytes()


def _closed_symbols(pitches: Ints, lengths: Ints) -> Ints:
    symbols = _symbols_of(pitches, lengths)
    symbols[-1:] = _END
    return symbols


def window_hashes(symbols: Ints, size: int) -> NDArray[np.uint64]:
    """A polynomial hash of each window of `size` symbols: (notes - size + 1,)."""
    count = len(symbols) - size + 1
    if count <= 0:
        return np.zeros(0, np.uint64)
    mixed = _mixed(symbols)
    hashes = np.zeros(count, np.uint64)
    for offset in range(size):
        hashes = hashes * _BASE + mixed[offset : offset + count]
    return hashes


def _run_hashes(symbols: Ints, lengths: Ints | NDArray[np.uint16], notes: int) -> NDArray[np.uint64]:
    """A hash of each run of so many notes: all their symbols but the last one's, of which only the length counts."""
    count = max(0, len(symbols) - notes + 1)
    before = window_hashes(symbols, notes - 1)[:count]
    return before * _BASE + _mixed(lengths.astype(np.int64)[notes - 1 :])


def _mixed(values: Ints) -> NDArray[np.uint64]:
    """Spread over 64 bits, so that neighbouring values don't give neighbouring hashes."""
    mixed = values.view(np.uint64) * _MIXER
    return mixed ^ (mixed >> np.uint64(29))
