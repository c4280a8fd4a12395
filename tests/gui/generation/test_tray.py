from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from core.learning.spec import GenerationRequest
from core.music.score import Note, Part, Score
from gui.controls.text import Text
from gui.generation.take_card import EmptyCard
from gui.generation.tray import TakesTray
from tests.gui.generation.conftest import BAR, made_take
from tests.gui.settled import settle


@pytest.fixture
def written():
    return []


@pytest.fixture
def tray(qtbot, written):
    tray = TakesTray(write=lambda score, path: (written.append(score), path.write_bytes(b"MThd")))
    qtbot.addWidget(tray)
    tray.resize(1200, 208)
    tray.show()
    return tray


@pytest.fixture
def takes():
    return [made_take("A", bits=2), made_take("B", bits=1, copied=3), made_take("C", bits=3), made_take("D", bits=1.5)]


def card(tray, letter):
    return next(card for card in tray._cards if card.take.letter == letter)


def empty_cards(tray):
    return sum(widget.isVisible() for widget in tray._row.findChildren(EmptyCard))


def test_the_tray_is_a_dashed_invitation_until_there_are_takes(tray, takes):
    assert tray._stack.currentIndex() == 0
    assert not tray.keep.isVisible()
    tray.set_takes(takes)
    assert tray._stack.currentIndex() == 1


def test_cards_fill_one_by_one(qtbot, tray, takes):
    tray.begin_batch("Adventurousness 0.90", takes=4)
    tray.add_take(takes[0])
    assert [take.letter for take in tray.takes] == ["A"]
    qtbot.waitUntil(lambda: empty_cards(tray) == 3)
    tray.finish_batch()
    qtbot.waitUntil(lambda: empty_cards(tray) == 0)


def test_a_batch_stopped_before_its_first_take_leaves_nothing(tray, takes):
    tray.set_takes(takes)
    tray.begin_batch("", takes=4)
    tray.finish_batch()
    assert tray.takes == tuple(takes)
    assert tray.batches.text() == "Batch 1 of 1"


def test_a_click_puts_a_take_on_the_roll(qtbot, tray, takes):
    tray.set_takes(takes)
    with qtbot.waitSignal(tray.auditioned) as heard:
        qtbot.mouseClick(card(tray, "B"), Qt.MouseButton.LeftButton)
    assert heard.args[0] is takes[1]
    assert card(tray, "B").is_on_roll
    assert tray.keep.text() == "Keep take B"


def test_a_double_click_plays_it(qtbot, tray, takes):
    tray.set_takes(takes)
    with qtbot.waitSignal(tray.play_requested) as played:
        qtbot.mouseDClick(card(tray, "C"), Qt.MouseButton.LeftButton)
    assert played.args[0] is takes[2]
    assert tray.current_take is takes[2]


def test_enter_keeps_the_card_with_the_focus(qtbot, tray, takes):
    tray.set_takes(takes)
    with qtbot.waitSignal(tray.kept) as kept:
        qtbot.keyClick(card(tray, "D"), Qt.Key.Key_Return)
    assert kept.args[0] is takes[3]


def test_the_keep_button_keeps_what_is_on_the_roll(qtbot, tray, takes):
    tray.set_takes(takes)
    assert not tray.keep.isEnabled()
    tray.set_on_roll(takes[0])
    with qtbot.waitSignal(tray.kept) as kept:
        qtbot.mouseClick(tray.keep, Qt.MouseButton.LeftButton)
    assert kept.args[0] is takes[0]


def test_arrows_and_steps_walk_the_takes_round_the_end(qtbot, tray, takes):
    tray.set_takes(takes)
    tray.step(1)
    assert tray.current_take is takes[0]
    tray.step(-1)
    assert tray.current_take is takes[3]
    qtbot.keyClick(card(tray, "D"), Qt.Key.Key_Left)
    assert tray.current_take is takes[2]


def test_earlier_batches_stay_within_reach(tray, takes):
    tray.set_takes(takes[:2], "first")
    tray.set_takes(takes[2:], "second")
    assert tray.batches.text() == "Batch 2 of 2"
    tray.show_batch(1)
    assert tray.takes == tuple(takes[:2])
    assert tray._words.text() == "first"


def test_takes_that_arrive_while_an_older_batch_is_shown_wait_in_theirs(tray, takes):
    tray.set_takes(takes[:2])
    tray.begin_batch("", takes=2)
    tray.show_batch(1)
    tray.add_take(takes[2])
    assert tray.takes == tuple(takes[:2])
    tray.show_batch(2)
    assert tray.takes == (takes[2],)


