"""The Pieces workspace: what came in at the left, what is in it at the right; or the drop target where there is nothing."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui import theme
from gui.controls.buttons import PlainButton
from gui.controls.numbers import counted, grouped
from gui.controls.text import Card, Divider, Icon, Surface, Text
from gui.corpus.charts import Charts
from gui.corpus.pieces_list import PiecesList, PiecesModel
from gui.corpus.report_panel import ReportPanel
from gui.corpus.views import CorpusView, FilterView


class PiecesWorkspace(QStackedWidget):
    """Shows a CorpusView; emits what the user wants done. `controller.py` does it, and the window takes what is dropped."""

    folder_requested = Signal()
    samples_requested = Signal()
    filter_requested = Signal(str, int)
    """Chart and bar; -1 = no filter."""
    leave_out_requested = Signal(object)
    """frozenset of fingerprints to be left out of the corpus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: CorpusView | None = None
        self._filter: FilterView | None = None
        self.empty = EmptyPage()
        self.report = ReportPanel()
        self.charts = Charts()
        self.pieces = PiecesList(PiecesModel(self))
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.report)
        self._splitter.addWidget(self._right())
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([548, 1052])
        self.addWidget(self.empty)
        self.addWidget(self._splitter)
        self._connect()

    def _right(self) -> QWidget:
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setMinimumWidth(600)
        body = Surface("bg.window")
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Text(self.tr("What is in them"), size="title", weight="semibold"))
        head.addWidget(Text(self.tr("Click a bar to see its pieces"), size="caption", role="text.muted"))
        head.addStretch(1)
        self.chip = PlainButton("", icon="x", icon_size=14, size="compact", checkable=True)
        self.chip.setToolTip(self.tr("Show all pieces again"))
        self.chip.hide()
        head.addWidget(self.chip)
        self._share = Text("", size="caption", role="text.secondary")
        head.addWidget(self._share)
        top = QWidget()
        top.setLayout(head)
        head.setContentsMargins(0, 0, 0, 0)
        top.setFixedHeight(28)
        column.addWidget(top)
        column.addWidget(self.charts)
        column.addWidget(self._pieces_card(), 1)
        self._scroll.setWidget(body)
        return self._scroll

    def _pieces_card(self) -> QWidget:
        card = Card()
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        card.setMinimumHeight(220)
        column = QVBoxLayout(card)
        column.setContentsMargins(1, 0, 1, 6)
        column.setSpacing(0)
        head = QWidget()
        head.setFixedHeight(40)
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 0, 10, 0)
        row.setSpacing(10)
        self._pieces_title = Text("", weight="semibold", elides=True)
        self._pieces_title.setMinimumWidth(120)
        row.addWidget(self._pieces_title, 1)
        row.addWidget(Text(self.tr("Space plays the selected piece"), size="caption", role="text.muted"))
        self.leave_out = PlainButton(self.tr("Leave these out"), size="compact")
        self.leave_out.setToolTip(self.tr("Take these pieces out of the collection; the files stay where they are"))
        self.only = PlainButton(self.tr("Only these"), size="compact")
        self.leave_out.hide()
        self.only.hide()
        self.only.setToolTip(self.tr("Take all other pieces out of the collection; the files stay where they are"))
        row.addWidget(self.leave_out)
        row.addWidget(self.only)
        column.addWidget(head)
        column.addWidget(Divider())
        column.addWidget(self.pieces, 1)
        return card

    def _connect(self) -> None:
        self.empty.folder_requested.connect(self.folder_requested)
        self.empty.samples_requested.connect(self.samples_requested)
        self.charts.bar_chosen.connect(self.filter_requested)
        self.chip.clicked.connect(lambda: self.filter_requested.emit("", -1))
        self.leave_out.clicked.connect(self._leave_out)
        self.only.clicked.connect(self._leave_only)
        self.report.files.piece_chosen.connect(self.pieces.choose)
        self.pieces.piece_chosen.connect(self.report.files.show_piece)

    # What the controller tells it

    def show_nothing(self) -> None:
        """There is no corpus: the drop target."""
        self._view = self._filter = None
        self.pieces_model.show_pieces(())
        self.report.model.show_files({})
        self.setCurrentIndex(0)

    def show_import(self) -> None:
        """An import began: the report's side is shown, still empty."""
        self.setCurrentIndex(1)
        self.report.begin_import()

    def show_corpus(self, view: CorpusView) -> None:
        """A corpus with everything on it."""
        self._view = view
        self.setCurrentIndex(1)
        self.report.show_report(view.files, source=view.source, is_damaged=bool(view.corpus.damage))
        self.report.show_numbers(pieces=view.piece_count, notes=view.note_count, lines=view.corpus.lines)
        self.pieces.forget_glimpses()
        self.show_filter(None)

    def show_filter(self, found: FilterView | None) -> None:
        """The pieces of one bar, or all."""
        if self._view is None:
            return
        self._filter = found
        total = self._view.piece_count
        without = self._view.statistics.without_tempo
        if found is None:
            self.charts.show_bars(self._view.bars, without_tempo=without)
            self.pieces_model.show_pieces(self._view.corpus.pieces)
            self._share.setText(counted(total, "piece", "pieces"))
            self._pieces_title.setText(self.tr("All {pieces}").format(pieces=counted(total, "piece", "pieces")))
        else:
            self.charts.show_bars(found.bars, without_tempo=without, chosen=(found.chart, found.bar))
            self.pieces_model.show_pieces(found.pieces)
            self.chip.set_text(f"{self.charts.title_of(found.chart)}: {found.words}")
            self.chip.setChecked(True)
            words = counted(len(found.pieces), "piece", "pieces")
            self._share.setText(
                self.tr("{some} of {all} pieces").format(some=grouped(len(found.pieces)), all=grouped(total))
            )
            in_words = {
                "key": self.tr("{pieces} in {what}"),
                "tempo": self.tr("{pieces} at {what}"),
            }.get(found.chart, self.tr("{pieces} with {what}"))
            self._pieces_title.setText(in_words.format(pieces=words, what=_lower_first(found.words, found.chart)))
        self.chip.setVisible(found is not None)
        for button in (self.leave_out, self.only):
            button.setVisible(found is not None and 0 < len(found.pieces) < total)

    @property
    def pieces_model(self) -> PiecesModel:
        model = self.pieces.model()
        if not isinstance(model, PiecesModel):
            raise TypeError("the list of pieces has lost its model")
        return model

    @property
    def view(self) -> CorpusView | None:
        return self._view

    def set_playing(self, fingerprint: str) -> None:
        """Which piece the transport plays; "" = none."""
        self.pieces.set_playing(fingerprint)

    def set_playhead(self, tick: float | None) -> None:
        self.pieces.set_playhead(tick)

    # Within

    def _leave_out(self) -> None:
        if self._filter is not None:
            self.leave_out_requested.emit(frozenset(piece.fingerprint for piece in self._filter.pieces))

    def _leave_only(self) -> None:
        if self._filter is not None and self._view is not None:
            kept = {piece.fingerprint for piece in self._filter.pieces}
            everything = self._view.statistics.key.fingerprints
            self.leave_out_requested.emit(frozenset(everything) - kept)


