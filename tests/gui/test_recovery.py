import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from core.music import edits
from gui.document import Snapshot
from gui.recovery import Autosave, find_recovery
from tests.gui.conftest import line, score_of


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
    with qtbot.waitSignal(watched.written, timeout=5000):
        change(document)
    assert len(list(folder.glob("*.ritornello"))) == 1
    document.mark_saved(tmp_path / "a.mid", document.snapshot)
    assert not list(folder.glob("*.ritornello"))


def test_the_copy_of_a_running_window_is_not_offered(watched, document, folder):
    change(document)
    assert watched.copy_now() is not None
    assert find_recovery(folder) is None


def test_an_orderly_end_leaves_nothing(watched, document, folder):
    change(document)
    watched.copy_now()
    watched.close()
    assert not list(folder.iterdir())


def test_nothing_is_copied_while_nothing_is_unsaved(watched):
    assert watched.copy_now() is None


def test_a_folder_that_is_not_there_holds_nothing(folder):
    assert find_recovery(folder) is None


def test_a_damaged_entry_is_passed_over(folder):
    folder.mkdir()
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps({"title": "x"}))
    (folder / "c.json").write_text("[" * 200_000)
    about = '{"title": "x", "path": "", "saved_at": NUMBER, "notes": 1}'
    for name, number in {"d": "NaN", "e": "1e999", "f": '"1"', "g": "9" * 400}.items():
        (folder / f"{name}.ritornello").touch()
        (folder / f"{name}.json").write_text(about.replace("NUMBER", number))
    assert find_recovery(folder) is None


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
    recovery = find_recovery(folder)
    assert recovery is not None
    assert (recovery.title, recovery.note_count, recovery.path) == ("Sketch", 3, None)
    assert time.time() - recovery.saved_at < 60
    assert [note.pitch for note in recovery.read().snapshot.score.parts[0].notes] == [60, 61, 62]
    recovery.discard()
    assert find_recovery(folder) is None
