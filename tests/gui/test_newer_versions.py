"""A user folder in which a newer Ritornello has worked: each thing is a sentence, and nothing is changed, to the byte."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from core.corpus.database import stamp
from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.errors import AppError
from core.learning.models.library import Library
from core.music.midi_file import write_midi
from core.settings import Settings, write_settings
from core.tasks import Control
from gui.document import Snapshot, Work
from gui.project_file import project_bytes, read_document
from gui.training.library_view import row_of
from tests.gui.conftest import Desk, line, score_of
from tests.gui.test_main_window import CARD, fill
from tests.gui.test_project_file import changed

NEWER = "was made by a newer Ritornello"


def raised(file, format_):
    """The format that a JSON file says."""
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "format": format_}), "utf-8")


def raised_within(file, format_):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {format_ and stamp(format_)}")


@pytest.fixture
def folder(home, tmp_path):
    """Settings, a model, a collection, the cache, and a recovery copy, all whole."""
    music = tmp_path / "music"
    music.mkdir()
    for number in range(3):
        write_midi(score_of(*line(*range(60 + number, 70 + number))), music / f"{number}.mid")
    import_paths([music], Control(), home=home, processes=0)
    write_settings(home / "settings.json", Settings(theme="light"))
    _, model, _ = Library(home).create("Airs")
    fill(model, replace(CARD, name="Airs"))
    (home / "recovery").mkdir()
    (home / "recovery" / "0.ritornello").write_bytes(project_bytes(Work(Snapshot(score_of(*line(60))))))
    return home


@pytest.fixture
def newer(folder):
    raised(folder / "settings.json", 2)
    raised(next(folder.glob("models/*/model.json")), 3)
    for file in (folder / "corpora" / "music.sqlite", folder / "cache" / "files.sqlite"):
        raised_within(file, 2)
    copy = folder / "recovery" / "0.ritornello"
    copy.write_bytes(changed(copy.read_bytes(), format=2))
    return folder


def bytes_in(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_window_on_it_says_so_and_changes_nothing(newer, tmp_path, qtbot, dressed, posted):
    before = bytes_in(newer)
    desk = Desk(newer, qtbot, Library(newer, starter=tmp_path / "no-starter"))
    assert desk.preferences.settings.theme == "light"
    assert NEWER in desk.preferences.trouble.sentence
    desk.window.show()
    qtbot.waitExposed(desk.window)
    desk.window.prepare_rest()
    qtbot.waitUntil(lambda: desk.window.others is not None)
    desk.window.unsaved_work.look(newer / "recovery")
    others = desk.window.others
    qtbot.waitUntil(lambda: others.pieces.report.corpora.count() == 1)
    assert others.pieces.report.corpora.itemText(0) == "music (made by a newer Ritornello)"
    desk.preferences.change(volume=0.1)
    others.corpus.import_paths([tmp_path / "music"])
    copy, cache = "A copy of unsaved work, ‘0.ritornello’,", f"The cache of read files, ‘{newer}/cache/files.sqlite’,"
    qtbot.waitUntil(lambda: {f"{copy} {NEWER}.", f"{cache} {NEWER}."} <= {message.sentence for message in posted})
    desk._let_go(None)
    desk.window.close()
    assert bytes_in(newer) == before


def test_the_library_and_the_collections_list_it_and_refuse_to_change_it(newer):
    before = bytes_in(newer)
    library, store = Library(newer, starter=newer / "no-starter"), CorpusStore(newer)
    (record,) = library.list()
    assert (record.state, row_of(record)[0]) == ("newer", f"{record.id} (made by a newer Ritornello)")
    assert record.damage == f"“{record.id}” can't be opened: it {NEWER}."
    (corpus,) = store.list()
    assert corpus.damage == f"The corpus ‘music’ {NEWER}."
    for attempt in (
        lambda: library.load(record),
        lambda: library.rename(record, "Songs"),
        lambda: library.export(record, newer.parent / "song"),
        lambda: store.rename("music", "Songs"),
        lambda: store.save(corpus),
        lambda: store.without(corpus, ["x"]),
        lambda: read_document(newer / "recovery" / "0.ritornello"),
    ):
        with pytest.raises(AppError, match=NEWER) as caught:
            attempt()
        assert caught.value.hint == "Update Ritornello to open it."
    assert bytes_in(newer) == before


def test_a_folder_imported_again_becomes_a_collection_beside_that_of_the_newer(newer, tmp_path):
    (newer / "cache" / "files.sqlite").unlink()
    theirs = (newer / "corpora" / "music.sqlite").read_bytes()
    corpus, _ = import_paths([tmp_path / "music"], Control(), home=newer, processes=0)
    assert (corpus.name, len(corpus.pieces)) == ("music 2", 3)
    assert (newer / "corpora" / "music.sqlite").read_bytes() == theirs


def test_collections_and_a_cache_that_say_no_format_are_those_of_before(folder, tmp_path):
    for file in (folder / "corpora" / "music.sqlite", folder / "cache" / "files.sqlite"):
        raised_within(file, 0)
    corpus, _ = import_paths([tmp_path / "music"], Control(), home=folder, processes=0)
    assert (corpus.name, len(corpus.pieces)) == ("music", 3)
    for file in (folder / "corpora" / "music.sqlite", folder / "cache" / "files.sqlite"):
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (stamp(1),)
