"""What training is told in words: a phrase for each epoch's answer, and a verdict on the whole. From measurements alone."""

from collections import Counter
from collections.abc import Collection, Sequence

from core.learning.progress import EpochDone
from core.music.pitch import find_key, parse_scale
from core.music.score import TICKS_PER_QUARTER, Note

FINDS_SCALE, FINDS_RHYTHM = "Finds the scale", "Finds a rhythm"

STILL_LEARNING = "It is still learning."
NEARLY_STOPPED = "It has nearly stopped improving."
NO_PATTERN = "It has not found a pattern yet. More pieces, or more alike, would help."

_SPAN = 5
"""Epochs over which a trend is judged."""
_FLAT = 0.004
"""Share of the loss: falling by less over the span is flat."""
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
    """One sentence on a run so far; "" before its first epoch is over.

    counting_loss: held-out loss, in nats per note, of a model that only counts how often each value occurs.
    """
    if not history:
        return ""
    best = min(history, key=lambda epoch: epoch.held_out_loss)
    now = history[-1]
    if len(history) >= _SPAN and best.held_out_loss >= counting_loss:
        return NO_PATTERN
    if len(history) <= _SPAN:
        return STILL_LEARNING
    before = history[-1 - _SPAN]
    worse_since = now.epoch - best.epoch
    if worse_since >= _SPAN and now.held_out_loss > best.held_out_loss * (1 + _FLAT) and now.loss < before.loss:
        kept = f"Epoch {best.epoch}" if best.epoch else "The model it started from"
        return f"It has started to memorise. {kept} is the best so far."
    earlier_best = min(epoch.held_out_loss for epoch in history[:-_SPAN])
    if best.held_out_loss > earlier_best * (1 - _FLAT):
        return NEARLY_STOPPED
    return STILL_LEARNING
