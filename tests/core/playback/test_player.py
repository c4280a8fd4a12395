"""The player on a clock and a device of the test's own."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from core.music.score import Note, Part, Score, Tempo
from core.playback.player import Player
from core.playback.voice import FRAMES_PER_S
from tests.fakes import FakeClock, FakeOutput, ToneRenderer
from tests.patience import eventually

HALF = FRAMES_PER_S // 2


def melody(*onsets: int, duration: int = 240, length: int = 0) -> Score:
    notes = [Note(onset, 60 + index % 12, duration) for index, onset in enumerate(onsets)]
    return Score((Part.of([*notes, *([Note(length - 1, 100, 1)] if length else [])]),))


class Bench:
    """A player with all its seams in the test's hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.output = FakeOutput(self.clock)
        self.renderer = ToneRenderer()
        self.ended = 0
        self.device_changes = 0
        self.player = Player(
            self.output, self.clock, renderer=self.renderer, on_ended=self._end, on_device_changed=self._change
        )

    def _end(self) -> None:
        self.ended += 1

    def _change(self) -> None:
        self.device_changes += 1

    def play(self, from_tick: float | None = None) -> None:
        starts = self.output.starts
        self.player.play(from_tick)
        eventually(lambda: self.output.starts > starts and self.output.is_queued)

    def advance(self, seconds: float) -> None:
        """Let time pass in steps short enough for the thread to keep up."""
        while seconds > 0:
            step = min(1.0, seconds)
            self.clock.advance(step)
            seconds -= step
            eventually(lambda: self.output.is_queued or not self.player.is_playing)

    def wait_for_a_look(self) -> None:
        """Until the playback thread has looked after its segments at the present time."""
        eventually(lambda: self.player._looked_s == self.clock.now_s)

    def onsets_s(self) -> list[float]:
        """When something starts to sound on the line handed to the device."""
        loud = self.output.line()[:, 0] > 500
        return [round(index / FRAMES_PER_S, 3) for index in np.nonzero(loud[1:] & ~loud[:-1])[0] + 1]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.player.close()


def test_the_playhead_runs_with_the_clock_and_ends_with_the_music(bench: Bench) -> None:
    bench.player.set_score(melody(0, 960, duration=480))
    bench.play(0)
    assert bench.player.is_playing
    assert bench.player.position_tick() == 0
    bench.clock.advance(0.75)
    assert bench.player.position_tick() == pytest.approx(720, abs=1)
    bench.clock.advance(0.75)
    eventually(lambda: not bench.player.is_playing)
    assert bench.ended == 1
    assert bench.player.position_tick() == pytest.approx(1440, abs=1)


def test_after_the_end_it_plays_from_the_beginning(bench: Bench) -> None:
    bench.player.set_score(melody(0, 960, duration=480))
    bench.play(0)
    bench.clock.advance(2)
    eventually(lambda: bench.ended == 1)
    bench.play()
    assert bench.player.position_tick() == 0


def test_segments_join_without_a_gap_or_a_note_lost(bench: Bench) -> None:
    onsets = list(range(480, 480 * 60, 480))
    bench.player.set_score(melody(*onsets))
    bench.play(0)
    bench.advance(24)
    expected = [onset / 960 for onset in onsets]
    got = bench.onsets_s()
    assert len(got) > 45
    assert got == pytest.approx(expected[: len(got)], abs=0.002)
    assert bench.output.starts == 1, "one gapless line"


def test_pause_keeps_the_place_and_stop_goes_back(bench: Bench) -> None:
    bench.player.set_score(melody(0, length=9600))
    bench.play(480)
    bench.clock.advance(1)
    bench.player.pause()
    assert bench.player.position_tick() == pytest.approx(1440, abs=1)
    assert not bench.player.is_playing
    eventually(lambda: not bench.output.is_playing)
    bench.clock.advance(5)
    assert bench.player.position_tick() == pytest.approx(1440, abs=1)
    bench.play()
    assert bench.player.position_tick() == pytest.approx(1440, abs=1)
    bench.player.stop()
    assert bench.player.position_tick() == 0


