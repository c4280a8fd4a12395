import pytest

from gui.playback import DOCUMENT, Playback
from tests.gui.conftest import FakePlayer, line, score_of


@pytest.fixture
def player():
    return FakePlayer()


@pytest.fixture
def playback(qapp, player):
    playback = Playback(lambda: player)
    playback.set_document(score_of(*line(60, 62, 64, 65)))
    yield playback
    playback.close()


def test_no_player_is_made_before_it_is_needed(qapp):
    playback = Playback(lambda: pytest.fail("too early"))
    playback.set_document(score_of(*line(60)))
    playback.seek(10)
    playback.set_volume(0.5)
    assert playback.device is None


def test_the_playhead_follows_the_player(playback, player, qtbot):
    playback.toggle()
    player.tick = 700.0
    with qtbot.waitSignal(playback.moved):
        pass
    playback.pause()
    assert playback.tick == 700
    assert not player.is_playing


def test_playing_on_from_the_very_end_begins_again(playback, player):
    playback.seek(1920)
    playback.toggle()
    assert player.tick == 0


def test_the_documents_playhead_waits_while_a_piece_plays(playback, player):
    playback.seek(480)
    playback.play_other("piece:1", score_of(*line(70, 71)))
    player.tick = 900.0
    assert playback.playing == "piece:1"
    playback.pause()
    assert playback.document_tick == 480
    playback.play_document()
    assert playback.source == DOCUMENT
    assert player.tick == 480
    assert player.score.note_count == 4


def test_the_transport_goes_on_with_the_piece_until_the_document_is_shown(playback, player):
    playback.play_other("piece:1", score_of(*line(70, 71)))
    playback.toggle()
    playback.toggle()
    assert playback.playing == "piece:1"
    playback.show_document()
    assert playback.playing == ""
    assert playback.source == DOCUMENT


def test_a_loop_is_the_documents_alone(playback, player):
    playback.set_loop((0, 960), loops=True)
    playback.toggle()
    assert player.loop == (0, 960)
    playback.play_other("piece:1", score_of(*line(70, 71)))
    assert player.loop is None
    playback.play_document()
    assert player.loop == (0, 960)


def test_at_the_end_the_playhead_goes_back(playback, player, qtbot):
    playback.toggle()
    player.tick = 1920.0
    with qtbot.waitSignal(playback.state_changed):
        player.end()
    assert not playback.is_playing
    assert playback.tick == 0


def test_an_edit_is_handed_over_at_once(playback, player):
    playback.toggle()
    playback.set_document(score_of(*line(60)))
    assert player.score.note_count == 1


def test_closing_closes_the_player(playback, player):
    playback.audition(60)
    playback.close()
    assert player.heard == [60]
    assert player.is_closed