def _lower_first(words: str, chart: str) -> str:
    return words[0].lower() + words[1:] if chart == "notes_at_once" else words


class EmptyPage(Surface):
    """No pieces yet: a drop target over the whole workspace."""

    folder_requested = Signal()
    samples_requested = Signal()

    def __init__(self) -> None:
        super().__init__("bg.window")
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 48, 48, 48)
        column.setSpacing(0)
        column.addStretch(1)
        icon = Icon("folder-open", size=44)
        column.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(18)
        for text, size, weight, role in (
            (self.tr("Drop a folder of MIDI files here"), "verdict", "semibold", "text.primary"),
            (
                self.tr("or a .zip, or single .mid files. Anywhere in the window will do."),
                "body",
                "regular",
                "text.secondary",
            ),
            (self.tr("Thirty pieces or more in one style work well."), "body", "regular", "text.secondary"),
        ):
            line = Text(text, size=size, weight=weight, role=role)  # type: ignore[arg-type]  # the tuple widens the literals
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(line)
        column.addSpacing(20)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        self.choose = PlainButton(self.tr("Choose a folder"), icon="folder-plus", size="primary")
        self.samples = PlainButton(self.tr("Use the sample pieces"), icon="music", size="primary")
        buttons.addStretch(1)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.samples)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addSpacing(20)
        for text in (
            self.tr("You will see which files were kept, repaired or left out, and why."),
            self.tr("The sample pieces, 1 148 melodies of songs, are in the public domain."),
        ):
            line = Text(text, size="caption", role="text.muted")
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(line)
        column.addStretch(1)
        self.choose.clicked.connect(self.folder_requested)
        self.samples.clicked.connect(self.samples_requested)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.current()
        painter.setBrush(colors.color("bg.panel"))
        painter.setPen(QPen(colors.color("border.control"), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(24, 24, -24, -24), 10, 10)
