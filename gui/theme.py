"""Colours, fonts, icons and measures: the one place they come from, read from resources/themes/tokens.json.

Widgets ask `current()` while painting, so a switch of theme needs no more than `update()` (listen to
`events().changed` where something was cached). Measures are logical pixels. Icons are Lucide's outlines, drawn at
the screen's own resolution in the colour of a role such as "text.secondary".
"""

import functools
import sys
from pathlib import Path
from typing import Any, ClassVar, Literal

from PySide6.QtCore import QByteArray, QCoreApplication, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from core import paths
from core.errors import DamagedError, FileError
from core.loading.json_values import build, read_json
from core.loading.opening import read_file
from core.standing import lost_file

ThemeChoice = Literal["system", "dark", "light"]
Weight = Literal["regular", "medium", "semibold"]

_FILLED = frozenset({"play", "pause", "square", "circle"})
_WEIGHTS = {"regular": QFont.Weight.Normal, "medium": QFont.Weight.Medium, "semibold": QFont.Weight.DemiBold}
_BITS_AT_THE_TOP = 5.0
_APP_ICON_SIDES = (16, 24, 32, 48, 64, 128)
_MOST_BYTES = 1 << 20
_NOTHING = '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"/>'
_STROKE = "1.9"
"""Between Lucide's 2 at 24 pixels and the 1.75 that thins out at 16."""


@functools.cache
def _tokens() -> dict[str, Any]:
    file = paths.resources() / "themes" / "tokens.json"
    try:
        stored: dict[str, Any] = build(dict[str, Any], read_json(file, at_most=_MOST_BYTES))
    except DamagedError as error:
        raise lost_file(file, "") from error
    return stored


