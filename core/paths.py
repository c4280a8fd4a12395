"""Where things live: resources beside the program; models, corpora, cache, recovery and logs in the user folder.

`RITORNELLO_HOME` moves the user folder. Nothing here makes a folder: whoever writes does.
"""

import os
import sys
from pathlib import Path

import platformdirs


def home() -> Path:
    """The user folder, from `RITORNELLO_HOME` or the system's place for an application's data."""
    chosen = os.environ.get("RITORNELLO_HOME")
    return (
        Path(chosen).expanduser().absolute() if chosen else platformdirs.user_data_path("Ritornello", appauthor=False)
    )


def resources() -> Path:
    """The shipped, read-only files: inside a frozen application, within an installed copy, or beside the packages."""
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen:
        return Path(frozen) / "resources"
    core = Path(__file__).resolve().parent
    installed = core / "resources"  # where packaging/wheel.py puts them
    return installed if installed.is_dir() else core.parent / "resources"


def handbook() -> Path:
    """The folder of the handbook's pages: shipped with the resources, or where `packaging/build.py docs` puts them."""
    shipped = resources() / "handbook"
    return shipped if shipped.is_dir() else resources().parent / "build" / "docs"


def settings_file() -> Path:
    return home() / "settings.json"


def cache_file() -> Path:
    """The SQLite file of everything ever read, which spares reading it again."""
    return home() / "cache" / "files.sqlite"


def recovery_folder() -> Path:
    return home() / "recovery"


def log_file() -> Path:
    return home() / "logs" / "ritornello.log"


def crash_file() -> Path:
    """What Python says as the program crashes; gone when it ends in order."""
    return log_file().with_name("crash.txt")


def soundfont() -> Path:
    return resources() / "soundfont" / "gm12.sf3"


def starter_model() -> Path:
    return resources() / "starter-model"


def demo_seed() -> Path:
    return resources() / "demo" / "seed.mid"


def sample_collection() -> Path:
    """The .zip of CC0 melodies shipped as the sample pieces."""
    return resources() / "demo" / "lieder.zip"
