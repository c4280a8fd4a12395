"""Each step of the trial names what is wrong: the faults are planted in a copy of what is shipped, or in the folder."""

import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core import paths
from core.checks import trial
from core.checks.check import tried
from core.checks.trial import STEPS, steps_tried
from core.music.score import Note, Part, Score
from core.tasks import Cancelled, Control

TRAINING = {"Training", "Model file"}
"""What starts TensorFlow; tests/gui/test_smoke_test.py does."""


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A copy of the resources, looked for as in a frozen application."""
    place = tmp_path / "frozen"
    shutil.copytree(paths.resources(), place / "resources")
    monkeypatch.setattr(sys, "_MEIPASS", str(place), raising=False)
    return place / "resources"


def checks(folder, *, without=TRAINING, steps=STEPS):
    found = steps_tried(tuple(step for step in steps if step[0] not in without), folder, Control())
    return {check.name: check for check in found}


def failed(found):
    return {name for name, check in found.items() if not check.ok}


def test_all_steps_are_ok_and_touch_no_user_folder(shipped, tmp_path, home):
    found = checks(tmp_path / "trial")
    assert not failed(found), found
    assert not home.exists()
    assert all(check.detail for check in found.values())


def damage(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("plant", "failing", "words"),
    [
        (lambda of: shutil.rmtree(of / "starter-model"), {"Starter model", "Take"}, "The starter model is missing."),
        (lambda of: damage(of / "starter-model" / "model.json"), {"Starter model", "Take"}, "can't be opened"),
        (lambda of: damage(of / "starter-model" / "weights.npz"), {"Starter model", "Take"}, "can't be opened"),
        (lambda of: (of / "demo" / "seed.mid").unlink(), {"Take"}, "seed.mid"),
        (lambda of: damage(of / "demo" / "lieder.zip"), {"Pieces"}, "‘lieder.zip’ can't be read"),
        (lambda of: (of / "demo" / "lieder.zip").unlink(), {"Pieces"}, "‘lieder.zip’ can't be read"),
        (lambda of: (of / "soundfont" / "gm12.sf3").unlink(), {"Sound", ".wav file"}, "gm12.sf3"),
        (lambda of: damage(of / "soundfont" / "gm12.sf3"), {"Sound", ".wav file"}, "gm12.sf3"),
    ],
    ids=["no starter", "half a card", "half the weights", "no seed", "half a zip", "no zip", "no font", "half a font"],
)  # fmt: skip
def test_what_is_missing_or_damaged_fails_its_step_and_what_needs_it(shipped, tmp_path, plant, failing, words):
    plant(shipped)
    found = checks(tmp_path / "trial")
    assert failed(found) == failing
    first = next(check for check in found.values() if not check.ok)
    assert words in f"{first.detail} {first.hint}"
    assert not first.trace


def test_a_step_whose_need_failed_says_that_it_was_not_tried(shipped, tmp_path):
    (shipped / "demo" / "lieder.zip").unlink()
    found = checks(tmp_path / "trial", without=())
    assert failed(found) == {"Pieces", "Training", "Model file"}
    assert found["Training"].detail == "Not tried: it needs the pieces, which failed."
    assert found["Model file"].detail == "Not tried: it needs the training, which failed."


def test_a_piece_that_cannot_be_read_is_named(shipped, tmp_path):
    with zipfile.ZipFile(shipped / "demo" / "lieder.zip", "w") as samples:
        for name in ("a.mid", "b.mid", "c.mid"):
            samples.writestr(name, b"no music")
    found = checks(tmp_path / "trial")
    assert failed(found) == {"Pieces"}


def test_a_folder_that_cannot_be_written_fails_what_writes_there_and_nothing_else(tmp_path):
    (tmp_path / "file").write_text("in the way")
    found = checks(tmp_path / "file" / "trial")
    assert failed(found) == {"Folder", "Pieces", ".mid file", ".wav file"}
    assert "in the way" in found["Folder"].detail


@pytest.mark.parametrize(
    ("name", "damaged", "words"),
    [
        ("music.mid", lambda path: damage(path), "music.mid"),
        ("music.wav", lambda path: path.write_bytes(path.read_bytes()[:-4] + b"\1\2\3\4"), "came back otherwise"),
    ],
)
def test_what_comes_back_otherwise_than_it_was_written_is_told(tmp_path, monkeypatch, name, damaged, words):
    """The disk does it: whatever replaces that file is damaged at once."""
    replace = os.replace

    def replacing(source, target):
        replace(source, target)
        if Path(target).name == name:
            damaged(Path(target))

    monkeypatch.setattr(Path, "replace", lambda source, target: replacing(source, target))
    found = checks(tmp_path / "trial", without={*TRAINING, "Pieces"})
    (check,) = (check for check in found.values() if not check.ok)
    assert words in check.detail


def test_a_wrong_pitch_and_silence_are_heard():
    def pcm(hertz, level):
        wave = level * np.sin(2 * np.pi * hertz * np.arange(88200) / 44100)
        return np.repeat((wave * 2**15).astype(np.int16)[:, None], 2, axis=1)

    assert trial._strongest(pcm(440.0, 0.5)) == pytest.approx(440, rel=0.001)
    assert trial._strongest(pcm(466.2, 0.5)) == pytest.approx(466.2, rel=0.001)


def test_a_silent_score_is_told(tmp_path):
    found = tried("Sound", lambda: str(trial._rendered(Score((Part.of([Note(0, 69, 480, 1)]),)), Control())))
    assert not found.ok
    assert "silent" in found.detail


def test_a_fault_of_the_program_is_one_failed_step_with_its_trace(tmp_path, caplog):
    def broken(_trial, _control):
        raise ModuleNotFoundError("No module named 'left_out'")

    found = checks(tmp_path / "trial", steps=(("Broken", broken), STEPS[0]))
    assert failed(found) == {"Broken"}
    assert found["Broken"].detail == "A fault in the program: ModuleNotFoundError: No module named 'left_out'"
    assert "in broken" in found["Broken"].trace


def test_it_can_be_called_off_between_steps_and_within_one(tmp_path):
    control = Control()
    steps = steps_tried(STEPS, tmp_path / "trial", control)
    next(steps)
    control.cancel()
    with pytest.raises(Cancelled):
        next(steps)
    with pytest.raises(Cancelled):
        tried("Sound", lambda: str(trial._rendered(trial._TUNE, control)))