def test_stop_goes_back_to_the_start_of_the_loop(bench: Bench) -> None:
    bench.player.set_loop((960, 1920))
    bench.player.stop()
    assert bench.player.position_tick() == 960


def test_seeking_while_playing_plays_on_from_there(bench: Bench) -> None:
    bench.player.set_score(melody(0, 4800, length=9600))
    bench.play(0)
    bench.player.seek(4320)
    assert bench.player.position_tick() == 4320
    eventually(lambda: bench.output.starts == 2 and bench.output.is_queued)
    assert bench.onsets_s()[0] == pytest.approx(0.5, abs=0.002)
    bench.clock.advance(0.5)
    assert bench.player.position_tick() == pytest.approx(4800, abs=1)


def test_a_note_is_picked_up_in_its_middle(bench: Bench) -> None:
    bench.player.set_score(melody(0, duration=1920))
    bench.play(960)
    line = bench.output.line()[:, 0]
    assert abs(int(line[0])) < 20, "without a click"
    assert abs(int(line[1000]) - 1000) <= 1


def test_a_loop_comes_round_and_round_without_a_seam(bench: Bench) -> None:
    bench.player.set_score(melody(0, 480, 960, 1440, 1920, 2400))
    bench.player.set_loop((480, 1440))
    bench.play(0)
    bench.advance(9)
    assert bench.player.position_tick() == pytest.approx(480 + (9 * 960 - 480) % 960, abs=2)
    expected = [0.5 * index for index in range(1, 19)]
    assert bench.onsets_s()[:18] == pytest.approx(expected, abs=0.002)
    assert bench.output.starts == 1


def test_a_device_whose_clock_runs_off_takes_the_playhead_with_it(bench: Bench) -> None:
    bench.player.set_score(melody(0, length=96_000))
    bench.play(0)
    bench.output._started_s -= 0.2  # it is 0.2 s further than the computer's clock says
    for _ in range(180):
        bench.clock.advance(0.01)
        bench.wait_for_a_look()
    assert bench.player.position_tick() == pytest.approx((1.8 + 0.2) * 960, abs=40)


def test_an_edit_is_heard_from_just_ahead_of_the_playhead(bench: Bench) -> None:
    bench.player.set_score(melody(0, length=19_200))
    bench.play(0)
    bench.clock.advance(0.5)
    bench.player.set_score(melody(0, 960, 1440, 4800, length=19_200))
    eventually(lambda: len(bench.onsets_s()) >= 3)
    assert bench.onsets_s()[:3] == pytest.approx([1.0, 1.5, 5.0], abs=0.002)
    assert bench.output.starts == 1, "the line is not broken"
    assert bench.player.position_tick() == pytest.approx(480, abs=1)


def test_what_was_heard_already_is_not_rewritten(bench: Bench) -> None:
    bench.player.set_score(melody(0, length=19_200))
    bench.play(0)
    before = bench.output.line()
    bench.clock.advance(0.5)
    bench.player.set_score(melody(240, 1200, length=19_200))
    eventually(lambda: 1.25 in bench.onsets_s())
    heard = int(0.6 * FRAMES_PER_S)
    assert np.array_equal(bench.output.line()[:heard], before[:heard])


def test_another_tempo_while_playing_keeps_the_tick(bench: Bench) -> None:
    score = melody(0, length=19_200)
    bench.player.set_score(score)
    bench.play(0)
    bench.clock.advance(1)
    bench.player.set_score(Score(score.parts, tempos=(Tempo(0, 250_000),)))
    eventually(lambda: bench.output.starts == 2 and bench.output.is_queued)
    assert bench.player.position_tick() == pytest.approx(960, abs=2)
    bench.clock.advance(0.5)
    assert bench.player.position_tick() == pytest.approx(1920, abs=2)


def test_music_that_grows_or_shrinks_while_playing_ends_where_it_ends_now(bench: Bench) -> None:
    bench.player.set_score(melody(0, 960))
    bench.play(0)
    bench.player.set_score(melody(0, 960, 1920))
    bench.clock.advance(1.3)
    bench.wait_for_a_look()
    assert bench.player.is_playing
    bench.clock.advance(1.0)
    eventually(lambda: bench.ended == 1)


