"""A run small enough for several processes at once, and an owner for it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.learning.models.progress import EpochDone
from core.learning.spec import PRESETS, NetworkSpec, TokenizerSpec
from core.learning.training.loop import Command
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.run_folder import TrainingJob
from core.music.score import Note, Part, Score

NETWORK = NetworkSpec(embedding=6, layers=1, units=8, attention_heads=2, head_units=8, dropout=0.0)
"""Little to trace, which is what a small run's time goes into. Without dropout, because each replica draws masks of its own."""
BATCH = 3
"""Of which two replicas get unequal shares; the last batch of an epoch has one window, which is no share for the second."""


def tunes(count: int = 8) -> list[tuple[str, str, Score]]:
    """One figure from many places: what is learnt of some foretells the others, so the last epoch is the best."""
    random = np.random.default_rng(4)
    figure = np.array([0, 2, 4, 5, 4, 2])
    made = []
    for index in range(count):
        pitches = 60 + np.roll(np.tile(figure, 4), int(random.integers(6)))
        pitches[int(random.integers(24))] = 72 + index
        notes = [Note(place * 240, int(pitch), 240) for place, pitch in enumerate(pitches)]
        made.append((f"f{index}", f"Tune {index}", Score((Part.of(notes),))))
    return made


def small_job(home: Path, *, epochs: int = 12, minutes: float = 0.0, network: NetworkSpec = NETWORK) -> TrainingJob:
    training = replace(
        PRESETS["standard"].training,
        window=24,
        stride=24,
        batch=BATCH,
        epochs=epochs,
        minutes=minutes,
        learning_rate=0.05,
        patience=0,
    )
    pitches = TokenizerSpec(fields=("pitch",))
    return prepare_job(
        tunes(),
        TrainingPlan("standard", name="Tunes", tokenizer=pitches, network=network, training=training),
        home=home,
    )


class Unasked:
    """An owner who wants nothing, and keeps what is said of the epochs."""

    def __init__(self) -> None:
        self.epochs: list[EpochDone] = []

    def report(self, event: object) -> None:
        if isinstance(event, EpochDone):
            self.epochs.append(event)

    def listen(self) -> Command:
        return "go"
