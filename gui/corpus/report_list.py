"""The list of files of an import, painted row by row, and the coloured bar that sums it up."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from core.corpus.report import FileVerdict
from gui import theme
from gui.controls.numbers import grouped
from gui.corpus.report_model import FILE_ROLE, GROUP_ROLE, Group, Kind, ReportModel, file_name, title_of, what_happened
from gui.corpus.row_list import RowList

ROW_HEIGHT = 34
_PADDING = 16.0
_ICON = 15.0

LOOKS: dict[Kind, tuple[str, str]] = {
    "kept": ("circle-check", "status.ok"),
    "repaired": ("wrench", "text.secondary"),
    "same": ("files", "text.muted"),
    "skipped": ("file-x", "status.warning"),
}
"""Icon and colour of each kind of verdict."""


class _RowDelegate(QStyledItemDelegate):
    """Paints a group's head or a file: icon, name, what happened."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002 -- Qt's signature
        return QSize(200, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, state = QRectF(option.rect), option.state
        group: Group = index.data(GROUP_ROLE)
        verdict: FileVerdict | None = index.data(FILE_ROLE)
        if verdict is None:
            self._paint_head(painter, rect, group)
        else:
            self._paint_file(painter, rect, verdict, is_selected=bool(state & QStyle.StateFlag.State_Selected))
        view = self.parent()
        if isinstance(view, FileList) and view.shows_focus_on(index):
            painter.setPen(theme.current().color("border.focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(2.5, 1.5, -2.5, -1.5), 4, 4)
        painter.restore()

    def _paint_head(self, painter: QPainter, rect: QRectF, group: Group) -> None:
        colors = theme.current()
        painter.fillRect(rect, colors.color("bg.window"))
        top = rect.top() + (rect.height() - _ICON) / 2
        chevron = "chevron-right" if group.is_folded else "chevron-down"
        colors.draw_icon(painter, chevron, QRectF(_PADDING, top, _ICON, _ICON), LOOKS[group.kind][1])
        font = colors.font("body", "semibold")
        painter.setFont(font)
        painter.setPen(colors.color("text.primary"))
        left, middle = _PADDING + _ICON + 8, Qt.AlignmentFlag.AlignVCenter
        title = title_of(group.kind)
        painter.drawText(QRectF(left, rect.top(), 300, rect.height()), middle, title)
        left += QFontMetricsF(font).horizontalAdvance(title) + 8
        painter.setFont(colors.font("body", tabular=True))
        painter.setPen(colors.color("text.muted"))
        painter.drawText(QRectF(left, rect.top(), 200, rect.height()), middle, grouped(len(group.shown)))

    def _paint_file(self, painter: QPainter, rect: QRectF, verdict: FileVerdict, *, is_selected: bool) -> None:
        colors = theme.current()
        if is_selected:
            painter.fillRect(rect, colors.color("you.wash"))
            painter.fillRect(QRectF(rect.left(), rect.top(), 2, rect.height()), colors.color("you.base"))
        icon, role = LOOKS[verdict.verdict]
        top = rect.top() + (rect.height() - _ICON) / 2
        colors.draw_icon(painter, icon, QRectF(_PADDING, top, _ICON, _ICON), role)
        second = column_of_what_happened(rect.width())
        first = _PADDING + 30
        _elided(
            painter, QRectF(first, rect.top(), second - first - 8, rect.height()), file_name(verdict), "text.primary"
        )
        right = QRectF(second, rect.top(), rect.width() - second - 12, rect.height())
        _elided(painter, right, what_happened(verdict), "text.secondary", size="caption")


def column_of_what_happened(width: float) -> float:
    """Where the second column begins, in pixels from the left edge of a list `width` wide."""
    return max(180.0, width - 286.0)


def _elided(painter: QPainter, rect: QRectF, text: str, role: str, *, size: str = "body") -> None:
    colors = theme.current()
    font = colors.font(size, tabular=True)
    painter.setFont(font)
    painter.setPen(colors.color(role))
    short = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, rect.width()))
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short)


