"""What becomes of the window when files it was shipped with are missing or damaged."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

_LOSING = """
import sys
from pathlib import Path
from core import paths
from gui import messages

paths.resources = lambda: Path(sys.argv[1])
told = []
messages.center().posted.connect(lambda message: told.append(f"{message.sentence} {message.hint}"))

from gui import app

window_made = app.make_window

def make_window(preferences):
    window = window_made(preferences)
    messages.center().posted.connect(lambda _message: len(told) == int(sys.argv[2]) and window.close())
    return window

app.make_window = make_window
app.QMessageBox.exec = lambda box: told.append(f"{box.text()} {box.informativeText()}")
code = app.run(["ritornello"])
print(code, *told, sep="\\n")
"""


@pytest.fixture
def shipped(tmp_path):
    resources = tmp_path / "resources"
    shutil.copytree(PROJECT / "resources", resources)
    return resources


def told(resources, count):
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", _LOSING, str(resources), str(count)], env=environment, capture_output=True, text=True
    )
    assert "Traceback" not in ran.stderr
    code, *sentences = ran.stdout.splitlines()
    return int(code), sorted(sentences)


def test_what_a_part_can_do_without_is_told_by_name_and_the_rest_works(shipped):
    shutil.rmtree(shipped / "demo")
    shutil.rmtree(shipped / "starter-model")
    (shipped / "soundfont" / "gm12.sf3").unlink()
    (shipped / "fonts" / "Inter-Medium.ttf").write_text("no font")
    (shipped / "icons" / "repeat.svg").unlink()
    (shipped / "icons" / "piano.svg").write_bytes(b"\xff\xfe")
    code, sentences = told(shipped, 8)
    assert code == 0
    assert sentences == sorted(
        f"Ritornello's own file ‘{shipped / file}’ is missing or damaged. {without} Install Ritornello again."
        for file, without in (
            ("demo/lieder.zip", "The sample pieces can't be used."),
            ("demo/seed.mid", "Begin with a melody of your own."),
            ("starter-model/model.json", "Train a model of your own to generate."),
            ("starter-model/weights.npz", "The starter model can't answer: train one of your own to generate."),
            ("soundfont/gm12.sf3", "A simple built-in sound is used."),
            ("fonts/Inter-Medium.ttf", "A font of this computer is used."),
            ("icons/repeat.svg", "Its place stays empty."),
            ("icons/piano.svg", "Its place stays empty."),
        )
    )


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b'{"color": {"dark": 1}}', b'{"color": {"dark": {}, "light": {}}}']
)
def test_without_its_colours_no_window_opens_and_a_sentence_says_why(shipped, content):
    file = shipped / "themes" / "tokens.json"
    file.unlink() if content is None else file.write_bytes(content)
    assert told(shipped, 0) == (
        1,
        [f"Ritornello's own file ‘{file}’ is missing or damaged. Install Ritornello again."],
    )
