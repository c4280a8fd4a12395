"""Training in a process of its own, and the supervision of it.

`train` is a task for a worker thread or the command line: it starts the process, passes on what it says, hands it what
the owner wants, and makes a ready model of the best so far. TensorFlow is imported in that process alone, so its
seconds of start-up, its memory and its crashes stay out of the window. One pipe joins the two; when either end
is gone the other one notices: the process saves a checkpoint and ends, the supervisor says what happened.
"""

import logging
import multiprocessing
import os
import signal
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection

from core.errors import AppError, TrainingError
from core.learning import model_file
from core.learning.checkpoint import CHECKPOINT, held
from core.learning.network.runtime import out_of_memory, quiet_tensorflow
from core.learning.progress import TrainingPhase, TrainingResult, TrainingStarting
from core.learning.training import TrainingJob, discard, finish
from core.learning.training_loop import Command, OwnerGone, run
from core.tasks import Cancelled, Control

_LOG = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.05
_PATIENCE_S = 0.2
"""After Stop the process may finish its batch for so long; then it is ended, for the best so far lies on disk."""
_FAREWELL_S = 5.0
"""An interrupted process gets so long to save its checkpoint."""
_NICENESS = 5
"""Below the window, so that it stays smooth."""


@dataclass(frozen=True, slots=True)
class _Failed:
    sentence: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Crashed:
    trace: str


class _Done:
    pass


# The owner's side


def train(job: TrainingJob, control: Control) -> TrainingResult:
    """Train a prepared job, from its checkpoint if it has one; the model is ready in the library when this returns.

    Reports what progress.py lists. Stop keeps the best so far; Cancel discards the whole model; Pause holds. Raises
    Cancelled, and TrainingError when the process fails: then the run stays resumable from its last checkpoint.
    """
    control.report(TrainingPhase("starting"))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs, job), name="ritornello-training", daemon=True)
    try:
        process.start()
    except OSError as error:
        ours.close()
        raise TrainingError(
            f"The training process can't be started: {error.strerror or error}.", hint="Close other programs and go on."
        ) from error
    finally:
        theirs.close()
    interrupted = True
    try:
        _supervise(job, control, ours)
        interrupted = False
    except EOFError as error:
        interrupted = False
        process.join(_FAREWELL_S)
        raise _breakdown(process.exitcode) from error
    except (AppError, Cancelled):
        interrupted = False
        raise
    finally:
        ours.close()
        if interrupted:
            process.join(_FAREWELL_S)
        process.kill()
        process.join()
        process.close()
        if control.cancelled:
            discard(job.model_id, job.home)
    if control.cancelled:  # just as the process was done
        raise Cancelled
    return finish(job)


def _supervise(job: TrainingJob, control: Control, child: Connection) -> None:
    """Until the process is done, or is to be ended. Raises EOFError when it broke down."""
    has_begun = False
    told_paused = False
    deadline: float | None = None
    while True:
        if control.cancelled:
            raise Cancelled
        if control.stopping and deadline is None:
            control.report(TrainingPhase("stopping"))
            deadline = time.monotonic() + _PATIENCE_S
            _tell(child, "stop")
            if not has_begun and not _has_weights(job) and not (job.folder / CHECKPOINT).exists():
                control.cancel()  # nothing is learnt yet that could be kept
        elif control.paused != told_paused and deadline is None:
            told_paused = not told_paused
            _tell(child, "pause" if told_paused else "go")
        event = _heard(child)
        if event is not None:
            if isinstance(event, _Done):
                return
            if isinstance(event, _Failed):
                raise TrainingError(event.sentence, hint=event.hint)
            if isinstance(event, _Crashed):
                _LOG.error("the training process failed:\n%s", event.trace)
                raise TrainingError(
                    "Training broke off because of a fault in the program. The best so far is kept.",
                    hint="Go on from where it was; if it happens again, report it.",
                )
            has_begun = has_begun or isinstance(event, TrainingStarting)
            control.report(event)
        elif deadline is not None and time.monotonic() > deadline and _has_weights(job):
            return


def _heard(child: Connection) -> object:
    """What the process says, None if nothing just now. Raises EOFError when it is gone, be it in mid-sentence."""
    try:
        return child.recv() if child.poll(_LOOK_EVERY_S) else None
    except OSError as error:
        raise EOFError from error


def _tell(child: Connection, command: str) -> None:
    try:
        child.send(command)
    except OSError as error:
        raise EOFError from error


def _has_weights(job: TrainingJob) -> bool:
    return (job.folder / model_file.WEIGHTS).exists() and (job.folder / model_file.HISTORY).exists()


def _breakdown(exit_code: int | None) -> TrainingError:
    hint = "Go on from where it was; if it happens again, choose a smaller preset."
    if exit_code == -getattr(signal, "SIGKILL", 9):
        return TrainingError(
            "The training process was ended by the system, most likely because memory ran out. The best so far is kept.",
            hint=hint,
        )
    return TrainingError(f"The training process broke off (code {exit_code}). The best so far is kept.", hint=hint)


# The process's side


class _PipedOwner:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def report(self, event: object) -> None:
        try:
            self._pipe.send(event)
        except OSError as error:
            raise OwnerGone from error

    def listen(self) -> Command:
        try:
            wanted = self._pipe.recv() if self._pipe.poll() else "go"
            if wanted == "pause":
                self.report(TrainingPhase("paused"))
                wanted = self._pipe.recv()
                if wanted == "go":
                    self.report(TrainingPhase("training"))
        except (EOFError, OSError) as error:
            raise OwnerGone from error
        return "stop" if wanted == "stop" else "go"


def _main(pipe: Connection, job: TrainingJob) -> None:
    """The whole life of the training process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the owner's matter, who then closes the pipe
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    owner = _PipedOwner(pipe)
    try:
        with held(job.folder):
            quiet_tensorflow(threads=max(1, os.cpu_count() or 1))
            run(job, owner)
        owner.report(_Done())
    except OwnerGone:
        pass
    except AppError as error:
        owner.report(_Failed(error.sentence, error.hint))
    except MemoryError:
        told = out_of_memory()
        owner.report(_Failed(told.sentence, told.hint))
    except BaseException:
        owner.report(_Crashed(traceback.format_exc()))
        raise
    finally:
        pipe.close()
