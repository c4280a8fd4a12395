"""Every batch of takes made for the open document, newest last. Values and their order; no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # generation loads the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take

Order = Literal["made", "expected", "surprising", "copied", "starred"]


@dataclass(slots=True)
class Batch:
    """The takes of one press of Generate. `expected` counts those asked for: the rest are still being made."""

    expected: int
    words: str
    """The settings that matter, for the tray's head."""
    takes: "list[Take]" = field(default_factory=list)
    starred: set[str] = field(default_factory=set)
    """Letters."""
    echoes: dict[str, float] = field(default_factory=dict)
    """Letter → how much of the take's pitches came from earlier in the piece, 0 to 1, as far as that is known."""
    is_done: bool = False

    def ordered(self, order: Order) -> "list[Take]":
        """The takes in the chosen order; equals stay as made."""
        keys = {
            "made": lambda _take: 0.0,
            "expected": lambda take: take.mean_surprise_bits,
            "surprising": lambda take: -take.mean_surprise_bits,
            "copied": lambda take: float(len(take.copied_notes)),
            "starred": lambda take: 0.0 if take.letter in self.starred else 1.0,
        }
        return sorted(self.takes, key=keys[order])


class TakeHistory:
    """The batches and which of them is on show."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []
        self._shown = -1

    @property
    def batches(self) -> Sequence[Batch]:
        return tuple(self._batches)

    @property
    def shown(self) -> Batch | None:
        return self._batches[self._shown] if self._batches else None

    @property
    def number(self) -> int:
        """Counts from 1; 0 while there is none."""
        return self._shown + 1

    def begin(self, expected: int, words: str) -> Batch:
        """Open a new batch and show it."""
        self._batches.append(Batch(expected, words))
        self._shown = len(self._batches) - 1
        return self._batches[-1]

    def show(self, number: int) -> None:
        """Show the batch counted from 1, as near as there is one."""
        if self._batches:
            self._shown = min(max(number, 1), len(self._batches)) - 1

    def discard_shown(self) -> Batch | None:
        """Take the batch on show out and show its neighbour. Returns it, so that it can be put back."""
        if not self._batches:
            return None
        batch = self._batches.pop(self._shown)
        self._shown = min(self._shown, len(self._batches) - 1)
        return batch

    def put_back(self, batch: Batch, number: int) -> None:
        """Undo `discard_shown`: `number` is what it was counted as."""
        self._batches.insert(max(0, number - 1), batch)
        self._shown = self._batches.index(batch)

    def clear(self) -> None:
        self._batches.clear()
        self._shown = -1
