"""The left side of Train: what the model learns from, what model it is to be, and the seed it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from core.learning.spec import PRESETS, Preset, PresetName, TrainingSpec
from core.learning.training.start import AUTOMATIC, Start, longer, shorter, suiting_start
from core.music.score import Note
from gui.controls.buttons import IconButton
from gui.controls.fields import Combo, LineEdit, NumberField
from gui.controls.mini_roll import MiniRoll
from gui.controls.numbers import counted, grouped
from gui.controls.segments import Segment, Segments
from gui.controls.text import Divider, Icon, Surface, Text, section
from gui.training.advanced_settings import AdvancedSettings
from gui.training.panel_rows import fact_row, field_row, section_box

if TYPE_CHECKING:  # a model's file loads its arithmetic, which starting up can do without
    from core.learning.models.model_file import ModelCard

_DEFAULT_PRESET: PresetName = "standard"


@dataclass(frozen=True, slots=True)
class CorpusFacts:
    """A corpus to choose from, as the panel shows it."""

    id: str
    name: str
    pieces: int
    notes: int
    learns_melody: bool


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run once its pieces are encoded."""

    studied: int
    held_out: int
    words: int
    """Symbols of all fields together."""


@dataclass(frozen=True, slots=True)
class TrainingChoices:
    """What is to be trained, as chosen. None = as the preset has it."""

    corpus_id: str
    preset: PresetName
    name: str = ""
    epochs: int | None = None
    start_from: str = AUTOMATIC
    """Id of a model to go on from; "" = from scratch, AUTOMATIC = what suits the pieces."""
    training: TrainingSpec | None = None
    uses_own_seed: bool = False
    """The answers continue the seed of Compose, not the opening of a piece kept aside."""


