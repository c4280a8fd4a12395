"""Whatever is dropped, and wherever, stays where it was."""

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from core.music.midi_file import write_midi
from tests.gui.conftest import line, score_of

COPY, MOVE = Qt.DropAction.CopyAction, Qt.DropAction.MoveAction


def answers(target: QWidget, mime: QMimeData, possible: Qt.DropAction) -> list[tuple[bool, Qt.DropAction]]:
    """Whether each event of a drag that proposes a move is accepted, and as what."""
    where, left, none = target.rect().center(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    heard = []
    for event in (
        QDragEnterEvent(where, possible, mime, left, none),
        QDragMoveEvent(where, possible, mime, left, none),
        QDropEvent(QPointF(where), possible, mime, left, none),
    ):
        event.setDropAction(MOVE)
        event.setAccepted(False)
        QApplication.sendEvent(target, event)
        heard.append((event.isAccepted(), event.dropAction()))
    return heard


@pytest.mark.parametrize("where", ["window", "roll"])
def test_a_file_that_its_source_would_move_is_copied(desk, qtbot, tmp_path, where):
    path = tmp_path / "song.mid"
    write_midi(score_of(*line(*range(50, 80))), path)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    target = desk.window if where == "window" else desk.window.compose.roll.canvas
    assert answers(target, mime, COPY | MOVE) == [(True, COPY)] * 3
    qtbot.waitUntil(lambda: not desk.jobs.is_busy("import"))


@pytest.mark.parametrize("where", ["window", "roll"])
def test_a_file_that_can_only_be_moved_is_not_taken(desk, tmp_path, where):
    path = tmp_path / "song.mid"
    path.write_bytes(b"MThd")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    target = desk.window if where == "window" else desk.window.compose.roll.canvas
    assert not any(accepted for accepted, _ in answers(target, mime, MOVE))
