"""What would really be heard: SDL's disk driver writes it to a file in a process of its own."""

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core import paths
from core.errors import AudioError
from core.playback import pygame_output
from core.playback.synth import choose_renderer
from core.playback.voice import FRAMES_PER_S

PRELUDE = """
import os, time
from core.music.score import Note, Part, Score
from core.playback.player import Player

ended = []
player = Player(on_ended=lambda: ended.append(True))

def wait(claim):
    while not claim():
        time.sleep(0.005)

def written_s():
    path = os.environ["SDL_DISKAUDIOFILE"]
    return os.path.getsize(path) / 4 / 44100 if os.path.exists(path) else 0.0

def go_on(seconds):  # by the device's own clock, which stands still where the machine is too busy for it
    until = written_s() + seconds
    wait(lambda: written_s() >= until)
"""


SCRIPTS = {
    "held": """
        player.set_score(Score((Part.of([Note(0, 69, 960 * 7)], program=73),)))
        player.play(0)
        wait(lambda: ended)
        """,
    "looped": """
        player.set_score(Score((Part.of([Note(0, 69, 480), Note(480, 81, 480)], program=73),)))
        player.set_loop((0, 480))
        player.play(0)
        wait(lambda: player.position_tick() > 0)
        go_on(4)
        """,
    "paused": """
        player.set_score(Score((Part.of([Note(0, 69, 9600)], program=73),)))
        player.play(0)
        wait(lambda: player.position_tick() > 0)
        go_on(2)
        player.pause()
        go_on(1.5)
        player.audition(57, 100, 73)
        go_on(1.5)
        """,
    "edited": """
        player.set_score(Score((Part.of([Note(0, 69, 960 * 4)], program=73),)))
        player.play(0)
        wait(lambda: player.position_tick() > 960)
        player.set_score(Score((Part.of([Note(0, 69, 960 * 2), Note(960 * 2, 76, 960 * 2)], program=73),)))
        wait(lambda: ended)
        """,
    "busy": """
        player.set_score(Score((Part.of([Note(0, 69, 960 * 5)], program=73),)))
        player.play(0)
        wait(lambda: player.position_tick() > 0)
        import ctypes
        hold = ctypes.PyDLL(None).usleep if os.name == "posix" else lambda us: ctypes.PyDLL("kernel32").Sleep(us // 1000)
        while not ended:  # this thread keeps Python to itself for 150 ms at a time, however busy the machine is
            hold(150_000)
        """,
    "no device": """
        player.set_score(Score((Part.of([Note(0, 69, 4800)]),)))
        player.play(0)
        wait(lambda: player.position_tick() > 480)
        player.audition(60)
        print(player.device, player.position_tick() > 480)
        """,
}


@dataclass(frozen=True)
class Heard:
    """What the device wrote: (frames, 2) from -1 to 1; and what the script printed."""

    frames: np.ndarray
    printed: str


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Heard]:
    """All scripts, played side by side, for they play in real time."""
    folder = tmp_path_factory.mktemp("heard")
    running = {}
    for name, script in SCRIPTS.items():
        environment = os.environ | {
            "SDL_AUDIODRIVER": "no-such-driver" if name == "no device" else "disk",
            "SDL_DISKAUDIOFILE": str(folder / f"{name}.raw"),
            "RITORNELLO_HOME": str(folder),
        }
        running[name] = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + textwrap.dedent(script) + "player.close()\n"],
            env=environment,
            cwd=Path(pygame_output.__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    found = {}
    try:
        for name, process in running.items():
            printed, said = process.communicate()
            assert process.returncode == 0, said
            target = folder / f"{name}.raw"
            raw = np.fromfile(target, "<i2") if target.exists() else np.zeros(0, np.int16)
            found[name] = Heard(raw.reshape(-1, 2) / 32_768, printed)
    finally:
        for process in running.values():
            process.kill()
    return found


def sounding(frames: np.ndarray) -> np.ndarray:
    """The stretch from the first to the last audible frame."""
    loud = np.nonzero(np.abs(frames[:, 0]) > 1e-3)[0]
    assert loud.size, "silence"
    return frames[loud[0] : loud[-1] + 1, 0]


def longest_gap_s(wave: np.ndarray) -> float:
    quiet = np.concatenate([[False], np.abs(wave) < 1e-4, [False]])
    edges = np.nonzero(np.diff(quiet.astype(int)))[0]
    return float(np.max(edges[1::2] - edges[::2], initial=0)) / FRAMES_PER_S


def loudest_hertz(wave: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 2**18))
    return float(np.fft.rfftfreq(2**18, 1 / FRAMES_PER_S)[spectrum.argmax()])


