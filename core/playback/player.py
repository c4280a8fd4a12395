"""Playing a score: play, pause, stop, seek, loop, audition. Owns the playback thread, and with it the sound device.

Every method returns at once; the work is done by one daemon thread that takes short commands from a queue, mixes
segments of a few seconds and keeps one queued behind the one that is heard. Positions are ticks of the score. An
edit while playing is mixed into the segments in place, from a tenth of a second ahead of the playhead on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from core import paths
from core.errors import AudioError
from core.music.score import Score
from core.music.timing import TempoMap
from core.playback import pygame_output
from core.playback.additive import AdditiveRenderer
from core.playback.mix import Pcm, mixed, note_pcm, voice_of
from core.playback.output import Output, SilentOutput
from core.playback.performance import Performance, choked, frame_at, performance_of
from core.playback.synth import NoteRenderer, VoiceCache, choose_renderer
from core.playback.transport import Playhead, Timeline
from core.playback.voice import FRAMES_PER_S, TAIL, Wave

_LOG = logging.getLogger(__name__)

_SEGMENTS_S = (1.5, 4.0, 8.0)
"""The first is short, to be heard soon; long ones go on by themselves while Python is busy."""
_POLL_S = 0.02
_MARGIN = FRAMES_PER_S // 10
"""Frames ahead of the playhead that the device may have taken already."""
_CROSSFADE = 256
_DRIFT = int(0.04 * FRAMES_PER_S)
"""A playhead further off than this is set right when a segment ends."""
_AUDITION_S = 0.45
_WARM_S = 12.0
"""So much music after the playhead has its notes rendered before anyone asks to play."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Whether sound can be heard. None: not tried yet. The sentence is "" when there is nothing to say."""

    is_available: bool | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What `position_tick` answers from: a moving playhead, or the tick at which it rests."""

    tempo_map: TempoMap
    rest_tick: float
    playhead: Playhead | None = None


@dataclass(slots=True)
class _Segment:
    begin: int
    """Output frame of its first frame."""
    pcm: Pcm

    @property
    def end(self) -> int:
        return self.begin + len(self.pcm)


def _nothing() -> None:
    pass


class Player:
    """Plays one score at a time. Safe to call from any thread; callbacks come on the playback thread.

    on_ended: the music came to its end by itself. on_device_changed: `device` has another value.
    """

    def __init__(
        self,
        output: Output | None = None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        renderer: NoteRenderer | None = None,
        soundfont: Path | None = None,
        on_ended: Callable[[], None] = _nothing,
        on_device_changed: Callable[[], None] = _nothing,
    ) -> None:
        self.on_ended = on_ended
        self.on_device_changed = on_device_changed
        self.device = DeviceState()
        self._clock = clock
        self._given_output, self._given_renderer = output, renderer
        self._soundfont = soundfont or paths.soundfont()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._commands: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._is_closed = False
        # Written by callers, under the lock
        self._score = Score()
        self._score_is_new = True
        self._loop: tuple[int, int] | None = None
        self._is_playing = False
        self._serial = 0
        """Counts the changes of course, so that the thread can tell one that was overtaken."""
        self._volume = 1.0
        self._has_clicks = False
        self._shown = _Shown(TempoMap.of(self._score), 0.0)
        # The playback thread's own
        self._output: Output | None = None
        self._voices: VoiceCache | None = None
        self._performance = performance_of(self._score)
        self._timeline: Timeline | None = None
        self._playing: _Segment | None = None
        self._queued: _Segment | None = None
        self._built = 0
        """How many segments of this timeline were built."""
        self._looked_s = 0.0
        """When the line of segments was last looked after."""
        self._warming: Iterator[None] = iter(())

    # What callers see

    @property
    def is_playing(self) -> bool:
        return self._is_playing

    def position_tick(self) -> float:
        """The tick heard now, or where playing would begin. Cheap: for every frame that is drawn."""
        shown = self._shown
        if shown.playhead is None:
            return shown.rest_tick
        return shown.tempo_map.tick_at(shown.playhead.position(self._clock()) / FRAMES_PER_S)

    def start(self) -> None:
        """Ready thread, device and notes ahead of time, so that the first sound comes at once."""
        self._post(_nothing)

    def set_score(self, score: Score) -> None:
        """Play this from now on; heard from a tenth of a second ahead, also while playing."""
        with self._lock:
            self._score = score
            self._score_is_new = True
            if self._thread is None:
                self._shown = _Shown(TempoMap.of(score), self._shown.rest_tick)
                return
        self._post(self._take_score)

    def play(self, from_tick: float | None = None) -> None:
        """Play from a tick, or from where the playhead is; from the very end, from the beginning."""
        self._change_course(from_tick, is_playing=True)

    def pause(self) -> None:
        """Fall silent; the playhead stays."""
        self._change_course(None, is_playing=False)

    def stop(self) -> None:
        """Fall silent and go back: to the loop's start if there is a loop, else to the beginning."""
        self._change_course(float(self._loop[0]) if self._loop else 0.0, is_playing=False)

    def seek(self, tick: float) -> None:
        """Go to a tick, playing on if playing."""
        self._change_course(max(0.0, tick), is_playing=self._is_playing)

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        """Go round between two ticks (the end excluded); None or an empty one: play to the end."""
        self._loop = loop if loop is not None and loop[0] < loop[1] else None
        if self._is_playing:
            self._change_course(None, is_playing=True)

    def set_volume(self, volume: float) -> None:
        """0 (silent) to 1."""
        self._volume = min(1.0, max(0.0, volume))
        if self._thread is not None:
            self._post(self._take_volume)

    def set_metronome(self, on: bool) -> None:  # noqa: FBT001 -- a switch's slot
        """A click on every beat."""
        with self._lock:
            self._has_clicks = on
            self._score_is_new = True
            is_running = self._thread is not None
        if is_running:
            self._post(self._take_score)

    def audition(self, pitch: int, velocity: int = 90, program: int = 0, *, is_drums: bool = False) -> None:
        """Sound one short note now, over whatever plays."""
        self._post(lambda: self._strike(pitch, velocity, program, is_drums=is_drums))

    def check_device(self) -> None:
        """Look for a sound device again."""
        self._post(self._reopen)

    def close(self) -> None:
        """Fall silent, let go of the device and end the thread. Nothing can be played afterwards."""
        with self._lock:
            self._is_closed = True
            self._is_playing = False
            self._serial += 1
            thread, self._thread = self._thread, None
        if thread is not None:
            self._commands.put(None)
            if thread is not threading.current_thread():
                thread.join()

    def _change_course(self, tick: float | None, *, is_playing: bool) -> None:
        with self._lock:
            if self._is_closed:
                return
            rest = self.position_tick() if tick is None else tick
            self._serial += 1
            serial = self._serial
            self._is_playing = is_playing
            self._shown = replace(self._shown, rest_tick=rest, playhead=None)
            is_needed = is_playing or self._thread is not None
        if is_needed:
            self._post(lambda: self._follow_course(serial, rest, is_playing=is_playing))

    def _post(self, command: Callable[[], None]) -> None:
        with self._lock:
            if self._is_closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="playback", daemon=True)
                self._thread.start()
        self._commands.put(command)

    # The playback thread

    def _run(self) -> None:
        self._open()
        self._take_score()
        while True:
            try:
                command = self._commands.get(block=self._is_idle(), timeout=self._patience())
            except Empty:
                command = _nothing
            if command is None:
                break
            command()
            if self._timeline is not None:
                self._feed(self._timeline)
        if self._output is not None:
            self._output.close()

    def _is_idle(self) -> bool:
        """Whether the thread may wait for a command; if not, one note was rendered ahead meanwhile."""
        return not (self._timeline is None and self._commands.empty() and next(self._warming, True) is None)

    def _patience(self) -> float | None:
        return _POLL_S if self._timeline is not None else None

    def _open(self) -> None:
        state = DeviceState(is_available=True)
        self._output = self._given_output or pygame_output.PygameOutput()
        try:
            self._output.open()
        except AudioError as error:
            _LOG.info("no sound: %s", error)
            state = DeviceState(is_available=False, sentence=error.sentence)
            self._output = SilentOutput(self._clock)
        if self._given_renderer is not None:
            self._voices = VoiceCache(self._given_renderer)
        elif state.is_available:
            choice = choose_renderer(self._soundfont, pygame_output.decode)
            state = DeviceState(is_available=True, sentence=choice.sentence)
            self._voices = VoiceCache(choice.renderer)
        else:
            self._voices = VoiceCache(AdditiveRenderer())
        self._output.set_volume(self._volume)
        self.device = state
        self.on_device_changed()

    def _reopen(self) -> None:
        if self.device.is_available:
            return
        if self._output is not None:
            self._output.close()
        self._open()
        if self._is_playing:
            self._change_course(None, is_playing=True)

    def _take_volume(self) -> None:
        if self._output is not None:
            self._output.set_volume(self._volume)

    def _take_score(self) -> None:
        with self._lock:
            if not self._score_is_new:
                return
            self._score_is_new = False
            score, clicks = self._score, self._has_clicks
        before, self._performance = self._performance, performance_of(score, clicks=clicks)
        if self._voices is not None:
            self._performance = choked(self._performance, self._voices.choke_group)
        tempo_map = self._performance.tempo_map
        same_time = np.array_equal(before.tempo_map.ticks, tempo_map.ticks) and np.array_equal(
            before.tempo_map.seconds_per_tick, tempo_map.seconds_per_tick
        )
        if not same_time:
            if self._timeline is not None:
                self._change_course(None, is_playing=self._is_playing)
            with self._lock:
                self._shown = replace(self._shown, tempo_map=tempo_map)
        elif self._timeline is not None:
            self._timeline = replace(self._timeline, end=self._performance.end)
            with self._lock:
                if self._shown.playhead is not None:
                    playhead = replace(self._shown.playhead, timeline=self._timeline)
                    self._shown = replace(self._shown, playhead=playhead)
            self._rewrite(self._timeline)
        self._warming = self._warm()

    def _follow_course(self, serial: int, tick: float, *, is_playing: bool) -> None:
        if serial != self._serial or self._output is None:
            return
        self._take_score()
        if not is_playing:
            self._halt(self._output)
            self._warming = self._warm()
            return
        performance = self._performance
        loop = self._loop
        frames = (performance.frame_at(loop[0]), performance.frame_at(loop[1])) if loop else None
        start = performance.frame_at(tick)
        timeline = Timeline(start, performance.end, frames)
        if start >= performance.end and not timeline.loops:
            timeline = Timeline(0, performance.end, frames)
        self._timeline, self._built, self._queued = timeline, 0, None
        segment = self._segment(timeline, 0)
        if start > 0:  # sounding notes are picked up in their middle: without a click
            fade = _rising(len(segment.pcm))
            segment.pcm[: len(fade)] = (segment.pcm[: len(fade)] * fade).astype(np.int16)
        self._begin_segment(segment, timeline, self._output, serial)

    def _begin_segment(self, segment: _Segment, timeline: Timeline, output: Output, serial: int) -> None:
        output.play(segment.pcm)
        self._playing, self._queued = segment, None
        self._show(Playhead(timeline, self._clock() + output.latency_s, segment.begin), serial)

    def _segment(self, timeline: Timeline, begin: int) -> _Segment:
        seconds = _SEGMENTS_S[min(self._built, len(_SEGMENTS_S) - 1)]
        self._built += 1
        return _Segment(begin, self._mix(timeline, begin, begin + int(seconds * FRAMES_PER_S)))

    def _mix(self, timeline: Timeline, begin: int, end: int) -> Pcm:
        if self._voices is None:
            return np.zeros((max(0, end - begin), 2), np.int16)
        return mixed(self._performance, self._voices, timeline, begin, end)

    def _show(self, playhead: Playhead, serial: int) -> None:
        with self._lock:
            if serial == self._serial:
                self._shown = replace(self._shown, tempo_map=self._performance.tempo_map, playhead=playhead)

    def _feed(self, timeline: Timeline) -> None:
        """Keep the line of segments full; notice its end."""
        output, playing = self._output, self._playing
        with self._lock:
            serial, playhead = self._serial, self._shown.playhead
        if output is None or playing is None or playhead is None:
            return  # a change of course is on its way
        now, looked = self._clock(), self._looked_s
        self._looked_s = now
        heard = playhead.output_at(now)
        last = timeline.output_end
        if last is not None and heard >= last:
            # The tail goes on sounding by itself: it lies in segments that are handed over already.
            self._end(serial)
            return
        if self._queued is not None and not output.is_queued:
            self._playing = playing = self._queued
            self._queued = None
            taken = playing.begin - int(output.latency_s * FRAMES_PER_S)
            # Only a look shortly before tells that the segment began just now.
            if abs(heard - taken) > _DRIFT and now - looked < 3 * _POLL_S:
                self._show(Playhead(timeline, now + output.latency_s, playing.begin), serial)
        if self._queued is None and (last is None or playing.end < last + TAIL):
            segment = self._segment(timeline, playing.end)
            if output.is_playing:
                output.queue(segment.pcm)
                self._queued = segment
            else:  # it comes too late: go on with it after the gap
                self._begin_segment(segment, timeline, output, serial)

    def _end(self, serial: int) -> None:
        self._timeline = None
        with self._lock:
            if serial != self._serial:
                return
            self._is_playing = False
            rest = self._performance.tick_at(self._performance.end)
            self._shown = replace(self._shown, rest_tick=rest, playhead=None)
        self.on_ended()

    def _halt(self, output: Output) -> None:
        output.stop()
        self._timeline = self._playing = self._queued = None

    def _rewrite(self, timeline: Timeline) -> None:
        """Mix the new score into what is handed over already, from a little ahead of the playhead on."""
        playhead = self._shown.playhead
        if playhead is None or self._output is None:
            return
        ahead = int(playhead.output_at(self._clock())) + _MARGIN
        is_queued = self._output.is_queued
        if self._queued is not None and not is_queued:
            self._playing, self._queued = self._queued, None
        for segment, queued in ((self._playing, False), (self._queued, True)):
            if segment is None or max(segment.begin, ahead) >= segment.end:
                continue
            begin = max(segment.begin, ahead)
            pcm = self._mix(timeline, begin, segment.end)
            offset = begin - segment.begin
            if offset:
                fade = _rising(len(pcm))
                old = segment.pcm[offset : offset + len(fade)]
                pcm[: len(fade)] = (old * (1 - fade) + pcm[: len(fade)] * fade).astype(np.int16)
            segment.pcm = np.concatenate([segment.pcm[:offset], pcm])
            self._output.rewrite(pcm, offset, queued=queued)

    def _strike(self, pitch: int, velocity: int, program: int, *, is_drums: bool) -> None:
        if self._output is None or self._voices is None:
            return
        voice, gain = self._voices.voice(
            program, is_drums=is_drums, pitch=pitch, velocity=velocity, seconds=_AUDITION_S
        )
        self._output.strike(note_pcm(voice, gain, held_s=_AUDITION_S))

    def _warm(self) -> Iterator[None]:
        """Render the notes that follow the playhead, one at each step; free of cost once they are in the cache."""
        performance: Performance = self._performance
        start = frame_at(performance.tempo_map, self._shown.rest_tick)
        timeline = Timeline(start, performance.end)
        window = int(_WARM_S * FRAMES_PER_S)
        strikes = timeline.strikes(performance.onsets, performance.ends, 0, window)
        for note, onset, end in zip(
            strikes.notes.tolist(), strikes.onsets.tolist(), strikes.ends.tolist(), strict=True
        ):
            if self._voices is None:
                return
            voice_of(performance, self._voices, note, end - onset)
            yield None


def _rising(frames: int) -> Wave:
    """(at most a crossfade, 1): from 0 to 1."""
    rising: Wave = np.linspace(0, 1, min(_CROSSFADE, frames), dtype=np.float32)[:, None]
    return rising
