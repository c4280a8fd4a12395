"""The pieces of a chosen bar (or all): play, title, the notes at a glance, metre, length. One painted row each."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from core.errors import FileError
from core.music.score import Note
from gui import theme
from gui.controls.numbers import clock
from gui.corpus.row_list import RowList

if TYPE_CHECKING:  # the store loads the MIDI libraries, which starting up can do without
    from core.corpus.store import PieceEntry

ROW_HEIGHT = 42
PIECE_ROLE = Qt.ItemDataRole.UserRole
_KEPT_GLIMPSES = 400
"""Pieces whose notes are remembered for their mini-rolls."""
_PLAY = 26.0
_BAR = 1920

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a mini-roll of a piece needs: its first notes, and up to which tick they are all there."""

    notes: tuple[Note, ...]
    end: int
    bar: int = _BAR
    """Ticks of a bar."""


class PiecesModel(QAbstractListModel):
    """The pieces to choose from; their glimpses arrive later, as they are asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pieces: Sequence[PieceEntry] = ()
        self._glimpses: OrderedDict[str, Glimpse] = OrderedDict()
        self.playing = ""
        """Fingerprint of the piece that sounds; "" = none."""
        self.playhead: float | None = None

    @property
    def pieces(self) -> "Sequence[PieceEntry]":
        return self._pieces

    def show_pieces(self, pieces: "Sequence[PieceEntry]") -> None:
        self.beginResetModel()
        self._pieces = pieces
        self.endResetModel()

    def add_glimpses(self, glimpses: Mapping[str, Glimpse]) -> None:
        """Remember the notes of these pieces; the oldest are forgotten."""
        self._glimpses.update(glimpses)
        while len(self._glimpses) > _KEPT_GLIMPSES:
            self._glimpses.popitem(last=False)

    def forget_glimpses(self) -> None:
        """The pieces are seen otherwise from now on, such as by their melody alone."""
        self._glimpses.clear()

    def glimpse_of(self, fingerprint: str) -> Glimpse | None:
        return self._glimpses.get(fingerprint)

    def row_of(self, fingerprint: str) -> int | None:
        """Where a piece stands, looked for among the first thousand."""
        with suppress(FileError):  # as in data
            for row, piece in enumerate(self._pieces[:1000]):
                if piece.fingerprint == fingerprint:
                    return row
        return None

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._pieces)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self._pieces):
            return None
        if role not in _ROLES:
            return None
        try:
            piece = self._pieces[index.row()]
        except FileError:
            return None  # the corpus was deleted from elsewhere; painting is no moment to say so
        if role == PIECE_ROLE:
            return piece
        if role == Qt.ItemDataRole.DisplayRole:
            return piece.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return piece.source
        return f"{piece.title}, {piece.key}, {piece.metre}, {clock(piece.duration_s)}"


_ROLES = frozenset(
    (PIECE_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
)


class _PieceDelegate(QStyledItemDelegate):
    def __init__(self, view: "PiecesList", model: PiecesModel) -> None:
        super().__init__(view)
        self._view = view
        self._model = model
        self._drawn: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        theme.events().changed.connect(self._drawn.clear)

    def forget(self) -> None:
        self._drawn.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002 -- Qt's signature
        return QSize(300, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        piece: PieceEntry | None = index.data(PIECE_ROLE)
        if piece is None:
            return
        rect = QRectF(option.rect)
        state = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_playing = piece.fingerprint == self._model.playing
        colors = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_selected:
            painter.fillRect(rect, colors.color("you.wash"))
            painter.fillRect(QRectF(rect.left(), rect.top(), 2, rect.height()), colors.color("you.base"))
        self._paint_play(painter, play_rect(rect), is_playing=is_playing)
        title, roll = columns(rect)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        font = colors.font("body", "medium")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(colors.color("text.primary"))
        shown = metrics.elidedText(piece.title, Qt.TextElideMode.ElideRight, title.width())
        painter.drawText(title, middle, shown)
        rest = title.adjusted(metrics.horizontalAdvance(shown) + 8, 0, 0, 0)
        plain = colors.font("body", tabular=True)
        key = f"· {piece.key}"
        if piece.key and QFontMetricsF(plain).horizontalAdvance(key) < rest.width():
            painter.setFont(plain)
            painter.setPen(colors.color("text.muted"))
            painter.drawText(rest, middle, key)
        self._paint_roll(painter, roll, piece.fingerprint, is_lit=is_selected or is_playing, is_playing=is_playing)
        painter.setFont(colors.font("caption", tabular=True))
        painter.setPen(colors.color("text.secondary"))
        metre = QRectF(roll.right() + 14, rect.top(), 60, rect.height())
        painter.drawText(metre, middle, piece.metre.replace("/", " / "))
        length = QRectF(rect.right() - 12 - 60, rect.top(), 60, rect.height())
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(length, right, clock(piece.duration_s))
        if self._view.shows_focus_on(index):
            painter.setPen(colors.color("border.focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(2.5, 1.5, -2.5, -1.5), 4, 4)
        painter.restore()

    def _paint_play(self, painter: QPainter, rect: QRectF, *, is_playing: bool) -> None:
        colors = theme.current()
        painter.setPen(colors.color("you.base" if is_playing else "border.medium"))
        painter.setBrush(colors.color("you.wash" if is_playing else "bg.raised"))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        spot = QRectF(rect.left() + 6, rect.top() + 6, 14, 14)
        colors.draw_icon(painter, "pause" if is_playing else "play", spot, "you.text" if is_playing else "text.primary")

    def _paint_roll(self, painter: QPainter, rect: QRectF, fingerprint: str, *, is_lit: bool, is_playing: bool) -> None:
        colors = theme.current()
        glimpse = self._model.glimpse_of(fingerprint)
        if glimpse is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("bg.inset"))
            painter.drawRoundedRect(rect, 3, 3)
            self._view.want(fingerprint)
            return
        device = painter.device()
        dpr = device.devicePixelRatio() if device is not None else 1.0
        key = (fingerprint, rect.width(), rect.height(), dpr, is_lit)
        pixmap = self._drawn.get(key)
        if pixmap is None:
            ink = colors.color("you.base" if is_lit else "text.secondary")
            pixmap = self._drawn[key] = drawn_glimpse(glimpse, rect.size().toSize(), dpr, ink)
            while len(self._drawn) > 200:
                self._drawn.popitem(last=False)
        painter.drawPixmap(rect.topLeft(), pixmap)
        playhead = self._model.playhead
        if is_playing and playhead is not None and playhead <= glimpse.end:
            x = rect.left() + playhead / max(1, glimpse.end) * rect.width()
            painter.fillRect(QRectF(x - 0.75, rect.top(), 1.5, rect.height()), colors.color("roll.playhead"))


def play_rect(row: QRectF) -> QRectF:
    """Where the play button of a row is."""
    return QRectF(row.left() + 14, row.top() + (ROW_HEIGHT - _PLAY) / 2, _PLAY, _PLAY)


def columns(row: QRectF) -> tuple[QRectF, QRectF]:
    """Where the title and the mini-roll of a row are."""
    left = row.left() + 56
    width = min(250.0, max(120.0, row.width() * 0.27))
    title = QRectF(left, row.top(), width, row.height())
    right = row.right() - 12 - 60 - 14 - 60 - 14
    return title, QRectF(title.right() + 14, row.top() + 6, max(40.0, right - title.right() - 14), 30)


def drawn_glimpse(glimpse: Glimpse, size: QSize, dpr: float, ink: QColor) -> QPixmap:
    """The notes as a picture of `size` logical pixels."""
    colors = theme.current()
    pixmap = QPixmap(size * dpr)
    pixmap.setDevicePixelRatio(dpr)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colors.color("bg.inset"))
    width, height = float(size.width()), float(size.height())
    painter.drawRoundedRect(QRectF(0, 0, width, height), 3, 3)
    per_tick = width / max(1, glimpse.end)
    if glimpse.bar * per_tick >= 6:
        for tick in range(glimpse.bar, glimpse.end, glimpse.bar):
            painter.fillRect(QRectF(round(tick * per_tick), 0, 1, height), colors.color("roll.beat_line"))
    if glimpse.notes:
        low = min(note.pitch for note in glimpse.notes) - 1
        high = max(note.pitch for note in glimpse.notes) + 1
        row = height / (high - low + 1)
        thick = max(min(row - 0.6, 7.0), 2.2)
        painter.setBrush(ink)
        painter.drawRects(
            [
                QRectF(
                    note.onset * per_tick + 0.5,
                    (high - note.pitch) * row + (row - thick) / 2,
                    max(note.duration * per_tick - 1, 1.4),
                    thick,
                )
                for note in glimpse.notes
            ]
        )
    painter.end()
    return pixmap


class PiecesList(RowList):
    """The rows. A click on play, a double-click, Space or Enter plays a piece, or stops it."""

    play_requested = Signal(object)
    """A PieceEntry."""
    piece_chosen = Signal(str)
    """The fingerprint of the piece now current."""
    glimpses_wanted = Signal(object)
    """tuple of fingerprints whose notes are missing for the rows in view."""

    def __init__(self, model: PiecesModel, parent: QWidget | None = None) -> None:
        super().__init__(model, row_height=ROW_HEIGHT, parent=parent)
        self._model = model
        self._wanted: dict[str, None] = {}
        self._asked: set[str] = set()
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(30)
        self._asking.timeout.connect(self._ask)
        self._delegate = _PieceDelegate(self, model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(self.tr("Pieces"))
        self.doubleClicked.connect(self.activate)
        self.selectionModel().currentChanged.connect(self._on_current_changed)

    def want(self, fingerprint: str) -> None:
        """A row in view lacks its notes: they are asked for together with others, once."""
        if fingerprint not in self._asked:
            self._wanted[fingerprint] = None
            if not self._asking.isActive():
                self._asking.start()

    def add_glimpses(self, glimpses: Mapping[str, Glimpse]) -> None:
        self._model.add_glimpses(glimpses)
        self._asked -= glimpses.keys()
        self.viewport().update()

    def forget_glimpses(self) -> None:
        self._model.forget_glimpses()
        self._delegate.forget()
        self._asked.clear()
        self.viewport().update()

    def set_playing(self, fingerprint: str) -> None:
        """Which piece sounds; "" = none."""
        self._model.playing = fingerprint
        if not fingerprint:
            self._model.playhead = None
        self.viewport().update()

    def set_playhead(self, tick: float | None) -> None:
        self._model.playhead = tick
        row = self._model.row_of(self._model.playing) if self._model.playing else None
        if row is not None:
            self.update(self._model.index(row))

    def choose(self, fingerprint: str) -> None:
        """Make a piece current, silently, if it is listed."""
        row = self._model.row_of(fingerprint)
        if row is None:
            return
        blocked = self.blockSignals(True)  # noqa: FBT003 -- Qt's signature
        index = self._model.index(row)
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.scrollTo(index)
        self.blockSignals(blocked)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        super().mousePressEvent(event)
        if index.isValid() and play_rect(QRectF(self.visualRect(index))).contains(QPointF(event.position())):
            self.activate(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and play_rect(QRectF(self.visualRect(index))).contains(QPointF(event.position())):
            self.mousePressEvent(event)  # two clicks on the button are two clicks
        else:
            super().mouseDoubleClickEvent(event)

    def activate(self, index: QModelIndex) -> None:
        piece: PieceEntry | None = index.data(PIECE_ROLE)
        if piece is not None:
            self.play_requested.emit(piece)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        piece: PieceEntry | None = current.data(PIECE_ROLE) if current.isValid() else None
        if piece is not None:
            self.piece_chosen.emit(piece.fingerprint)

    def _ask(self) -> None:
        wanted = tuple(self._wanted)
        self._wanted.clear()
        self._asked.update(wanted)
        if wanted:
            self.glimpses_wanted.emit(wanted)