def _flattened(branch: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in branch.items():
        if isinstance(value, dict):
            flat.update(_flattened(value, f"{prefix}{key}."))
        elif isinstance(value, list):
            flat.update({f"{prefix}{key}.{index}": item for index, item in enumerate(value)})
        else:
            flat[prefix + key] = value
    return flat


def metric(name: str) -> int:
    """A measure in logical pixels by its token: "size.top_bar", "space.4", "radius.card"."""
    return int(_metrics()[name])


@functools.cache
def _metrics() -> dict[str, Any]:
    return _flattened({key: _tokens()[key] for key in ("size", "space", "radius")})


@functools.cache
def _icon_source(name: str) -> str:
    file = paths.resources() / "icons" / f"{name}.svg"
    try:
        return read_file(file, at_most=_MOST_BYTES).decode()
    except (DamagedError, UnicodeDecodeError):
        _lose(file, QCoreApplication.translate("theme", "Its place stays empty."))
        return _NOTHING


def _lose(file: Path, without: str) -> None:
    error = lost_file(file, without)
    _State.lost.append(error)
    events().lost.emit(error)


def lost_files() -> tuple[FileError, ...]:
    """The shipped fonts and icons that were needed and can't be read, in sentences; `events().lost` tells of more."""
    return tuple(_State.lost)


class Theme:
    """One set of colours, with the fonts and icons drawn in them."""

    def __init__(self, name: Literal["dark", "light"]) -> None:
        self.name = name
        self.is_dark = name == "dark"
        self._hex: dict[str, str] = _flattened(_tokens()["color"][name])
        self._colors = {role: QColor(value) for role, value in self._hex.items()}
        self._fonts: dict[tuple[str | int, str, bool], QFont] = {}
        self._pixmaps: dict[tuple[str, str, int, float, bool], QPixmap] = {}
        self._icons: dict[tuple[str, str, int, bool], QIcon] = {}

    def hex(self, role: str) -> str:
        return self._hex[role]

    def color(self, role: str, *, alpha: float = 1.0) -> QColor:
        """The colour of a role such as "you.base", a copy; alpha from 0 (clear) to 1."""
        color = QColor(self._colors[role])
        if alpha < 1:
            color.setAlphaF(alpha)
        return color

    def surprise_color(self, bits: float) -> QColor:
        """The ramp's step for a surprise: 0 bits the first, 5 or more the last."""
        step = round(min(max(bits / _BITS_AT_THE_TOP, 0.0), 1.0) * 8)
        return QColor(self._colors[f"surprise.{step}"])

    def font(self, size: str | int = "body", weight: Weight = "regular", *, tabular: bool = False) -> QFont:
        """A font by its token size ("caption", "body", "title", "verdict", "hero") or pixels; tabular: figures of one width."""
        key = (size, weight, tabular)
        font = self._fonts.get(key)
        if font is None:
            font = QFont(_tokens()["font"]["family"])
            font.setPixelSize(size if isinstance(size, int) else int(_tokens()["font"]["size"][size]))
            font.setWeight(_WEIGHTS[weight])
            font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
            if tabular:
                font.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[key] = font
        return QFont(font)

    def pixmap(
        self, name: str, role: str = "text.secondary", size: int = 16, dpr: float = 1.0, *, filled: bool | None = None
    ) -> QPixmap:
        """The icon `name`, size × size logical pixels, drawn for a screen of `dpr`. filled None: as the icon usually is."""
        fills = name in _FILLED if filled is None else filled
        key = (name, role, size, dpr, fills)
        pixmap = self._pixmaps.get(key)
        if pixmap is None:
            color = self._hex[role]
            source = _icon_source(name).replace("currentColor", color)
            source = source.replace('stroke-width="2"', f'stroke-width="{_STROKE}"')
            if fills:
                source = source.replace('fill="none"', f'fill="{color}"', 1)
            side = round(size * dpr)
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            QSvgRenderer(QByteArray(source.encode())).render(painter, QRectF(0, 0, side, side))
            painter.end()
            pixmap.setDevicePixelRatio(dpr)
            self._pixmaps[key] = pixmap
        return pixmap

    def icon(self, name: str, role: str = "text.secondary", size: int = 16, *, filled: bool | None = None) -> QIcon:
        """The same for menus, lists and fields, at one, two and three times the size, grey when disabled."""
        fills = name in _FILLED if filled is None else filled
        key = (name, role, size, fills)
        icon = self._icons.get(key)
        if icon is None:
            icon = QIcon()
            for dpr in (1.0, 2.0, 3.0):
                icon.addPixmap(self.pixmap(name, role, size, dpr, filled=fills))
                icon.addPixmap(self.pixmap(name, "text.disabled", size, dpr, filled=fills), QIcon.Mode.Disabled)
            self._icons[key] = icon
        return icon

    def draw_icon(
        self, painter: QPainter, name: str, rect: QRectF, role: str = "text.secondary", *, filled: bool | None = None
    ) -> None:
        """Draw the icon into the square `rect` at the painter's own resolution."""
        device = painter.device()
        dpr = device.devicePixelRatio() if device is not None else 1.0
        pixmap = self.pixmap(name, role, round(rect.width()), dpr, filled=filled)
        painter.drawPixmap(rect.topLeft(), pixmap)

    def hatch(self, line: QColor, ground: QColor | None = None, *, dpr: float = 1.0) -> QBrush:
        """A 45° hatch, a line every 5 pixels: for notes that were copied or that the model never met."""
        side = round(8 * dpr)
        tile = QPixmap(side, side)
        tile.fill(ground if ground is not None else Qt.GlobalColor.transparent)
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = painter.pen()
        pen.setColor(line)
        pen.setWidthF(1.8 * dpr)
        painter.setPen(pen)
        for shift in (-side, 0, side):
            painter.drawLine(shift - side, side * 2, shift + side * 2, -side)
        painter.end()
        tile.setDevicePixelRatio(dpr)
        return QBrush(tile)

    def palette(self) -> QPalette:
        palette = QPalette()
        roles = QPalette.ColorRole
        for role, token in {
            roles.Window: "bg.window",
            roles.WindowText: "text.primary",
            roles.Base: "bg.inset",
            roles.AlternateBase: "bg.panel",
            roles.Text: "text.primary",
            roles.PlaceholderText: "text.muted",
            roles.Button: "bg.raised",
            roles.ButtonText: "text.primary",
            roles.BrightText: "status.error",
            roles.Highlight: "you.base",
            roles.HighlightedText: "text.on_you",
            roles.Link: "you.text",
            roles.LinkVisited: "you.text",
            roles.ToolTipBase: "bg.raised",
            roles.ToolTipText: "text.primary",
            roles.Light: "bg.hover",
            roles.Midlight: "bg.raised",
            roles.Mid: "border.medium",
            roles.Dark: "border.subtle",
            roles.Shadow: "bg.scrim",
            roles.Accent: "you.base",
        }.items():
            palette.setColor(role, self._colors[token])
        for role in (roles.WindowText, roles.Text, roles.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self._colors["text.disabled"])
        return palette

    def style_sheet(self) -> str:
        """What palettes can't say about Qt's own widgets; our own controls paint themselves."""
        roles = {role.replace(".", "_"): value for role, value in self._hex.items()}
        folder = (paths.resources() / "themes").as_posix()
        marks = {mark: f"{folder}/{mark}-{self.name}.svg" for mark in ("chevron", "check")}
        return _STYLE.format_map(roles | marks)


_STYLE = """
QToolTip {{ background: {bg_raised}; color: {text_primary}; border: 1px solid {border_medium}; padding: 5px 8px; }}
QMenuBar {{ background: {bg_window}; color: {text_secondary}; border: none; padding: 0 6px; }}
QMenuBar::item {{ background: transparent; padding: 5px 10px; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {bg_hover}; color: {text_primary}; }}
QMenu {{ background: {bg_raised}; color: {text_primary}; border: 1px solid {border_medium}; padding: 4px; }}
QMenu::item {{ padding: 5px 28px 5px 12px; border-radius: 4px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::item:selected {{ background: {bg_hover}; }}
QMenu::item:disabled {{ color: {text_disabled}; }}
QMenu::separator {{ height: 1px; background: {border_medium}; margin: 4px 8px; }}
QMenu::indicator {{ width: 14px; height: 14px; left: 8px; }}
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox {{
  background: {bg_inset}; color: {text_primary}; border: 1px solid {border_medium}; border-radius: 6px;
  padding: 0 9px; selection-background-color: {you_base}; selection-color: {text_on_you}; }}
QLineEdit, QAbstractSpinBox {{ min-height: 28px; }}
QLineEdit:hover, QAbstractSpinBox:hover {{ border-color: {border_control}; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus {{ border: 2px solid {border_focus}; padding: 0 8px; }}
QLineEdit:disabled {{ color: {text_disabled}; border-color: {border_subtle}; }}
QComboBox {{ background: {bg_inset}; color: {text_primary}; border: 1px solid {border_medium}; border-radius: 6px;
  padding: 0 4px 0 9px; min-height: 26px; }}
QComboBox:hover {{ border-color: {border_control}; }}
QComboBox:focus {{ border: 2px solid {border_focus}; padding: 0 3px 0 8px; min-height: 24px; }}
QComboBox:disabled {{ color: {text_disabled}; border-color: {border_subtle}; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox::down-arrow {{ image: url("{chevron}"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{ background: {bg_raised}; border: 1px solid {border_medium}; outline: 0; padding: 4px;
  selection-background-color: {bg_hover}; selection-color: {text_primary}; }}
QAbstractItemView {{ background: {bg_panel}; border: none; outline: 0; }}
QHeaderView::section {{ background: {bg_panel}; color: {text_muted}; border: none;
  border-bottom: 1px solid {border_subtle}; padding: 4px 8px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {border_medium}; border-radius: 3px; }}
QScrollBar::handle:vertical {{ min-height: 32px; margin: 2px 3px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; margin: 3px 2px; }}
QScrollBar::handle:hover {{ background: {border_control}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none; border: none; width: 0; height: 0; }}
QSplitter::handle {{ background: {border_subtle}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QSplitter::handle:hover {{ background: {you_base}; }}
QCheckBox {{ color: {text_secondary}; spacing: 8px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {border_control}; border-radius: 4px; background: {bg_inset}; }}
QCheckBox::indicator:checked {{ background: {you_base}; border-color: {you_base}; image: url("{check}"); }}
QCheckBox:focus {{ color: {text_primary}; }}
QCheckBox::indicator:focus {{ border: 2px solid {border_focus}; width: 12px; height: 12px; }}
"""


class _Events(QObject):
    changed = Signal()
    """Another theme is current: repaint."""
    lost = Signal(object)
    """A FileError: a shipped font or icon can't be read."""


class _State:
    """What this module remembers: the theme in force and how it was chosen."""

    theme: Theme | None = None
    choice: ThemeChoice = "system"
    reduces_motion = False
    events: _Events | None = None
    fonts_loaded = False
    lost: ClassVar[list[FileError]] = []


@functools.cache
def _theme(name: Literal["dark", "light"]) -> Theme:
    """Raises FileError where its colours are missing or damaged: nothing can be shown without."""
    try:
        theme = Theme(name)
        theme.palette(), theme.style_sheet()  # which use most of them
    except (KeyError, TypeError, AttributeError) as error:
        raise lost_file(paths.resources() / "themes" / "tokens.json", "") from error
    return theme


def current() -> Theme:
    """The theme in force; dark before the first `apply`."""
    return _State.theme or _theme("dark")


def app_icon() -> QIcon:
    """Ritornello's own icon, at the sizes that title bars, task bars and switchers ask for."""
    renderer = QSvgRenderer(str(paths.resources() / "icons" / "app.svg"))
    icon = QIcon()
    for side in _APP_ICON_SIDES:
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(pixmap.rect()))
        painter.end()
        icon.addPixmap(pixmap)
    return icon


