"""What Qt has put off until its loop comes round: layouts, painting, deferred deletions, words from threads that ended."""

from PySide6.QtCore import QCoreApplication


def settle() -> None:
    """Do all of it, and what that puts off again."""
    for _round in range(3):
        QCoreApplication.processEvents()
