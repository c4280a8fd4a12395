"""From strikes to PCM: notes laid over each other, gently limited, as 16-bit stereo at 44,100 frames a second.

Any window of the output can be mixed by itself, and neighbouring windows fit without a seam: a sample depends on
nothing but its place.
"""

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.files import write_bytes
from core.music.score import Score
from core.playback.performance import CLICK, Performance, choked, performance_of
from core.playback.resampling import interpolated, true_peak
from core.playback.synth import NoteRenderer, VoiceCache, click
from core.playback.transport import Timeline
from core.playback.voice import FRAMES_PER_S, TAIL, Voice, Wave, release_curve
from core.tasks import Control

Pcm = npt.NDArray[np.int16]

_KNEE = 0.6
_CHOKED = int(0.02 * FRAMES_PER_S)
"""How long a note is heard that another one silences."""
_TRUE_PEAK = 10 ** (-1 / 20)
"""Of normalised sound: 1 dB below full scale."""
_BETWEEN = 16
"""Frames beyond a window that shape what lies between its last ones."""
_WINDOW = 8 * FRAMES_PER_S


def mixed(performance: Performance, voices: VoiceCache, timeline: Timeline, begin: int, end: int) -> Pcm:
    """(end - begin, 2): output frames begin … end (excluded) of a performance played along a timeline."""
    return limited(_laid(performance, voices, timeline, begin, end))


def _laid(performance: Performance, voices: VoiceCache, timeline: Timeline, begin: int, end: int) -> Wave:
    """As `mixed`, before anything is limited."""
    buffer = np.zeros((max(0, end - begin), 2), np.float32)
    strikes = timeline.strikes(performance.onsets, performance.ends, begin, end, tail=TAIL)
    for note, onset, let_go in zip(strikes.notes.tolist(), strikes.onsets.tolist(), strikes.ends.tolist(), strict=True):
        held = let_go - onset
        voice, gain = voice_of(performance, voices, note, held)
        _add(buffer, voice, at=onset - begin, held=held, gain=gain, course=_Course(performance, note))
    return buffer


def voice_of(performance: Performance, voices: VoiceCache, note: int, held: int) -> tuple[Voice, float]:
    """The sound of a note held for so many frames, and its gain."""
    program, pitch = int(performance.programs[note]), int(performance.pitches[note])
    if program == CLICK:
        return click(is_strong=bool(pitch)), 1.0
    fastest = performance.motions[performance.parts[note]].fastest if performance.bends[note] else 1.0
    return voices.voice(
        program,
        bank=int(performance.banks[note]),
        is_drums=bool(performance.drums[note]),
        pitch=pitch,
        velocity=int(performance.velocities[note]),
        seconds=held * fastest / FRAMES_PER_S,
    )


class _Course:
    """What happens to one note while it sounds, in frames from its onset."""

    def __init__(self, performance: Performance, note: int) -> None:
        self._onset = int(performance.onsets[note])
        self._motion = performance.motions[performance.parts[note]]
        self._gains: Wave = performance.gains[note]
        self._swells, self.bends = performance.swells[note], performance.bends[note]
        self.cut = int(performance.cuts[note]) - self._onset

    def gains(self, begin: int, end: int) -> Wave:
        """(2,), or (end - begin, 2) where they move."""
        if not self._swells:
            return self._gains
        moving: Wave = self._motion.levels.over(self._onset, self._onset + begin, self._onset + end).astype(np.float32)
        return moving

    def positions(self, end: int) -> npt.NDArray[np.float64]:
        """(end,): which frame of its recording is heard at each."""
        speeds = self._motion.speeds(self._onset, self._onset + end)
        positions: npt.NDArray[np.float64] = np.cumsum(speeds) - speeds
        return positions


def note_pcm(voice: Voice, gain: float, *, held_s: float) -> Pcm:
    """(frames, 2): one note by itself, held so long and let go."""
    held = int(held_s * FRAMES_PER_S)
    buffer = np.zeros((min(len(voice.wave), held + voice.tail_frames), 2), np.float32)
    _add(buffer, voice, at=0, held=held, gain=gain)
    return limited(buffer)


