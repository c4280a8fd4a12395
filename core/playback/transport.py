"""Where in the music what is heard lies: plain arithmetic between output frames and score frames.

Output frames count from the moment playing began and never jump; score frames do, at the end of a loop. There is no
clock in here and no state: a Timeline is made anew at each play, seek or change of the loop, and a Playhead
says what time it is by being asked with one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.playback.voice import FRAMES_PER_S

Frames = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pass:
    """One run through score frames start … end (excluded) that begins at output frame `output`."""

    output: int
    start: int
    end: int
    is_first: bool


@dataclass(frozen=True, slots=True)
class Strikes:
    """Notes of a performance as they fall on the output. Arrays of one length."""

    notes: Frames
    """Indices into the performance."""
    onsets: Frames
    """Output frames; before the output's beginning for notes that were already sounding."""
    ends: Frames


@dataclass(frozen=True, slots=True)
class Timeline:
    """Playing from score frame `start` to `end`, or round and round a loop once its end is reached."""

    start: int
    end: int
    """First frame at which all is silent."""
    loop: tuple[int, int] | None = None

    @property
    def loops(self) -> bool:
        """A loop that was passed already, or is empty, is not entered."""
        return self.loop is not None and self.loop[0] < self.loop[1] and self.start < self.loop[1]

    @property
    def output_end(self) -> int | None:
        """Output frames until the music is over; None if it never is."""
        return None if self.loops else max(0, self.end - self.start)

    def passes(self, begin: int, end: int) -> Iterator[Pass]:
        """The passes that have a part in output frames begin … end (excluded), in order."""
        if self.loop is None or not self.loops:
            if end > 0 or begin < end:
                yield Pass(0, self.start, max(self.end, self.start), is_first=True)
            return
        loop_start, loop_end = self.loop
        first = loop_end - self.start
        if begin < first:
            yield Pass(0, self.start, loop_end, is_first=True)
        length = loop_end - loop_start
        number = max(0, (begin - first) // length)
        while first + number * length < end:
            yield Pass(first + number * length, loop_start, loop_end, is_first=False)
            number += 1

    def position(self, output: float) -> float:
        """The score frame heard at an output frame; after the end, the end."""
        output = max(0.0, output)
        if self.loop is None or not self.loops:
            return min(self.start + output, max(self.end, self.start))
        loop_start, loop_end = self.loop
        first = loop_end - self.start
        return self.start + output if output < first else loop_start + (output - first) % (loop_end - loop_start)

    def strikes(self, onsets: Frames, ends: Frames, begin: int, end: int, *, tail: int = 0) -> Strikes:
        """The notes heard in output frames begin … end: struck before `end`, let go after `begin` - `tail`.

        onsets (rising), ends: score frames. A note is struck once a pass in which its onset lies, and let go at the
        latest where the pass ends. A note that sounds across the very start of playing is picked up in its middle.
        """
        notes: list[Frames] = []
        starts: list[Frames] = []
        stops: list[Frames] = []
        for run in self.passes(begin - tail, end):
            low = 0 if run.is_first else int(np.searchsorted(onsets, run.start))
            high = int(np.searchsorted(onsets, min(run.end, run.start + end - run.output)))
            shift = run.output - run.start
            let_go = np.minimum(ends[low:high], run.end)
            heard = let_go + shift + tail > begin
            if run.is_first:
                heard &= (onsets[low:high] >= run.start) | (let_go > run.start)
            index = np.nonzero(heard)[0]
            notes.append(index + low)
            starts.append(onsets[low:high][index] + shift)
            stops.append(let_go[index] + shift)
        empty = np.zeros(0, np.int64)
        return Strikes(*(np.concatenate(group) if group else empty for group in (notes, starts, stops)))


@dataclass(frozen=True, slots=True)
class Playhead:
    """A timeline in motion: output frame `output` is heard at `at_s` of whichever clock is asked."""

    timeline: Timeline
    at_s: float
    output: int = 0

    def output_at(self, now_s: float) -> float:
        """The output frame heard at a time; not before the beginning."""
        return max(0.0, self.output + (now_s - self.at_s) * FRAMES_PER_S)

    def position(self, now_s: float) -> float:
        """The score frame heard at a time."""
        return self.timeline.position(self.output_at(now_s))
