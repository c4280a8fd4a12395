"""Training from the command line. Ctrl+C leaves a training that `--resume` goes on with.

Where TF_CONFIG names several machines, the same command runs on each; all but the chief ignore what it says of pieces
and models, because the chief tells them.
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core import paths
from core.cli.arguments import place_of, usage_error
from core.cli.console import Bar, Console, UsageError
from core.cli.interruption import Interrupted, interruptible
from core.cli.pieces import imported
from core.corpus.store import Corpus, CorpusStore
from core.errors import SpecError, TrainingError
from core.files import is_there
from core.learning.models.library import Library
from core.learning.models.model_file import SUFFIX
from core.learning.models.progress import (
    EpochDone,
    SampleMade,
    TrainingPhase,
    TrainingProgress,
    TrainingResult,
    TrainingStarting,
)
from core.learning.network.tensorflow.cluster import Cluster
from core.learning.training.lock import is_held
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import start_job
from core.learning.training.process import take_part
from core.learning.training.process import train as train_job
from core.learning.training.run_folder import TrainingJob, UnfinishedTraining, resumable, resume_job, unfinished
from core.learning.training.words import ending, verdict
from core.tasks import Control

_ENDING_S = 10.0
"""A training that ends, ends within this."""
_LOOK_EVERY_S = 0.1
_PHASES = {
    "starting": "Starting …",
    "gathering": "Waiting for the other machines …",
    "preparing": "Preparing …",
}


def train(arguments: argparse.Namespace, console: Console) -> None:
    """The command `train`."""
    _check(arguments)
    cluster = Cluster.from_environment()
    if cluster is not None and not cluster.is_chief:
        _help(cluster, console)
        return
    out = place_of(arguments.out.absolute(), SUFFIX) if arguments.out else None
    job = _unfinished_job(arguments, console) if arguments.resume else None
    if job is None:
        job = _new_job(arguments, console)
        if job.start_reason:
            console.remark(job.start_reason)
    told = _Told(_history_of(job))
    go_on = f"To go on: ritornello-cli train --resume --name {job.model_id}"
    result = _trained(lambda control: train_job(job, control, cluster=cluster), console, told, go_on)
    record = {
        **_record(result),
        "counting_bits_per_note": told.counting_loss / math.log(2),
        "verdict": told.ending,
        "started_from": job.start_from,
        "start_reason": job.start_reason,
    }
    if out:
        library = Library(paths.home())
        record["file"] = str(library.export(library.find(result.model_id), out))
    best = (
        f"best after epoch {result.best_epoch} of {result.epochs}"
        if result.best_epoch
        else f"no epoch made it better than ‘{job.start_from}’"
    )
    console.say(
        f"Model ‘{result.name}’: {best},"
        f" {result.held_out_bits_per_note:.3f} bits a note on the pieces kept aside"
        f" ({result.held_out_bits_per_pitch:.3f} of them for the pitch)."
    )
    console.say(
        f"Counting which note follows which needs {told.counting_loss / math.log(2):.3f} bits a note there. {told.ending}"
    )
    if out:
        console.say(f"It is in {record['file']} too.")
    console.result(record)


def _help(cluster: Cluster, console: Console) -> None:
    """Be a machine that keeps nothing."""
    go_on = "To go on: start all machines again with --resume."
    result = _trained(lambda control: take_part(cluster, control), console, _Told(), go_on)
    console.say(f"Done. The model ‘{result.name}’ lies with the chief, {cluster.addresses[0]}.")
    console.result(_record(result))


def _record(result: TrainingResult) -> dict[str, Any]:
    return {
        "model": result.name,
        "id": result.model_id,
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "held_out_bits_per_note": result.held_out_bits_per_note,
        "held_out_bits_per_pitch": result.held_out_bits_per_pitch,
        "elapsed_s": result.elapsed_s,
        "events_per_s": result.events_per_s,
        "stopped_early": result.stopped_early,
    }


def _check(arguments: argparse.Namespace) -> None:
    """Raise UsageError for what can't be, before anything is read."""
    if not arguments.corpus and not arguments.resume:
        raise UsageError("name a corpus or a path, or go on with --resume")
    try:
        _plan(arguments)
    except SpecError as error:
        raise usage_error(error) from error


def _plan(arguments: argparse.Namespace) -> TrainingPlan:
    """What is asked for. Raises SpecError."""
    return TrainingPlan(
        arguments.preset,
        name=arguments.name,
        start_from=arguments.start_from,
        epochs=arguments.epochs,
        minutes=arguments.minutes,
        batch=arguments.batch,
        random_seed=arguments.random_seed,
    )


def corpus_of(names: list[str], console: Console) -> Corpus:
    """The corpus of a name or id; or that of files and folders, imported first. Raises FileError."""
    if len(names) == 1 and not is_there(Path(names[0])):
        return CorpusStore(paths.home()).load(names[0])
    corpus, report = imported([Path(name) for name in names], console)
    skipped = len(report.skipped)
    console.remark(
        f"Corpus ‘{corpus.name}’: {len(corpus.pieces):,} pieces" + (f", {skipped:,} files skipped." if skipped else ".")
    )
    return corpus


def _new_job(arguments: argparse.Namespace, console: Console) -> TrainingJob:
    corpus = corpus_of(arguments.corpus, console)
    control = Control()
    with interruptible(control):
        store = CorpusStore(paths.home())
        return start_job(corpus, store, _plan(arguments), home=paths.home(), control=control)


