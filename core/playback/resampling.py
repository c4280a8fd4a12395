"""Recordings read between their frames, and how high the sound between the frames goes."""

import numpy as np
import numpy.typing as npt

from core.playback.voice import Wave

_TAPS = 12
"""Of each phase of the filter that looks between frames (ITU-R BS.1770-4, annex 2, has as many)."""


def interpolated(recorded: Wave, positions: npt.NDArray[np.float64]) -> Wave:
    """The recording (frames, …) between its frames: cubic Hermite through four neighbours (Catmull-Rom).

    positions (n,): at least 0, less than the last frame.
    """
    whole = positions.astype(np.int64)
    t = (positions - whole).astype(np.float32).reshape(-1, *[1] * (recorded.ndim - 1))
    before, here = recorded[np.maximum(whole - 1, 0)], recorded[whole]
    ahead, beyond = recorded[whole + 1], recorded[np.minimum(whole + 2, len(recorded) - 1)]
    half = np.float32(0.5)
    slope: Wave = (ahead - before) * half
    next_slope: Wave = (beyond - here) * half
    rise = here - ahead
    wave: Wave = (rise + rise + slope + next_slope) * t
    wave -= rise + rise + rise + slope + slope + next_slope
    wave *= t
    wave += slope
    wave *= t
    wave += here
    return wave


def true_peak(wave: Wave) -> float:
    """The highest that the sound of (frames, channels) goes, between frames too: looked at in quarters of a frame."""
    peak = float(np.abs(wave).max(initial=0.0))
    around = np.arange(_TAPS) - _TAPS // 2 + 1
    window = np.hanning(4 * _TAPS + 1)
    for quarter in (1, 2, 3):
        away = around - quarter / 4
        taps = np.sinc(away) * np.interp(4 * away, np.arange(-2 * _TAPS, 2 * _TAPS + 1), window)
        for channel in wave.T:
            peak = max(peak, float(np.abs(np.convolve(channel, taps[::-1])).max(initial=0.0)))
    return peak
