"""The Compose workspace: editor bar, piano roll, takes tray and Generate panel, and what happens between them."""

import dataclasses
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from core.errors import AppError, DamagedError, SpecError
from core.loading.json_values import build
from core.music.keys import longest_signature
from core.music.score import Note
from core.music.timing import bar_starts, continuation_start, position_at
from gui import messages, theme
from gui.actions import Actions
from gui.document import Document
from gui.editor_bar import EditorBar
from gui.generating import Generator
from gui.generation.options import GenerationOptions, PanelSettings, scale_around
from gui.generation.panel import GeneratePanel
from gui.generation.tray import TakesTray
from gui.messages import Message, MessageAction
from gui.piano_roll.editor import PianoRollEditor
from gui.playback import DOCUMENT, Playback
from gui.preferences import Preferences
from gui.takes import MadeBy

if TYPE_CHECKING:
    from core.learning.generation.generation import Take
    from core.learning.models.library import ModelRecord

_NEXT_FRAME_MS = 10
"""The first take's card and the roll are painted in frames of their own."""


class ComposeWorkspace(QWidget):
    """Lays out the four parts and carries intentions from one to the other."""

    status_changed = Signal(str)
    hint_changed = Signal()
    midi_dropped = Signal(object)
    """A path dropped on the roll: it becomes the seed."""

    def __init__(
        self,
        document: Document,
        actions: Actions,
        generator: Generator,
        playback: Playback,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._actions = document, actions
        self._generator, self._playback, self._preferences = generator, playback, preferences
        self._copied: frozenset[Note] = frozenset()
        self._plays_next = False
        self._is_wanted = False
        self._models_known = False
        self._expected = self._arrived = 0
        self.bar = EditorBar(actions)
        self.roll = PianoRollEditor(document)
        self.tray = TakesTray(document.takes)
        self.panel = GeneratePanel()
        self._lay_out()
        self._connect_actions()
        self._connect_parts()
        self._connect_generator()
        self._connect_playback()
        self._on_document_changed()

    def _lay_out(self) -> None:
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.roll, 1)
        self._upright = QSplitter(Qt.Orientation.Vertical)
        self._upright.addWidget(upper)
        self._upright.addWidget(self.tray)
        self._upright.setStretchFactor(0, 1)
        self._upright.setCollapsible(0, False)  # noqa: FBT003 -- Qt's signature
        self._upright.setCollapsible(1, False)  # noqa: FBT003 -- Qt's signature
        self._across = QSplitter(Qt.Orientation.Horizontal)
        self._across.addWidget(self._upright)
        self._across.addWidget(self.panel)
        self._across.setStretchFactor(0, 1)
        self._across.setCollapsible(0, False)  # noqa: FBT003 -- Qt's signature
        self._across.setCollapsible(1, False)  # noqa: FBT003 -- Qt's signature
        for splitter in (self._upright, self._across):
            splitter.setHandleWidth(1)
            splitter.setChildrenCollapsible(False)
        self._upright.setSizes([700, theme.metric("size.takes_tray.default")])
        self._across.setSizes([1200, theme.metric("size.right_panel.default")])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._across)

    # Wiring

    def _connect_actions(self) -> None:
        actions, commands = self._actions, self.roll.commands
        for name, act in {
            "cut": commands.cut,
            "copy": commands.copy,
            "paste": commands.paste,
            "duplicate": commands.duplicate,
            "delete": commands.delete,
            "select_all": commands.select_all,
            "select_none": commands.select_none,
            "invert_selection": commands.invert_selection,
            "quantise": commands.quantise,
            "quantise_how": self.roll.ask_how_to_quantise,
            "semitone_up": lambda: commands.transpose(1),
            "semitone_down": lambda: commands.transpose(-1),
            "octave_up": lambda: commands.transpose(12),
            "octave_down": lambda: commands.transpose(-12),
            "earlier": lambda: commands.nudge(-1),
            "later": lambda: commands.nudge(1),
            "shorter": lambda: commands.lengthen(-1),
            "longer": lambda: commands.lengthen(1),
            "louder": lambda: commands.change_velocity(1),
            "softer": lambda: commands.change_velocity(-1),
            "tool_select": lambda: self.roll.set_tool("select"),
            "tool_draw": lambda: self.roll.set_tool("draw"),
            "tool_erase": lambda: self.roll.set_tool("erase"),
            "toggle_draw": self._toggle_draw,
            "zoom_in": self.roll.zoom_in,
            "zoom_out": self.roll.zoom_out,
            "zoom_fit": self.roll.fit,
            "generate": self.generate,
            "stop_generating": self._generator.stop,
            "next_take": lambda: self.tray.step(1),
            "previous_take": lambda: self.tray.step(-1),
            "keep_take": self.tray.keep_current,
            "discard_takes": self.tray.discard_shown,
            "loop_selection": self._loop_selection,
        }.items():
            actions[name].triggered.connect(lambda _checked=False, act=act: act())
        stack = self._document.undo_stack
        for name, slot, changed, words_changed, rename in (
            ("undo", stack.undo, stack.canUndoChanged, stack.undoTextChanged, self._name_undo),
            ("redo", stack.redo, stack.canRedoChanged, stack.redoTextChanged, self._name_redo),
        ):
            actions[name].triggered.connect(lambda _checked=False, slot=slot: slot())
            changed.connect(actions[name].setEnabled)
            words_changed.connect(rename)
            actions[name].setEnabled(False)
        actions["show_velocity"].setChecked(True)
        actions["show_velocity"].triggered.connect(self.roll.show_velocity_lane)
        self.roll.velocity_lane_toggled.connect(actions["show_velocity"].setChecked)
        actions["show_tray"].setChecked(True)
        actions["show_tray"].toggled.connect(self.tray.setVisible)
        actions["show_panel"].setChecked(True)
        actions["show_panel"].toggled.connect(self.panel.setVisible)

    def _connect_parts(self) -> None:
        document, roll = self._document, self.roll
        self.bar.tool_chosen.connect(roll.set_tool)
        self.bar.snap_chosen.connect(roll.set_snap)
        self.bar.scale_chosen.connect(roll.set_scale)
        self.bar.color_chosen.connect(self._on_color_chosen)
        roll.tool_changed.connect(self._on_tool_changed)
        roll.status_changed.connect(self.status_changed)
        roll.midi_dropped.connect(self.midi_dropped)
        self._on_tool_changed("select")
        document.changed.connect(self._on_document_changed)
        document.replaced.connect(self._on_replaced)
        document.preview_changed.connect(self._on_preview_changed)
        self.tray.auditioned.connect(document.set_preview)
        self.tray.play_requested.connect(self._on_play_take)
        self.tray.kept.connect(self._on_kept)
        self.tray.shown_changed.connect(self.panel.set_takes_on_show)
        self.tray.discarded.connect(self._on_discarded)
        for changed in (document.changed, document.preview_changed, self.tray.shown_changed, roll.tool_changed):
            changed.connect(self.hint_changed)

    def _connect_generator(self) -> None:
        generator, panel, document = self._generator, self.panel, self._document
        panel.generate_requested.connect(self._on_generate)
        panel.stop_requested.connect(generator.stop)
        panel.model_chosen.connect(self._on_model_chosen)
        panel.options_changed.connect(self._note_settings)
        generator.models_listed.connect(self._on_models)
        generator.take_arrived.connect(self._on_take)
        generator.echo_found.connect(self.tray.set_echo)
        generator.fingerprint_found.connect(document.takes.name_model)
        generator.finished.connect(self._on_finished)
        generator.failed.connect(self._on_failed)
        generator.unknown_found.connect(self._on_unknown)
        generator.surprise_found.connect(self.roll.set_surprise)
        self._actions["stop_generating"].setEnabled(False)

    def _connect_playback(self) -> None:
        playback, roll = self._playback, self.roll
        roll.seek_requested.connect(self._on_seek)
        roll.loop_requested.connect(self._on_loop)
        roll.note_auditioned.connect(self._on_audition)
        playback.moved.connect(self._on_moved)
        playback.state_changed.connect(self._on_playback_state)

    @property
    def awaits_takes(self) -> bool:
        """Whether takes are being made, or are to be as soon as there is a model."""
        return self._generator.is_busy or self._is_wanted

    @property
    def hint(self) -> str:
        """What can be done next, in a line."""
        if self._generator.is_busy:
            return self.tr("Takes are being made; editing and playing go on")
        if self._document.preview is not None:
            return self.tr("[ and ] show the other takes, Ctrl+Enter keeps this one, Esc takes it away")
        if not self._document.notes:
            if self.bar.tools.current == "draw":
                return self.tr("Click to write a note, or drop a .mid on the roll")
            return self.tr("Double-click to write a note, or drop a .mid on the roll")
        if not self.panel.is_ready:
            return self.tr("There is no model yet: train one on your own pieces") if self._models_known else ""
        if self.tray.takes:
            return self.tr("[ and ] show the takes, G makes others")
        return self.tr("Press G to continue the melody, Space to play")

    # The document

    def _on_document_changed(self) -> None:
        document = self._document
        self._playback.set_document(document.heard_score)
        start = continuation_start(document.score, document.part)
        bars = position_at(document.score, start - 1).bar if start else 0
        self.panel.set_seed(document.notes, continues_after_bar=bars, signature=longest_signature(document.score))
        self._generator.set_seed(document.score, document.part)

    def _on_replaced(self) -> None:
        self._generator.cancel()
        self.tray.show_opened()
        if self._document.settings:
            with suppress(DamagedError):  # then the panel stays as it is
                self.panel.restore(build(PanelSettings, dict(self._document.settings), lenient=True))
        self._note_settings()
        self._copied = frozenset()
        self.roll.set_copied(self._copied)
        self._playback.pause()
        self._playback.set_loop(None, loops=False)
        self._playback.seek(0)
        notes = self._document.notes
        scale = scale_around(notes, signature=longest_signature(self._document.score))[0] if notes else None
        self.bar.show_scale(scale)
        self.roll.set_scale(scale)
        self.roll.fit()

    def _note_settings(self) -> None:
        """The panel's choices are kept with the document."""
        self._document.settings = dataclasses.asdict(self.panel.settings())

    def _on_preview_changed(self) -> None:
        preview = self._document.preview
        self.tray.set_on_roll(preview)
        self._playback.set_document(self._document.heard_score)
        self._on_playback_state()
        if preview is not None:
            self.roll.reveal(preview.start)

    def _name_undo(self, words: str) -> None:
        self._actions["undo"].setText(f"{self.tr('Undo')}: {words}" if words else self.tr("Undo"))

    def _name_redo(self, words: str) -> None:
        self._actions["redo"].setText(f"{self.tr('Redo')}: {words}" if words else self.tr("Redo"))

    # Takes

    def generate(self, *, plays: bool = False) -> None:
        """Ask the panel for takes; plays: let the first one be heard as soon as it is there."""
        self._plays_next = plays
        self._is_wanted = False
        if self.panel.is_ready:
            self.panel.start()
        elif not self._models_known:
            self._is_wanted = True  # asked for before the library was read: it is done as soon as it can be
        elif not self._generator.is_busy:
            messages.note(self.tr("Draw a few notes first: the model continues them."))

    def _on_generate(self, options: GenerationOptions) -> None:
        document = self._document
        try:
            request = options.request(document.score, document.part)
        except SpecError as error:
            self.panel.show_problem(error.sentence)
            return
        words = self.tr("Adventurousness {temperature} · random seed {seed}").format(
            temperature=f"{options.temperature:.2f}", seed=f"{options.random_seed:,}".replace(",", "\u2009")
        )
        document.set_preview(None)
        messages.note("")  # what was said of the batch before
        record = self.panel.model.record
        made_by = MadeBy(options.model_id, record.name if record is not None else "")
        self.tray.begin_batch(words, takes=options.takes, made_by=made_by)
        self._note_settings()
        self.panel.set_generating(generating=True, done=0, takes=options.takes)
        self._actions["stop_generating"].setEnabled(True)
        self._actions["generate"].setEnabled(False)
        self._expected, self._arrived = options.takes, 0
        self._generator.start(options.model_id, request)
        self.hint_changed.emit()

    def _on_take(self, take: "Take") -> None:
        self._arrived += 1
        self.tray.add_take(take)
        self.panel.set_generating(generating=True, done=self._arrived, takes=self._expected)
        if take.redrawn_from_bar is not None:
            messages.note(
                self.tr("Take {letter} got stuck. It was drawn again from bar {bar}.").format(
                    letter=take.letter, bar=take.redrawn_from_bar
                )
            )
        if self._arrived == 1:
            QTimer.singleShot(_NEXT_FRAME_MS, self, lambda: self._show_first(take))

    def _show_first(self, take: "Take") -> None:
        """Put the first take of a batch on the roll, and let it be heard if that is wanted."""
        is_there = any(each is take for each in self.tray.takes)
        if not is_there:  # another document was opened, or the batch discarded, within this frame
            return
        self._document.set_preview(take)
        if self._plays_next:
            self._playback.play_document(0)
        elif self._preferences.settings.plays_takes_on_arrival:
            self._playback.play_document(take.start)

    def _on_finished(self) -> None:
        self.tray.finish_batch()
        self.panel.set_generating(generating=False)
        self._actions["stop_generating"].setEnabled(False)
        self._actions["generate"].setEnabled(True)
        self.hint_changed.emit()

    def _on_failed(self, error: AppError) -> None:
        if isinstance(error, SpecError):
            self.panel.show_problem(str(error))
        else:
            messages.post_failure(error)

    def _on_kept(self, take: "Take") -> None:
        self._copied |= take.copied_notes
        self._document.keep_take(take)
        self.roll.set_copied(self._copied)

    def _on_discarded(self) -> None:
        self._document.set_preview(None)
        messages.post(
            Message(
                self.tr("The takes were discarded."),
                actions=(MessageAction(self.tr("Bring them back"), self.tray.restore_discarded),),
                lasts_ms=8000,
            )
        )

    def _on_play_take(self, take: "Take") -> None:
        playback = self._playback
        if playback.playing == DOCUMENT and self._document.preview is take:
            playback.pause()
        else:
            self._document.set_preview(take)
            playback.play_document(take.start)

    def _on_models(self, records: "tuple[ModelRecord, ...]") -> None:
        wanted = (self.panel.wanted_model, self._preferences.settings.last_model)
        # One that is still learning can be composed with too, by its best epoch so far, once it was asked for.
        ready = [
            record
            for record in records
            if record.state == "ready" or (record.state == "unfinished" and record.id in wanted)
        ]
        self.panel.set_models(ready)
        choice = next((model_id for model_id in wanted if self.panel.model.offers(model_id)), "")
        if choice and self.panel.request_options().model_id != choice:
            self.panel.choose_model(choice)
        self._models_known = True
        self.hint_changed.emit()
        if self._is_wanted:
            self.generate(plays=self._plays_next)

    def _on_model_chosen(self, model_id: str) -> None:
        self._generator.choose_model(model_id)
        self._preferences.change(last_model=model_id)
        self._note_settings()

    def _on_unknown(self, unknown: frozenset[Note]) -> None:
        """What a model wrote is not new to it, even where the last barline cut a note to a length that it never met."""
        strange = unknown - self._document.generated
        self.panel.set_unknown(strange)
        self.roll.set_unknown(strange)

    # The transport

    def _on_moved(self, tick: float) -> None:
        if self._playback.source == DOCUMENT:
            self.roll.set_playhead(tick)
            self.tray.set_playhead(tick)

    def _on_playback_state(self) -> None:
        playback = self._playback
        is_playing = playback.playing == DOCUMENT
        self.roll.set_playing(is_playing=is_playing)
        self.tray.set_playing(self._document.preview if is_playing else None)
        self.roll.set_loop(playback.loop if playback.loops else None)

    def _on_seek(self, tick: int) -> None:
        self._playback.show_document()
        self._playback.seek(tick)

    def _on_loop(self, loop: tuple[int, int] | None) -> None:
        self._playback.set_loop(loop, loops=loop is not None)

    def _loop_selection(self) -> None:
        """Loop the bars that hold the selected notes."""
        selected = self._document.selection
        if selected:
            start, end = min(note.onset for note in selected), max(note.end for note in selected)
            bars = bar_starts(self._document.score, end)
            loop = max(bar for bar in bars if bar <= start), min(bar for bar in bars if bar >= end)
            self._playback.set_loop(loop, loops=True)

    def _on_audition(self, pitch: int, velocity: int) -> None:
        part = self._document.score.parts[self._document.part]
        self._playback.audition(pitch, velocity, program=part.program, is_drums=part.is_drums)

    # Looks

    def _on_color_chosen(self, key: str) -> None:
        self._generator.set_wants_surprise(wants=key == "surprise")
        self.roll.set_color_by(key)  # type: ignore[arg-type]  # the bar's segments are its three choices

    def _on_tool_changed(self, tool: str) -> None:
        self.bar.set_tool(tool)
        for name in ("select", "draw", "erase"):
            self._actions[f"tool_{name}"].setChecked(name == tool)

    def _toggle_draw(self) -> None:
        self.roll.set_tool("select" if self.bar.tools.current == "draw" else "draw")

    def regions(self) -> tuple[QWidget, ...]:
        """The parts that F6 goes round, in reading order."""
        parts: tuple[QWidget, ...] = (self.bar, self.roll, self.tray, self.panel)
        return tuple(part for part in parts if part.isVisible())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._document.preview is not None:
            self._document.set_preview(None)
        else:
            super().keyPressEvent(event)
