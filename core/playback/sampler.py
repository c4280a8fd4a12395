"""Notes out of a soundfont's recordings: resampled to pitch, looped, filtered and shaped, in NumPy.

The same on every system, and measured against FluidSynth in the tests. Formulas: SoundFont 2.04 §8 and §9; the
attenuation of a region counts 0.4-fold, as all players do since the EMU cards.
"""

import logging
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from core.errors import AudioError
from core.playback.resampling import interpolated
from core.playback.soundfont import Region, Sample, Soundfont
from core.playback.voice import FRAMES_PER_S, MAX_TAIL_S, Voice, Wave

_GAIN = 0.85
"""Headroom: the loudest piano note peaks below half of full scale."""
_SILENCE_DB = -90.0
_OPEN_CENTS = 13_500

_LOG = logging.getLogger(__name__)

Decode = Callable[[bytes], npt.NDArray[np.int16]]
"""An Ogg file to mono frames at 44,100 a second. Raises AudioError."""


class SampleRenderer:
    """Renders notes from a soundfont. `decode` turns an Ogg file into mono frames at 44,100 a second."""

    def __init__(self, soundfont: Soundfont, decode: Decode) -> None:
        self._soundfont = soundfont
        self._decode = decode
        self._recordings: dict[int, tuple[Wave, float]] = {}

    def check(self) -> None:
        """Play a note. Raises AudioError where the soundfont gives no sound: a player would only be silent."""
        voice = self.render(0, is_drums=False, pitch=60, velocity=90, seconds=0.5)
        if not voice.wave.size or float(np.abs(voice.wave).max()) < 1e-4:
            raise AudioError("The soundfont gives no sound.", hint="Choose another .sf2 or .sf3 file.")

    def choke_group(self, program: int, *, bank: int, is_drums: bool, pitch: int) -> int:
        """The exclusive class of the regions that play this pitch."""
        regions = self._soundfont.regions(program, bank=bank, is_drums=is_drums)
        return max(
            (region.exclusive_class for region in regions if region.keys[0] <= pitch <= region.keys[1]), default=0
        )

    def render(
        self, program: int, *, is_drums: bool, pitch: int, velocity: int, seconds: float, bank: int = 0
    ) -> Voice:
        """The sum of all regions that play this pitch and velocity; silence if there are none."""
        regions = self._soundfont.regions(program, bank=bank, is_drums=is_drums)
        played = [region for region in regions if region.plays(pitch, velocity)]
        if not played:
            return Voice(np.zeros((1, 1), np.float32), release_s=0.02, is_complete=True)
        release_s = max(_seconds(region.release_tc) for region in played)
        wanted = int((seconds + min(MAX_TAIL_S, release_s)) * FRAMES_PER_S) + 1
        waves = [(region, self._wave(region, pitch, velocity, wanted)) for region in played]
        length = max(len(wave) for _, wave in waves)
        is_mono = all(region.pan == 0 for region in played)
        mixed = np.zeros((length, 1 if is_mono else 2), np.float32)
        for region, wave in waves:
            if is_mono:
                mixed[: len(wave), 0] += wave
            else:
                angle = (region.pan + 500) / 1000 * np.pi / 2
                sides = np.array([np.cos(angle), np.sin(angle)], np.float32) * np.float32(np.sqrt(2))
                mixed[: len(wave)] += wave[:, None] * sides
        return Voice(mixed, release_s=release_s, is_complete=length < wanted)

    def _recording(self, sample: Sample) -> tuple[Wave, float]:
        """(frames, their number a second): decoded once."""
        known = self._recordings.get(sample.index)
        if known is None:
            if isinstance(sample.content, bytes):
                try:
                    frames = self._decode(sample.content)
                except AudioError as error:  # one damaged recording is silent; the others play
                    _LOG.info("sample %d: %s", sample.index, error)
                    frames = np.zeros(1, np.int16)
                rate = float(FRAMES_PER_S)
            else:
                frames, rate = sample.content, float(sample.frames_per_s)
            # Two frames more, so that interpolation may look ahead at the very end.
            recorded = np.concatenate([frames.astype(np.float32) / 32768, np.zeros(2, np.float32)])
            known = self._recordings[sample.index] = (recorded, rate)
        return known

    def _wave(self, region: Region, pitch: int, velocity: int, wanted: int) -> Wave:
        sample = self._soundfont.sample(region.sample)
        recorded, rate = self._recording(sample)
        root_key = region.root_key if 0 <= region.root_key <= 127 else min(sample.root_key, 127)
        cents = (pitch - root_key) * region.scale_cents + region.tune_cents + sample.correction_cents
        step = float(2 ** (cents / 1200) * rate / FRAMES_PER_S)
        loop_start = sample.loop_start * rate / sample.frames_per_s
        loop_end = min(sample.loop_end * rate / sample.frames_per_s, len(recorded) - 3)
        loops = region.loops and loop_end - loop_start >= 4
        frames = wanted if loops else min(wanted, int((len(recorded) - 2) / step))
        gain = _GAIN * 10 ** (-0.4 * region.attenuation_cb / 200) * (velocity / 127) ** 2
        envelope = _envelope(region, pitch, frames) * np.float32(gain)
        positions = np.arange(len(envelope), dtype=np.float64) * step
        if loops:
            beyond = positions >= loop_end
            positions[beyond] = loop_start + (positions[beyond] - loop_start) % (loop_end - loop_start)
        wave = interpolated(recorded, positions)
        cutoff = region.cutoff_cents + region.velocity_to_cutoff * (127 - velocity) / 128
        if cutoff < _OPEN_CENTS:
            wave = _low_pass(wave, 8.176 * 2 ** (cutoff / 1200))
        wave *= envelope
        if not loops:
            fade = min(len(wave), 256)
            wave[len(wave) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        return wave


def _seconds(timecents: float) -> float:
    """Timecents to seconds; the file's least value, -12,000, stands for none."""
    return 0.0 if timecents <= -12_000 else float(2 ** (min(timecents, 8000) / 1200))


def _envelope(region: Region, pitch: int, frames: int) -> Wave:
    """Delay, attack (straight), hold, decay (straight in decibels, 100 dB in the decay time), sustain.

    Cut where nothing can be heard any more.
    """
    delay = int(_seconds(region.delay_tc) * FRAMES_PER_S)
    attack = int(max(0.001, _seconds(region.attack_tc)) * FRAMES_PER_S)
    hold = int(_seconds(region.hold_tc + region.key_to_hold * (60 - pitch)) * FRAMES_PER_S)
    decay_s = _seconds(region.decay_tc + region.key_to_decay * (60 - pitch))
    time = np.arange(frames)
    after = np.maximum(time - (delay + attack + hold), 0)
    decibels = np.maximum(-100 * after / max(decay_s * FRAMES_PER_S, 1), -region.sustain_cb / 10)
    if decibels.size and decibels[-1] < _SILENCE_DB:
        end = int(np.searchsorted(-decibels, -_SILENCE_DB))
        time, decibels = time[:end], decibels[:end]
    shaped: Wave = (10 ** (decibels / 20)).astype(np.float32)
    rising = np.clip((time[: delay + attack] - delay) / attack, 0, 1)
    shaped[: delay + attack] *= rising.astype(np.float32)
    return shaped


def _low_pass(wave: Wave, cutoff_hz: float) -> Wave:
    """A two-pole low-pass without resonance, its magnitude applied to the whole note at once."""
    size = 1 << (len(wave) + 512).bit_length()  # the margin keeps the end from ringing into the start
    if cutoff_hz > 0.45 * FRAMES_PER_S or not len(wave):
        return wave
    hertz = np.fft.rfftfreq(size, 1 / FRAMES_PER_S)
    magnitude = (1 / np.sqrt(1 + (hertz / cutoff_hz) ** 4)).astype(np.float32)
    filtered: Wave = np.fft.irfft(np.fft.rfft(wave, size) * magnitude, size)[: len(wave)].astype(np.float32)
    return filtered
