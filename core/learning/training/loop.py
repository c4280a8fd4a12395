"""The loop itself: epochs of batches, validation, the best weights, checkpoints, samples.

Runs in the training process and speaks to its owner through an Owner. Everything that decides a number (order, cuts,
transpositions, dropout) is a function of the random seed and the step, so a run resumed from a checkpoint gives
the losses, to the bit, of one that was never interrupted.

Of several machines each runs this loop, with the same plan, and reads its share of each batch. The chief alone writes,
makes the samples, and decides by its clock and its owner.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from core.learning.events.dataset import Batch, Batches, Dataset
from core.learning.models import model_file
from core.learning.models.progress import EpochDone, SampleMade, TrainingPhase, TrainingProgress, TrainingStarting
from core.learning.network.tensorflow.arrays import Arrays
from core.learning.network.tensorflow.cluster import MachineLostError
from core.learning.network.tensorflow.distribution import Distribution
from core.learning.network.tensorflow.trainable import TrainableNetwork
from core.learning.network.weights import Weights, parameter_count
from core.learning.ngram.counting import counting_loss
from core.learning.spec import TrainingSpec
from core.learning.training.checkpoint import (
    CHECKPOINT,
    Cursor,
    read_arrays,
    read_checkpoint,
    require_shapes,
    write_checkpoint,
)
from core.learning.training.run_folder import DATASET, START, TrainingJob, scored
from core.learning.training.samples import Answers

Asked = TypeVar("Asked")
Made = TypeVar("Made")
Command = Literal["go", "stop"]

SAMPLED_EPOCHS = (1, 2, 5, 10)
"""Later on, each epoch that is the best so far is sampled."""
_MOST_SAMPLES = 40
_WARM_UP_STEPS = 100
_WARM_UP_SHARE = 0.1
"""At most so much of a run that goes on from a model is spent warming up: with few pieces it is over in fewer than 100 steps."""
_LOWEST_RATE = 0.02
"""Share of the learning rate that is left at the end of a cosine."""
_CHECKPOINT_EVERY_S = 45.0
_REPORT_EVERY_S = 0.05
_HASTY_TEST_S = 0.2
"""Validation takes so long when training is stopped in its first epoch."""


class OwnerGone(Exception):  # noqa: N818 -- no error of the run
    """Nobody listens any more: the run saves where it stands and ends."""


class Owner(Protocol):
    """Whoever has this run done; both methods raise OwnerGone when there is none any more."""

    def report(self, event: object) -> None: ...

    def listen(self) -> Command:
        """What is wanted now; holds while paused."""


class _Stopped(Exception):  # noqa: N818 -- the owner's will, not an error
    pass


def run(
    job: TrainingJob,
    owner: Owner,
    distribution: Distribution | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[EpochDone, ...]:
    """Train until all epochs are read, the time is up, nothing improves any more, or the owner says stop; all epochs.

    Goes on from the folder's checkpoint if there is one. The best weights so far and the history always lie in the
    chief's folder. clock: seconds, of which the time is up, words and checkpoints come. Raises TrainingError, FileError.
    """
    return _Run(job, owner, distribution or Distribution(), clock).run()


def learning_rate(spec: TrainingSpec, *, step: int, progress: float, warm_up: int = _WARM_UP_STEPS) -> float:
    """Of the `step`-th step, counted from 1, with `progress` of the run done, 0 to 1; it rises for `warm_up` steps."""
    if spec.schedule == "constant":
        return spec.learning_rate
    fallen = _LOWEST_RATE + (1 - _LOWEST_RATE) * (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return spec.learning_rate * min(1.0, step / warm_up) * fallen


def ahead(make: Callable[[Asked], Made], asked: Sequence[Asked]) -> Generator[Made, None, None]:
    """What is made of each, in order; the next one is made in a thread while the last one is used."""
    with ThreadPoolExecutor(1, "ritornello-next-batch") as thread:
        coming = [thread.submit(make, one) for one in asked[:1]]
        for place in range(len(asked)):
            made = coming.pop().result()
            if place + 1 < len(asked):
                coming.append(thread.submit(make, asked[place + 1]))
            yield made


class _Run:
    def __init__(self, job: TrainingJob, owner: Owner, distribution: Distribution, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._job, self._spec, self._owner, self._distribution = job, job.training, owner, distribution
        self._keeps = distribution.is_chief
        self._card = model_file.read_card(model_file.FolderFiles(job.folder))
        dataset = Dataset.load(job.folder / DATASET)
        self._batches = Batches(dataset, self._card.vocabulary, job.training)
        start = read_arrays(job.folder / START)
        require_shapes(job.folder / START, start, self._card.weight_shapes)
        self._network = TrainableNetwork(
            job.network, job.tokenizer, job.training, self._card.vocabulary, start, distribution
        )
        self._answers = Answers(job) if self._keeps else None
        self._cursor = Cursor()
        stored = read_checkpoint(job.folder)
        if stored is not None:
            self._cursor, arrays = stored
            shapes = {name: value.shape for name, value in self._network.state().items()}
            require_shapes(job.folder / CHECKPOINT, arrays, shapes)
            self._network.set_state(arrays)
        if self._keeps:
            self._restore_lists()
        owner.report(TrainingPhase("preparing"))
        distribution.agreed_elapsed_s(self._cursor.elapsed_s)
        self._network.warm_up(self._share(self._batches.validation()[0]))
        self._saved_at = self._reported_at = self._clock()
        owner.report(
            TrainingStarting(
                model_id=job.model_id,
                studied_pieces=len(dataset.studied),
                held_out_pieces=int(dataset.is_validation.sum()),
                events=dataset.studied_event_count,
                epochs=self._spec.epochs,
                vocabulary_sizes={str(name): size for name, size in self._card.vocabulary.sizes.items()},
                parameters=parameter_count(self._card.weight_shapes),
                counting_loss=counting_loss(dataset, self._card.vocabulary, random_seed=self._spec.random_seed),
            )
        )

    def _restore_lists(self) -> None:
        """History and samples may hold lines later than the checkpoint; they are made again."""
        folder = self._job.folder
        for name in (model_file.HISTORY, model_file.SAMPLES):
            (folder / name).unlink(missing_ok=True)
        for epoch in self._cursor.history:
            model_file.append_history(folder, epoch)
        for sample in self._cursor.samples:
            model_file.append_sample(folder, sample)

    def run(self) -> tuple[EpochDone, ...]:
        cursor = self._cursor
        self._owner.report(TrainingPhase("training"))
        try:
            if self._job.start_from and not cursor.history and not cursor.step:
                self._try_origin()
            while cursor.epoch <= self._spec.epochs and not self._is_over:
                self._read_epoch()
                self._close_epoch(limit_s=math.inf)
        except _Stopped:
            if not cursor.history and cursor.targets:
                self._close_epoch(limit_s=_HASTY_TEST_S)
        except (OwnerGone, MachineLostError):
            self._save()
            raise
        self._distribution.leave()
        return tuple(cursor.history)

    def _try_origin(self) -> None:
        """Judge the model that training goes on from: it is kept unless something better comes."""
        cursor, folder, started = self._cursor, self._job.folder, self._clock()
        held_out = self._validation_losses(math.inf)
        self._count_time(started)
        origin = EpochDone(
            epoch=0,
            losses={},
            held_out_losses=held_out,
            is_best=True,
            best_epoch=0,
            elapsed_s=cursor.elapsed_s,
            events_per_s=0.0,
        )
        cursor.epoch_elapsed_s = 0.0
        cursor.history.append(origin)
        if self._keeps:
            model_file.write_weights(folder, self._network.weights())
            model_file.append_history(folder, origin)
            model_file.write_card(folder, scored(self._card, cursor.history))
        self._save()
        self._owner.report(origin)

    @property
    def _is_over(self) -> bool:
        """Whether the time is up, or nothing has improved for long."""
        cursor, best = self._cursor, self._cursor.best
        is_stale = best is not None and 0 < self._spec.patience <= cursor.history[-1].epoch - best.epoch
        return is_stale or self._time_share >= 1

    @property
    def _time_share(self) -> float:
        if not self._spec.minutes:
            return 0.0
        return self._distribution.agreed_elapsed_s(self._cursor.elapsed_s) / (60 * self._spec.minutes)

    def _share(self, plan: npt.NDArray[np.int64]) -> Batch:
        """The windows of a batch that are this machine's; those that only fill up have no targets."""
        rows, counting = self._distribution.share(plan)
        batch = self._batches.batch(rows)
        batch.targets[counting:] = 0
        return batch

    def _read_epoch(self) -> None:
        cursor = self._cursor
        plan = self._batches.epoch(cursor.epoch)
        coming = ahead(lambda batch: self._network.arrays(self._share(batch)), plan[cursor.batch :])
        with closing(coming):
            self._read_batches(coming, plan)

    def _read_batches(self, coming: Iterator[Arrays], plan: Sequence[npt.NDArray[np.int64]]) -> None:
        cursor, batches = self._cursor, len(plan)
        warm_up = _WARM_UP_STEPS
        if self._job.start_from:
            warm_up = min(warm_up, math.ceil(_WARM_UP_SHARE * self._spec.epochs * batches))
        while cursor.batch < batches and self._time_share < 1:
            if self._distribution.agreed(self._owner.listen()) == "stop":
                raise _Stopped
            started = self._clock()
            batch, targets = next(coming), self._batches.target_count(plan[cursor.batch])
            step = cursor.step + 1
            done = (cursor.epoch - 1 + cursor.batch / batches) / self._spec.epochs
            rate = learning_rate(self._spec, step=step, progress=max(done, self._time_share), warm_up=warm_up)
            losses = self._network.train_batch(batch, step=step, learning_rate=rate, target_count=targets)
            cursor.step = step
            if not all(map(math.isfinite, losses.values())):
                raise TrainingError(
                    "Training lost its way: the loss is no longer a number. The best so far is kept.",
                    hint="Train with a lower learning rate.",
                )
            for name, loss in losses.items():
                cursor.sums[name] = cursor.sums.get(name, 0.0) + loss * targets
            cursor.targets += targets
            cursor.batch += 1
            self._count_time(started)
            self._report_progress(batches)
            if self._clock() - self._saved_at > _CHECKPOINT_EVERY_S:
                self._save()

    def _count_time(self, started: float) -> None:
        took = self._clock() - started
        self._cursor.elapsed_s += took
        self._cursor.epoch_elapsed_s += took

    def _report_progress(self, batches: int) -> None:
        now = self._clock()
        if now - self._reported_at < _REPORT_EVERY_S:
            return
        self._reported_at = now
        cursor = self._cursor
        done = cursor.epoch - 1 + cursor.batch / batches
        left_s = cursor.elapsed_s / done * (self._spec.epochs - done)
        if self._spec.minutes:
            left_s = min(left_s, 60 * self._spec.minutes - cursor.elapsed_s)
        self._owner.report(
            TrainingProgress(
                epoch=cursor.epoch,
                epochs=self._spec.epochs,
                batch=cursor.batch,
                batches=batches,
                losses=self._mean_losses,
                events_per_s=self._events_per_s,
                elapsed_s=cursor.elapsed_s,
                left_s=max(0.0, left_s),
            )
        )

    @property
    def _mean_losses(self) -> dict[str, float]:
        return {name: total / max(1, self._cursor.targets) for name, total in self._cursor.sums.items()}

    @property
    def _events_per_s(self) -> float:
        return self._cursor.targets / max(1e-9, self._cursor.epoch_elapsed_s)

    def _close_epoch(self, *, limit_s: float) -> None:
        """Validate (for `limit_s` at most), keep the weights if they are the best, sample, save."""
        cursor, folder, started = self._cursor, self._job.folder, self._clock()
        speed = self._events_per_s
        held_out = self._validation_losses(limit_s)
        best = cursor.best
        is_best = best is None or sum(held_out.values()) < best.held_out_loss
        self._count_time(started)
        epoch = EpochDone(
            epoch=cursor.epoch,
            losses=self._mean_losses,
            held_out_losses=held_out,
            is_best=is_best,
            best_epoch=cursor.epoch if best is None or is_best else best.epoch,
            elapsed_s=cursor.elapsed_s,
            events_per_s=speed,
        )
        weights = self._network.weights()
        cursor.history.append(epoch)
        if self._keeps:
            if is_best:
                model_file.write_weights(folder, weights)
            model_file.append_history(folder, epoch)
            model_file.write_card(folder, scored(self._card, cursor.history))
        sample = self._sample(weights, epoch) if limit_s == math.inf and self._is_sampled(epoch) else None
        cursor.epoch += 1
        cursor.batch, cursor.targets, cursor.sums, cursor.epoch_elapsed_s = 0, 0, {}, 0.0
        if limit_s == math.inf:
            self._save()
        # Told last: an owner who is gone by now leaves a checkpoint that holds all of this.
        self._owner.report(epoch)
        if sample is not None:
            self._owner.report(sample)

    def _is_sampled(self, epoch: EpochDone) -> bool:
        """The first few, then each best so far; where there are hundreds of epochs, not all of them."""
        if epoch.epoch in SAMPLED_EPOCHS or self._spec.epochs == epoch.epoch:
            return True
        last = self._cursor.samples[-1].epoch if self._cursor.samples else 0
        apart = max(1, self._spec.epochs // _MOST_SAMPLES)
        return epoch.is_best and epoch.epoch > SAMPLED_EPOCHS[-1] and epoch.epoch - last >= apart

    def _sample(self, weights: Weights, epoch: EpochDone) -> SampleMade | None:
        if self._answers is None:
            return None
        said = {sample.phrase for sample in self._cursor.samples}
        sample = self._answers.make(weights, epoch.epoch, is_best=epoch.is_best, said=said)
        if sample is not None:
            self._cursor.samples.append(sample)
            model_file.append_sample(self._job.folder, sample)
        return sample

    def _validation_losses(self, limit_s: float) -> dict[str, float]:
        """Mean losses over the validation set; when time is short, over as many of them as it allows."""
        started = self._clock()
        sums = {str(name): 0.0 for name in self._job.tokenizer.fields}
        targets = 0
        if limit_s < math.inf:
            self._distribution.agreed("go")  # nobody wishes to stop this test yet
        for plan in self._batches.validation():
            for name, loss in self._network.validation_batch(self._share(plan)).items():
                sums[name] += loss
            targets += self._batches.target_count(plan)
            if limit_s == math.inf:
                if self._distribution.agreed(self._owner.listen()) == "stop":
                    raise _Stopped
            elif self._distribution.agreed("stop" if self._clock() - started > limit_s else "go") == "stop":
                break
        return {name: total / targets for name, total in sums.items()}

    def _save(self) -> None:
        if not self._keeps:
            return
        write_checkpoint(self._job.folder, self._cursor, self._network.state())
        self._saved_at = self._clock()
