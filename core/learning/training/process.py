"""Training in a process of its own, and the supervision of it.

`train` is a task for a worker thread or the command line: it starts the process, passes on what it says, hands it what
the owner wants, and makes a ready model of the best so far. TensorFlow is imported in that process alone, so its
seconds of start-up, its memory and its crashes stay out of the window. One pipe joins the two; when either end
is gone the other one notices: the process saves a checkpoint and ends, the supervisor says what happened.

Of several machines each has such a process. The chief's begins with the run's folder; the others get it from there.
"""

import logging
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from core.errors import AppError, TrainingError
from core.learning.models import model_file
from core.learning.models.progress import TrainingPhase, TrainingResult, TrainingStarting
from core.learning.network.tensorflow.cluster import Cluster
from core.learning.network.tensorflow.distribution import started
from core.learning.network.tensorflow.runtime import out_of_memory
from core.learning.training.checkpoint import CHECKPOINT
from core.learning.training.lock import held
from core.learning.training.loop import Command, OwnerGone, run
from core.learning.training.parcel import packed, unpacked
from core.learning.training.run_folder import TrainingJob, discard, finish, result_of
from core.processes import spawned
from core.tasks import Cancelled, Control

_LOG = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.05
_PATIENCE_S = 0.2
"""After Stop the process may finish its batch for so long; then it is ended, for the best so far lies on disk."""
_FAREWELL_S = 5.0
"""An interrupted process gets so long to save its checkpoint."""
_GATHERING_S = 600.0
"""The machines of a cluster may come up so far apart."""
_NICENESS = 5
"""Below the window, so that it stays smooth."""


@dataclass(frozen=True, slots=True)
class _Failed:
    sentence: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Crashed:
    trace: str


@dataclass(frozen=True, slots=True)
class _Done:
    result: TrainingResult | None
    """Of a machine that keeps nothing."""


# The owner's side


def train(job: TrainingJob, control: Control, *, cluster: Cluster | None = None) -> TrainingResult:
    """Train a prepared job, from its checkpoint if it has one; the model is ready in the library when this returns.

    cluster: machines that train with this one, their chief. Reports what progress.py lists. Stop keeps the best so far;
    Cancel discards the whole model, Leave keeps all of the run; Pause holds. Raises Cancelled, and TrainingError when the process fails or another
    machine is gone: then the run stays resumable from its last checkpoint.
    """
    control.report(TrainingPhase("starting"))
    try:
        with _process(job, cluster, control) as child:
            _supervise(job, control, child, patience_s=_FAREWELL_S if cluster else _PATIENCE_S)
    finally:
        if control.cancelled and not control.left:
            discard(job.model_id, job.home)
    control.checkpoint()  # it may have been cancelled just as the process was done
    return finish(job)


def take_part(cluster: Cluster, control: Control) -> TrainingResult:
    """Train what the cluster's chief trains, and keep nothing. Reports the same, raises the same."""
    control.report(TrainingPhase("starting"))
    with _process(None, cluster, control) as child:
        while True:
            control.checkpoint()
            event = child.heard()
            if isinstance(event, _Done):
                break
            if event is not None:
                control.report(event)
    if event.result is None:
        raise TrainingError("The chief stopped before anything was learnt.")
    return event.result


