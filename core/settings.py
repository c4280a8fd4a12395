"""What the musician prefers: a frozen value with defaults, kept in one JSON file."""

import dataclasses
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import DamagedError, MissingError
from core.files import write_text
from core.loading.json_values import build, read_json

_LOG = logging.getLogger(__name__)

_MOST_BYTES = 1_000_000
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
        settings = build(Settings, read_json(path, at_most=_MOST_BYTES), lenient=True)
    except MissingError:
        return Settings()
    except DamagedError as error:
        _LOG.info("using the defaults, for the settings at %s can't be read: %s", path, error.reason)
        return Settings()
    return dataclasses.replace(settings, volume=min(max(settings.volume, 0.0), 1.0))


def write_settings(path: Path, settings: Settings) -> None:
    """Keep `settings` at `path`. Raises FileError."""
    write_text(path, json.dumps(dataclasses.asdict(settings), indent=1, ensure_ascii=False))
