"""Documents on disk: a .mid, or a .ritornello project that also remembers who wrote which note.

A project is a .zip of `score.mid` and `project.json`. Both functions are slow enough for a Worker's thread and know no
widget.
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DamagedError, FileError
from core.files import write_bytes
from core.loading.json_values import build, parse_json
from core.loading.opening import read_file
from core.loading.zips import Zip
from core.music.score import Note
from gui.document import Snapshot

PROJECT_SUFFIX = ".ritornello"
MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".smf")
_FORMAT = 1
_LARGEST = 100_000_000
"""Bytes: no score of a person comes near; a hostile .zip unpacks to more."""
_MOST_TEXT_BYTES = 32 << 20
_MOST_MEMBERS = 1000


@dataclass(frozen=True, slots=True)
class _Format:
    format: int


@dataclass(frozen=True, slots=True)
class _About:
    """project.json."""

    generated: tuple[tuple[int, int, int, int], ...]
    """Onset, pitch, duration and velocity of each note that a model wrote."""
    part: int
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file held. `settings`: the choices of the Generate panel, {} where the file has none."""

    snapshot: Snapshot
    settings: dict[str, Any]
    repairs: tuple[str, ...] = ()


def read_document(path: Path) -> Opened:
    """The document at `path`, by its ending. Raises FileError."""
    try:
        content = read_file(path, at_most=_LARGEST)
    except DamagedError as error:
        raise FileError(f"‘{path.name}’ can't be opened: {error.reason}.") from error
    if path.suffix.lower() == PROJECT_SUFFIX:
        return read_project(content, path.name)
    from core.music.midi_file import read_midi_bytes  # loads the MIDI libraries, which starting up can do without

    result = read_midi_bytes(content, path.name)
    return Opened(Snapshot(result.score), {}, result.repairs)


def write_document(path: Path, snapshot: Snapshot, settings: dict[str, Any]) -> None:
    """Write by the ending of `path`, all at once. Raises FileError; then what was there is untouched."""
    if path.suffix.lower() == PROJECT_SUFFIX:
        write_bytes(path, project_bytes(snapshot, settings))
    else:
        from core.music.midi_file import midi_bytes

        write_bytes(path, midi_bytes(snapshot.score))


def project_bytes(snapshot: Snapshot, settings: dict[str, Any]) -> bytes:
    from core.music.midi_file import midi_bytes

    about = {
        "format": _FORMAT,
        "part": snapshot.part,
        "generated": sorted([note.onset, note.pitch, note.duration, note.velocity] for note in snapshot.generated),
        "settings": settings,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", json.dumps(about, ensure_ascii=False))
        archive.writestr("score.mid", midi_bytes(snapshot.score))
    return packed.getvalue()


def read_project(content: bytes, name: str) -> Opened:
    """The project in `content`; `name` is what messages call it. Raises FileError."""
    from core.music.midi_file import read_midi_bytes

    try:
        with Zip(content, most_members=_MOST_MEMBERS, most_bytes=_LARGEST) as archive:
            stored = parse_json(archive.read("project.json", at_most=_MOST_TEXT_BYTES), at_most=_MOST_TEXT_BYTES)
            score_bytes = archive.read("score.mid", at_most=_LARGEST)
        if build(_Format, stored).format > _FORMAT:
            raise FileError(f"‘{name}’ was made by a newer Ritornello.", hint="Update Ritornello to open it.")
        about = build(_About, stored)
        generated = frozenset(Note(*values) for values in about.generated)
    except (DamagedError, ValueError) as error:
        raise FileError(f"‘{name}’ can't be opened: it is damaged, or not a Ritornello project.") from error
    score = read_midi_bytes(score_bytes, name).score
    present = {note for one in score.parts for note in one.notes}
    return Opened(Snapshot(score, generated & present, min(max(about.part, 0), len(score.parts) - 1)), about.settings)
