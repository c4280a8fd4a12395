"""Whether there is a screen to open a window on. Asked before Qt is loaded, which ends the program with a crash where none is."""

import contextlib
import ctypes
import os
import socket
import sys
from pathlib import Path

_ON_SCREENS = {"xcb", "wayland", "wayland-egl"}
"""Qt's platforms that need one."""


def missing_screen() -> str:
    """Why no window can be opened, in a sentence; "" where one can. Takes a millisecond or two."""
    platforms = {name.partition(":")[0] for name in os.environ.get("QT_QPA_PLATFORM", "").split(";") if name}
    if sys.platform == "linux" and not platforms - _ON_SCREENS and "WAYLAND_SOCKET" not in os.environ:
        return _missing_on_linux()
    return ""


def _missing_on_linux() -> str:
    named = [f"{name}={os.environ[name]}" for name in ("DISPLAY", "WAYLAND_DISPLAY") if os.environ.get(name)]
    if not named:
        return "Ritornello needs a screen."
    if _reaches_x() or _reaches_wayland():
        return ""
    return f"The screen can't be reached ({', '.join(named)})."


def _reaches_x() -> bool:
    """As Qt itself connects, with whatever authority it takes."""
    if not os.environ.get("DISPLAY"):
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt names the library that is missing
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    is_reached = not xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return is_reached


def _reaches_wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "")) / name  # a whole path stays itself
    if sys.platform != "win32":
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            return True
    return False
