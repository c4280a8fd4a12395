import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog

from core.learning.models.library import Library, ModelRecord
from core.trash import Trash
from gui import messages
from gui.controls.text import Text
from gui.training.about_model import AboutModelDialog
from gui.training.library_view import LibraryController, row_of
from tests.core.learning.models.test_library import CARD, fill

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def library(home):
    library = Library(home)
    for name in ("Chorales", "Airs"):
        _, folder, _ = library.create(name)
        fill(folder, replace(CARD, name=name))
    return library


@pytest.fixture
def controller(qtbot, workspace, runner, home, library):
    controller = LibraryController(runner, home=home, parent=workspace)
    controller.open()
    qtbot.waitUntil(lambda: names(controller) >= {"Chorales", "Airs"})
    return controller


@pytest.fixture
def posted(qapp):
    found = []
    messages.center().posted.connect(found.append)
    yield found
    messages.center().posted.disconnect(found.append)


def names(controller):
    table = controller.dialog.table
    return {table.item(row, 0).text() for row in range(table.rowCount())}


def choose(controller, name):
    table = controller.dialog.table
    table.selectRow(next(row for row in range(table.rowCount()) if table.item(row, 0).text() == name))


def test_figures_stand_side_by_side(tmp_path):
    record = ModelRecord(
        "m", "Mine", tmp_path, "standard", "Bach", 104, 31960, 60, 24, math.log2(32), 2.0, "2026-01-02T03:04:05"
    )
    assert row_of(record) == ("Mine", "Bach", "104", "Standard", "24 of 60", "32.0 notes", "4.0 notes", "2026-01-02")
    assert row_of(ModelRecord("m", "Mine", tmp_path, state="unfinished"))[0] == "Mine (unfinished)"
    assert row_of(replace(record, started_from="Starter model"))[1] == "Bach, after “Starter model”"
    assert row_of(replace(record, best_epoch=0))[4] == "0 of 60"
    assert row_of(replace(record, best_epoch=0, epochs=0))[4] == "–"


def test_a_deleted_model_comes_back_by_undo(qtbot, controller, library, posted):
    choose(controller, "Airs")
    with qtbot.waitSignal(controller.models_changed):
        qtbot.mouseClick(controller.dialog.delete, LEFT)
    qtbot.waitUntil(lambda: "Airs" not in names(controller))
    posted[-1].actions[0].act()
    qtbot.waitUntil(lambda: "Airs" in names(controller))


def test_a_deleted_model_comes_back_from_the_list_of_the_deleted(qtbot, controller, library, posted):
    qtbot.mouseClick(controller.dialog.trash, LEFT)
    trash = controller.trash
    assert not trash.restore.isEnabled()
    choose(controller, "Airs")
    qtbot.mouseClick(controller.dialog.delete, LEFT)
    qtbot.waitUntil(lambda: trash.list.count() == 1)
    assert trash.list.item(0).text().startswith("Airs, deleted 2")
    with qtbot.waitSignal(controller.models_changed):
        qtbot.mouseClick(trash.restore, LEFT)
    qtbot.waitUntil(lambda: "Airs" in names(controller) and trash.list.count() == 0)
    assert library.find("Airs").state == "ready"


def test_what_is_gone_from_the_trash_meanwhile_is_told_and_leaves_the_list(qtbot, controller, library, home, posted):
    library.delete(library.find("Airs"))
    controller.open_trash()
    trash = controller.trash
    qtbot.waitUntil(lambda: trash.list.count() == 1)
    Trash(home).empty()
    qtbot.mouseClick(trash.restore, LEFT)
    qtbot.waitUntil(lambda: trash.list.count() == 0)
    assert "can't be brought back" in posted[-1].sentence


def test_a_model_is_renamed(qtbot, controller, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_words: ("Evening", True))
    choose(controller, "Airs")
    qtbot.mouseClick(controller.dialog.rename, LEFT)
    qtbot.waitUntil(lambda: "Evening" in names(controller))
    assert controller.dialog.record.name == "Evening"


def test_a_model_goes_out_as_one_file_and_comes_in_again(qtbot, controller, library, tmp_path, posted):
    controller.export(library.find("Airs"), tmp_path / "airs.ritornello-model")
    qtbot.waitUntil(lambda: bool(posted))
    assert posted[-1].sentence == "Saved ‘airs.ritornello-model’."
    controller.import_file(tmp_path / "airs.ritornello-model")
    qtbot.waitUntil(lambda: "Airs 2" in names(controller))


def test_a_file_that_is_no_model_is_refused_in_words(qtbot, controller, tmp_path, posted):
    (tmp_path / "x.ritornello-model").write_bytes(b"no model")
    controller.import_file(tmp_path / "x.ritornello-model")
    qtbot.waitUntil(lambda: bool(posted))
    assert posted[-1].level == "error"
    assert "x.ritornello-model" in posted[-1].sentence


def test_compose_with_it_names_the_model(qtbot, controller, library):
    assert controller.dialog.record.is_starter, "the first one is chosen until another is"
    choose(controller, "Chorales")
    with qtbot.waitSignal(controller.history_requested) as seen:
        qtbot.mouseClick(controller.dialog.history, LEFT)
    assert seen.args == [library.find("Chorales").id]
    controller.open()
    with qtbot.waitSignal(controller.compose_requested) as asked:
        qtbot.mouseClick(controller.dialog.compose, LEFT)
    assert asked.args == [library.find("Chorales").id]


def test_about_opens_the_card_of_the_model_chosen(qtbot, controller):
    choose(controller, "Airs")
    qtbot.mouseClick(controller.dialog.about, LEFT)
    qtbot.waitUntil(lambda: bool(controller.dialog.findChildren(AboutModelDialog)))
    (about,) = controller.dialog.findChildren(AboutModelDialog)
    assert about.isVisible()
    assert "Airs" in [text.text() for text in about.findChildren(Text)]
    about.close_button.click()
    qtbot.waitUntil(lambda: not controller.dialog.findChildren(AboutModelDialog))


def test_a_card_that_can_t_be_read_is_told(qtbot, controller, library, posted):
    controller.about("no such model")
    qtbot.waitUntil(lambda: bool(posted))
    assert "no such model" in posted[-1].sentence


def test_a_damaged_model_is_in_the_list_and_can_be_deleted_and_brought_back(qtbot, controller, library, posted):
    record = library.find("Airs")
    (record.path / "model.json").write_bytes(b"{")
    controller.refresh()
    damaged = f"{record.id} (damaged)"
    qtbot.waitUntil(lambda: damaged in names(controller))
    choose(controller, damaged)
    dialog = controller.dialog
    allowed = {button for button in (dialog.about, dialog.history, dialog.export, dialog.rename) if button.isEnabled()}
    assert not allowed
    assert "can't be opened" in dialog.table.selectedItems()[0].toolTip()
    qtbot.mouseClick(dialog.delete, LEFT)
    qtbot.waitUntil(lambda: damaged not in names(controller))
    posted[-1].actions[0].act()
    qtbot.waitUntil(lambda: damaged in names(controller))
