import re
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QFontDatabase, QFontInfo, QRawFont
from PySide6.QtWidgets import QWidget

from core import paths
from gui import theme

SOURCES = Path(__file__).resolve().parents[2] / "gui"


def test_dark_and_light_know_the_same_roles():
    assert theme.Theme("dark")._hex.keys() == theme.Theme("light")._hex.keys()


def test_our_font_is_loaded_in_three_weights(dressed):
    assert set(QFontDatabase.styles("Inter")) >= {"Regular", "Medium", "SemiBold"}
    assert QFontInfo(theme.current().font()).family().startswith("Inter")


@pytest.mark.parametrize("weight", ["Regular", "Medium", "SemiBold"])
def test_the_font_can_write_note_names_and_keys(dressed, weight):
    font = QRawFont(str(paths.resources() / "fonts" / f"Inter-{weight}.ttf"), 13)
    missing = [sign for sign in "♯♭♮↑↓←→↵–—…‘’“”·−\u2009ñéüßłŻ" if not font.supportsCharacter(ord(sign))]
    assert not missing


def test_every_icon_that_the_sources_name_is_there(dressed):
    shipped = {path.stem for path in (paths.resources() / "icons").glob("*.svg")}
    pattern = re.compile(r'(?:icon\(|Icon\(|IconButton\(|icon=|set_icon\(|pixmap\(|draw_icon\(painter, )"([a-z0-9-]+)"')
    named = {name for source in SOURCES.rglob("*.py") for name in pattern.findall(source.read_text("utf-8"))}
    assert named
    assert named <= shipped


@pytest.mark.skipif(sys.platform == "darwin", reason="there the bundle's icon does")
def test_every_window_shows_the_sign_of_ritornello(dressed):
    icon = QWidget().windowIcon()
    for side in (16, 32, 64):
        picture = icon.pixmap(side, side).toImage()
        colors = {picture.pixelColor(x, y).name() for x in range(side) for y in range(side)}
        assert {"#f0a63c", "#f1eee9", "#201e1d"} <= colors  # amber dots, pale bars, a dark tile


def test_a_switch_of_theme_is_told_once(dressed, qtbot):
    with qtbot.waitSignal(theme.events().changed):
        theme.apply(dressed, "light")
    assert theme.current().name == "light"
    with qtbot.assertNotEmitted(theme.events().changed):
        theme.apply(dressed, "light")
    theme.apply(dressed, "dark")


def test_surprise_climbs_the_ramp_and_stops_at_five_bits():
    colors = theme.Theme("dark")
    steps = [colors.surprise_color(bits).name().upper() for bits in (0, 2.5, 5, 40)]
    assert steps == [
        colors.hex("surprise.0"),
        colors.hex("surprise.4"),
        colors.hex("surprise.8"),
        colors.hex("surprise.8"),
    ]


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_style_sheet_has_every_blank_filled_in(name):
    sheet = theme.Theme(name).style_sheet()
    assert "{{" not in sheet
    assert not re.search(r"\{[a-z_]+\}", sheet)
    for image in re.findall(r'url\("([^"]+)"\)', sheet):
        assert Path(image).is_file()


def test_reduced_motion_takes_no_time():
    theme.set_reduced_motion(reduced=True)
    assert theme.duration_ms("slow") == 0
    theme.set_reduced_motion(reduced=False)
    assert theme.duration_ms("slow") == 220


def test_an_icon_is_drawn_at_the_screens_resolution(dressed):
    assert theme.current().pixmap("play", size=16, dpr=2.0).size().width() == 32
