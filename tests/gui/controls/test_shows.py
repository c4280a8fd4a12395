"""What only shows: mini-roll, progress, words, the message strip."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from core.music.score import Note
from gui import theme
from gui.controls.message_strip import MessageStrip
from gui.controls.mini_roll import MiniRoll
from gui.controls.progress import ProgressLine, ProgressRing
from gui.controls.text import Chip, Text
from tests.gui.settled import settle


def test_the_mini_roll_tells_by_colour_who_wrote_what(dressed, qtbot):
    yours, models, copied = Note(0, 60, 480), Note(960, 62, 480), Note(1440, 64, 480)
    roll = MiniRoll()
    qtbot.addWidget(roll)
    roll.resize(192, 60)
    roll.set_notes((yours, models, copied), frozenset((models, copied)), frozenset((copied,)), (0, 1920))
    image = roll.grab().toImage()
    seen = {QColor(image.pixel(x, y)).name() for x in range(image.width()) for y in range(image.height())}
    colors = theme.current()
    for role in ("you.base", "model.thin", "copied.base"):
        assert colors.color(role).name() in seen


def test_the_mini_roll_can_be_empty(dressed, qtbot):
    roll = MiniRoll()
    qtbot.addWidget(roll)
    roll.set_notes(())
    roll.set_playhead(100)
    assert not roll.grab().isNull()
    roll.set_playhead(None)
    assert roll.playhead is None


@pytest.mark.parametrize("make", [ProgressRing, ProgressLine])
def test_progress_stays_between_nothing_and_all(dressed, qtbot, make):
    progress = make()
    qtbot.addWidget(progress)
    for fraction, shown in ((0.5, 0.5), (7, 1.0), (-1, 0.0)):
        progress.set_fraction(fraction)
        assert progress.fraction == shown
        assert not progress.grab().isNull()


def test_words_follow_the_theme(dressed, qtbot):
    text = Text("Surprise", role="model.text")
    qtbot.addWidget(text)
    theme.apply(dressed, "light")
    assert text.palette().windowText().color() == theme.current().color("model.text")
    theme.apply(dressed, "dark")
    assert text.palette().windowText().color() == theme.current().color("model.text")


def test_long_words_are_cut_rather_than_widening_their_place(dressed, qtbot):
    text = Text("A very long file name that nobody can read.mid", elides=True)
    qtbot.addWidget(text)
    text.resize(60, 20)
    assert not text.grab().isNull()
    assert text.minimumSizeHint().width() <= text.sizeHint().width()


def test_a_chip_says_its_words_to_a_screen_reader(dressed, qtbot):
    chip = Chip("7 notes copied", tone="copied", icon="copy-check")
    qtbot.addWidget(chip)
    chip.set_text("no copy", tone="ok")
    assert chip.accessibleName() == "no copy"
    assert not chip.grab().isNull()


@pytest.mark.parametrize("width", [1080, 1600])
@pytest.mark.parametrize("length", [10, 60, 200])
@pytest.mark.parametrize("hint_length", [0, 60, 120])
def test_the_strip_says_all_of_a_message_on_as_many_lines_as_it_needs(dressed, qtbot, width, length, hint_length):
    strip = MessageStrip()
    qtbot.addWidget(strip)
    strip.resize(width, 40)
    strip.show()
    strip.show_message("warning", "s" * length, "h" * hint_length, ["Save elsewhere"])
    settle()
    assert strip.width() == width
    assert strip.rect().contains(strip._close.geometry())
    assert strip.height() == 40 or hint_length + length > 100
    for text in (strip._sentence, strip._hint):
        if text.isVisible():
            assert strip.rect().contains(text.geometry())
            assert text.width() >= min(text.fontMetrics().horizontalAdvance(text.text()), width - 300)


def test_the_strip_tells_which_button_was_pressed(dressed, qtbot):
    strip = MessageStrip()
    qtbot.addWidget(strip)
    strip.show_message("error", "‘a.mid’ was not saved.", "The disk is full.", ["Save elsewhere", "Leave it"])
    with qtbot.waitSignal(strip.action_chosen) as chosen:
        qtbot.mouseClick(strip._buttons[1], Qt.MouseButton.LeftButton)
    assert chosen.args == [1]
    strip.show_message("info", "Ready.")
    assert not strip._buttons
    assert strip.accessibleName() == "Ready."
