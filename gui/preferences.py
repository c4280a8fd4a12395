"""The settings in force: one value that the window changes and that is kept at once, or when what slides has rested."""

import dataclasses
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import FileError, NewerError
from core.settings import Settings, read_settings, set_aside, write_settings
from gui import messages

_RECENT = 10
_RESTS_MS = 500


class Preferences(QObject):
    """Holds Settings and writes them to their file."""

    changed = Signal()

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file: Path | None = file
        """None: it must not be written."""
        stored = read_settings(file)
        self._settings = self._kept = stored.settings
        self.trouble = stored.trouble
        """Why the settings can't be read."""
        self.tells_of_loss = True
        """Whether it is still to be said that they can't be kept: once is enough."""
        if isinstance(self.trouble, NewerError):
            self._file = None
        elif self.trouble is not None:
            set_aside(file)
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_RESTS_MS)
        self._resting.timeout.connect(self.keep)

    @property
    def settings(self) -> Settings:
        return self._settings

    def change(self, **values: Any) -> None:
        """Set fields of Settings by name, and keep them."""
        self._set(values)
        self.keep()

    def slide(self, **values: Any) -> None:
        """Set fields that change many times a second: they are kept once they have rested, or by `keep`."""
        self._set(values)
        self._resting.start()

    def keep(self) -> None:
        """Write what isn't written yet. A settings file that can't be written is no reason to stop working."""
        self._resting.stop()
        if self._settings == self._kept:
            return
        self._kept = self._settings
        if self._file is None:
            return
        try:
            write_settings(self._file, self._settings)
        except FileError as error:
            if self.tells_of_loss:
                self.tells_of_loss = False
                messages.post_failure(error)

    def _set(self, values: dict[str, Any]) -> None:
        settings = dataclasses.replace(self._settings, **values)
        if settings != self._settings:
            self._settings = settings
            self.changed.emit()

    def remember_file(self, path: Path) -> None:
        """Put `path` first among the recent files."""
        recent = [str(path.absolute()), *(name for name in self._settings.recent_files if name != str(path.absolute()))]
        self.change(recent_files=tuple(recent[:_RECENT]))

    def forget_file(self, path: Path) -> None:
        self.change(recent_files=tuple(name for name in self._settings.recent_files if name != str(path)))
