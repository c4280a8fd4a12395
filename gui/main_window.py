"""The window: menu row, top bar, message strip, the workspaces, status bar, and the way from one to another."""

import base64
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from core import paths
from core.errors import AppError
from core.tasks import Control
from gui import messages, theme
from gui.actions import IN_COMPOSE, Actions
from gui.arrivals import Arrivals
from gui.check_page import Checking
from gui.compose import ComposeWorkspace
from gui.controls import pitches
from gui.controls.buttons import shortcut_words
from gui.controls.drops import accept_copy
from gui.document import Document, Work
from gui.drop_frame import DropFrame, dropped_files
from gui.file_actions import Dialogs, FileActions
from gui.first_page import FirstPage
from gui.generating import Generator
from gui.handbook import open_page
from gui.jobs import JobRunner
from gui.menu_row import MenuRow, StatusBar
from gui.message_pile import MessagePile
from gui.messages import Message
from gui.playback import Playback
from gui.preferences import Preferences
from gui.project_file import Opened, read_document
from gui.recovery import Autosave
from gui.regions import focus_region
from gui.settings_dialog import SettingsDialog
from gui.shortcuts_page import ShortcutsPage
from gui.tempo_metre import TempoMetre
from gui.tour import Stop, Tour
from gui.transport_bar import TransportBar
from gui.unsaved_work import UnsavedWork

if TYPE_CHECKING:  # loaded after the first paint
    from gui.workspaces import Workspaces

_TITLE_BAR = 40
"""What the desktop puts around a window, at most."""


