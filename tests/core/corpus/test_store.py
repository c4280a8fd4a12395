"""Corpora on disk: listed, renamed, cut, deleted and taken back."""

from pathlib import Path

import pytest

from core.corpus.importer import import_paths
from core.corpus.report import FileVerdict, ImportReport
from core.corpus.store import Corpus, CorpusStore, PieceEntry
from core.errors import FileError
from core.music.score import Metre
from core.tasks import Control
from tests.core.corpus.midi import SCALE, midi, tune, voice


@pytest.fixture
def store(home: Path) -> CorpusStore:
    return CorpusStore(home)


def imported(tmp_path: Path, home: Path, **files: bytes) -> Corpus:
    folder = tmp_path / "pieces"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.mid").write_bytes(content)
    return import_paths([folder], Control(), home=home)[0]


def entry(number: int) -> PieceEntry:
    return PieceEntry(
        f"{number:032x}", f"Piece {number}", f"/{number}.mid", 10, 1.0, "C major", "4/4", None, 1, 1.0, "all", 9
    )


def test_there_is_nothing_at_first(store: CorpusStore) -> None:
    assert store.list() == ()
    with pytest.raises(FileError, match="no corpus ‘x’"):
        store.load("x")


def test_a_saved_corpus_is_found_by_id_and_name(store: CorpusStore) -> None:
    corpus = Corpus(store.new_id("Évening songs!"), "Évening songs!", "all", (entry(1), entry(2)))
    store.save(corpus)
    assert corpus.id == "évening-songs"
    assert store.load("évening-songs") == store.load("ÉVENING SONGS!") == corpus
    assert store.list() == (corpus,)
    assert store.load(corpus.id).note_count == corpus.note_count == 20
    assert store.with_lines(corpus, "melody").note_count == 18
    assert store.new_id("Évening songs!") == "évening-songs-2"


def test_an_id_can_be_made_of_any_name(store: CorpusStore) -> None:
    assert store.new_id("../../etc/passwd") == "etc-passwd"
    assert store.new_id("…") == "pieces"
    assert store.new_id("音楽") == "音楽"


def test_lists_are_read_by_pages_and_behave_as_tuples(store: CorpusStore) -> None:
    entries = tuple(entry(number) for number in range(1300))
    store.save(Corpus("many", "Many", "all", entries))
    pieces = store.load("many").pieces
    assert len(pieces) == 1300
    assert tuple(pieces) == entries
    assert pieces == entries
    assert (pieces[0], pieces[-1], pieces[700]) == (entries[0], entries[-1], entries[700])
    assert pieces[510:515] == entries[510:515]
    assert pieces[::400] == entries[::400]
    assert entries[600] in pieces
    with pytest.raises(IndexError):
        pieces[1300]


def test_renaming_keeps_all_else(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    corpus = imported(tmp_path, home, a=tune())
    renamed = store.rename(corpus.id, "  Songs ")
    assert (renamed.name, renamed.id, renamed.pieces) == ("Songs", corpus.id, corpus.pieces)
    assert store.load("Songs") == renamed
    assert len(store.report_of(corpus.id).kept) == 1


def test_pieces_left_out_come_back_by_saving_what_was_before(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    corpus = imported(tmp_path, home, a=tune(), b=tune(1), c=tune(2))
    shorter = store.without(corpus, {corpus.pieces[1].fingerprint})
    assert [piece.title for piece in shorter.pieces] == ["a", "c"]
    assert [piece.title for piece in corpus.pieces] == ["a", "b", "c"], "a corpus in hand stays what it was"
    assert store.load(corpus.id) == shorter
    store.save(corpus)
    assert store.load(corpus.id) == corpus


def test_a_deleted_corpus_can_be_taken_back(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    corpus = imported(tmp_path, home, a=tune())
    store.delete(corpus.id)
    assert store.list() == ()
    assert store.restore(corpus.id) == corpus
    with pytest.raises(FileError):
        store.restore(corpus.id)
    with pytest.raises(FileError):
        store.delete("nothing")


def test_scores_to_learn_are_melodies_or_all_notes(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    chords = [(48, 52, 55)] * 16
    song = midi(
        voice(chords), voice([36] * 16, channel=9), voice(SCALE * 2, channel=1, name="Voice"), metre=(3, 4), bpm=90
    )
    corpus = imported(tmp_path, home, song=song)
    ((piece, melody),) = store.learnable_scores(store.with_lines(corpus, "melody"))
    assert [note.pitch for note in melody.parts[0].notes] == list(SCALE * 2)
    assert len(melody.parts) == 1
    assert melody.metres == (Metre(0, 3, 4),)
    assert piece.melody_notes == melody.note_count
    ((piece, every),) = store.learnable_scores(store.with_lines(corpus, "all"))
    assert len(every.parts) == 1
    assert every.note_count == piece.notes == 64, "drums are no pitches"
    assert len(store.score_of(piece.fingerprint).parts) == 3


def test_music_that_the_cache_lost_is_named(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    corpus = imported(tmp_path, home, evening=tune())
    for file in (home / "cache").iterdir():
        file.unlink()
    with pytest.raises(FileError, match="‘evening’ is no longer in the cache"):
        list(store.learnable_scores(corpus))
    with pytest.raises(FileError):
        store.score_of("0" * 32)


def test_a_damaged_corpus_doesn_t_hide_the_others(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    corpus = imported(tmp_path, home, a=tune())
    (home / "corpora" / "bad.sqlite").write_bytes(b"no database at all, whatever its name says" * 10)
    (home / "corpora" / "empty.sqlite").touch()
    assert store.list() == (corpus,)


def test_reports_travel_as_json(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    corpus = imported(tmp_path, home, a=tune(), b=tune(), bad=b"x")
    report = store.report_of(corpus.id)
    again = ImportReport.from_json(report.to_json())
    assert again.verdicts == report.verdicts
    assert again.counts == report.counts == {"kept": 1, "repaired": 0, "skipped": 1, "same": 1}
    assert isinstance(again.kept[0], FileVerdict)
    assert again.elapsed_s > 0
