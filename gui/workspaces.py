"""Pieces, Train and the list of models: built after the first paint, and joined to the transport and to each other."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core import paths
from core.music.score import Score
from gui.controls import pitches
from gui.corpus.controller import CorpusController
from gui.corpus.workspace import PiecesWorkspace
from gui.document import Document
from gui.jobs import JobRunner
from gui.playback import DOCUMENT, Playback
from gui.training.controller import TrainController
from gui.training.library_view import LibraryController
from gui.training.workspace import TrainWorkspace


class Workspaces(QObject):
    """The two workspaces beside Compose, with the controllers that do what they ask for."""

    requested = Signal(str)
    """A workspace is to be shown: "pieces", "train" or "compose"."""
    compose_requested = Signal(str)
    """Compose is to be shown, with the model of this id."""
    models_changed = Signal()
    training_changed = Signal(str, float)
    """Words about the running training and how far it is; "" when none runs."""

    def __init__(self, document: Document, jobs: JobRunner, playback: Playback, *, window: QWidget) -> None:
        super().__init__(window)
        self._document, self._playback = document, playback
        self.pieces = PiecesWorkspace()
        self.train = TrainWorkspace()
        self.corpus = CorpusController(self.pieces, jobs, home=paths.home(), samples=paths.sample_collection())
        self.training = TrainController(self.train, jobs, home=paths.home())
        self.library = LibraryController(jobs, home=paths.home(), parent=window)
        self._connect()
        self._on_document_changed()
        self.corpus.refresh()
        self.training.refresh()

    def _connect(self) -> None:
        corpus, training, library, playback = self.corpus, self.training, self.library, self._playback
        corpus.play_requested.connect(self._play)
        corpus.stop_requested.connect(playback.pause)
        corpus.train_requested.connect(self._train_on)
        corpus.corpora_changed.connect(lambda: training.refresh())
        # Both show one collection: who has just brought one in and goes to Train means that one.
        corpus.corpus_shown.connect(training.refresh)
        self.train.settings.corpus_chosen.connect(corpus.show_corpus)
        training.play_requested.connect(self._play)
        training.play_stop_requested.connect(playback.pause)
        training.progress_changed.connect(self.training_changed)
        training.models_changed.connect(self.models_changed)
        training.models_changed.connect(library.refresh)
        training.compose_requested.connect(self.compose_requested)
        training.pieces_requested.connect(lambda: self.requested.emit("pieces"))
        library.models_changed.connect(self.models_changed)
        library.models_changed.connect(lambda: training.refresh())
        library.compose_requested.connect(self.compose_requested)
        library.history_requested.connect(self._show_learning)
        self._document.changed.connect(self._on_document_changed)
        playback.state_changed.connect(self._on_playback_state)
        playback.moved.connect(self._on_moved)
        pitches.events().changed.connect(lambda: corpus.refresh())

    def import_paths(self, dropped: Sequence[Path]) -> None:
        """Bring files and folders into Pieces, and show it."""
        self.requested.emit("pieces")
        self.corpus.import_paths(dropped)

    def _train_on(self, corpus_id: str) -> None:
        self.requested.emit("train")
        self.training.refresh(corpus_id)

    def _show_learning(self, model_id: str) -> None:
        self.requested.emit("train")
        self.training.show_model(model_id)

    def _play(self, key: str, score: Score, _title: str) -> None:
        self._playback.play_other(key, score)

    def _on_document_changed(self) -> None:
        self.training.set_seed(self._document.score, self._document.part)

    def _on_playback_state(self) -> None:
        playing = self._playback.playing
        key = "" if playing == DOCUMENT else playing
        self.corpus.set_playing(key)
        self.training.set_playing(key)

    def _on_moved(self, tick: float) -> None:
        if self._playback.source != DOCUMENT:
            self.corpus.set_playhead(tick)
            self.training.set_playhead(tick)
