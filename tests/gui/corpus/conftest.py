"""A folder of small MIDI files, and a workspace with its controller on a user folder of the test's own."""

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from core.music.midi_file import write_midi
from core.music.score import Metre, Note, Part, Score, Tempo
from gui import theme
from gui.corpus.controller import CorpusController
from gui.corpus.workspace import PiecesWorkspace
from gui.jobs import JobRunner

C_MAJOR = (60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60, 67, 60, 64, 67, 72)


@pytest.fixture(autouse=True)
def _dressed(qapp):
    theme.apply(qapp, "dark")


def melody(shift=0, duration=240, quarters_per_minute=100):
    notes = tuple(Note(index * duration, pitch + shift, duration) for index, pitch in enumerate(C_MAJOR))
    return Score((Part(notes=notes),), tempos=(Tempo(0, 60_000_000 // quarters_per_minute),), metres=(Metre(0, 3, 4),))


@pytest.fixture
def music(tmp_path):
    """Five pieces in C, D and D, F, G; one copy; one file that is no music; one with drums alone."""
    folder = tmp_path / "music"
    folder.mkdir()
    write_midi(melody(), folder / "in c.mid")
    write_midi(melody(2), folder / "in d.mid")
    write_midi(melody(2, 480), folder / "slow in d.mid")
    write_midi(melody(5), folder / "in f.mid")
    write_midi(melody(7, quarters_per_minute=60), folder / "in g.mid")
    write_midi(melody(), folder / "zz copy of c.mid")
    (folder / "broken.mid").write_bytes(b"nothing like it")
    write_midi(Score((Part(is_drums=True, notes=(Note(0, 36, 240),)),)), folder / "drums.mid")
    return folder


@pytest.fixture
def workspace(qtbot):
    """Closed by this fixture, not by qtbot: the runner, made after it, ends before it."""
    workspace = PiecesWorkspace()
    workspace.resize(1400, 860)
    workspace.show()
    yield workspace
    workspace.deleteLater()
    QCoreApplication.sendPostedEvents(workspace, QEvent.Type.DeferredDelete)  # before its timers start anything more


@pytest.fixture
def runner(qtbot, workspace):
    runner = JobRunner()
    yield runner
    runner.close()
    qtbot.waitUntil(lambda: not runner._workers and not runner._jobs)  # their last words are on their way


@pytest.fixture
def controller(workspace, runner, home, music):
    return CorpusController(workspace, runner, home=home, samples=music)


@pytest.fixture
def shown(qtbot, workspace, controller, music):
    """The workspace with the folder imported."""
    controller.import_paths((music,))
    qtbot.waitUntil(lambda: workspace.view is not None)
    return workspace
