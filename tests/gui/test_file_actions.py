"""What Qt's own dialogs are asked, and what is made of their answers."""

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from gui.file_actions import Dialogs

PROJECT, MIDI, WAV = "Project (*.ritornello)", "MIDI file (*.mid)", "Sound file (*.wav)"


@pytest.mark.parametrize(
    ("typed", "filters", "chosen", "name"),
    [
        ("Study No. 5", f"{PROJECT};;{MIDI}", PROJECT, "Study No. 5.ritornello"),
        ("Study No. 5", f"{PROJECT};;{MIDI}", MIDI, "Study No. 5.mid"),
        ("Study.mid", f"{PROJECT};;{MIDI}", PROJECT, "Study.mid"),
        ("Study.MIDI", f"{PROJECT};;{MIDI}", MIDI, "Study.MIDI"),
        ("Study.ritornello", f"{PROJECT};;{MIDI}", MIDI, "Study.ritornello"),
        ("Study.mid", WAV, WAV, "Study.mid.wav"),
        ("Study", WAV, WAV, "Study.wav"),
    ],
)
def test_a_name_gets_the_ending_of_the_kind_that_was_chosen(
    qtbot, dressed, tmp_path, monkeypatch, typed, filters, chosen, name
):
    window = QWidget()
    qtbot.addWidget(window)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked: (str(tmp_path / typed), chosen))
    assert Dialogs(window).save_path("Save as", "suggestion", filters) == tmp_path / name
