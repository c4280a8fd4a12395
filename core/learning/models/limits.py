"""What a trained model can't do, in a musician's words: rules on the figures of its card, nothing guessed.

Lengths are steps of the model's grid, STEPS_PER_QUARTER to a quarter note.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.learning.events.tokenizer import class_velocity
from core.learning.models.model_file import ModelCard
from core.learning.network.weights import copies
from core.learning.spec import STEPS_PER_QUARTER
from core.music.pitch import pitch_name

_FEW_PIECES = 30
_VERY_FEW_PIECES = 10
_RARE_CHORDS = 0.01
"""A corpus of single lines still has a double stop here and there."""
_THIN_SPACE = "\u2009"
_NAMED_LENGTHS = {
    2: "a 32nd triplet",
    3: "a 32nd",
    4: "a 16th triplet",
    6: "a 16th",
    8: "an eighth triplet",
    9: "a dotted 16th",
    12: "an eighth",
    16: "a quarter triplet",
    18: "a dotted eighth",
    24: "a quarter",
    36: "a dotted quarter",
    48: "a half note",
    72: "a dotted half",
    96: "a whole note",
    144: "a dotted whole note",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that a model can't do: its name, and what follows from it."""

    title: str
    sentence: str


def length_words(steps: int) -> str:
    """A length as musicians name it: "a dotted eighth", "1.25 quarters"."""
    named = _NAMED_LENGTHS.get(steps)
    return named or f"{steps / STEPS_PER_QUARTER:.3g} quarters"


def limits(card: ModelCard, *, name_of: Callable[[int], str] = pitch_name) -> tuple[Limit, ...]:
    """Those that hold for this model, what is peculiar to it first. name_of: what pitches are called."""
    found = [
        _unfinished(card),
        _few_pieces(card),
        _texture(card),
        _rests(card),
        _loudness(card),
        _vocabulary(card, name_of),
        _looks_back(card),
        _key(card),
        _plan(card),
        Limit("One part at a time", "It hears only the part that it continues, not the others of your score."),
    ]
    return tuple(limit for limit in found if limit is not None)


def _unfinished(card: ModelCard) -> Limit | None:
    if card.state == "ready":
        return None
    return Limit("Still learning", "Its training has not ended. What it gives now comes from its best epoch so far.")


def _few_pieces(card: ModelCard) -> Limit | None:
    if not 0 < card.pieces < _FEW_PIECES:
        return None
    own = "of its own " if card.started_from else ""
    many = f"{card.pieces} {own}pieces are" if card.pieces > 1 else f"1 {own}piece is"
    if card.pieces < _VERY_FEW_PIECES:
        return Limit("Repeats its pieces", f"{many} very few. It will mostly repeat them.")
    return Limit("Repeats its pieces", f"{many} few. It will often quote them; each take says how much is copied.")


def _texture(card: ModelCard) -> Limit | None:
    if card.tokenizer.legato or card.chord_share < _RARE_CHORDS:
        return Limit("Single lines", "It learnt melodies, one note at a time. It writes no chords or accompaniments.")
    if card.chord_share <= 1:
        return Limit(
            "Notes, not voices", "It learnt all notes of a part together, and can't tell one voice from another."
        )
    return None


def _rests(card: ModelCard) -> Limit | None:
    if "delta" in card.tokenizer.fields:
        return None
    return Limit(
        "No rests", "Each of its notes lasts until the next begins, and it doesn't know where in the bar it is."
    )


def _loudness(card: ModelCard) -> Limit | None:
    known = card.vocabulary.values.get("velocity")
    if known is None:
        return Limit("One loudness", "It did not learn loudness: all its notes are as loud as your seed is on average.")
    if len(known) == 1:
        velocity = class_velocity(known[0], card.tokenizer.velocity_classes)
        return Limit("One loudness", f"Its pieces were all equally loud, so every note has the velocity {velocity}.")
    return None


def _vocabulary(card: ModelCard, name_of: Callable[[int], str]) -> Limit:
    pitches = card.vocabulary.values["pitch"]
    has_gaps = len(pitches) <= pitches[-1] - pitches[0]
    words = f"Pitches from {name_of(pitches[0])} to {name_of(pitches[-1])}"
    if len(pitches) == 1:
        words = f"The pitch {name_of(pitches[0])} alone"
    elif has_gaps:
        words += f", {len(pitches)} of them"
    lengths = card.vocabulary.values.get("duration")
    if lengths is None:
        words += ", and no lengths of its own"
    elif len(lengths) == 1:
        words += f", and one length, {length_words(lengths[0])}"
    else:
        words += f", and {len(lengths)} lengths, from {length_words(lengths[0])} to {length_words(lengths[-1])}"
    return Limit("Notes it knows", f"{words}. Any other it hears as the nearest of these.")


def _looks_back(card: ModelCard) -> Limit:
    window = f"{card.training.window:,}".replace(",", _THIN_SPACE)
    if card.training.target == "last_step":
        return Limit("Looks back", f"It sees the last {window} notes and nothing before them.")
    if copies(card.network):
        return Limit("Looks back", f"It can copy from the last {window} notes. Of earlier ones a faint memory stays.")
    return Limit("Looks back", f"It learnt on stretches of {window} notes. Of earlier ones a faint memory stays.")


def _key(card: ModelCard) -> Limit:
    learnt = (
        f"It learnt each piece in many keys, up to {card.training.transpose} semitones away."
        if card.training.transpose > 1
        else "It learnt each piece in its own key, and knows rare keys less well."
    )
    return Limit(
        "Wanders out of key", f"{learnt} Nothing holds it to one for long, unless “Scale” is on under “Keep to”."
    )


def _plan(card: ModelCard) -> Limit:
    why = " A theme comes back because it copies, not because a form asks for it." if copies(card.network) else ""
    return Limit("No plan", f"It chooses one note after another and plans no whole piece, no form and no ending.{why}")
