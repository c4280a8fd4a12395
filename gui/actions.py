"""Every action of the window, once: its words, key, icon and menu. Buttons and menus follow these.

What an action does is connected by whoever can do it. Keys written as `key_words` alone are those that the piano roll
answers itself while it has the focus; the menu shows them all the same.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from gui.controls.buttons import shortcut_words

_LOG = logging.getLogger(__name__)


def _tr(text: str) -> str:
    return QCoreApplication.translate("actions", text)


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action as a table row. `menu` is a path such as "View"; "" = no menu. `keys`: the first is shown."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    key_words: str = ""
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    separated: bool = False
    """A line stands above it in its menu."""
    repeats: bool = False
    """Held down, the key repeats it."""
    is_quit: bool = False


MENUS = ("File", "Edit", "Notes", "Play", "Generate", "Model", "View", "Help")

SPECS: tuple[ActionSpec, ...] = (
    ActionSpec("new", "File", "New", ("Ctrl+N",), tip="Start with an empty piano roll"),
    ActionSpec("open", "File", "Open…", ("Ctrl+O",), tip="Open a .mid file or a project", icon="folder-open"),
    ActionSpec("save", "File", "Save", ("Ctrl+S",), separated=True),
    ActionSpec("save_as", "File", "Save as…", ("Ctrl+Shift+S",)),
    ActionSpec(
        "export_midi", "File", "Export .mid…", ("Ctrl+E",), tip="Write what is heard to a .mid file", separated=True
    ),
    ActionSpec("export_wav", "File", "Export .wav…", ("Ctrl+Shift+E",), tip="Write the sound to a .wav file"),
    ActionSpec("add_folder", "File", "Add a folder to Pieces…", ("Ctrl+Shift+O",), icon="folder-plus", separated=True),
    ActionSpec("add_files", "File", "Add files to Pieces…"),
    ActionSpec(
        "deleted_collections",
        "File",
        "Deleted collections…",
        tip="Collections deleted in the last 30 days: take one back",
    ),
    ActionSpec("settings", "File", "Settings…", ("Ctrl+,",), icon="settings", separated=True),
    ActionSpec("quit", "File", "Quit", ("Ctrl+Q",), separated=True, is_quit=True),
    ActionSpec("undo", "Edit", "Undo", ("Ctrl+Z",), icon="undo-2", repeats=True),
    ActionSpec("redo", "Edit", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z"), icon="redo-2", repeats=True),
    ActionSpec("cut", "Edit", "Cut", ("Ctrl+X",), separated=True),
    ActionSpec("copy", "Edit", "Copy", ("Ctrl+C",)),
    ActionSpec("paste", "Edit", "Paste", ("Ctrl+V",)),
    ActionSpec("duplicate", "Edit", "Duplicate", ("Ctrl+D",)),
    ActionSpec("delete", "Edit", "Delete", key_words="Del"),
    ActionSpec("select_all", "Edit", "Select all", ("Ctrl+A",), separated=True),
    ActionSpec("select_none", "Edit", "Select nothing", key_words="Esc"),
    ActionSpec("invert_selection", "Edit", "Invert the selection", ("Ctrl+I",)),
    ActionSpec(
        "tool_select",
        "Notes",
        "Select",
        ("1", "S"),
        tip="Select, move and resize notes",
        icon="mouse-pointer-2",
        checkable=True,
    ),
    ActionSpec(
        "tool_draw",
        "Notes",
        "Draw",
        ("2", "D"),
        tip="Write notes: click, drag for the length",
        icon="pencil",
        checkable=True,
    ),
    ActionSpec("tool_erase", "Notes", "Erase", ("3", "E"), tip="Erase notes", icon="eraser", checkable=True),
    ActionSpec("toggle_draw", "Notes", "Draw or select", ("B",), tip="Change between drawing and selecting"),
    ActionSpec(
        "quantise", "Notes", "Quantise", ("Q",), tip="Move the selected notes' starts to the snap grid", separated=True
    ),
    ActionSpec(
        "quantise_how",
        "Notes",
        "Quantise with strength…",
        ("Shift+Q",),
        tip="Choose how strongly, and whether ends move too",
    ),
    ActionSpec("semitone_up", "Notes", "A semitone up", key_words="Up", separated=True),
    ActionSpec("semitone_down", "Notes", "A semitone down", key_words="Down"),
    ActionSpec("octave_up", "Notes", "An octave up", key_words="Shift+Up"),
    ActionSpec("octave_down", "Notes", "An octave down", key_words="Shift+Down"),
    ActionSpec("earlier", "Notes", "Earlier by the grid", key_words="Left", separated=True),
    ActionSpec("later", "Notes", "Later by the grid", key_words="Right"),
    ActionSpec("shorter", "Notes", "Shorter", key_words="Shift+Left"),
    ActionSpec("longer", "Notes", "Longer", key_words="Shift+Right"),
    ActionSpec("louder", "Notes", "Louder", key_words="+", separated=True),
    ActionSpec("softer", "Notes", "Softer", key_words="−"),
    ActionSpec("play", "Play", "Play or pause", ("Space",), icon="play"),
    ActionSpec("to_start", "Play", "To the start", ("Home", "Return", "Enter"), icon="skip-back"),
    ActionSpec("to_end", "Play", "To the end", ("End",)),
    ActionSpec(
        "loop",
        "Play",
        "Loop",
        ("L",),
        tip="Play the marked bars over and over",
        icon="repeat",
        checkable=True,
        separated=True,
    ),
    ActionSpec(
        "loop_selection",
        "Play",
        "Loop the selection",
        ("Ctrl+L",),
        tip="Mark the bars of the selected notes and loop them",
    ),
    ActionSpec("metronome", "Play", "Metronome", ("M",), tip="Click on every beat", icon="metronome", checkable=True),
    ActionSpec(
        "generate", "Generate", "Generate takes", ("G",), tip="Let the model continue the seed", icon="chevrons-right"
    ),
    ActionSpec("stop_generating", "Generate", "Stop generating"),
    ActionSpec("next_take", "Generate", "Next take", ("]",), separated=True),
    ActionSpec("previous_take", "Generate", "Previous take", ("[",)),
    ActionSpec(
        "keep_take",
        "Generate",
        "Keep the take on the roll",
        ("Ctrl+Return", "Ctrl+Enter"),
        tip="Write the take into the score",
        icon="check",
    ),
    ActionSpec("discard_takes", "Generate", "Discard the takes on show"),
    ActionSpec("play_takes", "Generate", "Play takes as they arrive", checkable=True, separated=True),
    ActionSpec("train", "Model", "Train a model…", icon="graduation-cap"),
    ActionSpec("models", "Model", "Models…", tip="See, rename, share and delete what was trained"),
    ActionSpec(
        "about_model",
        "Model",
        "About this model",
        tip="What the model chosen under Generate learnt from, how good it is, how it works and what it can't do",
        icon="info",
    ),
    ActionSpec("import_model", "Model", "Add a model from a file…"),
    ActionSpec("deleted_models", "Model", "Deleted models…", tip="Models deleted in the last 30 days: take one back"),
    ActionSpec("show_pieces", "View", "Pieces", ("Ctrl+1",), icon="library", checkable=True),
    ActionSpec("show_train", "View", "Train", ("Ctrl+2",), icon="graduation-cap", checkable=True),
    ActionSpec("show_compose", "View", "Compose", ("Ctrl+3",), icon="piano", checkable=True),
    ActionSpec("show_velocity", "View", "Velocity lane", ("V",), checkable=True, separated=True),
    ActionSpec("show_tray", "View", "Takes", ("Ctrl+T",), checkable=True),
    ActionSpec("show_panel", "View", "Generate panel", ("Ctrl+R",), checkable=True),
    ActionSpec("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), icon="zoom-in", separated=True, repeats=True),
    ActionSpec("zoom_out", "View", "Zoom out", ("Ctrl+-",), icon="zoom-out", repeats=True),
    ActionSpec("zoom_fit", "View", "Show everything", ("Ctrl+0",)),
    ActionSpec("full_screen", "View", "Full screen", ("F11",), checkable=True, separated=True),
    ActionSpec("first_page", "View", "First page", tip="The page of the first start", separated=True),
    ActionSpec("handbook", "Help", "Handbook", tip="Open the handbook in your browser; it came with the program"),
    ActionSpec("tour", "Help", "Tour", tip="Four cards that show where things are"),
    ActionSpec("keys", "Help", "Keyboard shortcuts", ("F1", "?"), icon="keyboard"),
    ActionSpec(
        "check_computer",
        "Help",
        "Check this computer…",
        tip="Look at what this computer has, and try everything once; nothing of yours is touched",
        separated=True,
    ),
    ActionSpec("about", "Help", "About Ritornello"),
    ActionSpec("next_region", "", "Next region", ("F6",)),
    ActionSpec("previous_region", "", "Previous region", ("Shift+F6",)),
)

IN_COMPOSE = frozenset(
    spec.name for spec in SPECS if spec.menu in ("Edit", "Notes") or spec.name in (
        "generate", "next_take", "previous_take", "keep_take", "discard_takes", "loop_selection",
        "show_velocity", "show_tray", "show_panel", "zoom_in", "zoom_out", "zoom_fit", "to_end",
    )
)  # fmt: skip
"""Those that mean the piano roll or the takes, and rest while another workspace is shown."""


class Actions(QObject):
    """The actions of one window, by name."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.last_asked = ""
        """The words of the action last triggered."""
        self._actions = {spec.name: self._made(spec, window) for spec in SPECS}

    def _made(self, spec: ActionSpec, window: QWidget) -> QAction:
        text, tip = _tr(spec.text), _tr(spec.tip) if spec.tip else _tr(spec.text).rstrip("…")
        action = QAction(f"{text}\t{_tr(spec.key_words)}" if spec.key_words else text, self)
        action.setObjectName(spec.name)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setAutoRepeat(spec.repeats)
        key = shortcut_words(spec.keys[0]) if spec.keys else spec.key_words
        action.setToolTip(f"{tip}  ({key})" if key else tip)
        action.setCheckable(spec.checkable)
        if spec.is_quit:
            action.setMenuRole(QAction.MenuRole.QuitRole)
        elif spec.name in ("settings", "about"):
            roles = {"settings": QAction.MenuRole.PreferencesRole, "about": QAction.MenuRole.AboutRole}
            action.setMenuRole(roles[spec.name])
        else:
            action.setMenuRole(QAction.MenuRole.NoRole)
        action.triggered.connect(lambda: self._note(text))  # first, before whoever does it
        window.addAction(action)
        return action

    def _note(self, text: str) -> None:
        self.last_asked = text.rstrip("…")
        _LOG.info("asked for: %s", self.last_asked)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def items(self) -> Iterator[tuple[str, QAction]]:
        return iter(self._actions.items())

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def fill_menu(self, menu: QMenu, name: str) -> None:
        """Put the actions of the menu `name` of MENUS into `menu`."""
        for spec in SPECS:
            if spec.menu == name:
                if spec.separated and menu.actions():
                    menu.addSeparator()
                menu.addAction(self._actions[spec.name])


def menu_title(name: str) -> str:
    return _tr(name)


def key_table() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Menu title → (what it does, keys) for the sheet of all shortcuts."""
    table = []
    for menu in MENUS:
        rows = [
            (_tr(spec.text).rstrip("…"), "  ".join(dict.fromkeys(map(shortcut_words, spec.keys))) or spec.key_words)
            for spec in SPECS
            if spec.menu == menu and (spec.keys or spec.key_words)
        ]
        if rows:
            table.append((_tr(menu), tuple(rows)))
    return tuple(table)
