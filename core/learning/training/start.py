"""What a training starts with where nobody says: nothing, or the starter model. And how it is to go on from a model.

Going on from a model that has learnt already is called fine-tuning in the field. The figures behind both rules are
those of tests/benchmarks/small_folders.py, told in docs/small_folders.md.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.learning.spec import PRESETS, PresetName, TrainingSpec

if TYPE_CHECKING:  # the window asks for the rule alone
    from core.learning.models.model_file import ModelCard

AUTOMATIC = "automatic"
"""Asks for what suits the pieces."""
SCRATCH = "scratch"
"""Asks for fresh weights, as "" does."""

FEW_NOTES = 50_000
"""In all pieces. A little above the largest folder, three hundred songs, for which going on was measured to be better."""
_KNOWN_SHARE = 0.1
"""Of the pieces: when the starter model has studied more of them, the pieces kept aside are no test any more."""
_RATE_SHARE = 0.1
"""At a third of the rate, a hundred songs made the model no better; at a tenth they did."""
_EPOCHS_SHARE = 1 / 8
"""By then it hardly becomes better any more."""
_FULL_EPOCH_EVENTS = 100_000
"""The presets' epochs are meant for so many events; fewer are read more often, up to so many times."""
_MOST_TIMES = 10


@dataclass(frozen=True, slots=True)
class Start:
    """What a training begins with, and one sentence that says why."""

    from_starter: bool
    """From the starter model; else from fresh weights."""
    reason: str


def suiting_start(
    starter: "ModelCard | None",
    preset: PresetName,
    *,
    notes: int,
    has_chords: bool,
    known_share: float = 0.0,
) -> Start:
    """The starter model where the pieces are few and of its kind, else nothing.

    starter: its card; None where it is missing or can't be opened. notes: of all pieces, those kept aside too.
    has_chords: whether notes sound together in them; the starter model knows single lines alone. known_share: of the
    pieces, how many the starter model has studied, 0 to 1.
    """
    if starter is None:
        return _from_nothing("there is no starter model to start from.")
    if notes > FEW_NOTES:
        return _from_nothing("these pieces are enough to learn from.")
    if has_chords:
        return _from_nothing("the starter model knows melodies and these pieces have chords.")
    wanted = PRESETS[preset]
    if (starter.tokenizer, starter.network) != (wanted.tokenizer, wanted.network):
        return _from_nothing(f"the starter model isn't of the kind ‘{wanted.title}’.")
    if known_share > _KNOWN_SHARE:
        return _from_nothing("the starter model has studied these pieces: no test of it would be fair.")
    return Start(
        from_starter=True, reason="It starts from the starter model, because these pieces alone are few to learn from."
    )


def _from_nothing(why: str) -> Start:
    return Start(from_starter=False, reason=f"It starts from nothing, because {why}")


def gentler(training: TrainingSpec) -> TrainingSpec:
    """Smaller steps: what the model knows is to be bent, not to be shaken off."""
    return replace(training, learning_rate=training.learning_rate * _RATE_SHARE)


def longer(training: TrainingSpec, *, events: int) -> TrainingSpec:
    """More epochs for few pieces: what a network learns goes by the steps that it takes, and their epochs are short.

    events: of the pieces studied.
    """
    times = min(_MOST_TIMES, max(1, round(_FULL_EPOCH_EVENTS / max(1, events))))
    return replace(training, epochs=training.epochs * times, patience=training.patience * times)


def shorter(training: TrainingSpec) -> TrainingSpec:
    """Fewer epochs: most has been learnt before."""
    epochs = max(1, round(training.epochs * _EPOCHS_SHARE))
    return replace(training, epochs=epochs, patience=round(training.patience * _EPOCHS_SHARE) or training.patience)
