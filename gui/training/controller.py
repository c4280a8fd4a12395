"""What the Train workspace asks for is done here: a training is prepared and supervised by a Worker, its answers read."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

from core.errors import AppError
from core.learning.models.progress import (
    EpochDone,
    SampleMade,
    TrainingPhase,
    TrainingProgress,
    TrainingResult,
    TrainingStarting,
)
from core.learning.spec import PresetName
from core.learning.training.words import ending
from core.music.score import Score
from core.music.timing import metre_at
from core.tasks import Control
from gui import messages
from gui.controls.numbers import about, counted
from gui.jobs import JobRunner
from gui.messages import Message
from gui.training.answers import Answer, read_answers, read_seed
from gui.training.settings_panel import CorpusFacts, RunFacts, TrainingChoices
from gui.training.verdict import among, best_of, part_of
from gui.training.workspace import TrainWorkspace, Unfinished

if TYPE_CHECKING:  # the training's values load the MIDI libraries, which starting up can do without
    from core.learning.models.library import ModelRecord
    from core.learning.models.model_file import ModelCard
    from core.learning.training.run_folder import TrainingJob

ANSWER_KEY = "epoch:"
"""What an answer's key for the transport starts with; model and epoch follow."""
SEED_KEY = "training-seed"


@dataclass(frozen=True, eq=False)
class _Prepared:
    """The job is ready; what it did before a break."""

    job: "TrainingJob"
    history: tuple[EpochDone, ...] = ()
    samples: tuple[SampleMade, ...] = ()


@dataclass(frozen=True, eq=False)
class _Learnt:
    """How a model of the library learnt."""

    record: "ModelRecord"
    history: tuple[EpochDone, ...]
    answers: tuple[Answer, ...]
    seed: Score | None


@dataclass(frozen=True, slots=True)
class _Overview:
    corpora: tuple[CorpusFacts, ...]
    unfinished: tuple[Unfinished, ...]
    models: tuple[tuple[str, str], ...]
    starter: "ModelCard | None"


