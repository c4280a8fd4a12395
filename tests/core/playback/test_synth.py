"""Which renderer is taken, what the cache keeps, and how the voices sound."""

import functools
import io
import struct
import sys

import numpy as np
import pytest

from core import paths
from core.playback import pygame_output
from core.playback.additive import AdditiveRenderer
from core.playback.mix import note_pcm
from core.playback.sampler import SampleRenderer
from core.playback.synth import VoiceCache, choose_renderer
from core.playback.voice import FRAMES_PER_S
from tests.fakes import ToneRenderer

PROGRAMS = (0, 4, 11, 16, 24, 32, 33, 40, 48, 56, 73, 80)


@functools.cache
def shipped() -> SampleRenderer:
    renderer = choose_renderer(paths.soundfont(), pygame_output.decode).renderer
    assert isinstance(renderer, SampleRenderer)
    return renderer


def sound(renderer: object, program: int, pitch: int, velocity: int = 90, *, held_s: float = 1.5) -> np.ndarray:
    voice = renderer.render(program, is_drums=False, pitch=pitch, velocity=velocity, seconds=held_s)
    return note_pcm(voice, 1.0, held_s=held_s).mean(axis=1) / 32_768


def hertz(wave: np.ndarray, near: float) -> float:
    wave = wave[2_000:46_100]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 2**18))
    frequencies = np.fft.rfftfreq(2**18, 1 / FRAMES_PER_S)
    around = (frequencies > near * 0.9) & (frequencies < near * 1.1)
    return float(frequencies[around][spectrum[around].argmax()])


def level_db(wave: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(wave**2)) + 1e-9))


def centroid(wave: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    return float((spectrum * np.fft.rfftfreq(len(wave), 1 / FRAMES_PER_S)).sum() / spectrum.sum())


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_shipped_program_sounds_a_at_440_hertz(program: int) -> None:
    wave = sound(shipped(), program, 69)
    assert hertz(wave, 440) == pytest.approx(440, abs=3)
    assert level_db(wave[:44_100]) > -35


@pytest.mark.parametrize("program", [0, 19, 40, 73])
def test_the_built_in_sound_is_in_tune_too(program: int) -> None:
    wave = sound(AdditiveRenderer(), program, 69)
    assert hertz(wave, 440) == pytest.approx(440, abs=1)
    assert level_db(wave[:44_100]) > -35


@pytest.mark.skipif(sys.platform == "win32", reason="pygame's mixer has no FluidSynth on Windows")
@pytest.mark.parametrize("program", [0, 24, 40, 56, 73])
@pytest.mark.parametrize("pitch", [45, 60, 84])
def test_notes_sound_as_fluidsynth_plays_them(program: int, pitch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = sound(shipped(), program, pitch)
    theirs = by_fluidsynth(program, pitch, monkeypatch)
    near = 440 * 2 ** ((pitch - 69) / 12)
    assert hertz(ours, near) == pytest.approx(hertz(theirs, near), rel=2e-3)
    assert centroid(ours[:22_050]) == pytest.approx(centroid(theirs[:22_050]), rel=0.12)
    offsets = [level_db(ours[at : at + 4_410]) - level_db(theirs[at : at + 4_410]) for at in (4_410, 22_050, 44_100)]
    assert max(offsets) - min(offsets) < 2.5, "the envelope has the same course"


def by_fluidsynth(program: int, pitch: int, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """One note of 1.5 s, rendered from MIDI by the FluidSynth inside SDL_mixer; 1,000 ticks a second."""
    import pygame

    monkeypatch.setenv("SDL_SOUNDFONTS", str(paths.soundfont()))
    track = b"\0\xff\x51\x03" + (1_000_000).to_bytes(3, "big") + bytes([0, 0xC0, program, 0, 0x90, pitch, 90])
    track += bytes([0x8B, 0x5C, 0x80, pitch, 0, 0x87, 0x68, 0x80, 1, 0, 0, 0xFF, 0x2F, 0])
    midi = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 1000) + b"MTrk" + struct.pack(">I", len(track)) + track
    raw = pygame.mixer.Sound(file=io.BytesIO(midi)).get_raw()
    return np.frombuffer(raw, "<i2").reshape(-1, 2).mean(axis=1) / 32_768


def test_a_note_let_go_fades_smoothly() -> None:
    wave = sound(shipped(), 0, 60, held_s=0.3)
    edges = np.abs(np.diff(wave))
    end = int(0.3 * FRAMES_PER_S)
    assert edges[end - 50 : end + 50].max() < 2 * edges[end - 2_000 : end - 50].max()
    assert edges[-400:].max() < 1e-3
    assert np.abs(wave[-200:]).max() < 1e-3


def test_louder_velocity_is_louder() -> None:
    levels = [level_db(sound(shipped(), 0, 60, velocity)[:22_050]) for velocity in (20, 60, 100, 127)]
    assert levels == sorted(levels)
    assert levels[-1] - levels[0] > 20


def test_drums_sound_whether_by_soundfont_or_built_in() -> None:
    for renderer in (shipped(), AdditiveRenderer()):
        for pitch in (36, 38, 42, 49):
            voice = renderer.render(0, is_drums=True, pitch=pitch, velocity=100, seconds=0.1)
            assert np.abs(note_pcm(voice, 1.0, held_s=0.1)).max() > 1_500


def test_the_cache_renders_a_note_once_and_again_only_to_hold_it_longer() -> None:
    renderer = ToneRenderer()
    voices = VoiceCache(renderer)
    for seconds in (0.2, 0.5, 0.1, 2.0, 1.5, 0.3):
        voices.voice(0, is_drums=False, pitch=60, velocity=90, seconds=seconds)
    assert [seconds for *_, seconds in renderer.rendered] == [0.75, 3.0]


def test_the_cache_stays_within_its_bytes_and_forgets_the_oldest() -> None:
    renderer = ToneRenderer()
    voices = VoiceCache(renderer, max_bytes=1_000_000)
    for pitch in [*range(40, 60), 59]:
        voices.voice(0, is_drums=False, pitch=pitch, velocity=90, seconds=0.5)
        assert voices.bytes <= 1_000_000
    assert len(renderer.rendered) == 20
    voices.voice(0, is_drums=False, pitch=40, velocity=90, seconds=0.5)
    assert len(renderer.rendered) == 21


def test_without_a_usable_soundfont_the_built_in_sound_is_taken_and_the_reason_said(tmp_path) -> None:
    (tmp_path / "font.sf2").write_bytes(b"nothing of the kind")
    choice = choose_renderer(tmp_path / "font.sf2", pygame_output.decode)
    assert isinstance(choice.renderer, AdditiveRenderer)
    assert "‘font.sf2’" in choice.sentence


def test_a_note_held_without_end_dies_away_and_takes_no_more_memory() -> None:
    voices = VoiceCache(AdditiveRenderer())
    voice, _ = voices.voice(16, is_drums=False, pitch=60, velocity=90, seconds=24 * 3600)
    assert 48 <= len(voice.wave) / FRAMES_PER_S < 60
    assert abs(voice.wave[-1]).max() == 0
    assert voices.voice(16, is_drums=False, pitch=60, velocity=90, seconds=1e9)[0] is voice
