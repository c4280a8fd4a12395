"""Damaged caches and corpora: a sentence, a way out, and nothing stuck or silently absent."""

import shutil
import sqlite3
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.corpus.cache import cache_file
from core.corpus.database import translated
from core.corpus.importer import import_paths
from core.corpus.report import ImportNotice
from core.corpus.statistics import statistics_of
from core.corpus.store import Corpus, CorpusStore
from core.errors import FileError
from core.music.midi_file import read_many
from core.music.packed_score import packed
from core.music.score import Score
from core.tasks import Control
from tests.core.corpus.damage import another, damage
from tests.core.corpus.midi import Files, Results, refusing, tune
from tests.core.corpus.test_importer import many, messy, put

_SOUND: dict[str, "Sound"] = {}


@dataclass(frozen=True)
class Sound:
    """A folder of pieces and a home into which it was imported; to be copied, not changed."""

    folder: Path
    home: Path
    corpus: Corpus
    scores: dict[str, Score]


@pytest.fixture
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    if "" not in _SOUND:
        place = tmp_path_factory.mktemp("sound")
        folder, home = many(messy(place / "pieces"), 60), place / "home"
        corpus, _ = import_paths([folder], Control(), home=home, processes=0)
        scores = {entry.title: score for entry, score in CorpusStore(home).learnable_scores(corpus)}
        _SOUND[""] = Sound(folder, home, corpus, scores)
    return _SOUND[""]


def imported(folder: Path, home: Path, *, processes: int = 0) -> tuple[Corpus, list[ImportNotice]]:
    said: list[object] = []
    corpus, _ = import_paths([folder], Control(said.append), home=home, processes=processes)
    return corpus, [event for event in said if isinstance(event, ImportNotice)]


def looked_at(store: CorpusStore) -> list[str]:
    """Look at all that is shown of every corpus; the sentences that came of it."""
    sentences = []
    for listed in store.list():
        try:
            corpus = store.load(listed.id)
            statistics_of(store, corpus)
            report = store.report_of(corpus.id)
            assert len(list(corpus.pieces)) == len(corpus.pieces[:])
            assert sum(report.counts.values()) <= len(list(report.verdicts))
        except FileError as error:
            assert error.hint  # noqa: PT017 -- either outcome is right; anything else fails
            sentences.append(error.sentence)
    return sentences


def healed(sound: Sound, home: Path) -> None:
    """Importing again makes everything sound: what is said on the way names what to do, and that helps."""
    store = CorpusStore(home)
    for _attempt in range(3):
        corpus, notices = imported(sound.folder, home)
        assert len(notices) <= 1
        try:
            pieces = store.learnable_scores(store.with_lines(corpus, sound.corpus.lines))
            scores = {entry.title: score for entry, score in pieces}
        except FileError as error:
            assert "mport" in error.hint  # noqa: PT017 -- as above
            continue
        assert scores == sound.scores
        break
    else:
        pytest.fail("it stays stuck")
    for corpus in store.list():
        if corpus.damage:
            store.delete(corpus.id)
    assert looked_at(store) == []
    assert len(list((home / "cache").glob("*.damaged"))) <= 1


@pytest.mark.parametrize("seed", range(36))
def test_a_cache_damaged_anyhow_heals_by_importing_again(sound: Sound, home: Path, seed: int) -> None:
    shutil.copytree(sound.home, home)
    damage(cache_file(home), seed)
    if seed % 2:
        looked_at(CorpusStore(home))
    healed(sound, home)


@pytest.mark.parametrize("seed", [*range(36), 93, 288, 674])
def test_a_corpus_damaged_anyhow_is_listed_and_heals_by_importing_again(sound: Sound, home: Path, seed: int) -> None:
    shutil.copytree(sound.home, home)
    store = CorpusStore(home)
    damage(store.file(sound.corpus.id), seed)
    assert [corpus.id for corpus in store.list()] == [sound.corpus.id]
    if seed % 2:
        looked_at(store)
    healed(sound, home)


