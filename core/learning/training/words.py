"""What training is told in words: a phrase for each epoch's answer, and a verdict on the whole. From measurements alone."""

from collections import Counter
from collections.abc import Collection, Sequence

from core.learning.models.progress import EpochDone
from core.learning.training.course import course
from core.music.keys import find_key
from core.music.pitch import parse_scale
from core.music.score import TICKS_PER_QUARTER, Note

FINDS_SCALE, FINDS_RHYTHM = "Finds the scale", "Finds a rhythm"

_MORE_PIECES = "More pieces, or more alike, would help."
STILL_LEARNING = "It is still learning."
NEARLY_STOPPED = "It has nearly stopped improving."
NO_PATTERN = f"It has not found a pattern yet. {_MORE_PIECES}"
ONLY_MEMORISES = f"It has started to memorise and has not found a pattern. {_MORE_PIECES}"

_LONG = 1.5
"""A closing note this much longer than the middle one is long."""


def epoch_phrase(notes: Sequence[Note], *, is_best: bool, copied_beats: float = 0.0, said: Collection[str] = ()) -> str:
    """One phrase on an answer's own notes, in order; the first rule that holds, or "".

    copied_beats: length of a quotation longer than the pieces share among themselves. said: phrases of earlier epochs;
    what was found once isn't found again.
    """
    if not notes:
        return ""
    pitches = Counter(note.pitch for note in notes)
    if pitches.most_common(1)[0][1] > 0.8 * len(notes):
        return "One note, over and over"
    if len(pitches) <= 2:
        return "Two notes by turns"
    key = find_key(notes)
    scale = parse_scale(key.name)
    lengths = {note.duration for note in notes}
    in_scale = sum(scale.contains(note.pitch) for note in notes)
    if in_scale > 0.9 * len(notes) and len(lengths) == 1 and FINDS_SCALE not in said:
        return FINDS_SCALE
    if len(lengths) >= 3 and FINDS_RHYTHM not in said:
        return FINDS_RHYTHM
    if copied_beats >= 1:
        return f"Quotes {copied_beats:.0f} beats" if round(copied_beats) > 1 else "Quotes a beat"
    last = notes[-1]
    middle = sorted(note.duration for note in notes)[len(notes) // 2]
    if (last.pitch - key.tonic) % 12 in (0, 7) and last.duration >= _LONG * middle:
        return "Shapes a phrase"
    return "Best on new pieces" if is_best else ""


def copied_beats(notes: Collection[Note]) -> float:
    """How long a quotation lasts, in quarters."""
    if not notes:
        return 0.0
    return (max(note.end for note in notes) - min(note.onset for note in notes)) / TICKS_PER_QUARTER


def verdict(history: Sequence[EpochDone], *, counting_loss: float = float("inf")) -> str:
    """One sentence, or two, on what is going on in a run; "" before its first epoch is over.

    counting_loss: of the n-gram baseline on the validation set, in nats per note.
    """
    if not history:
        return ""
    found = course(history, counting_loss=counting_loss)
    match found.trend:
        case "learning":
            return STILL_LEARNING
        case "memorising" if found.beats_counting:
            kept = f"Epoch {found.best_epoch}" if found.best_epoch else "The model it started from"
            return f"It has started to memorise. {kept} is the best so far."
        case "memorising":
            return ONLY_MEMORISES
        case "flat":
            return NEARLY_STOPPED if found.beats_counting else NO_PATTERN


def ending(history: Sequence[EpochDone], *, counting_loss: float = float("inf")) -> str:
    """The same of a run that is over."""
    if not history:
        return ""
    found = course(history, counting_loss=counting_loss)
    match found.trend:
        case "learning" if found.is_short and found.best_epoch < history[-1].epoch:
            best = f"epoch {found.best_epoch}" if found.best_epoch else "the model it started from"
            return f"It ended too soon to say more than that {best} was the best."
        case "learning":
            return "It was still learning: more epochs would help."
        case "memorising" if found.beats_counting:
            return "It had started to memorise; what is kept is from before that."
        case "memorising":
            return f"It only memorised its pieces and found no pattern. {_MORE_PIECES}"
        case "flat":
            return (
                "It had nearly stopped improving." if found.beats_counting else f"It found no pattern. {_MORE_PIECES}"
            )
