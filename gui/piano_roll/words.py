"""A note in words, for the status bar and for screen readers."""

from core.music.score import Note
from core.music.timing import position_at
from gui.piano_roll.roll_view import Hit, RollView


def words_for(view: RollView, hit: Hit) -> str:
    """A note in words: "F5 · bar 6 beat 1 · 1.5 beats · velocity 90 · by the model"."""
    note = hit.note
    place = position_at(view.score, note.onset)
    beats = note.duration / view.grid.beat_at(note.onset)
    length = view.tr("1 beat") if beats == 1 else view.tr("{} beats").format(f"{beats:.2f}".rstrip("0").rstrip("."))
    words = [
        view.name_of(note.pitch),
        view.tr("bar {} beat {}").format(place.bar, place.beat),
        length,
        view.tr("velocity {}").format(note.velocity),
        view.tr("by the model") if view.by_model(hit) else view.tr("yours"),
    ]
    bits = view.bits_of(hit)
    if bits is not None:
        words.append(view.tr("surprise {} bits").format(f"{bits:.1f}"))
    if view.is_copied(hit):
        words.append(view.tr("also found in a training piece"))
    if view.is_unknown(hit):
        words.append(view.tr("the model never met this note"))
    if not hit.of_preview and hit.row in view.covered:
        words.append(view.tr("under the take: Keep replaces it"))
    return " · ".join(words)


def tell(view: RollView, note: Note | None) -> None:
    """Say in the status bar what a note of the part is."""
    row = None if note is None else view.index.row_at(note.onset, note.pitch)
    if row is not None:
        view.status_changed.emit(words_for(view, Hit(row, view.index.notes[row], "body")))
