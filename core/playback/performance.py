"""A score as it is to be heard: flat arrays of strikes in frames, with pedals, loudness and place worked out.

What is obeyed: tempo map, program, bank and drums, velocity, and the controllers of `controllers.py`, also while a note
sounds.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.music.score import Part, Score
from core.music.timing import TempoMap, bar_starts, metre_at
from core.playback.controllers import Controllers, Motion
from core.playback.voice import FRAMES_PER_S, TAIL

Frames = npt.NDArray[np.int64]

CLICK = -1
"""The program of the metronome; pitch 1 is a bar's first beat, 0 another."""
_LONGEST_S = 24 * 3600
"""Nothing is placed beyond a day: ticks may run to 2^31, and a metronome to as many clicks."""
_MAX_CLICKS = 100_000
NEVER = np.iinfo(np.int64).max // 2


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
    """(strikes, 2): left and right, at the onset."""
    banks: npt.NDArray[np.int16]
    parts: npt.NDArray[np.int16]
    """Indices into `motions`; -1 for the metronome."""
    swells: npt.NDArray[np.bool_]
    """Whether loudness or place moves while the note sounds."""
    bends: npt.NDArray[np.bool_]
    """Whether its pitch is not the key's all the while."""
    cuts: Frames
    """Where another note of the part silences it (`choked`)."""
    motions: tuple[Motion, ...]
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
    controllers = [Controllers(part) for part in score.parts]
    motions = tuple(one.motion(tempo_map) for one in controllers)
    tables = [_strikes(part, one, score.end) for part, one in zip(score.parts, controllers, strict=True)]
    parts = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    if clicks:
        tables.append(_clicks(score))
        parts = np.append(parts, np.full(len(tables[-1]), -1))
    table = np.concatenate(tables)
    seconds = tempo_map.seconds_at(table[:, :2].astype(np.float64))
    frames = np.rint(np.minimum(seconds, _LONGEST_S) * FRAMES_PER_S).astype(np.int64)
    order = np.argsort(frames[:, 0], kind="stable")
    table, frames, parts = table[order], frames[order], parts[order]
    onsets, ends = frames[:, 0], np.maximum(frames[:, 1], frames[:, 0] + 1)
    gains = np.ones((len(table), 2), np.float32)
    swells, bends = np.zeros(len(table), np.bool_), np.zeros(len(table), np.bool_)
    silent = ends + TAIL
    for index, motion in enumerate(motions):
        of = np.nonzero(parts == index)[0]
        gains[of] = motion.levels.at(onsets[of])
        swells[of] = motion.levels.moves(onsets[of], silent[of])
        for course in (motion.cents, motion.vibrato):
            bends[of] |= course.moves(onsets[of], silent[of]) | (course.at(onsets[of]) != 0)
    return Performance(
        onsets=onsets,
        ends=ends,
        programs=table[:, 2].astype(np.int16),
        drums=table[:, 3].astype(np.bool_),
        pitches=table[:, 4].astype(np.int16),
        velocities=table[:, 5].astype(np.int16),
        gains=gains,
        banks=table[:, 6].astype(np.int16),
        parts=parts.astype(np.int16),
        swells=swells,
        bends=bends,
        cuts=np.full(len(table), NEVER),
        motions=motions,
        end=frame_at(tempo_map, score.end),
        tempo_map=tempo_map,
    )


def choked(performance: Performance, choke_group: Callable[..., int]) -> Performance:
    """The same with notes cut by the next of their part and choke group, as a closing hi-hat silences the open one.

    choke_group: a NoteRenderer's.
    """
    sounds = np.stack(
        [performance.programs, performance.banks, performance.pitches, performance.drums], axis=1, dtype=np.int64
    )
    kinds, which = np.unique(sounds, axis=0, return_inverse=True)
    of_kind = [
        choke_group(program, bank=bank, is_drums=bool(drums), pitch=pitch) if program != CLICK else 0
        for program, bank, pitch, drums in kinds.tolist()
    ]
    groups = np.array(of_kind, np.int64)[which.reshape(-1)]
    cuts = performance.cuts.copy()
    for part, group in {(int(performance.parts[note]), int(groups[note])) for note in np.nonzero(groups)[0]}:
        of = np.nonzero((groups == group) & (performance.parts == part))[0]
        following = np.searchsorted(performance.onsets[of], performance.onsets[of], side="right")
        cuts[of] = np.append(performance.onsets[of], NEVER)[following]
    return replace(performance, cuts=cuts)


def _strikes(part: Part, controllers: Controllers, score_end: int) -> npt.NDArray[np.int64]:
    """(notes, 7): onset, end, program, is drums, pitch, velocity, bank of one part, in ticks."""
    onsets, pitches, _, velocities = part.notes.table.astype(np.int64)
    ends = controllers.held(onsets, part.notes.end, pitches, score_end)
    voice = np.full((2, len(onsets)), [[part.program], [part.is_drums]])
    softened, banks = controllers.softened(onsets, velocities), controllers.banks(onsets)
    return np.stack([onsets, ends, *voice, pitches, softened, banks], axis=1)


def _clicks(score: Score) -> npt.NDArray[np.int64]:
    rows = []
    starts = bar_starts(score, score.end)
    for start, following in itertools.pairwise(starts):
        beat = metre_at(score, start).beat_duration
        rows += [
            (tick, tick + beat, CLICK, False, int(tick == start), 127, 0)
            for tick in range(start, following, beat)
            if tick < score.end
        ]
        if len(rows) > _MAX_CLICKS:
            break
    return np.array(rows, np.int64).reshape(-1, 7)
