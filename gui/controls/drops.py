"""Taking what is dropped without taking it away from where it was."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QDropEvent


def accept_copy(event: QDropEvent) -> bool:
    """Accept a drag as a copy, whatever its source proposes; False where it offers none.

    A file manager deletes its own files after a move.
    """
    if not event.possibleActions() & Qt.DropAction.CopyAction:
        event.ignore()
        return False
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
    return True
