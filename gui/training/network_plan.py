"""A model's network as a picture: which boxes stand where, what joins them, and what each says. Pure arithmetic, no Qt.

Places are logical pixels from the top left. The way goes from left to right: what an earlier note tells, the memory,
what may come next, the choice between those, and the next note's fields one after another. Beneath lie the notes so far.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.learning.network.weights import copies, copy_head_counts, knows_metre
from core.learning.spec import Field, NetworkSpec, TokenizerSpec
from gui.controls.numbers import counted, grouped

LEAST_WIDTH = 552.0
_EDGE = 6.0
"""Free at both sides, for the ring around what the keyboard is on."""
_TOP = 22.0
"""Room for the columns' names."""
_BODY = 206.0
_ARCS = 52.0
"""Between the boxes and the notes."""
_NOTES = 46.0
_FOOT = 20.0
HEIGHT = _TOP + _BODY + _ARCS + _NOTES + _FOOT
_WIDTHS = {"input": 90.0, "memory": 92.0, "idea": 126.0, "gate": 96.0, "head": 96.0}
_MOST_LAYERS = 3
"""More layers than these are drawn as one box that says how many."""
_CONTOUR = (2, 4, 5, 4, 2, 3, 1, 2, 4, 5, 4, 6)
"""Rows of the notes so far, from 0 below: a figure, something else, and the figure again."""
_NEXT_ROW = 4
_COPIED = 2
"""The earlier note that went on from the figure as the next one might."""
_MOVED = 5

Kind = Literal["input", "memory", "idea", "gate", "head"]
Line = Literal["way", "chain", "copy", "moved", "glance"]
_NAMES: Mapping[Field, str] = {"delta": "Start", "duration": "Length", "pitch": "Pitch", "velocity": "Loudness"}


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x < self.right and self.top <= y < self.bottom


@dataclass(frozen=True, slots=True)
class Block:
    """One box: its name, a detail beneath it ("" = none), and what it does in a plain sentence."""

    kind: Kind
    title: str
    detail: str
    tip: str
    rect: Rect


@dataclass(frozen=True, slots=True)
class Link:
    """From one place to another. way: what is handed on; chain: from field to field; copy, moved, glance: back to a note."""

    line: Line
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """All that is drawn."""

    columns: tuple[tuple[str, float, float], ...]
    """Name, left and width of each."""
    blocks: tuple[Block, ...]
    """In reading order."""
    links: tuple[Link, ...]
    notes: tuple[Rect, ...]
    """Those so far, in time."""
    next_note: Rect

    @property
    def sentences(self) -> str:
        """The whole picture in words, for a screen reader."""
        return " ".join(f"{block.title}: {block.tip}" for block in self.blocks)

    def at(self, x: float, y: float) -> int | None:
        """Which block is there."""
        return next((index for index, block in enumerate(self.blocks) if block.rect.holds(x, y)), None)


def network_plan(
    tokenizer: TokenizerSpec, network: NetworkSpec, sizes: Mapping[Field, int], *, window: int, width: float
) -> NetworkPlan:
    """The picture of a network on so much width (at least LEAST_WIDTH). sizes: values that each field knows."""
    width = max(width, LEAST_WIDTH)
    kinds: tuple[Kind, ...] = ("input", "memory", "idea", *(("gate",) if copies(network) else ()), "head")
    gap = (width - 2 * _EDGE - sum(_WIDTHS[kind] for kind in kinds)) / (len(kinds) - 1)
    lefts: dict[Kind, float] = {}
    x = _EDGE
    for kind in kinds:
        lefts[kind] = x
        x += _WIDTHS[kind] + gap
    words: dict[Kind, list[tuple[str, str, str]]] = {
        "input": _inputs(tokenizer, network),
        "memory": _memory(network),
        "idea": _ideas(tokenizer, network, window),
        "gate": _gates() if copies(network) else [],
        "head": _heads(tokenizer, sizes),
    }
    heights = {"input": 30.0, "memory": 46.0, "idea": 66.0, "gate": 66.0, "head": 44.0}
    blocks: list[Block] = []
    for kind in kinds:
        rects = _stacked(len(words[kind]), lefts[kind], _WIDTHS[kind], heights[kind])
        blocks += [Block(kind, *text, rect) for text, rect in zip(words[kind], rects, strict=True)]
    names = {
        "input": "Each note",
        "memory": "Memory",
        "idea": "Ideas" if copies(network) else "Looking back",
        "gate": "Weighing",
        "head": "Next note",
    }
    notes, following = _notes(until=lefts["head"] - gap, head=lefts["head"])
    return NetworkPlan(
        tuple((names[kind], lefts[kind], _WIDTHS[kind]) for kind in kinds),
        tuple(blocks),
        tuple(_links(blocks, notes, following, transposes=copy_head_counts(network, "pitch")[1] > 0)),
        notes,
        following,
    )


# Words


def _inputs(tokenizer: TokenizerSpec, network: NetworkSpec) -> list[tuple[str, str, str]]:
    told = {
        "delta": "How long after the note before it a note begins",
        "duration": "How long it lasts",
        "pitch": "Which key it is",
        "velocity": "How loud it is",
    }
    tail = f"as a list of {network.embedding} numbers that the model learns to tell alike things by."
    found = [(_NAMES[field], "", f"{told[field]}, {tail}") for field in tokenizer.fields]
    if copies(network):
        found.append(("Last interval", "", f"The step from the note before, up or down, {tail}"))
    if knows_metre(tokenizer):
        found.append(("Place in bar", "", f"On which beat it lies, and how long the bar is, {tail}"))
    return found


