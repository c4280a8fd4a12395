"""Painting the grid and the notes. Three levels of detail, by how many notes are in the painted area.

Few notes get their corners, outlines and names; some thousands are plain rectangles, drawn in batches; beyond that
the picture is made in NumPy: a difference array counts what starts and ends at each pixel of each row, and its
running sum says where something sounds.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from core.music.pitch import Scale
from gui import theme
from gui.piano_roll.grid import Grid
from gui.piano_roll.looks import SURPRISE_STEPS, Detail, Fill, Looks
from gui.piano_roll.note_index import Ints, NoteIndex
from gui.piano_roll.viewport import Viewport

MIN_NOTE_WIDTH = 3
LABEL_WIDTH = 34
LABEL_HEIGHT = 16
_CLOSEST_LINES = 7
"""Grid lines nearer to each other than so many pixels are left out."""
_SEED_CORNER = 2
_MODEL_CORNER = 5
_FAINTEST = 0.66
"""Opacity at velocity 1; at 127 it is 1."""
_OPACITY_STEPS = 8
_HATCHED = frozenset((Fill.COPIED, Fill.UNKNOWN))
_BLACK_KEYS = frozenset((1, 3, 6, 8, 10))


def is_black(pitch: int) -> bool:
    """True for the pitches of a piano's black keys."""
    return pitch % 12 in _BLACK_KEYS


# The grid


