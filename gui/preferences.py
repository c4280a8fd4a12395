"""The settings in force: one value that the window changes and that is kept at once."""

import dataclasses
import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.errors import FileError
from core.settings import Settings, read_settings, write_settings

_LOG = logging.getLogger(__name__)
_RECENT = 10


class Preferences(QObject):
    """Holds Settings and writes them to their file after every change."""

    changed = Signal()

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._settings = read_settings(file)

    @property
    def settings(self) -> Settings:
        return self._settings

    def change(self, **values: Any) -> None:
        """Set fields of Settings by name. A settings file that can't be written is no reason to stop working."""
        settings = dataclasses.replace(self._settings, **values)
        if settings == self._settings:
            return
        self._settings = settings
        try:
            write_settings(self._file, settings)
        except FileError as error:
            _LOG.info("settings not kept: %s", error)
        self.changed.emit()

    def remember_file(self, path: Path) -> None:
        """Put `path` first among the recent files."""
        recent = [str(path.absolute()), *(name for name in self._settings.recent_files if name != str(path.absolute()))]
        self.change(recent_files=tuple(recent[:_RECENT]))

    def forget_file(self, path: Path) -> None:
        self.change(recent_files=tuple(name for name in self._settings.recent_files if name != str(path)))
