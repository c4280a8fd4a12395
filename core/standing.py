"""What the program stands on: a user folder that keeps what is put into it, and the files that it was shipped with.

Looked at once at the start, so that nobody learns of it from lost work. Everything goes on as far as it can.
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from core import paths
from core.errors import FileError
from core.files import not_written

_ROOM = bytes(1 << 20)
"""A settings file, a recovery copy and the log fit in."""
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "Free some space."),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "Move that file away, or have RITORNELLO_HOME name another folder."),
}
_PARTS = {
    "": "Settings, models, collections and recovery copies won't be kept.",
    "models": "The models in it are not shown, and new ones not kept.",
    "corpora": "The collections in it are not shown, and new ones not kept.",
    "cache": "No files can be brought into Pieces.",
    "recovery": "There will be no recovery copies: save often.",
}
"""Folders of the user folder, and what is lost where one can't be used. The log and the trash are missed by nobody at the start."""
_AGAIN = "Install Ritornello again."


def user_folder_troubles(home: Path) -> tuple[FileError, ...]:
    """Why the user folder, or a folder within, can't keep things; () where all is well. The user folder is made."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        _try_out(home, _ROOM)
    except OSError as error:
        return (_unusable(home, "", error),)
    return tuple(_troubles_within(home))


def _troubles_within(home: Path) -> Iterator[FileError]:
    for part in filter(None, _PARTS):
        folder = home / part
        try:
            if os.path.lexists(folder):
                _try_out(folder, b"")
        except OSError as error:
            yield _unusable(folder, part, error)


def _try_out(folder: Path, content: bytes) -> None:
    """Raises OSError unless the folder can be looked into and takes a file."""
    os.scandir(folder).close()
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(content)
        file.flush()


def _unusable(folder: Path, part: str, error: OSError) -> FileError:
    remedy = _REMEDIES.get(
        error.errno or 0, "Change its permissions, or have RITORNELLO_HOME name a folder of your own."
    )
    return FileError(not_written(f"‘{folder}’ can't be used", error).sentence, hint=f"{_PARTS[part]} {remedy}")


def missing_files() -> tuple[FileError, ...]:
    """The shipped files that are not there, each with what happens without it.

    Those that only a part of the program can do without; icons are told when they are needed.
    """
    starter = paths.starter_model()
    shipped = {
        starter / "model.json": "Train a model of your own to generate.",
        starter / "weights.npz": "The starter model can't answer: train one of your own to generate.",
        paths.soundfont(): "A simple built-in sound is used.",
        paths.demo_seed(): "Begin with a melody of your own.",
        paths.sample_collection(): "The sample pieces can't be used.",
    }
    return tuple(lost_file(path, without) for path, without in shipped.items() if not path.is_file())


def lost_file(path: Path, without: str) -> FileError:
    """The sentence for a shipped file that is missing or damaged. without: what happens without it, in a sentence."""
    return FileError(f"Ritornello's own file ‘{path}’ is missing or damaged.", hint=f"{without} {_AGAIN}".strip())
