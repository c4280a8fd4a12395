"""Corpora on disk: listed, renamed, cut, deleted and taken back."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.corpus.importer import import_paths
from core.corpus.report import FileVerdict, ImportReport
from core.corpus.store import Corpus, CorpusStore, PieceEntry
from core.errors import FileError
from core.music.score import Metre
from core.tasks import Control
from tests.core.corpus.midi import SCALE, midi, tune, voice
from tests.systems import needs_kills, needs_pipes


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
    for device in ("Con", "AUX", "com1", "nul."):  # of Windows
        assert store.new_id(device).endswith("-pieces")
    assert store.new_id("Concerto") == "concerto"


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
    trashed = store.delete(corpus.id)
    assert store.list() == ()
    assert [piece.title for piece in trashed.corpus.pieces] == ["a"], "it can be looked at where it lies"
    assert store.restore(trashed) == corpus
    with pytest.raises(FileError, match="no longer in the trash"):
        store.restore(trashed)
    with pytest.raises(FileError):
        store.delete("nothing")


def test_a_corpus_comes_back_beside_one_that_took_its_name(store: CorpusStore) -> None:
    store.save(Corpus("songs", "Songs", "all", (entry(1), entry(2))))
    trashed = store.delete("songs")
    store.save(Corpus("songs", "songs", "all", (entry(3),)))
    back = store.restore(trashed)
    assert (back.name, back.pieces) == ("Songs 2", (entry(1), entry(2)))
    assert [(corpus.name, corpus.pieces) for corpus in store.list()] == [
        ("songs", (entry(3),)),
        ("Songs 2", (entry(1), entry(2))),
    ]


def test_the_trash_keeps_every_corpus_of_a_name_and_gives_the_last_back_first(store: CorpusStore) -> None:
    for number in (1, 2, 3):
        store.save(Corpus("songs", "Songs", "all", (entry(number),)))
        trashed = store.delete("Songs")
        deleted = time.time() - 3600 * (10 - number)
        os.utime(trashed.path, (deleted, deleted))
    with pytest.raises(FileError, match="Songs"):
        store.load("Songs")
    assert [item.corpus.pieces for item in store.trashed()] == [(entry(3),), (entry(2),), (entry(1),)]
    assert store.find_trashed("SONGS").corpus.pieces == store.find_trashed("songs").corpus.pieces == (entry(3),)
    first = store.trashed()[-1]
    assert store.find_trashed(first.path.stem) == first
    names = [store.restore(store.find_trashed("songs")).name for _ in range(3)]
    assert names == ["Songs", "Songs 2", "Songs 3"]
    assert store.trashed() == ()


@pytest.mark.parametrize("reference", ["../../../victim", "/etc/passwd", "..", "", ".", "songs/../songs"])
def test_no_reference_reaches_outside_the_trash(store: CorpusStore, home: Path, reference: str) -> None:
    store.save(Corpus("songs", "Songs", "all", (entry(1),)))
    store.delete("songs")
    victim = home.parent / "victim.sqlite"
    victim.write_bytes(b"mine")
    with pytest.raises(FileError, match="in the trash"):
        store.find_trashed(reference)
    with pytest.raises(FileError, match="no corpus"):
        store.delete(reference)
    assert victim.read_bytes() == b"mine"


@needs_kills
def test_what_a_killed_program_left_half_written_is_taken_back(store: CorpusStore, home: Path) -> None:
    before = Corpus("songs", "Songs", "all", tuple(entry(number) for number in range(200)))
    store.save(before)
    script = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 1')\n"
        "connection.execute('BEGIN')\n"
        'connection.execute("UPDATE piece SET title = title || hex(randomblob(2000))")\n'
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(store.file("songs"))], check=False)
    assert store.file("songs").with_name("songs.sqlite-journal").stat().st_size > 0
    assert store.list() == (before,)


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


@needs_pipes
def test_damaged_corpora_are_listed_with_what_is_wrong_and_can_be_deleted(
    store: CorpusStore, tmp_path: Path, home: Path
) -> None:
    corpus = imported(tmp_path, home, a=tune())
    (home / "corpora" / "bad.sqlite").write_bytes(b"no database at all, whatever its name says" * 10)
    (home / "corpora" / "empty.sqlite").touch()
    (home / "corpora" / "folder.sqlite").mkdir()
    os.mkfifo(home / "corpora" / "pipe.sqlite")
    (home / "corpora" / "gone.sqlite").symlink_to(home / "nowhere")
    listed = store.list()
    assert [found.id for found in listed] == ["bad", "empty", "folder", "gone", "pieces", "pipe"]
    for found in listed:
        if found.id != "pieces":
            assert found.damage == f"The corpus ‘{found.id}’ is damaged."
            assert len(found.pieces) == found.note_count == 0
            with pytest.raises(FileError, match=r"damaged.*delete it"):
                store.load(found.id)
            with pytest.raises(FileError, match="damaged"):
                store.with_lines(found, "melody")
            trashed = store.delete(found.id)
            assert store.restore(trashed).damage
            store.delete(found.id)
    assert store.list() == (corpus,)


def test_reports_travel_as_json(store: CorpusStore, tmp_path: Path, home: Path) -> None:
    corpus = imported(tmp_path, home, a=tune(), b=tune(), bad=b"x")
    report = store.report_of(corpus.id)
    again = ImportReport.from_json(report.to_json())
    assert again.verdicts == report.verdicts
    assert again.counts == report.counts == {"kept": 1, "repaired": 0, "skipped": 1, "same": 1}
    assert isinstance(again.kept[0], FileVerdict)
    assert again.elapsed_s > 0
