"""Handing over to other programs of the desktop: a page to a browser, a folder to a file manager."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

_LIBRARIES = "LD_LIBRARY_PATH"


def open_outside(path: Path) -> bool:
    """Let the desktop open a file or folder by the program that is meant for it; False where it knows none."""
    with _as_we_were_started():
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


@contextmanager
def _as_we_were_started() -> Iterator[None]:
    """A frozen program looks for libraries in its own folder first; a browser that did so too would crash."""
    ours = os.environ.get(_LIBRARIES)
    if not getattr(sys, "frozen", False) or ours is None:
        yield
        return
    theirs = os.environ.get(f"{_LIBRARIES}_ORIG")
    if theirs is None:
        del os.environ[_LIBRARIES]
    else:
        os.environ[_LIBRARIES] = theirs
    try:
        yield
    finally:
        os.environ[_LIBRARIES] = ours
