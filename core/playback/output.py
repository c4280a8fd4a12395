"""What the player needs of a sound device, and a device that makes no sound but keeps time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from core.playback.mix import Pcm
from core.playback.voice import FRAMES_PER_S


class Output(Protocol):
    """A stereo device at 44,100 frames a second: one line of music, gapless, and single notes beside it.

    Used by one thread. `open` raises AudioError where there is no device.
    """

    latency_s: float
    """From handing over a sound to hearing it."""

    def open(self) -> None: ...
    def close(self) -> None: ...
    def play(self, pcm: Pcm) -> None:
        """Start a segment now, in place of whatever was playing or queued."""
        ...

    def queue(self, pcm: Pcm) -> None:
        """Put a segment behind the one that plays. Only while nothing is queued."""
        ...

    @property
    def is_playing(self) -> bool:
        """Whether a segment is being heard."""
        ...

    @property
    def is_queued(self) -> bool:
        """Whether a segment waits behind the one that plays."""
        ...

    def rewrite(self, pcm: Pcm, offset: int, *, queued: bool) -> None:
        """Replace what follows `offset` frames into the playing (or queued) segment."""
        ...

    def stop(self) -> None: ...
    def set_volume(self, volume: float) -> None: ...
    def strike(self, pcm: Pcm) -> None:
        """Sound a single note now, over everything else."""
        ...


@dataclass(slots=True)
class _Segment:
    ends_s: float
    frames: int


class SilentOutput:
    """No device: segments last as long as they would, so that the playhead runs."""

    latency_s = 0.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._segments: list[_Segment] = []

    def open(self) -> None:
        pass

    def close(self) -> None:
        self._segments.clear()

    def play(self, pcm: Pcm) -> None:
        self._segments = [_Segment(self._clock() + len(pcm) / FRAMES_PER_S, len(pcm))]

    def queue(self, pcm: Pcm) -> None:
        self._advance()
        start_s = self._segments[-1].ends_s if self._segments else self._clock()
        self._segments.append(_Segment(start_s + len(pcm) / FRAMES_PER_S, len(pcm)))

    @property
    def is_playing(self) -> bool:
        self._advance()
        return bool(self._segments)

    @property
    def is_queued(self) -> bool:
        self._advance()
        return len(self._segments) > 1

    def rewrite(self, pcm: Pcm, offset: int, *, queued: bool) -> None:
        pass

    def stop(self) -> None:
        self._segments.clear()

    def set_volume(self, volume: float) -> None:
        pass

    def strike(self, pcm: Pcm) -> None:
        pass

    def _advance(self) -> None:
        now = self._clock()
        self._segments = [segment for segment in self._segments if segment.ends_s > now]
