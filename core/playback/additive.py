"""A sound that needs no files: sums of sines with an envelope. Plain, in tune, and always there."""

import numpy as np

from core.playback.voice import FRAMES_PER_S, Voice

_LEVEL = 0.2
_CACHED_SEED = 7
_HI_HAT = (42, 44, 46)
_LOW_DRUMS = frozenset({35, 36, 41, 43, 45, 47, 48, 50})


class AdditiveRenderer:
    """Plucked and struck programs die away; organs, bowed and blown ones are held."""

    def choke_group(self, program: int, *, bank: int, is_drums: bool, pitch: int) -> int:  # noqa: ARG002
        """The hi-hat's three sounds are one cymbal pair."""
        return int(is_drums and pitch in _HI_HAT)

    def render(
        self,
        program: int,
        *,
        is_drums: bool,
        pitch: int,
        velocity: int,
        seconds: float,
        bank: int = 0,  # noqa: ARG002
    ) -> Voice:
        loudness = _LEVEL * (velocity / 127) ** 2
        if is_drums:
            return _drum(pitch, loudness)
        is_held = 16 <= program < 24 or 40 <= program < 46 or 48 <= program < 96
        release_s = 0.3
        wanted_s = seconds + 0.3
        decay_s = 6.0 * 2 ** (-(pitch - 60) / 24)
        """Time to fall by 60 dB; lower strings ring longer."""
        length_s = wanted_s if is_held else min(wanted_s, decay_s * 1.4)
        time_s = np.arange(int(length_s * FRAMES_PER_S)) / FRAMES_PER_S
        hertz = 440.0 * 2 ** ((pitch - 69) / 12)
        wave = np.zeros_like(time_s)
        for partial in range(1, 9):
            if hertz * partial > FRAMES_PER_S * 0.45:
                break
            if is_held:
                strength = np.float64(1 / partial**1.3)
                wave += strength * np.sin(2 * np.pi * hertz * partial * time_s)
            else:
                fall = 10 ** (-3 * time_s * (0.7 + 0.3 * partial) / decay_s)
                wave += fall / partial**1.5 * np.sin(2 * np.pi * hertz * partial * time_s)
        attack = int((0.03 if is_held else 0.004) * FRAMES_PER_S)
        wave[:attack] *= np.linspace(0, 1, attack)[: len(wave)]
        return Voice(
            (loudness * wave).astype(np.float32)[:, None], release_s=release_s, is_complete=length_s < wanted_s
        )


def _drum(pitch: int, loudness: float) -> Voice:
    """A falling thump for bass drum and toms, a burst of noise for all else; the same each time."""
    length_s = 0.35
    time_s = np.arange(int(length_s * FRAMES_PER_S)) / FRAMES_PER_S
    if pitch in _LOW_DRUMS:
        hertz = 50.0 + 3 * (pitch - 35)
        wave = 2 * np.sin(2 * np.pi * (hertz * time_s + 4 * (1 - np.exp(-time_s / 0.03)))) * np.exp(-time_s / 0.08)
    else:
        noise = np.random.default_rng(_CACHED_SEED + pitch).standard_normal(len(time_s))
        wave = 0.5 * noise * np.exp(-time_s / (0.02 if pitch in (42, 44) else 0.06))
    wave[-256:] *= np.linspace(1, 0, 256)
    return Voice((loudness * wave).astype(np.float32)[:, None], release_s=1.0, is_complete=True)
