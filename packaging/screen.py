"""A screen of its own for a program that is tried out: Xvfb, when something is painted on it, and pictures of it."""

import ctypes
import os
import re
import struct
import subprocess
import time
import zlib

WIDTH, HEIGHT = 1600, 1000


class _Image(ctypes.Structure):
    """The beginning of Xlib's XImage."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int) for name in ("byte_order", "unit", "bit_order", "pad", "depth", "bytes_per_line")),
    ]


class Screen:
    """remote: as if the program ran on another computer, over TCP and without shared memory."""

    def __init__(self, *, remote=False):
        near, far = os.pipe()
        more = ["-listen", "tcp", "-extension", "MIT-SHM", "-extension", "GLX"] if remote else []
        screen = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-ac", "-noreset"]
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(far), *screen, *more], pass_fds=[far], stderr=subprocess.DEVNULL
        )
        os.close(far)
        with os.fdopen(near) as line:
            number = line.readline().strip()
        self.name = f"127.0.0.1:{number}" if remote else f":{number}"
        self._environment = os.environ | {"DISPLAY": f":{number}"}
        self._x = ctypes.CDLL("libX11.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x.XGetImage.argtypes = [
            ctypes.c_void_p,
            ctypes.c_ulong,
            *[ctypes.c_int] * 4,
            ctypes.c_ulong,
            ctypes.c_int,
        ]
        self._x.XGetImage.restype = ctypes.POINTER(_Image)
        self._x.XFree.argtypes = [ctypes.c_void_p]
        self._display = self._x.XOpenDisplay(f":{number}".encode())
        self._root = self._x.XDefaultRootWindow(self._display)

    def close(self):
        self._server.terminate()
        self._server.wait()

    def wait_painted(self, patience_s=60.0):
        """Until something in many colours is on the screen; looks a hundred times a second. Raises TimeoutError."""
        self._wait(lambda: any(len(set(self._colors(y))) > 4 for y in (40, HEIGHT // 2)), patience_s)

    def wait_title(self, pattern, patience_s=60.0):
        """Until a window's title matches. Raises TimeoutError."""
        self._wait(lambda: any(re.search(pattern, title) for title in self.titles()), patience_s)

    def wait_still(self, still_s=3.0, patience_s=30.0):
        """Until what is on the screen has been the same for a while."""
        began = changed = time.monotonic()
        before = b""
        while time.monotonic() < min(changed + still_s, began + patience_s):
            now = self._pixels(0, HEIGHT)
            if now != before:
                before, changed = now, time.monotonic()
            time.sleep(0.2)

    def titles(self):
        """Of all windows that are shown."""
        found = self._ask("xdotool", "search", "--onlyvisible", "--name", ".")
        return [self._ask("xdotool", "getwindowname", window).strip() for window in found.split()]

    def press(self, keys):
        self._ask("xdotool", "key", keys)

    def picture(self, path):
        """Write what is on the screen to a .png."""
        pixels = self._pixels(0, HEIGHT)
        lines = bytearray()
        for y in range(HEIGHT):
            line = bytearray(3 * WIDTH)
            row = pixels[4 * WIDTH * y : 4 * WIDTH * (y + 1)]
            line[0::3], line[1::3], line[2::3] = row[2::4], row[1::4], row[0::4]
            lines += b"\0" + line
        head = struct.pack(">2I5B", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            for kind, content in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(lines))), (b"IEND", b"")):
                file.write(struct.pack(">I", len(content)) + kind + content)
                file.write(struct.pack(">I", zlib.crc32(kind + content)))

    def _wait(self, is_so, patience_s):
        began = time.monotonic()
        while not is_so():
            if time.monotonic() > began + patience_s:
                raise TimeoutError(f"nothing after {patience_s:.0f} s; the windows are {self.titles()}")
            time.sleep(0.01)

    def _colors(self, y):
        row = self._pixels(y, 1)
        return (row[at : at + 3] for at in range(0, len(row), 4))

    def _pixels(self, y, height):
        image = self._x.XGetImage(self._display, self._root, 0, y, WIDTH, height, 0xFFFFFFFF, 2)
        found = ctypes.string_at(image.contents.data, image.contents.bytes_per_line * height)
        self._x.XFree(image.contents.data)
        self._x.XFree(image)
        return found

    def _ask(self, *command):
        return subprocess.run(command, env=self._environment, capture_output=True, text=True).stdout
