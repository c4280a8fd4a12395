"""One note's sound before it is let go of, and how it fades when it is."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FRAMES_PER_S = 44_100
MAX_TAIL_S = 3.0
TAIL = int(MAX_TAIL_S * FRAMES_PER_S)
"""No note is heard longer than this after its end."""
_FALL_DB = 100.0
"""A release time is what a fall by so much takes (SoundFont 2.04, §8.1.2, generator 38)."""
_HEARD_DB = 80.0
_FADE_FRAMES = 256

Wave = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """A note as if its key were never let go."""

    wave: Wave
    """(frames, 1) or (frames, 2)."""
    release_s: float
    """After the end of the note the sound falls by 100 dB in this time."""
    is_complete: bool
    """True if the sound has died away at the end of `wave`: holding it longer adds nothing."""

    @property
    def tail_frames(self) -> int:
        """How long the note is heard after its end."""
        return len(release_curve(self.release_s))

    def lasts(self, seconds: float) -> bool:
        """Whether the wave is long enough for a note held for `seconds`, with its tail."""
        return self.is_complete or len(self.wave) >= seconds * FRAMES_PER_S + self.tail_frames


@lru_cache(maxsize=256)
def release_curve(release_s: float) -> Wave:
    """(frames,): what the sound is multiplied by from a note's end on; straight in decibels, ending at zero."""
    heard_s = min(MAX_TAIL_S, max(0.02, release_s * _HEARD_DB / _FALL_DB))
    frames = int(heard_s * FRAMES_PER_S)
    decibels = -_FALL_DB * np.arange(frames) / (max(release_s, 0.02) * FRAMES_PER_S)
    curve = 10 ** (decibels / 20)
    fade = min(frames, _FADE_FRAMES)
    curve[frames - fade :] *= np.linspace(1, 0, fade)
    return curve.astype(np.float32)
