"""What the musician prefers: a frozen value with defaults, kept in one JSON file."""

import dataclasses
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import DamagedError, FileError, MissingError, NewerError
from core.files import write_text
from core.loading.json_values import build, read_json

_FORMAT = 1
"""Raise it only where an older Ritornello would misread what it knows: what it doesn't know it passes over, and drops."""
_MOST_BYTES = 1_000_000
ThemeName = Literal["system", "dark", "light"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything remembered from one start to the next that is not music."""

    theme: ThemeName = "system"
    """The window's colours."""
    volume: float = 0.7
    """0 to 1."""
    middle_c: Literal[3, 4] = 4
    """The octave number shown for MIDI pitch 60."""
    show_first_page: bool = True
    """Whether the window opens with the first page."""
    tour_shown: bool = False
    """The tour comes by itself once, when the first takes are there; Help ▸ Tour shows it again."""
    plays_takes_on_arrival: bool = False
    """Whether the first take of each batch plays as soon as it is there."""
    normalises_audio: bool = True
    """Whether an exported .wav is made as loud as can be."""
    reduces_motion: bool = False
    """Whether nothing glides or fades."""
    recent_files: tuple[str, ...] = ()
    """Absolute paths, newest first, at most ten."""
    last_model: str = "starter"
    """Library name of the model last chosen for generating."""
    window_geometry: str = ""
    """Base64 of Qt's own format; "" before the first start."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in a settings file."""

    settings: Settings
    """As far as it can be read; the defaults for all else."""
    trouble: FileError | None = None
    """Why it can't be read, for a person; a NewerError where nothing may be written in its place."""


def read_settings(path: Path) -> Stored:
    """The settings at `path`; a missing or foreign entry falls back to its default."""
    try:
        stored = read_json(path, at_most=_MOST_BYTES)
        settings = build(Settings, stored, lenient=True)
    except MissingError:
        return Stored(Settings())
    except DamagedError as error:
        becomes = f"the file is kept as ‘{_aside(path).name}’" if _is_ours(path) else "what you change is not kept"
        hint = f"The defaults are used, and {becomes}."
        return Stored(Settings(), FileError(f"The settings, ‘{path}’, can't be read: {error.reason}.", hint=hint))
    settings = dataclasses.replace(settings, volume=min(max(settings.volume, 0.0), 1.0))
    if isinstance(stored.get("format"), int) and stored["format"] > _FORMAT:
        hint = "It stays as it is: what you change here is not kept."
        return Stored(settings, NewerError("The settings file", hint=hint))
    return Stored(settings)


def write_settings(path: Path, settings: Settings) -> None:
    """Keep `settings` at `path`. Raises FileError."""
    write_text(path, json.dumps({"format": _FORMAT, **dataclasses.asdict(settings)}, indent=1, ensure_ascii=False))


def set_aside(path: Path) -> None:
    """Keep a damaged settings file beside its place, which is free then; one that is not ours to read stays."""
    with suppress(OSError):
        if _is_ours(path):
            path.replace(_aside(path))


def _is_ours(path: Path) -> bool:
    return path.is_file() and os.access(path, os.R_OK | os.W_OK)


def _aside(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")
