"""One pass over the events of many MIDI files that knows channels: what each note is struck with, and what it is part of.

State belongs to a channel of a port, in the order of the merged tracks, whichever track set it: program, bank, drum
mode, controllers, bends, pressure. Notes belong to the track that strikes them. The files' own ticks tell the order;
what comes out is in ours.
Standard MIDI File 1.0; RP-001; bank 120 is drums in General MIDI 2, 127 in XG; in GS an exclusive message says so.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.music.midi_drums import DRUM_BANKS, DRUM_CHANNEL, rhythm_of
from core.music.midi_table import EventTable, Integers, Octets
from core.music.note_pairing import paired
from core.music.score import BEND, KEY_PRESSURE, PRESSURE, PROGRAM

PORT_PREFIX = 0x21
CHANNELS = 16
_PORTS = 128
_TICK_BITS = 41
_MOST_COPIES = 4_000_000
"""Controller events, counted for each part of their channel: with more, their places within ticks are not told."""
_ENDING_MODES = (120, 123, 124, 125, 126, 127)
"""Channel mode messages that end notes: all sound off, all notes off, and those that imply it (MIDI 1.0)."""

Mask = npt.NDArray[np.bool_]
NO_CONTROLS = np.zeros((0, 4), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """A part to be: all but its notes and names."""

    track: int
    channel: int
    """Port · 16 + channel."""
    program: int
    bank: int
    """MSB · 128 + LSB."""
    is_drums: bool
    controls: Integers
    """(controls, 4): tick, number, value and `when`, as in `ControlChange`: all that its channel is told."""


@dataclass(frozen=True, slots=True, eq=False)
class Struck:
    """Notes of all voices, in any order; arrays of shape (notes,)."""

    voice: Integers
    onset: Integers
    pitch: Integers
    end: Integers
    velocity: Integers
    is_endless: Mask
    """No event closes it: its end is yet to be found."""
    is_brief: Mask
    """It is closed at the tick at which it is struck, in the file's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Interpreted:
    voices: tuple[Voice, ...]
    """In order of their tracks, and in a track of their first notes."""
    notes: Struck
    unheard: Integers
    """(events, 6) of channels on which nothing is played: track, tick, port, status and data bytes; by file and tick."""


def interpreted(table: EventTable, ticks: Integers, file_of: Sequence[int], space_of: Sequence[int]) -> Interpreted:
    """What some tracks hold.

    ticks: of the table's events, in ours.
    file_of: the file of each track, rising. space_of: a number for each track; channels of one number differ from those of
    another, as those of two files do.
    """
    return _Pass(table, ticks, np.array(file_of, np.int64), np.array(space_of, np.int64)).result()


