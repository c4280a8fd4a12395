import re
from collections import Counter
from pathlib import Path

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from core import paths
from gui.actions import MENUS, SPECS, Actions, key_table


def test_no_key_means_two_things():
    keys = Counter(QKeySequence(key).toString() for spec in SPECS for key in spec.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_no_name_stands_twice():
    assert len({spec.name for spec in SPECS}) == len(SPECS)


def test_every_action_is_in_a_menu_or_has_a_key(dressed, qtbot):
    for spec in SPECS:
        assert spec.menu in MENUS or spec.keys


def test_every_menu_is_filled(dressed, qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = Actions(window)
    for name in MENUS:
        menu = QMenu(window)
        actions.fill_menu(menu, name)
        assert menu.actions()


def test_tips_show_the_key(dressed, qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    assert Actions(window)["generate"].toolTip().endswith("(G)")


def test_every_action_is_connected_somewhere():
    """A menu without stubs: each name is used by the window, its workspaces or the file actions."""
    sources = Path(__file__).resolve().parents[2] / "gui"
    text = "".join((sources / name).read_text("utf-8") for name in ("main_window.py", "compose.py", "file_actions.py"))
    unused = [spec.name for spec in SPECS if not re.search(rf'"{spec.name}"', text)]
    assert unused == []


def test_the_key_sheet_lists_every_key():
    rows = [keys for _, entries in key_table() for _, keys in entries]
    assert any("Ctrl ↵" in keys for keys in rows)
    assert any("Shift+Left" in keys for keys in rows)
    assert len(rows) == sum(1 for spec in SPECS if spec.menu and (spec.keys or spec.key_words))


def test_the_icons_of_actions_exist():
    for spec in SPECS:
        if spec.icon:
            assert (paths.resources() / "icons" / f"{spec.icon}.svg").is_file()
