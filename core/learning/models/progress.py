"""What training says while it runs: immutable values, the only thing that progress signals carry.

Losses are mean cross-entropies in nats per note; those called held_out are of the validation set, and sums over fields
likewise. The field names are those of history.jsonl and samples.jsonl.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TrainingStarting:
    """The child process is up; what it will study. Comes once, before any progress."""

    model_id: str
    studied_pieces: int
    held_out_pieces: int
    events: int
    epochs: int
    vocabulary_sizes: Mapping[str, int]
    parameters: int
    counting_loss: float = float("inf")
    """Of the n-gram baseline on the validation set: what has to be beaten."""


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """Where training stands; at most 20 a second."""

    epoch: int
    """Counts from 1."""
    epochs: int
    batch: int
    """Batches done in this epoch."""
    batches: int
    losses: Mapping[str, float]
    """Running mean over this epoch by field."""
    events_per_s: float
    elapsed_s: float
    left_s: float
    """Estimate; negative while unknown."""


@dataclass(frozen=True, slots=True)
class EpochDone:
    """One reading of all pieces is over and the held-out pieces were tried. Also the line kept in history.jsonl."""

    epoch: int
    """Counts from 1; 0 = the model that training goes on from, tried before the first step."""
    losses: Mapping[str, float]
    """Of the studied pieces; empty for epoch 0."""
    held_out_losses: Mapping[str, float]
    """Of the pieces kept aside."""
    is_best: bool
    """Whether none was better before."""
    best_epoch: int
    """Until now."""
    elapsed_s: float
    """Since the training began."""
    events_per_s: float
    """Studied."""

    @property
    def loss(self) -> float:
        return sum(self.losses.values())

    @property
    def held_out_loss(self) -> float:
        return sum(self.held_out_losses.values())


@dataclass(frozen=True, slots=True)
class SampleMade:
    """The model answered the fixed seed after an epoch; the answer lies in a .mid of the model's folder."""

    epoch: int
    """Counts from 1."""
    path: str
    """Absolute."""
    phrase: str
    """One phrase on what it does, by the rules of words for epochs; may be ""."""
    copied_notes: int
    """Length of the longest run also found in a studied piece, above what the pieces share among themselves; else 0."""
    start: int = 0
    """The tick from which on the .mid is the model's; before it stands the seed."""


@dataclass(frozen=True, slots=True)
class TrainingPhase:
    """Between batches: what is being done now. gathering: waiting for the other machines."""

    phase: Literal["starting", "gathering", "preparing", "training", "paused", "stopping"]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """How training ended: the model is in the library under model_id."""

    model_id: str
    name: str
    epochs: int
    best_epoch: int
    held_out_bits_per_note: float
    held_out_bits_per_pitch: float
    elapsed_s: float
    events_per_s: float
    stopped_early: bool