class _Pass:
    def __init__(self, table: EventTable, ticks: Integers, file_of: Integers, space_of: Integers) -> None:
        self._table, self._space_of = table, space_of
        number = (space_of[table.track] * _PORTS + _ports(table)) * CHANNELS + (table.status & 0x0F)
        merged = _sorting(file_of[table.track] << _TICK_BITS | table.tick)
        rank = _sorting(number[merged])
        order: Integers | slice = merged[rank]
        # From here on all is by channel, and in the order of the merged tracks.
        if bool((np.diff(merged[rank]) > 0).all()):
            order = slice(None)  # spares copies
        self._number, self._track = number[order], table.track[order]
        self._tick, self._own_tick = ticks[order], table.tick[order]
        self._status, self._first, self._second = table.status[order], table.first[order], table.second[order]
        self._rank = rank
        self._kind = self._status >> 4
        self._is_strike = (self._kind == 9) & (self._second > 0)
        self._is_off = (self._kind == 8) | ((self._kind == 9) & ~self._is_strike)
        is_new = np.ones(len(number), bool)
        is_new[1:] = self._number[1:] != self._number[:-1]
        self._channel = np.cumsum(is_new) - 1
        self._start = np.flatnonzero(is_new)[self._channel]

    def result(self) -> Interpreted:
        strikes = np.flatnonzero(self._is_strike)
        program, bank, is_drums = self._state(strikes)
        channel = self._channel[strikes]
        channels = int(self._channel[-1]) + 1 if len(self._channel) else 1
        key = (((self._track[strikes] * channels + channel) << 7 | program) << 14 | bank) << 1 | is_drums
        _keys, first, voice = np.unique(key, return_index=True, return_inverse=True)
        order = np.lexsort((self._rank[strikes[first]], self._track[strikes[first]]))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        first, voice = first[order], place[voice]
        off = self._offs()[strikes]
        controls = self._controls(channel[first], strikes, voice, off)
        rows = zip(
            self._track[strikes[first]].tolist(),
            (self._number[strikes[first]] % (_PORTS * CHANNELS)).tolist(),
            program[first].tolist(),
            bank[first].tolist(),
            is_drums[first].tolist(),
            controls,
            strict=True,
        )
        sounding = [Voice(*row) for row in rows]
        silent, unheard = self._not_playing()
        notes = Struck(
            voice,
            self._tick[strikes],
            self._first[strikes].astype(np.int64),
            np.where(off >= 0, self._tick[off], 0),
            self._second[strikes].astype(np.int64),
            off < 0,
            (off >= 0) & (self._own_tick[off] <= self._own_tick[strikes]),
        )
        if silent:
            voices = sorted(enumerate([*sounding, *silent]), key=lambda entry: entry[1].track)
            place = np.empty(len(voices), np.int64)
            place[[index for index, _voice in voices]] = np.arange(len(voices))
            notes = replace(notes, voice=place[voice])
            sounding = [one for _index, one in voices]
        return Interpreted(tuple(sounding), notes, unheard)

    def _last(self, mask: Mask) -> Integers:
        """The place of the last such event of its channel, up to each event; -1 for none."""
        last = np.maximum.accumulate(np.where(mask, np.arange(len(mask)), -1))
        return np.where(last >= self._start, last, -1)

    def _state(self, strikes: Integers) -> tuple[Integers, Integers, Mask]:
        """Program, bank and drum mode at each strike."""
        channel = self._number[strikes] % CHANNELS
        is_drums = channel == DRUM_CHANNEL
        for track, tick, drummer, on in self._rhythms():
            here = (self._space_of[self._track[strikes]] == self._space_of[track]) & (self._own_tick[strikes] >= tick)
            is_drums[here & (channel == drummer)] = on
        is_program = self._kind == 0xC
        if not is_program.any():
            return np.zeros(len(strikes), np.int64), np.zeros(len(strikes), np.int64), is_drums
        chosen = self._last(is_program)
        at_strike = chosen[strikes]
        program = np.where(at_strike >= 0, self._first[at_strike], 0).astype(np.int64)
        bank = np.zeros(len(strikes), np.int64)
        for controller, shift in ((0, 7), (32, 0)):
            is_select = (self._kind == 0xB) & (self._first == controller)
            if is_select.any():
                # A bank is chosen by the program that follows.
                select = np.where(at_strike >= 0, self._last(is_select)[at_strike], -1)
                bank |= np.where(select >= 0, self._second[select], 0).astype(np.int64) << shift
        return program, bank, is_drums | np.isin(bank >> 7, DRUM_BANKS)

    def _rhythms(self) -> Iterator[tuple[int, int, int, bool]]:
        """Track, tick, channel and whether it is one of drums from there on, of each message that says so."""
        for number, track in enumerate(self._table.tracks):
            for event in track.others:
                if event.kind == 0xF0 and (rhythm := rhythm_of(event.content)) is not None:
                    yield number, event.tick, *rhythm

    def _offs(self) -> Integers:
        """The place of the event that ends each note, by the place of its strike; -1 where there is none."""
        is_mode = (self._kind == 0xB) & np.isin(self._first, _ENDING_MODES)
        is_note = np.flatnonzero(self._is_strike | self._is_off)
        key = (self._track << 18 | self._channel) << 7 | self._first
        period = np.cumsum(is_mode)
        sorting = is_note[_sorting(key[is_note])]
        group_is_new = np.ones(len(sorting), bool)
        group_is_new[1:] = (np.diff(key[sorting]) != 0) | (np.diff(period[sorting]) != 0)
        off = np.full(len(self._tick), -1, np.int64)
        found = paired(self._is_strike[sorting], group_is_new)
        off[sorting] = np.where(found >= 0, sorting[found], -1)
        if is_mode.any():
            modes = np.append(np.flatnonzero(is_mode), -1)
            ending = modes[period]  # the next of any channel
            is_ended = (off < 0) & self._is_strike & (ending >= 0) & (self._channel[ending] == self._channel)
            off = np.where(is_ended, ending, off)
        return off

    def _controls(self, channels: Integers, strikes: Integers, voice: Integers, off: Integers) -> list[Integers]:
        """What the channel of each voice is told; channels: of the voices."""
        told = np.flatnonzero(~(self._is_strike | self._is_off | self._is_first_program()))
        if not len(told):
            return [NO_CONTROLS] * len(channels)
        rows = _as_controls(self._tick[told], self._status[told], self._first[told], self._second[told])
        begin = np.searchsorted(self._channel[told], channels, side="left")
        counts = np.searchsorted(self._channel[told], channels, side="right") - begin
        if int(counts.sum()) > _MOST_COPIES:
            return [rows[low : low + count] for low, count in zip(begin.tolist(), counts.tolist(), strict=True)]
        bounds = np.concatenate([[0], np.cumsum(counts)])
        place = np.repeat(begin - bounds[:-1], counts) + np.arange(bounds[-1])
        whose = np.repeat(np.arange(len(channels)), counts) << _TICK_BITS
        copies = rows[place]
        key, at = whose | copies[:, 0], told[place]
        closed = off >= 0
        struck = _first_places(voice << _TICK_BITS | self._tick[strikes], strikes, key)
        released = _first_places((voice << _TICK_BITS | self._tick[off])[closed], off[closed], key)
        copies[:, 3] = np.where((struck >= 0) & (struck < at), 1, np.where(released > at, -1, 0))
        return [copies[low:high] for low, high in itertools.pairwise(bounds.tolist())]

    def _is_first_program(self) -> Mask:
        """Of programs that are the only one at tick 0, and before the first note: what a part's program says already."""
        is_first: Mask = (self._kind == 0xC) & (self._tick == 0)
        if is_first.any():
            number = self._channel[is_first]
            struck_before = self._last(self._is_strike)[is_first] >= 0
            is_first[is_first] = (np.bincount(number)[number] == 1) & ~struck_before
        return is_first

    def _not_playing(self) -> tuple[list[Voice], Integers]:
        """Parts without notes, which are tracks of one channel that nobody plays; and what else such channels are told."""
        plays = np.bincount(
            self._channel[self._is_strike], minlength=int(self._channel[-1]) + 1 if len(self._channel) else 0
        )
        idle = np.flatnonzero((plays[self._channel] == 0) & ~self._is_off) if len(plays) else np.zeros(0, np.int64)
        if not len(idle):
            return [], np.zeros((0, 6), np.int64)
        track = self._track[idle]
        told = np.flatnonzero(~self._is_off)
        pairs = np.unique(self._track[told] << 40 | self._channel[told])
        tracks, channels = np.unique(pairs >> 40, return_counts=True)
        is_part = np.isin(track, tracks[channels == 1])
        silent = []
        for one in np.unique(track[is_part]).tolist():
            own = idle[is_part & (track == one)]
            silent.append(self._silent(one, own))
        left = idle[~is_part]
        left = left[np.lexsort((self._rank[left],))]
        channel = self._number[left] % (_PORTS * CHANNELS)
        unheard = np.stack(
            [
                self._track[left],
                self._tick[left],
                channel // CHANNELS,
                self._status[left],
                self._first[left],
                self._second[left],
            ],
            axis=1,
        )
        return silent, unheard

    def _silent(self, track: int, own: Integers) -> Voice:
        """A part of the events of one track on one channel."""
        status, first, second, tick = self._status[own], self._first[own], self._second[own], self._tick[own]
        programs = np.flatnonzero(status >> 4 == 0xC)
        program = bank = 0
        is_kept = np.ones(len(own), bool)
        if len(programs):
            last = int(programs[-1])
            program = int(first[last])
            for controller, shift in ((0, 7), (32, 0)):
                select = np.flatnonzero((status[:last] >> 4 == 0xB) & (first[:last] == controller))
                bank |= int(second[select[-1]]) << shift if len(select) else 0
            at_start = programs[tick[programs] == 0]
            if len(at_start) == 1:
                is_kept[at_start] = False
        channel = int(self._number[own[0]]) % (_PORTS * CHANNELS)
        is_drums = channel % CHANNELS == DRUM_CHANNEL or bank >> 7 in DRUM_BANKS
        controls = _as_controls(tick, status, first, second)[is_kept]
        return Voice(track, channel, program, bank, is_drums, controls)


