"""With real trainings of very few notes, in their own process."""

import math
import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from core import paths
from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.learning.models.library import Library
from core.learning.models.progress import TrainingPhase
from core.learning.spec import PRESETS
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import start_job
from core.learning.training.run_folder import resumable
from core.learning.training.start import AUTOMATIC
from core.learning.training.words import ending
from core.music.midi_file import read_midi, write_midi
from core.music.score import Note, Part, Score
from core.tasks import Control
from gui import messages
from gui.jobs import JobRunner
from gui.message_pile import MessagePile
from gui.training.controller import SEED_KEY, TrainController
from gui.training.workspace import TrainWorkspace
from tests.core.learning.light import LIGHT

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _little_to_trace(monkeypatch):
    monkeypatch.setattr("core.learning.training.prepare.PRESETS", LIGHT)


@pytest.fixture(autouse=True)
def corpus(tmp_path, home):
    folder = tmp_path / "tunes"
    folder.mkdir()
    for number in range(6):
        pitches = [60 + (step * (number + 2)) % 12 for step in range(40)]
        notes = tuple(Note(index * 240, pitch, 240) for index, pitch in enumerate(pitches))
        write_midi(Score((Part(notes=notes),)), folder / f"tune {number}.mid")
    return import_paths((folder,), Control(), home=home)[0]


@pytest.fixture
def answers():
    """What the questions are answered by."""
    return []


@pytest.fixture
def controller(qtbot, workspace, runner, home, answers):
    controller = TrainController(workspace, runner, home=home, confirm=lambda _title, _text: answers.pop(0))
    controller.refresh()
    qtbot.waitUntil(lambda: workspace.settings.corpus.currentText() == "tunes")
    settings = workspace.settings
    settings.preset.setCurrentIndex(settings.preset.findData("quick"))
    settings.preset.activated.emit(settings.preset.currentIndex())
    settings.epochs.focusProxy().selectAll()
    qtbot.keyClicks(settings.epochs.focusProxy(), "9000")
    return controller


@pytest.fixture
def noted(qapp):
    found = []
    messages.center().noted.connect(found.append)
    yield found
    messages.center().noted.disconnect(found.append)


def test_a_training_is_watched_heard_paused_and_stopped(qtbot, workspace, controller, runner, home, noted):
    told = []
    controller.progress_changed.connect(lambda words, share: told.append((words, share)))
    qtbot.mouseClick(workspace.train, LEFT)
    assert workspace.phase == "preparing"
    qtbot.waitUntil(lambda: len(workspace.strip.cards) >= 2)
    assert workspace.settings._held_out.text() == "1 piece"
    assert workspace.settings.seed_play.isVisible()
    assert told[-1][0].startswith("epoch ")
    assert "of 9000" in told[-1][0]
    with qtbot.waitSignal(controller.play_requested) as played:
        qtbot.mouseClick(workspace.strip.cards[0].play, LEFT)
    key, score, _ = played.args
    assert score.parts[0].notes
    controller.set_playing(key)
    assert workspace.strip.cards[0].play.isChecked()
    with qtbot.waitSignal(controller.play_requested) as played:
        qtbot.mouseClick(workspace.settings.seed_play, LEFT)
    assert played.args[0] == SEED_KEY

    counting_loss = controller._counting_loss
    assert 0 < counting_loss < math.inf
    assert workspace._counting_loss == counting_loss

    heard = []
    (job,) = (job for job in runner._jobs if job.lane == "learning")
    job.worker.reported.connect(heard.append)
    qtbot.mouseClick(workspace.pause, LEFT)
    assert workspace.phase == "paused"
    qtbot.waitUntil(lambda: TrainingPhase("paused") in heard)
    qtbot.mouseClick(workspace.go_on, LEFT)
    assert workspace.phase == "training"
    epochs = len(controller._history)
    qtbot.waitUntil(lambda: len(controller._history) > epochs)
    assert heard[heard.index(TrainingPhase("paused")) + 1] == TrainingPhase("training"), "meanwhile nothing went on"

    with qtbot.waitSignal(controller.models_changed):
        qtbot.mouseClick(workspace.stop, LEFT)
    assert workspace.phase == "done"
    assert noted[-1].startswith("Ready: “tunes”, kept at epoch ")
    assert ending(controller._history, counting_loss=counting_loss) in workspace._sentences.text()
    assert told[-1] == ("", 0.0)
    record = Library(home).find("tunes")
    assert record.state == "ready"
    with qtbot.waitSignal(controller.compose_requested) as composed:
        qtbot.mouseClick(workspace.compose, LEFT)
    assert composed.args == [record.id]


