"""About this model: what it learnt from, how good it is, how it works and what it can't do, from its card alone."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from core.learning.models.limits import limits
from core.learning.models.model_file import ModelCard
from core.learning.network.weights import parameter_count
from core.learning.spec import PRESETS
from gui.controls import pitches
from gui.controls.buttons import PlainButton
from gui.controls.text import Chip, Divider, Surface, Text, label, section
from gui.handbook import page_button
from gui.training.model_words import figures, made_on, size_words, studied, technical
from gui.training.network_diagram import NetworkDiagram

_FACTS_WIDTH = 304
_TITLES_WIDTH = 132
_SIDE_BY_SIDE = 940
"""From this width on the facts stand beside the picture, else above it."""
_SIZE = QSize(1000, 740)
_LEAST = QSize(620, 420)
_ANY_WIDTH = (1 << 24) - 1
"""Qt's own largest."""


class AboutModelDialog(QDialog):
    """One model's card; nothing can be changed here."""

    def __init__(self, card: ModelCard, *, is_starter: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card = card
        self.setWindowTitle(self.tr("About this model"))
        self.setMinimumSize(_LEAST)
        page = Surface("bg.panel")
        body = QVBoxLayout(page)
        body.setContentsMargins(24, 20, 24, 20)
        body.setSpacing(0)
        body.addWidget(self._head(is_starter=is_starter))
        body.addSpacing(16)
        body.addWidget(Divider())
        body.addSpacing(16)
        self._parts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._parts.setSpacing(32)
        self._facts = self._made_facts()
        self._parts.addWidget(self._facts, 0, Qt.AlignmentFlag.AlignTop)
        self._parts.addWidget(self._made_workings(), 1)
        body.addLayout(self._parts)
        body.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(page)
        self.area.setAccessibleName(self.tr("What is known of “{name}”").format(name=card.name))
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.addWidget(page_button(self.tr("How it learns"), "how-it-learns"))
        foot.addStretch(1)
        self.close_button = PlainButton(self.tr("Close"))
        self.close_button.clicked.connect(self.accept)
        foot.addWidget(self.close_button)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.setSpacing(0)
        outside.addWidget(self.area, 1)
        outside.addLayout(foot)
        self.resize(_SIZE.boundedTo((_main_size(parent) - QSize(40, 60)).expandedTo(_LEAST)))
        self._arrange()

    # Parts

    def _head(self, *, is_starter: bool) -> QWidget:
        card = self._card
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(10)
        name = Text(card.name, size="verdict", weight="semibold", wraps=True)
        row.addWidget(name, 1)
        if is_starter:
            row.addWidget(Chip(self.tr("comes with Ritornello"), icon="music"))
        if card.state == "unfinished":
            row.addWidget(Chip(self.tr("still learning"), tone="model"))
        column.addLayout(row)
        words = [card.preset_title, self.tr("made {day}").format(day=made_on(card.created)) if card.created else ""]
        column.addWidget(Text(" · ".join(filter(None, words)), role="text.secondary", wraps=True))
        return head

    def _made_facts(self) -> QWidget:
        card = self._card
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(section(self.tr("How good it is")))
        column.addSpacing(6)
        found = figures(card)
        if found:
            column.addWidget(
                label(
                    self.tr("In pieces it has never seen, like choosing among"),
                    role="text.secondary",
                    wraps=True,
                )
            )
        else:
            column.addWidget(label(self.tr("This has not been measured yet."), role="text.secondary", wraps=True))
        for figure in found:
            column.addSpacing(10)
            column.addWidget(label(figure.among, "verdict", "semibold"))
            column.addWidget(label(figure.words, "caption", role="text.secondary", wraps=True))
        column.addSpacing(4)
        for numbers in technical(card):
            column.addSpacing(4)
            muted = label(numbers, "caption", role="text.muted", wraps=True)
            muted.setToolTip(
                self.tr(
                    "Measured on whole pieces kept aside as a test. 2 to the power of the bits is the number of notes."
                )
            )
            column.addWidget(muted)
        for title, sentences in self._facts_below():
            column.addSpacing(14)
            column.addWidget(Divider())
            column.addSpacing(12)
            column.addWidget(section(title))
            for sentence, role in sentences:
                column.addSpacing(4)
                words = label(sentence, role=role, wraps=True)
                words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                column.addWidget(words)
        return box

    def _facts_below(self) -> list[tuple[str, list[tuple[str, str]]]]:
        card = self._card
        preset = next((preset for preset in PRESETS.values() if preset.name == card.preset), None)
        sources = [(card.corpus_name or self.tr("It isn't known what from."), "text.primary")]
        if studied(card):
            sources.append((studied(card), "text.secondary"))
        if card.started_from:
            sources.append(
                (
                    self.tr("It started from “{name}”, and knows what that knew.").format(name=card.started_from),
                    "text.secondary",
                )
            )
        manner = [(card.preset_title or self.tr("Its own"), "text.primary")]
        if preset is not None:
            manner.append((preset.description, "text.secondary"))
        size = size_words(parameter_count(card.weight_shapes))
        manner.append((self.tr("A network of {size}.").format(size=size), "text.muted"))
        licence = card.licence or self.tr("None is stated. Ask whoever made it before you pass it on.")
        return [
            (self.tr("Learnt from"), sources),
            (self.tr("Licence"), [(licence, "text.primary" if card.licence else "text.secondary")]),
            (self.tr("Manner"), manner),
        ]

    def _made_workings(self) -> QWidget:
        card = self._card
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(section(self.tr("How it works")))
        column.addSpacing(12)
        self.diagram = NetworkDiagram(card.tokenizer, card.network, card.vocabulary.sizes, window=card.training.window)
        column.addWidget(self.diagram)
        column.addSpacing(6)
        self._told = Text("", size="caption", role="text.secondary", wraps=True)
        self._told.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._told.setMinimumHeight(3 * 16)
        column.addWidget(self._told)
        self.diagram.pointed.connect(self._tell)
        self._tell("", "")
        column.addSpacing(10)
        column.addWidget(Divider())
        column.addSpacing(12)
        column.addWidget(section(self.tr("Its limits")))
        column.addSpacing(8)
        rows = QGridLayout()
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(10)
        rows.setColumnStretch(1, 1)
        for row, limit in enumerate(limits(card, name_of=pitches.name_of)):
            title = label(limit.title, weight="medium", wraps=True)
            title.setFixedWidth(_TITLES_WIDTH)
            rows.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
            rows.addWidget(label(limit.sentence, role="text.secondary", wraps=True), row, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(rows)
        column.addStretch(1)
        return box

    def _tell(self, title: str, tip: str) -> None:
        usual = self.tr(
            "It reads the notes so far one after another and gives every possible next note a chance; one is drawn. "
            "Point at a box, or use the arrow keys, to read what it does."
        )
        self._told.setText(f"{title}: {tip}" if title else usual)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Facts beside the picture, or above it where that has no room."""
        is_wide = self.width() >= _SIDE_BY_SIDE
        self._parts.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)
        self._facts.setMinimumWidth(_FACTS_WIDTH if is_wide else 0)
        self._facts.setMaximumWidth(_FACTS_WIDTH if is_wide else _ANY_WIDTH)


def _main_size(widget: QWidget | None) -> QSize:
    """The size of the window that all dialogs belong to."""
    if widget is None:
        return _SIZE + QSize(40, 60)
    above = widget.parentWidget()
    return widget.size() if above is None else _main_size(above)
