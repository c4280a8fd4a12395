"""What damaged and hostile files do to the command line and to the window: nothing but sentences, it is hoped.

    python -m tests.benchmarks.fuzzing [--cases 5000] [--seed 1] [--processes 2]

Damages settings, recovery copies, projects, models, corpora and the cache (flipped bytes, cuts, values of other types,
arrays of other shapes, zip bombs, pipes, links to endless devices), gives each to the command line and to the window's
own openers, offscreen, and counts tracebacks, what got stuck, the longest time and the peak of memory. Every case is a
function of the seed and its number; `--only KIND` and `--first N` come back to one.
"""

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

_STUCK_S = 60.0
"""Without a sign of life; the case's process is then ended."""
_AT_ONCE = 250
"""Cases of one process: what a window keeps of thousands of files would hide what one of them takes."""
_KINDS = ("settings", "recovery", "project", "model folder", "model file", "corpus", "cache")
_STRANGE = (
    None, True, -1, 0, 2.5, 256.0, 2**70, float("nan"), float("inf"), "", "\ud800", "../../x", "x" * 10_000, [], {},
    [[[]]], [None], {"": None}, "\x1b[31m\n",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=_KINDS)
    parser.add_argument("--child", nargs=3, metavar=("FIRST", "STEP", "WHOLE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _child(arguments)
        return
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as scratch:
        _Tally(arguments, Path(scratch)).run()


# The parent


class _Tally:
    """Runs the children and listens to them."""

    def __init__(self, arguments: argparse.Namespace, scratch: Path) -> None:
        self._arguments, self._scratch = arguments, scratch
        self._lock = threading.Lock()
        self._stuck: list[str] = []
        self._bugs: Counter[str] = Counter()
        self._first_of: dict[str, str] = {}
        self._done: Counter[str] = Counter()
        self._longest: tuple[float, str] = (0.0, "")
        self._peak: tuple[float, str] = (0.0, "")

    def run(self) -> None:
        whole = self._scratch / "whole"
        _make_whole(whole)
        begun = time.monotonic()
        listeners = [
            threading.Thread(target=self._slice, args=(index, whole)) for index in range(self._arguments.processes)
        ]
        for listener in listeners:
            listener.start()
        for listener in listeners:
            while listener.is_alive():
                listener.join(60)
                self._tell(time.monotonic() - begun)
        for bug, count in self._bugs.most_common():
            print(f"\n{count} times, first in {self._first_of[bug]}:\n{bug}")

    def _tell(self, elapsed_s: float) -> None:
        print(f"{self._done.total()} cases in {elapsed_s:.0f} s: {dict(self._done)}")
        print(f"tracebacks {self._bugs.total()}, stuck {len(self._stuck)}")
        print(f"longest {self._longest[0]:.1f} s ({self._longest[1]}), peak {self._peak[0]:.0f} MB ({self._peak[1]})")
        for case in self._stuck:
            print(f"stuck: {case}")
        for bug in self._first_of.values():
            print(f"traceback: {bug}", flush=True)

    def _slice(self, index: int, whole: Path) -> None:
        first, step = self._arguments.first + index, self._arguments.processes
        end = self._arguments.first + self._arguments.cases
        while first < end:
            place = self._scratch / f"{index}-{first}"
            command = [sys.executable, "-m", "tests.benchmarks.fuzzing", "--child", str(first), str(step), str(whole)]
            command += [
                "--cases",
                str(min(first + _AT_ONCE * step, end)),
                "--seed",
                str(self._arguments.seed),
            ]
            command += ["--only", self._arguments.only] if self._arguments.only else []
            environment = os.environ | {
                "RITORNELLO_HOME": str(place), "QT_QPA_PLATFORM": "offscreen", "SDL_AUDIODRIVER": "dummy",
            }  # fmt: skip
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
            first = self._hear(child, first, step)
            shutil.rmtree(place, ignore_errors=True)

    def _hear(self, child: "subprocess.Popen[str]", first: int, step: int) -> int:
        """Listen to a child until it ends; the number of the case to go on with."""
        assert child.stdout is not None
        assert child.stderr is not None
        errors: list[str] = []
        stderr = child.stderr
        drain = threading.Thread(target=lambda: errors.extend(stderr))
        drain.start()
        at, number = "starting", first
        memory = _Memory(child)
        watchdog = threading.Timer(_STUCK_S * 2, child.kill)
        watchdog.start()
        for line in child.stdout:
            watchdog.cancel()
            told = json.loads(line)
            watchdog = threading.Timer(_STUCK_S, child.kill)
            watchdog.start()
            if "begins" in told:
                at, number = told["begins"], told["number"]
                memory.peak = 0.0
                _go_on(child)
                continue
            number += step
            with self._lock:
                self._done[told["kind"]] += 1
                self._longest = max(self._longest, (told["seconds"], at))
                self._peak = max(self._peak, (memory.peak, at))
                for bug in told["bugs"]:
                    self._bugs[bug] += 1
                    self._first_of.setdefault(bug, at)
            at = "between"
            _go_on(child)
        watchdog.cancel()
        child.wait()
        drain.join()
        if child.returncode:
            with self._lock:
                self._stuck.append(f"{at} (exit {child.returncode}) {''.join(errors[-20:])}")
            return number + step
        return number


# Whole files to be damaged


def _make_whole(home: Path) -> None:
    """A user folder with everything in it, and beside it a project and a model file."""
    os.environ["RITORNELLO_HOME"] = str(home)
    from core.cli import entry
    from core.learning.generation.generation import generate
    from core.learning.models.library import Library
    from core.learning.spec import GenerationRequest
    from core.music.midi_file import read_midi
    from core.settings import Settings, write_settings
    from gui.document import Snapshot, Work
    from gui.project_file import project_bytes
    from gui.takes import Batch, MadeBy, Takes
    from tests.core.cli.conftest import model, write_tunes

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        entry.main(["import", str(write_tunes(home / "tunes")), "--name", "Tunes"])
    model.__wrapped__(home) if hasattr(model, "__wrapped__") else model.__pytest_wrapped__.obj(home)
    library = Library(home)
    record = library.find("Quartet")
    library.export(record, home / "whole.ritornello-model")
    score = read_midi(home / "tunes" / "tune 0.mid")
    takes = generate(library.load(record), GenerationRequest(seed=score, length_bars=1, takes=2))
    batch = Batch(2, "2 takes", MadeBy(record.id, record.name), takes, frozenset("A"), is_done=True)
    notes = frozenset(score.parts[0].notes[:3])
    work = Work(Snapshot(score, notes, 0), Takes((batch,), 0, "A"), {"takes": 4})
    (home / "whole.ritornello").write_bytes(project_bytes(work))
    write_settings(home / "settings.json", Settings(recent_files=(str(home / "whole.ritornello"),), volume=0.5))
    (home / "recovery").mkdir(exist_ok=True)
    (home / "recovery" / "old.ritornello").write_bytes(project_bytes(work))
    about = {"title": "Old", "path": str(home / "x.mid"), "saved_at": 1.5, "notes": 3}
    (home / "recovery" / "old.json").write_text(json.dumps(about))
    with contextlib.closing(_connected(home / "cache" / "files.sqlite")) as cache:
        cache.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _connected(path: Path) -> Any:
    import sqlite3

    return sqlite3.connect(path)


# Damage


def _damage(path: Path, dice: random.Random) -> str:
    """Damage the file or what stands in its place; what was done."""
    content = path.read_bytes()
    ways: list[tuple[str, Callable[[], None]]] = [
        ("flipped", lambda: path.write_bytes(_flipped(content, dice))),
        ("flipped", lambda: path.write_bytes(_flipped(content, dice))),
        ("cut", lambda: path.write_bytes(content[: dice.randrange(len(content) or 1)])),
        ("garbled", lambda: path.write_bytes(_garbled(content, dice))),
        ("grown", lambda: path.write_bytes(content + dice.randbytes(100))),
        ("put in place", lambda: _replace(path, dice)),
    ]
    if path.suffix in (".json", ".jsonl"):
        ways += [("of other types", lambda: path.write_text(_swapped_text(content, dice)))] * 6
    elif content[:2] == b"PK":
        ways += [("changed inside", lambda: path.write_bytes(_rezipped(content, dice)))] * 8
    name, way = dice.choice(ways)
    way()
    return name


def _elsewhere(act: Callable[[], str]) -> str:
    """In a process of its own: making a bomb takes memory, not all of which would come back."""
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        os.write(told, act().encode())
        os._exit(0)
    os.close(told)
    with os.fdopen(heard) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def _flipped(content: bytes, dice: random.Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 8, 64))):
        if spoilt:
            spoilt[dice.randrange(len(spoilt))] ^= dice.randrange(1, 256)
    return bytes(spoilt)


