"""Help leads to the handbook's pages where they are, and says what to do where they aren't."""

import os
from pathlib import Path
from typing import get_args

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from core import paths
from gui import handbook, messages
from gui.check_page import CheckPage
from gui.controls.buttons import QuietButton
from gui.corpus.report_panel import ReportPanel
from gui.shortcuts_page import ShortcutsPage
from gui.training.advanced_settings import AdvancedSettings
from tests.conftest import PROJECT


class Browser(QObject):
    """Notes what it is to open, and where it would look for libraries."""

    def __init__(self):
        super().__init__()
        self.opened = []
        self.libraries = "?"

    @Slot(QUrl)
    def open(self, url):
        self.opened.append(url.toLocalFile())
        self.libraries = os.environ.get("LD_LIBRARY_PATH")


@pytest.fixture
def browser(qapp):
    browser = Browser()
    QDesktopServices.setUrlHandler("file", browser, "open")
    yield browser
    QDesktopServices.unsetUrlHandler("file")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The folder of a frozen program: it has all resources but the handbook."""
    (tmp_path / "program" / "resources").mkdir(parents=True)
    for resource in (PROJECT / "resources").iterdir():
        (tmp_path / "program" / "resources" / resource.name).symlink_to(resource)
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path / "program"), raising=False)
    return tmp_path / "program"


def bring(folder):
    folder.mkdir(parents=True)
    for page in get_args(handbook.Page):
        (folder / f"{page}.html").write_text("a page")
    return folder


def test_help_opens_the_pages_that_came_with_the_program(program, browser, desk):
    pages = bring(program / "resources" / "handbook")
    desk.window.actions_["handbook"].trigger()
    assert browser.opened == [str(pages / "index.html")]


@pytest.mark.parametrize("before", [None, "/opt/lib"])
def test_a_browser_looks_for_its_libraries_where_it_did_before_the_frozen_program_ran(
    program, browser, monkeypatch, before
):
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(program))
    if before:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    bring(program / "resources" / "handbook")
    handbook.open_page()
    assert (len(browser.opened), browser.libraries) == (1, before)
    assert os.environ["LD_LIBRARY_PATH"] == str(program)


def test_in_a_checkout_the_pages_that_were_built_there_are_opened():
    assert paths.handbook() == PROJECT / "build" / "docs"


def test_a_browser_is_sent_to_the_place_that_a_link_leads_to(program, browser, tmp_path):
    pages = bring(tmp_path / "share" / "doc")
    (program / "resources" / "handbook").symlink_to(pages)
    handbook.open_page("how-it-learns")
    assert browser.opened == [str(pages / "how-it-learns.html")]


def test_where_no_pages_came_help_says_how_to_make_them(program, browser, qtbot):
    with qtbot.waitSignal(messages.center().posted) as posted:
        handbook.open_page()
    assert "build.py docs" in posted.args[0].hint
    assert not browser.opened


def test_the_sheet_of_keys_leads_to_the_handbook(program, browser, qtbot):
    bring(program / "resources" / "handbook")
    page = ShortcutsPage()
    qtbot.addWidget(page)
    page.handbook_button.click()
    assert len(browser.opened) == 1


@pytest.mark.parametrize(
    ("make", "words", "page"),
    [
        (AdvancedSettings, "What these numbers do", "presets"),
        (CheckPage, "When something is wrong", "troubleshooting"),
        (ReportPanel, "What to expect", "what-to-expect"),
    ],
)
def test_where_a_question_arises_a_button_leads_to_its_page(program, browser, qtbot, make, words, page):
    bring(program / "resources" / "handbook")
    place = make()
    qtbot.addWidget(place)
    next(button for button in place.findChildren(QuietButton) if button.text() == words).click()
    assert [Path(file).stem for file in browser.opened] == [page]


def test_every_page_that_the_window_leads_to_is_written():
    assert [page for page in get_args(handbook.Page) if not (PROJECT / "docs" / f"{page}.md").is_file()] == []
