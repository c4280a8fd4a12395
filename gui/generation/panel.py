"""The Generate panel: which model continues the seed, how far, how boldly, and what it keeps to."""

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from core.music.score import KeySignature, Note
from gui import theme
from gui.controls import pitches
from gui.controls.buttons import IconButton, ModelButton
from gui.controls.fields import NumberField
from gui.controls.numbers import counted
from gui.controls.range_keys import RangeKeys
from gui.controls.slider import Slider
from gui.controls.switch import SwitchRow
from gui.controls.text import Divider, Icon, Surface, Text, label, section
from gui.generation.fields import ModelField, ScaleField
from gui.generation.more_settings import MoreSettings
from gui.generation.options import RANDOM_SEEDS, GenerationOptions, Keep, PanelSettings, range_around, scale_around
from gui.generation.panel_parts import (
    BodyScroll,
    OverlaidField,
    SliderWords,
    StopButton,
    info_sign,
    labelled,
    section_box,
)

if TYPE_CHECKING:  # the library loads the model's arithmetic, which starting up can do without
    from core.learning.models.library import ModelRecord

_SEED_SETTLES_MS = 150
"""How long after the last edit of the seed its key and range are looked at again."""
_ROOMY = 330
"""From this width on there is room for every sign."""
_NAMED_NOTES = 3
"""Unknown notes that are named one by one; the rest is counted."""


def _draw_random_seed() -> int:
    return random.randrange(RANDOM_SEEDS)


