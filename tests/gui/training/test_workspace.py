import math

import pytest
from PySide6.QtCore import QEvent, QObject, Qt

from core.learning.models.progress import TrainingProgress
from gui.training.workspace import Unfinished, UnfinishedCard
from tests.gui.settled import settle
from tests.gui.training.conftest import MEMORISING, answer, epochs, started_from

LEFT = Qt.MouseButton.LeftButton


def buttons(workspace):
    names = ("cancel", "pause", "go_on", "stop", "train", "pieces")
    return {name for name in names if getattr(workspace, name).isVisible()}


def test_each_phase_has_its_buttons(workspace):
    assert buttons(workspace) == {"train"}
    workspace.show_start()
    assert buttons(workspace) == {"cancel"}
    workspace.set_phase("training")
    assert buttons(workspace) == {"cancel", "pause"}
    workspace.show_history(MEMORISING[:3], epochs=20)
    assert buttons(workspace) == {"cancel", "pause", "stop"}
    assert workspace.stop.text() == "Stop and keep epoch 3"
    workspace.set_phase("paused")
    assert buttons(workspace) == {"cancel", "go_on", "stop"}
    workspace.show_ending("Ready: “Chorales”, kept at epoch 3.", "", failed=False)
    assert buttons(workspace) == {"train"}
    assert workspace._title.text() == "Ready: “Chorales”, kept at epoch 3."


def test_a_run_that_never_beats_counting_is_told_so_while_it_stands_still(workspace):
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_plan(epochs=20, held_out_pieces=3, counting_loss=math.log(9))
    workspace.show_history(epochs([20, 12, *[10.0] * 7]), epochs=20)
    assert workspace._title.text() == "It has not found a pattern yet."
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_history(epochs([20, 12, *[10.0] * 7]), epochs=20)
    assert workspace._title.text() == "It has nearly stopped improving.", "the next run's counting isn't known yet"


def test_a_pressed_stop_says_so_in_the_same_frame(qtbot, workspace):
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_history(MEMORISING, epochs=20)
    with qtbot.waitSignal(workspace.stop_requested):
        qtbot.mouseClick(workspace.stop, LEFT)
    assert workspace.stop.text() == "Stopping…"
    assert not workspace.stop.isEnabled()
    assert workspace._sentences.text() == "Keeping epoch 5. This takes a second or two."


def test_while_no_epoch_is_better_than_the_model_it_started_from_that_is_kept(workspace):
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_history(started_from(4, MEMORISING), epochs=20)
    assert workspace.stop.text() == "Stop and keep it as it started"
    assert workspace.compose.text() == "Compose with it"
    workspace.set_phase("stopping")
    assert workspace._sentences.text() == "Keeping it as it started. This takes a second or two."


def test_without_pieces_the_way_to_them_is_shown(qtbot, workspace):
    workspace.settings.set_corpora([])
    assert buttons(workspace) == {"train", "pieces"}
    assert not workspace.train.isEnabled()
    with qtbot.waitSignal(workspace.pieces_requested):
        qtbot.mouseClick(workspace.pieces, LEFT)


def test_settings_are_locked_while_training(workspace):
    workspace.show_start()
    assert not workspace.settings.preset.isEnabled()
    workspace.show_ending("It broke off.", "Go on.", failed=True)
    assert workspace.settings.preset.isEnabled()


def test_progress_is_told_in_epochs_and_time(workspace):
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_progress(TrainingProgress(37, 60, 5, 10, {}, 5000, 380, 250))
    assert workspace._epoch_words.text() == "Epoch 37 of 60"
    assert workspace._time_words.text() == "about 4 min left · 6 min 20 s so far"
    assert workspace._line.fraction == pytest.approx(36.5 / 60)


