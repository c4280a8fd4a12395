"""How strongly to quantise, and whether ends follow (Shift+Q)."""

from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from gui.controls.buttons import PlainButton, YouButton
from gui.controls.slider import Slider
from gui.controls.switch import SwitchRow
from gui.controls.text import label


class QuantiseDialog(QDialog):
    """Asks, and says what was answered. The last answer is there again next time."""

    chosen = Signal(float, bool)
    """Strength, 0 to 1, and whether ends are pulled too."""

    _last: ClassVar[tuple[float, bool]] = (1.0, False)

    def __init__(self, grid: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        strength, ends = QuantiseDialog._last
        self.setWindowTitle(self.tr("Quantise"))
        self.setMinimumWidth(340)
        self.strength = Slider(0.0, 1.0, step=0.05, value=strength, role="neutral", name=self.tr("Strength"))
        self.ends = SwitchRow(self.tr("Ends too"), checked=ends)
        self._shown = label("", "body", "medium")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(label(self.tr("Quantise to {}").format(grid), "title", "semibold"))
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Strength")), 1)
        row.addWidget(self._shown)
        column.addLayout(row)
        column.addWidget(self.strength)
        column.addWidget(self.ends)
        foot = QHBoxLayout()
        foot.addStretch(1)
        cancel, quantise = PlainButton(self.tr("Cancel")), YouButton(self.tr("Quantise"))
        cancel.clicked.connect(self.reject)
        quantise.clicked.connect(self.accept)
        foot.addWidget(cancel)
        foot.addWidget(quantise)
        column.addSpacing(8)
        column.addLayout(foot)
        self.strength.changed.connect(self._show_strength)
        self._show_strength(strength)
        quantise.setFocus()

    def _show_strength(self, strength: float) -> None:
        self._shown.setText(f"{strength:.0%}")

    def accept(self) -> None:
        QuantiseDialog._last = (self.strength.value, self.ends.isChecked())
        self.chosen.emit(*QuantiseDialog._last)
        super().accept()
