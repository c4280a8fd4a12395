"""The folding part of the panel beside a training: how it is trained, in numbers. Each has the preset's value at first."""

from dataclasses import replace

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.learning.spec import TrainingSpec
from gui.controls.buttons import QuietButton
from gui.controls.fields import LineEdit, NumberField
from gui.controls.text import Text
from gui.handbook import page_button
from gui.training.panel_rows import field_row


class _Rates(QDoubleValidator):
    """Learning rates. When the entry is over, one beyond the range becomes its nearer end, and what is none the preset's."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(1e-6, 1.0, 6, parent)
        self.setLocale(QLocale.c())
        self.usual = 0.0

    def fixup(self, typed: str) -> str:
        try:
            rate = float(typed.replace(",", "."))
        except ValueError:
            rate = self.usual
        return f"{min(max(rate, self.bottom()), self.top()):g}"


class AdvancedSettings(QWidget):
    """Folded at first; what is set holds all the same."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.fold = QuietButton(self.tr("Advanced settings"), icon="chevron-right")
        self.fold.clicked.connect(self._on_fold)
        row = QHBoxLayout()
        row.setContentsMargins(0, 2, 0, 0)
        row.addWidget(self.fold)
        row.addStretch(1)
        self._locked_words = Text(self.tr("locked while training"), size="caption", role="text.muted")
        row.addWidget(self._locked_words)
        column.addLayout(row)
        self._body = QWidget()
        self._fill_body()
        self._body.hide()
        column.addWidget(self._body)

    def _fill_body(self) -> None:
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        self.window_ = NumberField(2, 4096, name=self.tr("Looks back, in notes"))
        self.batch = NumberField(1, 4096, name=self.tr("Examples at a time"))
        self.learning_rate = LineEdit()
        self.learning_rate.setAccessibleName(self.tr("Learning rate"))
        self._rates = _Rates(self.learning_rate)
        self.learning_rate.setValidator(self._rates)
        self.transpose = NumberField(0, 24, name=self.tr("Transposes by up to, in semitones"))
        self.patience = NumberField(0, 1000, name=self.tr("Patience, in epochs"))
        self.minutes = NumberField(0, 10_000, self.tr("min"), name=self.tr("Ends after, in minutes"))
        self.random_seed = NumberField(0, 999_999_999, steps=False, grouped=True, name=self.tr("Random seed"))
        rows: tuple[tuple[QWidget, str, str], ...] = (
            (
                self.window_,
                self.tr("Looks back"),
                self.tr("How many earlier notes it sees when choosing the next. Technical name: window"),
            ),
            (
                self.batch,
                self.tr("Examples at a time"),
                self.tr("How many examples are studied before the network changes. Technical name: batch size"),
            ),
            (
                self.learning_rate,
                self.tr("Learning rate"),
                self.tr("How far each step changes the network: too high and it stumbles, too low and it crawls"),
            ),
            (
                self.transpose,
                self.tr("Transposes by up to"),
                self.tr("Each reading moves every piece by chance up or down by as many semitones; 0 keeps the keys"),
            ),
            (
                self.patience,
                self.tr("Patience"),
                self.tr("It ends by itself after so many epochs with no better result on the test; 0 = never"),
            ),
            (
                self.minutes,
                self.tr("Ends after"),
                self.tr("It ends by itself after so many minutes; 0 = never"),
            ),
            (
                self.random_seed,
                self.tr("Random seed"),
                self.tr("Same number, same pieces, same settings: the same model"),
            ),
        )
        for field, words, tip in rows:
            field_row(column, words, tip, field)
            field.setFixedWidth(116)
        column.addWidget(page_button(self.tr("What these numbers do"), "presets"), 0, Qt.AlignmentFlag.AlignLeft)

    def show_training(self, training: TrainingSpec) -> None:
        """The values of a preset, in place of whatever was set."""
        self.window_.set_value(training.window)
        self.batch.set_value(training.batch)
        self._rates.usual = training.learning_rate
        self.learning_rate.setText(f"{training.learning_rate:g}")
        self.transpose.set_value(training.transpose)
        self.patience.set_value(training.patience)
        self.minutes.set_value(round(training.minutes))
        self.random_seed.set_value(training.random_seed)

    def changed_from(self, planned: TrainingSpec) -> TrainingSpec | None:
        """The preset's specification with what was set; None where nothing differs."""
        window = self.window_.value
        typed = self.learning_rate.text()
        chosen = replace(
            planned,
            window=window,
            stride=planned.stride if planned.stride == 1 else window,
            batch=self.batch.value,
            learning_rate=float(typed) if self.learning_rate.hasAcceptableInput() else planned.learning_rate,
            transpose=self.transpose.value,
            patience=self.patience.value,
            minutes=float(self.minutes.value),
            random_seed=self.random_seed.value,
        )
        return chosen if chosen != planned else None

    def set_locked(self, *, locked: bool) -> None:
        self._body.setEnabled(not locked)
        self._locked_words.setVisible(locked)

    def _on_fold(self) -> None:
        unfolds = self._body.isHidden()
        self._body.setVisible(unfolds)
        self.fold.set_icon("chevron-down" if unfolds else "chevron-right")