def test_quitting_leaves_a_training_that_the_next_start_offers_to_go_on_with(
    qtbot, workspace, controller, runner, home, answers
):
    controller.set_seed(Score((Part("Flute", notes=(Note(0, 60, 480), Note(480, 64, 480))),)), 0)
    qtbot.keyClick(workspace.settings.seed_kind, Qt.Key.Key_Right)
    qtbot.mouseClick(workspace.train, LEFT)
    qtbot.waitUntil(lambda: len(controller._history) >= 2)
    runner.close()  # what the application does when it is quit
    qtbot.waitUntil(lambda: not runner._jobs)
    (unfinished,) = resumable(home)
    assert unfinished.epoch >= 2

    later, workspace = JobRunner(), TrainWorkspace()  # of the next start
    qtbot.addWidget(workspace)
    workspace.show()
    again = TrainController(workspace, later, home=home, confirm=lambda _title, _text: answers.pop(0))
    again.refresh()
    qtbot.waitUntil(lambda: workspace._unfinished.count() == 1)
    again.resume(unfinished.model_id)
    qtbot.waitUntil(lambda: len(again._history) > unfinished.epoch)
    assert [epoch.epoch for epoch in again._history] == list(range(1, len(again._history) + 1))
    settings, quick = workspace.settings, PRESETS["quick"]
    assert settings.preset.currentText() == quick.title
    assert settings._description.text() == quick.description
    assert settings.advanced.window_.value == quick.training.window
    assert settings.epochs.value == 9000
    assert settings._seed_words.text() == "Your seed, 2 notes"
    answers.append(False)
    qtbot.mouseClick(workspace.cancel, LEFT)
    assert again.is_training
    answers.append(True)
    qtbot.mouseClick(workspace.cancel, LEFT)
    qtbot.waitUntil(lambda: not again.is_training)
    assert workspace.phase == "idle"
    assert resumable(home) == ()
    assert [record for record in Library(home).list() if not record.is_starter] == []
    later.close()
    qtbot.waitUntil(lambda: not later._workers and not later._jobs)


def test_what_can_not_be_trained_says_why(qtbot, workspace, controller, home):
    workspace.settings.corpus.setItemData(0, "nowhere")
    qtbot.mouseClick(workspace.train, LEFT)
    qtbot.waitUntil(lambda: workspace.phase == "failed")
    assert workspace._title.text() == "There is no corpus ‘nowhere’."
    assert workspace.train.isEnabled()


def test_the_plan_for_pieces_that_the_starter_has_studied_is_shown_before_train_is_pressed(
    qtbot, workspace, runner, home, tmp_path
):
    with zipfile.ZipFile(paths.sample_collection()) as samples:
        names = [name for name in samples.namelist() if name.endswith(".mid")][:20]
        for name in names:
            (tmp_path / Path(name).name).write_bytes(samples.read(name))
    corpus = import_paths(sorted(tmp_path.glob("*.mid")), Control(), home=home, name="Known")[0]
    controller = TrainController(workspace, runner, home=home)
    controller.refresh(corpus.id)
    settings = workspace.settings
    qtbot.waitUntil(lambda: settings.corpus.currentText() == "Known" and settings.unknown is None)
    shown = settings.epochs.value
    plan = TrainingPlan(settings.choices().preset, start_from=AUTOMATIC)
    job = start_job(corpus, CorpusStore(home), plan, home=home)
    assert not job.start_from, "it has studied them"
    assert shown == job.training.epochs


def test_why_a_training_broke_off_is_no_longer_told_once_one_goes_on(
    qtbot, workspace, controller, home, corpus, answers
):
    pile = MessagePile()
    qtbot.addWidget(pile)
    messages.post(messages.Message("Something else."))
    workspace.settings.corpus.setItemData(0, "nowhere")
    qtbot.mouseClick(workspace.train, LEFT)
    qtbot.waitUntil(lambda: "nowhere" in pile.accessibleName())
    workspace.settings.corpus.setItemData(0, corpus.id)
    qtbot.mouseClick(workspace.train, LEFT)
    qtbot.waitUntil(lambda: pile.accessibleName() == "Something else.")
    answers.append(True)
    qtbot.mouseClick(workspace.cancel, LEFT)
    qtbot.waitUntil(lambda: not controller.is_training)


def test_how_a_model_learnt_can_be_seen_and_heard_later(qtbot, runner, home):
    workspace = TrainWorkspace()
    qtbot.addWidget(workspace)
    workspace.show()
    controller = TrainController(workspace, runner, home=home)
    controller.show_model("starter")
    qtbot.waitUntil(lambda: workspace.phase == "done")
    assert "Starter model" in workspace._title.text()
    assert len(workspace.strip.cards) > 3
    assert workspace.settings.corpus.isEnabled()
    card = workspace.strip.cards[0]
    with qtbot.waitSignal(controller.play_requested) as played:
        workspace.answer_play_requested.emit(card.answer)
    key, score, _title = played.args
    assert key == f"epoch:starter:{card.answer.epoch}"
    assert score.parts[0].notes[0].onset < 4 * 480, "the answer alone is heard, not the seed before it"
    with qtbot.waitSignal(controller.play_requested) as played:
        workspace.settings.seed_play_requested.emit()
    assert played.args[0] == SEED_KEY
    starter = Library(home).find("starter")
    begin = Library(home).samples(starter)[0].start
    answered = read_midi(paths.starter_model() / "samples" / "epoch-001.mid").parts[0].notes
    assert played.args[1].parts[0].notes == tuple(note for note in answered if note.onset < begin)
