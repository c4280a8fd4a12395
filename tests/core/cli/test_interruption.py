"""Ctrl+C and SIGTERM in the midst of each command: a sentence, 130 or 143, nothing half made, nobody left at work."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.cli.interruption import Interrupted, interruptible
from core.corpus.store import CorpusStore
from core.errors import FileError
from core.learning.models.library import Library
from core.music.midi_file import write_midi
from core.music.score import Note, Part, Score
from core.tasks import Cancelled, Control
from tests.core.cli.conftest import hear_interrupts, write_tunes
from tests.core.cli.test_entry import PROJECT

termios = pytest.importorskip("termios", reason="Windows ends a program without asking it")


_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


@contextmanager
def signal_in(name: str, number: int, *, at_call: int = 1) -> Iterator[Callable[[], bool]]:
    """The signal comes as soon as a function of this name (of Python or of C) is called for the `at_call`th time."""
    calls = 0

    def look(frame, event, argument) -> None:
        nonlocal calls
        called = argument.__name__ if event == "c_call" else frame.f_code.co_name
        if event in ("call", "c_call") and called == name:
            calls += 1
            if calls == at_call:
                os.kill(os.getpid(), number)

    sys.setprofile(look)
    try:
        yield lambda: calls >= at_call
    finally:
        sys.setprofile(None)


def files_in(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


@pytest.fixture
def long(tmp_path):
    """Three minutes of music."""
    path = tmp_path / "long.mid"
    write_midi(Score((Part.of([Note(beat * 480, 60 + beat % 12, 480) for beat in range(360)]),)), path)
    return path


COMMANDS = {
    "render": (["render", "{long}", "{out}/x.wav"], "_laid", 2),
    "render, writing": (["render", "{long}", "{out}/x.wav"], "fsync", 1),
    "import": (["import", "{fresh}"], "read_files", 1),
    "import, concluding": (["import", "{fresh}"], "write_about", 1),
    "import, in processes": (["import", "{fresh}"], "heard", 1),
    "generate": (
        ["generate", "--model", "{model}", "--bars", "32", "--takes", "4", "--out", "{out}/x.mid"],
        "advance",
        9,
    ),
    "generate, writing": (["generate", "--model", "{model}", "--out", "{out}/x.mid"], "fsync", 1),
    "evaluate": (["evaluate", "{model}", "{tunes}"], "sequence_logits", 2),
    "doctor": (["doctor"], "poll", 1),
    "export": (["models", "export", "{model}", "{out}/x"], "writestr", 2),
    "import a model": (["models", "import", "{packed}"], "write_weights", 1),
    "corpora": (["corpora", "rename", "There", "Elsewhere"], "save", 1),
    **{
        f"train, {name}": (["train", "There", "--preset", "quick"], name, at_call)
        for name, at_call in (
            ("encode", 3),
            ("has_chords", 1),
            ("suiting_start", 1),
            ("studied_vocabulary", 1),
            ("fresh_weights", 1),
            ("fsync", 1),
            ("build_studied_index", 1),
        )
    },
}


@pytest.mark.parametrize("number", _CODES, ids=["ctrl-c", "sigterm"])
@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_that_is_interrupted_says_so_and_leaves_nothing_half_made(
    cli, case, number, long, tunes, model, home, tmp_path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    packed = cli("models", "export", model, tmp_path / "packed", "--json").json["file"]
    cli("import", tunes, "--name", "There")
    fresh = write_tunes(tmp_path / "fresh")
    if "in processes" in case:
        (fresh / "large.mid").write_bytes(bytes(300_000))  # which is read by a process of its own
    corpora, models = CorpusStore(home).list(), Library(home).list()
    before = files_in(out, home / "models", home / "corpora")
    command, name, at_call = COMMANDS[case]
    places = {"long": long, "tunes": tunes, "fresh": fresh, "model": model, "out": out, "packed": packed}
    with signal_in(name, number, at_call=at_call) as came:
        outcome = cli(*(argument.format(**places) for argument in command))
    assert came(), f"{name} was not called"
    assert outcome.code == _CODES[number], outcome.err
    assert outcome.err.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in outcome.err
    assert files_in(out, home / "models", home / "corpora") == before
    assert (CorpusStore(home).list(), Library(home).list()) == (corpora, models)


class OnTerminal:
    """A program on a terminal of 80 columns, where it draws a bar."""

    def __init__(self, *command: object) -> None:
        self._ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=theirs,
            preexec_fn=hear_interrupts,
            start_new_session=True,
        )
        os.close(theirs)
        self._words = b""

    def says(self, words: bytes) -> None:
        """Wait until it does."""
        while words not in self._words:
            self._words += os.read(self._ours, 1000)

    def ended(self) -> tuple[int, list[str]]:
        """Its exit code, and the lines of its standard error; of standard output nothing may have come."""
        with contextlib.suppress(OSError):  # how Linux says that the other end of a terminal is closed
            while more := os.read(self._ours, 1000):
                self._words += more
        os.close(self._ours)
        assert self.process.communicate() == (b"", None)
        return self.process.returncode, self._words.decode().splitlines()


@pytest.mark.parametrize("number", _CODES, ids=["ctrl-c", "sigterm"])
@pytest.mark.parametrize("program", ["python -m core", "ritornello-cli"])
def test_both_programs_say_that_they_were_interrupted(program, number, long, tmp_path) -> None:
    begin = [sys.executable, "-m", "core"] if " " in program else [Path(sys.executable).with_name(program)]
    rendering = OnTerminal(*begin, "render", long, tmp_path / "x.wav")
    rendering.says(b"%|")
    rendering.process.send_signal(number)
    code, lines = rendering.ended()
    assert (code, lines[-1]) == (_CODES[number], "Interrupted.")
    assert "Traceback" not in str(lines)
    assert not (tmp_path / "x.wav").exists()


def test_ctrl_c_in_a_terminal_is_for_the_program_not_for_the_processes_that_it_starts(tmp_path) -> None:
    many = write_tunes(tmp_path / "many", 2)
    (many / "large.mid").write_bytes(bytes(300_000))  # which is read by a process of its own
    importing = OnTerminal(sys.executable, "-m", "core", "import", many)
    importing.says(b"%|")  # the process that reads is being started
    os.killpg(importing.process.pid, signal.SIGINT)
    code, lines = importing.ended()
    assert (code, lines[-1]) == (130, "Interrupted.")
    assert "Traceback" not in str(lines)


def test_a_signal_that_python_drops_comes_again() -> None:
    class Cleared:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    def clear_away() -> None:
        with interruptible():
            Cleared()
            while True:
                threading.Event().wait(0.001)

    with pytest.raises(Interrupted) as caught:
        clear_away()
    assert caught.value.exit_code == 143


def test_a_task_is_left_at_the_first_signal_and_broken_off_at_the_second() -> None:
    control = Control()

    def work() -> None:
        with interruptible(control):
            signal.raise_signal(signal.SIGINT)
            assert control.left
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("went on")

    with pytest.raises(Interrupted) as caught:
        work()
    assert caught.value.exit_code == 143


@pytest.mark.parametrize("failure", [Cancelled(), FileError("Its process is gone."), None])
def test_whatever_comes_of_a_signal_is_an_interruption(failure) -> None:
    def work() -> None:
        with interruptible(Control()):
            signal.raise_signal(signal.SIGINT)
            if failure:
                raise failure

    with pytest.raises(Interrupted) as caught:
        work()
    assert caught.value.exit_code == 130


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruptible():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with interruptible():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
