"""What comes from outside, and what becomes of it."""

from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from gui.arrivals import Arrivals

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support raise", extend=True)


class Opened:
    def __init__(self, window):
        self.documents, self.pieces, self.models = [], [], []
        self.arrivals = Arrivals(
            window,
            open_document=self.documents.append,
            import_paths=lambda paths: self.pieces.append(tuple(path.name for path in paths)),
            import_model=lambda path: self.models.append(path.name),
        )


@pytest.fixture
def window(dressed, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def opened(window):
    return Opened(window)


def named(*names):
    return [Path("/nowhere") / name for name in names]


@pytest.mark.parametrize("name", ["a.mid", "a.MIDI", "a.ritornello", "a.txt", "nothing"])
def test_one_file_becomes_the_document(opened, name):
    opened.arrivals.open(named(name))
    assert opened.documents == named(name)
    assert (opened.pieces, opened.models) == ([], [])


def test_a_folder_a_zip_and_several_files_become_pieces(opened, tmp_path):
    opened.arrivals.open([tmp_path])
    opened.arrivals.open(named("a.zip"))
    opened.arrivals.open(named("a.mid", "b.mid", "a.mid"))
    assert opened.pieces == [(tmp_path.name,), ("a.zip",), ("a.mid", "b.mid")]
    assert opened.documents == []


def test_of_several_kinds_each_goes_its_way_and_what_is_not_opened_is_told(opened, posted):
    opened.arrivals.open(named("a.ritornello-model", "b.mid", "c.ritornello", "d.Ritornello", "e.ritornello-model"))
    assert opened.models == ["a.ritornello-model", "e.ritornello-model"]
    assert opened.pieces == [("b.mid",)]
    assert opened.documents == named("c.ritornello")
    assert [message.sentence for message in posted] == [
        "‘d.Ritornello’ was not opened: there is one document at a time."
    ]


def test_what_comes_before_the_window_is_ready_is_opened_then(opened):
    opened.arrivals.receive(named("a.mid"))
    opened.arrivals.receive(named("b.mid"))
    assert opened.documents == []
    opened.arrivals.begin()
    assert opened.documents == named("a.mid", "b.mid")


def test_what_comes_while_a_dialog_asks_is_opened_once_it_is_answered(opened, window, qtbot):
    opened.arrivals.begin()
    dialog = QDialog(window)
    dialog.open()
    opened.arrivals.receive(named("a.mid"))
    assert opened.documents == []
    dialog.accept()
    qtbot.waitUntil(lambda: opened.documents == named("a.mid"))


def test_a_window_made_small_comes_back(opened, window, qtbot):
    opened.arrivals.begin()
    window.showMinimized()
    opened.arrivals.receive([])
    qtbot.waitUntil(lambda: not window.isMinimized() and window.isActiveWindow())


def test_what_is_double_clicked_on_macos_is_opened(opened, dressed):
    opened.arrivals.begin()
    dressed.installEventFilter(opened.arrivals)
    QApplication.sendEvent(dressed, QFileOpenEvent(QUrl.fromLocalFile("/nowhere/a b.mid")))
    dressed.removeEventFilter(opened.arrivals)
    assert opened.documents == named("a b.mid")
