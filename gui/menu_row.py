"""The first and last line of the window: menus with the document's name, and the status bar."""

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QMenuBar, QWidget

from gui import theme
from gui.actions import MENUS, Actions, menu_title
from gui.controls.text import Surface, Text

_NOTE_MS = 8_000


class MenuRow(Surface):
    """30 high: menus at the left, the document's name in the middle, when it was saved at the right."""

    def __init__(self, actions: Actions, *, parent: QWidget | None = None) -> None:
        super().__init__("bg.window", parent=parent)
        self.setFixedHeight(theme.metric("size.menu_bar"))
        self.bar = QMenuBar(self)
        self.recent = QMenu(self.tr("Open recent"), self)
        for name in MENUS:
            menu = self.bar.addMenu(menu_title(name))
            menu.setToolTipsVisible(True)
            actions.fill_menu(menu, name)
            if name == "File":
                menu.insertMenu(actions["save"], self.recent)
        self.title = Text("", weight="medium")
        self._mark = Text("", role="text.muted")
        self._saved = Text("", size="caption", role="text.muted")
        self._middle = QWidget(self)
        middle = QHBoxLayout(self._middle)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(5)
        middle.addWidget(self.title)
        middle.addWidget(self._mark)
        self._middle.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 16, 0)
        row.addWidget(self.bar, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(self._saved)

    def show_title(self, title: str, *, is_dirty: bool) -> None:
        self.title.setText(title)
        self._mark.setText(self.tr("— edited") if is_dirty else "")
        self._place()

    def show_saved(self, words: str) -> None:
        """When a copy was last written, or ""."""
        self._saved.setText(words)
        self._place()

    def _place(self) -> None:
        size = self._middle.sizeHint()
        left = (self.width() - size.width()) // 2
        self._middle.setGeometry(left, 0, size.width(), self.height())
        collides = left < self.bar.sizeHint().width() or left + size.width() > self.width() - self._saved.width() - 24
        self._middle.setVisible(not collides)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def sizeHint(self) -> QSize:
        return QSize(self.bar.sizeHint().width(), theme.metric("size.menu_bar"))


class StatusBar(Surface):
    """28 high: at the left what is under the pointer or has just happened, at the right the instrument."""

    def __init__(self, *, parent: QWidget | None = None) -> None:
        super().__init__("bg.panel", edges="t", parent=parent)
        self.setFixedHeight(theme.metric("size.status_bar"))
        self._words = Text("", size="caption", role="text.secondary", elides=True)
        self._right = Text("", size="caption", role="text.muted")
        self._hint = ""
        self._pointed = ""
        self._noted = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(20)
        row.addWidget(self._words, 1)
        row.addWidget(self._right)
        self._passing = QTimer(self)
        self._passing.setSingleShot(True)
        self._passing.setInterval(_NOTE_MS)
        self._passing.timeout.connect(self._forget_note)

    @property
    def words(self) -> str:
        return self._words.text()

    def set_hint(self, words: str) -> None:
        """What stands there when there is nothing else to say."""
        self._hint = words
        self._show()

    def show_pointed(self, words: str) -> None:
        """What is under the pointer; "" = nothing."""
        self._pointed = words
        self._show()

    def note(self, words: str) -> None:
        """Say something for a few seconds."""
        self._noted = words
        self._passing.start()
        self._show()

    def show_right(self, words: str) -> None:
        self._right.setText(words)

    def _forget_note(self) -> None:
        self._noted = ""
        self._show()

    def _show(self) -> None:
        self._words.setText(self._noted or self._pointed or self._hint)
