"""The tour over the real window: where the cards go, by mouse and by keyboard, and that it never comes before the music."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from core.learning.models.library import Library
from core.settings import read_settings
from gui import theme
from gui.controls.text import Text
from gui.tour import place
from tests.gui.conftest import Desk
from tests.gui.settled import settle
from tests.gui.test_main_window import CARD, fill


@pytest.fixture
def desk(home, qtbot, dressed):
    """A window with a starter model of a few untrained weights, not shown yet."""
    starter = home / "starter"
    starter.mkdir(parents=True)
    fill(starter, replace(CARD, name="Starter model"))
    desk = Desk(home, qtbot, Library(home, starter=starter))
    yield desk
    desk._let_go(None)
    desk.window.close()
    settle()


@pytest.fixture
def window(desk, qtbot):
    """Compose, with a few notes."""
    window = desk.window
    window.start_in_compose()
    window.show()
    qtbot.waitExposed(window)
    window.prepare_rest()
    desk.open(62, 64, 65, 67)
    qtbot.waitUntil(lambda: window.compose.panel.is_ready and window.others is not None)
    window.show_compose()
    return window


def press(qtbot, key):
    qtbot.keyClick(QApplication.focusWidget(), key)


def title(window):
    return window.tour.card.accessibleName()


def region_of(window):
    """The region pointed at, in the window's pixels."""
    region = window.tour._stops[window.tour._at].region
    return QRect(region.mapTo(window, QPoint()), region.size())


# Where a card goes


@given(st.data())
def test_a_card_is_always_whole_and_points_at_its_region_from_beside_it(data):
    room = QRect(0, 0, data.draw(st.integers(1080, 4000)), data.draw(st.integers(700, 3000)))
    x, y = data.draw(st.integers(0, room.width() - 20)), data.draw(st.integers(0, room.height() - 20))
    width = data.draw(st.integers(10, room.width() - x))
    target = QRect(x, y, width, data.draw(st.integers(10, room.height() - y)))
    size = QSize(368, data.draw(st.integers(100, 300)))
    card, tip = place(size, target, room, at=data.draw(st.floats(0, 1)))
    assert card.size() == size
    assert room.contains(card)
    if tip is not None:
        assert not card.intersects(target)
        assert not target.contains(tip)
        assert card.adjusted(-1, -1, 1, 1).contains(tip)


@pytest.mark.parametrize("size", [(1080, 700), (1600, 1000)])
@pytest.mark.parametrize("colors", ["dark", "light"])
def test_each_card_is_whole_on_the_window_beside_what_it_speaks_of(window, qtbot, dressed, size, colors):
    theme.apply(dressed, colors)
    window.resize(*size)
    settle()
    window.actions_["tour"].trigger()
    met = []
    while window.tour.is_shown:
        card = window.tour.card
        met.append(region_of(window))
        assert window.rect().contains(card.geometry())
        assert not card.geometry().intersects(region_of(window))
        for text in card.findChildren(Text):
            assert text.height() >= text.heightForWidth(text.width())
            assert card.rect().contains(QRect(text.mapTo(card, QPoint()), text.size()))
        for button in (card.next, card.back, card.skip):
            if button.isVisible():
                assert button.width() >= button.sizeHint().width()
                assert card.rect().contains(QRect(button.mapTo(card, QPoint()), button.size()))
        card.next.click()  # at once at its next place: nothing moves
    assert len(met) == 4
    theme.apply(dressed, "dark")


def test_a_card_follows_its_region_and_stands_alone_where_that_is_hidden(window, qtbot):
    window.actions_["tour"].trigger()
    before = window.tour.card.geometry()
    window.resize(1200, 760)
    qtbot.waitUntil(lambda: window.tour.card.geometry() != before)
    assert not window.tour.card.geometry().intersects(region_of(window))
    window.actions_["show_tray"].setChecked(False)
    qtbot.waitUntil(lambda: window.tour.card._tip is None)
    assert window.rect().contains(window.tour.card.geometry())
    assert not window.tour._frame.isVisible()


# By keyboard and by ear


def test_help_leads_through_it_by_keyboard_and_the_focus_comes_back(window, qtbot):
    canvas = QApplication.focusWidget()
    assert window.compose.roll.isAncestorOf(canvas)
    window.actions_["tour"].trigger()
    assert QApplication.focusWidget() is window.tour.card.next
    assert window.tour.card.next.has_ring
    press(qtbot, Qt.Key.Key_Return)
    assert title(window) == "Tour, 2 of 4: What you write is blue"
    press(qtbot, Qt.Key.Key_Left)
    press(qtbot, Qt.Key.Key_Right)
    press(qtbot, Qt.Key.Key_Return)
    press(qtbot, Qt.Key.Key_Return)
    assert title(window) == "Tour, 4 of 4: Hear it, and take it away"
    press(qtbot, Qt.Key.Key_Return)
    assert not window.tour.is_shown
    assert QApplication.focusWidget() is canvas


