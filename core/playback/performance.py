"""A score as it is to be heard: flat arrays of strikes in frames, with pedal, loudness and place worked out.

What is obeyed: tempo map, program and drums, velocity, sustain pedal (64), and at each note's onset channel volume (7),
expression (11) and pan (10). Pitch bends and controllers that move under a sounding note are not heard.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.music.columns import Ticks
from core.music.score import Controls, Part, Score
from core.music.timing import TempoMap, bar_starts, metre_at
from core.playback.voice import FRAMES_PER_S

Frames = npt.NDArray[np.int64]

CLICK = -1
"""The program of the metronome; pitch 1 is a bar's first beat, 0 another."""
_VOLUME, _PAN, _EXPRESSION, _SUSTAIN = 7, 10, 11, 64
_USUAL_VOLUME = 100
"""Channel volume until a part sets its own (General MIDI 1)."""
_LONGEST_S = 24 * 3600
"""Nothing is placed beyond a day: ticks may run to 2^31, and a metronome to as many clicks."""
_MAX_CLICKS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """Strikes in order of onset. All arrays have one length."""

    onsets: Frames
    ends: Frames
    """Where the key, or the pedal, is let go."""
    programs: npt.NDArray[np.int16]
    drums: npt.NDArray[np.bool_]
    pitches: npt.NDArray[np.int16]
    velocities: npt.NDArray[np.int16]
    gains: npt.NDArray[np.float32]
    """(strikes, 2): left and right."""
    end: int
    """Frame at which the last note is let go."""
    tempo_map: TempoMap

    def frame_at(self, tick: float) -> int:
        return frame_at(self.tempo_map, tick)

    def tick_at(self, frame: float) -> float:
        return self.tempo_map.tick_at(frame / FRAMES_PER_S)


def frame_at(tempo_map: TempoMap, tick: float) -> int:
    return round(min(tempo_map.seconds_at(tick), _LONGEST_S) * FRAMES_PER_S)


def performance_of(score: Score, *, clicks: bool = False) -> Performance:
    """Work out how `score` sounds; with `clicks`, a metronome on every beat up to its end."""
    tempo_map = TempoMap.of(score)
    columns = [_strikes(part, score.end) for part in score.parts]
    notes_end = score.end
    if clicks:
        columns.append(_clicks(score))
    table = np.concatenate([column for column, _ in columns])
    gains = np.concatenate([gain for _, gain in columns])
    seconds = tempo_map.seconds_at(table[:, :2].astype(np.float64))
    frames = np.rint(np.minimum(seconds, _LONGEST_S) * FRAMES_PER_S).astype(np.int64)
    order = np.argsort(frames[:, 0], kind="stable")
    table, frames, gains = table[order], frames[order], gains[order]
    return Performance(
        onsets=frames[:, 0],
        ends=np.maximum(frames[:, 1], frames[:, 0] + 1),
        programs=table[:, 2].astype(np.int16),
        drums=table[:, 3].astype(np.bool_),
        pitches=table[:, 4].astype(np.int16),
        velocities=table[:, 5].astype(np.int16),
        gains=gains,
        end=frame_at(tempo_map, notes_end),
        tempo_map=tempo_map,
    )


_Columns = tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]


def _strikes(part: Part, score_end: int) -> _Columns:
    """(onset, end, program, is drums, pitch, velocity) in ticks, and the gains, of one part."""
    notes, onsets = part.notes, part.notes.onset.astype(np.int64)
    ends = _sustained(onsets, notes.end, notes.pitch, part.controls, score_end)
    voice = np.full((2, len(notes)), [[part.program], [part.is_drums]])
    table = np.stack([onsets, ends, *voice, notes.pitch, notes.velocity], axis=1)
    volume = _value_at(part.controls, _VOLUME, onsets, default=_USUAL_VOLUME) / _USUAL_VOLUME
    expression = _value_at(part.controls, _EXPRESSION, onsets, default=127) / 127
    pan = (np.maximum(_value_at(part.controls, _PAN, onsets, default=64), 1) - 1) / 126
    loudness = (volume * expression) ** 2
    sides = np.stack([np.cos(pan * np.pi / 2), np.sin(pan * np.pi / 2)], axis=1) * np.sqrt(2)
    return table, (loudness[:, None] * sides).astype(np.float32)


def _value_at(controls: Controls, number: int, ticks: Frames, *, default: int) -> Frames:
    """The value of a controller in force at each tick."""
    at, values = _changes(controls, number)
    if not len(at):
        return np.full(len(ticks), default, np.int64)
    index = np.searchsorted(at, ticks, side="right") - 1
    return np.where(index < 0, default, values[np.maximum(index, 0)])


def _changes(controls: Controls, number: int) -> tuple[Frames, Frames]:
    """Ticks and values of one controller."""
    tick, numbers, value = controls.table.astype(np.int64)
    return tick[numbers == number], value[numbers == number]


def _sustained(onsets: Frames, ends: Frames, pitches: Ticks, controls: Controls, score_end: int) -> Frames:
    """Ends put off to where the pedal comes up, or to where the pitch is struck again if that is sooner."""
    at, values = _changes(controls, _SUSTAIN)
    is_down = values >= 64
    if not is_down.any():
        return ends
    # The first change at or after each one that lifts the pedal; never lifted: the end of the score.
    lifted = np.full(len(at) + 1, max(score_end, int(at[-1])), np.int64)
    for change in range(len(at) - 1, -1, -1):
        lifted[change] = lifted[change + 1] if is_down[change] else at[change]
    index = np.searchsorted(at, ends, side="right") - 1
    held = (index >= 0) & is_down[np.maximum(index, 0)]
    released = np.where(held, lifted[np.maximum(index, 0)], ends)
    order = np.lexsort((onsets, pitches))
    again = np.full(len(ends), np.iinfo(np.int64).max)
    same = pitches[order][1:] == pitches[order][:-1]
    again[order[:-1][same]] = onsets[order[1:][same]]
    sustained: Frames = np.minimum(released, again)
    return sustained


def _clicks(score: Score) -> _Columns:
    rows = []
    starts = bar_starts(score, score.end)
    for start, following in itertools.pairwise(starts):
        beat = metre_at(score, start).beat_duration
        rows += [
            (tick, tick + beat, CLICK, False, int(tick == start), 127)
            for tick in range(start, following, beat)
            if tick < score.end
        ]
        if len(rows) > _MAX_CLICKS:
            break
    return np.array(rows, np.int64).reshape(-1, 6), np.ones((len(rows), 2), np.float32)
