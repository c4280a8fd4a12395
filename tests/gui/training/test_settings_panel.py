from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from core.learning.spec import PRESETS
from core.learning.training.start import AUTOMATIC
from core.music.score import Note
from gui.training.settings_panel import CorpusFacts, RunFacts, SettingsPanel
from tests.core.learning.training.test_start import STARTER

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot):
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    panel.resize(316, 900)
    panel.set_corpora(
        [
            CorpusFacts("a", "Airs", 40, 9000, learns_melody=True),
            CorpusFacts("c", "Chorales", 115, 31960, learns_melody=False),
            CorpusFacts("many", "Many", 1148, 165_160, learns_melody=True),
        ]
    )
    panel.show()
    return panel


def test_untouched_settings_are_the_presets_own(panel):
    choices = panel.choices()
    assert (choices.corpus_id, choices.preset, choices.epochs, choices.training, choices.name) == (
        "a", "standard", None, None, "",
    )  # fmt: skip


def test_each_preset_describes_itself_and_brings_its_settings(panel):
    for place in range(panel.preset.count()):
        panel.preset.setCurrentIndex(place)
        panel.preset.activated.emit(place)
        preset = PRESETS[panel.preset.currentData()]
        assert panel._description.text() == preset.description
        assert panel.epochs.value == preset.training.epochs * 10
        assert panel.choices().training is None


def choose(panel, preset="", corpus=""):
    for combo, wanted in ((panel.preset, preset), (panel.corpus, corpus)):
        if wanted:
            combo.setCurrentIndex(combo.findData(wanted))
            combo.activated.emit(combo.currentIndex())


def test_the_epochs_shown_are_those_that_it_will_read_and_say_why(panel):
    choose(panel, preset="quick")
    assert (panel.epochs.value, panel.choices().epochs) == (120, None)
    assert panel._epochs_words.text() == "12 are usual. These pieces are few, so it reads them more often."
    assert panel.advanced.patience.value == 50
    choose(panel, corpus="many")
    assert panel.epochs.value == 12
    assert not panel._epochs_words.isVisible()
    choose(panel, preset="standard", corpus="c")
    panel.set_models([("first", "First model")])
    panel.start_from.setCurrentIndex(2)
    panel.start_from.activated.emit(2)
    assert panel.epochs.value == 6
    assert panel._epochs_words.text() == "16 are usual. It goes on from a model, so fewer will do."
    set_epochs(panel, 7)
    assert not panel._epochs_words.isVisible()


def set_epochs(panel, count):
    panel.epochs._take(count)


def test_epochs_that_were_set_are_still_set_for_the_next_training(panel):
    choose(panel, preset="quick")
    set_epochs(panel, 12)
    panel.set_locked(locked=True)
    panel.show_job(
        name="x",
        preset="quick",
        training=replace(PRESETS["quick"].training, epochs=12),
        corpus_name="Airs",
    )
    panel.set_locked(locked=False)
    assert (panel.epochs.value, panel.choices().epochs) == (12, 12)


def test_going_on_after_a_break_shows_what_it_was_begun_with(panel):
    training = replace(PRESETS["quick"].training, epochs=33, batch=16)
    panel.set_locked(locked=True)
    panel.show_job(name="x", preset="quick", training=training, corpus_name="Chorales", is_new=False)
    assert panel._description.text() == PRESETS["quick"].description
    assert (panel.epochs.value, panel.advanced.batch.value) == (33, 16)
    assert panel._lines.text() == "all notes"
    assert "from nothing" in panel.start_from.toolTip()
    panel.set_locked(locked=False)
    assert panel.choices().training is None
    assert (panel.epochs.value, panel.choices().epochs) == (36, None)


def test_a_preset_of_a_later_version_is_only_a_name(panel):
    panel.set_locked(locked=True)
    panel.show_job(name="x", preset="enormous", training=PRESETS["large"].training, corpus_name="Airs", is_new=False)
    panel.set_locked(locked=False)
    assert panel.choices() is not None


def test_changed_settings_travel_and_the_rest_stays(qtbot, panel):
    qtbot.mouseClick(panel.advanced.fold, LEFT)
    digits = panel.advanced.batch.focusProxy()
    digits.selectAll()
    qtbot.keyClicks(digits, "32")
    panel.advanced.learning_rate.selectAll()
    qtbot.keyClicks(panel.advanced.learning_rate, "0.01")
    training = panel.choices().training
    standard = PRESETS["standard"].training
    assert (training.batch, training.learning_rate, training.window) == (32, 0.01, standard.window)
    qtbot.keyClick(panel.epochs.focusProxy(), Qt.Key.Key_Up)
    assert panel.choices().epochs == 10 * standard.epochs + 1


