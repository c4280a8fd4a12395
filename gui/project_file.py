"""Documents on disk: a .mid, or a .ritornello project that also remembers who wrote which note, the takes and the panel.

A project is a .zip of `score.mid`, `project.json`, and the scores that its takes continue. An older Ritornello opens a
newer one's as long as the format's number is the same: it passes over what it doesn't know. All functions are slow
enough for a Worker's thread and know no widget.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DamagedError, FileError, NewerError
from core.files import digest, require_unchanged, write_bytes
from core.loading.json_values import build, parse_json
from core.loading.opening import read_file
from core.loading.zips import Zip
from core.music.score import Note, Score
from gui.document import Snapshot, Work
from gui.take_records import read_takes, takes_record
from gui.takes import Takes

PROJECT_SUFFIX = ".ritornello"
MIDI_SUFFIXES = (".mid", ".midi", ".smf", ".kar", ".rmi")
_FORMAT = 1
_LARGEST = 100_000_000
"""Bytes: no score of a person comes near; a hostile .zip unpacks to more."""
_MOST_TEXT_BYTES = 32 << 20
_MOST_MEMBERS = 5_000
_MOST_SEEDS = 40_000_000
"""Bytes of the scores that takes continue: what is written must stay small enough to be read."""
_SCORE, _ABOUT = "score.mid", "project.json"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a file held."""

    work: Work
    repairs: tuple[str, ...] = ()
    digest: str = ""
    """Of the file's content, to tell later whether another program changed it."""
    recovery: Mapping[str, Any] = field(default_factory=dict)
    """What a recovery copy says of where it comes from, unchecked; {} in any other file."""


@dataclass(frozen=True, slots=True)
class _Format:
    format: int


@dataclass(frozen=True, slots=True)
class _About:
    """project.json, beside its format."""

    part: int
    """Index of the part that is edited."""
    generated: tuple[tuple[int, int, int, int], ...]
    """onset, pitch, duration, velocity."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The choices of the Generate panel."""
    takes: Any = None
    """Every batch of takes."""
    recovery: dict[str, Any] = field(default_factory=dict)
    """Where the work of a recovery copy comes from."""


def is_project(path: Path) -> bool:
    return path.suffix.lower() == PROJECT_SUFFIX


def read_document(path: Path) -> Opened:
    """The document at `path`, by its ending. Raises FileError."""
    try:
        content = read_file(path, at_most=_LARGEST)
    except DamagedError as error:
        raise FileError(f"‘{path.name}’ can't be opened: {error.reason}.") from error
    if is_project(path):
        return read_project(content, path.name)
    from core.music.midi_file import read_midi_bytes  # loads the MIDI libraries, which starting up can do without

    result = read_midi_bytes(content, path.name)
    return Opened(Work(Snapshot(result.score)), result.repairs, digest(content))


def write_document(path: Path, work: Work, *, known: str | None = None) -> str:
    """Write by the ending of `path`, all at once; the digest of what was written.

    known: the digest of what has to lie there still. Raises ChangedError when something else does, FileError when it
    can't be written, or could not be opened again; then what was there is untouched.
    """
    from core.music.midi_file import midi_bytes, read_midi_bytes

    content = project_bytes(work) if is_project(path) else midi_bytes(work.snapshot.score)
    try:
        read_project(content, path.name) if is_project(path) else read_midi_bytes(content, path.name)
    except FileError as error:
        raise FileError(
            f"‘{path.name}’ was not saved, for it could not be opened again.",
            hint=f"{error.sentence} Save it in two halves.",
        ) from error
    if known is not None:
        require_unchanged(path, known)
    write_bytes(path, content)
    return digest(content)


def project_bytes(work: Work, *, recovery: Mapping[str, Any] | None = None) -> bytes:
    """recovery: what a recovery copy says of where it comes from. Raises FileError where no project can hold it all."""
    snapshot = work.snapshot
    seeds = _Seeds(snapshot.score)
    about = {
        "format": _FORMAT,
        "part": snapshot.part,
        "generated": sorted([note.onset, note.pitch, note.duration, note.velocity] for note in snapshot.generated),
        "settings": dict(work.settings),
        "takes": takes_record(work.takes, seeds.name),
        **({"recovery": dict(recovery)} if recovery else {}),
    }
    # The names of files may hold halves of characters.
    text = json.dumps(about, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    if len(text) > _MOST_TEXT_BYTES or len(seeds.names) >= _MOST_MEMBERS:
        raise FileError("It holds more takes than a project can.", hint="Discard some batches of them.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_ABOUT, text)
        for content, name in seeds.names.items():
            archive.writestr(name, content)
    return packed.getvalue()


class _Seeds:
    """The scores that go into a project, each once."""

    def __init__(self, score: Score) -> None:
        from core.music.midi_file import midi_bytes

        self._encoded = midi_bytes
        self._known = {id(score): _SCORE}  # batch after batch often continues one and the same
        self.names: dict[bytes, str] = {midi_bytes(score): _SCORE}
        self._size = 0

    def name(self, seed: Score) -> str:
        """What a score is called in the project. Where they get too many, the document's own stands for it."""
        name = self._known.get(id(seed))
        if name is None:
            content = self._encoded(seed)
            name = self.names.get(content)
            if name is None and self._size + len(content) > _MOST_SEEDS:
                name = _SCORE
            elif name is None:
                self._size += len(content)
                name = self.names[content] = f"seeds/{len(self.names)}.mid"
            self._known[id(seed)] = name
        return name


def read_project(content: bytes, name: str) -> Opened:
    """The project in `content`; `name` is what messages call it. Raises FileError."""
    from core.music.midi_file import read_midi_bytes

    try:
        with Zip(content, most_members=_MOST_MEMBERS, most_bytes=_LARGEST) as archive:
            stored = parse_json(archive.read(_ABOUT, at_most=_MOST_TEXT_BYTES), at_most=_MOST_TEXT_BYTES)
            if build(_Format, stored).format > _FORMAT:
                raise NewerError(f"‘{name}’")
            about = build(_About, stored)
            generated = frozenset(Note(*values) for values in about.generated)
            score = read_midi_bytes(archive.read(_SCORE, at_most=_LARGEST), name).score
            seeds = {_SCORE: score}

            def seed_named(member: str) -> Score:
                if member not in seeds:
                    seeds[member] = read_midi_bytes(archive.read(member, at_most=_LARGEST), member).score
                return seeds[member]

            takes, damaged = (Takes(), 0) if about.takes is None else read_takes(about.takes, seed_named)
    except DamagedError as error:
        raise FileError(
            f"‘{name}’ can't be opened: it is damaged, or not a Ritornello project ({error.reason})."
        ) from error
    except ValueError as error:
        raise FileError(f"‘{name}’ can't be opened: it is damaged, or not a Ritornello project.") from error
    part = min(max(about.part, 0), len(score.parts) - 1)
    repairs = ("Some of its takes are damaged and were left out.",) if damaged else ()
    work = Work(Snapshot(score, score.held(generated), part), takes, about.settings)
    return Opened(work, repairs, digest(content), about.recovery)
