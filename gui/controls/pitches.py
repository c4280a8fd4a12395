"""What pitches are called in this window: in the octaves that the musician prefers, and as a scale spells them."""

from PySide6.QtCore import QObject, Signal

from core.music.pitch import Scale, pitch_name


class _Events(QObject):
    changed = Signal()
    """Pitches are called otherwise from now on."""


class _State:
    middle_c = 4
    events: _Events | None = None


def events() -> _Events:
    if _State.events is None:
        _State.events = _Events()
    return _State.events


def call_middle_c(octave: int) -> None:
    """From now on pitch 60 is the C of this octave: 4 or 3."""
    if octave != _State.middle_c:
        _State.middle_c = octave
        events().changed.emit()


def name_of(pitch: int, scale: Scale | None = None) -> str:
    """What a pitch is called, such as "F♯5", or "G♭5" where the scale writes flats. From any thread."""
    return pitch_name(pitch, middle_c=_State.middle_c, flats=scale is not None and scale.writes_flat(pitch))
