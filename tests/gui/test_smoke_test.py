"""`ritornello --smoke-test` as a program of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.learning.models.library import Library
from core.music.midi_file import read_midi
from gui.project_file import read_document

PROJECT = Path(__file__).resolve().parents[2]
BARE = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "DBUS_SESSION_BUS_ADDRESS")}  # fmt: skip


def smoke_test(*arguments, program=(), **environment):
    return subprocess.run(
        [sys.executable, *(program or ("-m", "gui")), "--smoke-test", *map(str, arguments)],
        capture_output=True, text=True, cwd=PROJECT, env=BARE | {"SDL_AUDIODRIVER": "no-such-driver"} | environment,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
def test_without_a_screen_or_sound_everything_works_and_is_left_in_the_folder(tmp_path, home):
    ran = smoke_test(tmp_path / "there", RITORNELLO_HOME=str(home))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert lines[-1].startswith("All 11 steps are ok.")
    assert "offscreen" in lines[1]
    assert (tmp_path / "there" / "smoke-test.txt").read_text() == ran.stdout
    assert read_midi(tmp_path / "there" / "music.mid").note_count
    assert read_document(tmp_path / "there" / "project.ritornello").work.snapshot.score.note_count
    assert Library(home).find(tmp_path / "there" / "model.ritornello-model").epochs == 1
    assert not home.exists()


def test_a_failed_step_is_named_and_its_status_is_1(tmp_path):
    (tmp_path / "file").write_text("in the way")
    ran = smoke_test(tmp_path / "file" / "there", QT_QPA_PLATFORM="offscreen")
    assert ran.returncode == 1
    assert "FAILED  Folder" in ran.stdout
    assert "steps failed: Folder, Pieces, Training, Model file, .mid file, .wav file, Project." in ran.stdout
    assert ran.stderr == ""
