"""Judging models from the command line. Pieces given as paths are read into a folder that is thrown away again."""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import stdev
from typing import Any

from core import paths
from core.cli.console import Bar, Console, UsageError
from core.cli.interruption import interruptible
from core.cli.samples import check_samples, samples_record, say_samples
from core.corpus.importer import import_paths
from core.corpus.store import Corpus, CorpusStore, Lines, PieceEntry
from core.files import is_there
from core.learning.evaluation.cross_validation import (
    MOST_NOTES_BACK,
    ORDERS,
    CountingEvaluation,
    Evaluation,
    cross_validate,
    evaluate_counting,
)
from core.learning.evaluation.cross_validation import evaluate as evaluate_model
from core.learning.evaluation.sample_evaluation import judge_samples, unstudied
from core.learning.models.library import Library, TrainedModel
from core.learning.models.progress import EpochDone, TrainingProgress
from core.music.score import Score
from core.tasks import Control
from core.wording import counted


def evaluate(arguments: argparse.Namespace, console: Console) -> None:
    """The command `evaluate`, in all its forms."""
    if not arguments.counting and (arguments.order is not None or arguments.natural_keys):
        raise UsageError("--order and --natural-keys go with --counting")
    if arguments.samples is None and arguments.against:
        raise UsageError("--against goes with --samples")
    if arguments.folds is None and (arguments.only or arguments.by_composer):
        raise UsageError("--only and --by-composer go with --folds")
    if arguments.samples is not None and (arguments.folds is not None or arguments.counting):
        raise UsageError("--samples judges a trained model: it doesn't go with --folds or --counting")
    if arguments.counting:
        _evaluate_counting(arguments, console)
    elif arguments.samples is not None:
        _judge_samples(arguments, console)
    elif arguments.folds is None:
        _evaluate_model(arguments, console)
    else:
        _cross_validate(arguments, console)


def _evaluate_model(arguments: argparse.Namespace, console: Console) -> None:
    if arguments.pitch_only:
        raise UsageError("--pitch-only trains anew: it goes with --folds")
    reference, names = _model_and_paths(arguments)
    library = Library(paths.home())
    model = library.load(library.find(reference))
    with console.bar("piece") as bar:
        control = Control(lambda event: bar.show(event, total) if isinstance(event, int) else None)
        lines = arguments.lines or _lines(model)
        with interruptible(control), _pieces(names, control, lines=lines) as (pieces, total):
            found = evaluate_model(model, (score for _, score in pieces), control)
    console.say(f"Model ‘{model.record.name}’ on {found.pieces:,} pieces, {found.notes:,} notes:")
    _say(found, console)
    console.result({**_record(found), "model": model.record.name})


def _judge_samples(arguments: argparse.Namespace, console: Console) -> None:
    check_samples(arguments)
    reference, names = _model_and_paths(arguments)
    library = Library(paths.home())
    records = [library.find(name) for name in (reference, *([arguments.against] if arguments.against else []))]
    models = [library.load(record) for record in records]
    with console.bar("piece") as bar:
        control = Control(lambda event: bar.show(event, total) if isinstance(event, int) else None)
        with interruptible(control), _pieces(names, control, lines=_lines(models[0])) as (pieces, total):
            held_out = list(unstudied(models, (score for _, score in pieces), control))
    with console.bar("sample") as bar:
        samples = arguments.samples * len(models)
        control = Control(lambda event: bar.show(event, samples) if isinstance(event, int) else None)
        with interruptible(control):
            judged = judge_samples(
                models,
                held_out,
                count=arguments.samples,
                bars=arguments.bars,
                temperature=arguments.temperature,
                random_seed=1 if arguments.random_seed is None else arguments.random_seed,
                control=control,
            )
            found = evaluate_model(models[0], held_out, _Quiet(control))
    whose = "neither model has studied" if len(models) > 1 else "the model has not studied"
    console.say(f"Kept aside: {len(held_out):,} of {total:,} pieces, those that {whose}.")
    console.say(f"Model ‘{records[0].name}’ on them, {found.notes:,} notes:")
    _say(found, console)
    say_samples(judged, console)
    console.result({**_record(found), "model": records[0].name, "samples": samples_record(judged)})


