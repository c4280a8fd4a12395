"""Stand-ins for what a test machine lacks or a test must steer: time, a sound device, an instrument."""

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.errors import AudioError
from core.playback.voice import FRAMES_PER_S, Voice

Pcm = npt.NDArray[np.int16]


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


class FakeOutput:
    """A sound device on a clock of the test's: what it would have made heard since `play` can be looked at.

    `is_broken`: there is no device, until the test sets it to False.
    """

    latency_s = 0.0

    def __init__(self, clock: Callable[[], float], *, is_broken: bool = False) -> None:
        self.is_broken = is_broken
        self.struck: list[Pcm] = []
        self.volume = 1.0
        self.is_open = False
        self.starts = 0
        self.builder = threading.current_thread()
        self.users: set[threading.Thread] = set()
        self._clock = clock
        self._started_s = 0.0
        self._line: list[Pcm] = []

    def open(self) -> None:
        if self.is_broken:
            raise AudioError("No sound device found. You can still edit, train, generate and export.")
        self.is_open = True
        self.users.add(threading.current_thread())

    def close(self) -> None:
        self.is_open = False

    def play(self, pcm: Pcm) -> None:
        self.starts += 1
        self._started_s = self._clock()
        self._line = [pcm.copy()]
        self.users.add(threading.current_thread())

    def queue(self, pcm: Pcm) -> None:
        assert not self.is_queued, "only one segment can wait"
        self._line.append(pcm.copy())

    @property
    def is_playing(self) -> bool:
        return self._heard_frames() < sum(map(len, self._line))

    @property
    def is_queued(self) -> bool:
        return self._heard_frames() < sum(map(len, self._line[:-1]))

    def rewrite(self, pcm: Pcm, offset: int, *, queued: bool) -> None:
        index = len(self._line) - 1
        if self.is_queued and not queued:
            index -= 1
        self._line[index][offset : offset + len(pcm)] = pcm

    def stop(self) -> None:
        self._line = []

    def set_volume(self, volume: float) -> None:
        self.volume = volume

    def strike(self, pcm: Pcm) -> None:
        self.struck.append(pcm)

    def line(self) -> Pcm:
        """All that was handed over since the last `play`, played already or not."""
        return np.concatenate(self._line) if self._line else np.zeros((0, 2), np.int16)

    def _heard_frames(self) -> int:
        return int((self._clock() - self._started_s) * FRAMES_PER_S)


class ToneRenderer:
    """Notes of a constant level while held: 1,000 of 32,767 for each, whatever their velocity; gone 20 ms after.

    `may_go_on`: cleared, whoever has a note rendered is held, which `is_held` tells, until it is set.
    """

    level = 1000 / 32_700

    def __init__(self) -> None:
        self.rendered: list[tuple[int, bool, int, float]] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.is_held = False

    def choke_group(self, program: int, *, bank: int, is_drums: bool, pitch: int) -> int:
        return 0

    def render(
        self, program: int, *, is_drums: bool, pitch: int, velocity: int, seconds: float, bank: int = 0
    ) -> Voice:
        self.is_held = not self.may_go_on.is_set()
        self.may_go_on.wait()
        self.rendered.append((program, is_drums, pitch, seconds))
        frames = int((seconds + 0.1) * FRAMES_PER_S)
        level = self.level * (velocity / 90) ** 2
        return Voice(np.full((frames, 1), level, np.float32), release_s=0.02, is_complete=False)
