"""PCM out of strikes."""

import io
import itertools
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.music.score import ControlChange, Note, Part, Score, pitch_bend
from core.playback.additive import AdditiveRenderer
from core.playback.mix import limited, mixed, note_pcm, render_score, wav_bytes, write_wav
from core.playback.performance import performance_of
from core.playback.resampling import true_peak
from core.playback.synth import VoiceCache
from core.playback.transport import Timeline
from core.playback.voice import FRAMES_PER_S
from core.tasks import Control
from tests.fakes import ToneRenderer

HALF = FRAMES_PER_S // 2
"""Frames of a quarter at 120 a minute."""


def melody(*pitches: int) -> Score:
    return Score((Part.of(Note(480 * index, pitch, 480) for index, pitch in enumerate(pitches)),))


def test_a_note_is_heard_from_its_onset_to_its_end_and_fades_without_a_click() -> None:
    score = Score((Part.of([Note(480, 60, 480)]),))
    heard = render_score(score, ToneRenderer())[:, 0].astype(int)
    assert np.all(heard[:HALF] == 0)
    assert np.all(abs(heard[HALF : 2 * HALF] - 1000) <= 1)
    assert np.all(np.diff(heard[2 * HALF :]) <= 0)
    assert np.abs(np.diff(heard[2 * HALF :])).max() < 30
    assert heard[-1] <= 4


@settings(max_examples=20)
@given(st.lists(st.integers(2_000, 60_000), min_size=1, max_size=6), st.booleans())
def test_windows_fit_without_a_seam(lengths, loops) -> None:
    moves = [ControlChange(tick, 7, tick // 12) for tick in range(0, 1200, 5)]
    bends = [pitch_bend(tick, tick * 6) for tick in range(200, 1000, 7)]
    moving = Part.of([Note(100, 45, 1300), Note(600, 52, 300)], program=16, controls=[*moves, *bends])
    score = Score((Part.of([Note(0, 60, 900), Note(240, 64, 100), Note(700, 67, 480)]), moving))
    performance = performance_of(score)
    timeline = Timeline(5_000, performance.end, (20_000, 51_003) if loops else None)
    voices = VoiceCache(AdditiveRenderer())
    edges = np.cumsum([0, *lengths]).tolist()
    pieces = [mixed(performance, voices, timeline, *edge) for edge in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate(pieces), mixed(performance, voices, timeline, 0, edges[-1]))


def test_a_loop_repeats_itself_sample_by_sample() -> None:
    performance = performance_of(melody(60, 64, 67, 72))
    voices = VoiceCache(AdditiveRenderer())
    pcm = mixed(performance, voices, Timeline(0, performance.end, (0, 4 * HALF)), 0, 12 * HALF)
    assert np.array_equal(pcm[4 * HALF : 8 * HALF], pcm[8 * HALF :])
    assert np.abs(pcm[4 * HALF : 5 * HALF]).max() > 500


def test_however_many_notes_sound_at_once_nothing_clips() -> None:
    chord = Score((Part.of(Note(0, pitch, 480, 127) for pitch in range(30, 100)),))
    pcm = render_score(chord, AdditiveRenderer())
    assert 20_000 < np.abs(pcm.astype(int)).max() < 32_767


def test_the_limiter_leaves_soft_sound_alone_and_never_folds_over() -> None:
    ramp = np.linspace(-8, 8, 4001, dtype=np.float32)[:, None].repeat(2, axis=1)
    pcm = limited(ramp.copy())[:, 0].astype(int)
    assert np.all(np.diff(pcm) >= 0)
    assert abs(pcm).max() <= 32_700
    soft = np.abs(ramp[:, 0]) <= 0.6
    assert np.array_equal(pcm[soft], np.rint(ramp[soft, 0] * 32_700).astype(int))


def test_velocity_is_heard() -> None:
    voices = VoiceCache(ToneRenderer())
    peaks = []
    for velocity in (45, 90):
        voice, gain = voices.voice(0, is_drums=False, pitch=60, velocity=velocity, seconds=0.1)
        peaks.append(int(note_pcm(voice, gain, held_s=0.1).max()))
    assert peaks == [250, 1000]


def test_part_of_a_score_can_be_rendered() -> None:
    whole = render_score(melody(60, 64, 67), AdditiveRenderer())
    part = render_score(melody(60, 64, 67), AdditiveRenderer(), start_s=0.5, end_s=1.0)
    assert len(part) == HALF
    assert np.array_equal(part, whole[HALF : 2 * HALF])


def test_a_wav_file_reads_back(tmp_path: Path) -> None:
    pcm = render_score(melody(69), AdditiveRenderer())
    write_wav(pcm, tmp_path / "été 1.wav")
    with wave.open(io.BytesIO((tmp_path / "été 1.wav").read_bytes())) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (2, 2, FRAMES_PER_S)
        assert reader.readframes(reader.getnframes()) == pcm.tobytes()
    assert wav_bytes(pcm)[:4] == b"RIFF"


def test_between_frames_sound_may_go_higher_than_at_any() -> None:
    at = np.arange(4_410)
    wave = np.sin(np.pi / 2 * at + np.pi / 4)[:, None] * np.hanning(len(at))[:, None]
    assert np.abs(wave).max() == pytest.approx(np.sqrt(0.5), rel=1e-3)
    assert true_peak(wave.astype(np.float32)) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("velocity", [10, 127])
def test_normalised_sound_peaks_one_decibel_below_full_scale_however_loud_it_was(velocity) -> None:
    score = Score((Part.of(Note(0, pitch, 4_800, velocity) for pitch in range(48, 84)),))
    reports = []
    pcm = render_score(score, AdditiveRenderer(), normalises=True, control=Control(reports.append))
    assert 20 * np.log10(true_peak(pcm / np.float32(32_768))) == pytest.approx(-1, abs=0.1)
    assert [done for done, _ in reports] == sorted({done for done, _ in reports})
    assert reports[-1][0] == reports[-1][1]


def test_silence_stays_silent_when_it_is_normalised() -> None:
    assert not render_score(Score(), AdditiveRenderer(), normalises=True).any()
