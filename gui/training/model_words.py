"""What a model's card says, in the words of About this model. No Qt."""

import math
from dataclasses import dataclass
from datetime import datetime

from core.learning.models.model_file import ModelCard
from core.learning.spec import Field
from gui.controls.numbers import counted, grouped
from gui.training.verdict import among

_WORDS: dict[Field, str] = {"delta": "start", "duration": "length", "pitch": "pitch", "velocity": "loudness"}


@dataclass(frozen=True, slots=True)
class Figure:
    """Among how many notes the model chooses, and what of them it chooses."""

    among: str
    """"4.1 notes"."""
    words: str


def figures(card: ModelCard) -> tuple[Figure, ...]:
    """How unsure it is in pieces that it has never seen: by pitch alone, then with all that it chooses; () = unknown."""
    found = []
    if math.isfinite(card.held_out_bits_per_pitch):
        known = len(card.vocabulary.values["pitch"])
        found.append(
            Figure(
                f"{among(card.held_out_bits_per_pitch * math.log(2))} notes",
                f"for the next pitch, of {counted(known, 'pitch', 'pitches')} that it knows",
            )
        )
    if math.isfinite(card.held_out_bits_per_note):
        chosen = [_WORDS[field] for field in card.tokenizer.fields if len(card.vocabulary.values[field]) > 1]
        found.append(
            Figure(
                f"{among(card.held_out_bits_per_note * math.log(2))} notes",
                f"for the whole next note: {_listed(chosen)}" if len(chosen) > 1 else "for the whole next note",
            )
        )
    return tuple(found)


def technical(card: ModelCard) -> tuple[str, ...]:
    """The same as training measured it: "2.04 bits per pitch · 3.53 bits per note", "best epoch 8 of 8"."""
    bits = []
    if math.isfinite(card.held_out_bits_per_pitch):
        bits.append(f"{card.held_out_bits_per_pitch:.2f} bits per pitch")
    if math.isfinite(card.held_out_bits_per_note):
        bits.append(f"{card.held_out_bits_per_note:.2f} bits per note")
    epoch = f"best epoch {card.best_epoch} of {card.epochs}" if card.best_epoch else ""
    return tuple(filter(None, (" · ".join(bits), epoch)))


def studied(card: ModelCard) -> str:
    """How much it read: "1 033 pieces · 147 561 notes"; "" where that is unknown."""
    found = []
    if card.pieces:
        found.append(counted(card.pieces, "piece", "pieces"))
    if card.notes:
        found.append(counted(card.notes, "note", "notes"))
    return " · ".join(found)


def made_on(created: str) -> str:
    """The day of an ISO date: "26 November 2026"; what is none stays as it is."""
    try:
        day = datetime.fromisoformat(created)
    except ValueError:
        return created
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def size_words(parameters: int) -> str:
    """The network's size: "1.9 million numbers", "41 208 numbers"."""
    if parameters >= 1_000_000:
        return f"{parameters / 1e6:.1f} million numbers"
    return f"{grouped(parameters)} numbers"


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