class TrainController(QObject):
    """Joins the Train workspace to the training and the library."""

    play_requested = Signal(str, object, str)
    """Key, Score and title of an answer or the seed to play."""
    play_stop_requested = Signal()
    """What plays of here is to stop."""
    progress_changed = Signal(str, float)
    """The pill's words and how far the training is, 0 to 1; "" when none runs."""
    models_changed = Signal()
    """A model was made, or one that was unfinished is gone."""
    compose_requested = Signal(str)
    """Id of the model to compose with."""
    pieces_requested = Signal()

    def __init__(
        self,
        workspace: TrainWorkspace,
        runner: JobRunner,
        *,
        home: Path,
        confirm: Callable[[str, str], bool] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """confirm: asks a question (title, text) and says whether it was answered by yes."""
        super().__init__(parent or workspace)
        self._workspace = workspace
        self._runner = runner
        self._home = home
        self._confirm = confirm or self._ask
        self._control: Control | None = None
        self._seed: Score | None = None
        self._model_id = ""
        self._weighed: set[tuple[CorpusFacts, PresetName]] = set()
        self._failure: Message | None = None
        """Why the last training broke off."""
        self._history: list[EpochDone] = []
        self._epochs = 0
        self._counting_loss = math.inf
        self._own_seed: Score | None = None
        self._playing = ""
        self._connect()

    def _connect(self) -> None:
        space = self._workspace
        space.train_requested.connect(self.start)
        space.pause_requested.connect(self._pause)
        space.continue_requested.connect(self._continue)
        space.stop_requested.connect(self._stop)
        space.cancel_requested.connect(self._cancel)
        space.resume_requested.connect(self.resume)
        space.discard_requested.connect(self._discard)
        space.compose_requested.connect(lambda: self.compose_requested.emit(self._model_id))
        space.pieces_requested.connect(self.pieces_requested)
        space.answer_play_requested.connect(self._play_answer)
        space.settings.seed_play_requested.connect(self._play_seed)
        space.settings.known_share_wanted.connect(self._weigh)

    # What the window asks for

    @property
    def is_training(self) -> bool:
        return self._control is not None

    def refresh(self, select: str = "") -> None:
        """Read what corpora, models and unfinished trainings there are; choose the corpus `select`."""

        def then(found: _Overview) -> None:
            space = self._workspace
            space.settings.set_models(found.models, starter=found.starter)
            if not self.is_training:
                space.settings.set_corpora(found.corpora, select=select)
                space.show_unfinished(found.unfinished)

        self._runner.run(lambda _control: _overview(self._home), on_done=then)

    def _weigh(self) -> None:
        """Find out how many of the pieces the starter model has studied, by which the shown plan goes."""
        settings = self._workspace.settings
        if settings.unknown is None or settings.unknown in self._weighed:
            return
        corpus, preset = settings.unknown
        self._weighed.add((corpus, preset))
        self._runner.run(
            lambda control: _share_known(corpus.id, preset, self._home, control),
            on_done=lambda share: settings.set_known_share(corpus, preset, share),
        )

    def set_seed(self, score: Score, part: int) -> None:
        """What Compose holds: the seed that can be answered after each epoch."""
        chosen = score.parts[part]
        seed = replace(
            chosen, name=self.tr("Your seed")
        )  # as it is captioned, also when the training goes on another day
        has_seed = bool(chosen.notes) and not chosen.is_drums
        self._own_seed = Score((seed,), tempos=score.tempos, metres=score.metres) if has_seed else None
        self._workspace.settings.set_own_seed(available=self._own_seed is not None)

    def start(self) -> None:
        """Train what is chosen."""
        choices = self._workspace.settings.choices()
        if choices is None or self.is_training:
            return
        seed = self._own_seed if choices.uses_own_seed else None
        self._begin(lambda control: _prepared(choices, self._home, seed, control))

    def resume(self, model_id: str) -> None:
        """Go on with a training that broke off."""
        if not self.is_training:
            self._begin(lambda _control: _resumed(model_id, self._home))

    def show_model(self, model_id: str) -> None:
        """How a trained model learnt: its curves, and its answers to be heard."""
        if self.is_training:
            messages.note(self.tr("A training is under way. How another model learnt can be seen when it is over."))
            return

        def then(found: _Learnt) -> None:
            if self.is_training:
                return
            record = found.record
            self._model_id = record.id
            self._history = list(found.history)
            self._workspace.show_start()
            self._workspace.show_history(found.history, epochs=record.epochs)
            if found.seed is not None:
                self._show_seed(found.seed)
            self._workspace.add_answers(found.answers)
            title = self._kept(record.name, record.best_epoch)
            learnt = self.tr("It learnt from “{corpus}”, {pieces}.").format(
                corpus=record.corpus_name, pieces=counted(record.pieces, "piece", "pieces")
            )
            if record.started_from:
                learnt += " " + self.tr("It started from “{name}”.").format(name=record.started_from)
            self._workspace.show_ending(title, f"{learnt} {self._chooses()} {ending(self._history)}", failed=False)

        self._runner.run(lambda _control: _learnt(model_id, self._home), on_done=then)

    def set_playing(self, key: str) -> None:
        """What the transport plays, by its key; "" = nothing."""
        self._playing = key
        prefix = f"{ANSWER_KEY}{self._model_id}:"
        epoch = key.removeprefix(prefix) if key.startswith(prefix) else ""
        self._workspace.strip.set_playing(int(epoch) if epoch.isdecimal() else 0)
        self._workspace.settings.set_seed_playing(playing=key == SEED_KEY)

    def set_playhead(self, tick: float | None) -> None:
        """Where the transport is in what it plays of here."""
        if self._playing == SEED_KEY:
            self._workspace.settings.seed_roll.set_playhead(tick)
        elif self._playing.startswith(ANSWER_KEY):
            self._workspace.strip.set_playhead(int(self._playing.rpartition(":")[2]), tick)

    # A run

    def _begin(self, prepare: Callable[[Control], _Prepared]) -> None:
        if self._runner.is_busy("learning"):
            messages.note(self.tr("A training is under way already."))
            return
        self._seed = None
        self._model_id = ""
        self._history = []
        self._epochs = 0
        self._counting_loss = math.inf
        self._workspace.show_unfinished(())
        self._workspace.show_start()

        worker = self._runner.run(
            lambda control: _trained(prepare, control),
            on_report=self._on_report,
            on_done=self._on_done,
            on_failed=self._on_failed,
            on_cancelled=self._on_cancelled,
            lane="learning",
        )
        self._control = worker.control
        self.progress_changed.emit(self.tr("getting ready"), 0.0)

    def _on_report(self, event: object) -> None:
        space = self._workspace
        match event:
            case _Prepared():
                self._on_prepared(event)
            case TrainingPhase():
                if event.phase in ("training", "paused") and space.phase not in ("stopping", "cancelling"):
                    space.set_phase("paused" if event.phase == "paused" else "training")
            case TrainingStarting():
                self._epochs, self._counting_loss = event.epochs, event.counting_loss
                words = sum(event.vocabulary_sizes.values())
                space.settings.show_run(RunFacts(event.studied_pieces, event.held_out_pieces, words))
                space.show_plan(
                    epochs=event.epochs, held_out_pieces=event.held_out_pieces, counting_loss=event.counting_loss
                )
            case TrainingProgress():
                self._on_progress(event)
            case EpochDone():
                self._history = [epoch for epoch in self._history if epoch.epoch < event.epoch]
                self._history.append(event)
                space.show_history(self._history, epochs=self._epochs or event.epoch)
            case SampleMade():
                self._read_answers((event,))
            case _:
                pass

    def _on_prepared(self, prepared: _Prepared) -> None:
        messages.withdraw(self._failure)  # a training goes on, or another one was chosen
        job = prepared.job
        self._model_id = job.model_id
        self._history = list(prepared.history)
        self._epochs = job.training.epochs
        space = self._workspace
        space.settings.show_job(
            name=job.name,
            preset=job.preset,
            training=job.training,
            corpus_name=job.corpus_name,
            start_from=job.start_from,
            start_reason=job.start_reason,
            is_new=not prepared.history,
        )
        if job.start_reason and not prepared.history:
            messages.note(job.start_reason)
        self._show_seed(job.seed)
        if prepared.history:
            space.show_history(prepared.history, epochs=job.training.epochs)
        if prepared.samples:
            self._read_answers(prepared.samples)
        self.models_changed.emit()

    def _show_seed(self, seed: Score) -> None:
        self._seed = seed
        part = seed.parts[0]
        words = self.tr("{name}, {notes}").format(
            name=part.name or self.tr("The opening of a test piece"), notes=counted(len(part.notes), "note", "notes")
        )
        self._workspace.settings.show_seed(part.notes, words, bar=metre_at(seed, 0).bar_duration)

    def _on_progress(self, progress: TrainingProgress) -> None:
        space = self._workspace
        if space.phase == "preparing":
            space.set_phase("training")
        space.show_progress(progress)
        words = self.tr("epoch {epoch} of {epochs}").format(epoch=progress.epoch, epochs=progress.epochs)
        if progress.left_s >= 0:
            words += self.tr(" · {time} left").format(time=about(progress.left_s))
        share = (progress.epoch - 1 + progress.batch / max(1, progress.batches)) / max(1, progress.epochs)
        self.progress_changed.emit(words, min(1.0, share))

    def _read_answers(self, samples: Sequence[SampleMade]) -> None:
        model_id = self._model_id

        def then(answers: tuple[Answer, ...]) -> None:
            if self._model_id == model_id:
                self._workspace.add_answers(answers)

        self._runner.run(lambda _control: read_answers(samples), on_done=then)

    # The user's will

    def _pause(self) -> None:
        if self._control is not None:
            self._control.pause()
            self._workspace.set_phase("paused")  # in the same frame; the process follows

    def _continue(self) -> None:
        if self._control is not None:
            self._control.unpause()
            self._workspace.set_phase("training" if self._history or self._epochs else "preparing")

    def _stop(self) -> None:
        if self._control is not None:
            self._control.stop()

    def _cancel(self) -> None:
        if self._control is None:
            return
        if self._history and not self._confirm(
            self.tr("Throw this training away?"),
            self.tr("{epochs} of learning would be lost. Stop keeps the best of them.").format(
                epochs=counted(len(self._history), "epoch", "epochs")
            ),
        ):
            return
        if self._control is not None:  # it may have ended while the question was open
            self._workspace.set_phase("cancelling")
            self._control.cancel()

    def _discard(self, model_id: str) -> None:
        if self._confirm(
            self.tr("Throw this training away?"), self.tr("What it has learnt so far can't be brought back.")
        ):
            self._runner.run(lambda _control: _discarded(model_id, self._home), on_done=lambda _none: self._changed())

    def _ask(self, title: str, text: str) -> bool:
        answer = QMessageBox.question(self._workspace, title, text)
        return answer == QMessageBox.StandardButton.Yes

    # The end

    def _on_done(self, result: TrainingResult) -> None:
        self._end()
        self._model_id = result.model_id
        title = self.tr("Ready: {model}").format(model=self._kept(result.name, result.best_epoch))
        how = ending(self._history, counting_loss=self._counting_loss)
        later = self.tr("You can go on from here later: choose it under Starts from.")
        self._workspace.show_ending(title, f"{self._chooses()} {how} {later}", failed=False)
        messages.note(title)
        self._changed()

    def _kept(self, name: str, epoch: int) -> str:
        if not epoch:
            return self.tr("“{name}”, as it started: no epoch made it better.").format(name=name)
        return self.tr("“{name}”, kept at epoch {epoch}.").format(name=name, epoch=epoch)

    def _chooses(self) -> str:
        best = best_of(self._history)
        if best is None:
            return ""
        return self.tr(
            "In pieces it has never seen it chooses among {notes} notes, by pitch alone among {pitches}."
        ).format(notes=among(best.held_out_loss), pitches=among(part_of(best, "pitch", held_out=True)))

    def _on_failed(self, error: AppError) -> None:
        self._end()
        self._workspace.show_ending(error.sentence, error.hint, failed=True)
        self._failure = messages.post_failure(error)
        self._changed()

    def _on_cancelled(self) -> None:
        self._end()
        self._model_id = ""
        self._history = []
        self._workspace.show_history((), epochs=1)
        self._workspace.strip.show_answers(())
        self._workspace.set_phase("idle")
        self._changed()

    def _end(self) -> None:
        self._control = None
        self.progress_changed.emit("", 0.0)

    def _changed(self) -> None:
        self.models_changed.emit()
        self.refresh()

    # Playing

    def _play_answer(self, answer: Answer) -> None:
        key = f"{ANSWER_KEY}{self._model_id}:{answer.epoch}"
        self._play(key, answer.score, self.tr("Epoch {number}").format(number=answer.epoch))

    def _play_seed(self) -> None:
        if self._seed is not None:
            self._play(SEED_KEY, self._seed, self.tr("The seed"))

    def _play(self, key: str, score: Score, title: str) -> None:
        if key == self._playing:
            self.play_stop_requested.emit()
        else:
            self.play_requested.emit(key, score, title)


# In the Workers. Training's modules are imported there: they load the MIDI libraries, which starting up can do without.


def _trained(prepare: Callable[[Control], _Prepared], control: Control) -> TrainingResult:
    from core.learning.training.process import train

    prepared = prepare(control)
    control.report(prepared)
    return train(prepared.job, control)


def _prepared(choices: TrainingChoices, home: Path, seed: Score | None, control: Control) -> _Prepared:
    from core.corpus.store import CorpusStore
    from core.learning.training.plan import TrainingPlan
    from core.learning.training.prepare import start_job

    store = CorpusStore(home)
    job = start_job(
        store.load(choices.corpus_id),
        store,
        TrainingPlan(
            choices.preset,
            name=choices.name,
            epochs=choices.epochs,
            start_from=choices.start_from,
            seed=seed,
            training=choices.training,
        ),
        home=home,
        control=control,
    )
    return _Prepared(job)


def _resumed(model_id: str, home: Path) -> _Prepared:
    from core.learning.models.library import Library
    from core.learning.training.run_folder import resume_job

    library = Library(home)
    record = library.find(model_id)
    return _Prepared(resume_job(model_id, home), library.history(record), library.samples(record))


def _learnt(model_id: str, home: Path) -> _Learnt:
    from core.learning.models.library import Library

    library = Library(home)
    record = library.find(model_id)
    samples = library.samples(record)
    return _Learnt(record, library.history(record), read_answers(samples), read_seed(samples))


def _discarded(model_id: str, home: Path) -> None:
    from core.learning.training.run_folder import discard

    discard(model_id, home)


def _share_known(corpus_id: str, preset: PresetName, home: Path, control: Control) -> float:
    from core.corpus.store import CorpusStore
    from core.learning.training.prepare import share_known

    store = CorpusStore(home)
    return share_known(store.load(corpus_id), store, preset, home=home, control=control)


def _overview(home: Path) -> _Overview:
    from core.corpus.store import CorpusStore
    from core.learning.models.library import Library
    from core.learning.training.run_folder import resumable

    corpora = tuple(
        CorpusFacts(corpus.id, corpus.name, len(corpus.pieces), corpus.note_count, corpus.lines == "melody")
        for corpus in CorpusStore(home).list()
        if not corpus.damage and len(corpus.pieces)  # Pieces lists the damaged ones, and says why
    )
    unfinished = tuple(
        Unfinished(training.model_id, training.name, training.epoch, training.epochs) for training in resumable(home)
    )
    library = Library(home)
    records = [record for record in library.list() if record.state == "ready"]
    models = tuple((record.id, record.name) for record in records)
    starter = next((library.card(record) for record in records if record.is_starter), None)
    return _Overview(corpora, unfinished, models, starter)