class SettingsPanel(Surface):
    """Choices while nothing trains, facts while something does."""

    corpus_chosen = Signal(str)
    seed_play_requested = Signal()
    known_share_wanted = Signal()
    """What suits the pieces can't be said before `unknown` is known."""
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("bg.panel", edges="r", parent=parent)
        self._corpora: tuple[CorpusFacts, ...] = ()
        self._starter: ModelCard | None = None
        self._known: dict[tuple[CorpusFacts, PresetName], float] = {}
        self._plan = PRESETS[_DEFAULT_PRESET].training
        """What the preset comes to for the collection chosen, or the settings of the run under way."""
        self._has_own_epochs = False
        self._has_own_name = False
        self._is_locked = False
        self._has_own_seed = False
        self.setMinimumWidth(300)
        self.setMaximumWidth(420)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self._corpus_section(), self._model_section(), self._seed_section()):
            column.addWidget(part)
            column.addWidget(Divider())
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for ground in (scroll.viewport(), body):
            ground.setAutoFillBackground(False)  # the panel's own shows through
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 1, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(Divider())
        outer.addWidget(self._foot())
        self._connect()
        self._show_preset()
        self.show_seed((), "")
        self.set_locked(locked=False)

    def sizeHint(self) -> QSize:
        return QSize(316, 700)

    # Sections

    def _corpus_section(self) -> QWidget:
        box, column = section_box()
        column.addWidget(section(self.tr("Learns from")))
        self.corpus = Combo(name=self.tr("Collection it learns from"))
        column.addSpacing(4)
        column.addWidget(self.corpus)
        self._corpus_facts = Text("", size="caption", role="text.muted", wraps=True)
        column.addSpacing(4)
        column.addWidget(self._corpus_facts)
        column.addSpacing(6)
        self._studies = fact_row(column, self.tr("Studies"))
        self._held_out = fact_row(
            column,
            self.tr("Kept aside as a test"),
            self.tr("Whole pieces the model never studies, to check that it learns music and not just these files"),
        )
        self._lines = fact_row(column, self.tr("Of each piece"))
        self._words = fact_row(
            column,
            self.tr("Words it can use"),
            self.tr("Each time step, pitch, length and loudness met in the pieces: its vocabulary"),
        )
        return box

    def _model_section(self) -> QWidget:
        box, column = section_box()
        column.addWidget(section(self.tr("This model")))
        column.addSpacing(6)
        self.name = LineEdit()
        self.name.setAccessibleName(self.tr("Name of the model"))
        self.name.setPlaceholderText(self.tr("Name"))
        self.name.setMaxLength(200)
        column.addWidget(self.name)
        column.addSpacing(8)
        self.preset = Combo(name=self.tr("Size and manner of training"))
        for preset in PRESETS.values():
            self.preset.addItem(preset.title, preset.name)
        self.preset.setCurrentIndex(self.preset.findData(_DEFAULT_PRESET))
        column.addWidget(self.preset)
        self._description = Text("", size="caption", role="text.muted", wraps=True)
        column.addSpacing(4)
        column.addWidget(self._description)
        column.addSpacing(6)
        self.epochs = NumberField(1, 10_000, name=self.tr("Epochs"))
        self.epochs.setFixedWidth(128)
        field_row(column, self.tr("Epochs"), self.tr("One reading of all the pieces is an epoch"), self.epochs)
        self._epochs_words = Text("", size="caption", role="text.muted", wraps=True)
        column.addWidget(self._epochs_words)
        self.start_from = Combo(name=self.tr("Starts from"))
        self.start_from.setFixedWidth(128)
        tip = self.tr(
            "From nothing, or from a model that has learnt already: then its size and how far it looks back count, and it "
            "reads the pieces less often and more gently"
        )
        field_row(column, self.tr("Starts from"), tip, self.start_from)
        self.advanced = AdvancedSettings()
        column.addWidget(self.advanced)
        self.set_models(())
        return box

    def _seed_section(self) -> QWidget:
        box, column = section_box()
        column.addWidget(section(self.tr("Seed it answers at each epoch")))
        column.addSpacing(8)
        self.seed_kind = Segments(
            (
                Segment("theirs", self.tr("From the test"), tip=self.tr("The opening of a piece kept aside as a test")),
                Segment("yours", self.tr("My seed"), tip=self.tr("What you have written in Compose")),
            ),
            small=True,
            full=True,
            name=self.tr("Seed it answers"),
        )
        column.addWidget(self.seed_kind)
        column.addSpacing(8)
        self.seed_roll = MiniRoll()
        self.seed_roll.setFixedHeight(64)
        column.addWidget(self.seed_roll)
        column.addSpacing(6)
        row = QHBoxLayout()
        self._seed_words = Text("", size="caption", role="text.secondary", elides=True)
        row.addWidget(self._seed_words, 1)
        self.seed_play = IconButton(
            "play", self.tr("Play the seed"), checkable=True, icon_size=13, size=28, kind="plain"
        )
        row.addWidget(self.seed_play)
        column.addLayout(row)
        column.addSpacing(4)
        column.addWidget(
            Text(
                self.tr("The seed and the random seed never change here, so what you hear changing is the model."),
                size="caption",
                role="text.muted",
                wraps=True,
            )
        )
        return box

    def _foot(self) -> QWidget:
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(10)
        row.addWidget(Icon("piano", size=17), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Text(self.tr("You can go on composing"), weight="medium"))
        words.addWidget(
            Text(
                self.tr("Training runs in the background, in a process of its own."),
                size="caption",
                role="text.muted",
                wraps=True,
            )
        )
        row.addLayout(words, 1)
        return foot

    def _connect(self) -> None:
        self.corpus.activated.connect(self._on_corpus)
        self.preset.activated.connect(self._show_preset)
        self.start_from.activated.connect(self._show_plan)
        self.name.textEdited.connect(self._on_name)
        self.epochs.changed.connect(self._on_epochs)
        self.seed_kind.chosen.connect(self.changed)
        self.seed_play.clicked.connect(self._on_seed_play)

    # What the workspace tells it

    def set_corpora(self, corpora: Sequence[CorpusFacts], *, select: str = "") -> None:
        """Offer these; `select`, else the one chosen before, else the first is chosen."""
        wanted = select or str(self.corpus.currentData() or "")
        self._corpora = tuple(corpora)
        self.corpus.clear()
        for corpus in corpora:
            self.corpus.addItem(corpus.name, corpus.id)
        place = self.corpus.findData(wanted)
        self.corpus.setCurrentIndex(max(place, 0) if corpora else -1)
        self._show_corpus()
        self.changed.emit()

    def set_models(self, models: Sequence[tuple[str, str]], *, starter: "ModelCard | None" = None) -> None:
        """Models to start from, by id and name; what is known of the starter model, None where there is none."""
        wanted = self.start_from.currentData()
        self._starter = starter
        self.start_from.clear()
        self.start_from.addItem(self.tr("What suits"), AUTOMATIC)
        self.start_from.addItem(self.tr("Nothing"), "")
        for model_id, name in models:
            self.start_from.addItem(name, model_id)
        self.start_from.setCurrentIndex(max(0, self.start_from.findData(wanted)))
        if not self._is_locked:
            self._show_plan()

    @property
    def unknown(self) -> tuple[CorpusFacts, PresetName] | None:
        """The collection and manner chosen, if what suits them goes by how many of the pieces the starter has studied."""
        corpus, preset = self._chosen_corpus(), self._preset().name
        if corpus is None or self._is_locked or self.start_from.currentData() != AUTOMATIC:
            return None
        is_unknown = (corpus, preset) not in self._known and self._suits(corpus, 0.0).from_starter
        return (corpus, preset) if is_unknown else None

    def set_known_share(self, corpus: CorpusFacts, preset: PresetName, share: float) -> None:
        """Of the pieces of a collection, the share that the starter model has studied."""
        self._known[corpus, preset] = share
        if not self._is_locked:
            self._show_plan()

    def set_locked(self, *, locked: bool) -> None:
        """While a training runs its settings are facts."""
        self._is_locked = locked
        for control in (self.corpus, self.name, self.preset, self.epochs, self.start_from):
            control.setEnabled(not locked)
        self.seed_kind.setEnabled(not locked and self._has_own_seed)
        self.advanced.set_locked(locked=locked)
        if not locked:
            self.show_run(None)
            self._show_plan()

    def show_job(
        self,
        *,
        name: str,
        preset: str,
        training: TrainingSpec,
        corpus_name: str,
        start_from: str = "",
        start_reason: str = "",
        is_new: bool = True,
    ) -> None:
        """The settings of the run under way: one that begins, or goes on after a break. start_from: a model's name."""
        reason = self.tr("It goes on from “{name}”.").format(name=start_from) if start_from else self._from_nothing()
        self.start_from.setToolTip(start_reason or reason)
        self.name.setText(name)
        place = self.preset.findData(preset)
        if place >= 0:  # a preset of a later version is only a name
            self.preset.setCurrentIndex(place)
            self._description.setText(self._preset().description)
        if not is_new:  # whatever is set here is not what it was begun with
            self._has_own_epochs = False
            self._plan = training
            self.advanced.show_training(training)
        self.epochs.set_value(training.epochs)
        self._explain_epochs(goes_on=bool(start_from), is_own=self._has_own_epochs or not is_new)
        place = self.corpus.findText(corpus_name)
        if place >= 0:
            self.corpus.setCurrentIndex(place)
            self._show_corpus()
        self._has_own_name = False

    def show_run(self, facts: RunFacts | None) -> None:
        """How the pieces were divided, once that is known."""
        corpus = self._chosen_corpus()
        if facts is not None:
            self._studies.setText(counted(facts.studied, "piece", "pieces"))
            self._held_out.setText(counted(facts.held_out, "piece", "pieces"))
            self._words.setText(grouped(facts.words))
            return
        share = self._preset().training.held_out
        pieces = corpus.pieces if corpus else 0
        aside = max(1, round(pieces * share)) if pieces > 1 else 0
        about = self.tr("about {pieces}")
        self._studies.setText(about.format(pieces=counted(pieces - aside, "piece", "pieces")) if pieces else "–")
        self._held_out.setText(about.format(pieces=counted(aside, "piece", "pieces")) if pieces else "–")
        self._words.setText(self.tr("counted at the start"))

    def set_own_seed(self, *, available: bool) -> None:
        """Whether Compose holds a seed that could be answered."""
        self._has_own_seed = available
        self.seed_kind.setEnabled(available and not self._is_locked)
        if not available:
            self.seed_kind.set_current("theirs")

    def show_seed(self, notes: Sequence[Note], words: str, *, bar: int = 1920) -> None:
        """The seed being answered; none while it isn't known yet."""
        self.seed_roll.setVisible(bool(notes))
        self.seed_play.setVisible(bool(notes))
        if notes:
            end = max(note.end for note in notes)
            self.seed_roll.set_notes(notes, span=(0, -(-end // bar) * bar), bar=bar)
        self._seed_words.setText(words or self.tr("Chosen when training starts"))

    def set_seed_playing(self, *, playing: bool) -> None:
        self.seed_play.setChecked(playing)
        self.seed_play.set_icon("pause" if playing else "play")
        self.seed_play.set_tip(self.tr("Stop") if playing else self.tr("Play the seed"))
        if not playing:
            self.seed_roll.set_playhead(None)

    # What it says

    @property
    def corpus_id(self) -> str:
        return str(self.corpus.currentData() or "")

    def choices(self) -> TrainingChoices | None:
        """What is chosen; None while there is no corpus."""
        if not self.corpus_id:
            return None
        return TrainingChoices(
            corpus_id=self.corpus_id,
            preset=self._preset().name,
            name=self.name.text().strip() if self._has_own_name else "",
            epochs=self.epochs.value if self._has_own_epochs else None,
            start_from=str(self.start_from.currentData()),
            training=self.advanced.changed_from(self._plan),
            uses_own_seed=self.seed_kind.current == "yours",
        )

    # Within

    def _preset(self) -> Preset:
        return PRESETS[self.preset.currentData()]

    def _chosen_corpus(self) -> CorpusFacts | None:
        return next((corpus for corpus in self._corpora if corpus.id == self.corpus_id), None)

    def _show_preset(self) -> None:
        preset = self._preset()
        self._description.setText(preset.description)
        self.advanced.show_training(self._plan)
        self._show_plan()
        self.changed.emit()

    def _show_plan(self) -> None:
        """Show what the preset comes to for the collection: how often few pieces are read, and what it starts from."""
        goes_on, tip = self._start()
        self.start_from.setToolTip(tip)
        if self.unknown is not None:
            self.known_share_wanted.emit()
        corpus, training = self._chosen_corpus(), self._preset().training
        if corpus is not None and corpus.notes:
            training = longer(training, events=round(corpus.notes * (1 - training.held_out)))
            training = shorter(training) if goes_on else training
        is_untouched = self.advanced.changed_from(self._plan) is None
        self._plan = training
        if is_untouched:
            self.advanced.show_training(training)
        if not self._has_own_epochs:
            self.epochs.set_value(training.epochs)
        self._explain_epochs(goes_on=goes_on, is_own=self._has_own_epochs)

    def _explain_epochs(self, *, goes_on: bool, is_own: bool) -> None:
        usual, epochs = self._preset().training.epochs, self.epochs.value
        if epochs < usual and goes_on:
            words = self.tr("{usual} are usual. It goes on from a model, so fewer will do.")
        else:
            words = self.tr("{usual} are usual. These pieces are few, so it reads them more often.")
        self._epochs_words.setText(words.format(usual=usual))
        self._epochs_words.setVisible(epochs != usual and not is_own)

    def _start(self) -> tuple[bool, str]:
        """Whether it goes on from a model, for the collection and the manner chosen, and a sentence that says so."""
        corpus, chosen = self._chosen_corpus(), self.start_from.currentData()
        if chosen == "":
            return False, self._from_nothing()
        if chosen != AUTOMATIC:
            return True, self.tr("It goes on from “{name}”.").format(name=self.start_from.currentText())
        if corpus is None:
            return False, self.tr("The starter model where the pieces are few melodies, else nothing.")
        suits = self._suits(corpus, self._known.get((corpus, self._preset().name), 0.0))
        tip = suits.reason
        if suits.from_starter:
            tip += self.tr(" Should it have studied these very pieces, nothing is started from.")
        return suits.from_starter, tip

    def _suits(self, corpus: CorpusFacts, known_share: float) -> Start:
        return suiting_start(
            self._starter,
            self._preset().name,
            notes=corpus.notes,
            has_chords=not corpus.learns_melody,
            known_share=known_share,
        )

    def _from_nothing(self) -> str:
        return self.tr("It starts from nothing and learns from these pieces alone.")

    def _show_corpus(self) -> None:
        corpus = self._chosen_corpus()
        if corpus is None:
            self._corpus_facts.setText(self.tr("There are no pieces yet. Bring some in under Pieces."))
            self._lines.setText("–")
        else:
            self._corpus_facts.setText(
                f"{counted(corpus.pieces, 'piece', 'pieces')} · {counted(corpus.notes, 'note', 'notes')}"
            )
            self._lines.setText(self.tr("the melody") if corpus.learns_melody else self.tr("all notes"))
        if not self._is_locked:
            if not self._has_own_name:
                self.name.setText(corpus.name if corpus else "")
            self.show_run(None)
            self._show_plan()

    def _on_corpus(self) -> None:
        self._show_corpus()
        self.corpus_chosen.emit(self.corpus_id)
        self.changed.emit()

    def _on_name(self, text: str) -> None:
        self._has_own_name = bool(text.strip())

    def _on_epochs(self) -> None:
        self._has_own_epochs = True
        self._epochs_words.hide()

    def _on_seed_play(self) -> None:
        self.seed_play.setChecked(False)  # the transport has the last word
        self.seed_play_requested.emit()
