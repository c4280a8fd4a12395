import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from core.music import edits
from gui.document import Snapshot, Work
from gui.project_file import read_document, write_document
from gui.recovery import Autosave, Origin, find_recoveries
from tests.gui.conftest import line, score_of
from tests.gui.generation.conftest import made_take
from tests.systems import needs_pipes


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "recovery"


@pytest.fixture
def watched(document, jobs, folder):
    document.open(Snapshot(score_of(*line(60, 62))), name="Evening study")
    autosave = Autosave(document, jobs, folder=folder)
    yield autosave
    autosave.close()


def change(document):
    document.apply("Louder", edits.change_velocity(document.score, 0, frozenset(document.notes), 3))


def test_a_copy_follows_soon_after_a_change_and_goes_when_all_is_saved(watched, document, folder, qtbot, tmp_path):
    with qtbot.waitSignal(watched.written):
        change(document)
    assert len(list(folder.glob("*.ritornello"))) == 1
    document.mark_saved(tmp_path / "a.mid", document.work, "", with_takes=False)
    assert not list(folder.glob("*.ritornello"))


def test_the_copy_of_a_running_window_is_not_offered(watched, document, folder):
    change(document)
    assert watched.copy_now() is not None
    assert find_recoveries(folder) == ()


def test_an_orderly_end_leaves_nothing(watched, document, folder):
    change(document)
    watched.copy_now()
    watched.close()
    assert not list(folder.iterdir())


def test_nothing_is_copied_while_nothing_is_unsaved(watched):
    assert watched.copy_now() is None


def test_a_folder_that_is_not_there_holds_nothing(folder):
    assert find_recoveries(folder) == ()


def test_what_stands_beside_a_copy_neither_hides_it_nor_stands_for_one(folder):
    folder.mkdir()
    about = '{"title": "Lost", "path": "/music/lost.mid", "saved_at": 1.0, "notes": 1}'
    texts = {
        "a": "",
        "b": "{",
        "c": "[" * 200_000,
        "d": about,
        "e": about.replace('"/music/lost.mid"', "7"),
        "f": "null",
    }
    for name, text in texts.items():
        write_document(folder / f"{name}.ritornello", Work(Snapshot(score_of(*line(60, 62)))))
        (folder / f"{name}.json").write_text(text)
    (folder / "alone.json").write_text(about)
    found = {recovery.file.stem: recovery for recovery in find_recoveries(folder)}
    assert found.keys() == texts.keys()
    assert all(recovery.opened.work.snapshot.score.note_count == 2 for recovery in found.values())
    assert found["d"].path == Path("/music/lost.mid")
    assert [found[name].path for name in "abcef"] == [None] * 5
    assert [found[name].origin.title for name in "abcdef"] == ["", "", "", "Lost", "Lost", ""]
    found["d"].discard()
    assert not list(folder.glob("d.*"))


@needs_pipes
def test_a_damaged_copy_is_found_too_so_that_it_can_be_told(folder):
    folder.mkdir()
    (folder / "a.ritornello").write_bytes(b"PK")
    os.mkfifo(folder / "b.ritornello")
    assert [recovery.opened for recovery in find_recoveries(folder)] == [None, None]


def test_copies_are_found_oldest_first(folder):
    folder.mkdir()
    for age, name in enumerate("cab"):
        write_document(folder / f"{name}.ritornello", Work())
        os.utime(folder / f"{name}.ritornello", (1000 - age, 1000 - age))
    assert [recovery.file.stem for recovery in find_recoveries(folder)] == ["b", "a", "c"]


def test_a_copy_says_where_it_comes_from_and_holds_the_takes(document, jobs, folder, tmp_path):
    path = tmp_path / os.fsdecode(b"\xc9tude \xe2\x80\x9cNo. 3\xe2\x80\x9d.mid")
    document.open(Snapshot(score_of(*line(60, 62))), path=path, digest="abc")
    document.takes.begin(1, "")
    document.takes.add(made_take("A"))
    crashed = Autosave(document, jobs, folder=folder)
    assert crashed.copy_now() is not None
    crashed._lock.unlock()  # as when its owner is no more
    (recovery,) = find_recoveries(folder)
    assert recovery.path == path
    assert recovery.origin.digest == "abc"
    assert recovery.opened.work.takes.count == 1


def test_a_copy_begun_later_is_not_written_over_by_an_earlier_one(watched, document, folder):
    change(document)
    earlier, late = watched._next_serial(), document.work
    document.open(Snapshot(score_of(*line(50))), is_dirty=True)
    assert watched.copy_now() is not None
    watched._write_as(earlier, late, Origin())
    (copy,) = folder.glob("*.ritornello")
    assert [note.pitch for note in read_document(copy).work.snapshot.score.parts[0].notes] == [50]


def test_a_copy_that_was_begun_before_all_was_saved_is_not_written_after(watched, document, folder, tmp_path):
    change(document)
    watched.copy_now()
    begun = watched._next_serial()
    document.mark_saved(tmp_path / "a.mid", document.work, "", with_takes=False)
    watched._write_as(begun, document.work, Origin())
    assert not list(folder.iterdir())


def test_a_copy_that_can_not_be_written_is_told_and_tried_again(document, jobs, tmp_path, qtbot):
    (tmp_path / "recovery").write_text("a file where the folder should be")
    document.open(Snapshot(score_of(*line(60))))
    autosave = Autosave(document, jobs, folder=tmp_path / "recovery")
    with qtbot.waitSignal(autosave.failed):
        change(document)
    assert autosave._timer.isActive()
    assert autosave.copy_now() is None


KILLED = """
import sys
from PySide6.QtCore import QCoreApplication
from pathlib import Path
from core.music.score import Note, Part, Score
from core.music import edits
from gui.document import Document, Snapshot
from gui.jobs import JobRunner
from gui.recovery import Autosave

app = QCoreApplication([])
document, jobs = Document(), JobRunner()
document.open(Snapshot(), name="Sketch")
autosave = Autosave(document, jobs, folder=Path(sys.argv[1]))
autosave.written.connect(lambda _at: print("written", flush=True))
document.apply("Write 3 notes", edits.add(document.score, 0, [Note(480 * n, 60 + n, 480) for n in range(3)]))
app.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_after_sigkill_the_unsaved_notes_are_found(folder):
    started = time.time()
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(folder)],
        stdout=subprocess.PIPE,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).resolve().parents[2],
    )
    try:
        assert program.stdout.readline() == b"written\n"
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
        program.stdout.close()
    (recovery,) = find_recoveries(folder)
    assert (recovery.origin.title, recovery.path) == ("Sketch", None)
    assert started <= recovery.saved_at <= time.time()
    assert [note.pitch for note in recovery.opened.work.snapshot.score.parts[0].notes] == [60, 61, 62]
    recovery.discard()
    assert find_recoveries(folder) == ()
