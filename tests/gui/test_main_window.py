"""The window as a musician uses it: keys and mouse in, the document looked at."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from core.files import digest
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import Vocabulary
from core.learning.generation.generation import sources_of
from core.learning.models import model_file
from core.learning.models.library import Library
from core.learning.models.model_file import ModelCard
from core.learning.network.weights import fresh_weights
from core.learning.spec import NetworkSpec, TokenizerSpec, TrainingSpec
from core.music import edits
from core.music.midi_file import read_midi, write_midi
from core.music.score import Note
from core.playback.player import DeviceState
from core.settings import read_settings
from gui import messages
from gui.controls.text import Text
from gui.document import Document, Snapshot, Work
from gui.main_window import MainWindow
from gui.messages import Message, MessageAction
from gui.piano_roll.looks import Fill
from gui.project_file import project_bytes, read_document, read_project, write_document
from gui.recovery import Autosave, find_recoveries
from gui.training.about_model import AboutModelDialog
from tests.gui.conftest import Desk, line, score_of

CARD = ModelCard(
    name="Chorales",
    preset="quick",
    tokenizer=TokenizerSpec(),
    network=NetworkSpec(embedding=4, layers=1, units=8, attention_heads=2, head_units=4),
    training=TrainingSpec(),
    vocabulary=Vocabulary(
        {"delta": (0, 12, 24), "pitch": tuple(range(57, 82)), "duration": (12, 24), "velocity": (4, 5)}
    ),
    corpus_name="Bach",
    pieces=3,
    notes=120,
    epochs=2,
    best_epoch=1,
    created="2026-01-02T03:04:05+00:00",
)


def fill(folder, card):
    model_file.write_weights(folder, fresh_weights(card.weight_shapes, random_seed=1))
    model_file.write_studied(folder, build_studied_index([]))
    model_file.write_card(folder, card)


@pytest.fixture
def stocked(home):
    """A library with a starter model of a few untrained weights."""
    starter = home / "starter"
    starter.mkdir(parents=True)
    fill(starter, replace(CARD, name="Starter model"))
    return Library(home, starter=starter)


@pytest.fixture
def studio(home, qtbot, dressed, stocked):
    """A window on a seed of four notes in Compose, with a model."""
    desk = Desk(home, qtbot, stocked)
    desk.window.start_in_compose()
    desk.window.show()
    qtbot.waitExposed(desk.window)
    desk.window.prepare_rest()
    desk.open(62, 64, 65, 67)
    qtbot.waitUntil(lambda: desk.window.compose.panel.is_ready and desk.window.others is not None)
    yield desk
    desk._let_go(None)
    desk.window.close()


def key(qtbot, desk, press, modifier=Qt.KeyboardModifier.NoModifier):
    target = QApplication.focusWidget() or desk.window
    qtbot.keyClick(target, press, modifier)


def settled(qtbot, desk):
    qtbot.waitUntil(lambda: not desk.generator.is_busy)


# About the model


def test_about_this_model_shows_the_card_of_the_one_chosen_under_generate(studio, stocked, qtbot):
    model_id, folder, _ = stocked.create("Airs")
    fill(folder, replace(CARD, name="Airs"))
    studio.generator.list_models()
    panel = studio.window.compose.panel
    qtbot.waitUntil(lambda: any(action.data() == model_id for action in panel.model.menu.actions()))
    panel.choose_model(model_id)
    studio.window.actions_["about_model"].trigger()
    qtbot.waitUntil(lambda: bool(studio.window.findChildren(AboutModelDialog)))
    (about,) = studio.window.findChildren(AboutModelDialog)
    words = [text.text() for text in about.findChildren(Text)]
    assert "Airs" in words
    assert "25 choices" in [block.detail for block in about.diagram.plan.blocks]
    about.close_button.click()
    qtbot.waitUntil(lambda: not studio.window.findChildren(AboutModelDialog))


def test_without_a_model_there_is_nothing_to_tell_about(desk, qtbot):
    desk.window.show()
    desk.window.actions_["about_model"].trigger()
    assert desk.window.status.words.startswith("There is no model yet.")


# Generate and keep


def test_g_gives_takes_and_puts_the_first_on_the_roll(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    tray = studio.window.compose.tray
    assert [take.letter for take in tray.takes] == ["A", "B", "C", "D"]
    assert studio.document.preview is tray.takes[0]
    assert studio.document.score.note_count == 4


def test_what_was_said_of_a_batch_is_gone_when_the_next_one_begins(studio, qtbot):
    messages.note("Take D got stuck.")
    assert studio.window.status.words == "Take D got stuck."
    studio.window.actions_["generate"].trigger()
    assert studio.window.status.words != "Take D got stuck."
    settled(qtbot, studio)


def test_each_take_tells_how_much_of_it_came_from_earlier_once_all_are_there(studio, qtbot):
    heard = []
    studio.generator.echo_found.connect(lambda take, share: heard.append((take, share)))
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    qtbot.waitUntil(lambda: len(heard) == 4)
    takes = studio.window.compose.tray.takes
    assert [take for take, _ in heard] == list(takes)
    model = studio.generator.library().load(studio.generator.library().find("starter"))
    take, share = heard[2]
    sources = sources_of(model, take.score, 0)
    assert share == pytest.approx(np.mean([sources[note].share for note in take.generated]))
    assert 0 < share < 1
    card = studio.window.compose.tray._cards[2]
    assert f"About {round(100 * share)} % of its pitches come from earlier in the piece" in card.toolTip()


def test_a_model_without_copying_heads_has_nothing_to_tell_of(studio, stocked, qtbot):
    heard = []
    studio.generator.echo_found.connect(lambda *echo: heard.append(echo))
    _, folder, _ = stocked.create("Article")
    fill(folder, replace(CARD, name="Article", network=replace(CARD.network, attention="running_mean")))
    studio.generator.list_models()
    panel = studio.window.compose.panel
    qtbot.waitUntil(lambda: len(panel.model.menu.actions()) == 2)
    panel.choose_model(panel.model.menu.actions()[1].data())
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    assert len(studio.window.compose.tray.takes) == 4
    assert heard == []


def test_the_brackets_walk_through_the_takes_and_ctrl_enter_keeps_one(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    key(qtbot, studio, Qt.Key.Key_BracketRight)
    take = studio.document.preview
    assert take.letter == "B"
    key(qtbot, studio, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert studio.document.preview is None
    assert studio.document.generated == take.generated
    assert studio.document.undo_stack.count() == 1
    key(qtbot, studio, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert studio.document.score.note_count == 4
    key(qtbot, studio, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert studio.document.generated == take.generated


@pytest.mark.parametrize("field", ["length", "takes", "random_seed"])
def test_g_generates_from_within_a_number_field(studio, qtbot, field):
    digits = getattr(studio.window.compose.panel, field)._digits
    digits.setFocus()
    digits.selectAll()
    qtbot.keyClicks(digits, "2")
    qtbot.keyClick(digits, Qt.Key.Key_Return)
    qtbot.keyClick(digits, Qt.Key.Key_G)
    assert studio.generator.is_busy
    settled(qtbot, studio)
    assert "G" not in digits.text()


def test_enter_in_a_field_leaves_the_playhead_where_it_is(studio, qtbot):
    studio.playback.seek(960)
    others = studio.window.others
    panel = studio.window.compose.panel
    for page, entry in (
        ("compose", panel.length._digits),
        ("train", others.train.settings.name),
        ("train", others.train.settings.epochs._digits),
        ("pieces", others.pieces.report.search),
    ):
        studio.window.show_workspace(page)
        entry.setFocus()
        qtbot.keyClick(entry, Qt.Key.Key_Return)
        assert studio.playback.document_tick == 960
        qtbot.keyClick(entry, Qt.Key.Key_Escape)
        assert not entry.hasFocus()


def test_a_take_kept_while_it_plays_goes_on_playing(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    key(qtbot, studio, Qt.Key.Key_Space)
    take = studio.document.preview
    studio.player.tick = take.start + 480
    handed = []
    for changed in (studio.document.changed, studio.document.preview_changed):
        changed.connect(lambda: handed.append(studio.document.heard_score.end))
    qtbot.mouseClick(studio.window.compose.tray._cards[1].grip, Qt.MouseButton.LeftButton)
    key(qtbot, studio, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert studio.document.generated == take.generated
    assert handed
    assert min(handed) > take.start + 480
    assert studio.player.score == studio.document.score


def test_escape_takes_the_take_off_the_roll(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    studio.window.compose.roll.setFocus()
    key(qtbot, studio, Qt.Key.Key_Escape)
    assert studio.document.preview is None


def test_discarded_takes_can_be_brought_back(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    studio.window.actions_["discard_takes"].trigger()
    assert not studio.window.compose.tray.takes
    assert studio.document.preview is None
    studio.window.strip.action_chosen.emit(0)
    assert len(studio.window.compose.tray.takes) == 4


def test_an_empty_roll_asks_for_notes_rather_than_generating(studio, qtbot):
    studio.document.open(Snapshot())
    key(qtbot, studio, Qt.Key.Key_G)
    assert not studio.generator.is_busy
    assert "Draw a few notes" in studio.window.status.words


def test_notes_that_the_model_never_met_are_named(studio, qtbot):
    with qtbot.waitSignal(studio.generator.unknown_found) as found:
        studio.open(62, 64, 100)
    assert {note.pitch for note in found.args[0]} == {100}


def test_the_takes_spoken_of_are_those_on_show(studio, qtbot):
    panel = studio.window.compose.panel
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    assert "The four takes on show stay in the history." in panel._note.text()
    studio.window.actions_["discard_takes"].trigger()
    assert "on show" not in panel._note.text()
    studio.window.strip.action_chosen.emit(0)
    assert "The four takes on show stay" in panel._note.text()
    studio.open(70, 72)
    assert "on show" not in panel._note.text()


def test_the_status_bar_says_what_can_be_done_now(studio, qtbot):
    status = studio.window.status
    assert status.words == "Press G to continue the melody, Space to play"
    key(qtbot, studio, Qt.Key.Key_G)
    assert "Takes are being made" in status.words
    settled(qtbot, studio)
    assert "Ctrl+Enter keeps this one" in status.words
    studio.document.set_preview(None)
    assert status.words == "[ and ] show the takes, G makes others"
    studio.document.open(Snapshot())
    assert status.words.startswith("Double-click to write a note")
    studio.window.actions_["tool_draw"].trigger()
    assert status.words.startswith("Click to write a note")


def test_train_says_that_a_model_learns_only_while_one_does(studio, qtbot):
    status = studio.window.status
    studio.window.show_workspace("train")
    assert status.words == "Choose what it is to learn from, then press Train"
    studio.window.others.training_changed.emit("epoch 1 of 3", 0.1)
    assert status.words == "A model learns in the background; editing and playing go on"
    studio.window.others.training_changed.emit("", 0.0)
    assert status.words == "Choose what it is to learn from, then press Train"


def test_without_a_model_nobody_is_told_to_press_g(desk, qtbot):
    desk.window.show()
    desk.open(60, 62)
    desk.window.show_first_page()
    with qtbot.waitSignal(desk.generator.models_listed):
        desk.window.prepare_rest()
    assert desk.window.status.words == ""
    qtbot.waitUntil(lambda: desk.window.others is not None)
    desk.window.show_compose()
    assert "no model yet" in desk.window.status.words


def test_another_name_for_middle_c_is_seen_everywhere_at_once(studio, qtbot):
    panel = studio.window.compose.panel
    qtbot.waitUntil(lambda: panel.range_switch.value == "G3 – D5")
    studio.preferences.change(middle_c=3)
    assert panel.range_switch.value == "G2 – D4"
    assert studio.window.compose.roll.view.name_of(60) == "C3"


def test_what_the_model_wrote_is_not_new_to_it(studio, qtbot):
    cut = Note(1920, 65, 1000)  # a length that it never met: the last barline cut it
    kept = Snapshot(score_of(*studio.document.notes, cut), generated=frozenset((cut,)))
    with qtbot.waitSignal(studio.generator.unknown_found) as found:
        studio.document.apply("Keep take A", kept)
    assert found.args[0] == {cut}
    view, panel = studio.window.compose.roll.view, studio.window.compose.panel
    assert view.looks.fill[view.index.row_at(1920, 65)] == Fill.MODEL
    assert panel._knowledge_words.text() == "It knows all 5 notes of your seed"
    with qtbot.waitSignal(studio.generator.unknown_found):
        studio.document.apply("Move", edits.move(kept.score, 0, frozenset((cut,)), ticks=240, semitones=0))
    assert view.looks.fill[view.index.row_at(2160, 65)] == Fill.UNKNOWN
    assert panel._knowledge_words.text() == "1 note is new to this model. It is hatched."


def test_takes_for_a_seed_that_is_gone_never_arrive(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_G)
    studio.open(70, 72)
    settled(qtbot, studio)
    assert not studio.window.compose.tray.takes
    assert studio.document.preview is None
    assert studio.window.compose.panel.is_ready


def test_a_recent_file_is_in_the_menu_at_once(studio, qtbot, tmp_path):
    path = tmp_path / "Évening.mid"
    write_midi(score_of(*line(60)), path)
    assert not studio.window.menu_row.recent.isEnabled()
    studio.window.arrivals.open([path])
    qtbot.waitUntil(lambda: studio.document.path == path)
    assert [action.text() for action in studio.window.menu_row.recent.actions()] == ["Évening.mid"]


# First launch


def test_on_the_first_page_enter_gives_music(home, qtbot, dressed, stocked):
    desk = Desk(home, qtbot, stocked)
    desk.window.show_first_page(awaits_seed=True)
    desk.window.show()
    qtbot.waitExposed(desk.window)
    desk.window.prepare_rest()
    desk.window.read_seed()
    qtbot.waitUntil(lambda: desk.document.score.note_count == 18)
    page = desk.window.first_page
    page.continue_button.setFocus()
    qtbot.keyClick(page.continue_button, Qt.Key.Key_Return)
    assert desk.window.stack.currentWidget() is desk.window.compose
    qtbot.waitUntil(lambda: desk.document.preview is not None)
    settled(qtbot, desk)
    assert desk.player.is_playing
    assert desk.player.score.note_count > 18


def test_g_on_the_first_page_gives_music_too(home, qtbot, dressed, stocked):
    desk = Desk(home, qtbot, stocked)
    desk.window.show_first_page(awaits_seed=True)
    desk.window.show()
    desk.window.prepare_rest()
    desk.window.read_seed()
    qtbot.waitUntil(lambda: desk.document.score.note_count == 18)
    qtbot.keyClick(desk.window, Qt.Key.Key_G)
    qtbot.waitUntil(lambda: desk.document.preview is not None)
    settled(qtbot, desk)


def test_without_any_model_the_first_page_says_so(desk, qtbot):
    desk.window.show_first_page()
    with qtbot.waitSignal(desk.generator.models_listed):
        desk.window.prepare_rest()
    page = desk.window.first_page
    assert not page.continue_button.isEnabled()
    assert "starter model is missing" in page.continue_button.toolTip()
    qtbot.waitUntil(lambda: desk.window.others is not None)


def test_the_first_page_promises_the_model_that_will_answer(home, qtbot, dressed, stocked):
    _, folder, _ = stocked.create("Airs")
    fill(folder, replace(CARD, name="Airs", pieces=40))
    desk = Desk(home, qtbot, stocked)
    page, panel = desk.window.first_page, desk.window.compose.panel
    desk.window.show_first_page(awaits_seed=True)
    desk.window.show()
    assert "tarter" not in page._answer_words.text()
    with qtbot.waitSignal(desk.generator.models_listed):
        desk.window.prepare_rest()
    assert page._answer_words.text() == "A blue seed melody is waiting. The starter model answers in amber."
    assert page._model_words.accessibleName() == "starter model, learnt from 3 sample melodies"
    panel.choose_model(panel.model.menu.actions()[1].data())
    assert page._answer_words.text() == "A blue seed melody is waiting. “Airs” answers in amber."
    assert page._model_words.accessibleName() == "your model, learnt from 40 pieces"
    qtbot.waitUntil(lambda: desk.window.others is not None)


def test_the_first_page_can_be_left_out_from_now_on(desk):
    desk.window.first_page.shown_at_start.click()
    assert not desk.preferences.settings.show_first_page


# The transport


def test_space_plays_and_pauses_where_the_playhead_is(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_Space)
    assert studio.player.is_playing
    studio.player.tick = 960
    key(qtbot, studio, Qt.Key.Key_Space)
    assert not studio.player.is_playing
    assert studio.playback.document_tick == 960
    key(qtbot, studio, Qt.Key.Key_Home)
    assert studio.playback.document_tick == 0


def test_l_loops_everything_and_ctrl_l_the_selection(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_L)
    assert studio.player.loop == (0, 1920)
    key(qtbot, studio, Qt.Key.Key_L)
    assert studio.player.loop is None
    studio.document.open(Snapshot(score_of(*line(60, onset=2000), *line(62, onset=5000))))
    studio.document.select(frozenset(studio.document.notes[:1]))
    key(qtbot, studio, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert studio.player.loop == (1920, 3840)
    assert studio.window.actions_["loop"].isChecked()


def test_an_edit_is_heard_while_it_plays(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_Space)
    edited = edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1]))
    studio.document.apply("Delete 1 note", edited)
    assert studio.player.score.note_count == 3


def test_the_readout_says_where_the_playhead_is(studio):
    studio.playback.seek(1920 + 480 + 240)
    assert studio.window.transport.readout.words == ("2 . 2 . 3", "120", "4 / 4")


def test_tempo_and_metre_can_be_set_and_undone(studio):
    studio.window.tempo_metre.set_tempo(0, 92)
    studio.window.tempo_metre.set_metre(0, 3, 4)
    assert studio.window.transport.readout.words[1:] == ("92", "3 / 4")
    studio.document.undo_stack.undo()
    studio.document.undo_stack.undo()
    assert studio.window.transport.readout.words[1:] == ("120", "4 / 4")


def test_a_missing_sound_device_is_said_once_and_quietly(desk, posted, qtbot):
    desk.window.prepare_rest()
    qtbot.waitUntil(lambda: desk.playback.device is not None)
    desk.player.device = DeviceState(False, "No sound device found.")
    desk.player.on_device_changed()
    desk.player.on_device_changed()
    assert "No sound device found" in desk.window.status.words
    assert not posted
    assert desk.window.transport.volume.isVisibleTo(desk.window) is False


def test_the_volume_is_remembered(desk, qtbot):
    desk.window.prepare_rest()
    qtbot.waitUntil(lambda: desk.playback.device is not None)
    desk.window.transport.volume.changed.emit(0.25)
    assert desk.player.volume == 0.25
    assert desk.preferences.settings.volume == 0.25


def test_sliding_the_volume_paints_nothing_and_is_kept_at_the_end(studio, qtbot, home):
    canvas = studio.window.compose.roll.canvas
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    painted = []
    studio.window.compose.roll.view.notes_changed.connect(lambda: painted.append("roll"))
    slider = studio.window.transport.volume
    for _ in range(5):
        qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert studio.player.volume == slider.value < 0.7
    assert not painted
    assert canvas.isVisible()
    studio.window.close()
    assert read_settings(home / "settings.json").settings.volume == slider.value


# Files


def test_saving_asks_where_to_the_first_time_only(studio, qtbot, tmp_path):
    path = tmp_path / "Evening study.mid"
    studio.dialogs.paths.append(path)
    key(qtbot, studio, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: studio.document.path == path)
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    assert studio.document.is_dirty
    key(qtbot, studio, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not studio.document.is_dirty)
    assert len(studio.dialogs.asked) == 1
    assert read_midi(path) == studio.document.score
    assert studio.preferences.settings.recent_files == (str(path),)


def test_a_project_remembers_who_wrote_what(studio, qtbot, tmp_path):
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    studio.window.actions_["keep_take"].trigger()
    kept = studio.document.snapshot
    studio.dialogs.paths.append(tmp_path / "study.ritornello")
    studio.window.actions_["save_as"].trigger()
    qtbot.waitUntil(lambda: not studio.document.is_dirty)
    studio.document.open(Snapshot())
    studio.window.arrivals.open([tmp_path / "study.ritornello"])
    qtbot.waitUntil(lambda: studio.document.score.note_count > 0)
    assert studio.document.snapshot == kept


def test_the_export_holds_what_is_heard(studio, qtbot, tmp_path):
    key(qtbot, studio, Qt.Key.Key_G)
    settled(qtbot, studio)
    path = tmp_path / "out.mid"
    studio.dialogs.paths.append(path)
    key(qtbot, studio, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: studio.window.strip.isVisible())
    assert read_midi(path) == studio.document.heard_score
    assert studio.document.path is None


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_written_is_no_longer_being_written(studio, qtbot, tmp_path, fails):
    path = tmp_path / "out.wav"
    if fails:
        path.mkdir()
    studio.dialogs.paths.append(path)
    studio.window.actions_["export_wav"].trigger()
    assert studio.window.status.words == "Writing ‘out.wav’…"
    qtbot.waitUntil(lambda: studio.window.strip.isVisible())
    assert "Writing" not in studio.window.status.words


@pytest.mark.parametrize(
    ("answer", "is_saved", "goes_on"), [("save", True, True), ("discard", False, True), ("cancel", False, False)]
)
def test_the_question_about_unsaved_changes_is_obeyed(studio, qtbot, tmp_path, answer, is_saved, goes_on):
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    studio.dialogs.unsaved.append(answer)
    path = tmp_path / "kept.mid"
    studio.dialogs.paths.append(path)
    studio.window.actions_["new"].trigger()
    if goes_on:
        qtbot.waitUntil(lambda: studio.document.score.note_count == 0)
    else:
        assert studio.document.score.note_count == 3
    assert path.exists() is is_saved


def test_closing_with_unsaved_changes_asks_first(studio, qtbot):
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    studio.dialogs.unsaved.append("cancel")
    studio.window.close()
    assert studio.window.isVisible()
    studio.dialogs.unsaved.append("discard")
    studio.window.close()
    qtbot.waitUntil(lambda: not studio.window.isVisible())
    assert studio.player.is_closed


def test_a_file_that_cannot_be_read_is_a_strip_and_the_document_stays(studio, qtbot, tmp_path):
    path = tmp_path / "prelude.mid"
    path.write_bytes(b"nothing of the kind")
    studio.window.arrivals.open([path])
    qtbot.waitUntil(lambda: studio.window.strip.isVisible())
    assert "‘prelude.mid’" in studio.window.strip.accessibleName()
    assert studio.document.score.note_count == 4


def test_a_disk_that_is_full_keeps_the_work_and_offers_another_place(studio, qtbot, tmp_path, monkeypatch):
    def full(_path, _content):
        from core.errors import FileError

        raise FileError("‘a.mid’ was not saved: No space left on device.", hint="Free some space.")

    with monkeypatch.context() as disk:
        disk.setattr("gui.project_file.write_bytes", full)
        studio.dialogs.paths.append(tmp_path / "a.mid")
        studio.window.actions_["save"].trigger()
        qtbot.waitUntil(lambda: studio.window.strip.isVisible())
    assert studio.document.path is None
    assert studio.document.score.note_count == 4
    studio.dialogs.paths.append(tmp_path / "b.mid")
    studio.window.actions_["save"].trigger()
    qtbot.waitUntil(lambda: studio.document.path == tmp_path / "b.mid")
    assert not studio.window.strip.isVisible(), "it is saved by now"


@pytest.mark.parametrize("answer", ["replace", "elsewhere", "cancel"])
def test_a_file_that_another_program_changed_is_asked_about(studio, qtbot, tmp_path, answer):
    path, other = tmp_path / "study.mid", tmp_path / "other.mid"
    write_midi(studio.document.score, path)
    studio.window.arrivals.open([path])
    qtbot.waitUntil(lambda: studio.document.path == path)
    path.write_bytes(b"another program's")
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    studio.dialogs.changed.append(answer)
    studio.dialogs.paths.append(other)
    studio.window.actions_["save"].trigger()
    qtbot.waitUntil(lambda: bool(studio.dialogs.asked))
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    assert (path.read_bytes() == b"another program's") is (answer != "replace")
    assert other.exists() is (answer == "elsewhere")
    assert studio.document.is_dirty is (answer == "cancel")


def test_a_file_that_only_this_program_changed_is_not_asked_about(studio, qtbot, tmp_path):
    path = tmp_path / "study.mid"
    write_midi(studio.document.score, path)
    studio.window.arrivals.open([path])
    qtbot.waitUntil(lambda: studio.document.path == path)
    for _ in range(2):
        studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
        studio.window.actions_["save"].trigger()
        qtbot.waitUntil(lambda: not studio.document.is_dirty)
    assert read_midi(path).note_count == 2
    assert not studio.dialogs.asked


def test_what_is_edited_while_another_file_is_read_is_asked_about(studio, qtbot, tmp_path):
    write_midi(score_of(*line(70, 71)), tmp_path / "other.mid")
    studio.dialogs.unsaved.append("cancel")
    studio.window.arrivals.open([tmp_path / "other.mid"])
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    qtbot.waitUntil(lambda: bool(studio.dialogs.asked))
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    assert studio.document.score.note_count == 3


def test_what_is_edited_while_the_document_is_saved_to_be_left_is_asked_about(studio, qtbot, tmp_path):
    first = edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1]))
    studio.document.apply("Delete", first)
    studio.dialogs.unsaved.extend(("save", "cancel"))
    studio.dialogs.paths.append(tmp_path / "study.ritornello")
    studio.window.actions_["new"].trigger()
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    qtbot.waitUntil(lambda: not studio.dialogs.unsaved)
    assert studio.document.score.note_count == 2
    assert read_document(tmp_path / "study.ritornello").work.snapshot.score == first.score


def slow_disk(monkeypatch):
    """Writing waits until the event that is returned is set."""
    may_write = threading.Event()

    def wait(path, work, **choices):
        may_write.wait()
        return write_document(path, work, **choices)

    monkeypatch.setattr("gui.file_actions.write_document", wait)
    return may_write


def test_saving_again_while_it_is_saved_is_no_change_by_another_program(studio, qtbot, tmp_path, monkeypatch):
    studio.dialogs.paths.append(tmp_path / "study.ritornello")
    studio.window.actions_["save"].trigger()
    qtbot.waitUntil(lambda: not studio.document.is_dirty)
    studio.dialogs.asked.clear()
    may_write = slow_disk(monkeypatch)
    for _ in range(2):
        first = frozenset(studio.document.notes[:1])
        studio.document.apply("Delete", edits.erase(studio.document.score, 0, first))
        studio.window.actions_["save"].trigger()
    may_write.set()
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    assert not studio.dialogs.asked
    assert not studio.document.is_dirty
    assert read_document(tmp_path / "study.ritornello").work.snapshot.score.note_count == 2


def test_a_document_opened_while_another_is_saved_does_not_take_its_file(studio, qtbot, tmp_path, monkeypatch):
    path = tmp_path / "study.ritornello"
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    may_write = slow_disk(monkeypatch)
    studio.dialogs.paths.append(path)
    studio.window.actions_["save"].trigger()
    studio.dialogs.unsaved.append("discard")
    studio.window.actions_["new"].trigger()
    may_write.set()
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    assert path.exists()
    assert studio.document.path is None
    assert studio.document.score.note_count == 0


# Takes and files


def with_takes(qtbot, studio, batches=1):
    for _ in range(batches):
        studio.window.actions_["generate"].trigger()
        qtbot.waitUntil(lambda: not studio.generator.is_busy and studio.document.preview is not None)
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    return studio.document.takes


def test_a_project_keeps_every_batch_the_stars_the_recipes_and_the_panel(studio, qtbot, home, tmp_path):
    panel, tray = studio.window.compose.panel, studio.window.compose.tray
    panel.takes.set_value(2)
    panel.temperature.set_value(1.25)
    panel.range.set_span(50, 70)
    panel._on_range_changed()
    panel.scale.chosen.emit("D minor")
    with_takes(qtbot, studio, batches=3)
    tray.show_batch(2)
    tray.step(1)
    qtbot.mouseClick(tray._cards[1].star, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    before, options = studio.document.work, panel.request_options()
    assert {batch.made_by.name for batch in before.takes.batches} == {"Starter model"}
    assert all(len(batch.made_by.fingerprint) == 32 for batch in before.takes.batches)
    path = tmp_path / "study.ritornello"
    studio.dialogs.paths.append(path)
    studio.window.actions_["save_as"].trigger()
    qtbot.waitUntil(lambda: not studio.document.is_dirty)
    assert studio.document.is_on_disk
    assert not list((home / "recovery").glob("*.ritornello"))
    studio.window.actions_["new"].trigger()
    assert not tray.takes
    panel.takes.set_value(7)
    panel.temperature.set_value(0.5)
    panel.range.set_span(20, 100)
    studio.window.arrivals.open([path])
    qtbot.waitUntil(lambda: studio.document.path == path)
    assert studio.document.work == before
    assert panel.request_options() == options
    assert [card.star.is_on for card in tray._cards] == [False, True]
    assert tray.batches.text() == "Batch 2 of 3"
    assert tray.current_take is studio.document.preview is tray.takes[0]
    assert not studio.document.is_dirty
    tray.keep_current()
    assert studio.document.generated == frozenset(tray.takes[0].generated)


def test_the_recipe_in_a_project_gives_the_same_takes_again(studio, qtbot, tmp_path, stocked):
    from core.learning.generation.generation import generate

    with_takes(qtbot, studio)
    work = read_project(project_bytes(studio.document.work), "x").work
    model = stocked.load(stocked.find(work.takes.batches[0].made_by.id))
    assert model.fingerprint == work.takes.batches[0].made_by.fingerprint
    again = generate(model, work.takes.batches[0].takes[0].request)
    assert again == work.takes.batches[0].takes


@pytest.mark.parametrize("way", ["drop", "new", "open", "close"])
@pytest.mark.parametrize("answer", ["cancel", "discard", "save"])
def test_takes_that_would_be_lost_are_asked_about(studio, qtbot, tmp_path, way, answer):
    write_midi(score_of(*line(70, 71)), tmp_path / "seed.mid")
    with_takes(qtbot, studio)
    project = tmp_path / "kept.ritornello"
    studio.dialogs.unsaved.append(answer)
    studio.dialogs.paths.append(project if answer == "save" or way != "open" else tmp_path / "seed.mid")
    {
        "drop": lambda: studio.window.compose.midi_dropped.emit(tmp_path / "seed.mid"),
        "new": studio.window.actions_["new"].trigger,
        "open": lambda: studio.window.arrivals.open([tmp_path / "seed.mid"]),
        "close": studio.window.close,
    }[way]()
    assert "4 takes that are not saved" in studio.dialogs.asked[0]
    if answer == "cancel":
        assert len(studio.window.compose.tray.takes) == 4
        assert studio.window.isVisible()
        return
    if way == "close":
        qtbot.waitUntil(lambda: not studio.window.isVisible())
    else:
        qtbot.waitUntil(lambda: not studio.window.compose.tray.takes)
    assert project.exists() is (answer == "save")
    if answer == "save":
        assert read_document(project).work.takes.count == 4


def test_a_mid_that_can_not_hold_the_takes_says_so_and_offers_a_project(studio, qtbot, tmp_path):
    with_takes(qtbot, studio)
    studio.dialogs.paths.extend((tmp_path / "study.mid", tmp_path / "study.ritornello"))
    studio.window.actions_["save_as"].trigger()
    qtbot.waitUntil(lambda: "holds no takes" in studio.window.strip.accessibleName())
    assert not studio.document.is_dirty
    studio.window.strip.action_chosen.emit(0)
    qtbot.waitUntil(lambda: studio.document.path == tmp_path / "study.ritornello")
    assert studio.document.is_on_disk


def test_leaving_a_mid_with_takes_saves_a_project_beside_it(studio, qtbot, tmp_path):
    path = tmp_path / "study.mid"
    write_midi(studio.document.score, path)
    content = path.read_bytes()
    studio.window.arrivals.open([path])
    qtbot.waitUntil(lambda: studio.document.path == path)
    with_takes(qtbot, studio)
    studio.dialogs.unsaved.append("save")
    studio.dialogs.paths.append(tmp_path / "study.ritornello")
    studio.window.actions_["new"].trigger()
    qtbot.waitUntil(lambda: not studio.document.notes)
    assert path.read_bytes() == content
    assert read_document(tmp_path / "study.ritornello").work.takes.count == 4


def test_takes_discarded_while_they_are_made_do_not_join_another_batch(studio, qtbot):
    tray = studio.window.compose.tray
    with_takes(qtbot, studio)
    first = studio.document.takes.batches
    studio.window.actions_["generate"].trigger()
    tray.discard_shown()
    qtbot.waitUntil(lambda: not studio.generator.is_busy)
    assert studio.document.takes.batches == first


def test_discarded_takes_do_not_come_back_into_another_document(studio, qtbot):
    tray = studio.window.compose.tray
    with_takes(qtbot, studio)
    tray.discard_shown()
    studio.document.open(Snapshot(score_of(*line(50))))
    tray.restore_discarded()
    assert not tray.takes


# Dropping


def dropped(window, *files):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    where = window.rect().center()
    keys, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(where, Qt.DropAction.CopyAction, mime, buttons, keys)
    window.dragEnterEvent(enter)
    is_taken = enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(where), Qt.DropAction.CopyAction, mime, buttons, keys))
    return is_taken


def folder_of(folder, first):
    """Three pieces that no other `first` has."""
    folder.mkdir()
    for name in range(first, first + 3):
        notes = line(*(60 + (step * (name + 2)) % 13 for step in range(40)))
        write_midi(score_of(*notes), folder / f"song {name}.mid")
    return folder


def test_a_folder_dropped_anywhere_becomes_pieces(studio, qtbot, tmp_path):
    folder = folder_of(tmp_path / "songs", 0)
    assert dropped(studio.window, folder)
    assert studio.window.stack.currentWidget() is studio.window.others.pieces
    qtbot.waitUntil(lambda: not studio.jobs.is_busy("import"))
    qtbot.waitUntil(lambda: bool(studio.window.others.corpus.corpus_id))


def test_pieces_and_train_show_one_collection(studio, qtbot, tmp_path):
    others = studio.window.others
    settings, shown = others.train.settings, others.pieces.report.corpora
    for name, first in (("songs", 0), ("chorales", 3)):  # what came in last is what is trained on
        assert dropped(studio.window, folder_of(tmp_path / name, first))
        qtbot.waitUntil(lambda name=name: settings.corpus.currentText() == name)
    place = settings.corpus.findText("songs")
    settings.corpus.setCurrentIndex(place)
    settings.corpus.activated.emit(place)
    qtbot.waitUntil(lambda: shown.currentText() == "songs" and settings.corpus.currentText() == "songs")
    place = shown.findText("chorales")
    shown.setCurrentIndex(place)
    shown.activated.emit(place)
    qtbot.waitUntil(lambda: settings.corpus.currentText() == "chorales")
    assert others.corpus.corpus_id == settings.corpus_id


def test_a_project_that_is_dropped_is_opened(studio, qtbot, tmp_path):
    path = tmp_path / "dropped.ritornello"
    write_document(path, Work(Snapshot(score_of(*line(70, 71)))))
    assert dropped(studio.window, path)
    qtbot.waitUntil(lambda: studio.document.score.note_count == 2)
    assert studio.document.path == path


def test_a_mid_dropped_on_the_roll_becomes_the_seed(studio, qtbot, tmp_path):
    path = tmp_path / "melody.mid"
    write_midi(score_of(*line(70, 71, 72)), path)
    studio.window.compose.roll.midi_dropped.emit(path)
    qtbot.waitUntil(lambda: studio.document.score.note_count == 3)
    assert studio.document.path is None
    assert studio.document.title == "melody"


# Workspaces and messages


def test_ctrl_1_2_3_change_the_workspace(studio, qtbot):
    key(qtbot, studio, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert studio.window.stack.currentWidget() is studio.window.others.pieces
    assert not studio.window.actions_["generate"].isEnabled()
    key(qtbot, studio, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert studio.window.stack.currentWidget() is studio.window.compose
    assert studio.window.actions_["generate"].isEnabled()


def test_the_pill_shows_training_everywhere_and_leads_to_it(studio, qtbot):
    window = studio.window
    window.others.training.progress_changed.emit("epoch 3 of 12 · 2 min left", 0.25)
    pill = window.transport.pill
    assert pill.isVisible()
    assert "epoch 3 of 12" in pill.accessibleName()
    qtbot.mouseClick(pill, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is window.others.train
    window.others.training.progress_changed.emit("", 0.0)
    assert not pill.isVisible()


def test_a_model_made_elsewhere_is_offered_at_once(studio, qtbot, stocked):
    _, folder, name = stocked.create("Chorales")
    fill(folder, replace(CARD, name=name))
    studio.window.others.models_changed.emit()
    with qtbot.waitSignal(studio.generator.models_listed) as listed:
        pass
    assert [record.name for record in listed.args[0]] == ["Starter model", "Chorales"]
    studio.window.others.compose_requested.emit(listed.args[0][1].id)
    qtbot.waitUntil(lambda: studio.window.compose.panel.request_options().model_id == listed.args[0][1].id)


def test_a_model_that_has_learnt_more_is_read_anew(studio, stocked):
    _, folder, name = stocked.create("Chorales")
    fill(folder, replace(CARD, name=name, epochs=1))
    (record,) = (record for record in stocked.list() if record.name == name)
    early = studio.generator._loaded(record.id)
    assert studio.generator._loaded(record.id) is early
    fill(folder, replace(CARD, name=name, epochs=2))
    assert studio.generator._loaded(record.id).record.epochs == 2


def test_v_ctrl_t_and_ctrl_r_fold_their_parts(studio, qtbot):
    compose, ctrl = studio.window.compose, Qt.KeyboardModifier.ControlModifier
    key(qtbot, studio, Qt.Key.Key_T, ctrl)
    key(qtbot, studio, Qt.Key.Key_R, ctrl)
    key(qtbot, studio, Qt.Key.Key_V)
    assert [part.isVisible() for part in (compose.tray, compose.panel, compose.roll.velocity_lane)] == [False] * 3
    key(qtbot, studio, Qt.Key.Key_T, ctrl)
    key(qtbot, studio, Qt.Key.Key_R, ctrl)
    key(qtbot, studio, Qt.Key.Key_V)
    assert [part.isVisible() for part in (compose.tray, compose.panel, compose.roll.velocity_lane)] == [True] * 3


def test_messages_are_shown_one_at_a_time_the_newest_first(desk):
    done = []
    messages.post(Message("First.", actions=(MessageAction("Do it", lambda: done.append(1)),)))
    messages.post(Message("Second."))
    assert desk.window.strip.accessibleName() == "Second."
    desk.window.strip.closed.emit()
    assert desk.window.strip.accessibleName() == "First."
    desk.window.strip.action_chosen.emit(0)
    assert done == [1]
    assert not desk.window.strip.isVisibleTo(desk.window)


def test_f6_goes_round_the_regions(studio, qtbot):
    window = studio.window
    studio.window.activateWindow()
    visited = []
    for _ in range(6):
        window._go_to_region(1)
        focused = QApplication.focusWidget()
        regions = [window.transport, *window.compose.regions()]
        visited.append(
            next((index for index, region in enumerate(regions) if focused and region.isAncestorOf(focused)), -1)
        )
    assert len(set(visited)) >= 4


def test_the_windows_place_is_remembered(home, qtbot, dressed, stocked):
    desk = Desk(home, qtbot, stocked)
    desk.window.show()
    desk.window.resize(1234, 765)
    desk.window.close()
    assert desk.preferences.settings.window_geometry
    again = Desk(home, qtbot, stocked)
    fresh = MainWindow(again.document, again.preferences, again.jobs, again.playback, again.generator, again.autosave)
    qtbot.addWidget(fresh)
    assert fresh.height() == 765


# Recovery


def left_behind(jobs, folder, *pitches, path=None, digest=""):
    """A copy as a program leaves it that did not end by itself; `Autosave` must live as long as its folder is looked at."""
    lost = Document()
    lost.open(Snapshot(score_of(*line(*pitches))), path=path, digest=digest, name="Lost", is_dirty=True)
    crashed = Autosave(lost, jobs, folder=folder)
    assert crashed.copy_now() is not None
    crashed._lock.unlock()
    return lost


def test_work_that_a_crash_left_behind_can_be_restored(studio, qtbot, home, jobs):
    left_behind(jobs, home / "recovery", 50, 51)
    studio.window.unsaved_work.look(home / "recovery")
    qtbot.waitUntil(lambda: "recovered" in studio.window.strip.accessibleName())
    studio.window.strip.action_chosen.emit(0)
    assert studio.document.score.note_count == 2
    assert studio.document.is_dirty
    assert studio.document.title == "Lost"
    assert find_recoveries(home / "recovery") == ()
    assert len(list((home / "recovery").glob("*.ritornello"))) == 1


def test_what_a_crash_left_behind_stays_until_a_new_copy_stands(studio, qtbot, home, jobs, tmp_path):
    lost = left_behind(jobs, tmp_path / "left", 50, 51)
    (home / "recovery").write_text("in the way of a new copy")
    studio.window.unsaved_work.look(tmp_path / "left")
    qtbot.waitUntil(lambda: "recovered" in studio.window.strip.accessibleName())
    studio.window.strip.action_chosen.emit(0)
    assert studio.document.score == lost.score
    assert [each.opened.work for each in find_recoveries(tmp_path / "left")] == [lost.work]
    assert "No recovery copy" in studio.window.menu_row._saved.text()


def test_several_copies_are_offered_in_turn_and_none_goes_unseen(studio, qtbot, home, jobs):
    others = [left_behind(jobs, home / "recovery", *pitches) for pitches in ((50,), (50, 51), (50, 51, 52))]
    studio.window.unsaved_work.look(home / "recovery")
    told = set()
    for _ in others:
        qtbot.waitUntil(lambda: "recovered" in studio.window.strip.accessibleName())
        told.add(studio.window.strip.accessibleName())
        studio.window.strip.closed.emit()
    assert len({words.split("notes")[0][-4:] for words in told}) == len(told) == 3
    assert len(find_recoveries(home / "recovery")) == 3


@pytest.mark.parametrize("called_off", ["at the question", "in the file dialog", "by a file that can't be written"])
def test_a_restore_that_is_called_off_is_offered_again(studio, qtbot, home, jobs, called_off, tmp_path):
    left_behind(jobs, home / "recovery", 50)
    studio.window.unsaved_work.look(home / "recovery")
    qtbot.waitUntil(lambda: "recovered" in studio.window.strip.accessibleName())
    studio.document.apply("Delete", edits.erase(studio.document.score, 0, frozenset(studio.document.notes[:1])))
    studio.dialogs.unsaved.append("cancel" if called_off == "at the question" else "save")
    if called_off == "by a file that can't be written":
        (tmp_path / "file").write_text("in the way")
        studio.dialogs.paths.append(tmp_path / "file" / "study.ritornello")
    studio.window.strip.action_chosen.emit(0)
    qtbot.waitUntil(lambda: not studio.jobs._jobs)
    if called_off == "by a file that can't be written":
        assert "was not saved" in studio.window.strip.accessibleName()
        studio.window.strip.closed.emit()
    assert studio.window.strip.isVisible()
    assert "recovered" in studio.window.strip.accessibleName()
    assert studio.document.score.note_count == 3
    assert len(find_recoveries(home / "recovery")) == 1


@pytest.mark.parametrize("is_there", [True, False])
def test_the_copy_goes_when_the_last_saved_is_open_and_not_before(studio, qtbot, home, jobs, tmp_path, is_there):
    path = tmp_path / "saved.mid"
    if is_there:
        write_midi(score_of(*line(70, 71, 72)), path)
    left_behind(jobs, home / "recovery", 50, path=path)
    studio.window.unsaved_work.look(home / "recovery")
    qtbot.waitUntil(lambda: "recovered" in studio.window.strip.accessibleName())
    studio.window.strip.action_chosen.emit(1)
    if is_there:
        qtbot.waitUntil(lambda: studio.document.path == path)
        assert find_recoveries(home / "recovery") == ()
    else:
        qtbot.waitUntil(lambda: "recovered" in studio.window.strip.accessibleName())
        assert len(find_recoveries(home / "recovery")) == 1


def test_a_damaged_copy_is_told_and_stays_until_it_is_discarded(studio, qtbot, home):
    (home / "recovery").mkdir()
    (home / "recovery" / "a.ritornello").write_bytes(b"PK")
    studio.window.unsaved_work.look(home / "recovery")
    qtbot.waitUntil(lambda: "‘a.ritornello’" in studio.window.strip.accessibleName())
    assert (home / "recovery" / "a.ritornello").exists()
    studio.window.strip.action_chosen.emit(1)
    assert not (home / "recovery" / "a.ritornello").exists()


def test_a_restored_document_knows_whether_its_file_changed_meanwhile(studio, qtbot, home, jobs, tmp_path):
    path = tmp_path / "saved.mid"
    path.write_bytes(b"what another program wrote after the crash")
    left_behind(jobs, home / "recovery", 50, path=path, digest=digest(b"before"))
    studio.window.unsaved_work.look(home / "recovery")
    qtbot.waitUntil(lambda: "recovered" in studio.window.strip.accessibleName())
    studio.window.strip.action_chosen.emit(0)
    studio.dialogs.changed.append("cancel")
    studio.window.actions_["save"].trigger()
    qtbot.waitUntil(lambda: bool(studio.dialogs.asked))
    assert "‘saved.mid’ has changed on disk" in studio.dialogs.asked[0]
    assert path.read_bytes().startswith(b"what another")
