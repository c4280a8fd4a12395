"""What controllers do while notes sound: looked for in the audio."""

import numpy as np
import pytest

from core import paths
from core.music.score import ControlChange, Note, Part, Score, pitch_bend
from core.playback import pygame_output
from core.playback.additive import AdditiveRenderer
from core.playback.mix import Pcm, render_score
from core.playback.performance import performance_of
from core.playback.sampler import SampleRenderer
from core.playback.soundfont import read_soundfont
from core.playback.voice import FRAMES_PER_S
from tests.fakes import ToneRenderer

BEND_RANGE, FINE_TUNING, COARSE_TUNING = 0, 1, 2
ORGAN, STRINGS = 16, 48
SECOND = 960
"""Ticks, at 120 a minute."""
OPEN_HI_HAT, CLOSED_HI_HAT, BASS_DRUM = 46, 42, 36


def controls(*given: tuple[int, int, int]) -> tuple[ControlChange, ...]:
    return tuple(ControlChange(*one) for one in given)


def registered(tick: int, number: int, coarse: int, fine: int = 0) -> tuple[ControlChange, ...]:
    return controls((tick, 101, 0), (tick, 100, number), (tick, 6, coarse), (tick, 38, fine))


def heard(*notes: Note, program: int = ORGAN, renderer=None, **of: object) -> Pcm:
    return render_score(Score((Part.of(notes, program=program, **of),)), renderer or AdditiveRenderer())


def hertz(pcm: Pcm, begin_s: float, end_s: float) -> float:
    """Of the lowest strong partial."""
    wave = pcm[int(begin_s * FRAMES_PER_S) : int(end_s * FRAMES_PER_S)].mean(axis=1)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 2**18))
    return float(np.fft.rfftfreq(2**18, 1 / FRAMES_PER_S)[spectrum.argmax()])


def level(pcm: Pcm, begin_s: float, end_s: float, side: int | None = None) -> float:
    """Root of the mean square, of full scale."""
    wave = pcm[int(begin_s * FRAMES_PER_S) : int(end_s * FRAMES_PER_S)] / 32_768
    return float(np.sqrt(np.mean((wave if side is None else wave[:, side]) ** 2)))


A4 = Note(0, 69, 2 * SECOND)


def test_the_wheel_bends_a_note_that_sounds() -> None:
    pcm = heard(A4, controls=[pitch_bend(SECOND, 8191)])
    assert hertz(pcm, 0.1, 0.9) == pytest.approx(440, abs=1)
    assert hertz(pcm, 1.1, 1.9) == pytest.approx(440 * 2 ** (2 / 12), rel=0.002)


@pytest.mark.parametrize(
    ("moved", "cents"),
    [
        (registered(0, BEND_RANGE, 12), 1200),
        (registered(0, BEND_RANGE, 0, 50), 50),
        ((*registered(0, BEND_RANGE, 12), *controls((10, 121, 0))), 1200),  # a reset leaves the range (RP-015)
        (controls((0, 99, 0), (0, 98, 0), (0, 6, 12)), 200),  # a parameter of the maker's own is none of ours
        (controls((0, 101, 0), (0, 100, 0), (0, 101, 127), (0, 100, 127), (0, 6, 12)), 200),
        (registered(0, FINE_TUNING, 96), 250),  # half a semitone up, and two by the wheel
        (registered(0, COARSE_TUNING, 59), -300),
    ],
)
def test_range_and_tuning_are_registered_parameters(moved, cents) -> None:
    pcm = heard(A4, controls=[*moved, pitch_bend(SECOND, 8191)])
    assert 1200 * np.log2(hertz(pcm, 1.1, 1.9) / 440) == pytest.approx(cents, abs=3)


def test_a_bend_before_a_note_is_there_at_its_strike_and_one_that_is_reset_is_not() -> None:
    bent = heard(Note(480, 69, SECOND), controls=[pitch_bend(0, -8192)])
    assert hertz(bent, 0.52, 1.4) == pytest.approx(440 * 2 ** (-2 / 12), rel=0.002)
    reset = heard(Note(480, 69, SECOND), controls=[pitch_bend(0, -8192), *controls((240, 121, 0))])
    assert hertz(reset, 0.52, 1.4) == pytest.approx(440, abs=1)


@pytest.mark.parametrize("number", [7, 11])
def test_a_note_swells_from_silence_and_fades_into_it(number) -> None:
    up = [(tick * 96, number, min(127, 7 * tick)) for tick in range(20)]
    down = [(tick, number, 127 - value) for tick, _, value in up]
    swelling, fading = (heard(A4, program=STRINGS, controls=controls(*moves)) for moves in (up, down))
    assert level(swelling, 0, 0.05) < 0.0005
    levels = [level(swelling, begin, begin + 0.2) for begin in (0.1, 0.6, 1.1, 1.6)]
    assert levels == sorted(levels)
    assert levels[-1] > 0.01
    assert level(fading, 1.85, 1.95) < level(fading, 0.2, 0.4) / 100


def test_a_step_in_loudness_does_not_click() -> None:
    pcm = heard(A4, program=STRINGS, controls=controls((0, 7, 20), (SECOND, 7, 120)))
    jumps = np.abs(np.diff(pcm[:, 0].astype(int)))
    assert jumps[FRAMES_PER_S - 100 : FRAMES_PER_S + 500].max() <= jumps[FRAMES_PER_S + 500 : 2 * FRAMES_PER_S].max()


def test_a_note_that_sounds_moves_from_side_to_side() -> None:
    pcm = heard(A4, controls=controls((0, 10, 0), (SECOND, 10, 127)))
    assert level(pcm, 0.2, 0.9, side=1) < 0.001 < level(pcm, 0.2, 0.9, side=0)
    assert level(pcm, 1.1, 1.9, side=0) < 0.001 < level(pcm, 1.1, 1.9, side=1)


