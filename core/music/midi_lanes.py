"""Which part of a score goes to which channel of which port when it is written.

Parts that come from one channel go back to one channel as long as it tells them all they were told. Others get a
channel of their own while there are any, then share one with parts of the same program, bank, drum mode and controllers,
then one of the next port. Parts without notes take what is left.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from core.music.midi_drums import DRUM_BANKS, DRUM_CHANNEL, rhythm_of
from core.music.score import PROGRAM, Controls, Part, Score

CHANNELS = 16
_PORTS = 128

Sound = tuple[int, int]
"""Bank and program."""


@dataclass(slots=True, eq=False)
class Lane:
    """A channel of a port, and the parts on it."""

    channel: int
    """Port · 16 + channel."""
    controls: Controls
    is_drums: bool
    first: Sound | None
    """What it has to be set to before its own controllers set it, if anything strikes till then."""
    parts: list[int] = field(default_factory=list)


def lanes_of(score: Score) -> list[Lane]:
    """A lane for every part, in order of their channels' first parts."""
    return _Allotment(score).lanes


class _Allotment:
    def __init__(self, score: Score) -> None:
        self.lanes: list[Lane] = []
        self._by_channel: dict[int, Lane] = {}
        self._kept_free = {
            event.port * CHANNELS + (event.status & 0x0F) for event in score.others if 0x80 <= event.status < 0xF0
        }
        exclusive = itertools.chain(score.others, *(part.others for part in score.parts))
        self._rhythm = dict(
            rhythm for event in exclusive if event.status == 0xF0 and (rhythm := rhythm_of(event.content)) is not None
        )
        waiting = []
        for number, part in enumerate(score.parts):
            channel = part.channel
            asked = _Asked.of(part)
            if (
                channel is None
                or not part.notes
                or not asked.is_told
                or self._is_drums(channel, asked) != part.is_drums
            ):
                waiting.append((number, part, asked.by_itself(part) if part.notes else asked))
            elif not self._put(number, channel, asked, part.is_drums):
                waiting.append((number, part, asked))
        for number, part, asked in waiting:
            if part.notes:
                self._put_anywhere(number, asked, part.is_drums)
        silent = [(number, asked) for number, part, asked in waiting if not part.notes]
        for number, asked in silent:
            self._put_silent(number, asked, score.parts[number])

    def _is_drums(self, channel: int, asked: "_Asked") -> bool:
        on = self._rhythm.get(channel % CHANNELS, channel % CHANNELS == DRUM_CHANNEL)
        return on or asked.bank >> 7 in DRUM_BANKS

    def _put(self, number: int, channel: int, asked: "_Asked", is_drums: bool) -> bool:  # noqa: FBT001 -- a property passed on
        """Put a part on a channel, if that is told the same as it."""
        lane = self._by_channel.get(channel)
        if lane is None:
            lane = self._by_channel[channel] = Lane(channel, asked.controls, is_drums, asked.first)
            self.lanes.append(lane)
        elif not asked.fits(lane):
            return False
        lane.first = lane.first or asked.first
        lane.parts.append(number)
        return True

    def _put_anywhere(self, number: int, asked: "_Asked", is_drums: bool) -> None:  # noqa: FBT001 -- as above
        free = self._free(is_drums=is_drums)
        first = next(free, DRUM_CHANNEL if is_drums else 0)
        if first >= CHANNELS or (is_drums and first != DRUM_CHANNEL):
            for lane in self.lanes:
                if asked.is_like(lane, is_drums=is_drums):
                    lane.parts.append(number)
                    return
        for channel in itertools.chain([first], free):
            if self._is_drums(channel, asked) == is_drums:
                self._put(number, channel, asked, is_drums)
                return
        self.lanes.append(Lane(first, asked.controls, is_drums, asked.first, [number]))  # all are taken

    def _free(self, *, is_drums: bool) -> Iterator[int]:
        for channel in range(_PORTS * CHANNELS):
            is_of_drums = self._rhythm.get(channel % CHANNELS, channel % CHANNELS == DRUM_CHANNEL)
            if is_of_drums == is_drums and channel not in self._by_channel and channel not in self._kept_free:
                yield channel

    def _put_silent(self, number: int, asked: "_Asked", part: Part) -> None:
        """Channels that nothing sounds on may be shared by any number of parts: each is told of in a track of its own."""
        own = part.channel
        if own is None or own in self._by_channel or own in self._kept_free:
            own = next(self._free(is_drums=part.is_drums), 0)
        self.lanes.append(Lane(own, part.controls, part.is_drums, asked.first, [number]))


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What a part asks of its channel."""

    controls: Controls
    bank: int
    program: int
    first: Sound | None
    is_told: bool
    """Its controllers, after the first setting, lead to its program wherever it strikes."""

    @classmethod
    def of(cls, part: Part) -> "_Asked":
        controls = part.controls
        is_program = controls.number == PROGRAM
        if not is_program.any():
            return cls(controls, part.bank, part.program, (part.bank, part.program), is_told=True)
        places = np.flatnonzero(is_program)
        banks = np.zeros(len(places), np.int64)
        for controller, shift in ((0, 7), (32, 0)):
            selects = np.append(np.flatnonzero(controls.number == controller), 0)
            last = np.searchsorted(selects[:-1], places) - 1
            banks |= np.where(last >= 0, controls.value[selects[np.maximum(last, 0)]], 0).astype(np.int64) << shift
        sounds = banks << 7 | controls.value[places]
        keys = controls.tick[places].astype(np.int64) * 2 + (controls.when[places] > 0)
        at = np.searchsorted(keys, part.notes.onset.astype(np.int64) * 2, side="right") - 1
        is_told = bool((sounds[at[at >= 0]] == (part.bank << 7 | part.program)).all())
        is_first = not len(at) or bool((at < 0).any())
        return cls(controls, part.bank, part.program, (part.bank, part.program) if is_first else None, is_told)

    def by_itself(self, part: Part) -> "_Asked":
        """What it asks of a channel of its own."""
        if self.is_told:
            return self
        controls = part.controls.taken(part.controls.number != PROGRAM)
        return replace(self, controls=controls, first=(part.bank, part.program), is_told=True)

    def fits(self, lane: Lane) -> bool:
        return _are_same(self.controls, lane.controls) and (
            None in (self.first, lane.first) or self.first == lane.first
        )

    def is_like(self, lane: Lane, *, is_drums: bool) -> bool:
        has_programs = bool((self.controls.number == PROGRAM).any())
        return lane.is_drums == is_drums and not has_programs and self.first == lane.first and self.fits(lane)


def _are_same(one: Controls, other: Controls) -> bool:
    """But for places within a tick, which may differ from part to part."""
    return one is other or np.array_equal(one.table[:3], other.table[:3])