def _model_and_paths(arguments: argparse.Namespace) -> tuple[str, list[str]]:
    reference, *names = arguments.arguments
    if not names:
        raise UsageError("name a model and at least one path: evaluate MODEL PATH…")
    return reference, names


def _lines(model: TrainedModel) -> Lines | None:
    return "melody" if model.studied.is_monophonic or model.tokenizer.legato else None


def _cross_validate(arguments: argparse.Namespace, console: Console) -> None:
    if arguments.folds < 2:
        raise UsageError("--folds is at least 2")
    numbers = sorted(set(arguments.only)) or list(range(1, arguments.folds + 1))
    with console.bar("batch") as bar:
        control = Control(_FoldTeller(bar, numbers, arguments.folds))
        lines = arguments.lines
        with interruptible(control), _pieces(arguments.arguments, control, lines=lines) as (pieces, _total):
            learnt = list(pieces)
            found = cross_validate(
                [score for _, score in learnt],
                arguments.preset,
                folds=arguments.folds,
                only=arguments.only,
                groups=[_composer(entry.title) for entry, _ in learnt] if arguments.by_composer else (),
                random_seed=1 if arguments.random_seed is None else arguments.random_seed,
                pitch_only=arguments.pitch_only,
                epochs=arguments.epochs,
                minutes=arguments.minutes,
                control=control,
            )
    console.say(
        f"Preset {arguments.preset}, {len(found.by_fold)} folds, {found.pieces:,} pieces, {found.notes:,} notes:"
    )
    _say(found, console)
    if len(found.by_fold) > 1:
        notes, pitches = ([getattr(fold, of) for fold in found.by_fold] for of in ("bits_per_note", "bits_per_pitch"))
        console.say(f"  standard deviation over the folds: {stdev(notes):.3f} a note, {stdev(pitches):.3f} a pitch")
    # Stopped early, the last of the folds are missing.
    by_fold = [{"fold": number, **_record(fold)} for number, fold in zip(numbers, found.by_fold, strict=False)]
    console.result({**_record(found), "by_fold": by_fold, "preset": arguments.preset})


def _evaluate_counting(arguments: argparse.Namespace, console: Console) -> None:
    if arguments.folds is not None or arguments.epochs is not None or arguments.minutes is not None:
        raise UsageError("--counting trains nothing: it goes without --folds, --epochs and --minutes")
    if arguments.order is not None and not 0 <= arguments.order <= MOST_NOTES_BACK:
        raise UsageError(f"--order goes from 0 to {MOST_NOTES_BACK} notes back")
    random_seed = 1 if arguments.random_seed is None else arguments.random_seed
    control = Control()
    with interruptible(control), _pieces(arguments.arguments, control, lines=arguments.lines) as (pieces, _total):
        results = evaluate_counting(
            ((entry.fingerprint, entry.title, score) for entry, score in pieces),
            arguments.preset,
            orders=ORDERS if arguments.order is None else (arguments.order,),
            random_seed=random_seed,
            pitch_only=arguments.pitch_only,
            natural_keys=arguments.natural_keys,
            control=control,
        )
    best = min(results, key=lambda result: result.tuning_bits_per_note)
    console.say(
        f"Counted in {counted(best.studied_pieces, 'piece')}, {counted(best.studied_notes, 'note')}"
        f" ({'in every key' if best.transposed else 'in their own keys'});"
        f" judged on {counted(best.pieces, 'piece')} kept aside, {counted(best.notes, 'note')}. Bits a note:"
    )
    console.say("  notes back" + "".join(f"{name:>10}" for name in ("all", *dict(best.by_field))))
    for result in results:
        figures = (result.bits_per_note, *dict(result.by_field).values())
        mark = "  ← the best on the pieces counted" if result is best and len(results) > 1 else ""
        console.say(f"  {result.order:>10}" + "".join(f"{bits:>10.3f}" for bits in figures) + mark)
    console.result(
        {
            **_counting_record(best),
            "pieces": best.pieces,
            "notes": best.notes,
            "studied_pieces": best.studied_pieces,
            "studied_notes": best.studied_notes,
            "unknown_notes": best.unknown_notes,
            "transposed": best.transposed,
            "preset": arguments.preset,
            "random_seed": random_seed,
            "by_order": [_counting_record(result) for result in results],
        }
    )


