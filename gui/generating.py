"""Generation behind the window: loads the chosen model, looks at the seed with it, and makes takes. Knows no widget.

A loaded model stays in memory until another is chosen. Answers that a newer question has overtaken are dropped.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import AppError
from core.learning.spec import GenerationRequest
from core.music.score import Note, Score
from core.tasks import Control
from core.workers import Worker
from gui.jobs import JobRunner

if TYPE_CHECKING:  # the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take
    from core.learning.models.library import Library, TrainedModel

_BETWEEN_TAKES_MS = 20
_HEARD = 512
"""Notes before a take that are read again to tell where it came from: more than any preset's heads reach back to."""
_LOOK_MS = 300
"""How long the seed must rest before the model looks at it."""


class Generator(QObject):
    """Holds the library's model of choice and answers by signals."""

    models_listed = Signal(object)
    """All ModelRecords there are, the starter first."""
    take_arrived = Signal(object)
    """A Take."""
    fingerprint_found = Signal(str)
    """Of the model that the takes under way came from; before `finished`."""
    finished = Signal()
    """No more takes come: done, stopped or failed."""
    failed = Signal(object)
    """The AppError for which there are no takes."""
    unknown_found = Signal(object)
    """The notes of the seed that the model never met."""
    surprise_found = Signal(object)
    """Note → bits, for the notes of the seed."""
    echo_found = Signal(object, float)
    """A Take that has arrived, and how much of its pitches came from earlier in the piece, 0 to 1."""

    def __init__(self, library: "Callable[[], Library]", jobs: JobRunner, parent: QObject | None = None) -> None:
        """library: makes the Library, on first need and off the window's thread."""
        super().__init__(parent)
        self._make_library, self._jobs = library, jobs
        self._library: Library | None = None
        self._model: TrainedModel | None = None
        self._model_id = ""
        self._seed: tuple[Score, int] | None = None
        self._wants_surprise = False
        self._is_unwanted = False
        self._serial = 0
        self._worker: Worker | None = None
        self._made: tuple[TrainedModel, tuple[Take, ...]] | None = None
        self._arriving: deque[Take] = deque()
        self._is_ending = False
        self._handing = QTimer(self)
        self._handing.setInterval(_BETWEEN_TAKES_MS)
        self._handing.timeout.connect(self._hand_over)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_LOOK_MS)
        self._resting.timeout.connect(self._look)

    @property
    def is_busy(self) -> bool:
        """Whether takes are being made, or on their way."""
        return self._worker is not None or self._is_ending

    def library(self) -> "Library":
        """From any thread."""
        if self._library is None:
            self._library = self._make_library()
        return self._library

    def list_models(self) -> None:
        """Look what models there are; `models_listed` answers."""
        self._jobs.run(lambda _control: self.library().list(), on_done=self.models_listed.emit)

    def choose_model(self, model_id: str) -> None:
        """Use this model from now on."""
        if model_id != self._model_id:
            self._model_id = model_id
            self._look_soon()

    def set_seed(self, score: Score, part: int) -> None:
        """The seed is this now."""
        self._seed = (score, part)
        self._look_soon()

    def set_wants_surprise(self, *, wants: bool) -> None:
        """Whether `surprise_found` is worth the work."""
        self._wants_surprise = wants
        if wants:
            self._look_soon()

    def start(self, model_id: str, request: GenerationRequest) -> None:
        """Make the takes of `request`; each comes by `take_arrived`, then `finished`."""
        if self.is_busy:
            return
        self._model_id = model_id
        self._is_unwanted = False

        def task(control: Control) -> object:
            from core.learning.generation.generation import generate

            model = self._loaded(model_id)
            return model, generate(model, request, control)

        self._worker = self._jobs.run(
            task,
            on_report=self._on_report,
            on_done=self._on_done,
            on_failed=self._on_failed,
            on_cancelled=self._end,
            lane="generation",
        )

    def stop(self) -> None:
        """End soon; what is complete is kept."""
        if self._worker is not None:
            self._worker.control.stop()

    def cancel(self) -> None:
        """End soon and let no take arrive any more: the seed it was for is gone."""
        if self.is_busy:
            self._is_unwanted = True
        if self._worker is not None:
            self._worker.control.cancel()

    def _on_report(self, event: "Take") -> None:
        if not self._is_unwanted:
            self._arriving.append(event)
            if not self._handing.isActive():
                self._handing.start()

    def _hand_over(self) -> None:
        """One take at a time: they are finished together, and showing them all at once would hold up the window."""
        if self._arriving and not self._is_unwanted:
            self.take_arrived.emit(self._arriving.popleft())
        else:
            self._arriving.clear()
            self._handing.stop()
            if self._is_ending:
                self._is_ending = False
                self.finished.emit()
                self._look_back()

    def _on_done(self, made: "tuple[TrainedModel, tuple[Take, ...]]") -> None:
        self._made = made
        if not self._is_unwanted:
            self.fingerprint_found.emit(made[0].fingerprint)
        self._end()

    def _look_back(self) -> None:
        """When all takes have arrived, and nobody waits any more: read each once more, for where it came from."""
        made, self._made = self._made, None
        if made is None or self._is_unwanted or not made[0].record.copies:
            return
        model, takes = made
        self._jobs.run(
            lambda control: _listen(model, takes, control), on_report=lambda echo: self.echo_found.emit(*echo)
        )

    def _on_failed(self, error: AppError) -> None:
        self._end()
        self.failed.emit(error)

    def _end(self) -> None:
        self._worker = None
        self._is_ending = True
        if not self._handing.isActive():
            self._handing.start()

    def _loaded(self, model_id: str) -> "TrainedModel":
        """The model in memory, as good as it is by now; called in a worker's thread. Raises AppError."""
        record = self.library().find(model_id)
        model = self._model
        if model is None or model.record != record:  # another one, or one that has learnt more since
            model = self._model = self.library().load(record)
        return model

    def _look_soon(self) -> None:
        self._serial += 1
        self._resting.start()

    def _look(self) -> None:
        if self._seed is None or not self._model_id or not self._seed[0].parts[self._seed[1]].notes:
            return
        (score, part), model_id, serial, wants_surprise = self._seed, self._model_id, self._serial, self._wants_surprise

        def task(_control: Control) -> tuple[frozenset[Note], dict[Note, float]]:
            from core.learning.generation.generation import surprise_of, unknown_notes

            model = self._loaded(model_id)
            unknown = unknown_notes(model, score, part)
            return unknown, surprise_of(model, score, part) if wants_surprise else {}

        def done(found: tuple[frozenset[Note], dict[Note, float]]) -> None:
            if serial == self._serial:
                self.unknown_found.emit(found[0])
                if wants_surprise:
                    self.surprise_found.emit(found[1])

        self._jobs.run(task, on_done=done, on_failed=self.failed.emit)


def _listen(model: "TrainedModel", takes: "tuple[Take, ...]", control: Control) -> None:
    """Report each take with how much of its pitches came from earlier in the piece. For a Worker."""
    from core.learning.generation.generation import sources_of

    for take in takes:
        control.checkpoint()
        index = take.request.part
        score = take.score
        part = score.parts[index]
        heard = score.with_part(index, part.with_notes(part.notes[-_HEARD - len(take.generated) :]))
        sources = sources_of(model, heard, index)
        shares = [sources[note].share for note in take.generated if note in sources]
        if shares:
            control.report((take, sum(shares) / len(shares)))
