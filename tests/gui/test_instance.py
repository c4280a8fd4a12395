"""Second starts: real sockets and locks, in a folder of the test's own."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import AppError
from core.music.midi_file import write_midi
from gui.instance import Instance
from tests.gui.conftest import line, score_of

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def runtime(monkeypatch):
    """Short: a socket's path has to be."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def first(qapp, home):
    instance = Instance(home)
    assert instance.begin()
    yield instance
    instance.close()
    instance.deleteLater()


_SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from gui.instance import Instance
app = QCoreApplication([])
print("begins", flush=True)
print(Instance(Path(sys.argv[1])).begin([Path(file) for file in sys.argv[2:]]))
"""


@contextmanager
def second_start(home, files=()):
    """Another program, which says whether it opens a window."""
    program = [sys.executable, "-c", _SECOND, str(home), *map(str, files)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as second:
        assert second.stdout.readline() == "begins\n"
        yield second.stdout


def handed_to(first, qtbot, home, files=()):
    heard = []
    first.handed.connect(lambda *handed: heard.append(handed))
    with second_start(home, files) as said:
        qtbot.waitUntil(lambda: bool(heard))
        assert said.readline() == "False\n"
    return heard[0]


def test_a_second_start_hands_its_files_to_the_first_and_opens_no_window(first, home, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "leave")
    monkeypatch.chdir(tmp_path)
    strange = Path(os.fsdecode(b"caf\xe9.mid")) if sys.platform == "linux" else Path("café.mid")
    files = (Path("Ländler in g.mid"), tmp_path / "b%41.mid", strange)
    handed, token = handed_to(first, qtbot, home, files)
    assert handed == tuple(file.absolute() for file in files)
    assert token == "leave"


def test_one_after_the_other_is_heard_and_another_user_folder_has_a_window_of_its_own(first, home, qtbot, tmp_path):
    for name in ("a.mid", "b.mid"):
        assert handed_to(first, qtbot, home, (tmp_path / name,))[0] == (tmp_path / name,)
    other = Instance(tmp_path / "another home")
    assert other.begin()
    other.close()


def test_the_same_user_folder_by_a_link_is_the_same(first, home, qtbot, tmp_path):
    home.mkdir()
    (tmp_path / "link").symlink_to(home)
    handed_to(first, qtbot, tmp_path / "link")


def test_a_first_that_does_not_answer_is_a_sentence(first, home):
    with pytest.raises(AppError, match="open already, but does not answer"):
        Instance(home).begin(patience_ms=200)  # this thread hears nothing while it waits


def test_when_the_first_ends_the_next_takes_its_place(qapp, home, qtbot):
    first = Instance(home)
    assert first.begin()
    with second_start(home) as said:  # it waits, for this thread hears nothing
        first.close()
        assert said.readline() == "True\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_what_a_killed_program_left_is_no_obstacle(qapp, home, qtbot, runtime):
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom PySide6.QtCore import QCoreApplication\n"
        "from gui.instance import Instance\napp = QCoreApplication([])\ninstance = Instance(Path(sys.argv[1]))\n"
        "assert instance.begin()\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, str(home)], cwd=PROJECT)
    assert ran.returncode == -signal.SIGKILL
    assert {file.suffix for file in runtime.iterdir()} == {".lock", ".socket"}
    first = Instance(home)
    assert first.begin()
    handed_to(first, qtbot, home)
    first.close()
    assert list(runtime.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there it is a named pipe")
@pytest.mark.parametrize("said", [b"\n", b"no JSON\n", b'{"files": [1]}\n', b"[]\n", b'{"files":', b"\xff" * 9_000_000])
def test_nonsense_on_the_line_is_passed_over(first, home, qtbot, runtime, said, caplog):
    (address,) = runtime.glob("*.socket")

    def speak():
        with socket.socket(socket.AF_UNIX) as talker:
            talker.connect(str(address))
            try:
                talker.sendall(said)
            except OSError:
                return  # cut off: it was too long

    talking = threading.Thread(target=speak)
    heard = []
    first.handed.connect(lambda *handed: heard.append(handed))
    talking.start()
    qtbot.waitUntil(lambda: not talking.is_alive())
    handed_to(first, qtbot, home)
    assert heard == [((), "")]


@pytest.mark.skipif(sys.platform == "win32", reason="there it is a named pipe")
@pytest.mark.parametrize("place", ["no such folder", "a file", "deep"])
def test_where_no_lock_or_socket_can_be_made_each_start_opens_a_window(qapp, tmp_path, monkeypatch, place):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    (tmp_path / "a file").write_text("")
    home = {
        "no such folder": Path("/proc/nobody/home"),
        "a file": tmp_path / "a file" / "home",
        "deep": tmp_path / ("d" * 120),
    }[place]
    for _start in range(2):
        assert Instance(home).begin()


def test_without_a_place_of_the_system_the_user_folder_serves(qapp, qtbot, monkeypatch, runtime):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    home = runtime / "new home"
    first = Instance(home)
    assert first.begin()
    handed_to(first, qtbot, home)
    first.close()


_FIRST = """
import json, sys
from gui import arrivals
from gui.__main__ import main

def open_(self, paths):
    print(json.dumps([str(path) for path in paths]), flush=True)
    self._window.close()

arrivals.Arrivals.begin, begin = lambda self: (begin(self), print("ready", flush=True)), arrivals.Arrivals.begin
arrivals.Arrivals.open = open_
sys.exit(main([]))
"""


def test_two_programs_are_one_window(tmp_path):
    """The whole way, by a relative path: the second's folder isn't the first's."""
    elsewhere = tmp_path / "Müsik"
    elsewhere.mkdir()
    write_midi(score_of(*line(60, 62)), elsewhere / "Lied ä.mid")
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}
    first = subprocess.Popen(
        [sys.executable, "-c", _FIRST], env=environment, cwd=PROJECT, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert first.stdout.readline() == "ready\n"
    second = subprocess.run([sys.executable, "-m", "gui", "Lied ä.mid"], env=environment, cwd=elsewhere)
    assert second.returncode == 0
    assert json.loads(first.stdout.readline()) == [str(elsewhere / "Lied ä.mid")]
    assert first.wait() == 0
    first.stdout.close()