class FileList(RowList):
    """The report's rows. A click on a head folds its group; Enter or a double-click plays a file's piece."""

    piece_chosen = Signal(str)
    """The fingerprint of the piece that the current file gave."""
    play_requested = Signal(str)

    def __init__(self, model: ReportModel, parent: QWidget | None = None) -> None:
        super().__init__(model, row_height=ROW_HEIGHT, parent=parent)
        self._model = model
        self.setItemDelegate(_RowDelegate(self))
        self.setAccessibleName(self.tr("Files of the import"))
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._play)
        self.selectionModel().currentChanged.connect(self._on_current_changed)

    def show_piece(self, fingerprint: str) -> None:
        """Select the file that gave a piece, without saying so in turn."""
        row = self._model.row_of(fingerprint)
        blocked = self.blockSignals(True)  # noqa: FBT003 -- Qt's signature
        if row is None:
            self.clearSelection()
        else:
            index = self._model.index(row)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.scrollTo(index)
        self.blockSignals(blocked)
        self.viewport().update()

    def activate(self, index: QModelIndex) -> None:
        group: Group | None = index.data(GROUP_ROLE)
        if group is not None and index.data(FILE_ROLE) is None:
            self._model.toggle_group(group.kind)
        else:
            self._play(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        group: Group | None = index.data(GROUP_ROLE) if index.isValid() else None
        if group is not None and index.data(FILE_ROLE) is None:
            folds = event.key() == Qt.Key.Key_Left and not group.is_folded
            unfolds = event.key() == Qt.Key.Key_Right and group.is_folded
            if folds or unfolds:
                self._model.toggle_group(group.kind)
                return
        super().keyPressEvent(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.data(GROUP_ROLE) is not None and index.data(FILE_ROLE) is None:
            self.activate(index)

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        verdict: FileVerdict | None = current.data(FILE_ROLE) if current.isValid() else None
        if verdict is not None and verdict.fingerprint:
            self.piece_chosen.emit(verdict.fingerprint)

    def _play(self, index: QModelIndex) -> None:
        verdict: FileVerdict | None = index.data(FILE_ROLE) if index.isValid() else None
        if verdict is not None and verdict.fingerprint:
            self.play_requested.emit(verdict.fingerprint)


class ProportionBar(QWidget):
    """How the files fared: one stretch of colour for each kind, over a row of counts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: dict[Kind, int] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(38)

    def show_counts(self, counts: Sequence[tuple[Kind, int]]) -> None:
        self._counts = dict(counts)
        self.setAccessibleName(", ".join(f"{count} {title_of(kind).lower()}" for kind, count in counts))
        self.setToolTip(self.accessibleName())
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        shown = [(kind, count) for kind in LOOKS if (count := self._counts.get(kind, 0))]
        total = sum(count for _, count in shown)
        painter.setPen(Qt.PenStyle.NoPen)
        if not total:
            painter.setBrush(colors.color("border.subtle"))
            painter.drawRoundedRect(QRectF(0, 0, self.width(), 8), 2, 2)
        room = self.width() - 2.0 * (len(shown) - 1) - 6.0 * len(shown)
        left = 0.0
        for kind, count in shown:
            width = 6.0 + room * count / total
            painter.setBrush(colors.color(LOOKS[kind][1]))
            painter.drawRoundedRect(QRectF(left, 0, width, 8), 2, 2)
            left += width + 2
        left = 0.0
        number, word = colors.font("body", "semibold", tabular=True), colors.font("body")
        for kind, (icon, role) in LOOKS.items():
            if left and not self._counts.get(kind, 0):
                continue
            colors.draw_icon(painter, icon, QRectF(left, 20, _ICON, _ICON), role)
            left += _ICON + 7
            for text, font, ink in (
                (grouped(self._counts.get(kind, 0)), number, "text.primary"),
                (title_of(kind).lower(), word, "text.secondary"),
            ):
                painter.setFont(font)
                painter.setPen(colors.color(ink))
                painter.drawText(QPointF(left, 32), text)
                left += QFontMetricsF(font).horizontalAdvance(text) + 4
            left += 14
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.update()
