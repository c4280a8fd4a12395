"""Draw the icons of the program and of its files from their .svg, in every form that a desktop asks for.

    python packaging/icons.py FOLDER      needs PySide6, and no screen

Writes `NAME-SIZE.png` (Linux), `NAME.ico` (Windows) and `NAME.icns` (macOS) for the names in SOURCES.
"""

import importlib.util
import os
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {
    "app": ROOT / "resources" / "icons" / "app.svg",
    "project": ROOT / "packaging" / "icons" / "project.svg",
    "model": ROOT / "packaging" / "icons" / "model.svg",
}
PNG_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS_SIZES = {"ic11": 32, "ic12": 64, "ic07": 128, "ic13": 256, "ic08": 256, "ic14": 512, "ic09": 512, "ic10": 1024}
ICNS_MARGIN = 100 / 1024
"""What Apple's grid leaves free around the tile of a program."""


def ready():
    """A folder with all icons, drawn by this Python or, where it has no Qt, by the one that builds."""
    python = sys.executable
    if importlib.util.find_spec("PySide6") is None:
        import environment

        python = environment.python()
    folder = ROOT / "build" / "icons"
    subprocess.run([python, __file__, folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def make(folder):
    """All icons, into `folder`; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, source in SOURCES.items():
        for size in PNG_SIZES:
            written.append(folder / f"{name}-{size}.png")
            written[-1].write_bytes(_png(drawn(source, size)))
        written += [folder / f"{name}.ico", folder / f"{name}.icns"]
        written[-2].write_bytes(ico(source))
        written[-1].write_bytes(icns(source, margin=ICNS_MARGIN if name == "app" else 0))
    return written


def drawn(source, size, *, margin=0.0):
    """The drawing as a QImage of size × size, with `margin` of its width left free on each side."""
    from PySide6.QtCore import QRectF, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    free = round(size * margin)
    painter = QPainter(image)
    QSvgRenderer(str(source)).render(painter, QRectF(free, free, size - 2 * free, size - 2 * free))
    painter.end()
    return image


def ico(source):
    """Bitmaps, which every reader of .ico knows, and 256 pixels as a .png, as Windows itself has them."""
    pictures = [
        (size, _png(drawn(source, size)) if size == 256 else _bitmap(drawn(source, size))) for size in ICO_SIZES
    ]
    at = 6 + 16 * len(pictures)
    table = struct.pack("<3H", 0, 1, len(pictures))
    for size, picture in pictures:
        table += struct.pack("<4B2H2I", size % 256, size % 256, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return table + b"".join(picture for _, picture in pictures)


def icns(source, *, margin=0.0):
    pictures = [(kind.encode(), _png(drawn(source, size, margin=margin))) for kind, size in ICNS_SIZES.items()]
    parts = b"".join(kind + struct.pack(">I", 8 + len(picture)) + picture for kind, picture in pictures)
    return b"icns" + struct.pack(">I", 8 + len(parts)) + parts


def _png(image):
    from PySide6.QtCore import QBuffer, QIODevice

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):
        raise RuntimeError("Qt could not write a .png")
    return bytes(buffer.data())


def _bitmap(image):
    """A device-independent bitmap as it lies in an .ico: BGRA from the bottom up, and a mask that hides nothing."""
    size = image.width()
    rows = bytes(image.constBits())
    pixels = b"".join(rows[y * size * 4 : (y + 1) * size * 4] for y in reversed(range(size)))
    mask = bytes((size + 31) // 32 * 4 * size)
    return struct.pack("<I2i2H6I", 40, size, 2 * size, 1, 32, 0, len(pixels) + len(mask), 0, 0, 0, 0) + pixels + mask


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.strip())
        return 2
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    written = make(Path(arguments[0]))
    print(f"{len(written)} icons in {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