class MainWindow(QMainWindow):
    """One window over one document. Pieces and Train are built when the first paint is over."""

    painted = Signal()
    """The window has been painted for the first time."""
    closing = Signal()
    """Nothing is taken on any more; what runs is being ended."""

    def __init__(
        self,
        document: Document,
        preferences: Preferences,
        jobs: JobRunner,
        playback: Playback,
        generator: Generator,
        autosave: Autosave,
        *,
        dialogs: Dialogs | None = None,
    ) -> None:
        super().__init__()
        self._document, self._preferences, self._jobs = document, preferences, jobs
        self._playback, self._generator, self._autosave = playback, generator, autosave
        self._is_closing = False
        self._leaves_copy = False
        self._told_of_no_sound = False
        self._is_training = False
        self._awaits_seed = False
        self._wanted: Callable[[], None] | None = None
        self._tour_is_due = False
        self._tour_came_from: QWidget | None = None
        self.actions_ = Actions(self)
        self._dialogs = dialogs or Dialogs(self)
        self.files = FileActions(document, self.actions_, jobs, preferences, self._dialogs)
        self.arrivals = Arrivals(
            self,
            open_document=self.files.open,
            import_paths=self.import_paths,
            import_model=lambda path: self._built().library.import_file(path),
        )
        self.unsaved_work = UnsavedWork(document, self.files, autosave, jobs, parent=self)
        self.menu_row = MenuRow(self.actions_)
        self.transport = TransportBar(self.actions_, volume=preferences.settings.volume)
        self.strip = MessagePile()
        self.status = StatusBar()
        self.first_page = FirstPage(shown_at_start=preferences.settings.show_first_page)
        self.compose = ComposeWorkspace(document, self.actions_, generator, playback, preferences)
        self.tempo_metre = TempoMetre(document, self)
        self.checking = Checking(jobs, lambda: playback.device, window=self)
        self.others: Workspaces | None = None
        self._was_painted = False
        self.stack = QStackedWidget()
        self._drop_frame = DropFrame(self)
        self.tour = Tour(self, self._tour_stops)
        self._lay_out()
        self._connect()
        self._show_place()
        self._show_part()

    def _lay_out(self) -> None:
        self.setWindowTitle("Ritornello")
        self.setMinimumSize(*(theme.metric(f"size.window_min.{index}") for index in (0, 1)))
        self.setAcceptDrops(True)
        self.setMenuWidget(self.menu_row)
        self.stack.addWidget(self.first_page)
        self.stack.addWidget(self.compose)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.transport, self.strip):
            column.addWidget(part)
        column.addWidget(self.stack, 1)
        column.addWidget(self.status)
        self.setCentralWidget(middle)
        geometry = self._preferences.settings.window_geometry
        if not (geometry and self.restoreGeometry(QByteArray(base64.b64decode(geometry)))):
            self.resize(self._fitting_size())

    def _fitting_size(self) -> QSize:
        screen = QGuiApplication.primaryScreen()
        room = screen.availableGeometry().size() if screen is not None else QSize(1600, 1000)
        return QSize(1600, 1000).boundedTo(room - QSize(0, _TITLE_BAR))

    # Wiring

    def _connect(self) -> None:
        document, playback, actions = self._document, self._playback, self.actions_
        document.place_changed.connect(self._show_place)
        document.changed.connect(self._show_part)
        document.changed.connect(self._show_readout)
        self.files.opened.connect(self.show_compose)
        self.files.fill_recent(self.menu_row.recent)
        self.compose.status_changed.connect(self.status.show_pointed)
        self.compose.hint_changed.connect(self._show_hint)
        self.compose.midi_dropped.connect(self.files.open_as_seed)
        self.transport.workspace_chosen.connect(self.show_workspace)
        self.transport.volume_changed.connect(self._on_volume)
        self.transport.job_clicked.connect(lambda: self.show_workspace("train"))
        self.transport.tempo_clicked.connect(lambda: self.tempo_metre.ask_tempo(self._tick))
        self.transport.metre_clicked.connect(lambda: self.tempo_metre.ask_metre(self._tick))
        self.transport.sound_check_requested.connect(playback.check_device)
        playback.moved.connect(self._on_moved)
        playback.state_changed.connect(self._on_playback_state)
        playback.device_changed.connect(self._on_device)
        messages.center().noted.connect(self.status.note)
        self._generator.models_listed.connect(self._show_model)  # after Compose has chosen
        self.compose.panel.model_chosen.connect(self._show_model)
        self.unsaved_work.words_changed.connect(self.menu_row.show_saved)
        self.unsaved_work.restored.connect(self.show_compose)
        self._preferences.changed.connect(self._on_preferences)
        self._connect_first_page()
        self._generator.finished.connect(self._show_due_tour)
        self.tour.ended.connect(self._leave_tour)
        for name, act in {
            "play": self._toggle_play,
            "to_start": lambda: playback.seek(0),
            "to_end": lambda: playback.seek(document.heard_score.end),
            "add_folder": self._add_folder,
            "add_files": self._add_files,
            "settings": self._open_settings,
            "quit": self.close,
            "train": lambda: self.show_workspace("train"),
            "models": lambda: self._built().library.open(),
            "about_model": self._open_about_model,
            "import_model": lambda: self._built().library.choose_import(),
            "deleted_models": lambda: self._built().library.open_trash(),
            "deleted_collections": lambda: self._built().corpus.open_trash(),
            "show_pieces": lambda: self.show_workspace("pieces"),
            "show_train": lambda: self.show_workspace("train"),
            "show_compose": lambda: self.show_workspace("compose"),
            "first_page": lambda: self.show_first_page(),
            "handbook": open_page,
            "tour": self._open_tour,
            "keys": self._open_keys,
            "check_computer": self.checking.open,
            "about": self._open_about,
            "next_region": lambda: self._go_to_region(1),
            "previous_region": lambda: self._go_to_region(-1),
        }.items():
            actions[name].triggered.connect(lambda _checked=False, act=act: act())
        actions["loop"].triggered.connect(self._on_loop)
        actions["metronome"].triggered.connect(lambda on: playback.set_metronome(metronome=on))
        actions["full_screen"].triggered.connect(lambda on: self.showFullScreen() if on else self.showNormal())
        actions["play_takes"].setChecked(self._preferences.settings.plays_takes_on_arrival)
        actions["play_takes"].triggered.connect(lambda on: self._preferences.change(plays_takes_on_arrival=on))

    def _connect_first_page(self) -> None:
        page = self.first_page
        page.continue_requested.connect(self.continue_seed)
        page.play_requested.connect(lambda: self._with_seed(self._toggle_play))
        page.folder_requested.connect(self._add_folder)
        page.samples_requested.connect(self._add_samples)
        page.open_requested.connect(self.files.choose)
        page.empty_requested.connect(self.files.new)
        page.keys_requested.connect(self._open_keys)
        page.shown_at_start_changed.connect(lambda shown: self._preferences.change(show_first_page=shown))
        self.actions_["generate"].triggered.connect(self._on_generate_key)

    @property
    def jobs(self) -> JobRunner:
        """For what is looked after outside the window."""
        return self._jobs

    def prepare_rest(self) -> None:
        """After the first paint: read what the first takes need, and make the other workspaces when they are loaded."""
        self._generator.list_models()
        self._jobs.run(_load_rest, on_done=lambda _modules: self.build_rest())

    def build_rest(self) -> None:
        """Make the workspaces that the first paint did without, and ready what the first note needs."""
        if self.others is not None:
            return
        from gui.workspaces import Workspaces

        others = self.others = Workspaces(self._document, self._jobs, self._playback, window=self)
        self.stack.addWidget(others.pieces)
        self.stack.addWidget(others.train)
        others.requested.connect(self.show_workspace)
        others.compose_requested.connect(self._compose_with)
        others.models_changed.connect(self._generator.list_models)
        others.training_changed.connect(self._on_training)
        self._playback.warm_up()

    def _built(self) -> "Workspaces":
        self.build_rest()
        if self.others is None:
            raise RuntimeError("the workspaces are built by now")
        return self.others

    # Workspaces

    def show_workspace(self, key: str) -> None:
        """Show "pieces", "train" or "compose"."""
        others = self._built()
        page = {"pieces": others.pieces, "train": others.train, "compose": self.compose}[key]
        if key == "compose":
            self._playback.show_document()
        self._show_page(page, key)

    def _compose_with(self, model_id: str) -> None:
        self._preferences.change(last_model=model_id)
        self._generator.list_models()
        self.compose.panel.choose_model(model_id)
        self.show_compose()

    def _show_model(self) -> None:
        self.first_page.set_model(self.compose.panel.model.record)

    def _on_training(self, words: str, share: float) -> None:
        self._is_training = bool(words)
        self.transport.show_job(share if words else None, self.tr("Training"), words)
        self._show_hint()

    def show_compose(self) -> None:
        self.show_workspace("compose")
        self.compose.roll.setFocus(Qt.FocusReason.OtherFocusReason)

    def start_in_compose(self) -> None:
        """Show Compose before anything else is built."""
        self._show_page(self.compose, "compose")

    def show_first_page(self, *, awaits_seed: bool = False) -> None:
        """The page of the first start, with what the document holds as the seed. awaits_seed: with one still to be read."""
        self._show_page(self.first_page, "compose")
        self._awaits_seed = self._awaits_seed or awaits_seed
        if not self._awaits_seed:
            self.first_page.set_seed(self._document.notes)
        self.first_page.focus()

    def _show_page(self, page: QWidget, key: str) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and page is not self.stack.currentWidget() and self.stack.isAncestorOf(focused):
            focused.clearFocus()  # else Qt hands it on as if by Tab, and a ring appears on what nobody asked for
        self.stack.setCurrentWidget(page)
        self.transport.workspaces.set_current(key)
        for name in ("pieces", "train", "compose"):
            self.actions_[f"show_{name}"].setChecked(name == key)
        is_compose = page is self.compose
        for name in IN_COMPOSE:
            self.actions_[name].setEnabled(is_compose)
        if is_compose:
            stack = self._document.undo_stack
            self.actions_["undo"].setEnabled(stack.canUndo())
            self.actions_["redo"].setEnabled(stack.canRedo())
        self.actions_["generate"].setEnabled(is_compose or self.shows_first_page)
        self.status.show_pointed("")
        self._show_hint()
        QTimer.singleShot(0, self, self._show_due_tour)  # once it is known whether takes are being made

    def _show_hint(self) -> None:
        page = self.stack.currentWidget()
        if page is self.compose:
            words = self.compose.hint
        elif page is self.first_page:
            words = self.tr("Press G to continue the melody, Space to play") if self.compose.panel.is_ready else ""
        elif self.actions_["show_pieces"].isChecked():
            words = self.tr("Drop MIDI files, a folder or a .zip anywhere to bring them in")
        elif self._is_training:
            words = self.tr("A model learns in the background; editing and playing go on")
        else:
            words = self.tr("Choose what it is to learn from, then press Train")
        self.status.set_hint(words)

    @property
    def shows_first_page(self) -> bool:
        return self.stack.currentWidget() is self.first_page

    def read_seed(self) -> None:
        """Read the demonstration seed; it is the document then, unless there is one already."""
        self._jobs.run(lambda _control: _demo_seed(), on_done=self._start_with_seed, on_failed=self._start_without_seed)

    def _start_with_seed(self, opened: Opened) -> None:
        if self._document.path is None and not self._document.notes and not self._document.is_dirty:
            self._document.open(opened.work)
            self.first_page.set_seed(self._document.notes)
        self._end_awaiting()

    def _start_without_seed(self, error: AppError) -> None:
        messages.post_failure(error)
        self.first_page.set_seed(self._document.notes)
        self._end_awaiting()

    def _end_awaiting(self) -> None:
        """Do what was asked for before the seed was read."""
        self._awaits_seed = False
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            wanted()

    def _with_seed(self, act: Callable[[], None]) -> None:
        """Do it now, or as soon as the seed is read: on a slow disk a key is quicker."""
        if self._awaits_seed:
            self._wanted = act
        else:
            act()

    def continue_seed(self) -> None:
        """From the first page: to Compose, with takes that play as soon as they are there."""
        self.show_compose()
        self._with_seed(lambda: self.compose.generate(plays=True))

    def _on_generate_key(self) -> None:
        if self.shows_first_page:
            self.continue_seed()

    # Files and pieces

    def import_paths(self, dropped: Sequence[Path]) -> None:
        """Bring files and folders into Pieces."""
        self._built().import_paths(dropped)

    def _add_folder(self) -> None:
        self.show_workspace("pieces")
        self._built().corpus.choose_folder()

    def _add_files(self) -> None:
        self.show_workspace("pieces")
        self._built().corpus.choose_files()

    def _add_samples(self) -> None:
        self.show_workspace("pieces")
        self._built().corpus.import_samples()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        dropped = dropped_files(event.mimeData())
        if dropped is not None and accept_copy(event):
            self._drop_frame.show_kind(dropped.kind)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        accept_copy(event)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._drop_frame.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_frame.hide()
        dropped = dropped_files(event.mimeData())
        if dropped is None or not accept_copy(event):
            return
        if dropped.kind == "project":
            self.files.open(dropped.paths[0])
        elif dropped.kind == "model":
            self._built().library.import_file(dropped.paths[0])
        else:
            self.import_paths(dropped.paths)

    # The transport

    def _toggle_play(self) -> None:
        self._playback.toggle()

    def _on_loop(self, on: bool) -> None:  # noqa: FBT001 -- an action's triggered(bool)
        loop = self._playback.loop
        if on and loop is None:
            end = self._document.heard_score.end
            loop = (0, end) if end else None
        self._playback.set_loop(loop, loops=on and loop is not None)

    def _on_moved(self, tick: float) -> None:
        self.transport.readout.show_place(self._playback.score, tick)

    def _show_readout(self) -> None:
        self.transport.readout.show_place(self._playback.score, self._playback.tick)

    def _on_playback_state(self) -> None:
        playback = self._playback
        self.transport.show_playing(playing=playback.is_playing)
        self.first_page.set_playing(playing=playback.is_playing)
        self.actions_["loop"].setChecked(playback.loops)
        self.actions_["metronome"].setChecked(playback.metronome)

    def _on_device(self) -> None:
        device = self._playback.device
        if device is None:
            return
        has_sound = device.is_available is not False
        self.transport.show_sound(available=has_sound, sentence=device.sentence)
        if has_sound and device.sentence and paths.soundfont().is_file():  # the start tells of one that is missing
            messages.post(Message(device.sentence, self.tr("Install Ritornello again."), "warning"))
        if not has_sound and not self._told_of_no_sound:
            self._told_of_no_sound = True
            messages.note(self.tr("No sound device found. You can still edit, train, generate and export."))

    def _on_volume(self, volume: float) -> None:
        self._playback.set_volume(volume)
        self._preferences.slide(volume=volume)

    @property
    def _tick(self) -> int:
        return round(self._playback.document_tick)

    # Words

    def _show_place(self) -> None:
        self.menu_row.show_title(self.files.title, is_dirty=self._document.is_dirty)
        self.setWindowTitle(f"{self.files.title}[*] – Ritornello")
        self.setWindowModified(self._document.is_dirty)

    def _show_part(self) -> None:
        part = self._document.score.parts[self._document.part]
        if part.is_drums:
            words = self.tr("Drums")
        elif part.program == 0:
            words = self.tr("Grand piano, built in")
        else:
            words = part.name or self.tr("Instrument {number}").format(number=part.program + 1)
        self.status.show_right(words)

    # Dialogs and settings

    def _open_settings(self) -> None:
        dialog = SettingsDialog(self._preferences, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _open_keys(self) -> None:
        page = ShortcutsPage(self)
        page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        page.open()

    def _open_about_model(self) -> None:
        model_id = self.compose.panel.request_options().model_id
        if model_id:
            self._built().library.about(model_id)
        else:
            messages.note(self.tr("There is no model yet. Train one on your own pieces first."))

    def _open_about(self) -> None:
        QMessageBox.about(
            self,
            self.tr("About Ritornello"),
            self.tr(
                "Ritornello learns from MIDI files you choose and continues what you draw on the piano roll. "
                "It works offline, and your music stays on this computer."
            ),
        )

    def _on_preferences(self) -> None:
        settings = self._preferences.settings
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, settings.theme)
        theme.set_reduced_motion(reduced=settings.reduces_motion)
        pitches.call_middle_c(settings.middle_c)
        self.actions_["play_takes"].setChecked(settings.plays_takes_on_arrival)
        self.first_page.shown_at_start.setChecked(settings.show_first_page)
        self.files.fill_recent(self.menu_row.recent)

    # Going round

    def _go_to_region(self, by: int) -> None:
        """F6: the next part of the window, its first control focused."""
        page = self.stack.currentWidget()
        inner = self.compose.regions() if page is self.compose else (page,)
        card = (self.tour.card,) if self.tour.card is not None else ()
        focus_region([*card, self.transport, *inner], by)

    # The tour

    def offer_tour(self) -> None:
        """Let it come by itself, once, when Compose shows and no takes are being made: never before the first music."""
        self._tour_is_due = not self._preferences.settings.tour_shown
        self._show_due_tour()

    def _show_due_tour(self) -> None:
        is_time = self.stack.currentWidget() is self.compose and not (self._wanted or self.compose.awaits_takes)
        if self._tour_is_due and is_time:
            self._begin_tour(takes_focus=False)

    def _open_tour(self) -> None:
        """From Help: over Compose, and back to where one was."""
        page, focused = self.stack.currentWidget(), QApplication.focusWidget()
        if page is not self.compose:
            self.show_workspace("compose")
            self._tour_came_from = page
        self._begin_tour(takes_focus=True, back_to=focused)

    def _begin_tour(self, *, takes_focus: bool, back_to: QWidget | None = None) -> None:
        self._tour_is_due = False
        self._preferences.change(tour_shown=True)
        self.tour.begin(takes_focus=takes_focus, back_to=back_to or QApplication.focusWidget())

    def _leave_tour(self) -> None:
        page, self._tour_came_from = self._tour_came_from, None
        if page is None or self.stack.currentWidget() is not self.compose:
            return
        if page is self.first_page:
            self.show_first_page()
        else:
            self.show_workspace("pieces" if page is self._built().pieces else "train")

    def _tour_stops(self) -> tuple[Stop, ...]:
        compose, transport = self.compose, self.transport
        keys = {name: shortcut_words(action.shortcut()) for name, action in self.actions_.items()}
        return (
            Stop(
                self.tr("The model answers in amber"),
                self.tr(
                    "{generate} asks for takes. {previous_take} and {next_take} go from one to the next, "
                    "{keep_take} keeps the one you like."
                ).format(**keys),
                compose.tray,
                0.7,
            ),
            Stop(
                self.tr("What you write is blue"),
                self.tr(
                    "Double-click to write a note, drag its ends to change how long it is. Or drop a .mid here. "
                    "{undo} takes anything back."
                ).format(**keys),
                compose.roll,
            ),
            Stop(
                self.tr("Teach it your own music"),
                self.tr(
                    "Drop a folder of MIDI files anywhere. Pieces shows what is in them; Train makes a model of your own, "
                    "and you hear it learn."
                ),
                transport.workspaces,
                0.35,
            ),
            Stop(
                self.tr("Hear it, and take it away"),
                self.tr(
                    "{play} plays, {loop} loops. {export_midi} writes a .mid that opens anywhere; or drag a take by its grip "
                    "into another program."
                ).format(**keys),
                transport.play_button,
            ),
        )

    # Ending

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._document.is_dirty and not self._is_closing:
            event.ignore()
            self.files.confirm_then(self._close_for_good)
            return
        self.closing.emit()
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        self._preferences.change(window_geometry=geometry)
        self._playback.close()
        self._jobs.close()
        if not self._leaves_copy:
            self._autosave.close()  # last: a copy that was being written is there by now
        super().closeEvent(event)

    def save_copy(self) -> Path | None:
        """Keep what is unsaved at once; None if nothing is."""
        return self._autosave.copy_now()

    def doing(self) -> str:
        """What was last asked for and is going on, in a few words: for the report of a bug."""
        words = {
            self.tr("Last asked for: {what}."): self.actions_.last_asked,
            self.tr("Last change: {what}."): self._document.undo_stack.undoText(),
            self.tr("On show: {what}."): self._shown_words(),
            self.tr("Going on: {what}."): ", ".join(self._jobs.busy_lanes),
        }
        return " ".join(template.format(what=what) for template, what in words.items() if what)

    def _shown_words(self) -> str:
        page = self.stack.currentWidget()
        if page is self.first_page:
            return self.tr("the first page")
        shown = next((name for name in ("pieces", "train") if self.actions_[f"show_{name}"].isChecked()), "compose")
        return self.actions_[f"show_{shown}"].text()

    def end_session(self) -> None:
        """The session ends: no question can be asked. Unsaved work stays in the recovery folder for the next start."""
        self._is_closing = True
        self._leaves_copy = self.save_copy() is not None
        self.close()

    def _close_for_good(self) -> None:
        self._is_closing = True
        QTimer.singleShot(0, self.close)  # Qt takes no second close from within the first

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._drop_frame.setGeometry(self.rect())


def _load_rest(_control: Control) -> object:
    """Import what was not needed for the first paint and takes longer than a frame. For a Worker."""
    return tuple(map(importlib.import_module, ("core.playback.player", "gui.workspaces")))


def _demo_seed() -> Opened:
    """The demonstration seed; an empty document where it is missing. For a Worker."""
    seed = paths.demo_seed()
    return read_document(seed) if seed.is_file() else Opened(Work())