@pytest.mark.parametrize("step", range(4))
def test_esc_leaves_it_at_any_card(window, qtbot, step):
    canvas = QApplication.focusWidget()
    window.actions_["tour"].trigger()
    for _ in range(step):
        press(qtbot, Qt.Key.Key_Right)
    press(qtbot, Qt.Key.Key_Escape)
    assert not window.tour.is_shown
    assert QApplication.focusWidget() is canvas


def test_tab_reaches_each_button_of_a_card_and_f6_leads_out_and_in_again(window, qtbot):
    window.actions_["tour"].trigger()
    card = window.tour.card
    press(qtbot, Qt.Key.Key_Right)
    window.actions_["next_region"].trigger()
    assert window.transport.isAncestorOf(QApplication.focusWidget())
    window.actions_["previous_region"].trigger()
    met = [QApplication.focusWidget()]
    for _ in range(3):
        press(qtbot, Qt.Key.Key_Tab)
        met.append(QApplication.focusWidget())
    assert met == [card.close_button, card.skip, card.back, card.next]


@pytest.mark.parametrize("page", ["pieces", "train", "first page"])
def test_from_another_page_it_shows_compose_and_leads_back(window, page):
    window.show_first_page() if page == "first page" else window.show_workspace(page)
    before = window.stack.currentWidget()
    window.actions_["tour"].trigger()
    assert window.stack.currentWidget() is window.compose
    window.tour.card.skip.click()
    assert window.stack.currentWidget() is before


def test_a_screen_reader_hears_what_a_card_says_and_whose_buttons_they_are(window):
    window.actions_["tour"].trigger()
    card = QAccessible.queryAccessibleInterface(window.tour.card)
    assert card.role() == QAccessible.Role.Dialog
    assert card.text(QAccessible.Text.Name) == "Tour, 1 of 4: The model answers in amber"
    assert card.text(QAccessible.Text.Description).startswith("G asks for takes. [ and ] go")
    buttons = [card.child(index) for index in range(card.childCount())]
    names = [one.text(QAccessible.Text.Name) for one in buttons if one.role() == QAccessible.Role.Button]
    assert names == ["End the tour  (Esc)", "Skip the tour", "Back", "Next"]


# By itself


def test_it_comes_once_when_the_first_takes_are_there_and_takes_no_key_from_them(desk, home, qtbot, dressed):
    window = desk.window
    window.show_first_page(awaits_seed=True)
    window.show()
    qtbot.waitExposed(window)
    window.offer_tour()
    window.prepare_rest()
    window.read_seed()
    shown = []
    window.tour.begun.connect(lambda: shown.append((desk.player.is_playing, len(window.compose.tray.takes))))
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.first_page.continue_button)
    press(qtbot, Qt.Key.Key_Return)  # though the seed and the model are not read yet
    assert shown == []
    qtbot.waitUntil(lambda: bool(shown))
    assert shown == [(True, 4)]
    assert window.compose.roll.isAncestorOf(QApplication.focusWidget())
    press(qtbot, Qt.Key.Key_BracketRight)
    assert desk.document.preview is window.compose.tray.takes[1]
    press(qtbot, Qt.Key.Key_Escape)  # it is the innermost thing
    assert not window.tour.is_shown
    assert desk.document.preview is not None
    press(qtbot, Qt.Key.Key_Escape)
    assert desk.document.preview is None
    assert read_settings(home / "settings.json").settings.tour_shown
    window.offer_tour()
    assert not window.tour.is_shown


def test_where_a_file_was_opened_it_comes_with_compose_and_elsewhere_it_waits(desk, qtbot):
    window = desk.window
    window.show()
    qtbot.waitExposed(window)
    window.show_first_page()
    window.offer_tour()
    window.show_workspace("pieces")
    settle()
    assert not window.tour.is_shown
    window.show_compose()
    qtbot.waitUntil(lambda: window.tour.is_shown)
    assert not window.tour.card.isAncestorOf(QApplication.focusWidget())


def test_what_is_asked_for_before_the_seed_is_read_is_done_then(desk, qtbot):
    window = desk.window
    window.show_first_page(awaits_seed=True)
    window.show()
    qtbot.waitExposed(window)
    window.first_page.play_button.click()
    assert not desk.player.is_playing
    window.read_seed()
    qtbot.waitUntil(lambda: desk.player.is_playing)
    assert desk.player.score.end > 0
