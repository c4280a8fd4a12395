"""What the musician prefers: a frozen value with defaults, kept in one JSON file."""

import dataclasses
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from core.files import write_text

_LOG = logging.getLogger(__name__)

ThemeName = Literal["system", "dark", "light"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything remembered from one start to the next that is not music."""

    theme: ThemeName = "system"
    volume: float = 0.7
    """0 to 1."""
    middle_c: Literal[3, 4] = 4
    """The octave number shown for MIDI pitch 60."""
    show_first_page: bool = True
    plays_takes_on_arrival: bool = False
    reduces_motion: bool = False
    recent_files: tuple[str, ...] = ()
    """Absolute paths, newest first, at most ten."""
    last_model: str = "starter"
    """Library name of the model last chosen for generating."""
    window_geometry: str = ""
    """Base64 of Qt's own format; "" before the first start."""


def read_settings(path: Path) -> Settings:
    """The settings at `path`; a missing, damaged or foreign entry falls back to its default."""
    try:
        stored = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError):
        _LOG.info("settings at %s can't be read; using the defaults", path)
        return Settings()
    if not isinstance(stored, dict):
        return Settings()
    known: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        value = stored.get(field.name)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = tuple(value)
        default = field.default
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        choices = get_args(field.type)
        fits = value in choices if choices and choices[0] is not str else type(value) is type(default)
        if fits:
            known[field.name] = value
    return Settings(**known)


def write_settings(path: Path, settings: Settings) -> None:
    """Keep `settings` at `path`. Raises FileError."""
    write_text(path, json.dumps(dataclasses.asdict(settings), indent=1, ensure_ascii=False))
