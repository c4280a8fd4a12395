"""The icons that the build draws, read back as desktops read them."""

import re

import icons
import pytest
from PySide6.QtGui import QImageReader

from gui import theme

pytestmark = pytest.mark.usefixtures("qapp")


def pictures(path):
    """Width → picture, of every picture in the file."""
    reader = QImageReader(str(path))
    assert reader.canRead(), reader.errorString()
    found = {}
    for at in range(reader.imageCount()):
        assert reader.jumpToImage(at) or at == 0
        image = reader.read()
        assert not image.isNull(), reader.errorString()
        found[image.width()] = image
    return found


@pytest.fixture(scope="module")
def folder(qapp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("icons")
    assert all(path.stat().st_size > 300 for path in icons.make(folder))
    return folder


@pytest.mark.parametrize("name", icons.SOURCES)
def test_a_png_of_every_size_shows_more_than_one_colour(folder, name):
    for size in icons.PNG_SIZES:
        (picture,) = pictures(folder / f"{name}-{size}.png").values()
        assert (picture.width(), picture.height()) == (size, size)
        row = {picture.pixelColor(x, size // 2 + 1).name() for x in range(size)}
        assert len(row) >= 3


@pytest.mark.parametrize("name", icons.SOURCES)
def test_an_ico_holds_every_size_with_the_colours_and_corners_of_the_png(folder, name):
    found = pictures(folder / f"{name}.ico")
    assert sorted(found) == sorted(icons.ICO_SIZES)
    for size in {*icons.ICO_SIZES} & {*icons.PNG_SIZES}:
        (png,) = pictures(folder / f"{name}-{size}.png").values()
        for x, y in ((0, 0), (size // 2, size // 2), (size - size // 4, size // 2), (size // 4, size - size // 3)):
            assert found[size].pixelColor(x, y) == png.pixelColor(x, y), (size, x, y)


@pytest.mark.parametrize("name", icons.SOURCES)
def test_an_icns_holds_every_size(folder, name):
    written = (folder / f"{name}.icns").read_bytes()
    assert written[:4] == b"icns"
    assert int.from_bytes(written[4:8], "big") == len(written)
    at, kinds = 8, {}
    while at < len(written):
        length = int.from_bytes(written[at + 4 : at + 8], "big")
        png = written[at + 8 : at + length]
        kinds[written[at : at + 4].decode()] = int.from_bytes(png[16:20], "big")
        at += length
    assert kinds == icons.ICNS_SIZES
    assert max(pictures(folder / f"{name}.icns")) == 1024


def test_the_bars_are_sharp_where_title_bars_and_menus_show_them(folder):
    """At 16, 32 and 48 pixels each column of the bars is wholly pale or wholly dark."""
    for size in (16, 32, 48):
        (picture,) = pictures(folder / f"app-{size}.png").values()
        bars = [picture.pixelColor(x, size // 2).name() for x in range(size // 2, size * 13 // 16)]
        assert set(bars) == {"#f1eee9", "#201e1d"}


def test_the_icon_wears_the_colours_of_the_dark_theme():
    drawn = set(re.findall("#[0-9A-F]{6}", icons.SOURCES["app"].read_text("utf-8")))
    dark = theme.Theme("dark")
    assert drawn == {dark.hex(role) for role in ("bg.panel", "border.medium", "model.base", "text.primary")}