def _add(buffer: Wave, voice: Voice, *, at: int, held: int, gain: float, course: _Course | None = None) -> None:
    """Lay a voice, let go after `held` frames, over the buffer from frame `at` (which may lie before it)."""
    curve = release_curve(voice.release_s)
    low = max(0, -at)
    high = min(held + len(curve), len(buffer) - at)
    if course is not None:
        high = min(high, course.cut + _CHOKED)
    if course is not None and course.bends:
        positions = course.positions(max(high, 0))
        positions = positions[low : np.searchsorted(positions, len(voice.wave) - 1)]
        piece = interpolated(voice.wave, positions)
    else:
        piece = voice.wave[low : max(high, 0)]
    high = low + len(piece)
    if not len(piece):
        return
    piece = piece * (np.float32(gain) * (course.gains(low, high) if course is not None else np.ones(2, np.float32)))
    if high > held:
        since = max(low, held)
        piece[since - low :] *= curve[since - held : high - held, None]
    if course is not None and high > course.cut:
        since = max(low, course.cut)
        piece[since - low :] *= np.linspace(1, 0, _CHOKED, dtype=np.float32)[
            since - course.cut : high - course.cut, None
        ]
    buffer[at + low : at + high] += piece


def limited(buffer: Wave) -> Pcm:
    """Sound beyond 60 % of full scale is bent, and never reaches it; below, nothing changes. (frames, 2) to 16 bits."""
    loud = np.abs(buffer) > _KNEE
    if loud.any():
        over = np.abs(buffer[loud]) - _KNEE
        bent = _KNEE + (1 - _KNEE) * np.tanh(over / (1 - _KNEE))
        buffer[loud] = np.sign(buffer[loud]) * bent
    return _pcm(buffer)


def _pcm(wave: Wave) -> Pcm:
    return np.rint(wave * 32_700).astype(np.int16)


def render_score(
    score: Score,
    renderer: NoteRenderer,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    normalises: bool = False,
    control: Control | None = None,
) -> Pcm:
    """(frames, 2): the score from start_s to end_s, by default to where the last note has faded.

    normalises: as loud as can be, its true peak 1 dB below full scale, instead of limited. Reports (frames done,
    frames in all), looked over once before if it is normalised.
    """
    performance = choked(performance_of(score), renderer.choke_group)
    begin = round(start_s * FRAMES_PER_S)
    end = performance.end + TAIL if end_s is None else round(end_s * FRAMES_PER_S)
    voices, timeline, control = VoiceCache(renderer), Timeline(0, end), control or Control()
    starts = range(begin, end, _WINDOW)
    rounds = 2 if normalises else 1

    def windows(number: int, margin: int) -> Iterator[Wave]:
        """Sound before it is limited, each window with some frames more."""
        for start in starts:
            control.checkpoint()
            stop = min(start + _WINDOW, end)
            yield _laid(performance, voices, timeline, start, min(stop + margin, end))
            control.report(((end - begin) * number + stop - begin, (end - begin) * rounds))

    loudness = None
    if normalises:
        peak = max((true_peak(wave) for wave in windows(0, _BETWEEN)), default=0.0)
        loudness = _TRUE_PEAK / peak if peak else None
    made = [limited(wave) if loudness is None else _pcm(wave * loudness) for wave in windows(rounds - 1, 0)]
    pcm = np.concatenate(made) if made else np.zeros((0, 2), np.int16)
    return pcm if end_s is not None else _without_silence(pcm, performance.end - begin)


def _without_silence(pcm: Pcm, keep: int) -> Pcm:
    """The end cut where nothing is heard any more, but not before frame `keep`."""
    sounding = np.nonzero(np.abs(pcm).max(axis=1, initial=0) > 3)[0]
    return pcm[: max(keep, int(sounding[-1]) + 1 if sounding.size else 0)]


def wav_bytes(pcm: Pcm) -> bytes:
    """A .wav file's content: 16 bits, stereo, 44,100 frames a second."""
    target = io.BytesIO()
    with wave.open(target, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(FRAMES_PER_S)
        writer.writeframes(np.ascontiguousarray(pcm, "<i2").tobytes())
    return target.getvalue()


def write_wav(pcm: Pcm, path: Path) -> None:
    """Write a .wav file, all at once. Raises FileError."""
    write_bytes(path, wav_bytes(pcm))