def _memory(network: NetworkSpec) -> list[tuple[str, str, str]]:
    cells = grouped(network.units)
    tip = (
        f"{cells} cells that read one note after another. Each keeps a little of what it read, and forgets it when it no "
        "longer matters. Technical name: LSTM."
    )
    if network.layers == 1:
        return [("Memory", f"LSTM · {cells}", tip)]
    if network.layers > _MOST_LAYERS:
        return [(f"{network.layers} memories", f"LSTM · {cells}", f"{network.layers} layers, each of {tip}")]
    above = f"{cells} more cells, which read what the memory before them makes of the notes. Technical name: LSTM."
    return [(f"Memory {layer + 1}", f"LSTM · {cells}", above if layer else tip) for layer in range(network.layers)]


def _ideas(tokenizer: TokenizerSpec, network: NetworkSpec, window: int) -> list[tuple[str, str, str]]:
    if not copies(network):
        return [
            (
                "Mean of all",
                "attention",
                (
                    "A mean of what the memory held at every earlier note; notes that once mattered weigh more in it. It is "
                    "read beside what the memory holds now, as in the article. Technical name: attention."
                ),
            )
        ]
    same, moved = copy_head_counts(network, "pitch")
    others = copy_head_counts(network, "duration")[0]
    pointers = f"pitch {same + moved}" + (f" · others {others}" if len(tokenizer.fields) > 1 else "")
    transposing = (
        f" {counted(moved, 'of them moves', 'of them move')} the figure higher or lower (dashed), the others take it as it "
        "was."
        if moved
        else ""
    )
    return [
        (
            "Its own idea",
            f"{grouped(network.head_units)} units",
            "What the memory alone expects, from all the pieces that it has read. It can be a note that was not there before.",
        ),
        (
            "Copying heads",
            pointers,
            (
                f"They point to earlier places that went on alike, up to {counted(window, 'note', 'notes')} back, and offer what "
                f"came there.{transposing} Technical name: pointer attention."
            ),
        ),
    ]


def _gates() -> list[tuple[str, str, str]]:
    return [
        (
            "Gates",
            "own or copied",
            (
                "They weigh its own idea against each copying head, anew for every note. “Come back to my motifs” opens or "
                "closes the gates of the copies."
            ),
        )
    ]


def _heads(tokenizer: TokenizerSpec, sizes: Mapping[Field, int]) -> list[tuple[str, str, str]]:
    found = []
    told: list[str] = []
    for field in tokenizer.fields:
        name, size = _NAMES[field], sizes[field]
        order = f"Knowing the {_listed(told)}, it" if told else "First it"
        choice = (
            f"{order} gives a chance to each of {grouped(size)} values, and one is drawn."
            if size > 1
            else f"{order} has one value alone."
        )
        found.append((name, counted(size, "choice", "choices"), choice))
        told.append(name.lower())
    return found


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# Places


def _stacked(count: int, left: float, width: float, height: float) -> list[Rect]:
    """So many boxes one above the other, in the middle of the body and as high as there is room for."""
    gap = 16.0 if count <= 3 else 10.0 if count == 4 else 5.0
    height = min(height, (_BODY - gap * (count - 1)) / count)
    top = _TOP + (_BODY - count * height - (count - 1) * gap) / 2
    return [Rect(left, top + index * (height + gap), width, height) for index in range(count)]


def _notes(*, until: float, head: float) -> tuple[tuple[Rect, ...], Rect]:
    top, row = _TOP + _BODY + _ARCS, _NOTES / 7
    step = (until - _EDGE) / len(_CONTOUR)

    def note(left: float, place: int, width: float) -> Rect:
        return Rect(left, top + (6 - place) * row, width, row)

    so_far = tuple(note(_EDGE + index * step, place, step - 3) for index, place in enumerate(_CONTOUR))
    width = min(step - 3, 40.0)
    return so_far, note(head + (_WIDTHS["head"] - width) / 2, _NEXT_ROW, width)


def _links(blocks: Sequence[Block], notes: Sequence[Rect], following: Rect, *, transposes: bool) -> list[Link]:
    of = {kind: [block.rect for block in blocks if block.kind == kind] for kind in _WIDTHS}
    inputs, memory, ideas, gates, heads = (of[kind] for kind in ("input", "memory", "idea", "gate", "head"))
    links = [_across(rect, memory[0]) for rect in inputs]
    links += [_down(upper, lower, "way") for upper, lower in itertools.pairwise(memory)]
    links += [_across(memory[-1], idea) for idea in ideas]
    links += [_across(idea, gate) for idea in ideas for gate in gates]
    links += [_across(source, head) for source in (gates or ideas) for head in heads]
    links += [_down(upper, lower, "chain") for upper, lower in itertools.pairwise(heads)]
    links.append(Link("chain", _below(heads[-1]), _above(following)))
    pointing = _below(ideas[-1])
    if gates:
        links.append(Link("copy", pointing, _above(notes[_COPIED])))
        links += [Link("moved", pointing, _above(notes[_MOVED]))] if transposes else []
    else:
        links += [Link("glance", pointing, _above(note)) for note in notes]
    return links


def _across(start: Rect, end: Rect) -> Link:
    return Link("way", (start.right, start.middle[1]), (end.left, end.middle[1]))


def _down(upper: Rect, lower: Rect, line: Line) -> Link:
    return Link(line, _below(upper), _above(lower))


def _below(rect: Rect) -> tuple[float, float]:
    return rect.middle[0], rect.bottom


def _above(rect: Rect) -> tuple[float, float]:
    return rect.middle[0], rect.top
