"""Segments, switches, sliders, fields and ranges: what mouse and keys make of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from gui import theme
from gui.controls.fields import Combo, NumberField
from gui.controls.range_keys import RangeKeys
from gui.controls.segments import Segment, Segments
from gui.controls.slider import Slider
from gui.controls.switch import Switch, SwitchRow


def shown(widget, qtbot, width=0):
    qtbot.addWidget(widget)
    widget.resize(width or widget.sizeHint().width(), widget.sizeHint().height())
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def turn(widget, steps):
    """The wheel, up for positive steps."""
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


# Segments


@pytest.fixture
def segments(dressed, qtbot):
    return shown(Segments(["Origin", "Surprise", "Copied"]), qtbot)


def test_a_click_chooses_a_segment(segments, qtbot):
    with qtbot.waitSignal(segments.chosen) as chosen:
        qtbot.mouseClick(segments, Qt.MouseButton.LeftButton, pos=segments.rects()[1].center().toPoint())
    assert chosen.args == ["Surprise"]
    assert segments.current == "Surprise"


def test_arrows_move_between_segments_and_stop_at_the_ends(segments, qtbot):
    heard = []
    segments.chosen.connect(heard.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(segments, key)
    assert heard == ["Surprise", "Copied", "Surprise"]


def test_choosing_from_outside_is_silent(segments, qtbot):
    with qtbot.assertNotEmitted(segments.chosen):
        segments.set_current("Copied")
    assert segments.accessibleName() == "Copied"


def test_a_segment_may_be_chosen_again_where_that_means_something(dressed, qtbot):
    segments = shown(Segments([Segment("a", "A"), Segment("b", "B")], rechooses=True), qtbot)
    with qtbot.waitSignal(segments.chosen):
        qtbot.mouseClick(segments, Qt.MouseButton.LeftButton, pos=segments.rects()[0].center().toPoint())


# Switches


def test_the_whole_row_of_a_switch_clicks(dressed, qtbot):
    row = shown(SwitchRow("Scale", "D minor"), qtbot, 300)
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(5, 15))
    assert row.isChecked()
    qtbot.keyClick(row, Qt.Key.Key_Return)
    assert not row.isChecked()
    row.set_value("A minor")
    assert row.accessibleName() == "Scale A minor"


def test_a_switch_toggles_by_mouse_and_key(dressed, qtbot):
    switch = shown(Switch(name="Guard"), qtbot)
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    qtbot.keyClick(switch, Qt.Key.Key_Enter)
    qtbot.keyClick(switch, Qt.Key.Key_Enter)
    assert switch.isChecked()


# Slider


@pytest.fixture
def slider(dressed, qtbot):
    return shown(Slider(0.1, 2.0, 0.05, value=0.9, tick_at=1.0), qtbot, 200)


def test_arrows_step_the_slider_and_shift_steps_ten_times(slider, qtbot):
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert slider.value == pytest.approx(0.95)
    qtbot.keyClick(slider, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert slider.value == pytest.approx(1.45)
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert slider.value == 2.0


def test_a_double_click_goes_back_to_the_tick(slider, qtbot):
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(150, 10))
    assert slider.value == pytest.approx(1.0)


def test_a_slider_between_less_and_more_is_filled_from_its_middle(dressed, qtbot):
    slider = shown(Slider(-3, 3, 0.25, value=-1.5, tick_at=0), qtbot, 200)
    amber = theme.current().color("model.base")

    def is_filled(x):
        return slider.grab().toImage().pixelColor(x, slider.height() // 2) == amber

    assert [is_filled(x) for x in (20, 80, 150)] == [False, True, False]
    slider.set_value(1.5)
    assert [is_filled(x) for x in (20, 80, 120)] == [False, False, True]


def test_the_wheel_moves_a_slider_only_while_it_is_focused(slider, qtbot):
    slider.clearFocus()
    turn(slider, 1)
    assert slider.value == pytest.approx(0.9)
    slider.activateWindow()
    slider.setFocus()
    qtbot.waitUntil(slider.hasFocus)
    turn(slider, 1)
    assert slider.value == pytest.approx(0.95)


def test_a_drag_moves_the_slider(slider, qtbot):
    with qtbot.waitSignal(slider.changed):
        qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(8, 10))
    assert slider.value == pytest.approx(0.1)
    qtbot.mouseMove(slider, QPoint(199, 10))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(199, 10))
    assert slider.value == pytest.approx(2.0)


@settings(max_examples=50)
@given(st.floats(-100, 100))
def test_a_slider_stays_on_its_steps_and_in_its_range(qapp, wanted):
    slider = Slider(0.1, 2.0, 0.05)
    slider._move_to(wanted)
    assert 0.1 <= slider.value <= 2.0
    assert (slider.value - 0.1) / 0.05 == pytest.approx(round((slider.value - 0.1) / 0.05), abs=1e-4)


# Number field


@pytest.fixture
def field(dressed, qtbot):
    field = shown(NumberField(1, 32, "bars", value=8, name="Length"), qtbot, 160)
    field.activateWindow()
    field.setFocus()
    return field


def typed(field, qtbot, text):
    field._digits.selectAll()
    qtbot.keyClicks(field._digits, text)


def test_a_typed_number_counts_at_once(field, qtbot):
    with qtbot.waitSignal(field.changed) as changed:
        typed(field, qtbot, "12")
    assert field.value == 12
    assert changed.args == [1] or changed.args == [12]


@pytest.mark.parametrize(("text", "nearest"), [("64", 32), ("0", 1), ("300", 32), ("9" * 30, 32)])
def test_a_number_beyond_the_range_shows_it_and_counts_as_the_nearer_end(field, qtbot, text, nearest):
    typed(field, qtbot, text)
    assert not field.is_valid
    assert field._complaint.isVisible()
    assert field._complaint.text() == "1 – 32"
    assert field.value == nearest
    qtbot.keyClick(field._digits, Qt.Key.Key_Return)
    assert field.is_valid
    assert field._digits.text() == str(nearest)


def test_escape_puts_back_what_stood_in_a_number_field_and_leaves_it(field, qtbot):
    heard = []
    field.changed.connect(heard.append)
    typed(field, qtbot, "12")
    qtbot.keyClick(field._digits, Qt.Key.Key_Escape)
    assert field.value == heard[-1] == 8
    assert field._digits.text() == "8"
    assert not field._digits.hasFocus()


def test_enter_takes_a_number_and_the_next_one_replaces_it(field, qtbot):
    typed(field, qtbot, "12")
    qtbot.keyClick(field._digits, Qt.Key.Key_Return)
    qtbot.keyClicks(field._digits, "5")
    assert field.value == 5


def test_letters_and_signs_are_not_typed_into_a_number(field, qtbot):
    typed(field, qtbot, "1x-G 2")
    assert field._digits.text() == "12"


def test_up_and_down_step_and_stop_at_the_ends(field, qtbot):
    qtbot.keyClick(field._digits, Qt.Key.Key_Up)
    assert field.value == 9
    qtbot.keyClick(field._digits, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert field.value == 1
    qtbot.keyClick(field._digits, Qt.Key.Key_Down)
    assert field.value == 1


def test_large_numbers_are_grouped_by_thin_spaces(dressed, qtbot):
    field = shown(NumberField(0, 99_999, value=48_213, steps=False, grouped=True), qtbot)
    assert field._digits.text() == "48\u2009213"
    typed(field, qtbot, "1 000")
    assert field.value == 1000


def test_the_wheel_leaves_an_unfocused_combo_alone(dressed, qtbot):
    combo = Combo()
    combo.addItems(["1/8", "1/16"])
    shown(combo, qtbot)
    combo.clearFocus()
    turn(combo, -1)
    assert combo.currentText() == "1/8"


# Range


def test_the_nearer_thumb_moves_and_thumbs_never_cross(dressed, qtbot):
    keys = shown(RangeKeys(57, 86, shown=(36, 96)), qtbot, 610)
    qtbot.mousePress(keys, Qt.MouseButton.LeftButton, pos=QPoint(105, 5))
    assert keys.span == (46, 86)
    qtbot.mouseMove(keys, QPoint(605, 5))
    qtbot.mouseRelease(keys, Qt.MouseButton.LeftButton, pos=QPoint(605, 5))
    assert keys.span == (86, 86)


def test_arrows_move_the_thumb_by_semitones_and_octaves(dressed, qtbot):
    keys = shown(RangeKeys(57, 76), qtbot, 300)
    qtbot.keyClick(keys, Qt.Key.Key_Right)
    qtbot.keyClick(keys, Qt.Key.Key_End)
    qtbot.keyClick(keys, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert keys.span == (58, 88)
