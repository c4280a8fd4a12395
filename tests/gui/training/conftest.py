"""Epochs, answers and a workspace, made by hand."""

import math

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from core.learning.models.progress import EpochDone
from core.music.score import Note, Part, Score
from gui import theme
from gui.jobs import JobRunner
from gui.training.answers import Answer
from gui.training.settings_panel import CorpusFacts
from gui.training.workspace import TrainWorkspace


@pytest.fixture(autouse=True)
def _dressed(qapp):
    theme.apply(qapp, "dark")


def epochs(held_out, studied=None):
    """One EpochDone for each loss, given as notes to choose among."""
    studied = studied or held_out
    found, best = [], 0
    for number, (unseen, seen) in enumerate(zip(held_out, studied, strict=True), start=1):
        if not best or unseen < held_out[best - 1]:
            best = number
        losses = {"pitch": math.log(seen) * 0.75, "duration": math.log(seen) * 0.25}
        held_out_losses = {"pitch": math.log(unseen) * 0.75, "duration": math.log(unseen) * 0.25}
        found.append(EpochDone(number, losses, held_out_losses, best == number, best, 10.0 * number, 5000.0))
    return tuple(found)


MEMORISING = epochs([16, 12, 9, 7, 6, 6.5, 7, 7.5, 8, 8.5, 9], [16, 11, 8, 6, 5, 4.5, 4, 3.5, 3, 2.5, 2])


def started_from(held_out, history):
    """The same training, gone on from a model that chooses among so many notes in pieces it has never seen."""
    losses = {"pitch": math.log(held_out) * 0.75, "duration": math.log(held_out) * 0.25}
    return (EpochDone(0, {}, losses, True, 0, 1.0, 0.0), *history)


def answer(epoch, phrase="Finds a rhythm", *, copied=0):
    notes = tuple(Note(index * 480, 60 + index, 480) for index in range(8))
    return Answer(epoch, phrase, Score((Part(notes=notes),)), frozenset(notes[:copied]))


@pytest.fixture
def workspace(qtbot):
    """Closed by this fixture, not by qtbot: the runner, made after it, ends before it."""
    workspace = TrainWorkspace()
    workspace.resize(1400, 860)
    workspace.settings.set_corpora([CorpusFacts("chorales", "Chorales", 115, 31960, learns_melody=True)])
    workspace.show()
    yield workspace
    workspace.deleteLater()
    QCoreApplication.sendPostedEvents(workspace, QEvent.Type.DeferredDelete)


@pytest.fixture
def runner(qtbot, workspace):
    runner = JobRunner()
    yield runner
    runner.close()
    qtbot.waitUntil(lambda: not runner._workers and not runner._jobs)  # their last words are on their way
