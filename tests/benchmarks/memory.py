"""How much memory the training process takes at most: 1,000 pieces and 20,000, by the preset “standard”.

    python -m tests.benchmarks.memory [--pieces 1000 20000] [--batches 24] [--longest]

The pieces are the Lieder of resources/demo over and over, each time in another key and with every eighth pitch another,
so that no two are alike. Each size is trained in the real training process, for so many batches; printed is its largest
resident size, as the system tells it: what it holds itself, TensorFlow and all, and the pages of the pieces that it has
looked at, which lie on disk and are taken back when memory runs short. --longest: nothing but pieces of a whole window.
"""

import argparse
import contextlib
import itertools
import multiprocessing
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from core import paths
from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.learning.events.tokenizer import Events, decode, encode
from core.learning.models.progress import TrainingProgress
from core.learning.spec import PRESETS
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.process import train
from core.learning.training.run_folder import DATASET
from core.music.score import Score
from core.tasks import Cancelled, Control

SPEC = PRESETS["standard"].tokenizer
_KIBIBYTES = 1 if sys.platform == "linux" else 1024
"""What getrusage counts in: kibibytes on Linux, bytes on macOS."""


def originals(home: Path, *, longest: bool) -> list[Events]:
    corpus, _ = import_paths([paths.sample_collection()], Control(), home=home)
    encoded = [encode(score, SPEC) for _, score in CorpusStore(home).learnable_scores(corpus)]
    window = PRESETS["standard"].training.window
    return [events.first(window) for events in encoded if len(events) >= window] if longest else encoded


def varied(pieces: list[Events], count: int) -> Iterator[tuple[str, str, Score]]:
    """(fingerprint, title, score) of so many."""
    random = np.random.default_rng(1)
    for number, events in zip(range(count), itertools.cycle(pieces)):
        pitches = (
            events.pitch
            + random.integers(-2, 3)
            + random.integers(-1, 2, len(events)) * (random.random(len(events)) < 1 / 8)
        )
        changed = replace(events, pitch=np.clip(pitches, 0, 127).astype(np.int32))
        yield f"{number:08x}", f"Piece {number}", Score((decode(changed, SPEC),))


def measured(count: int, batches: int, longest: bool, told: Connection) -> None:
    """In a process of its own, so that the largest child is the training process of this size."""

    def listen(event: object) -> None:
        if isinstance(event, TrainingProgress) and (event.epoch > 1 or event.batch >= batches):
            control.cancel()

    control = Control(listen)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        job = prepare_job(
            varied(originals(home, longest=longest), count), TrainingPlan("standard", name="Memory"), home=home
        )
        size = (job.folder / DATASET).stat().st_size
        with contextlib.suppress(Cancelled):
            train(job, control)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    told.send((peak * 1024 / _KIBIBYTES, size))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--pieces", type=int, nargs="+", default=[1000, 20000])
    parser.add_argument("--batches", type=int, default=24)
    parser.add_argument("--longest", action="store_true")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    peaks = []
    for count in options.pieces:
        ours, theirs = context.Pipe()
        process = context.Process(target=measured, args=(count, options.batches, options.longest, theirs))
        process.start()
        theirs.close()
        peak, size = ours.recv()
        process.join()
        peaks.append(peak)
        print(
            f"{count:6,} pieces, {size / 1e6:.1f} MB on disk: the training process holds {peak / 1e6:,.0f} MB at most "
            f"({peak / peaks[0]:.2f} times the first), load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