class _Child:
    """The process as its owner sees it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._gathers_since: float | None = None
        self.has_begun = False
        """It has something to lose."""

    def heard(self) -> object:
        """What the process says, None if nothing just now.

        Raises EOFError when it is gone, be it in mid-sentence; and TrainingError when it says why it failed, or when the
        other machines don't come.
        """
        try:
            event: object = self._pipe.recv() if self._pipe.poll(_LOOK_EVERY_S) else None
        except OSError as error:
            raise EOFError from error
        if isinstance(event, _Failed):
            raise TrainingError(event.sentence, hint=event.hint)
        if isinstance(event, _Crashed):
            _LOG.error("the training process failed:\n%s", event.trace)
            raise TrainingError(
                "Training broke off because of a fault in the program. The best so far is kept.",
                hint="Go on from where it was; if it happens again, report it.",
            )
        self.has_begun = self.has_begun or isinstance(event, TrainingStarting)
        if event is not None:
            self._gathers_since = time.monotonic() if event == TrainingPhase("gathering") else None
        elif self._gathers_since is not None and time.monotonic() - self._gathers_since > _GATHERING_S:
            raise TrainingError(
                f"The other machines did not come within {_GATHERING_S:.0f} seconds.",
                hint="Start the same command on every machine that TF_CONFIG names.",
            )
        return event

    def tell(self, command: str) -> None:
        """Raises EOFError when the process is gone."""
        try:
            self._pipe.send(command)
        except OSError as error:
            raise EOFError from error


@contextmanager
def _process(job: TrainingJob | None, cluster: Cluster | None, control: Control) -> Iterator[_Child]:
    """The training process while it lives; it ends with the block. Raises TrainingError when it breaks down."""
    try:
        process, ours = spawned(_main, job, cluster, name="ritornello-training", grace_s=_grace_s)
    except OSError as error:
        raise TrainingError(
            f"The training process can't be started: {error.strerror or error}.", hint="Close other programs and go on."
        ) from error
    child, farewell_s = _Child(ours), 0.0
    try:
        yield child
    except EOFError as error:
        process.join(_FAREWELL_S)
        raise _breakdown(process.exitcode) from error
    except Exception as error:
        is_over = isinstance(error, AppError) or (control.cancelled and not control.left)
        if child.has_begun and not is_over:
            farewell_s = _FAREWELL_S
        raise
    finally:
        ours.close()
        try:
            process.join(farewell_s)
        finally:
            process.kill()
            process.join()
            process.close()


def _supervise(job: TrainingJob, control: Control, child: _Child, *, patience_s: float) -> None:
    """Until the process is done, or is to be ended. Raises EOFError when it broke down."""
    told_paused = False
    deadline: float | None = None
    while True:
        if control.cancelled:
            raise Cancelled
        if control.stopping and deadline is None:
            control.report(TrainingPhase("stopping"))
            deadline = time.monotonic() + patience_s
            child.tell("stop")
            if not child.has_begun and not _has_weights(job) and not (job.folder / CHECKPOINT).exists():
                control.cancel()  # nothing is learnt yet that could be kept
        elif control.paused != told_paused and deadline is None:
            told_paused = not told_paused
            child.tell("pause" if told_paused else "go")
        event = child.heard()
        if isinstance(event, _Done):
            return
        if event is not None:
            control.report(event)
        elif deadline is not None and time.monotonic() > deadline and _has_weights(job):
            return


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
        self._is_to_end = False

    def hear_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        """Some systems ask each process to end, the owner's and this one: as if the owner were gone already."""
        self._is_to_end = True
        if not _saving.is_set():
            os._exit(128 + signal.SIGTERM)

    def report(self, event: object) -> None:
        try:
            self._pipe.send(event)
        except OSError as error:
            raise OwnerGone from error

    def listen(self) -> Command:
        _saving.set()
        if self._is_to_end:
            raise OwnerGone
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


_saving = threading.Event()
"""In the training process: there is something by now that would be lost if it were not saved."""


def _grace_s() -> float:
    """In the training process, whose owner's is gone: how long it may take to save its checkpoint."""
    return _FAREWELL_S if _saving.is_set() else 0.0


def _main(pipe: Connection, job: TrainingJob | None, cluster: Cluster | None) -> None:
    """The whole life of the training process. job: None where the chief sends it."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    owner = _PipedOwner(pipe)
    signal.signal(signal.SIGTERM, owner.hear_sigterm)
    try:
        owner.report(_Done(_trained(job, cluster, owner)))
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


def _trained(job: TrainingJob | None, cluster: Cluster | None, owner: _PipedOwner) -> TrainingResult | None:
    """Train; the result where nothing is kept of it that it could be read from."""
    with ExitStack() as held_until_done:
        if job is not None:
            held_until_done.enter_context(held(job.folder))
        if cluster is not None:
            owner.report(TrainingPhase("gathering"))
        distribution = started(_cores(), cluster)
        content = distribution.from_chief(packed(job) if job is not None and cluster is not None else b"")
        if job is not None:
            run(job, owner, distribution)
            return None
        folder = held_until_done.enter_context(tempfile.TemporaryDirectory(prefix="ritornello-machine-"))
        job = unpacked(content, Path(folder))
        history = run(job, owner, distribution)
        return result_of(job, history) if history else None


def _cores() -> int:
    """Those that this process may use: on a shared machine, not all that there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else max(1, os.cpu_count() or 1)
