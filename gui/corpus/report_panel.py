"""The left side of Pieces: what came in and what became of it, the files one by one, and the way on to training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.controls.buttons import IconButton, ModelButton, PlainButton
from gui.controls.fields import Combo, LineEdit
from gui.controls.numbers import counted, grouped
from gui.controls.progress import ProgressLine
from gui.controls.segments import Segment, Segments
from gui.controls.text import Divider, Icon, Surface, Text
from gui.corpus.report_list import FileList, ProportionBar, column_of_what_happened
from gui.corpus.report_model import KINDS, Files, Kind, ReportModel
from gui.handbook import page_button

if TYPE_CHECKING:  # the store loads the MIDI libraries, which starting up can do without
    from core.corpus.report import FileVerdict

Lines = Literal["melody", "all"]

FEW_PIECES = 30
"""Fewer in one style and a model mostly repeats them."""
VERY_FEW_PIECES = 10
_TYPING_MS = 150
_SCROLL_BAR = 12


@dataclass(frozen=True, slots=True)
class CorpusChoice:
    """One corpus to choose from."""

    id: str
    name: str


class ReportPanel(Surface):
    """Report, list of files, and what is learnt of them. Knows no store."""

    corpus_chosen = Signal(str)
    rename_requested = Signal(str)
    """The new name."""
    delete_requested = Signal()
    add_folder_requested = Signal()
    add_files_requested = Signal()
    """More files are to be added to this corpus."""
    trash_requested = Signal()
    new_requested = Signal()
    """Another corpus is to be made of a folder."""
    lines_chosen = Signal(str)
    """ "melody" or "all"."""
    train_requested = Signal()
    cancel_requested = Signal()
    stop_requested = Signal()
    filter_requested = Signal(str)
    """Only files that hold this text are to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("bg.panel", edges="r", parent=parent)
        self.setMinimumWidth(380)
        self.model = ReportModel(self)
        self.files = FileList(self.model)
        self._counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, 0)
        column.setSpacing(0)
        column.addWidget(self._corpus_row())
        self._heads = QStackedWidget()
        self._heads.addWidget(self._report_head())
        self._heads.addWidget(self._progress_head())
        self._heads.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column.addWidget(self._heads)
        column.addWidget(self._search_row())
        column.addWidget(_ColumnHeads())
        column.addWidget(Divider())
        column.addWidget(self.files, 1)
        column.addWidget(Divider())
        column.addWidget(self._foot())
        self._connect()

    def sizeHint(self) -> QSize:
        return QSize(548, 700)

    def _corpus_row(self) -> QWidget:
        row, layout = _row(top=12, bottom=0)
        self.corpora = Combo(name=self.tr("Collection"))
        self.corpora.setToolTip(self.tr("Your collections of pieces"))
        layout.addWidget(self.corpora, 1)
        self.more = IconButton("ellipsis", self.tr("Rename, delete, make another collection"))
        layout.addWidget(self.more)
        return row

    def _report_head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(0)
        self._title = Text("", size="verdict", weight="semibold", elides=True)
        self._title.setMinimumHeight(28)
        self._from = Text("", role="text.secondary", wraps=True)
        self._bar = ProportionBar()
        column.addWidget(self._title)
        column.addWidget(self._from)
        column.addSpacing(12)
        column.addWidget(self._bar)
        return head

    def _progress_head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        words = QHBoxLayout()
        self._reading = Text("", size="title", weight="semibold")
        self._reading_name = Text("", size="caption", role="text.muted", elides=True)
        self._reading_name.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        words.addWidget(self._reading)
        words.addWidget(self._reading_name, 1)
        column.addLayout(words)
        self._line = ProgressLine()
        column.addWidget(self._line)
        buttons = QHBoxLayout()
        hint = Text(
            self.tr("Files appear below as they are read. The window stays yours meanwhile."),
            size="caption",
            role="text.secondary",
            wraps=True,
        )
        buttons.addWidget(hint, 1)
        self.stop = PlainButton(self.tr("Use what is read"), size="compact")
        self.stop.setToolTip(self.tr("Make the collection of the files read so far"))
        self.cancel = PlainButton(self.tr("Cancel"), size="compact")
        self.cancel.setToolTip(self.tr("Make no collection; files already read come in faster next time"))
        buttons.addWidget(self.stop)
        buttons.addWidget(self.cancel)
        column.addLayout(buttons)
        return head

    def _search_row(self) -> QWidget:
        row, layout = _row(top=0, bottom=12)
        self.search = LineEdit()
        self.search.setPlaceholderText(self.tr("Find a file"))
        self.search.setAccessibleName(self.tr("Find a file"))
        self.search.setClearButtonEnabled(True)
        action = QAction(theme.current().icon("search", "text.muted", 15), "", self.search)
        self.search.addAction(action, LineEdit.ActionPosition.LeadingPosition)
        self._search_icon = action
        theme.events().changed.connect(self._draw_search_icon)
        self.add = PlainButton(self.tr("Add more"), icon="folder-plus")
        self.add.setToolTip(self.tr("Add files or another folder to this collection"))
        layout.addWidget(self.search, 1)
        layout.addWidget(self.add)
        return row

    def _draw_search_icon(self) -> None:
        self._search_icon.setIcon(theme.current().icon("search", "text.muted", 15))

    def _foot(self) -> QWidget:
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        self._few = QWidget()
        few = QHBoxLayout(self._few)
        few.setContentsMargins(0, 0, 0, 0)
        few.setSpacing(9)
        few.addWidget(Icon("info", role="status.warning", size=17), 0, Qt.AlignmentFlag.AlignTop)
        self._few_words = Text("", size="caption", role="text.secondary", wraps=True)
        few.addWidget(self._few_words, 1)
        few.addWidget(page_button(self.tr("What to expect"), "what-to-expect"))
        self._few.hide()
        column.addWidget(self._few)
        lines = QHBoxLayout()
        lines.setSpacing(10)
        words = Text(self.tr("Learn from each piece"), role="text.secondary")
        lines.addWidget(words)
        self.lines = Segments(
            (
                Segment("melody", self.tr("Melody"), tip=self.tr("The one line that is most like a melody")),
                Segment("all", self.tr("All notes"), tip=self.tr("All parts but drums, chords and all")),
            ),
            small=True,
            name=self.tr("Learn from each piece"),
        )
        lines.addWidget(self.lines)
        lines.addStretch(1)
        column.addLayout(lines)
        row = QHBoxLayout()
        row.setSpacing(8)
        numbers = QVBoxLayout()
        numbers.setSpacing(0)
        self._numbers = Text("", weight="medium", elides=True)
        self._advice = Text("", size="caption", role="text.muted", elides=True)
        numbers.addWidget(self._numbers)
        numbers.addWidget(self._advice)
        row.addLayout(numbers, 1)
        self.train = ModelButton(self.tr("Train on these"), icon="arrow-right", icon_size=17, icon_trails=True)
        row.addWidget(self.train)
        column.addLayout(row)
        return foot

    def _connect(self) -> None:
        self.corpora.activated.connect(lambda index: self.corpus_chosen.emit(self.corpora.itemData(index)))
        self.more.clicked.connect(self._open_menu)
        self.search.textChanged.connect(self._typing.start)
        self._typing.timeout.connect(lambda: self.filter_requested.emit(self.search.text()))
        self.add.clicked.connect(self._open_add_menu)
        self.lines.chosen.connect(self.lines_chosen)
        self.train.clicked.connect(self.train_requested)
        self.cancel.clicked.connect(self._on_cancel)
        self.stop.clicked.connect(self._on_stop)

    # What the workspace tells it

    def set_corpora(self, corpora: Sequence[CorpusChoice], current: str) -> None:
        """The collections to choose from, by id and name."""
        self.corpora.clear()
        for corpus in corpora:
            self.corpora.addItem(corpus.name, corpus.id)
        self.corpora.setCurrentIndex(self.corpora.findData(current))

    def show_report(self, files: Files, *, source: str, is_damaged: bool = False) -> None:
        """A finished import: the files by what became of them. source: where they came from, in a sentence."""
        self._heads.setCurrentIndex(0)
        self.model.show_filtered("", {})
        self.model.show_files(files)
        self._counts = {kind: len(files.get(kind, ())) for kind in KINDS}
        self._bar.show_counts(tuple(self._counts.items()))
        if self.search.text():
            self.filter_requested.emit(self.search.text())
        total = sum(self._counts.values())
        usable = self._counts["kept"] + self._counts["repaired"]
        if is_damaged:
            self._title.setText(self.tr("This collection can’t be read"))
        elif total == 1 and not usable:
            self._title.setText(self.tr("This file can’t teach"))
        elif total and not usable:
            self._title.setText(self.tr("None of these {count} files can teach").format(count=grouped(total)))
        else:
            words = self.tr("{files} came in, {usable} can teach")
            self._title.setText(words.format(files=counted(total, "file", "files"), usable=grouped(usable)))
        self._from.setText(source)

    def show_numbers(self, *, pieces: int, notes: int, lines: Lines) -> None:
        """What the corpus holds now, which may be less than came in."""
        self._numbers.setText(f"{counted(pieces, 'piece', 'pieces')} · {counted(notes, 'note', 'notes')}")
        self._advice.setText(_advice(pieces, notes))
        self.lines.set_current(lines)
        self.train.setEnabled(pieces > 1)
        self.train.setToolTip(
            "" if pieces > 1 else self.tr("One piece has to be kept aside as a test: bring in two or more")
        )
        self._few.setVisible(0 < pieces < VERY_FEW_PIECES)
        self._few_words.setText(
            self.tr(
                "{pieces} very few. The model will mostly repeat them. Thirty or more in one style work well."
            ).format(
                pieces=self.tr("1 piece is") if pieces == 1 else self.tr("{count} pieces are").format(count=pieces)
            )
        )

    def show_progress(self, done: int, total: int, name: str) -> None:
        """An import on its way; total 0 = folders are still being looked through."""
        if self._heads.currentIndex() != 1:
            self._heads.setCurrentIndex(1)
            for button in (self.stop, self.cancel):
                button.setEnabled(True)
        if total:
            self._reading.setText(self.tr("Reading {done} of {total}").format(done=grouped(done), total=grouped(total)))
            self._line.set_fraction(done / total)
        else:
            self._reading.setText(self.tr("Looking for files"))
        self._reading_name.setText(name)

    def begin_import(self) -> None:
        """Clear the list for files about to be read."""
        self.model.show_files({})
        self._line.set_fraction(0)
        self.show_progress(0, 0, "")
        for control in (self.train, self.add, self.lines, self.corpora, self.more):
            control.setEnabled(False)
        self._few.hide()

    def add_verdicts(self, verdicts: "Sequence[FileVerdict]") -> None:
        self.model.add_verdicts(verdicts)

    def end_import(self) -> None:
        """Back to the report, such as after Cancel."""
        self._heads.setCurrentIndex(0)
        for control in (self.train, self.add, self.lines, self.corpora, self.more):
            control.setEnabled(True)

    # Within

    def _on_cancel(self) -> None:
        self._reading.setText(self.tr("Cancelling…"))
        self.cancel.setEnabled(False)
        self.stop.setEnabled(False)
        self.cancel_requested.emit()

    def _on_stop(self) -> None:
        self._reading.setText(self.tr("Stopping…"))
        self.stop.setEnabled(False)
        self.stop_requested.emit()

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("Another collection from a folder…"), self.new_requested.emit)
        menu.addAction(self.tr("Deleted collections…"), self.trash_requested.emit)
        menu.addSeparator()
        has_corpus = self.corpora.currentIndex() >= 0
        menu.addAction(self.tr("Rename…"), self._rename).setEnabled(has_corpus)
        menu.addAction(self.tr("Delete this collection"), self.delete_requested.emit).setEnabled(has_corpus)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _open_add_menu(self) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("Add a folder…"), self.add_folder_requested.emit)
        menu.addAction(self.tr("Add files…"), self.add_files_requested.emit)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def _rename(self) -> None:
        name, accepted = QInputDialog.getText(
            self, self.tr("Rename"), self.tr("Name of the collection"), text=self.corpora.currentText()
        )
        if accepted and name.strip():
            self.rename_requested.emit(name.strip())


class _ColumnHeads(QWidget):
    """File, What happened: over the columns of the list."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(28)
        self._first = Text(self.tr("File"), size="caption", role="text.muted", parent=self)
        self._second = Text(self.tr("What happened"), size="caption", role="text.muted", parent=self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._first.move(46, 6)
        self._second.move(round(column_of_what_happened(self.width() - _SCROLL_BAR)), 6)


def _row(*, top: int, bottom: int) -> tuple[QWidget, QHBoxLayout]:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(16, top, 16, bottom)
    layout.setSpacing(8)
    return row, layout


def _advice(pieces: int, notes: int) -> str:
    if pieces < VERY_FEW_PIECES:
        return _tr("Very few to learn from")
    if pieces < FEW_PIECES:
        return _tr("Few to learn from; thirty or more work well")
    if notes < 20_000:
        return _tr("Enough for a small model")
    return _tr("Enough for a small or a standard model") if notes < 100_000 else _tr("Enough for a large model")


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)
