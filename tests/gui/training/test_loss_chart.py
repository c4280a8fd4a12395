import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF

from gui import theme
from gui.training.chart_scale import LEFT, scale_for
from gui.training.loss_chart import LossChart, line_words
from tests.gui.training.conftest import MEMORISING, epochs, started_from


@given(
    st.integers(1, 2000),
    st.lists(st.floats(0.01, 14), min_size=1, max_size=30),
    st.floats(200, 3000),
    st.floats(120, 900),
)
def test_every_value_lies_on_the_chart_and_every_epoch_is_found_again(last_epoch, values, width, height):
    scale = scale_for(width, height, last_epoch=last_epoch, values=values)
    for value in values:
        assert 0 <= scale.y(value) <= scale.plot_bottom + 0.001
    for epoch in {1, (last_epoch + 1) // 2, last_epoch}:
        assert scale.epoch_at(scale.x(epoch)) == epoch
    assert len(scale.lines()) <= 8
    assert scale.epoch_ticks()[-1] == last_epoch


@pytest.fixture
def chart(qtbot):
    chart = LossChart()
    qtbot.addWidget(chart)
    chart.resize(900, 400)
    chart.show_history(MEMORISING, epochs=20)
    chart.show()
    return chart


def test_the_pointer_tells_an_epochs_values_in_words(qtbot, chart):
    with qtbot.waitSignal(chart.epoch_hovered) as hovered:
        qtbot.mouseMove(chart, QPoint(round(chart.x_of(5)), 200))
    assert hovered.args == [5]
    assert chart.words_for(MEMORISING[4]) == (
        "Epoch 5",
        "Never seen: among 6.0 notes · 2.58 bits · loss 1.792",
        "Studied: among 5.0 notes · 2.32 bits · loss 1.609",
    )


def test_no_line_of_a_first_epoch_has_words_wider_than_their_room(chart):
    metrics = QFontMetricsF(theme.current().font("caption", tabular=True))
    for bit_count in range(20):
        assert metrics.horizontalAdvance(line_words(bit_count, metrics, LEFT - 8)) <= LEFT - 8
    assert line_words(5, metrics, LEFT - 8) == "32 notes"
    assert line_words(0, metrics, LEFT - 8) == "1 note"
    assert line_words(13, metrics, LEFT - 8) == "8\u2009192"


def test_arrows_walk_the_epochs(qtbot, chart):
    qtbot.keyClick(chart, Qt.Key.Key_End)
    assert chart.hovered_epoch == 11
    qtbot.keyClick(chart, Qt.Key.Key_Left)
    assert chart.hovered_epoch == 10
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert chart.hovered_epoch == 1
    assert "Epoch 1" in chart.accessibleDescription()


def test_the_chart_is_read_out_as_a_sentence(chart):
    assert chart.summary() == (
        "After epoch 11 it chooses among 9.0 notes in pieces it has never seen and 2.0 in pieces it studies. "
        "Best: epoch 5, among 6.0."
    )
    chart.set_field("pitch")
    assert "among 5.2 notes" in chart.summary()


def test_it_paints_from_no_epoch_to_many_in_small_and_large(chart):
    for size, history in (((260, 170), ()), ((260, 170), MEMORISING), ((2000, 900), MEMORISING[:1])):
        chart.resize(*size)
        chart.show_history(history, epochs=20)
        assert not chart.grab().isNull()


def test_the_model_it_started_from_is_a_point_on_one_curve_alone(qtbot, chart):
    chart.show_history(started_from(5.5, MEMORISING), epochs=20)
    assert not chart.grab().isNull()
    unseen, studied = (chart._drawn_epochs(held_out=held_out) for held_out in (True, False))
    assert (unseen[0].epoch, studied[0].epoch) == (0, 1)
    assert chart.summary().endswith("Best: as it started, among 5.5.")
    assert chart.scale().low > 0, "what was never measured is no 0"
    qtbot.keyClick(chart, Qt.Key.Key_Home)
    assert chart.hovered_epoch == 1


def test_the_curves_begin_after_the_first_epoch_whatever_it_started_from(chart):
    chart.show_history(started_from(5.5, ()), epochs=20)
    assert chart.summary() == "No epoch is done yet."
    assert not chart.grab().isNull()


def test_a_training_that_ends_early_leaves_room_beside_its_curves(chart):
    history = epochs([62, 45], [180, 54])
    chart.show_history(history, epochs=2)
    assert chart.scale().last_epoch == 10
    assert chart.x_of(2) < chart.width() / 3


def test_both_curves_begin_on_the_chart_unless_one_starts_far_over_the_top(chart):
    chart.show_history(epochs([62, 45], [180, 54]), epochs=20)
    assert chart.scale().high > math.log2(180)
    chart.show_history(epochs([62, 45], [100_000, 54]), epochs=20)
    assert chart.scale().high < 9.5
