"""Notes on the clipboard, as JSON of our own kind: onsets, pitches, durations, velocities."""

import json
from collections.abc import Iterable

from PySide6.QtCore import QByteArray, QMimeData

from core.music.score import Note, by_position

MIME_TYPE = "application/x-ritornello-notes+json"
_MOST_BYTES = 64_000_000
"""Well over a million notes; more than that was not put there by us."""


def to_mime(notes: Iterable[Note]) -> QMimeData:
    """The notes as they are, for whoever pastes them."""
    rows = [[note.onset, note.pitch, note.duration, note.velocity] for note in sorted(notes, key=by_position)]
    mime = QMimeData()
    mime.setData(MIME_TYPE, QByteArray(json.dumps({"notes": rows}, separators=(",", ":")).encode()))
    return mime


def from_mime(mime: QMimeData | None) -> tuple[Note, ...]:
    """The notes that were copied, in order; none where the clipboard holds anything else."""
    if mime is None or not mime.hasFormat(MIME_TYPE):
        return ()
    content = bytes(mime.data(MIME_TYPE).data())
    if len(content) > _MOST_BYTES:
        return ()
    try:
        rows = json.loads(content)["notes"]
        notes = [Note(*(_whole(value) for value in row)) for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    return tuple(sorted(notes, key=by_position))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not a whole number: {value!r}")
    return value