def _unfinished_job(arguments: argparse.Namespace, console: Console) -> TrainingJob | None:
    """The newest training that broke off of those meant; None if a corpus was named that has none."""
    meant = [run for run in unfinished(paths.home()) if _is_meant(run, arguments)]
    if meant and all(is_held(run.folder) for run in meant):
        _await_end(meant[0], console)
    run = next((run for run in resumable(paths.home()) if _is_meant(run, arguments)), None)
    if run is not None:
        console.remark(
            f"Going on with ‘{run.name}’ after epoch {run.epoch} of {run.epochs}, with the settings that it was begun with."
        )
        return resume_job(run.model_id, paths.home())
    if not arguments.corpus:
        raise TrainingError("There is no training to go on with.", hint="Name a corpus to train on.")
    console.remark("No training of this corpus broke off; starting anew.")
    return None


def _await_end(run: UnfinishedTraining, console: Console) -> None:
    """A training whose owner has just gone is still saving. Raises TrainingError for one that goes on all the time."""
    console.remark(f"‘{run.name}’ is still going on, or ending. Waiting for its end …")
    deadline = time.monotonic() + _ENDING_S
    while is_held(run.folder):
        if time.monotonic() > deadline:
            raise TrainingError(f"‘{run.name}’ is being trained by another program.", hint="Stop it there first.")
        time.sleep(_LOOK_EVERY_S)


def _is_meant(run: UnfinishedTraining, arguments: argparse.Namespace) -> bool:
    if arguments.name:
        return arguments.name.casefold() in (run.name.casefold(), run.model_id)
    if not arguments.corpus:
        return True
    named = arguments.corpus[0]
    path = Path(named)
    names = {named.casefold()}
    if is_there(path):
        names.add((path.absolute().name if path.is_dir() else path.stem).casefold())
    return bool(names & {run.corpus_name.casefold(), run.name.casefold(), run.model_id})


def _history_of(job: TrainingJob) -> tuple[EpochDone, ...]:
    """What a training that is gone on with has done already."""
    library = Library(paths.home())
    return library.history(library.find(job.model_id))


def _trained(run: Callable[[Control], TrainingResult], console: Console, told: "_Told", go_on: str) -> TrainingResult:
    """What `run` gives, told as it goes. Interrupted, it says how to go on."""
    try:
        with console.bar("batch") as bar:
            control = Control(_Teller(console, bar, told))
            with interruptible(control):
                return run(control)
    except Interrupted:
        console.note(go_on)
        raise


class _Told:
    """What a training has told of itself so far."""

    def __init__(self, history: tuple[EpochDone, ...] = ()) -> None:
        self._history = list(history)
        self.counting_loss = math.inf

    def hear(self, event: object) -> None:
        if isinstance(event, TrainingStarting):
            self.counting_loss = event.counting_loss
        elif isinstance(event, EpochDone):  # those after the last checkpoint come again
            self._history = [*(epoch for epoch in self._history if epoch.epoch < event.epoch), event]

    @property
    def verdict(self) -> str:
        return verdict(self._history, counting_loss=self.counting_loss)

    @property
    def ending(self) -> str:
        return ending(self._history, counting_loss=self.counting_loss)


class _Teller:
    """Says how training goes, in the way asked for."""

    def __init__(self, console: Console, bar: Bar, told: _Told) -> None:
        self._console, self._bar, self._told = console, bar, told
        self._said = ""

    def __call__(self, event: object) -> None:
        self._told.hear(event)
        if isinstance(event, TrainingProgress):
            self._bar.show(
                event.batch, event.batches, f"epoch {event.epoch}/{event.epochs}, {event.events_per_s:,.0f} notes/s"
            )
        elif self._console.progress_as_json:
            if isinstance(event, EpochDone):
                losses = {"loss": event.loss if event.losses else None, "held_out_loss": event.held_out_loss}
                verdict = {"verdict": self._told.verdict}
                self._console.note_json({"epoch": event.epoch, **losses, **_rest(event), **verdict})
        elif (line := _words(event)) is not None:
            self._bar.write(line)
            if isinstance(event, EpochDone):
                self._say_verdict()

    def _say_verdict(self) -> None:
        """Once, until there is something else to say."""
        if self._told.verdict != self._said:
            self._said = self._told.verdict
            self._bar.write(f"  {self._said}")


def _rest(event: EpochDone) -> dict[str, Any]:
    return {
        "losses": dict(event.losses),
        "held_out_losses": dict(event.held_out_losses),
        "is_best": event.is_best,
        "best_epoch": event.best_epoch,
        "elapsed_s": event.elapsed_s,
        "events_per_s": event.events_per_s,
    }


def _words(event: object) -> str | None:
    if isinstance(event, TrainingStarting):
        return (
            f"Studying {event.studied_pieces:,} pieces ({event.events:,} notes), {event.held_out_pieces:,} kept aside;"
            f" {event.parameters:,} parameters."
        )
    if isinstance(event, EpochDone):
        if not event.epoch:
            return f"Before the first epoch: on the pieces kept aside {event.held_out_loss:.3f}"
        best = " (best so far)" if event.is_best else ""
        return f"Epoch {event.epoch}: loss {event.loss:.3f}, on the pieces kept aside {event.held_out_loss:.3f}{best}"
    if isinstance(event, SampleMade):
        return f"  its answer to the seed: {event.path}" + (f" ({event.phrase})" if event.phrase else "")
    if isinstance(event, TrainingPhase):
        return _PHASES.get(event.phase)
    return None
