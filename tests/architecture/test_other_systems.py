"""What no test here can run on Windows or macOS is at least loaded as if it were there; types are checked by tests/slow."""

import ast
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
LOAD_AS_ON_WINDOWS = """
import importlib, os, pkgutil, signal, socket, sys, types
os.environ["QT_QPA_PLATFORM"] = "offscreen"
import core, gui

def modules():
    return [found.name for top in (core, gui) for found in pkgutil.walk_packages(top.__path__, top.__name__ + ".")]

for name in modules():  # with all that they stand on, which knows this system
    importlib.import_module(name)
for name in modules():
    del sys.modules[name]

absent = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix", "_posixshmem"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in absent:
            raise ModuleNotFoundError(f"No module named {name!r}, as on Windows", name=name)
for name in absent:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Absent())
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
for module, names in {
    os: "chown fork getegid geteuid getuid getgid getloadavg killpg mkfifo nice openpty sched_getaffinity setsid statvfs sysconf uname",
    signal: "SIGHUP SIGKILL SIGSTOP SIGCONT SIGUSR1 SIGUSR2 SIGALRM SIGCHLD pthread_sigmask pthread_kill set_itimer SIG_BLOCK",
    socket: "AF_UNIX",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
sys.platform, os.name = "win32", "nt"
failed = []
for name in modules():
    try:
        importlib.import_module(name)
    except Exception as error:
        failed.append(f"{name}: {error!r}")
print(len(modules()), failed)
"""


def test_every_module_loads_without_what_windows_lacks() -> None:
    command = [sys.executable, "-c", LOAD_AS_ON_WINDOWS]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    count, _, failed = done.stdout.strip().partition(" ")
    assert int(count) > 150
    assert failed == "[]"


ONLY_POSIX = re.compile(
    r"mkfifo|SIG(?:KILL|STOP|CONT|HUP)\b|\bkillpg|os\.kill\(|/dev/(?:zero|full)|/proc/|preexec_fn|start_new_session|import resource"
)
WITHOUT_TESTS = {
    "tests/core/cli/conftest.py": "what a test with signals lends from there",
    "tests/core/cli/test_interruption.py": "loads termios, or is skipped as a whole",
    "tests/core/corpus/damage.py": "skips where it needs a pipe",
}


def leaves_out_windows(test: ast.FunctionDef) -> bool:
    return any(re.search(r"skipif|needs_|posix|on_linux", ast.unparse(mark)) for mark in test.decorator_list)


def test_a_test_of_what_windows_lacks_is_left_out_there() -> None:
    found = []
    for path in (PROJECT / "tests").rglob("*.py"):
        text, name = path.read_text("utf-8"), path.relative_to(PROJECT).as_posix()
        if "benchmarks" in path.parts or path == Path(__file__) or name in WITHOUT_TESTS:
            continue
        if re.search(r"^pytestmark = .*(skipif|needs_)", text, re.MULTILINE):
            continue
        for test in ast.parse(text).body:
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_") and not leaves_out_windows(test):
                found += [f"{name}::{test.name}"] * bool(ONLY_POSIX.search(ast.get_source_segment(text, test) or ""))
    assert found == [], "mark it with one of tests/systems.py"
