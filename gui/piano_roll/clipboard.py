"""Notes on the clipboard, as JSON of our own kind: onsets, pitches, durations, velocities."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QMimeData

from core.errors import DamagedError
from core.loading.json_values import build, parse_json
from core.music.score import Note, by_position

MIME_TYPE = "application/x-ritornello-notes+json"
_MOST_BYTES = 64_000_000
"""Well over a million notes; more than that was not put there by us."""


@dataclass(frozen=True, slots=True)
class _Copied:
    notes: tuple[tuple[int, int, int, int], ...]


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
    try:
        rows = build(_Copied, parse_json(bytes(mime.data(MIME_TYPE).data()), at_most=_MOST_BYTES)).notes
        notes = [Note(*row) for row in rows]
    except (DamagedError, ValueError):
        return ()
    return tuple(sorted(notes, key=by_position))