def test_a_held_a_is_heard_at_440_hertz_across_segments_and_without_a_gap(heard: dict[str, Heard]) -> None:
    frames = heard["held"].frames
    wave = sounding(frames)
    assert len(wave) / FRAMES_PER_S == pytest.approx(7.0, abs=0.5)
    assert loudest_hertz(wave) == pytest.approx(440, abs=2)
    steady = wave[FRAMES_PER_S // 2 : -FRAMES_PER_S]
    assert longest_gap_s(steady) < 0.003
    seconds = steady[: len(steady) // 4410 * 4410].reshape(-1, 4410)
    levels = 20 * np.log10(np.sqrt((seconds**2).mean(axis=1)))
    assert levels.min() > -30
    assert np.ptp(levels) < 6
    slopes = np.abs(np.diff(steady))
    assert slopes.max() < 3 * np.quantile(slopes, 0.99), "no click at a seam"


def test_a_loop_of_half_a_second_is_heard_without_a_gap(heard: dict[str, Heard]) -> None:
    frames = heard["looped"].frames
    wave = sounding(frames)
    assert len(wave) / FRAMES_PER_S == pytest.approx(4.0, abs=0.8)
    onsets = np.arange(0, len(wave) - FRAMES_PER_S, FRAMES_PER_S // 2)
    assert loudest_hertz(wave) == pytest.approx(440, abs=3)
    passes = np.stack([wave[onset : onset + FRAMES_PER_S // 2] for onset in onsets[2:]])
    assert np.allclose(passes, passes[0], atol=2 / 32_768), "every pass is the same, sample by sample"


def test_pause_is_heard_as_silence_and_an_audition_over_it(heard: dict[str, Heard]) -> None:
    frames = heard["paused"].frames
    loud = np.abs(frames[:, 0]) > 1e-3
    blocks = loud[: len(loud) // 4410 * 4410].reshape(-1, 4410).any(axis=1)
    changes = np.nonzero(np.diff(blocks.astype(int)))[0]
    assert len(changes) >= 3, "sound, silence, sound"
    assert 0.9 < (changes[2] - changes[1]) / 10 < 2.0
    struck = frames[(changes[2] + 1) * 4410 :, 0][:22_050]
    assert loudest_hertz(struck) == pytest.approx(220, abs=3)


def test_edits_are_heard_while_playing(heard: dict[str, Heard]) -> None:
    frames = heard["edited"].frames
    wave = sounding(frames)
    assert loudest_hertz(wave[: int(1.8 * FRAMES_PER_S)]) == pytest.approx(440, abs=3)
    assert loudest_hertz(wave[int(2.3 * FRAMES_PER_S) : int(3.8 * FRAMES_PER_S)]) == pytest.approx(659.3, abs=8)


def test_the_music_goes_on_while_python_is_busy(heard: dict[str, Heard]) -> None:
    wave = sounding(heard["busy"].frames)
    assert longest_gap_s(wave[FRAMES_PER_S // 2 : -FRAMES_PER_S]) < 0.003


def test_without_a_device_the_playhead_still_runs(heard: dict[str, Heard]) -> None:
    assert len(heard["no device"].frames) == 0
    printed = heard["no device"].printed
    assert "is_available=False" in printed
    assert "No sound device found. You can still edit, train, generate and export." in printed
    assert printed.strip().endswith("True")


def test_an_unreadable_sample_is_an_audio_error() -> None:
    with pytest.raises(AudioError):
        pygame_output.decode(b"OggS" + bytes(200))


def test_decoding_needs_no_device_and_leaves_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no-such-driver")
    import pygame

    pygame.mixer.quit()
    assert pygame_output.can_decode()
    assert os.environ["SDL_AUDIODRIVER"] == "no-such-driver"
    with pytest.raises(AudioError, match="No sound device found"):
        pygame_output.PygameOutput().open()
    sentence = choose_renderer(paths.soundfont(), pygame_output.decode).sentence
    assert sentence == "", "decoding opens the mixer again by itself"


def test_midi_inputs_can_be_asked_for_where_there_are_none() -> None:
    assert all(isinstance(name, str) for name in pygame_output.midi_inputs())


def test_the_soundfont_comes_with_its_licence() -> None:
    folder = paths.soundfont().parent
    assert "MIT" in (folder / "NOTICE.md").read_text("utf-8")
    assert (folder / "COPYRIGHT").stat().st_size > 1000