def events() -> _Events:
    """The object whose `changed` signal tells of a switch."""
    if _State.events is None:
        _State.events = _Events()
    return _State.events


def apply(app: QApplication, choice: ThemeChoice) -> None:
    """Give the whole application the chosen colours and our font. "system" follows the desktop, also later on."""
    first = _State.theme is None
    _State.choice = choice
    _load_fonts()
    hints = QGuiApplication.styleHints()
    if choice == "system":
        name: Literal["dark", "light"] = "light" if hints.colorScheme() == Qt.ColorScheme.Light else "dark"
    else:
        name = choice
    if first:
        app.setStyle("Fusion")
        if sys.platform != "darwin":  # the bundle's icon is larger, and would be covered in the dock
            app.setWindowIcon(app_icon())
        hints.colorSchemeChanged.connect(functools.partial(_follow_system, app))
    theme = _theme(name)
    if theme is _State.theme:
        return
    _State.theme = theme
    app.setPalette(theme.palette())
    app.setFont(theme.font(tabular=True))
    app.setStyleSheet(theme.style_sheet())
    events().changed.emit()


def _follow_system(app: QApplication, _scheme: Qt.ColorScheme) -> None:
    if _State.choice == "system":
        apply(app, "system")


def _load_fonts() -> None:
    if not _State.fonts_loaded:
        _State.fonts_loaded = True
        for weight in ("Regular", "Medium", "SemiBold"):
            if QFontDatabase.addApplicationFont(str(_font_file(weight))) < 0:
                _lose(_font_file(weight), QCoreApplication.translate("theme", "A font of this computer is used."))


def _font_file(weight: str) -> Path:
    return paths.resources() / "fonts" / f"Inter-{weight}.ttf"


def set_reduced_motion(*, reduced: bool) -> None:
    """From now on `duration_ms` is 0."""
    _State.reduces_motion = reduced


def reduces_motion() -> bool:
    return _State.reduces_motion


def duration_ms(name: Literal["fast", "base", "slow"]) -> int:
    """How long a movement lasts: hover, folding, settling."""
    return 0 if _State.reduces_motion else int(_tokens()["motion"][name])
