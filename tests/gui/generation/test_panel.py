from dataclasses import replace
from itertools import count

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QScrollArea

from gui.controls import pitches
from gui.generation.panel import GeneratePanel
from tests.gui.generation.conftest import seed_notes
from tests.gui.settled import settle

D_MINOR = seed_notes(74, 76, 77, 79, 81, 77, 74, 76, 73, 74, 69, 74)


@pytest.fixture
def panel(qtbot, records):
    numbers = count(100)
    panel = GeneratePanel(draw_random_seed=lambda: next(numbers))
    qtbot.addWidget(panel)
    panel.resize(344, 700)
    panel.set_models(records)
    panel.set_seed(D_MINOR, continues_after_bar=4)
    panel.show()
    qtbot.waitUntil(lambda: panel.scale.scale == "D harmonic minor")
    return panel


def test_scale_and_range_follow_the_seed_until_the_user_chooses(qtbot, panel):
    assert panel.request_options().scale == "D harmonic minor"
    assert panel.request_options().pitch_range == (62, 88)
    panel.scale.menu.actions()[2].menu().actions()[7].trigger()  # Major, G
    assert panel.request_options().scale == "G major"
    panel.set_seed(seed_notes(60, 62, 64, 65, 67, 69, 71, 72), continues_after_bar=2)
    qtbot.waitUntil(lambda: panel.request_options().pitch_range == (53, 79))
    assert panel.request_options().scale == "G major"


def test_the_range_is_spelt_as_the_scale_and_in_the_octaves_preferred(qtbot, panel):
    panel.set_seed(seed_notes(63, 65, 67, 68, 70, 72, 74, 75, 77, 70, 63), continues_after_bar=2)
    qtbot.waitUntil(lambda: panel.scale.scale == "E♭ major")
    panel.range.set_span(58, 82)
    panel._on_range_changed()
    assert panel.range_switch.value == "B♭3 – B♭5"
    pitches.call_middle_c(3)
    assert panel.range_switch.value == "B♭2 – B♭4"
    panel.set_unknown(frozenset(seed_notes(61)))
    assert "D♭3" in panel._knowledge_words.toolTip()


def test_what_a_model_knew_of_a_seed_is_not_said_of_another(panel, records):
    panel.set_unknown(frozenset())
    assert panel._knowledge.isVisible()
    panel.set_seed(D_MINOR, continues_after_bar=4)
    assert panel._knowledge.isVisible()
    panel.set_seed(D_MINOR[:5], continues_after_bar=4)
    assert not panel._knowledge.isVisible()
    panel.set_unknown(frozenset())
    panel.choose_model(records[1].id)
    assert not panel._knowledge.isVisible()
    panel.set_unknown(frozenset())
    panel.set_seed((), continues_after_bar=0)
    assert not panel._knowledge.isVisible()


def test_a_switched_off_row_constrains_nothing(qtbot, panel):
    qtbot.mouseClick(panel.scale_switch, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.range_switch, Qt.MouseButton.LeftButton)
    options = panel.request_options()
    assert (options.scale, options.pitch_range) == ("", (0, 127))


def test_the_scale_switch_once_touched_is_not_switched_back_by_the_seed(qtbot, panel):
    qtbot.mouseClick(panel.scale_switch, Qt.MouseButton.LeftButton)
    panel.set_seed(D_MINOR[:8], continues_after_bar=2)
    qtbot.waitUntil(lambda: panel.request_options().pitch_range == (67, 88))
    assert panel.request_options().scale == ""


def test_rhythm_and_pitches_of_the_seed_exclude_each_other(qtbot, panel):
    qtbot.mouseClick(panel.rhythm_switch, Qt.MouseButton.LeftButton)
    assert panel.request_options().keep == "rhythm"
    qtbot.mouseClick(panel.pitch_switch, Qt.MouseButton.LeftButton)
    assert panel.request_options().keep == "pitch"
    assert not panel.rhythm_switch.isChecked()


def test_each_generate_takes_another_random_seed_unless_locked(qtbot, panel):
    asked = []
    panel.generate_requested.connect(asked.append)
    for _ in range(2):
        qtbot.mouseClick(panel.generate, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.lock, Qt.MouseButton.LeftButton)
    for _ in range(2):
        qtbot.keyClick(panel.generate, Qt.Key.Key_Return)
    seeds = [options.random_seed for options in asked]
    assert seeds[0] != seeds[1]
    assert seeds[1] == seeds[2] == seeds[3]
    assert asked[-1].is_random_seed_locked


def test_a_typed_random_seed_is_used_when_locked(qtbot, panel):
    qtbot.mouseClick(panel.lock, Qt.MouseButton.LeftButton)
    panel.random_seed.setFocus()
    digits = panel.random_seed.focusProxy()
    digits.selectAll()
    qtbot.keyClicks(digits, "4711")
    with qtbot.waitSignal(panel.generate_requested) as asked:
        panel.start()
    assert asked.args[0].random_seed == 4711


def test_the_slider_moves_by_keys_and_shows_its_number(qtbot, panel):
    qtbot.keyClick(panel.temperature, Qt.Key.Key_Right)
    assert panel.request_options().temperature == pytest.approx(0.95)
    qtbot.mouseDClick(panel.temperature, Qt.MouseButton.LeftButton)
    assert panel.request_options().temperature == pytest.approx(1.0)


