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
from core.playback.performance import CLICK, Performance, performance_of
from core.playback.synth import NoteRenderer, VoiceCache, click
from core.playback.transport import Timeline
from core.playback.voice import FRAMES_PER_S, MAX_TAIL_S, Voice, Wave, release_curve
from core.tasks import Control

Pcm = npt.NDArray[np.int16]

TAIL = int(MAX_TAIL_S * FRAMES_PER_S)
_KNEE = 0.6
_WINDOW = 8 * FRAMES_PER_S


def mixed(performance: Performance, voices: VoiceCache, timeline: Timeline, begin: int, end: int) -> Pcm:
    """(end - begin, 2): output frames begin … end (excluded) of a performance played along a timeline."""
    buffer = np.zeros((max(0, end - begin), 2), np.float32)
    strikes = timeline.strikes(performance.onsets, performance.ends, begin, end, tail=TAIL)
    for note, onset, let_go in zip(strikes.notes.tolist(), strikes.onsets.tolist(), strikes.ends.tolist(), strict=True):
        held = let_go - onset
        program = int(performance.programs[note])
        pitch = int(performance.pitches[note])
        gain = 1.0
        if program == CLICK:
            voice = click(is_strong=bool(pitch))
        else:
            voice, gain = voices.voice(
                program,
                is_drums=bool(performance.drums[note]),
                pitch=pitch,
                velocity=int(performance.velocities[note]),
                seconds=held / FRAMES_PER_S,
            )
        _add(buffer, voice, at=onset - begin, held=held, gains=performance.gains[note] * np.float32(gain))
    return limited(buffer)


def note_pcm(voice: Voice, gain: float, *, held_s: float) -> Pcm:
    """(frames, 2): one note by itself, held so long and let go."""
    held = int(held_s * FRAMES_PER_S)
    buffer = np.zeros((min(len(voice.wave), held + voice.tail_frames), 2), np.float32)
    _add(buffer, voice, at=0, held=held, gains=np.full(2, gain, np.float32))
    return limited(buffer)


def _add(buffer: Wave, voice: Voice, *, at: int, held: int, gains: Wave) -> None:
    """Lay a voice, let go after `held` frames, over the buffer from frame `at` (which may lie before it)."""
    curve = release_curve(voice.release_s)
    low = max(0, -at)
    high = min(len(voice.wave), held + len(curve), len(buffer) - at)
    if low >= high:
        return
    piece = voice.wave[low:high] * gains
    if high > held:
        since = max(low, held)
        piece[since - low :] *= curve[since - held : high - held, None]
    buffer[at + low : at + high] += piece


def limited(buffer: Wave) -> Pcm:
    """Sound beyond 60 % of full scale is bent, and never reaches it; below, nothing changes. (frames, 2) to 16 bits."""
    loud = np.abs(buffer) > _KNEE
    if loud.any():
        over = np.abs(buffer[loud]) - _KNEE
        bent = _KNEE + (1 - _KNEE) * np.tanh(over / (1 - _KNEE))
        buffer[loud] = np.sign(buffer[loud]) * bent
    return np.rint(buffer * 32_700).astype(np.int16)


def render_score(
    score: Score,
    renderer: NoteRenderer,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    control: Control | None = None,
) -> Pcm:
    """(frames, 2): the score from start_s to end_s, by default to where the last note has faded.

    Reports (frames done, frames in all).
    """
    performance = performance_of(score)
    begin = round(start_s * FRAMES_PER_S)
    end = performance.end + TAIL if end_s is None else round(end_s * FRAMES_PER_S)
    windows = list(_windows(performance, VoiceCache(renderer), begin, end, control or Control()))
    pcm = np.concatenate(windows) if windows else np.zeros((0, 2), np.int16)
    return pcm if end_s is not None else _without_silence(pcm, performance.end - begin)


def _windows(performance: Performance, voices: VoiceCache, begin: int, end: int, control: Control) -> Iterator[Pcm]:
    timeline = Timeline(0, end)
    for start in range(begin, end, _WINDOW):
        control.checkpoint()
        yield mixed(performance, voices, timeline, start, min(start + _WINDOW, end))
        control.report((min(start + _WINDOW, end) - begin, end - begin))


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