def _garbled(content: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(content) or 1)
    length = dice.choice((16, 512, 12_000))
    return content[:start] + dice.randbytes(min(length, len(content) - start)) + content[start + length :]


def _replace(path: Path, dice: random.Random) -> None:
    path.unlink()
    way = dice.randrange(8)
    if way == 0:
        os.mkfifo(path)
    elif way == 1:
        path.symlink_to("/dev/zero")
    elif way == 2:
        path.mkdir()
    elif way == 3:
        path.symlink_to(path.name)
    elif way == 4:
        path.write_bytes(b"")
    elif way == 5:
        path.write_bytes(dice.choice((b"[", b'{"a":', b'"', b'[{"x":[')) * 200_000)
    elif way == 6:
        with path.open("wb") as file:  # nothing but holes
            file.truncate(1 << 34)
    else:
        path.write_bytes(b"[" + b"[]," * 3_000_000 + b"[]]")


def _swapped_text(content: bytes, dice: random.Random) -> str:
    lines = content.decode().splitlines() if content.startswith(b"{") and b"\n{" in content else [content.decode()]
    place = dice.randrange(len(lines))
    lines[place] = json.dumps(_swapped(json.loads(lines[place]), dice))
    return "\n".join(lines)


def _swapped(value: Any, dice: random.Random) -> Any:
    """With one entry somewhere in it changed, left out, or put elsewhere."""
    if dice.random() < 0.2 or not isinstance(value, dict | list) or not value:
        return dice.choice(_STRANGE)
    if isinstance(value, dict):
        key = dice.choice(list(value))
        if dice.random() < 0.1:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: _swapped(value[key], dice)}
    place = dice.randrange(len(value))
    return [*value[:place], _swapped(value[place], dice), *value[place + 1 :]]


