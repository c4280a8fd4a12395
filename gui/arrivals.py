"""What comes from outside: files named at the start, handed over by another start, or sent by the desktop."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui import messages
from gui.drop_frame import MODEL_SUFFIX
from gui.messages import Message
from gui.project_file import PROJECT_SUFFIX


class Arrivals(QObject):
    """Opens each file as what it is, once the window is ready and no dialog stands in front of it."""

    def __init__(
        self,
        window: QWidget,
        *,
        open_document: Callable[[Path], None],
        import_paths: Callable[[Sequence[Path]], None],
        import_model: Callable[[Path], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._open_document, self._import_paths, self._import_model = open_document, import_paths, import_model
        self._is_ready = False
        self._waiting: list[tuple[Path, ...]] = []
        window.installEventFilter(self)

    def begin(self) -> None:
        """The window is there: whatever came meanwhile is opened, and what comes is."""
        self._is_ready = True
        self._go_on()

    def receive(self, paths: Sequence[Path], token: str = "") -> None:
        """Bring the window forward, and open what has come as soon as that can be. token: the desktop's leave for it."""
        if paths:
            self._waiting.append(tuple(paths))
        if not self._is_ready:
            return
        if token:
            os.environ["XDG_ACTIVATION_TOKEN"] = token  # where Qt looks for it
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        os.environ.pop("XDG_ACTIVATION_TOKEN", None)
        self._go_on()

    def open(self, paths: Sequence[Path]) -> None:
        """One piece of music becomes the document; several, a folder or a .zip become pieces; models join the others."""
        paths = tuple(dict.fromkeys(paths))
        models = [path for path in paths if path.suffix.lower() == MODEL_SUFFIX]
        projects = [path for path in paths if path.suffix.lower() == PROJECT_SUFFIX]
        music = [path for path in paths if path not in (*models, *projects)]
        for model in models:
            self._import_model(model)
        if len(music) == 1 and not projects and not _holds_several(music[0]):
            self._open_document(music[0])
        elif music:
            self._import_paths(music)
        if projects:
            self._open_document(projects[0])
            for other in projects[1:]:
                sentence = self.tr("‘{name}’ was not opened: there is one document at a time.")
                messages.post(Message(sentence.format(name=other.name), self.tr("Open it when you are done.")))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):  # macOS sends what was double-clicked to the application
            self.receive([Path(event.file())])
            return True
        if watched is self._window and event.type() == QEvent.Type.WindowUnblocked:
            self._go_on()
        return super().eventFilter(watched, event)

    def _go_on(self) -> None:
        while self._waiting and self._is_ready and QApplication.activeModalWidget() is None:
            self.open(self._waiting.pop(0))


def _holds_several(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() == ".zip"
