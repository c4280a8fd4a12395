"""An editor on the screen, and hands for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.music.score import Note, Part, Score
from gui import theme
from gui.document import Document, Snapshot
from gui.piano_roll.editor import PianoRollEditor
from gui.piano_roll.viewport import Viewport

NO_KEYS = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton

QUARTER = 480


def seed() -> tuple[Note, ...]:
    """C5 D5 E5 F5, quarters from the start; the third is soft."""
    return tuple(
        Note(index * QUARTER, pitch, QUARTER, 40 if index == 2 else 90) for index, pitch in enumerate((72, 74, 76, 77))
    )


@dataclass
class Hands:
    """Presses and drags at ticks and pitches."""

    editor: PianoRollEditor

    @property
    def document(self) -> Document:
        return self.editor.view.document

    @property
    def notes(self) -> tuple[Note, ...]:
        return self.document.score.parts[self.document.part].notes

    def point(self, tick: float, pitch: int) -> QPoint:
        view = self.editor.view.viewport
        return QPoint(round(view.x_at(tick)), view.y_at(pitch) + view.row_height // 2)

    def press(
        self, tick: float, pitch: int, *, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEYS
    ) -> None:
        QTest.mousePress(self.editor.canvas, button, keys, self.point(tick, pitch))

    def move(
        self, tick: float, pitch: int, *, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEYS
    ) -> None:
        mouse_move(self.editor.canvas, self.point(tick, pitch), button, keys)

    def release(
        self, tick: float, pitch: int, *, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEYS
    ) -> None:
        QTest.mouseRelease(self.editor.canvas, button, keys, self.point(tick, pitch))

    def click(
        self, tick: float, pitch: int, *, button: Qt.MouseButton = LEFT, keys: Qt.KeyboardModifier = NO_KEYS
    ) -> None:
        self.press(tick, pitch, button=button, keys=keys)
        self.release(tick, pitch, button=button, keys=keys)

    def double_click(self, tick: float, pitch: int) -> None:
        self.click(tick, pitch)
        QTest.mouseDClick(self.editor.canvas, LEFT, NO_KEYS, self.point(tick, pitch))
        self.release(tick, pitch)

    def drag(
        self,
        start: tuple[float, int],
        end: tuple[float, int],
        *,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NO_KEYS,
        held: Qt.KeyboardModifier | None = None,
    ) -> None:
        """From one place to another in three moves; `held`: the keys after the press, if others."""
        later = keys if held is None else held
        self.press(*start, button=button, keys=keys)
        for share in (0.3, 0.7, 1.0):
            tick = start[0] + (end[0] - start[0]) * share
            self.move(tick, round(start[1] + (end[1] - start[1]) * share), button=button, keys=later)
        self.release(*end, button=button, keys=later)

    def type(self, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
        QTest.keyClick(self.editor.canvas, key, keys)


def mouse_move(widget: object, at: QPoint, button: Qt.MouseButton, keys: Qt.KeyboardModifier) -> None:
    """QTest's own move can hold neither a button nor a key."""
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication, QWidget

    assert isinstance(widget, QWidget)
    where = QPointF(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove, where, QPointF(widget.mapToGlobal(at)), Qt.MouseButton.NoButton, button, keys
    )
    QApplication.sendEvent(widget, event)


@pytest.fixture
def make_hands(qtbot: QtBot, qapp: object) -> Iterator[Callable[..., Hands]]:
    """An editor of 900 × 600 with these notes in its part, 64 pixels a quarter, C5 in sight."""

    def make(
        notes: tuple[Note, ...] = (), *, score: Score | None = None, generated: frozenset[Note] = frozenset()
    ) -> Hands:
        theme.apply(qapp, "dark")  # type: ignore[arg-type]  # pytest-qt's application is a QApplication
        document = Document()
        editor = PianoRollEditor(document)
        qtbot.addWidget(editor)
        editor.resize(900, 600)
        editor.show()
        document.open(Snapshot(score or Score(parts=(Part.of(notes),)), generated))
        shown = Viewport(pixels_per_tick=64 / QUARTER)
        view = editor.view
        shown = replace(shown, width=view.viewport.width, height=view.viewport.height).centred_on(72, 72)
        view.set_viewport(shown)
        editor.canvas.setFocus()
        documents.append(document)
        return Hands(editor)

    documents: list[Document] = []
    yield make
    for document in documents:
        document.undo_stack.clear()


@pytest.fixture
def hands(make_hands: Callable[..., Hands]) -> Hands:
    """The same with four notes of a seed."""
    return make_hands(seed())
