"""Every batch of takes made for the open document, newest last. Frozen values, and their order; no Qt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # generation loads the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take

Order = Literal["made", "expected", "surprising", "copied", "starred"]


@dataclass(frozen=True, slots=True)
class MadeBy:
    """The model that a batch came from."""

    id: str = ""
    name: str = ""
    fingerprint: str = ""
    """Of its weights as they were then; "" while that isn't known."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The takes of one press of Generate, all of one request. Equal are those of which the same would be kept."""

    expected: int = field(compare=False)
    """Counts those asked for: the rest are still being made."""
    words: str
    """The settings that matter, for the tray's head."""
    made_by: MadeBy = MadeBy()
    takes: "tuple[Take, ...]" = ()
    starred: frozenset[str] = frozenset()
    """Letters."""
    echoes: Mapping[str, float] = field(default_factory=dict, compare=False)
    """Letter → how much of the take's pitches came from earlier in the piece, 0 to 1, as far as that is known."""
    is_done: bool = field(default=False, compare=False)

    def ordered(self, order: Order) -> "list[Take]":
        """The takes in the chosen order; equals stay as made."""
        keys: dict[Order, Callable[[Take], float]] = {
            "made": lambda _take: 0.0,
            "expected": lambda take: take.mean_surprise_bits,
            "surprising": lambda take: -take.mean_surprise_bits,
            "copied": lambda take: float(len(take.copied_notes)),
            "starred": lambda take: 0.0 if take.letter in self.starred else 1.0,
        }
        return sorted(self.takes, key=keys[order])


@dataclass(frozen=True, slots=True)
class Takes:
    """All takes of a document: the batches, which of them is on show, and which take of it is on the roll."""

    batches: tuple[Batch, ...] = ()
    shown: int = 0
    """Counts from 1; 0 while there is none."""
    letter: str = ""
    """"" while no take is on the roll."""

    @property
    def count(self) -> int:
        return sum(len(batch.takes) for batch in self.batches)

    @property
    def on_roll(self) -> "Take | None":
        batch = self.batches[self.shown - 1] if 0 < self.shown <= len(self.batches) else None
        return next((take for take in batch.takes if take.letter == self.letter), None) if batch else None


class TakeHistory:
    """The batches and which of them is on show."""

    def __init__(self, on_changed: Callable[[], None] = lambda: None) -> None:
        """on_changed: called after every change."""
        self._batches: tuple[Batch, ...] = ()
        self._shown = -1
        self._on_changed = on_changed

    @property
    def batches(self) -> tuple[Batch, ...]:
        return self._batches

    @property
    def kept(self) -> tuple[Batch, ...]:
        """The batches that hold a take already."""
        return tuple(batch for batch in self._batches if batch.takes)

    @property
    def shown(self) -> Batch | None:
        return self._batches[self._shown] if self._batches else None

    @property
    def number(self) -> int:
        """Counts from 1; 0 while there is none."""
        return self._shown + 1

    def batch_of(self, take: "Take") -> Batch | None:
        return next((batch for batch in self._batches if any(each is take for each in batch.takes)), None)

    # A batch is made

    def begin(self, expected: int, words: str, made_by: MadeBy = MadeBy()) -> None:
        """Open a new batch and show it."""
        self._set((*self._batches, Batch(expected, words, made_by)), shown=len(self._batches))

    def add(self, take: "Take") -> None:
        """The next take of the batch being made, which is the newest; nothing where that was discarded."""
        newest = self._batches[-1] if self._batches else None
        if newest is not None and not newest.is_done:
            takes = (*newest.takes, take)
            self._put(newest, replace(newest, takes=takes, expected=max(newest.expected, len(takes))))

    def finish(self) -> None:
        """No more takes come; a batch without any goes."""
        newest = self._batches[-1] if self._batches else None
        if newest is None or newest.is_done:
            return
        if newest.takes:
            self._put(newest, replace(newest, expected=len(newest.takes), is_done=True))
        else:
            self._set(self._batches[:-1], shown=self._shown)

    # What is learnt of it later, and what the user does

    def name_model(self, fingerprint: str) -> None:
        """Which weights the newest batch comes from."""
        if self._batches and not self._batches[-1].is_done:
            newest = self._batches[-1]
            self._put(newest, replace(newest, made_by=replace(newest.made_by, fingerprint=fingerprint)))

    def echo(self, take: "Take", share: float) -> None:
        """How much of a take's pitches came from earlier in the piece, 0 to 1."""
        batch = self.batch_of(take)
        if batch is not None:
            self._put(batch, replace(batch, echoes={**batch.echoes, take.letter: share}))

    def star(self, take: "Take", *, starred: bool) -> None:
        batch = self.batch_of(take)
        if batch is not None:
            change = batch.starred.union if starred else batch.starred.difference
            self._put(batch, replace(batch, starred=change({take.letter})))

    def show(self, number: int) -> None:
        """Show the batch counted from 1, as near as there is one."""
        self._set(self._batches, shown=max(number, 1) - 1)

    def discard_shown(self) -> Batch | None:
        """Take the batch on show out and show its neighbour. Returns it, so that it can be put back."""
        batch = self.shown
        if batch is not None:
            self._set((*self._batches[: self._shown], *self._batches[self._shown + 1 :]), shown=self._shown)
        return batch

    def put_back(self, batch: Batch, number: int) -> None:
        """Undo `discard_shown`: `number` is what it was counted as."""
        place = max(0, number - 1)
        self._set((*self._batches[:place], batch, *self._batches[place:]), shown=place)

    def restore(self, takes: Takes) -> None:
        """Forget all batches for these, without a word to anyone: another document is being opened."""
        self._batches = takes.batches
        self._shown = min(takes.shown, len(self._batches)) - 1

    def _put(self, before: Batch, after: Batch) -> None:
        self._set(tuple(after if batch is before else batch for batch in self._batches), shown=self._shown)

    def _set(self, batches: tuple[Batch, ...], *, shown: int) -> None:
        self._batches = batches
        self._shown = min(shown, len(batches) - 1)
        self._on_changed()
