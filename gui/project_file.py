"""Documents on disk: a .mid, or a .ritornello project that also remembers who wrote which note.

A project is a .zip of `score.mid` and `project.json`. Both functions are slow enough for a Worker's thread and know no
widget.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FileError
from core.files import write_bytes
from core.music.score import Note
from gui.document import Snapshot

PROJECT_SUFFIX = ".ritornello"
MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".smf")
_FORMAT = 1
_LARGEST = 100_000_000
"""Bytes: no score of a person comes near; a hostile .zip unpacks to more."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file held. `settings`: the choices of the Generate panel, {} where the file has none."""

    snapshot: Snapshot
    settings: dict[str, Any]
    repairs: tuple[str, ...] = ()


def read_document(path: Path) -> Opened:
    """The document at `path`, by its ending. Raises FileError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise FileError(f"‘{path.name}’ can't be opened: it is larger than 100 MB.")
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"‘{path.name}’ can't be opened: {error.strerror or error}.") from error
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

    damaged = f"‘{name}’ can't be opened: it is damaged, or not a Ritornello project."
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
                raise FileError(f"‘{name}’ can't be opened: it unpacks to more than 100 MB.")
            about = json.loads(archive.read("project.json"))
            score_bytes = archive.read("score.mid")
        version = int(about["format"])
        generated = frozenset(Note(*map(int, values)) for values in about["generated"])
        part = int(about["part"])
        settings = dict(about.get("settings", {}))
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        RecursionError,
        OSError,
        RuntimeError,
        EOFError,
    ) as error:
        raise FileError(damaged) from error
    if version > _FORMAT:
        raise FileError(f"‘{name}’ was made by a newer Ritornello.", hint="Update Ritornello to open it.")
    score = read_midi_bytes(score_bytes, name).score
    present = {note for one in score.parts for note in one.notes}
    return Opened(Snapshot(score, generated & present, min(max(part, 0), len(score.parts) - 1)), settings)