def test_without_a_seed_or_a_model_generate_says_what_is_missing(qtbot, panel):
    panel.set_seed((), continues_after_bar=0)
    assert not panel.generate.isEnabled()
    assert "Draw a few notes" in panel.generate.toolTip()
    with qtbot.assertNotEmitted(panel.generate_requested):
        panel.start()
    panel.set_models(())
    assert "no model" in panel.generate.toolTip()


def test_generate_becomes_stop_while_takes_are_made(qtbot, panel):
    panel.set_generating(generating=True, done=1, takes=4)
    assert panel.stop.isVisible()
    assert not panel.generate.isVisible()
    assert "1 of 4" in panel.stop.text()
    with qtbot.waitSignal(panel.stop_requested):
        qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
    assert not panel.stop.isEnabled()
    panel.set_generating(generating=False)
    assert panel.generate.isVisible()
    assert panel.generate.isEnabled()


def test_unknown_notes_are_counted_and_named(panel):
    panel.set_unknown(frozenset(D_MINOR[:1]))
    assert panel._knowledge_words.text() == "1 note is new to this model. It is hatched."
    panel.set_unknown(frozenset(D_MINOR[:3]))
    assert panel._knowledge_words.text() == "3 notes are new to this model. They are hatched."
    assert "D5, E5, F5" in panel._knowledge_words.toolTip()
    panel.set_unknown(frozenset())
    assert panel._knowledge_words.text() == "It knows all 12 notes of your seed"


def test_choosing_a_model_from_the_menu_says_so(qtbot, panel):
    with qtbot.waitSignal(panel.model_chosen) as chosen:
        panel.model.menu.actions()[1].trigger()
    assert chosen.args == ["mine"]
    assert panel.request_options().model_id == "mine"


def test_a_model_that_was_deleted_gives_way_to_the_first(qtbot, panel, records):
    panel.choose_model("mine")
    with qtbot.waitSignal(panel.model_chosen) as chosen:
        panel.set_models(records[:1])
    assert chosen.args == ["starter"]


def test_more_settings_unfold_and_count(qtbot, panel):
    qtbot.mouseClick(panel.more.fold, Qt.MouseButton.LeftButton)
    assert panel.more.tail.isVisibleTo(panel)
    qtbot.keyClick(panel.more.tail, Qt.Key.Key_PageUp)
    assert panel.request_options().top_p == pytest.approx(0.9)
    panel.more.guard_switch.click()
    assert not panel.request_options().guards_repetition


def test_motifs_come_back_more_or_less_and_double_click_resets(qtbot, panel):
    qtbot.mouseClick(panel.more.fold, Qt.MouseButton.LeftButton)
    assert panel.more.motif_words.text() == "as learnt"
    qtbot.keyClick(panel.more.motifs, Qt.Key.Key_End)
    assert panel.request_options().motifs == 3
    assert panel.more.motif_words.text() == "more: 3.00"
    qtbot.keyClick(panel.more.motifs, Qt.Key.Key_Home)
    qtbot.keyClick(panel.more.motifs, Qt.Key.Key_Right)
    assert panel.request_options().motifs == -2.75
    assert panel.more.motif_words.text() == "less: 2.75"
    qtbot.mouseDClick(panel.more.motifs, Qt.MouseButton.LeftButton, pos=QPoint(20, 14))
    assert panel.request_options().motifs == 0
    assert panel.more.motif_words.text() == "as learnt"


def test_a_model_without_copying_heads_can_t_be_asked_for_motifs_and_says_why(qtbot, panel, records):
    panel.set_models((*records, replace(records[1], id="article", name="Article", copies=False)))
    qtbot.keyClick(panel.more.motifs, Qt.Key.Key_End)
    panel.choose_model("article")
    assert not panel.more.motifs.isEnabled()
    assert panel.request_options().motifs == 0
    assert "no copying heads" in panel.more.motifs.toolTip()
    assert "no copying heads" in panel.more.motifs.accessibleDescription()
    panel.choose_model("mine")
    assert panel.more.motifs.isEnabled()
    assert panel.request_options().motifs == 3
    assert "your seed" in panel.more.motifs.toolTip()


def test_the_button_stays_in_view_in_the_smallest_window(qtbot, panel):
    panel.resize(300, 544)
    panel.more.fold.click()
    settle()
    place = panel.generate.mapTo(panel, panel.generate.rect().bottomRight())
    assert panel.rect().contains(place)


def test_nothing_is_cut_off_where_the_panel_is_narrowest(qtbot, panel):
    panel.resize(300, 544)
    panel.more.fold.click()
    qtbot.waitUntil(lambda: panel.more.fold.isVisible() and panel.width() == 300)
    area = panel.findChild(QScrollArea)
    qtbot.waitUntil(lambda: area.widget().width() <= area.viewport().width())


def test_every_control_has_a_name_for_the_screen_reader(panel):
    for control in (panel.model, panel.scale, panel.lock, panel.dice, panel.temperature, panel.scale_switch):
        assert control.accessibleName()
