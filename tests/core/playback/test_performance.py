"""A score as it is to be heard."""

import numpy as np
import pytest

from core.music.score import ControlChange, Metre, Note, Part, Score, Tempo
from core.playback.performance import CLICK, performance_of
from core.playback.voice import FRAMES_PER_S

PEDAL = 64


def one_part(*notes: Note, controls: tuple[ControlChange, ...] = (), **of: object) -> Score:
    return Score((Part.of(notes, controls=controls, **of),))


def test_the_tempo_map_is_obeyed() -> None:
    score = Score((Part.of([Note(0, 60, 480), Note(960, 62, 480)]),), tempos=(Tempo(0, 500_000), Tempo(480, 1_000_000)))
    performance = performance_of(score)
    assert (performance.onsets / FRAMES_PER_S).tolist() == pytest.approx([0.0, 1.5])
    assert performance.end / FRAMES_PER_S == pytest.approx(2.5)
    assert performance.tick_at(performance.frame_at(700)) == pytest.approx(700, abs=0.1)


def test_the_pedal_holds_notes_until_it_comes_up() -> None:
    pedal = (ControlChange(0, PEDAL, 127), ControlChange(960, PEDAL, 0))
    performance = performance_of(one_part(Note(0, 60, 240), Note(1000, 62, 240), controls=pedal))
    assert performance.ends.tolist() == [performance.frame_at(960), performance.frame_at(1240)]


def test_a_note_held_by_the_pedal_ends_where_its_pitch_is_struck_again() -> None:
    pedal = (ControlChange(0, PEDAL, 127), ControlChange(1920, PEDAL, 0))
    performance = performance_of(one_part(Note(0, 60, 240), Note(480, 60, 240), Note(500, 64, 100), controls=pedal))
    assert performance.ends.tolist() == [performance.frame_at(tick) for tick in (480, 1920, 1920)]


def test_a_pedal_that_never_comes_up_holds_to_the_end_of_the_score() -> None:
    controls = (ControlChange(0, PEDAL, 127), ControlChange(10, PEDAL, 90))
    performance = performance_of(one_part(Note(0, 60, 240), Note(960, 72, 480), controls=controls))
    assert performance.ends[0] == performance.frame_at(1440)


def test_channel_volume_and_expression_at_the_onset_set_the_loudness() -> None:
    controls = (ControlChange(0, 7, 50), ControlChange(480, 7, 100), ControlChange(960, 11, 64))
    score = one_part(Note(0, 60, 240), Note(480, 60, 240), Note(960, 60, 240), controls=controls)
    loudness = performance_of(score).gains[:, 0]
    assert loudness == pytest.approx([0.25, 1.0, (64 / 127) ** 2], rel=1e-3)


def test_pan_moves_a_part_to_its_side() -> None:
    left = performance_of(one_part(Note(0, 60, 240), controls=(ControlChange(0, 10, 0),))).gains[0]
    middle = performance_of(one_part(Note(0, 60, 240))).gains[0]
    right = performance_of(one_part(Note(0, 60, 240), controls=(ControlChange(0, 10, 127),))).gains[0]
    assert left == pytest.approx([np.sqrt(2), 0], abs=1e-6)
    assert middle == pytest.approx([1, 1], abs=1e-6)
    assert right == pytest.approx([0, np.sqrt(2)], abs=1e-6)


def test_parts_keep_their_programs_and_drums() -> None:
    score = Score((Part.of([Note(480, 60, 10)], program=40), Part.of([Note(0, 38, 10)], is_drums=True)))
    performance = performance_of(score)
    assert performance.drums.tolist() == [True, False]
    assert performance.programs.tolist() == [0, 40]


def test_the_metronome_clicks_on_every_beat_and_stronger_on_the_first() -> None:
    score = Score((Part.of([Note(0, 60, 3 * 480 + 480)]),), metres=(Metre(0, 3, 4),))
    performance = performance_of(score, clicks=True)
    clicks = performance.programs == CLICK
    assert performance.pitches[clicks].tolist() == [1, 0, 0, 1]
    assert performance.onsets[clicks].tolist() == [performance.frame_at(480 * beat) for beat in range(4)]


def test_an_empty_score_is_silent_and_over_at_once() -> None:
    performance = performance_of(Score())
    assert len(performance.onsets) == 0
    assert performance.end == 0
