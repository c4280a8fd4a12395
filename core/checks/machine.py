"""What this machine has, and what to do about what is missing."""

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from multiprocessing.connection import Connection

from core import paths
from core.checks.check import Check, Trying
from core.errors import AppError, AudioError
from core.learning.models.library import STARTER, Library
from core.learning.network.tensorflow.runtime import visible_gpus
from core.playback.player import DeviceState
from core.processes import spawned
from core.standing import user_folder_troubles
from core.tasks import Control
from core.version import version

_PACKAGES = (
    ("PySide6-Essentials",), ("tensorflow", "tensorflow-cpu"), ("numpy",), ("pygame",), ("pretty_midi",)
)  # fmt: skip
"""Each by the names that it is installed under: an installer takes TensorFlow in its smaller form."""
_PATIENCE_S = 90.0
_LISTEN_S = 0.05
"""How often cancelling is looked at."""
_ROOM_BYTES = 1_000_000_000
_SET_UP_ANEW = (
    "Install Ritornello again."
    if getattr(sys, "frozen", False)
    else "Delete the folder .venv and run: python3 packaging/bootstrap.py run"
)


def looked_at(control: Control, *, device: Callable[[], DeviceState | None] | None = None) -> Iterator[Check]:
    """Each thing as it is looked at. Raises Cancelled.

    device: what a player of this process knows of it; without one the device is opened, and any player loses it.
    """
    for look in (
        _program, _python, _packages, _user_folder, _room, _soundfont,
        _audio_device if device is None else lambda: _known_device(device()),
        _midi_ports, _starter, _processors, lambda: _gpu(control),
    ):  # fmt: skip
        control.checkpoint()
        yield look()


def _program() -> Check:
    return Check("Ritornello", ok=True, detail=version())


def _python() -> Check:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("Python", fits, detail, "" if fits else "Install Python 3.11, 3.12 or 3.13.")


def _packages() -> Check:
    told = [(names[0], [f"{name} {_version(name)}" for name in names if _version(name)]) for names in _PACKAGES]
    missing = [name for name, found in told if not found]
    hint = f"Missing: {', '.join(missing)}. {_SET_UP_ANEW}" if missing else ""
    return Check("Packages", not missing, ", ".join(found[0] for _, found in told if found), hint)


def _version(package: str) -> str:
    """Of an installed package; "" of one that isn’t there."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _user_folder() -> Check:
    troubles = user_folder_troubles(paths.home())
    if troubles:
        return Check("User folder", ok=False, detail=troubles[0].sentence, hint=troubles[0].hint)
    return Check("User folder", ok=True, detail=f"{paths.home()}, writable")


def _room() -> Check:
    folder = next(folder for folder in (paths.home(), *paths.home().parents) if folder.exists())
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("Free space", ok=False, detail=str(error))
    return Check(
        "Free space", free >= _ROOM_BYTES, f"{free / 1e9:.1f} GB", "" if free >= _ROOM_BYTES else "Free some space."
    )


def _soundfont() -> Check:
    from core.playback import pygame_output
    from core.playback.synth import choose_renderer

    choice = choose_renderer(paths.soundfont(), pygame_output.decode)
    if choice.sentence:
        return Check("Soundfont", ok=False, detail=choice.sentence, hint="Install Ritornello again.")
    return Check("Soundfont", ok=True, detail=f"{paths.soundfont().name}, sounds")


def _audio_device() -> Check:
    from core.playback.pygame_output import PygameOutput

    output = PygameOutput()
    try:
        output.open()
        output.close()
    except AudioError as error:
        return Check("Sound device", ok=False, detail=error.sentence, hint=error.hint)
    driver = os.environ.get("SDL_AUDIODRIVER", "")
    return Check("Sound device", ok=True, detail=f"found{f' (driver {driver})' if driver else ''}")


def _known_device(state: DeviceState | None) -> Check:
    if state is None or state.is_available is None:
        return Check("Sound device", ok=True, detail="not asked for yet")
    hint = "" if state.is_available else "Plug one in and check again."
    return Check("Sound device", state.is_available, state.sentence or "found", hint)


def _midi_ports() -> Check:
    from core.playback.pygame_output import midi_inputs

    try:
        names = midi_inputs()
    except AudioError as error:
        return Check("MIDI keyboards", ok=False, detail=error.sentence, hint=error.hint)
    return Check("MIDI keyboards", ok=True, detail=", ".join(names) or "none plugged in")


def _starter() -> Check:
    try:
        record = Library(paths.home()).find(STARTER)
        Library(paths.home()).load(record)
    except AppError as error:
        return Check("Starter model", ok=False, detail=error.sentence, hint=error.hint)
    return Check("Starter model", ok=True, detail=f"‘{record.name}’, {record.pieces:,} pieces")


def _processors() -> Check:
    return Check("Processors", ok=True, detail=f"{os.cpu_count()} cores")


def _gpu(control: Control) -> Check:
    """Asked in a process of its own: TensorFlow takes seconds and half a gigabyte, and may crash with a bad driver."""
    control.report(Trying("GPU"))
    process, ours = spawned(_tell_gpus, name="ritornello-gpu")
    names: tuple[str, ...] | None = None
    given_up_at = time.monotonic() + _PATIENCE_S
    try:
        while names is None and time.monotonic() < given_up_at:
            control.checkpoint()
            if ours.poll(_LISTEN_S):
                names = ours.recv()
    except EOFError:
        pass
    finally:
        ours.close()
        process.kill()
        process.join()
        process.close()
    if names is None:
        return Check("GPU", ok=False, detail="TensorFlow can't be started.", hint=_SET_UP_ANEW)
    return Check("GPU", ok=True, detail=", ".join(names) or "none; training runs on the processor")


def _tell_gpus(pipe: Connection) -> None:
    pipe.send(visible_gpus())
    pipe.close()
