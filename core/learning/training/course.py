"""How a training goes, judged by its losses alone: whether it learns, stands still or memorises, and beats plain counting.

A curve on few pieces trembles by a percent or two from epoch to epoch. So a turn for the worse is one of medians over
five epochs, and has to be clear to be believed; a turn for the better is a new best, which is kept whatever comes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from core.learning.models.progress import EpochDone

Trend = Literal["learning", "flat", "memorising"]

_SPAN = 5
"""Epochs over which a trend is judged."""
_FLAT = 0.004
"""Share of the loss: a best that is better by less than one before the span is no progress."""
_RISEN = 0.01
"""Share of the loss: medians that have risen by so much don't only tremble."""
_STILL_RISEN = 0.005
"""And they have turned again when less than this is left of it."""
_CLEARLY = 0.005
"""Share of the loss: who is below counting by less has found nothing but how to count."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where a training stands."""

    trend: Trend
    best_epoch: int
    beats_counting: bool
    """Whether it ever foretold the pieces kept aside better than counting which note follows which."""
    is_short: bool
    """Whether the epochs are too few for a trend; then it is called learning."""


def course(history: Sequence[EpochDone], *, counting_loss: float = float("inf")) -> Course:
    """Judge the epochs so far, of which there is at least one.

    counting_loss: of the n-gram baseline on the validation set, in nats per note; infinite where it isn't known.
    """
    best = min(history, key=lambda epoch: epoch.held_out_loss)
    beats_counting = best.held_out_loss < counting_loss * (1 - _CLEARLY)
    return Course(_trend(history, best), best.epoch, beats_counting, is_short=len(history) <= _SPAN)


def _trend(history: Sequence[EpochDone], best: EpochDone) -> Trend:
    if len(history) <= _SPAN:
        return "learning"
    earlier_best = min(epoch.held_out_loss for epoch in history[:-_SPAN])
    if best.held_out_loss < earlier_best * (1 - _FLAT):
        return "learning"
    if history[-1].epoch - best.epoch < _SPAN:
        return "flat"
    held_out = _medians([epoch.held_out_loss for epoch in history])
    # The model that training goes on from, as epoch 0, has no loss on what is studied.
    studied = _medians([epoch.loss if epoch.losses else math.inf for epoch in history])
    lowest = min(range(len(held_out)), key=held_out.__getitem__)
    has_risen = max(held_out[lowest:]) > held_out[lowest] * (1 + _RISEN)
    is_risen = held_out[-1] > held_out[lowest] * (1 + _STILL_RISEN)
    return "memorising" if has_risen and is_risen and studied[-1] < studied[lowest] else "flat"


def _medians(losses: Sequence[float]) -> list[float]:
    """Of each epoch and up to four before it."""
    return [median(losses[max(0, after - _SPAN) : after]) for after in range(1, len(losses) + 1)]
