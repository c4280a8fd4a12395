"""The folding part of the Generate panel: how much comes back, which odds are cut off, and the guard against loops."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.controls.buttons import QuietButton
from gui.controls.fields import NumberField
from gui.controls.slider import Slider
from gui.controls.switch import SwitchRow
from gui.controls.text import Text
from gui.generation.options import PanelSettings
from gui.generation.panel_parts import info_sign, labelled

_MOTIFS = 3.0
"""Nats: at the ends copying weighs twenty times as much as learnt, or a twentieth."""


class MoreSettings(QWidget):
    """Folded at first; what is set holds all the same."""

    changed = Signal()
    """By the user, any of them."""

    def __init__(self) -> None:
        super().__init__()
        self._can_copy = True
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 16, 8)
        column.setSpacing(0)
        head = QHBoxLayout()
        self.fold = QuietButton(self.tr("More settings"), icon="chevron-right")
        self.fold.setAccessibleName(self.tr("More settings"))
        head.addWidget(self.fold)
        head.addStretch(1)
        self._guard_words = Text("", size="caption", role="text.muted")
        head.addWidget(self._guard_words)
        column.addLayout(head)
        self._body = QWidget()
        self._fill_body()
        self._body.hide()
        column.addWidget(self._body)
        self.fold.clicked.connect(self._on_fold)
        for slider in (self.motifs, self.tail):
            slider.changed.connect(self._on_changed)
        self.top_k.changed.connect(self._on_changed)
        self.guard_switch.clicked.connect(self._on_changed)
        self._look()

    def _fill_body(self) -> None:
        column = QVBoxLayout(self._body)
        column.setContentsMargins(8, 4, 0, 8)
        column.setSpacing(4)
        name = self.tr("Come back to my motifs")
        self.motif_words = Text("", role="text.secondary")
        self._motif_info = info_sign("")
        column.addLayout(labelled(name, self._motif_info, self.motif_words))
        self.motifs = Slider(-_MOTIFS, _MOTIFS, 0.25, value=0.0, tick_at=0.0, name=name)
        column.addWidget(self.motifs)
        tip = self.tr("Each note is drawn from the likeliest alone. 0 = from all of them. Technical name: top-k.")
        self.top_k = NumberField(0, 1000, value=0, name=self.tr("Only the likeliest"))
        self.top_k.setFixedWidth(104)
        column.addLayout(labelled(self.tr("Only the likeliest"), tip, self.top_k))
        tip = self.tr("Notes that are unlikely even together are never drawn. Technical name: top-p.")
        self._tail_words = Text("", role="text.secondary")
        column.addLayout(labelled(self.tr("Drop the unlikely tail"), tip, self._tail_words))
        self.tail = Slider(0.0, 0.5, 0.01, value=0.0, name=self.tr("Drop the unlikely tail, in percent"))
        column.addWidget(self.tail)
        self.guard_switch = SwitchRow(
            self.tr("Repetition guard"),
            checked=True,
            tip=self.tr("A take that gets stuck on one note or figure is drawn again from there"),
        )
        column.addWidget(self.guard_switch)

    def restore(self, settings: PanelSettings) -> None:
        """Show what a document kept."""
        self.motifs.set_value(settings.motifs)
        self.top_k.set_value(settings.top_k)
        self.tail.set_value(settings.tail)
        self.guard_switch.setChecked(settings.guards_repetition)
        self._look()

    def set_can_copy(self, *, can_copy: bool) -> None:
        """Whether the chosen model has copying heads; without them there is nothing that could come back."""
        self._can_copy = can_copy
        self._look()

    @property
    def motif_bias(self) -> float:
        """Nats on the gates of the copying heads; 0 = as learnt."""
        return self.motifs.value if self._can_copy else 0.0

    @property
    def top_p(self) -> float:
        return round(1.0 - self.tail.value, 2)

    def _on_fold(self) -> None:
        unfolds = self._body.isHidden()
        self._body.setVisible(unfolds)
        self.fold.set_icon("chevron-down" if unfolds else "chevron-right")
        self._look()

    def _on_changed(self) -> None:
        self._look()
        self.changed.emit()

    def _look(self) -> None:
        guarded = self.guard_switch.isChecked()
        self._guard_words.setText(self.tr("Repetition guard on") if guarded else self.tr("Repetition guard off"))
        self._guard_words.setVisible(self._body.isHidden())
        self._tail_words.setText(f"{self.tail.value:.0%}" if self.tail.value else self.tr("nothing"))
        value = self.motifs.value
        if not self._can_copy:
            words = self.tr("can't copy")
            tip = self.tr(
                "This model has no copying heads, so it can't be told how much to come back.\n"
                "Models trained in any other manner than “As in the article” can."
            )
        else:
            more_or_less = self.tr("more: {amount}") if value > 0 else self.tr("less: {amount}")
            words = more_or_less.format(amount=f"{abs(value):.2f}") if value else self.tr("as learnt")
            tip = self.tr(
                "Right: figures of your seed, and of what was given so far, come again more often.\n"
                "Left: it goes its own ways. Double-click goes back to as learnt.\n"
                "Technical: nats on the gates of the copying heads."
            )
        self.motif_words.setText(words)
        self.motif_words.setEnabled(self._can_copy)
        self.motifs.setEnabled(self._can_copy)
        for widget in (self._motif_info, self.motifs):
            widget.setToolTip(tip)
        self.motifs.setAccessibleDescription(f"{words}. {tip}")
