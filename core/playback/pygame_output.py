"""pygame: the mixer as an Output, Ogg decoding, and the names of MIDI keyboards. The only module that knows it.

Everything pygame is imported inside functions: the import takes up to half a second, and only whoever plays pays.
Sounds are long (seconds), so that the mixer goes on by itself while Python is busy.
"""

import io
import os
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import AudioError
from core.playback.mix import Pcm
from core.playback.voice import FRAMES_PER_S
from core.silence import standard_error_shut

NO_DEVICE = "No sound device found. You can still edit, train, generate and export."
_BUFFER_FRAMES = 1024
_CHANNELS = 32
_MUSIC = (0, 1)
"""Two reserved channels that take turns: one fades out while the other begins."""
_FADE_MS = 12


def _mixer() -> Any:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # pygame looks for its own files through pkg_resources, which says that it is deprecated to whoever looks on.
    warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
    try:
        from pygame import mixer
    except ImportError as error:
        raise AudioError(
            "The sound library can't be loaded.", hint=f"On Linux, install libglib2.0-0. ({error})"
        ) from error
    return mixer


def _open_mixer(driver: str | None = None) -> Any:
    """The mixer, ready at the one rate we use. driver: of SDL, instead of the system's. Raises AudioError if it fails."""
    mixer = _mixer()
    import pygame

    before = os.environ.get("SDL_AUDIODRIVER")
    if driver is not None:
        os.environ["SDL_AUDIODRIVER"] = driver
    try:
        with standard_error_shut():  # ALSA explains at length what the exception says in one line
            mixer.init(FRAMES_PER_S, -16, 2, _BUFFER_FRAMES, allowedchanges=0)
    except pygame.error as error:
        raise AudioError(NO_DEVICE, hint=f"Plug one in and check again. ({error})") from error
    finally:
        if driver is not None and before is None:
            del os.environ["SDL_AUDIODRIVER"]
        elif driver is not None and before is not None:
            os.environ["SDL_AUDIODRIVER"] = before
    return mixer


class PygameOutput:
    """The system's sound device through pygame's mixer."""

    latency_s = _BUFFER_FRAMES / FRAMES_PER_S

    def __init__(self) -> None:
        self._mixer: Any = None
        self._channels: list[Any] = []
        self._turn = 0
        self._playing: Any = None
        self._queued: Any = None
        self._volume = 1.0

    def open(self) -> None:
        _mixer().quit()  # it may be open for decoding alone, with no device
        self._mixer = _open_mixer()
        self._mixer.set_num_channels(_CHANNELS)
        self._mixer.set_reserved(len(_MUSIC))
        self._channels = [self._mixer.Channel(number) for number in _MUSIC]

    def close(self) -> None:
        """Let go of the device, whoever opened it."""
        _mixer().quit()
        self._mixer = self._playing = self._queued = None
        self._channels = []

    def play(self, pcm: Pcm) -> None:
        self.stop()
        self._turn = 1 - self._turn
        self._playing, self._queued = self._sound(pcm), None
        channel = self._channels[self._turn]
        channel.play(self._playing)
        channel.set_volume(self._volume)

    def queue(self, pcm: Pcm) -> None:
        self._follow()
        self._queued = self._sound(pcm)
        self._channels[self._turn].queue(self._queued)

    @property
    def is_playing(self) -> bool:
        return bool(self._channels[self._turn].get_busy())

    @property
    def is_queued(self) -> bool:
        return self._channels[self._turn].get_queue() is not None

    def rewrite(self, pcm: Pcm, offset: int, *, queued: bool) -> None:
        """The mixer reads the very memory that is written here, so the change is heard when it gets there."""
        from pygame import sndarray

        self._follow()
        sound = self._queued if queued else self._playing
        if sound is not None:
            frames = sndarray.samples(sound)
            frames[offset : offset + len(pcm)] = pcm[: max(0, len(frames) - offset)]

    def stop(self) -> None:
        for channel in self._channels:
            if channel.get_busy():
                channel.queue(self._sound(np.zeros((1, 2), np.int16)))  # nothing may follow the fade
                channel.fadeout(_FADE_MS)
        self._playing = self._queued = None

    def set_volume(self, volume: float) -> None:
        self._volume = volume
        for channel in self._channels:
            channel.set_volume(volume)

    def strike(self, pcm: Pcm) -> None:
        channel = self._mixer.find_channel(force=True)
        channel.play(self._sound(pcm))
        channel.set_volume(self._volume)

    def _sound(self, pcm: Pcm) -> Any:
        return self._mixer.Sound(buffer=np.ascontiguousarray(pcm))

    def _follow(self) -> None:
        """What was queued plays by now, if the mixer has taken it."""
        if self._queued is not None and not self.is_queued:
            self._playing, self._queued = self._queued, None


def can_decode() -> bool:
    """Whether `decode` works; readies the mixer for it, with no device, unless it is in use."""
    try:
        if _mixer().get_init() is None:
            _open_mixer("dummy")
    except AudioError:
        return False
    return True


def decode(content: bytes) -> npt.NDArray[np.int16]:
    """An Ogg file to mono frames at 44,100 a second, whether or not there is a device. Raises AudioError."""
    if not can_decode():
        raise AudioError("Soundfonts can't be played here.")
    mixer = _mixer()
    import pygame

    try:
        raw = mixer.Sound(file=io.BytesIO(content)).get_raw()
    except pygame.error as error:
        raise AudioError(f"A sample of the soundfont can't be decoded: {error}.") from error
    return np.frombuffer(raw, np.int16)[::2]


def midi_inputs() -> tuple[str, ...]:
    """The names of the MIDI keyboards and other inputs that are plugged in. Raises AudioError if MIDI fails."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        import pygame
        from pygame import midi
    except ImportError as error:
        raise AudioError("MIDI ports can't be looked for.", hint=str(error)) from error
    try:
        with standard_error_shut():  # ALSA explains at length what the exception says in one line
            midi.init()
        ports = [midi.get_device_info(number) for number in range(midi.get_count())]
        midi.quit()
    except (pygame.error, midi.MidiException) as error:
        raise AudioError("MIDI ports can't be looked for.", hint=str(error)) from error
    return tuple(port[1].decode(errors="replace") for port in ports if port is not None and port[2])
