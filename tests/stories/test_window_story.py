"""A newcomer's way through the real window: folder in, model learnt in its own process, takes, one kept, .mid out."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core import paths
from core.learning.models.library import Library
from core.music.midi_file import read_midi
from gui import theme
from tests.gui.conftest import Desk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "Ämne"
    place.mkdir()
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        for name in [name for name in collection.namelist() if name.endswith(".mid")][:16]:
            (place / Path(name).name).write_bytes(collection.read(name))
    (place / "broken.mid").write_bytes(b"MThd\0\0\0\6\0\1\0\1\0\0MTrk\0\0\0\4\0\xff\x2f\0")
    return place


@pytest.fixture
def desk(home: Path, qtbot: QtBot, qapp: QApplication) -> Iterator[Desk]:
    """The window as it is at first launch, with the shipped starter model; only the sound is a fake."""
    theme.apply(qapp, "dark")
    home.mkdir(exist_ok=True)
    desk = Desk(home, qtbot, Library(home))
    desk.window.show_first_page(awaits_seed=True)
    desk.window.show()
    qtbot.waitExposed(desk.window)
    desk.window.prepare_rest()
    desk.window.read_seed()
    qtbot.waitUntil(lambda: bool(desk.document.notes) and desk.window.others is not None)
    yield desk
    desk._let_go(None)
    desk.window.close()


def test_a_newcomer_gets_from_a_folder_to_an_exported_melody(
    desk: Desk, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    window = desk.window
    seed = desk.document.notes

    # First launch: Enter gives music of the starter model.
    qtbot.waitUntil(lambda: window.compose.panel.is_ready)
    qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.document.preview is not None and not desk.generator.is_busy)
    assert window.stack.currentWidget() is window.compose

    # A folder becomes a corpus, with a reason for what is left out.
    others = window.others
    assert others is not None
    with qtbot.waitSignal(others.corpus.corpora_changed):
        window.import_paths([folder])
    others.corpus.train_requested.emit(_only_corpus(paths.home()))
    qtbot.waitUntil(lambda: others.train.settings.choices() is not None)

    # It is learnt in a process of its own; stopping keeps the best so far.
    preset = others.train.settings.preset
    preset.setCurrentIndex(preset.findData("quick"))
    preset.activated.emit(preset.currentIndex())
    others.training.start()
    qtbot.waitUntil(lambda: bool(others.training._history))
    others.train.stop_requested.emit()
    qtbot.waitUntil(lambda: not others.training.is_training)
    made = [record for record in Library(paths.home()).list() if not record.is_starter]
    assert [record.state for record in made] == ["ready"]

    # The new model continues the seed; one take is kept as one step, and goes out as a .mid.
    others.compose_requested.emit(made[0].id)
    window.compose.generate(plays=False)
    qtbot.waitUntil(lambda: not desk.generator.is_busy and desk.document.preview is not None)
    steps = desk.document.undo_stack.count()
    window.actions_["keep_take"].trigger()
    assert desk.document.undo_stack.count() == steps + 1
    assert len(desk.document.notes) > len(seed)
    exported = tmp_path / "Mélodie.mid"
    desk.dialogs.paths.append(exported)
    window.actions_["export_midi"].trigger()
    qtbot.waitUntil(exported.exists)
    qtbot.waitUntil(lambda: read_midi(exported).parts[0].notes == desk.document.notes)
    desk.document.undo_stack.undo()
    assert desk.document.notes == seed


def _only_corpus(home: Path) -> str:
    from core.corpus.store import CorpusStore

    (corpus,) = CorpusStore(home).list()
    assert len(corpus.pieces) == 16
    report = CorpusStore(home).report_of(corpus.id)
    assert [Path(verdict.path).name for verdict in report.skipped] == ["broken.mid"]
    return corpus.id
