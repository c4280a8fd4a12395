"""Help ▸ Check this computer…, in the real window; the checks are the real ones."""

import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication

from core.checks.check import Check
from core.playback.player import DeviceState
from gui import checking
from gui.check_page import CheckPage
from gui.controls.text import Text


def words(page):
    return " ".join(text.text() for text in page.findChildren(Text))


@pytest.fixture
def few(monkeypatch):
    """Only steps that start no TensorFlow: all of them run in tests/gui/test_smoke_test.py."""
    steps = [step for step in checking.STEPS if step[0] not in ("Training", "Model file")]
    monkeypatch.setattr(checking, "STEPS", tuple(steps))
    return [name for name, _ in steps]


def test_the_menu_opens_a_page_that_fills_and_can_be_copied(desk, qtbot, few, home):
    before = sorted(home.rglob("*"))
    desk.player.device = DeviceState(False, "No sound device found.")
    desk.playback.warm_up()
    desk.window.actions_["check_computer"].trigger()
    page = desk.window.checking.page
    qtbot.waitUntil(lambda: page.again.isVisible())
    assert words(page).count("A4 sounds at 440") == 1
    assert "1 thing needs attention" in words(page)  # the sound device: what the player knows, not another look at it
    page.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert "FAILED  Sound device: No sound device found." in copied
    for name in ("Python", "GPU", "Starter model", *few):
        assert f"ok      {name}: " in copied
    assert copied.splitlines()[-1] == "1 thing needs attention"
    assert sorted(home.rglob("*")) == before

    page.again.click()
    assert page.stop.isVisible()
    page.stop.click()
    qtbot.waitUntil(lambda: page.again.isVisible())
    assert "Stopped" in words(page)


def test_closing_the_page_ends_the_check_and_it_can_be_opened_again(desk, qtbot, few):
    desk.window.checking.open()
    page = desk.window.checking.page
    page.close()
    qtbot.waitUntil(lambda: not desk.jobs._workers)
    assert page.again.isVisibleTo(page)
    desk.window.checking.open()
    qtbot.waitUntil(lambda: "Ritornello" in words(page))
    assert page.stop.isVisible()


def test_what_fails_is_told_with_what_to_do_and_with_its_trace(desk, qtbot, few, monkeypatch, caplog, tmp_path):
    def broken(_trial, _control):
        raise ModuleNotFoundError("No module named 'left_out'")

    monkeypatch.setattr(checking, "STEPS", (*checking.STEPS[:1], ("Broken", broken)))
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)  # a frozen copy whose resources are gone
    desk.window.checking.open()
    page = desk.window.checking.page
    qtbot.waitUntil(lambda: page.again.isVisible())
    assert "Install Ritornello again." in words(page)
    assert "FAILED  Broken: A fault in the program: ModuleNotFoundError" in page.report
    assert "in broken" in page.report


def test_a_page_of_many_results_scrolls_and_says_how_many_failed(dressed, qtbot):
    page = CheckPage()
    qtbot.addWidget(page)
    page.begin()
    for number in range(40):
        page.add(Check(f"Step {number}", number % 2 == 0, "found", took_s=0.5))
    page.conclude()
    assert "20 things need attention" in words(page)
    page.show()
    QTimer.singleShot(0, page.begin)
    qtbot.waitUntil(lambda: page.stop.isVisible())
    assert page.report.count("Step") == 0