@pytest.mark.parametrize("processes", [0, 2])
def test_damage_that_shows_in_mid_import_sets_the_cache_aside_and_begins_anew(
    sound: Sound, home: Path, processes: int
) -> None:
    shutil.copytree(sound.home, home)
    cache = cache_file(home)
    content = bytearray(cache.read_bytes())
    content[len(content) // 2 :] = b"\xa5" * (len(content) - len(content) // 2)
    cache.write_bytes(content)
    corpus, notices = imported(sound.folder, home, processes=processes)
    assert [notice.sentence for notice in notices] == ["The cache of read files was damaged, and is set aside."]
    assert cache.with_name("files.sqlite.damaged").read_bytes()[-4096:] == b"\xa5" * 4096
    assert [piece.title for piece in corpus.pieces] == [piece.title for piece in sound.corpus.pieces]
    assert imported(sound.folder, home)[1] == []


def test_a_cache_of_another_version_is_set_aside(sound: Sound, home: Path, tmp_path: Path) -> None:
    cache_file(home).parent.mkdir(parents=True)
    shutil.copy(another(tmp_path / "another.sqlite"), cache_file(home))
    corpus, notices = imported(sound.folder, home)
    assert len(notices) == 1
    assert len(corpus.pieces) == len(sound.corpus.pieces)


def test_only_the_last_damaged_cache_is_kept(sound: Sound, home: Path) -> None:
    cache = cache_file(home)
    for content in (b"first", b"second"):
        imported(sound.folder, home)
        cache.write_bytes(content * 1000)
        assert len(imported(sound.folder, home)[1]) == 1
    names = {path.name: path.read_bytes()[:6] for path in cache.parent.glob("*.damaged*")}
    assert names == {"files.sqlite.damaged": b"second"}


@pytest.mark.parametrize("stored", [b"", bytes(40), zlib.compress(packed(Score())[::-1])])
def test_a_stored_piece_that_is_damaged_is_named_and_read_anew_alone(tmp_path: Path, home: Path, stored: bytes) -> None:
    folder = put(tmp_path / "pieces", {"evening.mid": tune(), "morning.mid": tune(1)})
    corpus, _ = imported(folder, home)
    store, (evening, morning) = CorpusStore(home), corpus.pieces
    with closing(sqlite3.connect(cache_file(home))) as cache, cache:
        cache.execute("UPDATE content SET score = ? WHERE fingerprint = ?", (stored, evening.fingerprint))
    with pytest.raises(FileError, match=r"music of ‘evening’.*Import its folder again"):
        list(store.learnable_scores(corpus))
    with pytest.raises(FileError, match="Import its folder again"):
        store.score_of(evening.fingerprint)
    assert store.score_of(morning.fingerprint).note_count == 16
    import_paths([folder], Control(), home=home, reader=reading_only_evening)
    assert store.score_of(evening.fingerprint).note_count == 16


def reading_only_evening(files: Files) -> Results:
    names = [Path(name).name for _content, name in files]
    assert names in ([], ["evening.mid"])
    return iter(read_many(files))


def test_adding_to_a_corpus_keeps_pieces_whose_music_the_cache_lost(tmp_path: Path, home: Path) -> None:
    first = put(tmp_path / "first", {"a.mid": tune(), "b.mid": tune(1)})
    corpus, _ = imported(first, home)
    store = CorpusStore(home)
    store.without(corpus, {corpus.pieces[1].fingerprint})
    cache_file(home).write_bytes(b"x" * 5000)
    more = put(tmp_path / "more", {"c.mid": tune(2)})
    added, report = import_paths([more], Control(), home=home, add_to=corpus.id)
    assert [(piece.title, piece.notes) for piece in added.pieces] == [("a", 16), ("c", 16)]
    assert [verdict.notes for verdict in report.kept] == [16, 0, 16], "b was left out, and nothing knows it any more"
    with pytest.raises(FileError, match=r"music of ‘a’ .* Import its folder again"):
        list(store.learnable_scores(added))
    import_paths([first], Control(), home=home, add_to=corpus.id)
    assert [entry.title for entry, _score in store.learnable_scores(store.load(corpus.id))] == ["a", "b", "c"]


def test_adding_to_a_damaged_corpus_blames_the_corpus_and_spares_the_cache(
    sound: Sound, home: Path, tmp_path: Path
) -> None:
    shutil.copytree(sound.home, home)
    store = CorpusStore(home)
    with closing(sqlite3.connect(store.file(sound.corpus.id))) as connection, connection:
        connection.execute("UPDATE verdict SET path = 5 WHERE position = 3")
    more = put(tmp_path / "more", {"c.mid": tune(9)})
    with pytest.raises(FileError, match=r"The corpus ‘pieces’ is damaged. Import its folder again, or delete it."):
        import_paths([more], Control(), home=home, add_to=sound.corpus.id)
    assert not list(cache_file(home).parent.glob("*.damaged*"))
    import_paths([sound.folder], Control(), home=home, reader=refusing)


def test_a_passing_trouble_costs_no_cache(sound: Sound, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(sound.home, home)
    database = cache_file(home)
    sentences = []
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(FileError) as raised, translated("Saving failed", database, damaged=never):
            connection.execute("CREATE TABLE more AS SELECT randomblob(100000)")
        sentences.append(str(raised.value))
        connection.execute("BEGIN EXCLUSIVE")
        with closing(sqlite3.connect(database, timeout=0)) as second:
            with pytest.raises(FileError) as raised, translated("Saving failed", database, damaged=never):
                second.execute("DELETE FROM file")
            sentences.append(str(raised.value))
    with pytest.raises(FileError) as raised, translated("Saving failed", home / "no" / "such", damaged=never):
        sqlite3.connect(home / "no" / "such")
    sentences.append(str(raised.value))
    assert sentences == [
        "Saving failed: the disk is full. Free some space and try again.",
        "Saving failed: another program holds it. Try again when that is done.",
        f"Saving failed: ‘{home / 'no' / 'such'}’ can't be opened. Look at the permissions of that folder.",
    ]
    import_paths([sound.folder], Control(), home=home, reader=refusing)


def never() -> FileError:
    raise AssertionError("this is no damage")
