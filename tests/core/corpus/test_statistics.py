"""Charts: how much there is of everything, and which pieces have it."""

from pathlib import Path

import pytest

from core.corpus.importer import import_paths
from core.corpus.statistics import CorpusStatistics, statistics_of
from core.corpus.store import Corpus, CorpusStore
from core.tasks import Control
from tests.core.corpus.midi import midi, voice

C_MAJOR = [60, 64, 67, 72, 71, 65, 62, 60] * 2
D_MINOR = [62, 65, 69, 74, 73, 67, 64, 62] * 2


@pytest.fixture
def corpus(tmp_path: Path, home: Path) -> Corpus:
    folder = tmp_path / "pieces"
    folder.mkdir()
    (folder / "c.mid").write_bytes(midi(voice(C_MAJOR, step=240), bpm=92))
    (folder / "d.mid").write_bytes(midi(voice(D_MINOR, step=480), bpm=118))
    (folder / "e.mid").write_bytes(midi(voice([(48, pitch) for pitch in C_MAJOR], step=480), bpm=None))
    return import_paths([folder], Control(), home=home)[0]


def statistics(corpus: Corpus, home: Path, lines: str = "all") -> CorpusStatistics:
    store = CorpusStore(home)
    return statistics_of(store, store.with_lines(corpus, lines))  # type: ignore[arg-type]  # a literal


def titles(corpus: Corpus, fingerprints: frozenset[str]) -> set[str]:
    return {piece.title for piece in corpus.pieces if piece.fingerprint in fingerprints}


def test_pitches_are_counted_over_all_pieces(corpus: Corpus, home: Path) -> None:
    found = statistics(corpus, home)
    assert found.pieces == 3
    assert found.notes == 16 + 16 + 32
    chart = found.pitch
    assert chart.labels[60] == "C4"
    assert len(chart.amounts) == 128
    assert (chart.amounts[60], chart.amounts[48], chart.amounts[69]) == (8, 16, 2)
    assert titles(corpus, chart.pieces(69)) == {"d"}
    assert titles(corpus, chart.pieces(62)) == {"c", "d", "e"}


def test_melodies_are_counted_where_melodies_are_learnt(corpus: Corpus, home: Path) -> None:
    found = statistics(corpus, home, "melody")
    assert found.notes == 48
    assert found.pitch.amounts[48] == 0
    assert found.notes_at_once.amounts == (0, 1, 0, 0, 0, 0, 0)


def test_each_piece_counts_for_one_key(corpus: Corpus, home: Path) -> None:
    chart = statistics(corpus, home).key
    assert chart.labels == ("C major", "D minor")
    assert chart.amounts == (2, 1)
    assert titles(corpus, chart.pieces(1)) == {"d"}


def test_lengths_are_shares_from_the_shortest_to_the_longest_that_occur(corpus: Corpus, home: Path) -> None:
    chart = statistics(corpus, home).length
    assert chart.labels == ("1/8", "1/4T", "1/8.", "1/4")
    assert chart.amounts == pytest.approx((0.25, 0, 0, 0.75))
    assert titles(corpus, chart.pieces(0)) == {"c"}


def test_tempos_lie_in_bins_of_ten_and_files_that_name_none_are_counted(corpus: Corpus, home: Path) -> None:
    found = statistics(corpus, home)
    assert found.tempo.labels == ("90", "100", "110")
    assert found.tempo.amounts == (1, 0, 1)
    assert found.without_tempo == 1
    assert titles(corpus, found.tempo.pieces(2)) == {"d"}


def test_notes_at_once_are_shares_of_the_time(corpus: Corpus, home: Path) -> None:
    chart = statistics(corpus, home).notes_at_once
    assert chart.labels[0] == "rest"
    assert chart.amounts[:3] == pytest.approx((0, 0.6, 0.4))
    assert titles(corpus, chart.pieces(2)) == {"e"}


def test_the_share_of_chosen_pieces_is_in_the_unit_of_the_whole(corpus: Corpus, home: Path) -> None:
    found = statistics(corpus, home)
    chosen = found.key.pieces(1)
    assert found.pitch.amounts_of(chosen)[69] == 2
    assert found.length.amounts_of(chosen) == pytest.approx((0, 0, 0, 0.25))
    assert found.tempo.amounts_of(chosen) == (0, 0, 1)
    every = frozenset(piece.fingerprint for piece in corpus.pieces)
    for chart in (found.pitch, found.key, found.length, found.tempo, found.notes_at_once):
        assert chart.amounts_of(every) == pytest.approx(chart.amounts)
        assert sum(chart.amounts_of(())) == 0


def test_a_tempo_that_no_music_has_makes_no_endless_chart(tmp_path: Path, home: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi(voice(C_MAJOR), bpm=20_000_000))
    corpus, _ = import_paths([tmp_path / "a.mid"], Control(), home=home)
    assert statistics(corpus, home).tempo.labels == ("400",)


def test_an_empty_corpus_has_empty_charts(home: Path) -> None:
    store = CorpusStore(home)
    corpus = Corpus("none", "None", "all", ())
    store.save(corpus)
    found = statistics_of(store, store.load("none"))
    assert (found.pieces, found.notes, found.tempo.labels, found.length.labels) == (0, 0, (), ())
