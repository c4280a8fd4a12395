"""What a small folder gains from starting with a model that has learnt already: bits per note, beside starting from nothing.

    python -m tests.benchmarks.small_folders --home FOLDER [--sizes 20 50 100 300] [--only base|fine|scratch] …

No piece is on both sides, nor any composer: the shipped starter model has studied the Lieder, so a *base* model is
trained here on the pieces of some composers alone, in the preset “standard”. The folders (each holds the smaller ones)
and the pieces that everything is judged on come from the other composers. Who is on which side, and which pieces make a
folder, is drawn by --draw. --home keeps the base model and the imported pieces, so that the lines of the table can be
made in several goes; a model of a folder is called by its line and made anew each time.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core import paths
from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.errors import ModelError
from core.learning.evaluation.cross_validation import evaluate
from core.learning.events.dataset import EncodedPiece
from core.learning.events.tokenizer import encode
from core.learning.models.library import Library
from core.learning.models.progress import EpochDone
from core.learning.spec import PRESETS, TrainingSpec
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.process import train
from core.learning.training.run_folder import TrainingJob
from core.music.score import Score
from core.tasks import Control

BASE = "Base"
_OTHERS = 400
"""Pieces of the other composers: the largest folder, the test, and what turns out to be the same piece."""
STANDARD = PRESETS["standard"]
Piece = tuple[str, str, Score]
"""Fingerprint, title, the melody."""


@dataclass(frozen=True, eq=False)
class Sides:
    """The pieces of the base model's composers, and those of the others in the order of the draw."""

    base: list[Piece]
    others: list[Piece]
    composers: tuple[int, int]


def sides(home: Path, *, draw: int, others: int) -> Sides:
    """Whole composers, drawn one after another, go to the others until these have so many pieces; the rest is the base's.

    Pieces of the others that are a transposition of one of the base's, or of one another, are left out.
    """
    store = CorpusStore(home)
    corpus, _ = import_paths((paths.sample_collection(),), Control(), home=home, name="Lieder")
    works: dict[str, list[Piece]] = {}
    for entry, score in store.learnable_scores(corpus):
        works.setdefault(Path(entry.source).name.split("_")[0], []).append((entry.fingerprint, entry.title, score))
    random = np.random.default_rng(draw)
    names = sorted(works)
    random.shuffle(names)
    chosen: set[str] = set()
    for name in names:
        if sum(len(works[one]) for one in chosen) + len(works[name]) <= others:
            chosen.add(name)
    base = [piece for name in sorted(works) if name not in chosen for piece in works[name]]
    seen = {shape_of(piece) for piece in base}
    kept = []
    for piece in (piece for name in sorted(chosen) for piece in works[name]):
        if shape_of(piece) not in seen:
            seen.add(shape_of(piece))
            kept.append(piece)
    order = random.permutation(len(kept))
    return Sides(base, [kept[place] for place in order], (len(works) - len(chosen), len(chosen)))


def shape_of(piece: Piece) -> bytes:
    return EncodedPiece(piece[0], piece[1], encode(piece[2], STANDARD.tokenizer)).shape


def learnt(job: TrainingJob) -> tuple[list[EpochDone], float]:
    """Train in a process of its own: (epochs, seconds)."""
    history: list[EpochDone] = []

    def told(event: object) -> None:
        if isinstance(event, EpochDone):
            history.append(event)
            print(f"{job.name}, epoch {event.epoch}: {event.held_out_loss:.3f}", file=sys.stderr, flush=True)

    started = time.monotonic()
    train(job, Control(told))
    return history, time.monotonic() - started


def line(home: Path, model_id: str, tests: Sequence[Score], *words: str) -> None:
    """One line of the table: a model judged on the test pieces."""
    library = Library(home)
    found = evaluate(library.load(library.find(model_id)), tests)
    cells = (*words, f"{found.bits_per_pitch:.3f}", f"{found.bits_per_note:.3f}", f"{found.top1_pitch:.1%}")
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--home", type=Path, required=True, help="a folder of its own for pieces and models")
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 50, 100, 300])
    parser.add_argument("--tests", type=int, default=60, help="pieces that every model is judged on")
    parser.add_argument("--draw", type=int, default=1, help="random seed of sides, folders and training")
    parser.add_argument("--base-epochs", type=int, default=8)
    parser.add_argument("--only", choices=("base", "fine", "scratch"), nargs="+", default=["base", "fine", "scratch"])
    parser.add_argument("--rate", type=float, help="fine-tuning's learning rate, where not the product's")
    parser.add_argument("--epochs", type=int, help="fine-tuning's epochs, where not the product's")
    parser.add_argument("--minutes", type=float, default=0.0, help="at most so long for each line; 0 = no limit")
    options = parser.parse_args()
    home: Path = options.home

    drawn = sides(home, draw=options.draw, others=max(_OTHERS, *options.sizes))
    tests = [score for _, _, score in drawn.others[: options.tests]]
    print(
        f"Base: {len(drawn.base)} pieces of {drawn.composers[0]} composers; the others: {len(drawn.others)} of"
        f" {drawn.composers[1]}, {len(tests)} of these as the test ({sum(len(one.parts[0].notes) for one in tests)} notes).\n"
    )
    library = Library(home)
    print("| start | pieces | notes studied | kept epoch | minutes | bits a pitch | bits a note | top-1 |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    try:
        base = library.find(BASE)
    except ModelError:
        job = prepare_job(
            drawn.base,
            TrainingPlan("standard", name=BASE, epochs=options.base_epochs, random_seed=options.draw),
            home=home,
        )
        learnt(job)
        base = library.find(BASE)
    if "base" in options.only:
        kept = f"{base.best_epoch} of {base.epochs}"
        line(home, base.id, tests, "the base itself", "0", f"({base.notes:,})", kept, "0")

    planned: TrainingSpec | None = None
    if options.rate:
        planned = replace(STANDARD.training, learning_rate=options.rate)
    for size in options.sizes:
        for start in ("fine", "scratch"):
            if start not in options.only:
                continue
            own = {"start_from": base.id, "training": planned, "epochs": options.epochs} if start == "fine" else {}
            job = prepare_job(
                drawn.others[options.tests : options.tests + size],
                TrainingPlan(
                    "standard", name=f"{start} {size}", random_seed=options.draw, minutes=options.minutes, **own
                ),
                home=home,
            )
            history, seconds = learnt(job)
            record = library.find(job.model_id)
            kept = f"{record.best_epoch} of {history[-1].epoch}"
            words = "the base" if start == "fine" else "nothing"
            line(home, record.id, tests, words, f"{size}", f"{record.notes:,}", kept, f"{seconds / 60:.1f}")


if __name__ == "__main__":
    main()
