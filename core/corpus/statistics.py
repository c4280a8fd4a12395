"""What is in a corpus, for Explore: charts whose bars know their pieces.

Made from the short rows of counts that importing kept, without opening a single score. What is counted is what is
learnt: the melodies, or all notes, by the corpus's choice.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.corpus.cache import open_cache, tallies_of
from core.corpus.note_table import AT_ONCE, LENGTH, LENGTHS, PITCHES, TIME_AT_ONCE, WIDTH
from core.corpus.store import Corpus, CorpusStore
from core.music.pitch import Key, pitch_name

Counts = npt.NDArray[np.uint32]

_ROWS_AT_ONCE = 500
_FIFTHS = (0, 7, 5, 2, 10, 9, 3, 4, 8, 11, 1, 6)
"""Tonics by their distance from C on the circle of fifths: C G F D B♭ A E♭ E A♭ B D♭ F♯."""
_ORDER_OF_KEYS = tuple(
    Key((tonic + (9 if is_minor else 0)) % 12, is_minor=is_minor).name
    for is_minor in (False, True)
    for tonic in _FIFTHS
)
_TEMPO_BIN = 10
_FASTEST = 400
"""Quarters a minute; what is faster, and no music is, shares the last bin."""


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Bars with labels, each of which knows how much each piece adds to it."""

    labels: tuple[str, ...]
    fingerprints: tuple[str, ...]
    """Of the pieces, in the order of the corpus; the same tuple in all charts of a corpus."""
    parts: Counts
    """(pieces, bars): what each piece adds to each bar."""
    is_share: bool = False
    """True: amounts are shares of their sum. False: they are numbers of notes or pieces."""

    @property
    def amounts(self) -> tuple[float, ...]:
        """The height of each bar."""
        return self._scaled(self.parts.sum(axis=0, dtype=np.float64))

    def amounts_of(self, fingerprints: Collection[str]) -> tuple[float, ...]:
        """How much of each bar is of these pieces; in the unit of `amounts`, so never higher than those."""
        return self._scaled(self.parts[self._chosen(fingerprints)].sum(axis=0, dtype=np.float64))

    def pieces(self, bar: int) -> frozenset[str]:
        """The fingerprints of the pieces that have any of it."""
        return frozenset(self.fingerprints[index] for index in np.flatnonzero(self.parts[:, bar]))

    def _chosen(self, fingerprints: Collection[str]) -> npt.NDArray[np.bool_]:
        chosen = frozenset(fingerprints)
        return np.fromiter((item in chosen for item in self.fingerprints), np.bool_, len(self.fingerprints))

    def _scaled(self, sums: npt.NDArray[np.float64]) -> tuple[float, ...]:
        if self.is_share:
            sums = sums / max(1.0, float(self.parts.sum(dtype=np.float64)))
        return tuple(sums.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class CorpusStatistics:
    """The charts of a corpus."""

    pieces: int
    notes: int
    """Of the parts that training learns from, all pieces together."""
    pitch: Chart
    """128 bars, notes by pitch, labelled with middle C = C4."""
    key: Chart
    """Pieces by the key guessed for each; keys that occur, major before minor, from C by fifths."""
    length: Chart
    """Notes by length, as shares; from the shortest to the longest that occur."""
    tempo: Chart
    """Pieces by tempo in bins of ten quarters a minute, labelled with the lower bound; pieces that name one."""
    notes_at_once: Chart
    """Share of the time in which so many notes sound: rest, 1 … 6 +."""
    without_tempo: int
    """Pieces that name no tempo."""


def statistics_of(store: CorpusStore, corpus: Corpus) -> CorpusStatistics:
    """The charts of a corpus. Raises FileError when the cache can't be read; pieces it has lost count as empty."""
    entries = [(piece.fingerprint, piece.key, piece.tempo) for piece in corpus.pieces]
    fingerprints = tuple(fingerprint for fingerprint, _, _ in entries)
    rows = _rows(store, fingerprints, melody=corpus.lines == "melody")
    lengths = rows[:, LENGTH]
    occurring = np.flatnonzero(lengths.any(axis=0))
    span = slice(int(occurring[0]), int(occurring[-1]) + 1) if len(occurring) else slice(0, 0)
    tempos = [None if tempo is None else int(min(max(0.0, tempo), _FASTEST) // _TEMPO_BIN) for _, _, tempo in entries]
    named = [number for number in tempos if number is not None]
    bins = range(min(named), max(named) + 1) if named else range(0)
    keys = {key for _, key, _ in entries}
    key_names = [key for key in _ORDER_OF_KEYS if key in keys]
    key_bars = [key_names.index(key) if key in key_names else None for _, key, _ in entries]
    tempo_bars = [None if number is None else number - bins[0] for number in tempos]
    return CorpusStatistics(
        pieces=len(entries),
        notes=int(rows[:, PITCHES].sum(dtype=np.int64)),
        pitch=Chart(tuple(map(pitch_name, range(128))), fingerprints, rows[:, PITCHES]),
        key=Chart(tuple(key_names), fingerprints, _marks(key_bars, len(key_names))),
        length=Chart(LENGTHS[span], fingerprints, lengths[:, span], is_share=True),
        tempo=Chart(tuple(str(number * _TEMPO_BIN) for number in bins), fingerprints, _marks(tempo_bars, len(bins))),
        notes_at_once=Chart(AT_ONCE, fingerprints, rows[:, TIME_AT_ONCE], is_share=True),
        without_tempo=len(entries) - len(named),
    )


def _rows(store: CorpusStore, fingerprints: Sequence[str], *, melody: bool) -> Counts:
    """(pieces, WIDTH): the rows of counts, zeros where the cache has none."""
    rows = np.zeros((len(fingerprints), WIDTH), np.uint32)
    with open_cache(store.home) as cache:
        for start in range(0, len(fingerprints), _ROWS_AT_ONCE):
            some = fingerprints[start : start + _ROWS_AT_ONCE]
            stored = tallies_of(cache, some, melody=melody)
            for index, fingerprint in enumerate(some, start):
                if len(stored.get(fingerprint, b"")) == WIDTH * 4:
                    rows[index] = np.frombuffer(stored[fingerprint], np.uint32)
    return rows


def _marks(bars: Sequence[int | None], number: int) -> Counts:
    """(pieces, bars): 1 where a piece belongs."""
    marks = np.zeros((len(bars), number), np.uint32)
    for index, bar in enumerate(bars):
        if bar is not None:
            marks[index, bar] = 1
    return marks