def _ports(table: EventTable) -> Integers:
    """The port of each event."""
    port = np.zeros(len(table.tick), np.int64)
    for number, track in enumerate(table.tracks):
        for event in track.others:
            if event.kind == PORT_PREFIX and event.content:
                port[table.starts[number] + event.place : table.starts[number + 1]] = min(event.content[0], _PORTS - 1)
    return port


def _as_controls(tick: Integers, status: Octets, first: Octets, second: Octets) -> Integers:
    """(controls, 4): tick, number, value, 0."""
    kind, first, second = status >> 4, first.astype(np.int64), second.astype(np.int64)
    number = np.select(
        [kind == 0xB, kind == 0xE, kind == 0xD, kind == 0xC], [first, BEND, PRESSURE, PROGRAM], KEY_PRESSURE + first
    )
    value = np.select([kind == 0xE, (kind == 0xD) | (kind == 0xC)], [(second << 7 | first) - 8192, first], second)
    return np.stack([tick, number, value, np.zeros(len(tick), np.int64)], axis=1)


def _first_places(keys: Integers, places: Integers, wanted: Integers) -> Integers:
    """The least of the places that have a key, for each key wanted; -1 for none."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    order = np.lexsort((places, keys))
    keys, places = keys[order], places[order]
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[found] == wanted, places[found], -1)


def _sorting(keys: Integers) -> Integers:
    """The order that sorts keys, as they are where they are equal."""
    if bool((keys[1:] >= keys[:-1]).all()):
        return np.arange(len(keys))
    return np.argsort(keys, kind="stable")
