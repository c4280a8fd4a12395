"""What is dropped on the window, and the blue line that says what the drop would do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QMimeData, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui import theme
from gui.project_file import PROJECT_SUFFIX

MODEL_SUFFIX = ".ritornello-model"


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files and folders of this computer, and what they are for."""

    paths: tuple[Path, ...]
    kind: Literal["project", "model", "pieces"]


def dropped_files(mime: QMimeData) -> Dropped | None:
    """What a drag carries; None when it is nothing for us."""
    found = tuple(Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile())
    if not found:
        return None
    suffix = found[0].suffix.lower() if len(found) == 1 else ""
    if suffix == PROJECT_SUFFIX:
        return Dropped(found, "project")
    return Dropped(found, "model" if suffix == MODEL_SUFFIX else "pieces")


class DropFrame(QWidget):
    """A blue line inside the whole window, and what a drop would do."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_kind(self, kind: Literal["project", "model", "pieces"]) -> None:
        self._words = {
            "project": self.tr("Drop to open"),
            "model": self.tr("Drop to add the model"),
            "pieces": self.tr("Drop to add to Pieces"),
        }[kind]
        self.setGeometry(self._over.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setPen(QPen(colors.color("you.base"), 2))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.setFont(colors.font("title", "semibold"))
        width = painter.fontMetrics().horizontalAdvance(self._words) + 48
        pill = QRect((self.width() - width) // 2, self.height() - 120, width, 44)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("you.base"))
        painter.drawRoundedRect(pill, 22, 22)
        painter.setPen(colors.color("text.on_you"))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), self._words)