@pytest.mark.parametrize(
    ("typed", "stands"), [("-3", "1"), ("0", "1e-06"), ("", "0.003"), ("0,3", "0.3"), ("1e-9", "1e-06")]
)
def test_a_learning_rate_beyond_the_range_or_none_at_all_becomes_one_that_counts(qtbot, panel, typed, stands):
    qtbot.mouseClick(panel.advanced.fold, LEFT)
    rate = panel.advanced.learning_rate
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    rate.setFocus()
    rate.selectAll()
    qtbot.keyClick(rate, Qt.Key.Key_Delete)
    qtbot.keyClicks(rate, typed)
    qtbot.keyClick(rate, Qt.Key.Key_Escape)
    assert rate.text() == stands
    training = panel.choices().training or PRESETS["standard"].training
    assert training.learning_rate == float(stands)


def test_the_corpus_gives_its_facts_and_the_models_name(panel):
    panel.corpus.setCurrentIndex(1)
    panel.corpus.activated.emit(1)
    assert panel.name.text() == "Chorales"
    assert panel._lines.text() == "all notes"
    assert panel._held_out.text().startswith("about 1")
    panel.show_run(RunFacts(104, 11, 214))
    assert (panel._studies.text(), panel._held_out.text(), panel._words.text()) == ("104 pieces", "11 pieces", "214")


def test_a_name_that_was_typed_is_kept(qtbot, panel):
    panel.name.selectAll()
    qtbot.keyClicks(panel.name, "Evening")
    panel.corpus.activated.emit(1)
    assert panel.choices().name == "Evening"


def choose_start(panel, place):
    panel.start_from.setCurrentIndex(place)
    panel.start_from.activated.emit(place)


def test_what_suits_nothing_or_a_model_can_be_started_from(panel):
    panel.set_models([("m1", "First model")])
    offered = [panel.start_from.itemText(place) for place in range(panel.start_from.count())]
    assert offered == ["What suits", "Nothing", "First model"]
    assert panel.choices().start_from == AUTOMATIC
    choose_start(panel, 1)
    assert panel.choices().start_from == ""
    choose_start(panel, 2)
    assert panel.choices().start_from == "m1"
    assert panel.start_from.toolTip() == "It goes on from “First model”."
    panel.set_models([])
    assert panel.choices().start_from == AUTOMATIC


def test_the_tip_says_what_suits_the_collection_and_why(panel):
    assert "there is no starter model" in panel.start_from.toolTip()
    panel.set_models([], starter=STARTER)
    assert panel.start_from.toolTip().startswith("It starts from the starter model, because these pieces alone are few")
    panel.preset.setCurrentIndex(panel.preset.findData("quick"))
    panel.preset.activated.emit(panel.preset.currentIndex())
    assert "isn't of the kind ‘Quick’" in panel.start_from.toolTip()
    panel.preset.setCurrentIndex(panel.preset.findData("standard"))
    panel.preset.activated.emit(panel.preset.currentIndex())
    panel.corpus.setCurrentIndex(1)
    panel.corpus.activated.emit(1)
    assert "these pieces have chords" in panel.start_from.toolTip()
    training = PRESETS["standard"].training
    panel.set_locked(locked=True)
    panel.show_job(
        name="x", preset="standard", training=training, corpus_name="Chorales", start_reason="It starts from Bach."
    )
    assert panel.start_from.toolTip() == "It starts from Bach."


def test_my_seed_is_a_choice_only_while_there_is_one(qtbot, panel):
    assert not panel.seed_kind.isEnabled()
    panel.set_own_seed(available=True)
    qtbot.keyClick(panel.seed_kind, Qt.Key.Key_Right)
    assert panel.choices().uses_own_seed
    panel.set_own_seed(available=False)
    assert not panel.choices().uses_own_seed


def test_the_seed_is_shown_and_played(qtbot, panel):
    assert not panel.seed_play.isVisible()
    panel.show_seed((Note(0, 60, 480),), "The opening of a test piece")
    with qtbot.waitSignal(panel.seed_play_requested):
        qtbot.mouseClick(panel.seed_play, LEFT)


def test_no_corpus_is_no_choice(panel):
    panel.set_corpora([])
    assert panel.choices() is None
