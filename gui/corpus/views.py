"""What the Pieces workspace shows, as values made in a Worker: a corpus with its report and charts, and a filter's pieces.

The functions read from disk and count; nothing here may run in the window's thread on a large corpus.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from core.corpus.report import reasons_words
from core.music.score import Score
from core.music.timing import metre_at
from gui.corpus.charts import bars_of, label_of, long_label
from gui.corpus.histogram import Bar
from gui.corpus.pieces_list import Glimpse
from gui.corpus.report_model import Files, files_of

if TYPE_CHECKING:  # the store loads the MIDI libraries, which starting up can do without
    from core.corpus.report import ImportReport
    from core.corpus.statistics import CorpusStatistics
    from core.corpus.store import Corpus, CorpusStore, PieceEntry

_GLIMPSED_NOTES = 2500
"""A mini-roll a few hundred pixels wide shows no more."""


@dataclass(frozen=True, eq=False)
class CorpusView:
    """A corpus as it is shown."""

    corpus: "Corpus"
    piece_count: int
    note_count: int
    files: Files
    """Those that came in, by what became of them."""
    source: str
    """Where its files came from, in a sentence."""
    statistics: "CorpusStatistics"
    bars: Mapping[str, tuple[Bar, ...]]


@dataclass(frozen=True, eq=False)
class FilterView:
    """The pieces that a bar of a chart stands for."""

    chart: str
    bar: int
    words: str
    """What they have in common: "D minor"."""
    pieces: "Sequence[PieceEntry]"
    bars: Mapping[str, tuple[Bar, ...]]


def view_of(store: "CorpusStore", corpus: "Corpus") -> CorpusView:
    """Read and count everything that is shown of a corpus. Raises FileError."""
    from core.corpus.report import ImportReport
    from core.corpus.statistics import statistics_of  # loads the MIDI libraries: only in the Worker

    statistics = statistics_of(store, corpus)
    report = ImportReport(()) if corpus.damage else store.report_of(corpus.id)
    files = files_of(report)
    len(corpus.pieces)  # counted here, so that no list counts in the window's thread
    return CorpusView(
        corpus,
        statistics.pieces,
        corpus.note_count,
        files,
        _source(corpus, report, files),
        statistics,
        bars_of(statistics),
    )


def filtered(view: CorpusView, chart: str, bar: int) -> FilterView:
    """The pieces of one bar, and all charts with their share."""
    chosen_chart = getattr(view.statistics, chart)
    chosen: frozenset[str] = chosen_chart.pieces(bar)
    pieces = tuple(piece for piece in view.corpus.pieces if piece.fingerprint in chosen)
    words = long_label(chart, label_of(chart, chosen_chart, bar))
    return FilterView(chart, bar, words, pieces, bars_of(view.statistics, chosen))


def _source(corpus: "Corpus", report: "ImportReport", files: Files) -> str:
    if corpus.damage:
        return f"{corpus.damage} {'Update Ritornello to open it.' if corpus.is_newer else 'Import its folder again, or delete it.'}"
    return source_words(report) if len(corpus.pieces) else reasons_words(files["skipped"])


def source_words(report: "ImportReport") -> str:
    """Where the files came from."""
    verdicts = report.verdicts
    if not len(verdicts):
        return "Put together by hand."
    folders = _shared_folder(verdicts[0].path, verdicts[len(verdicts) - 1].path)
    where = f"From ‘{folders}’. " if folders else ""
    return f"{where}Nothing was changed on your disk."


def _shared_folder(first: str, last: str) -> str:
    """The name of the deepest folder (or .zip) of both paths; the paths in between share it, for they are in order."""
    shared = [
        one
        for one, other in zip(PurePath(first).parent.parts, PurePath(last).parent.parts, strict=False)
        if one == other
    ]
    return shared[-1] if len(shared) > 1 else ""


def glimpse_of(score: Score) -> Glimpse:
    """What a mini-roll shows of a score of one part."""
    shown = tuple(score.parts[0].notes[:_GLIMPSED_NOTES])
    end = max((note.end for note in shown), default=0)
    bar = metre_at(score, 0).bar_duration
    return Glimpse(shown, end, bar * max(1, round(end / bar / 16)))


def glimpses_of(store: "CorpusStore", corpus: "Corpus", fingerprints: Sequence[str]) -> dict[str, Glimpse]:
    """Mini-rolls of some pieces as they are learnt, empty for those that can't be read. Raises DamagedCacheError."""
    from core.corpus.cache import DamagedCacheError
    from core.corpus.store import learnable  # loads the MIDI libraries: only in the Worker
    from core.errors import FileError

    found = {}
    for fingerprint in fingerprints:
        try:
            found[fingerprint] = glimpse_of(learnable(store.score_of(fingerprint), corpus.lines))
        except DamagedCacheError:
            raise  # told to nobody else: the next to open the cache finds a new one
        except FileError:
            found[fingerprint] = Glimpse((), 0)
    return found
