"""The verdict over the chart: core's sentence on the curves, what follows from it, and its tone. No Qt.

Losses are nats per note, as training reports them; on screen they are e to the nats, which is 2 to the bits: "like
choosing among 5.0 notes".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.learning.models.progress import EpochDone
from core.learning.training.course import course
from core.learning.training.words import verdict as verdict_sentence

Tone = Literal["plain", "ok", "warning"]
Field = Literal["together", "pitch", "length"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A line and what explains it."""

    title: str
    sentences: str
    tone: Tone = "plain"


def choices(nats: float) -> float:
    """Among how many equally likely notes a loss amounts to choosing."""
    return math.exp(min(nats, 50.0))


def among(nats: float) -> str:
    """The same in figures: 5.0, 128, 1 024."""
    count = choices(nats)
    return f"{count:.1f}" if count < 100 else f"{count:,.0f}".replace(",", "\u2009")


def part_of(epoch: EpochDone, field: Field, *, held_out: bool) -> float:
    """The loss, in nats per note, that the chart shows: the sum of all fields, pitch's, or the length's."""
    values = epoch.held_out_losses if held_out else epoch.losses
    if field == "together":
        return sum(values.values())
    return values.get("pitch" if field == "pitch" else "duration", 0.0)


def best_of(history: Sequence[EpochDone]) -> EpochDone | None:
    return min(history, key=lambda epoch: epoch.held_out_loss, default=None)


def memorising_since(history: Sequence[EpochDone]) -> int | None:
    """The epoch after which the model learnt its own pieces by heart; None while it doesn't."""
    if not history:
        return None
    found = course(history)
    return found.best_epoch if found.trend == "memorising" else None


def verdict(history: Sequence[EpochDone], *, held_out_pieces: int = 0, counting_loss: float = float("inf")) -> Verdict:
    """Judge a training so far.

    counting_loss: held-out loss, in nats per note, of a model that only counts which note follows which.
    """
    best = best_of(history)
    if best is None or not history[-1].epoch:
        return Verdict(
            "It is reading the pieces for the first time", "The curves begin when it is through with them once."
        )
    found = course(history, counting_loss=counting_loss)
    title = verdict_sentence(history, counting_loss=counting_loss)
    unseen = f"the {held_out_pieces} pieces" if held_out_pieces > 1 else "the pieces"
    when = f"in epoch {best.epoch}" if best.epoch else "as it started"
    where = f"{when} it was like choosing among {among(best.held_out_loss)} notes"
    since, what = (f"epoch {best.epoch}",) * 2 if best.epoch else ("its start", "the model it started from")
    kept = f"Stopping loses nothing: {what} is kept."
    if found.trend != "learning" and not found.beats_counting:
        first, _, rest = title.partition(". ")
        more = f" {kept}" if found.trend == "memorising" else ""
        return Verdict(f"{first}.", f"{_beside_counting(best, counting_loss)} {rest}{more}", "warning")
    if found.trend == "memorising":
        return Verdict(
            title,
            f"Since {since} it has become surer about the pieces it studies, and less sure about {unseen} it "
            f"has never seen. {kept}",
            "warning",
        )
    if found.trend == "flat":
        return Verdict(title, f"It hardly becomes surer about {unseen} it has never seen: {where}.")
    if history[-1].epoch == 1:
        return Verdict(title, f"After one reading it is like choosing among {among(best.held_out_loss)} notes.")
    return Verdict(title, f"It still becomes surer about {unseen} it has never seen: {where}.")


def _beside_counting(best: EpochDone, counting_loss: float) -> str:
    """What counting does where the model does no better."""
    counted, chosen = among(counting_loss), among(best.held_out_loss)
    how = "better" if counting_loss < best.held_out_loss and counted != chosen else "as well"
    return (
        f"Counting which note follows which does {how}: it chooses among {counted} notes, the model in epoch {best.epoch} "
        f"among {chosen}."
    )