def test_the_metronome_is_mixed_in(bench: Bench) -> None:
    bench.player.set_score(Score((Part.of([Note(0, 60, 1), Note(1919, 60, 1)]),)))
    bench.player.set_metronome(True)
    bench.play(0)
    line = np.abs(bench.output.line()[:, 0].astype(int))
    loud = [int(line[beat * HALF : beat * HALF + 1200].max()) for beat in range(4)]
    assert loud[0] > loud[1] > 3000
    assert line[1500:HALF].max() < 100


def test_an_audition_sounds_one_note(bench: Bench) -> None:
    bench.player.audition(64, 90, 24)
    eventually(lambda: len(bench.output.struck) == 1)
    assert abs(int(bench.output.struck[0].max()) - 1000) <= 1
    assert bench.renderer.rendered[-1][:3] == (24, False, 64)


def test_volume_reaches_the_device(bench: Bench) -> None:
    bench.player.set_volume(0.25)
    bench.player.start()
    eventually(lambda: bench.output.volume == 0.25)
    bench.player.set_volume(7)
    eventually(lambda: bench.output.volume == 1.0)


def test_without_a_device_the_playhead_runs_and_it_can_be_checked_again(bench: Bench) -> None:
    bench.output.is_broken = True
    bench.player.set_score(melody(0, length=9600))
    bench.player.play(0)
    eventually(lambda: bench.player.device.is_available is False)
    assert bench.player.device.sentence == "No sound device found. You can still edit, train, generate and export."
    eventually(lambda: bench.player._shown.playhead is not None)
    bench.clock.advance(1)
    assert bench.player.position_tick() == pytest.approx(960, abs=1)
    bench.output.is_broken = False
    bench.player.check_device()
    eventually(lambda: bench.player.device.is_available is True)
    assert bench.device_changes == 2
    eventually(lambda: bench.output.is_playing)
    assert bench.player.position_tick() == pytest.approx(960, abs=1)


def test_no_method_keeps_its_caller_waiting(bench: Bench) -> None:
    score = melody(*range(0, 480 * 4000, 480))
    bench.player.set_score(score)
    bench.play(0)
    calls = [
        lambda: bench.player.set_score(score),
        lambda: bench.player.seek(960),
        lambda: bench.player.audition(60),
        bench.player.position_tick,
        bench.player.pause,
        bench.player.play,
    ]
    bench.renderer.may_go_on.clear()
    try:
        bench.player.audition(12)  # a note yet to be rendered, at which the playback thread is held
        eventually(lambda: bench.renderer.is_held)
        for call in calls * 3:
            call()  # would never come back if it waited for that thread
    finally:
        bench.renderer.may_go_on.set()


def test_commands_given_in_a_burst_end_in_the_last_one(bench: Bench) -> None:
    bench.player.set_score(melody(0, length=96_000))
    for tick in range(0, 9600, 96):
        bench.player.play(tick)
    bench.player.pause()
    bench.player.seek(4800)
    bench.play()
    assert bench.player.position_tick() == 4800
    assert bench.output.starts < 100


def test_close_ends_the_thread_and_later_calls_do_nothing() -> None:
    bench = Bench()
    bench.player.set_score(melody(0, length=9600))
    bench.play(0)
    bench.player.close()
    assert not bench.output.is_open
    assert not any(thread.name == "playback" for thread in threading.enumerate())
    bench.player.play(0)
    bench.player.set_score(melody(0))
    bench.player.audition(60)
    bench.player.close()
    assert not any(thread.name == "playback" for thread in threading.enumerate())


def test_a_player_that_never_played_has_no_thread() -> None:
    player = Player()
    player.set_score(melody(0, 480))
    player.set_volume(0.5)
    player.seek(240)
    player.set_loop((0, 480))
    assert player.position_tick() == 240
    assert player.device.is_available is None
    assert not any(thread.name == "playback" for thread in threading.enumerate())
    player.close()


def test_notes_ahead_are_rendered_before_anyone_plays(bench: Bench) -> None:
    bench.player.set_score(melody(0, 480, 960))
    bench.player.start()
    eventually(lambda: len(bench.renderer.rendered) == 3)
    bench.play(0)
    assert len(bench.renderer.rendered) == 3