def _rezipped(content: bytes, dice: random.Random) -> bytes:
    """The zip with one member changed, left out, doubled, climbing or a bomb."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = dice.choice(list(members))
    method = dice.choice(
        (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)
    )
    before, way = members[name], dice.random()
    if way < 0.5 and name.endswith((".json", ".jsonl")) and before.strip():
        members[name] = _swapped_text(before, dice).encode("utf-8", "surrogatepass")
    elif way < 0.5 and name.endswith(".npz"):
        members[name] = _rezipped(before, dice)
    elif way < 0.6 and name.endswith(".npy"):
        members[name] = _npy(dice)
    elif way < 0.7:
        members[name] = _flipped(before, dice)
    elif way < 0.75:
        del members[name]
    elif way < 0.8:
        members[dice.choice(("../x", "/x", "a\\b", "samples/../../x.mid", "\x1b"))] = b"x"
    elif way < 0.87:
        members[name] = bytes(dice.choice((1 << 20, 1 << 26, 1 << 28)))
    else:
        members[name] = before[: dice.randrange(len(before) or 1)]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for member, inside in members.items():
            archive.writestr(member, inside)
    packed = target.getvalue()
    return packed if dice.random() < 0.8 else _flipped(packed, dice)


def _npy(dice: random.Random) -> bytes:
    arrays = (
        np.float32(1), np.zeros((0,)), np.zeros((3, 0, 2)), np.full(32, np.nan, np.float32), np.zeros(32, np.int64),
        np.array([None, "x"], dtype=object), np.zeros(4, "U5"), np.full(8, 1e300), np.zeros((4, 4), [("a", "<f4")]),
    )  # fmt: skip
    content = io.BytesIO()
    if dice.random() < 0.3:
        shape = dice.choice(((10**12,), (2**31, 2**31), (-3,), (200_000_000,)))
        np.lib.format.write_array_header_1_0(content, {"descr": "<f4", "fortran_order": False, "shape": shape})
    else:
        np.save(content, dice.choice(arrays), allow_pickle=True)
    return content.getvalue()


# The child


def _child(arguments: argparse.Namespace) -> None:
    first, step, whole = int(arguments.child[0]), int(arguments.child[1]), Path(arguments.child[2])
    home = Path(os.environ["RITORNELLO_HOME"])
    window = _Window(home)
    out, sys.stdout = sys.stdout, io.StringIO()
    sys.stderr = io.StringIO()
    warnings_of_python()
    for number in range(first, arguments.cases, step):
        kind = arguments.only or _KINDS[number % len(_KINDS)]
        dice = random.Random(f"{arguments.seed} {number}")
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(whole, home, symlinks=True)
        path = dice.choice(sorted(_files_of(home, kind)))
        how = _elsewhere(lambda path=path, dice=dice: _damage(path, dice))
        at = f"case {number}, {kind}: {path.relative_to(home)} {how}"
        out.write(json.dumps({"begins": at, "number": number}) + "\n")
        out.flush()
        sys.stdin.readline()
        begun = time.monotonic()
        bugs = []
        for act in (_by_command_line, window.open):
            try:
                act(kind, path, home, number)
            except BaseException:  # noqa: BLE001 -- whatever it is, it is what is looked for
                bugs.append(traceback.format_exc(limit=-4))
        bugs += window.bugs
        window.bugs.clear()
        ended = {"kind": kind, "seconds": time.monotonic() - begun, "bugs": bugs}
        out.write(json.dumps(ended) + "\n")
        out.flush()
        sys.stdin.readline()
        sys.stdout.seek(0), sys.stdout.truncate()
        sys.stderr.seek(0), sys.stderr.truncate()
    out.flush()
    os._exit(0)  # nothing of the window is worth closing


def warnings_of_python() -> None:
    import warnings

    warnings.simplefilter("ignore")


def _files_of(home: Path, kind: str) -> Iterator[Path]:
    if kind == "settings":
        yield home / "settings.json"
    elif kind == "recovery":
        yield from (home / "recovery" / name for name in ("old.ritornello", "old.json"))
    elif kind == "project":
        yield home / "whole.ritornello"
    elif kind == "model folder":
        yield from (path for path in (home / "models").rglob("*") if path.is_file())
    elif kind == "model file":
        yield home / "whole.ritornello-model"
    elif kind == "corpus":
        yield from (home / "corpora").glob("*.sqlite")
    else:
        yield home / "cache" / "files.sqlite"


def _by_command_line(kind: str, path: Path, home: Path, number: int) -> None:
    tune = home / "tunes" / "tune 1.mid"
    out = home / "out"
    out.mkdir(exist_ok=True)
    generate = ["--seed", tune, "--bars", 1, "--takes", 1, "--out", out / "a.mid"]
    commands: list[list[Any]] = []
    if kind == "project":
        commands = [["info", path]]
    elif kind == "model folder":
        commands = [["models"], ["generate", "--model", path.relative_to(home).parts[1], *generate]]
        commands += [["models", "export", "Quartet", out / "shared"], ["models", "delete", "Quartet"], ["trash"]]
    elif kind == "model file":
        commands = [["models", "import", path], ["generate", "--model", path, *generate], ["models", "--json"]]
    elif kind == "corpus":
        corpus = path.stem
        commands = [["corpora"], ["corpora", "lines", corpus, "all"], ["corpora", "rename", corpus, "New"]]
        commands += [["corpora", "delete", corpus], ["corpora", "restore", corpus], ["corpora", "--json"]]
    elif kind == "cache" and number % 5 == 0:
        commands = [["import", home / "tunes", "--name", "Again"]]
    for command in commands:
        _command([str(word) for word in command])
    if kind in ("corpus", "cache"):
        _read_corpora(home)


def _command(arguments: list[str]) -> None:
    """In this process, whose main function a command's own is, but for the exit."""
    from core.cli import entry

    try:
        code = entry.main(arguments)
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    said = sys.stderr.getvalue() if isinstance(sys.stderr, io.StringIO) else ""
    if code not in (0, 1, 2) or "Traceback" in said:
        raise AssertionError(f"{arguments[:2]} ended with {code}: {said[-2000:]}")


