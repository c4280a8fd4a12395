"""What the Generate panel asks for: every choice but the seed itself, as one frozen value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.learning.spec import GenerationRequest
from core.music.keys import find_key
from core.music.pitch import Scale, parse_scale
from core.music.score import KeySignature, Note, Score
from gui.controls.numbers import counted

if TYPE_CHECKING:  # the library loads the model's arithmetic, which starting up can do without
    from core.learning.models.library import ModelRecord

Keep = Literal["", "rhythm", "pitch"]

RANDOM_SEEDS = 100_000
"""Random seeds drawn by the dice lie below this: five digits are easy to read out and to type again."""
DEFAULT_RANGE = (57, 86)
"""A3 to D6: what a melody uses when there is no seed to measure."""


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """The panel's choices. `model_id` names the trained model in the library; the rest is as in GenerationRequest."""

    model_id: str = ""
    length_bars: int = 8
    takes: int = 4
    temperature: float = 0.9
    top_k: int = 0
    top_p: float = 1.0
    scale: str = ""
    """A name such as "D minor"; "" when the switch is off."""
    pitch_range: tuple[int, int] = (0, 127)
    """Inclusive; everything when the switch is off."""
    keep: Keep = ""
    motifs: float = 0.0
    guards_repetition: bool = True
    random_seed: int = 0
    is_random_seed_locked: bool = False

    def request(self, seed: Score, part: int) -> GenerationRequest:
        """The request that these choices make of `seed`. Raises SpecError where the seed has no such part."""
        return GenerationRequest(
            seed=seed,
            part=part,
            length_bars=self.length_bars,
            takes=self.takes,
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            scale=self.scale,
            pitch_range=self.pitch_range,
            keep=self.keep,
            motifs=self.motifs,
            guards_repetition=self.guards_repetition,
            random_seed=self.random_seed,
        )


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """All that the panel shows, as a document keeps it. What is None follows the seed."""

    model_id: str = ""
    length_bars: int = 8
    takes: int = 4
    temperature: float = 0.9
    keeps_scale: bool | None = None
    scale: str = ""
    keeps_range: bool = True
    pitch_range: tuple[int, int] | None = None
    keep: Keep = ""
    random_seed: int = 0
    is_random_seed_locked: bool = False
    motifs: float = 0.0
    top_k: int = 0
    tail: float = 0.0
    guards_repetition: bool = True

    def __post_init__(self) -> None:
        if self.pitch_range is not None and not 0 <= self.pitch_range[0] <= self.pitch_range[1] <= 127:
            raise ValueError("no such range")
        if self.scale:
            parse_scale(self.scale)


def range_around(notes: Iterable[Note]) -> tuple[int, int]:
    """The pitches of `notes` with a fifth of room on both sides; DEFAULT_RANGE where there are none."""
    pitches = [note.pitch for note in notes]
    if not pitches:
        return DEFAULT_RANGE
    return max(0, min(pitches) - 7), min(127, max(pitches) + 7)


def scale_around(notes: Sequence[Note], *, signature: KeySignature | None = None) -> tuple[Scale, bool]:
    """The scale that a seed suggests, and whether the seed stays within it.

    signature: of the document, which counts as far as the notes bear it out. Of a minor key's three scales the one that
    leaves out the fewest notes is taken.
    """
    key = find_key(notes, signature)
    kinds = ("minor", "harmonic minor", "melodic minor") if key.is_minor else ("major",)
    scales = [Scale(key.tonic, kind) for kind in kinds]
    outside = [sum(not scale.contains(note.pitch) for note in notes) for scale in scales]
    best = min(range(len(scales)), key=lambda index: (outside[index], index))
    return scales[best], bool(notes) and outside[best] == 0


def facts_about(record: "ModelRecord") -> str:
    """A model in one line: what it studied and which epoch was kept."""
    facts = []
    if record.pieces:
        facts.append(counted(record.pieces, "piece", "pieces"))
    if record.best_epoch:
        facts.append(f"kept at epoch {record.best_epoch}")
    return ", ".join(facts)