def test_discarding_can_be_undone(qtbot, tray, takes):
    tray.set_takes(takes[:2])
    tray.set_takes(takes[2:])
    with qtbot.waitSignal(tray.discarded):
        qtbot.mouseClick(tray.discard, Qt.MouseButton.LeftButton)
    assert tray.takes == tuple(takes[:2])
    tray.restore_discarded()
    assert tray.takes == tuple(takes[2:])


@pytest.mark.parametrize(
    ("order", "letters"), [("made", "ABCD"), ("expected", "BDAC"), ("surprising", "CADB"), ("copied", "ACDB")]
)
def test_takes_sort_by_what_is_asked(tray, takes, order, letters):
    tray.set_takes(takes)
    tray.order.setCurrentIndex(tray.order.findData(order))
    assert "".join(take.letter for take in tray.takes) == letters


def test_a_starred_take_keeps_its_star_and_can_come_first(qtbot, tray, takes):
    tray.set_takes(takes)
    qtbot.mouseClick(card(tray, "C").star, Qt.MouseButton.LeftButton)
    tray.order.setCurrentIndex(tray.order.findData("starred"))
    assert [take.letter for take in tray.takes] == ["C", "A", "B", "D"]
    assert card(tray, "C").star.is_on


def test_a_take_dragged_out_is_a_file_of_its_whole_score(tray, takes, written):
    tray.set_takes(takes)
    path = tray.export_file(takes[1])
    assert path.name == "Take B 7.mid"
    assert path.exists()
    assert written == [takes[1].score]


def test_only_the_playing_take_shows_a_playhead(tray, takes):
    tray.set_takes(takes)
    tray.set_on_roll(takes[1])
    tray.set_playing(takes[1])
    tray.set_playhead(2400)
    assert card(tray, "B").roll.playhead == 2400
    assert card(tray, "A").roll.playhead is None
    tray.set_playing(None)
    assert card(tray, "B").roll.playhead is None


def test_a_card_tells_a_screen_reader_what_it_shows(tray, takes):
    tray.set_takes(takes)
    tray.set_on_roll(takes[1])
    words = card(tray, "B").accessibleName()
    assert words == "Take B, lies high, 1 bar, surprise 1.0 bits, 3 notes copied, on the roll"


def test_a_take_that_says_the_seed_again_is_called_so(tray):
    said = tuple(Note(place * 240, 60 + pitch, 240) for place, pitch in enumerate((0, 2, 4, 5, 7, 4, 2, 0)))
    again = tuple(replace(note, onset=note.onset + BAR, pitch=note.pitch + 5) for note in said)
    request = GenerationRequest(Score((Part(notes=said),)), length_bars=1)
    surprise = tuple((note, 1.0) for note in again)
    repeating = replace(made_take("A"), request=request, generated=frozenset(again), surprise_bits=surprise)
    tray.set_takes([repeating, made_take("B", (60, 67, 61, 70))])
    assert "repeats the seed" in card(tray, "A").accessibleName()
    assert any(words.text() == "repeats the seed" for words in card(tray, "A").findChildren(Text))
    assert "100 % of its notes say the seed again, in any key." in card(tray, "A")._copy_tip()
    assert "no copy" in card(tray, "B").accessibleName()


def test_a_take_that_differs_in_nothing_has_no_phrase(tray):
    tray.set_takes([replace(made_take("A"), character="")])
    assert card(tray, "A").accessibleName().startswith("Take A, 1 bar, ")


def test_how_much_a_take_echoes_is_told_once_it_is_known_and_stays_known(tray, takes):
    tray.set_takes(takes)
    assert "earlier in the piece" not in card(tray, "B").toolTip()
    tray.set_echo(takes[1], 0.617)
    assert "About 62 % of its pitches come from earlier in the piece" in card(tray, "B").toolTip()
    assert "62 percent from earlier in the piece" in card(tray, "B").accessibleName()
    assert "earlier in the piece" not in card(tray, "A").toolTip()
    tray.set_takes([made_take("B")])
    assert "earlier in the piece" not in card(tray, "B").toolTip(), "of another batch"
    tray.show_batch(1)
    assert "About 62 %" in card(tray, "B").toolTip()


@pytest.mark.parametrize("width", range(600, 1400, 40))
def test_no_words_of_the_head_are_cut_off_however_narrow_the_tray(qtbot, tray, takes, width):
    tray.begin_batch("Adventurousness 0.90 · random seed 62 355", takes=4)
    for take in takes:
        tray.add_take(take)
    tray.resize(width, 208)
    settle()
    for text in tray._head_row.parentWidget().findChildren(Text):
        assert not text.isVisible() or text.width() >= text.sizeHint().width()
