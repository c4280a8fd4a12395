import pytest
from PySide6.QtCore import Qt

from gui import theme
from gui.corpus.charts import long_label, short_label
from gui.corpus.histogram import Bar, Histogram, PitchHistogram


@pytest.fixture
def histogram(qtbot):
    histogram = Histogram("Key")
    qtbot.addWidget(histogram)
    histogram.resize(480, histogram.sizeHint().height())
    histogram.show_bars([Bar("0", "C", 4, words="C major: 4 pieces"), Bar("1", "G", 0), Bar("2", "Am", 2)])
    histogram.show()
    return histogram


def test_a_click_chooses_and_a_second_lets_go(qtbot, histogram):
    place = histogram.rect_of("2").center().toPoint()
    with qtbot.waitSignal(histogram.chosen) as first:
        qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=place)
    assert first.args == ["2"]
    histogram.show_bars(histogram.bars, chosen="2")
    with qtbot.waitSignal(histogram.chosen) as second:
        qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=place)
    assert second.args == [""]


def test_an_empty_bar_can_not_be_chosen(qtbot, histogram):
    with qtbot.assertNotEmitted(histogram.chosen):
        qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=histogram.rect_of("1").center().toPoint())


def test_the_share_of_the_chosen_is_drawn_in_blue_in_the_other_bars(histogram):
    blue, grey = theme.current().color("you.base").rgb(), theme.current().color("text.muted", alpha=0.62)
    histogram.show_bars([Bar("0", "C", 4, share=2), Bar("1", "G", 4)])
    picture = histogram.grab().toImage()

    def inks(key):
        column = histogram.rect_of(key).center().x()
        return [picture.pixel(round(column), y) for y in range(picture.height())]

    assert inks("0").count(blue) > 10
    assert inks("1").count(blue) == 0
    assert grey.isValid()


def test_the_summary_reads_every_bar(histogram):
    assert histogram.accessibleDescription() == "C major: 4 pieces; Am: 2"


def test_pitches_stand_on_their_keys(qtbot):
    histogram = PitchHistogram("Pitch")
    qtbot.addWidget(histogram)
    histogram.resize(800, 200)
    histogram.show_bars([Bar(str(pitch), "", 1.0) for pitch in range(48, 84)])
    histogram.grab()
    assert histogram.rect_of("48").left() < histogram.rect_of("49").left()


@pytest.mark.parametrize(
    ("chart", "label", "short", "long"),
    [
        ("key", "D minor", "Dm", "D minor"),
        ("key", "B♭ major", "B♭", "B♭ major"),
        ("tempo", "90", "90", "90 to 99 BPM"),
        ("notes_at_once", "1", "1", "1 note"),
        ("notes_at_once", "rest", "rest", "Silence"),
    ],
)
def test_bars_are_named_briefly_below_and_fully_in_sentences(chart, label, short, long):
    assert short_label(chart, label) == short
    assert long_label(chart, label) == long