def test_answers_join_the_strip_in_the_order_of_epochs(workspace):
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_history(MEMORISING, epochs=20)
    workspace.add_answers([answer(11), answer(1)])
    workspace.add_answers([answer(5, "Best on new pieces"), answer(1)])
    assert [card.answer.epoch for card in workspace.strip.cards] == [1, 5, 11]
    assert workspace.strip.cards[1].accessibleName() == "Epoch 5, kept, best on new pieces, play"
    assert workspace.chart._marked == (1, 5, 11)


def test_leaders_join_the_axis_to_the_cards(qtbot, workspace):
    workspace.show_start()
    workspace.show_history(MEMORISING, epochs=20)
    workspace.add_answers([answer(1), answer(5)])
    qtbot.waitUntil(lambda: len(workspace.strip.leaders()) == 2)
    (first, _, _), (second, _, is_kept) = workspace.strip.leaders()
    assert (first, second) == (workspace.chart.x_of(1), workspace.chart.x_of(5))
    assert is_kept


def test_leaders_are_drawn_anew_when_a_stop_shortens_the_axis(qtbot, workspace):
    drawn_at = []
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_history(MEMORISING[:1], epochs=16)
    workspace.add_answers([answer(1)])
    qtbot.waitUntil(lambda: len(workspace.strip.leaders()) == 1)
    draws = _Draws(lambda: drawn_at.append(workspace.chart.x_of(1)))
    workspace.strip._leaders.installEventFilter(draws)
    workspace.strip._leaders.update()
    qtbot.waitUntil(lambda: bool(drawn_at))
    workspace.show_ending("Ready", "", failed=False)
    assert workspace.chart.x_of(1) > drawn_at[-1]
    qtbot.waitUntil(lambda: drawn_at[-1] == workspace.chart.x_of(1))


class _Draws(QObject):
    def __init__(self, on_paint):
        super().__init__()
        self._on_paint = on_paint

    def eventFilter(self, _watched, event):
        if event.type() == QEvent.Type.Paint:
            self._on_paint()
        return False


def test_a_card_plays_by_mouse_and_keys_and_arrows_move(qtbot, workspace):
    workspace.show_start()
    workspace.add_answers([answer(1), answer(2)])
    first, second = workspace.strip.cards
    for act in (
        lambda: qtbot.mouseClick(first.play, LEFT),
        lambda: qtbot.mouseClick(first, LEFT),
        lambda: qtbot.keyClick(first, Qt.Key.Key_Space),
    ):
        with qtbot.waitSignal(workspace.answer_play_requested) as played:
            act()
        assert played.args[0].epoch == 1
    qtbot.waitUntil(second.isVisible)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    assert workspace.focusWidget() is second
    workspace.strip.set_playing(2)
    assert second.play.isChecked()
    assert not first.play.isChecked()


def test_quotations_are_shown_with_their_legend(workspace):
    workspace.show_start()
    workspace.add_answers([answer(1)])
    assert not workspace._copied_words.isVisible()
    workspace.add_answers([answer(2, "Quotes 3 beats", copied=3)])
    assert workspace._copied_words.isVisible()


def test_unfinished_trainings_are_offered_until_one_runs(qtbot, workspace):
    workspace.show_unfinished([Unfinished("m", "Chorales", 12, 60)])
    card = workspace.findChild(UnfinishedCard)
    with qtbot.waitSignal(workspace.resume_requested) as resumed:
        qtbot.mouseClick(card.go_on, LEFT)
    assert resumed.args == ["m"]
    workspace.show_start()
    workspace.show_unfinished([Unfinished("m", "Chorales", 12, 60)])
    assert workspace._unfinished.count() == 0


def test_everything_fits_the_smallest_window(qtbot, workspace):
    workspace.resize(1080, 588)
    workspace.show_start()
    workspace.set_phase("training")
    workspace.show_history(MEMORISING, epochs=20)
    settle()
    right = workspace.stop.mapTo(workspace, workspace.stop.rect().topRight()).x()
    assert right <= workspace.width()
