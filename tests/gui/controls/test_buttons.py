import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.controls.buttons import Button, IconButton, ModelButton, PlainButton, shortcut_words
from gui.controls.focus import FocusRing


@pytest.fixture
def pair(dressed, qtbot):
    window = QWidget()
    column = QVBoxLayout(window)
    buttons = ModelButton("Generate", icon="chevrons-right", shortcut="G"), PlainButton("Sort")
    for button in buttons:
        column.addWidget(button)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for button in buttons:
        button.clearFocus()  # a window gives its first control the focus as it opens
    yield buttons
    window.close()


def rings(button):
    return [ring for ring in button.parentWidget().findChildren(FocusRing) if ring.isVisible()]


def test_the_ring_is_there_for_the_keyboard_alone(pair, qtbot):
    first, second = pair
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert not rings(first)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    assert len(rings(first)) == 1
    second.setFocus(Qt.FocusReason.TabFocusReason)
    assert len(rings(second)) == 1
    assert second.has_ring
    assert not first.has_ring


def test_the_ring_lies_outside_of_the_button(pair):
    first, _ = pair
    first.setFocus(Qt.FocusReason.TabFocusReason)
    (ring,) = rings(first)
    assert ring.geometry() == first.geometry().adjusted(-4, -4, 4, 4)
    assert ring.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_the_ring_comes_back_with_the_window(pair):
    from PySide6.QtGui import QFocusEvent

    first, _ = pair
    first.setFocus(Qt.FocusReason.TabFocusReason)
    away = Qt.FocusReason.ActiveWindowFocusReason
    first.focusOutEvent(QFocusEvent(QEvent.Type.FocusOut, away))
    assert not first.has_ring
    first.focusInEvent(QFocusEvent(QEvent.Type.FocusIn, away))
    assert first.has_ring


def test_enter_presses_the_focused_button_before_any_shortcut(pair, qtbot):
    first, _ = pair
    first.setFocus(Qt.FocusReason.TabFocusReason)
    override = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    override.ignore()
    first.event(override)
    assert override.isAccepted()
    with qtbot.waitSignal(first.clicked):
        qtbot.keyClick(first, Qt.Key.Key_Return)


def test_a_button_that_follows_an_action_does_and_looks_as_it(dressed, qtbot):
    action = QAction("Loop")
    action.setCheckable(True)
    action.setToolTip("Loop  (L)")
    button = IconButton("repeat", "")
    qtbot.addWidget(button)
    button.follow(action)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert action.isChecked()
    assert button.isChecked()
    action.setChecked(False)
    assert not button.isChecked()
    action.setEnabled(False)
    assert not button.isEnabled()
    assert button.toolTip() == "Loop  (L)"


@pytest.mark.parametrize("kind", ["model", "you", "plain", "quiet"])
@pytest.mark.parametrize("state", ["rest", "down", "checked", "disabled"])
def test_every_state_of_every_kind_paints(dressed, qtbot, kind, state):
    button = Button("Keep", kind=kind, icon="check", shortcut="Ctrl ↵", checkable=True)
    qtbot.addWidget(button)
    button.setDown(state == "down")
    button.setChecked(state == "checked")
    button.setEnabled(state != "disabled")
    button.resize(button.sizeHint())
    assert not button.grab().isNull()


def test_shortcuts_are_written_as_on_keys(dressed):
    assert shortcut_words("Ctrl+Return") == "Ctrl ↵"
    assert shortcut_words("G") == "G"