def _counting_record(found: CountingEvaluation) -> dict[str, Any]:
    return {
        "order": found.order,
        "bits_per_note": found.bits_per_note,
        "bits_per_pitch": found.bits_per_pitch,
        "by_field": dict(found.by_field),
    }


@contextmanager
def _pieces(
    names: list[str], control: Control, *, lines: Lines | None = None
) -> Iterator[tuple[Iterator[tuple[PieceEntry, Score]], int]]:
    """What can be learnt of a corpus of this name, or of these files and folders: pieces, and how many.

    lines: melodies or all notes; None = as the corpus says.
    """
    if len(names) == 1 and not is_there(Path(names[0])):
        store = CorpusStore(paths.home())
        yield _learnable(store, store.load(names[0]), lines)
        return
    with tempfile.TemporaryDirectory(prefix="ritornello-evaluate-") as folder:
        # Import's own reports are of no interest here.
        quiet = _Quiet(control)
        corpus, _ = import_paths([Path(name) for name in names], quiet, home=Path(folder))
        yield _learnable(CorpusStore(Path(folder)), corpus, lines)


class _Quiet(Control):
    """Listens as another control does, and says nothing."""

    def __init__(self, other: Control) -> None:
        super().__init__()
        self._other = other

    def checkpoint(self) -> None:
        self._other.checkpoint()

    @property
    def cancelled(self) -> bool:
        return self._other.cancelled


def _learnable(
    store: CorpusStore, corpus: Corpus, lines: Lines | None
) -> tuple[Iterator[tuple[PieceEntry, Score]], int]:
    chosen = corpus if lines is None else replace(corpus, lines=lines)  # in hand alone: on disk it stays as it is
    return store.learnable_scores(chosen), len(chosen.pieces)


def _composer(title: str) -> str:
    """The first word of a piece's title: file names of collections begin with it."""
    return (title.split() or [""])[0].casefold()


class _FoldTeller:
    """Says how cross-validation goes."""

    def __init__(self, bar: Bar, numbers: Sequence[int], folds: int) -> None:
        """numbers: of the folds to be done, of so many."""
        self._bar, self._folds = bar, folds
        self._coming = list(numbers)

    def __call__(self, event: object) -> None:
        if isinstance(event, TrainingProgress):
            self._bar.show(event.batch, event.batches, f"fold {self._coming[0]}/{self._folds}, epoch {event.epoch}")
        elif isinstance(event, EpochDone):
            self._bar.write(f"  fold {self._coming[0]}, epoch {event.epoch}: kept aside {event.held_out_loss:.3f}")
        elif isinstance(event, Evaluation):
            fold = self._coming.pop(0)
            self._bar.write(f"Fold {fold}: {event.bits_per_note:.3f} bits a note, {event.bits_per_pitch:.3f} a pitch")


def _say(found: Evaluation, console: Console) -> None:
    console.say(f"  {found.bits_per_note:.3f} bits a note")
    for field, bits in found.by_field:
        console.say(f"    {field}: {bits:.3f}")
    console.say(f"  the likeliest pitch was right for {100 * found.top1_pitch:.1f} % of the notes")


def _record(found: Evaluation) -> dict[str, Any]:
    return {
        "pieces": found.pieces,
        "notes": found.notes,
        "bits_per_note": found.bits_per_note,
        "bits_per_pitch": found.bits_per_pitch,
        "top1_pitch": found.top1_pitch,
        "by_field": dict(found.by_field),
        "unknown_notes": found.unknown_notes,
    }