def swing_in_cents(pcm: Pcm) -> float:
    """How far the pitch goes up and down, from the times between the wave's rising zeros."""
    wave = pcm[int(0.2 * FRAMES_PER_S) : int(1.9 * FRAMES_PER_S), 0].astype(float)
    rising = np.nonzero((wave[:-1] < 0) & (wave[1:] >= 0))[0]
    crossings = rising - wave[rising] / (wave[rising + 1] - wave[rising])
    cents = 1200 * np.log2(FRAMES_PER_S / np.diff(crossings[::4]) * 4 / 440)
    return float(np.ptp(cents))


def test_the_modulation_wheel_is_vibrato() -> None:
    assert swing_in_cents(heard(A4, program=STRINGS)) < 5
    assert 80 < swing_in_cents(heard(A4, program=STRINGS, controls=controls((0, 1, 127)))) < 110
    assert swing_in_cents(heard(A4, program=STRINGS, controls=controls((0, 1, 127), (10, 121, 0)))) < 5


def ends(*notes: Note, **of: object) -> list[int]:
    performance = performance_of(Score((Part.of(notes, **of),)))
    return [round(performance.tick_at(end)) for end in performance.ends.tolist()]


def test_sostenuto_holds_the_keys_that_are_down_and_no_others() -> None:
    pedal = controls((240, 66, 127), (1440, 66, 0))
    assert ends(Note(0, 60, 480), Note(300, 64, 100), Note(480, 67, 100), controls=pedal) == [1440, 400, 580]


def test_both_pedals_hold_what_either_holds() -> None:
    pedals = controls((100, 66, 127), (200, 64, 127), (600, 66, 0), (960, 64, 0))
    assert ends(Note(0, 60, 150), Note(180, 64, 100), controls=pedals) == [960, 960]


def test_a_chord_that_ends_where_the_pedal_changes_is_let_go() -> None:
    pedal = controls((0, 64, 127), (480, 64, 0), (480, 64, 127), (960, 64, 0))
    assert ends(Note(0, 60, 480), Note(0, 64, 240), Note(480, 62, 240), controls=pedal) == [480, 480, 960]


def test_reset_lets_pedals_up_and_expression_back_but_not_volume_and_pan() -> None:
    given = controls((0, 7, 50), (0, 10, 0), (0, 11, 10), (0, 64, 127), (480, 121, 0))
    score = Score((Part.of([Note(0, 60, 100), Note(600, 60, 100)], controls=given),))
    performance = performance_of(score)
    assert round(performance.tick_at(performance.ends[0])) == 480
    assert performance.gains[1] == pytest.approx([0.25 * np.sqrt(2), 0], abs=1e-6)


def test_the_soft_pedal_makes_strikes_softer() -> None:
    pedal = controls((480, 67, 127), (960, 67, 0))
    notes = [Note(tick, 60, 100, 90) for tick in (0, 480, 960)]
    assert performance_of(Score((Part.of(notes, controls=pedal),))).velocities.tolist() == [90, 63, 90]


def test_another_part_s_controllers_move_nothing() -> None:
    moved = Part.of([Note(0, 81, 2 * SECOND)], controls=[*controls((SECOND, 7, 0)), pitch_bend(SECOND, 8191)])
    still = Part.of([A4], program=ORGAN)
    pcm = render_score(Score((moved, still)), AdditiveRenderer())
    assert hertz(pcm, 1.1, 1.9) == pytest.approx(440, abs=1)


def shipped() -> SampleRenderer:
    return SampleRenderer(read_soundfont(paths.soundfont()), pygame_output.decode)


@pytest.fixture(scope="module")
def kit() -> SampleRenderer:
    return shipped()


@pytest.mark.parametrize("renderer", [AdditiveRenderer(), pytest.param(None, id="soundfont")])
def test_a_closing_hi_hat_silences_the_open_one(renderer, kit) -> None:
    renderer = renderer or kit
    opened, closed = Note(0, OPEN_HI_HAT, 4 * SECOND), Note(96, CLOSED_HI_HAT, 48)
    alone, both, with_bass = (
        heard(*notes, program=0, is_drums=True, renderer=renderer)
        for notes in ([closed], [opened, closed], [opened, Note(96, BASS_DRUM, 48)])
    )
    frames = slice(int(0.13 * FRAMES_PER_S), int(0.2 * FRAMES_PER_S))
    assert np.abs(both[frames].astype(int) - alone[frames]).max() <= 2
    assert np.abs(with_bass[frames].astype(int) - alone[frames]).max() > 100
    # It doesn't come back in a later window either.
    assert np.abs(both[FRAMES_PER_S:]).max(initial=0) <= 2


def test_hi_hats_of_two_parts_silence_each_other_no_more_than_other_drums_do() -> None:
    parts = [Part.of([Note(tick, pitch, 48)], is_drums=True) for tick, pitch in ((0, OPEN_HI_HAT), (96, CLOSED_HI_HAT))]
    single = [render_score(Score((part,)), AdditiveRenderer()).astype(int) for part in parts]
    both = render_score(Score(tuple(parts)), AdditiveRenderer())
    frames = min(map(len, single))
    assert np.abs(both[:frames] - single[0][:frames] - single[1][:frames]).max() <= 2


def test_a_bent_note_is_rendered_as_long_as_it_is_heard() -> None:
    renderer = ToneRenderer()
    pcm = heard(Note(0, 60, 4 * SECOND), renderer=renderer, controls=[pitch_bend(0, 8191), *registered(0, 0, 12)])
    assert level(pcm, 3.8, 3.99) == pytest.approx(1000 / 32_768, rel=0.01)
