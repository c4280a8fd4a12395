"""What the window plays: the document, or in its place a piece or an epoch's answer; and the playhead of it.

The sounding itself is core's Player, which works in its own thread; here a timer asks it where it is, once a frame.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from core.music.score import Score

if TYPE_CHECKING:  # the mixer is loaded when sound is first needed
    from core.playback.player import DeviceState

DOCUMENT = "document"
_FRAME_MS = 16


class PlayerLike(Protocol):
    """What is asked of core.playback.player.Player."""

    on_ended: Callable[[], None]
    on_device_changed: Callable[[], None]
    device: "DeviceState"

    @property
    def is_playing(self) -> bool: ...
    def start(self) -> None: ...
    def set_score(self, score: Score) -> None: ...
    def play(self, from_tick: float | None = None) -> None: ...
    def pause(self) -> None: ...
    def seek(self, tick: float) -> None: ...
    def set_loop(self, loop: tuple[int, int] | None) -> None: ...
    def position_tick(self) -> float: ...
    def set_volume(self, volume: float) -> None: ...
    def set_metronome(self, on: bool) -> None: ...  # noqa: FBT001 -- as the Player has it
    def audition(self, pitch: int, velocity: int = 90, program: int = 0, *, is_drums: bool = False) -> None: ...
    def check_device(self) -> None: ...
    def close(self) -> None: ...


class Playback(QObject):
    """The transport's other half. `make_player` is called on first need, after the window has been painted."""

    state_changed = Signal()
    """Playing or not, what plays, loop, metronome."""
    moved = Signal(float)
    """The playhead, in ticks of what is played."""
    device_changed = Signal()
    _ended = Signal()
    """Sent by the playback thread."""

    def __init__(self, make_player: Callable[[], PlayerLike], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_player = make_player
        self._player: PlayerLike | None = None
        self._source = DOCUMENT
        self._score = Score()
        self._document_score = Score()
        self._document_tick = 0.0
        self._other_tick = 0.0
        self._loop: tuple[int, int] | None = None
        self._loops = False
        self._metronome = False
        self._volume = 0.7
        self._is_playing = False
        self._frames = QTimer(self)
        self._frames.setTimerType(Qt.TimerType.PreciseTimer)
        self._frames.setInterval(_FRAME_MS)
        self._frames.timeout.connect(self._on_frame)
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    # What it is

    @property
    def is_playing(self) -> bool:
        return self._is_playing

    @property
    def source(self) -> str:
        """DOCUMENT, or the key given to `play_other`."""
        return self._source

    @property
    def playing(self) -> str:
        """The key of what sounds now; "" when nothing does."""
        return self._source if self._is_playing else ""

    @property
    def score(self) -> Score:
        """What the playhead walks on."""
        return self._document_score if self._source == DOCUMENT else self._score

    @property
    def tick(self) -> float:
        return self._document_tick if self._source == DOCUMENT else self._other_tick

    @property
    def document_tick(self) -> float:
        """The document's own playhead, also while something else plays."""
        return self._document_tick

    @property
    def loop(self) -> tuple[int, int] | None:
        """The marked ticks, whether or not they are being looped."""
        return self._loop

    @property
    def loops(self) -> bool:
        return self._loops

    @property
    def metronome(self) -> bool:
        return self._metronome

    @property
    def device(self) -> "DeviceState | None":
        """None before sound was first needed."""
        return self._player.device if self._player is not None else None

    # What it does

    def warm_up(self) -> None:
        """Make the player now, so that the first note is not late."""
        self._ready()

    def set_document(self, score: Score) -> None:
        """The document's music is another; heard at once, also while playing."""
        self._document_score = score
        if self._source == DOCUMENT and self._player is not None:
            self._player.set_score(score)

    def toggle(self) -> None:
        """Play or pause what the transport is on."""
        if self._is_playing:
            self.pause()
        else:
            self._play(None)

    def play_document(self, from_tick: float | None = None) -> None:
        """Play the document, from its playhead unless told where."""
        self._switch_to(DOCUMENT, self._document_score)
        if from_tick is not None:
            self._document_tick = from_tick
        self._play(self.tick)

    def play_other(self, key: str, score: Score, from_tick: float = 0.0) -> None:
        """Play something else in the document's place, such as a piece; `key` names it."""
        self._switch_to(key, score)
        self._other_tick = from_tick
        self._play(from_tick)

    def show_document(self) -> None:
        """Put the transport back on the document, silent."""
        if self._source != DOCUMENT:
            self.pause()
            self._switch_to(DOCUMENT, self._document_score)
            self.state_changed.emit()
            self.moved.emit(self._document_tick)

    def pause(self) -> None:
        if self._is_playing and self._player is not None:
            self._read_position()
            self._player.pause()
            self._set_playing(playing=False)

    def seek(self, tick: float) -> None:
        """Put the playhead at a tick of what the transport is on."""
        tick = max(0.0, tick)
        self._set_tick(tick)
        if self._player is not None:
            self._player.seek(tick)
        self.moved.emit(tick)

    def set_loop(self, loop: tuple[int, int] | None, *, loops: bool) -> None:
        """Mark the ticks to loop, and whether to."""
        if (loop, loops) != (self._loop, self._loops):
            self._loop, self._loops = loop, loops
            self._send_loop()
            self.state_changed.emit()

    def set_metronome(self, *, metronome: bool) -> None:
        self._metronome = metronome
        if self._player is not None:
            self._player.set_metronome(metronome)
        self.state_changed.emit()

    def set_volume(self, volume: float) -> None:
        """0 to 1."""
        self._volume = volume
        if self._player is not None:
            self._player.set_volume(volume)

    def audition(self, pitch: int, velocity: int = 90, *, program: int = 0, is_drums: bool = False) -> None:
        """Sound one note at once."""
        self._ready().audition(pitch, velocity, program, is_drums=is_drums)

    def check_device(self) -> None:
        """Look for a sound device again."""
        self._ready().check_device()

    def close(self) -> None:
        self._frames.stop()
        if self._player is not None:
            self._player.close()
            self._player = None

    def _ready(self) -> PlayerLike:
        if self._player is None:
            self._player = self._make_player()
            self._player.on_ended = self._ended.emit
            self._player.on_device_changed = self.device_changed.emit
            self._player.set_volume(self._volume)
            self._player.set_metronome(self._metronome)
            self._player.set_score(self.score)
            self._send_loop()
            self._player.start()
        return self._player

    def _send_loop(self) -> None:
        if self._player is not None:
            self._player.set_loop(self._loop if self._loops and self._source == DOCUMENT else None)

    def _switch_to(self, source: str, score: Score) -> None:
        player = self._ready()
        if self._is_playing:
            self._read_position()
            player.pause()
        self._source, self._score = source, score
        player.set_score(score)
        self._send_loop()

    def _play(self, from_tick: float | None) -> None:
        tick = self.tick if from_tick is None else from_tick
        end = self.score.end
        if self._loops and self._loop is not None and self._source == DOCUMENT and tick >= self._loop[1]:
            tick = self._loop[0]
        elif tick >= end:
            tick = 0.0
        self._ready().play(tick)
        self._set_tick(tick)
        self._set_playing(playing=True)

    def _set_playing(self, *, playing: bool) -> None:
        self._is_playing = playing
        if playing:
            self._frames.start()
        else:
            self._frames.stop()
        self.state_changed.emit()
        self.moved.emit(self.tick)

    def _set_tick(self, tick: float) -> None:
        if self._source == DOCUMENT:
            self._document_tick = tick
        else:
            self._other_tick = tick

    def _read_position(self) -> None:
        if self._player is not None:
            self._set_tick(self._player.position_tick())

    def _on_frame(self) -> None:
        self._read_position()
        self.moved.emit(self.tick)

    def _on_ended(self) -> None:
        if self._is_playing and self._player is not None and not self._player.is_playing:
            self._set_tick(0.0)
            self._player.seek(0.0)
            self._set_playing(playing=False)