def paint_grid(
    painter: QPainter,
    area: QRect,
    viewport: Viewport,
    grid: Grid,
    *,
    snap: int | None,
    scale: Scale | None,
    loop: tuple[int, int] | None,
) -> None:
    """Rows, bar and beat lines and the loop's tint, in an area of the canvas."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    _paint_rows(painter, area, viewport, scale)
    paint_bars(painter, area, viewport, grid, snap=snap)
    if loop is not None:
        colors = theme.current()
        left, right = round(viewport.x_at(loop[0])), round(viewport.x_at(loop[1]))
        span = QRect(left, 0, right - left, viewport.height).intersected(area)
        painter.fillRect(span, colors.color("roll.loop", alpha=0.05 if colors.is_dark else 0.035))


def _paint_rows(painter: QPainter, area: QRect, viewport: Viewport, scale: Scale | None) -> None:
    colors = theme.current()
    fills = {role: colors.color(f"roll.{role}") for role in ("white_row", "black_row", "out_of_scale")}
    line = colors.color("roll.octave_line")
    faint = colors.color("roll.octave_line", alpha=0.55)
    for pitch in range(viewport.pitch_at(area.bottom()), viewport.pitch_at(area.top()) + 1):
        top = viewport.y_at(pitch)
        if scale is not None and not scale.contains(pitch):
            role = "out_of_scale"
        else:
            role = "black_row" if is_black(pitch) else "white_row"
        painter.fillRect(area.left(), top, area.width(), viewport.row_height, fills[role])
        if pitch % 12 in (0, 5):
            bottom = top + viewport.row_height - 1
            painter.fillRect(area.left(), bottom, area.width(), 1, faint if pitch % 12 else line)
    beneath = viewport.y_at(0) + viewport.row_height
    if beneath <= area.bottom():
        painter.fillRect(area.left(), beneath, area.width(), area.bottom() - beneath + 1, colors.color("bg.inset"))


def paint_bars(
    painter: QPainter, area: QRect, viewport: Viewport, grid: Grid, *, snap: int | None = None, beats: bool = True
) -> None:
    """The vertical lines: each bar, and as far as they are wide enough apart, each beat and each step of the grid."""
    colors = theme.current()
    start, end = max(0.0, viewport.tick_at(area.left() - 1)), viewport.tick_at(area.right() + 1)
    if end < 0:
        return
    scale = viewport.pixels_per_tick
    beat = grid.beat_at(start) * scale
    if beats and snap is not None and snap * scale >= _CLOSEST_LINES and snap * scale < beat:
        _paint_lines(painter, area, viewport, grid.lines(start, end, snap), colors.color("roll.beat_line", alpha=0.6))
    if beats and beat >= _CLOSEST_LINES:
        _paint_lines(painter, area, viewport, grid.lines(start, end), colors.color("roll.beat_line"))
    bars = spaced_bars(grid, viewport, start, end, apart=_CLOSEST_LINES)[0]
    _paint_lines(painter, area, viewport, bars, colors.color("roll.bar_line"))


def spaced_bars(grid: Grid, viewport: Viewport, start: float, end: float, *, apart: float) -> tuple[Ints, Ints]:
    """Ticks and numbers of bars, only every 2nd, 4th, 8th … where all of them would be nearer than `apart` pixels."""
    stretch = grid.stretch_at(start)
    width = stretch.metre.bar_duration * viewport.pixels_per_tick
    every = 1
    while width * every < apart:
        every *= 2
    ticks, numbers = grid.bars(start, end)
    kept = (numbers - 1) % every == 0
    return ticks[kept], numbers[kept]


def _paint_lines(painter: QPainter, area: QRect, viewport: Viewport, ticks: Ints, color: QColor) -> None:
    painter.setPen(QPen(color, 1))
    top, bottom = area.top(), area.bottom() + 1
    columns = np.unique(_columns_of(ticks, viewport))
    painter.drawLines([QLineF(x + 0.5, top, x + 0.5, bottom) for x in columns.tolist()])


def _columns_of(ticks: Ints, viewport: Viewport) -> Ints:
    """The pixel column of each tick. Rounded before scrolling, so that a scrolled picture stays what it was."""
    columns: Ints = np.floor(ticks * viewport.pixels_per_tick + 0.5).astype(np.int64) - viewport.x_offset
    return columns


# Notes


@dataclass(frozen=True, eq=False)
class _Shapes:
    """Where notes lie, in pixels; columns of one length."""

    rows: Ints
    left: Ints
    top: Ints
    width: Ints


def _shapes(index: NoteIndex, rows: Ints, viewport: Viewport, area: QRect) -> _Shapes:
    left = _columns_of(index.onset[rows], viewport)
    right = np.maximum(_columns_of(index.end[rows], viewport) - 1, left + MIN_NOTE_WIDTH)
    top = (127 - index.pitch[rows]) * viewport.row_height - viewport.y_offset + 1
    # Far ends are cut well outside the area: nothing of them shows, and Qt is spared rectangles a million pixels long.
    left = np.maximum(left, area.left() - 4000)
    right = np.minimum(right, area.right() + 4000)
    return _Shapes(rows, left, top, right - left)


def rows_in(index: NoteIndex, viewport: Viewport, area: QRect) -> Ints:
    """Rows of the notes of which something may show in an area."""
    slack = MIN_NOTE_WIDTH + 2
    return index.between(
        viewport.tick_at(area.left() - slack),
        viewport.tick_at(area.right() + slack),
        low=viewport.pitch_at(area.bottom()),
        high=viewport.pitch_at(area.top()),
    )


def paint_notes(
    painter: QPainter,
    area: QRect,
    viewport: Viewport,
    index: NoteIndex,
    looks: Looks,
    detail: Detail,
    *,
    name_of: Callable[[int], str],
) -> None:
    """The notes in an area. name_of: what a pitch is called."""
    rows = rows_in(index, viewport, area)
    if not rows.size:
        return
    if detail == Detail.FULL:
        _paint_detailed(painter, area, viewport, index, looks, rows, name_of)
    else:
        paint = _paint_batched if detail == Detail.BATCHED else _paint_dense
        paint(painter, area, viewport, index, looks, rows)


def _paint_detailed(
    painter: QPainter,
    area: QRect,
    viewport: Viewport,
    index: NoteIndex,
    looks: Looks,
    rows: Ints,
    name_of: Callable[[int], str],
) -> None:
    colors = theme.current()
    shapes = _shapes(index, rows, viewport, area)
    height = viewport.row_height - 2
    outline = QPen(colors.color("roll.note_outline"), 1)
    selected_outline = QPen(colors.color("roll.playhead"), 2)
    labels = viewport.row_height - 2 >= LABEL_HEIGHT
    named: list[tuple[int, int, str, QColor, bool]] = []
    fills = looks.fill[rows].tolist()
    model = looks.by_model[rows].tolist()
    selected = looks.selected[rows].tolist()
    opacities = _opacity_steps(index.velocity[rows]).tolist()
    pitches = index.pitch[rows].tolist()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    dpr = painter.device().devicePixelRatio()
    seed_corner = _SEED_CORNER if height >= 2 * _MODEL_CORNER else 0.5  # low rows must still tell square from round
    previous: tuple[int, int, bool] | None = None
    order = np.lexsort((_opacity_steps(index.velocity[rows]), looks.fill[rows], looks.selected[rows])).tolist()
    lefts, tops, widths = shapes.left.tolist(), shapes.top.tolist(), shapes.width.tolist()
    for at in order:
        state = (fills[at], opacities[at], selected[at])
        if state != previous:
            previous = state
            painter.setBrush(_brush(*state, colors.name, dpr))
            painter.setPen(selected_outline if selected[at] else _outline(fills[at], outline))
            painter.setBrushOrigin(-viewport.x_offset, -viewport.y_offset)
        corner = min(_MODEL_CORNER, height / 2.6, widths[at] / 2) if model[at] else seed_corner
        painter.drawRoundedRect(QRectF(lefts[at] + 0.5, tops[at], widths[at], height), corner, corner)
        if labels and widths[at] >= LABEL_WIDTH and fills[at] not in (Fill.GHOST, Fill.REPLACED):
            ink = colors.color(_ink(fills[at], is_selected=selected[at]))
            named.append((lefts[at], tops[at], name_of(pitches[at]), ink, fills[at] in _HATCHED))
    if named:
        painter.setFont(colors.font("caption", "semibold"))
        baseline = height / 2 + 4.3
        for left, top, name, ink, is_hatched in named:
            if is_hatched:  # letters would drown in the lines
                width = painter.fontMetrics().horizontalAdvance(name)
                ground = "copied.base" if ink == colors.color("text.on_copied") else "roll.white_row"
                painter.fillRect(QRectF(left + 3.5, top + 2, width + 4, height - 4), colors.color(ground))
            painter.setPen(ink)
            painter.drawText(QPointF(left + 5.5, top + baseline), name)


def _paint_batched(
    painter: QPainter, area: QRect, viewport: Viewport, index: NoteIndex, looks: Looks, rows: Ints
) -> None:
    """One call of drawRects a colour; no corners, no names."""
    colors = theme.current()
    shapes = _shapes(index, rows, viewport, area)
    height = viewport.row_height - 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    dpr = painter.device().devicePixelRatio()
    steps = _opacity_steps(index.velocity[rows])
    states = looks.selected[rows] * 4096 + looks.fill[rows].astype(np.int64) * 16 + steps
    outline = QPen(colors.color("roll.note_outline"), 1)
    for state in np.unique(states).tolist():
        here = np.flatnonzero(states == state)
        is_selected, fill, step = state >= 4096, state % 4096 // 16, state % 16
        painter.setBrush(_brush(fill, step, is_selected, colors.name, dpr))
        usual = _outline(fill, outline) if fill == Fill.REPLACED else outline
        painter.setPen(QPen(colors.color("roll.playhead"), 1) if is_selected else usual)
        painter.setBrushOrigin(-viewport.x_offset, -viewport.y_offset)
        painter.drawRects(
            [
                QRect(left, top, width, height - 1)
                for left, top, width in zip(
                    shapes.left[here].tolist(), shapes.top[here].tolist(), shapes.width[here].tolist(), strict=True
                )
            ]
        )


def _paint_dense(
    painter: QPainter, area: QRect, viewport: Viewport, index: NoteIndex, looks: Looks, rows: Ints
) -> None:
    """A picture of where notes sound, one pixel column at a time, made without a loop over notes."""
    colors = theme.current()
    low, high = viewport.pitch_at(area.bottom()), viewport.pitch_at(area.top())
    lines, width = high - low + 1, area.width()
    row = high - index.pitch[rows]
    left = np.clip(_columns_of(index.onset[rows], viewport) - area.left(), 0, width)
    right = np.clip(_columns_of(index.end[rows], viewport) - area.left(), 0, width)
    np.maximum(right, np.minimum(left + 1, width), out=right)
    row *= width + 1
    left += row
    right += row
    kinds = looks.fill[rows] + np.uint8(32) * looks.selected[rows]
    picture = np.zeros((lines, width), np.uint32)  # (row of a pitch, pixel column), ARGB
    for kind in np.flatnonzero(np.bincount(kinds)).tolist():
        here = slice(None) if (kinds == kind).all() else kinds == kind
        size = lines * (width + 1)
        changes = np.bincount(left[here], minlength=size) - np.bincount(right[here], minlength=size)
        sounds = np.cumsum(changes.reshape(lines, width + 1), axis=1)[:, :width] > 0
        picture[sounds] = _solid(kind % 32, kind >= 32, colors.name)
    height = viewport.row_height
    tall = np.zeros((lines, height, width), np.uint32)  # (row of a pitch, pixel of it, pixel column)
    tall[:, 1 : height - 1] = picture[:, None, :]
    # The picture borrows the array's memory, which outlives the drawing.
    image = QImage(tall.data, width, lines * height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(area.left(), viewport.y_at(high), image)


def _opacity_steps(velocity: Ints) -> Ints:
    steps: Ints = velocity * (_OPACITY_STEPS - 1) // 127
    return steps


def opacity(step: int) -> float:
    """How opaque a note is by the step of its velocity."""
    return _FAINTEST + (1 - _FAINTEST) * step / (_OPACITY_STEPS - 1)


def _outline(fill: int, usual: QPen) -> QPen:
    if fill == Fill.UNKNOWN:
        return QPen(theme.current().color("you.base"), 1)
    if fill == Fill.REPLACED:
        return QPen(theme.current().color("border.control"), 1)
    return QPen(Qt.PenStyle.NoPen) if fill == Fill.GHOST else usual


def _base(fill: int) -> QColor:
    colors = theme.current()
    if fill >= Fill.SURPRISE:
        return colors.color(f"surprise.{min(fill - Fill.SURPRISE, SURPRISE_STEPS - 1)}")
    if fill == Fill.GHOST:
        return colors.color("text.muted", alpha=0.28)
    if fill == Fill.REPLACED:
        return colors.color("border.control", alpha=0.5)
    return colors.color(
        {Fill.YOURS: "you.base", Fill.MODEL: "model.base", Fill.COPIED: "copied.base", Fill.UNKNOWN: "you.base"}[
            Fill(fill)
        ]
    )


def fill_color(fill: int, *, is_selected: bool = False) -> QColor:
    """The plain colour of a kind of note; selected ones take the strong step of who wrote them."""
    if is_selected and fill in (Fill.YOURS, Fill.MODEL):
        return theme.current().color("model.strong" if fill == Fill.MODEL else "you.strong")
    return _base(fill)


@functools.lru_cache(maxsize=512)
def _brush(fill: int, step: int, is_selected: bool, theme_name: str, dpr: float) -> QBrush:  # noqa: FBT001, ARG001 -- positional for the cache; the theme's name is part of its key
    colors = theme.current()
    if fill == Fill.REPLACED:
        return QBrush(Qt.BrushStyle.NoBrush)
    if fill == Fill.UNKNOWN:
        return colors.hatch(colors.color("you.base"), dpr=dpr)
    if fill == Fill.COPIED:
        return colors.hatch(colors.color("roll.note_outline", alpha=0.75), colors.color("copied.base"), dpr=dpr)
    color = fill_color(fill, is_selected=is_selected)
    if not is_selected and fill in (Fill.YOURS, Fill.MODEL):
        color.setAlphaF(opacity(step))
    return QBrush(color)


@functools.lru_cache(maxsize=128)
def _solid(fill: int, is_selected: bool, theme_name: str) -> int:  # noqa: FBT001, ARG001 -- as above
    """The premultiplied pixel of a kind of note in the dense picture."""
    color = theme.current().color("roll.playhead") if is_selected else _base(fill)
    alpha = color.alphaF()
    red, green, blue = (round(part * alpha * 255) for part in (color.redF(), color.greenF(), color.blueF()))
    return round(alpha * 255) << 24 | red << 16 | green << 8 | blue


@functools.lru_cache(maxsize=64)
def _surprise_ink(step: int, theme_name: str) -> str:
    """Whichever of the two inks stands out more on a step of the ramp."""
    colors = theme.current()
    light, dark = ("bg.panel", "text.primary") if theme_name == "light" else ("text.primary", "text.on_you")
    ground = _luminance(colors.color(f"surprise.{step}"))
    above = (_luminance(colors.color(light)) + 0.05) / (ground + 0.05)
    below = (ground + 0.05) / (_luminance(colors.color(dark)) + 0.05)
    return light if above > below else dark


def _luminance(color: QColor) -> float:
    """Relative luminance as WCAG 2.2 defines it for contrast ratios, 0 to 1."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.redF(), color.greenF(), color.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ink(fill: int, *, is_selected: bool) -> str:
    if fill >= Fill.SURPRISE:
        return _surprise_ink(min(fill - Fill.SURPRISE, SURPRISE_STEPS - 1), theme.current().name)
    if fill == Fill.UNKNOWN:
        return "you.text"
    if fill == Fill.COPIED:
        return "text.on_copied"
    if fill == Fill.MODEL:
        return "text.on_model"
    # A selected note of yours is pale in both themes: white letters would vanish on it in the light one.
    return "text.primary" if is_selected and not theme.current().is_dark else "text.on_you"


def paint_seam(painter: QPainter, area: QRect, viewport: Viewport, tick: int) -> None:
    """The dashed line where the model goes on from the seed."""
    x = round(viewport.x_at(tick))
    if not area.left() - 2 <= x <= area.right() + 2:
        return
    pen = QPen(theme.current().color("model.base"), 1.5)
    pen.setDashPattern([4 / 1.5, 3 / 1.5])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.drawLine(QLineF(x, 0, x, viewport.height))