def _read_corpora(home: Path) -> None:
    """As training and Pieces do."""
    from core.corpus.store import CorpusStore
    from core.errors import AppError

    store = CorpusStore(home)
    for corpus in store.list():
        with contextlib.suppress(AppError):
            list(store.report_of(corpus.id).verdicts)
        with contextlib.suppress(AppError):
            list(store.learnable_scores(store.load(corpus.id)))


class _Window:
    """The real window, offscreen, whose questions are all called off."""

    def __init__(self, home: Path) -> None:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        from core import paths
        from gui import theme
        from gui.app import make_window
        from gui.preferences import Preferences

        self.bugs: list[str] = []
        sys.excepthook = lambda kind, error, trace: self.bugs.append(
            "".join(traceback.format_exception(kind, error, trace, limit=-4))
        )
        threading.excepthook = lambda args: self.bugs.append(str(args.exc_value))
        self._app = QApplication.instance() or QApplication([])
        preferences = Preferences(paths.settings_file())
        theme.apply(self._app, preferences.settings.theme)
        self._window = make_window(preferences)
        self._window.start_in_compose()
        self._window.prepare_rest()
        self._window.show()
        self._closing = QTimer()
        self._closing.timeout.connect(self._call_off)
        self._closing.start(50)
        self._jobs = self._window._jobs
        self._pump()

    def _call_off(self) -> None:
        from PySide6.QtWidgets import QApplication

        if (dialog := QApplication.activeModalWidget()) is not None:
            dialog.close()

    def _pump(self) -> None:
        """Until nothing is being done any more."""
        quiet = 0
        while quiet < 5:
            self._app.processEvents()
            quiet = 0 if self._jobs._workers else quiet + 1
            time.sleep(0.002)

    def open(self, kind: str, path: Path, home: Path, number: int) -> None:
        if kind == "settings":
            from gui.preferences import Preferences

            if not path.is_dir():
                preferences = Preferences(path)
                preferences.change(volume=0.25)
                preferences.remember_file(home / "a.mid")
        elif kind == "recovery":
            from gui.recovery import find_recoveries

            for recovery in find_recoveries(home / "recovery"):
                assert recovery.path is None or str(recovery.path) is not None
                if recovery.opened is not None:
                    self._window._document.open(recovery.opened.work)
        elif kind in ("project", "model file"):
            self._window.open_file(path)
        elif kind == "model folder":
            self._window._built().library.open()
        else:
            self._window.show_workspace("pieces")
            self._window._built().corpus.refresh()
        self._pump()


def _go_on(child: "subprocess.Popen[str]") -> None:
    """The child waits until what it said was heard: making the next damage takes memory too."""
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write("\n")
        child.stdin.flush()


class _Memory:
    """Looks every few milliseconds how much memory a process has."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.peak = 0.0
        """MB, since it was last set to 0."""
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        path, page = Path(f"/proc/{self._process.pid}/statm"), os.sysconf("SC_PAGE_SIZE")
        while self._process.poll() is None:
            with contextlib.suppress(OSError, IndexError):
                self.peak = max(self.peak, int(path.read_text().split()[1]) * page / 1e6)
            time.sleep(0.005)


if __name__ == "__main__":
    main()
