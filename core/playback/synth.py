"""The sound of single notes: what a renderer must do, a bounded cache of its notes, and which renderer to take.

Audio is float32 at 44,100 frames a second, full scale ±1, with headroom for about a dozen loud notes at once.
"""

import functools
import logging
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.errors import AudioError
from core.playback.additive import AdditiveRenderer
from core.playback.sampler import Decode, SampleRenderer
from core.playback.soundfont import read_soundfont
from core.playback.voice import FRAMES_PER_S, Voice

_LOG = logging.getLogger(__name__)

VELOCITY_STEP = 8
"""Velocities of one class share a timbre; the exact loudness is a gain."""
_SHORTEST_S = 0.75
_LONGEST_S = 48.0
"""Of a note held without end, such as a damaged file has: longer ones die away. A day of one would be 30 GB."""
_FADE_S = 1.0
CACHE_BYTES = 96 * 1024 * 1024


class NoteRenderer(Protocol):
    """Makes the sound of one note."""

    def render(
        self, program: int, *, is_drums: bool, pitch: int, velocity: int, seconds: float, bank: int = 0
    ) -> Voice:
        """The note held for at least `seconds` without being released, or until it has died away by itself."""
        ...

    def choke_group(self, program: int, *, bank: int, is_drums: bool, pitch: int) -> int:
        """Notes of one group and part silence each other, as a hi-hat does; 0 = none."""
        ...


class VoiceCache:
    """Rendered notes, the least recently used dropped beyond a number of bytes. For one thread."""

    def __init__(self, renderer: NoteRenderer, *, max_bytes: int = CACHE_BYTES) -> None:
        self._renderer = renderer
        self._max_bytes = max_bytes
        self._voices: OrderedDict[tuple[int, int, bool, int, int], Voice] = OrderedDict()
        self.bytes = 0

    def choke_group(self, program: int, *, bank: int, is_drums: bool, pitch: int) -> int:
        """The renderer's."""
        return self._renderer.choke_group(program, bank=bank, is_drums=is_drums, pitch=pitch)

    def voice(
        self, program: int, *, is_drums: bool, pitch: int, velocity: int, seconds: float, bank: int = 0
    ) -> tuple[Voice, float]:
        """A voice that can be held for `seconds`, 48 at most, and the gain that gives it the exact velocity."""
        seconds = min(seconds, _LONGEST_S)
        middle = velocity // VELOCITY_STEP * VELOCITY_STEP + VELOCITY_STEP // 2
        gain = (velocity / middle) ** 2
        key = (program, bank, is_drums, pitch, middle)
        voice = self._voices.get(key)
        if voice is not None:
            self._voices.move_to_end(key)
            if voice.lasts(seconds):
                return voice, gain
            self.bytes -= voice.wave.nbytes
        length_s = _SHORTEST_S
        while length_s < seconds:
            length_s *= 2
        voice = self._renderer.render(
            program, is_drums=is_drums, pitch=pitch, velocity=middle, seconds=length_s, bank=bank
        )
        if length_s >= _LONGEST_S and not voice.is_complete:
            fade = np.linspace(1, 0, int(_FADE_S * FRAMES_PER_S), dtype=np.float32)
            voice.wave[-len(fade) :] *= fade[:, None]
        self._voices[key] = voice
        self._voices.move_to_end(key)
        self.bytes += voice.wave.nbytes
        while self.bytes > self._max_bytes and len(self._voices) > 1:
            _, dropped = self._voices.popitem(last=False)
            self.bytes -= dropped.wave.nbytes
        return voice, gain


@dataclass(frozen=True, slots=True)
class RendererChoice:
    """The renderer to use and, if it isn't the one asked for, a sentence that says why."""

    renderer: NoteRenderer
    sentence: str = ""


def choose_renderer(soundfont: Path, decode: Decode) -> RendererChoice:
    """The soundfont's instruments; where it can't be read or decoded, the built-in additive sound and the reason."""
    try:
        renderer = SampleRenderer(read_soundfont(soundfont), decode)
        renderer.check()
    except AudioError as error:
        _LOG.info("no soundfont: %s", error)
        return RendererChoice(AdditiveRenderer(), f"{error.sentence} A simple built-in sound is used.")
    return RendererChoice(renderer)


@functools.cache
def click(*, is_strong: bool) -> Voice:
    """The metronome's click: 30 ms of a decaying sine, higher on the first beat of a bar."""
    time_s = np.arange(int(0.03 * FRAMES_PER_S)) / FRAMES_PER_S
    hertz = 1568.0 if is_strong else 1046.5
    level = 0.30 if is_strong else 0.18
    wave = level * np.sin(2 * np.pi * hertz * time_s) * np.exp(-time_s / 0.006)
    return Voice(wave.astype(np.float32)[:, None], release_s=0.05, is_complete=True)
