"""The handbook's pages, which came with the program, opened in the musician's browser."""

from typing import Literal

from PySide6.QtCore import QCoreApplication

from core import paths
from gui import messages
from gui.controls.buttons import QuietButton
from gui.desktop import open_outside
from gui.messages import Message

Page = Literal["index", "how-it-learns", "what-to-expect", "presets", "troubleshooting"]
"""Those that the window leads to."""


def _tr(text: str) -> str:
    return QCoreApplication.translate("handbook", text)


def open_page(page: Page = "index") -> None:
    """Show a page in the browser, or say why there is none."""
    folder = paths.handbook()
    file = (folder / f"{page}.html").resolve()  # a browser in a sandbox may see the place that a link leads to alone
    if not file.is_file():
        missing = Message(
            _tr("The handbook didn’t come with this copy of Ritornello."),
            _tr("‘python3 packaging/build.py docs’ makes it. Its texts can be read in the folder ‘docs’."),
        )
        messages.post(missing)
    elif open_outside(file):
        messages.note(_tr("The handbook opens in your browser: {file}").format(file=file))
    else:
        messages.post(
            Message(_tr("No browser could be opened."), _tr("The handbook is here: {file}").format(file=file))
        )


def page_button(words: str, page: Page) -> QuietButton:
    """A quiet button that leads to a page."""
    button = QuietButton(words, icon="info")
    button.setToolTip(_tr("Opens a page of the handbook in your browser"))
    button.clicked.connect(lambda: open_page(page))
    return button
