"""How the judging of samples is asked for and told: a table for people, a record for programs."""

import argparse
from collections.abc import Iterator
from typing import Any

from core.cli.arguments import usage_error
from core.cli.console import Console, UsageError
from core.errors import SpecError
from core.learning.evaluation.sample_evaluation import SEED_BARS, SampleEvaluation, Samples, Tally
from core.learning.evaluation.sample_statistics import MOST_HALVES, MOST_IN_A_ROW, Statistic
from core.learning.spec import GenerationRequest
from core.music.score import Score

_NAME_WIDTH = 36
_MODEL_WIDTH = 29
"""Of a model's columns: value, distance, verdict."""


def check_samples(arguments: argparse.Namespace) -> None:
    """Raise UsageError for what can't be, before anything is read."""
    if arguments.samples < 2:
        raise UsageError("--samples is at least 2")
    if arguments.pitch_only:
        raise UsageError("--pitch-only trains anew: it goes with --folds")
    try:
        GenerationRequest(
            Score(),
            length_bars=arguments.bars,
            temperature=arguments.temperature,
            random_seed=arguments.random_seed or 0,
        )
    except SpecError as error:
        raise usage_error(error) from error


def say_samples(found: SampleEvaluation, console: Console) -> None:
    """The table, and below it what is counted."""
    console.say(
        f"Samples: {found.continuations} continuations of {found.bars} bars at temperature {found.temperature:g},"
        f" after {SEED_BARS} bars of {found.pieces:,} of these pieces; random seed {found.random_seed}."
    )
    console.say()
    for line in _table(found.models):
        console.say(line.rstrip())
    console.say()
    console.say(
        "Halves: how far two random halves of the real continuations lie apart, piece by piece, on average."
        f" Up to {MOST_HALVES:g} times as far is ok."
    )
    for model in found.models:
        _say_model(model, found, console)


def _table(models: tuple[Samples, ...]) -> Iterator[str]:
    first = models[0]
    yield " " * (_NAME_WIDTH + 18) + "".join(
        f"  {model.name[: _MODEL_WIDTH - 2]:<{_MODEL_WIDTH - 2}}" for model in models
    )
    yield f"{'':{_NAME_WIDTH}}{'real':>9}{'halves':>9}" + f"{'value':>10}{'distance':>10}{'':9}" * len(models)
    others = [{statistic.name: statistic for statistic in model.statistics} for model in models]
    for statistic in first.statistics:
        line = f"{statistic.name:{_NAME_WIDTH}}{statistic.real:>9.4f}{statistic.halves:>9.4f}"
        for own in others:
            line += _cells(own[statistic.name]) if statistic.name in own else " " * _MODEL_WIDTH
        yield line


def _cells(statistic: Statistic) -> str:
    verdict = "ok" if statistic.holds else "too far"
    return f"{statistic.generated:>10.4f}{statistic.distance:>10.4f}  {verdict:<7}"


def _say_model(model: Samples, found: SampleEvaluation, console: Console) -> None:
    continuations = found.continuations
    holding = sum(statistic.holds for statistic in model.statistics)
    console.say(f"‘{model.name}’: {holding} of {len(model.statistics)} statistics are ok.")

    def of_all(number: int, real: int) -> str:
        return f"{number} of {continuations} (real: {real})"

    sampled, real = model.generated, model.real
    console.say(f"  stuck on one bar more than 4 times, or one pitch over 4 bars: {of_all(sampled.stuck, real.stuck)}")
    console.say(f"  one pitch more than {MOST_IN_A_ROW} times in a row: {of_all(sampled.in_a_row, real.in_a_row)}")
    console.say(f"  drawn again because they went round: {model.redrawn} of {continuations}")
    console.say(f"  longest run that was studied: {_copy(sampled)} (real: {_copy(real)})")
    usual = {statistic.name: statistic.real for statistic in found.models[0].statistics}
    others = [statistic for statistic in model.statistics if statistic.real != usual.get(statistic.name)]
    if others:
        words = "; ".join(f"{other.name}: {other.real:.4f}, halves {other.halves:.4f}" for other in others)
        console.say(f"  by what it has studied, and as it hears notes, the real ones have {words}")


def _copy(tally: Tally) -> str:
    run = tally.longest_copy
    return f"{run.notes} notes, from ‘{run.title}’" if run.notes else "none"


def samples_record(found: SampleEvaluation) -> dict[str, Any]:
    """As JSON."""
    return {
        "pieces": found.pieces,
        "continuations": found.continuations,
        "bars": found.bars,
        "seed_bars": SEED_BARS,
        "temperature": found.temperature,
        "random_seed": found.random_seed,
        "models": [
            {
                "model": model.name,
                "statistics": [_statistic_record(statistic) for statistic in model.statistics],
                "generated": _tally_record(model.generated),
                "real": _tally_record(model.real),
                "redrawn": model.redrawn,
            }
            for model in found.models
        ],
    }


def _statistic_record(statistic: Statistic) -> dict[str, Any]:
    return {
        "name": statistic.name,
        "real": statistic.real,
        "generated": statistic.generated,
        "distance": statistic.distance,
        "halves": statistic.halves,
        "allowed": statistic.allowed,
        "holds": statistic.holds,
    }


def _tally_record(tally: Tally) -> dict[str, Any]:
    return {
        "notes": tally.notes,
        "stuck": tally.stuck,
        "in_a_row": tally.in_a_row,
        "longest_copy": tally.longest_copy.notes,
        "copied_from": tally.longest_copy.title,
    }