class GeneratePanel(Surface):
    """All choices for generating and the button that does it. Emits intentions; knows no model and no thread."""

    generate_requested = Signal(object)
    """GenerationOptions."""
    stop_requested = Signal()
    model_chosen = Signal(str)
    """The id of the model now chosen."""
    options_changed = Signal(object)
    """GenerationOptions, after any change by the user."""

    def __init__(
        self, *, draw_random_seed: Callable[[], int] = _draw_random_seed, parent: QWidget | None = None
    ) -> None:
        super().__init__("bg.panel", edges="l", parent=parent)
        self._draw_random_seed = draw_random_seed
        self._notes: tuple[Note, ...] = ()
        self._unknown: frozenset[Note] | None = None
        self._signature: KeySignature | None = None
        self._continues_after_bar = 0
        self._takes_on_show = 0
        self._is_generating = False
        self.wanted_model = ""
        """The model that the document was last worked on with, until the library has it."""
        self._has_own_scale = False
        self._has_own_range = False
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SEED_SETTLES_MS)
        self.setMinimumWidth(theme.metric("size.right_panel.min"))
        self.setMaximumWidth(theme.metric("size.right_panel.max"))

        self.more = MoreSettings()
        body = QWidget()
        sections = QVBoxLayout(body)
        sections.setContentsMargins(0, 0, 0, 0)
        sections.setSpacing(0)
        for part in (
            self._model_section(),
            self._amount_section(),
            self._keep_section(),
            self._random_section(),
            self.more,
        ):
            sections.addWidget(part)
            if part is not self.more:
                sections.addWidget(Divider())
        sections.addStretch(1)
        scroll = BodyScroll(body)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)  # the edge
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addWidget(Divider())
        column.addWidget(self._footer())
        self._connect()
        self.random_seed.set_value(self._draw_random_seed())
        self.set_seed((), continues_after_bar=0)
        self._look()

    def sizeHint(self) -> QSize:
        return QSize(theme.metric("size.right_panel.default"), super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._random_info.setVisible(self.width() >= _ROOMY)

    # Sections

    def _model_section(self) -> QWidget:
        box, column = section_box()
        column.addWidget(label(self.tr("Model"), "caption", role="text.muted"))
        column.addSpacing(4)
        self.model = ModelField()
        column.addWidget(self.model)
        column.addSpacing(8)
        self._knowledge = QWidget()
        row = QHBoxLayout(self._knowledge)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._knowledge_icon = Icon("circle-check", role="status.ok", size=14)
        self._knowledge_words = Text("", size="caption", role="status.ok", wraps=True)
        row.addWidget(self._knowledge_icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._knowledge_words, 1)
        column.addWidget(self._knowledge)
        policy = self._knowledge.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # it goes and comes with every edit of the seed
        self._knowledge.setSizePolicy(policy)
        self._knowledge.hide()
        return box

    def _amount_section(self) -> QWidget:
        box, column = section_box(bottom=14)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.length = NumberField(1, 256, self.tr("bars"), value=8, name=self.tr("Length in bars"))
        self.takes = NumberField(1, 26, value=4, name=self.tr("Takes"))
        self.takes.setToolTip(self.tr("How many different continuations to make"))
        for name, field in ((self.tr("Length"), self.length), (self.tr("Takes"), self.takes)):
            part = QVBoxLayout()
            part.setSpacing(4)
            part.addWidget(label(name))
            part.addWidget(field)
            row.addLayout(part, 1)
        column.addLayout(row)
        column.addSpacing(10)
        tip = self.tr(
            "1.00 plays the odds as learnt. Lower keeps to likely notes, higher tries rarer ones. Technical name: temperature."
        )
        self._temperature_words = Text("0.90", size="title", weight="semibold", role="model.text")
        column.addLayout(labelled(self.tr("Adventurousness"), tip, self._temperature_words))
        self.temperature = Slider(0.1, 2.0, 0.05, value=0.9, tick_at=1.0, name=self.tr("Adventurousness"))
        self.temperature.setToolTip(tip + " " + self.tr("Double-click goes back to 1.00."))
        column.addWidget(self.temperature)
        column.addWidget(SliderWords(self.tr("Safe"), self.tr("as it learnt"), self.tr("Wild"), middle_at=0.9 / 1.9))
        return box

    def _keep_section(self) -> QWidget:
        box, column = section_box()
        head = QHBoxLayout()
        head.addWidget(section(self.tr("Keep to")))
        head.addStretch(1)
        self._kept_words = Text("", size="caption", role="text.muted")
        head.addWidget(self._kept_words)
        column.addLayout(head)
        self.scale_switch = SwitchRow(
            self.tr("Scale"), tip=self.tr("Only notes of this scale are given; the seed stays as it is")
        )
        self.scale = ScaleField()
        column.addWidget(OverlaidField(self.scale_switch, self.scale))
        self.range_switch = SwitchRow(
            self.tr("Range"), checked=True, tip=self.tr("No note below or above these two keys is given")
        )
        column.addWidget(self.range_switch)
        self.range = RangeKeys()
        self.range.setToolTip(self.tr("Drag the two ends, or move them by the arrow keys"))
        column.addWidget(self.range)
        column.addSpacing(4)
        self.rhythm_switch = SwitchRow(
            self.tr("Rhythm of the seed"), tip=self.tr("The seed's note lengths come again; the pitches are new")
        )
        self.pitch_switch = SwitchRow(
            self.tr("Pitches of the seed"),
            tip=self.tr("The seed's pitches come again in their order; the rhythm is new"),
        )
        column.addWidget(self.rhythm_switch)
        column.addWidget(self.pitch_switch)
        return box

    def _random_section(self) -> QWidget:
        box, column = section_box()
        row = QHBoxLayout()
        row.setSpacing(6)
        tip = self.tr("Same number, same settings, same takes")
        words = label(self.tr("Random seed"))
        words.setToolTip(tip)
        row.addWidget(words)
        self._random_info = info_sign(tip)
        row.addWidget(self._random_info)
        row.addStretch(1)
        self.random_seed = NumberField(0, 9_999_999, steps=False, grouped=True, name=self.tr("Random seed"))
        self.random_seed.setFixedWidth(92)
        self.random_seed.setToolTip(tip)
        self.dice = IconButton("dices", self.tr("Another random seed"), icon_size=17)
        self.lock = IconButton("lock-open", "", checkable=True, icon_size=15, kind="plain")
        for widget in (self.random_seed, self.dice, self.lock):
            row.addWidget(widget)
        column.addLayout(row)
        return box

    def _footer(self) -> QWidget:
        box, column = section_box(top=14, bottom=16)
        self._note = Text("", size="caption", role="text.secondary", wraps=True)
        column.addWidget(self._note)
        column.addSpacing(10)
        self.generate = ModelButton("", icon="chevrons-right", shortcut="G")
        self.stop = StopButton()
        for button in (self.generate, self.stop):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._buttons = QStackedLayout()
        self._buttons.addWidget(self.generate)
        self._buttons.addWidget(self.stop)
        column.addLayout(self._buttons)
        return box

    def _connect(self) -> None:
        self.model.chosen.connect(self._on_model_chosen)
        self.scale.chosen.connect(self._on_scale_chosen)
        self.range.changed.connect(self._on_range_changed)
        self.rhythm_switch.clicked.connect(lambda: self._keep_one(self.rhythm_switch, self.pitch_switch))
        self.pitch_switch.clicked.connect(lambda: self._keep_one(self.pitch_switch, self.rhythm_switch))
        for switch in (self.scale_switch, self.range_switch):
            switch.clicked.connect(self._on_changed)
        self.scale_switch.clicked.connect(self._on_scale_switched)
        for field in (self.length, self.takes, self.temperature, self.random_seed, self.more):
            field.changed.connect(self._on_changed)
        self.dice.clicked.connect(self._throw_dice)
        self.lock.clicked.connect(self._on_changed)
        self.generate.clicked.connect(self.start)
        self.stop.clicked.connect(self._on_stop)
        self._settling.timeout.connect(self._look_at_seed)
        pitches.events().changed.connect(self._look)

    # What the window tells the panel

    def set_models(self, records: "Sequence[ModelRecord]") -> None:
        """The trained models there are, the starter first."""
        before = self.model.record
        self.model.set_records(records)
        self._look()
        now = self.model.record
        if now is not None and (before is None or before.id != now.id):
            self.set_unknown(None)
            self.model_chosen.emit(now.id)

    def choose_model(self, model_id: str) -> None:
        """Choose a model as if the user had."""
        before = self.model.record
        self.wanted_model = ""
        self.model.set_current(model_id)
        now = self.model.record
        if now is not None and now is not before:
            self.set_unknown(None)
            self.model_chosen.emit(now.id)
        self._look()

    def set_seed(
        self, notes: Sequence[Note], *, continues_after_bar: int, signature: KeySignature | None = None
    ) -> None:
        """The notes of the part to continue; scale and range follow them until the user sets their own.

        signature: the document's, where it has one.
        """
        if tuple(notes) != self._notes:
            self._unknown = None  # the model is being asked again
        self._notes = tuple(notes)
        self._signature = signature
        self._continues_after_bar = continues_after_bar
        self._settling.start()
        self._look()

    def set_unknown(self, unknown: frozenset[Note] | None) -> None:
        """Which notes of the seed the chosen model never met; None while that isn't known."""
        self._unknown = unknown
        self._look()

    def _show_knowledge(self) -> None:
        unknown = self._unknown if self._notes else None
        self._knowledge.setVisible(unknown is not None)
        if unknown is None:
            return
        role = "status.warning" if unknown else "status.ok"
        self._knowledge_icon.set_icon("triangle-alert" if unknown else "circle-check", role)
        self._knowledge_words.set_role(role)
        if not unknown:
            words = self.tr("It knows all {notes} of your seed").format(
                notes=counted(len(self._notes), "note", "notes")
            )
            if len(self._notes) == 1:
                words = self.tr("It knows the note of your seed")
        elif len(unknown) == 1:
            words = self.tr("1 note is new to this model. It is hatched.")
        else:
            words = self.tr("{count} notes are new to this model. They are hatched.").format(count=len(unknown))
        self._knowledge_words.setText(words)
        self._knowledge_words.setToolTip(self._unknown_words(unknown))

    def set_takes_on_show(self, count: int) -> None:
        """How many takes the tray holds: the note says that they stay."""
        self._takes_on_show = count
        self._look()

    def set_generating(self, *, generating: bool, done: int = 0, takes: int = 0) -> None:
        """Generate becomes Stop with a ring while takes are being made, and back."""
        had_focus = self.generate.hasFocus() or self.stop.hasFocus()
        self._is_generating = generating
        self.stop.show_progress(done, takes)
        self.stop.setEnabled(True)
        shown = self.stop if generating else self.generate
        self._buttons.setCurrentWidget(shown)
        if had_focus:
            shown.setFocus()
        self._look()

    def show_problem(self, sentence: str) -> None:
        """Say why generating was not possible, in place of the note, until the next change."""
        self._note.set_role("status.error")
        self._note.setText(sentence)

    # What the panel says

    def request_options(self) -> GenerationOptions:
        """The choices as they stand."""
        record = self.model.record
        keep: Keep = "rhythm" if self.rhythm_switch.isChecked() else "pitch" if self.pitch_switch.isChecked() else ""
        return GenerationOptions(
            model_id=record.id if record else "",
            length_bars=self.length.value,
            takes=self.takes.value,
            temperature=self.temperature.value,
            top_k=self.more.top_k.value,
            top_p=self.more.top_p,
            scale=self.scale.scale if self.scale_switch.isChecked() else "",
            pitch_range=self.range.span if self.range_switch.isChecked() else (0, 127),
            keep=keep,
            motifs=self.more.motif_bias,
            guards_repetition=self.more.guard_switch.isChecked(),
            random_seed=self.random_seed.value,
            is_random_seed_locked=self.lock.isChecked(),
        )

    def settings(self) -> PanelSettings:
        """All that it shows, for a document to keep."""
        record = self.model.record
        return PanelSettings(
            model_id=self.wanted_model or (record.id if record else ""),
            length_bars=self.length.value,
            takes=self.takes.value,
            temperature=self.temperature.value,
            keeps_scale=self.scale_switch.isChecked() if self._has_own_scale else None,
            scale=self.scale.scale if self._has_own_scale else "",
            keeps_range=self.range_switch.isChecked(),
            pitch_range=self.range.span if self._has_own_range else None,
            keep=self.request_options().keep,
            random_seed=self.random_seed.value,
            is_random_seed_locked=self.lock.isChecked(),
            motifs=self.more.motifs.value,
            top_k=self.more.top_k.value,
            tail=self.more.tail.value,
            guards_repetition=self.more.guard_switch.isChecked(),
        )

    def restore(self, settings: PanelSettings) -> None:
        """Show what a document kept. Its model is chosen as soon as the library has it."""
        self.length.set_value(settings.length_bars)
        self.takes.set_value(settings.takes)
        self.temperature.set_value(settings.temperature)
        self._has_own_scale = settings.keeps_scale is not None
        if settings.keeps_scale is not None:
            self.scale_switch.setChecked(settings.keeps_scale)
            self.scale.set_scale(settings.scale or self.scale.scale)
        self.range_switch.setChecked(settings.keeps_range)
        self._has_own_range = settings.pitch_range is not None
        if settings.pitch_range is not None:
            self.range.set_span(*settings.pitch_range)
        self.rhythm_switch.setChecked(settings.keep == "rhythm")
        self.pitch_switch.setChecked(settings.keep == "pitch")
        self.random_seed.set_value(settings.random_seed)
        self.lock.setChecked(settings.is_random_seed_locked)
        self.more.restore(settings)
        if self.model.offers(settings.model_id):
            self.choose_model(settings.model_id)
        else:
            self.wanted_model = settings.model_id
        self._settling.start()
        self._look()

    @property
    def is_ready(self) -> bool:
        """Whether Generate would do something: a model, a seed, and nothing under way."""
        return self.model.record is not None and bool(self._notes) and not self._is_generating

    def start(self) -> None:
        """Ask for takes; unless locked, with another random seed than the last time."""
        if not self.is_ready:
            return
        if self._settling.isActive():
            self._settling.stop()
            self._look_at_seed()
        if not self.lock.isChecked():
            self.random_seed.set_value(self._draw_random_seed())
        self._look()
        self.generate_requested.emit(self.request_options())

    # Within

    def _on_model_chosen(self, model_id: str) -> None:
        self.wanted_model = ""
        self.set_unknown(None)
        self.model_chosen.emit(model_id)
        self._on_changed()

    def _on_scale_chosen(self) -> None:
        self._has_own_scale = True
        self.scale_switch.setChecked(True)
        self._on_changed()

    def _on_scale_switched(self) -> None:
        self._has_own_scale = True

    def _on_range_changed(self) -> None:
        self._has_own_range = True
        self.range_switch.setChecked(True)
        self._on_changed()

    def _keep_one(self, switched: SwitchRow, other: SwitchRow) -> None:
        if switched.isChecked():
            other.setChecked(False)
        self._on_changed()

    def _throw_dice(self) -> None:
        self.random_seed.set_value(self._draw_random_seed())
        self._on_changed()

    def _on_stop(self) -> None:
        self.stop.setEnabled(False)
        self.stop.set_text(self.tr("Stopping…"))
        self.stop_requested.emit()

    def _on_changed(self) -> None:
        self._look()
        self.options_changed.emit(self.request_options())

    def _look_at_seed(self) -> None:
        scale, fits = scale_around(self._notes, signature=self._signature)
        self.scale.set_seed_scale(scale)
        if not self._has_own_scale:
            self.scale.set_scale(scale.name)
            self.scale_switch.setChecked(fits)
        if not self._has_own_range:
            self.range.set_span(*range_around(self._notes))
        self._look()

    def _look(self) -> None:
        """Bring every word that depends on a choice up to date."""
        self._temperature_words.setText(f"{self.temperature.value:.2f}")
        low, high = self.range.span
        self.range_switch.set_value(f"{self._name_of(low)} – {self._name_of(high)}")
        self.range.setEnabled(self.range_switch.isChecked())
        switches = (self.scale_switch, self.range_switch, self.rhythm_switch, self.pitch_switch)
        on = sum(switch.isChecked() for switch in switches)
        self._kept_words.setText(self.tr("{on} of {all} on").format(on=on, all=len(switches)))
        locked = self.lock.isChecked()
        self.lock.set_icon("lock" if locked else "lock-open")
        self.lock.set_tip(
            self.tr("Locked: the same settings give the same takes")
            if locked
            else self.tr("Unlocked: each Generate takes another random seed")
        )
        record = self.model.record
        self.more.set_can_copy(can_copy=record is None or record.copies)
        takes = self.takes.value
        self.generate.set_text(
            self.tr("Generate 1 take") if takes == 1 else self.tr("Generate {count} takes").format(count=takes)
        )
        self.generate.setEnabled(self.is_ready)
        self._note.set_role("text.secondary")
        self._note.setText(self._note_words())
        self.generate.setToolTip("" if self.is_ready else self._note.text())
        self._show_knowledge()

    def _note_words(self) -> str:
        if self.model.record is None:
            return self.tr("There is no model yet. Train one on your own pieces first.")
        if not self._notes:
            return self.tr("Draw a few notes first: the model continues them.")
        words = self.tr("Continues after bar {bar}.").format(bar=self._continues_after_bar)
        if self._is_generating:
            return words
        if self._takes_on_show == 1:
            words += " " + self.tr("The take on show stays in the history.")
        elif self._takes_on_show:
            words += " " + self.tr("The {count} takes on show stay in the history.").format(
                count=_SMALL_NUMBERS.get(self._takes_on_show, str(self._takes_on_show))
            )
        return words

    def _name_of(self, pitch: int) -> str:
        return pitches.name_of(pitch, self.scale.value)

    def _unknown_words(self, unknown: frozenset[Note]) -> str:
        names = sorted({note.pitch for note in unknown})
        if not names:
            return ""
        named = ", ".join(map(self._name_of, names[:_NAMED_NOTES]))
        more = self.tr(" and {count} more").format(count=len(names) - _NAMED_NOTES) if len(names) > _NAMED_NOTES else ""
        return self.tr(
            "New to it: {names}{more}, in pitch or in length. For the model alone they are moved to the nearest it knows."
        ).format(names=named, more=more)


_SMALL_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}
