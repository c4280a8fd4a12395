"""Set-up: what it refuses and what it says, without installing anything."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap() -> ModuleType:
    specification = importlib.util.spec_from_file_location("bootstrap", PROJECT / "packaging" / "bootstrap.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_an_unsupported_python_is_refused_with_the_supported_ones(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(bootstrap, "sys", SimpleNamespace(version_info=version, platform="linux", stderr=sys.stderr))
    assert bootstrap.main(["run"]) == 1
    assert "3.11, 3.12 or 3.13" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("has_sudo", "line"),
    [
        (True, "start this again:\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends libegl1"),
        (
            False,
            r"\(root\); then start this again:\n  apt-get update && apt-get install -y --no-install-recommends libegl1",
        ),
    ],
)
def test_missing_libraries_without_rights_give_the_one_line_that_installs_them(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, has_sudo: bool, line: str
) -> None:
    programs = {"apt-get", "sudo"} if has_sudo else {"apt-get"}
    monkeypatch.setattr(bootstrap, "known_libraries", lambda: set(bootstrap.LIBRARIES) - {"libEGL.so.1"})
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}" if name in programs else None)
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *_a, **_k: 1)  # sudo wants a password
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    with pytest.raises(bootstrap.SetupError, match=line):
        bootstrap.install_system_packages()


class Computer:
    """Runs what set-up asks for: venv and pip leave a file each; the `breaks_at`th of its three programs is interrupted."""

    def __init__(self, bootstrap: ModuleType, root: Path, *, breaks_at: int = 9) -> None:
        self.ran: list[tuple[list[str], dict[str, object]]] = []
        self._venv, self._python, self._breaks_at = root / ".venv", Path(bootstrap.venv_python()), breaks_at

    def call(self, command: list[str], **more: object) -> int:
        self.ran.append((command, more))
        if "venv" in command:
            self._python.parent.mkdir(parents=True)
            self._python.touch()
            (self._venv / "pyvenv.cfg").write_text("version = {}.{}.{}".format(*sys.version_info[:3]))
        (self._venv / f"left by program {len(self.ran)} of {id(self)}").touch()
        if len(self.ran) == self._breaks_at:
            raise KeyboardInterrupt
        return 0


@pytest.fixture
def checkout(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty one, at a path of many kinds of characters."""
    root = tmp_path / "O’Brien's Größe #1 100%"
    (root / "packaging").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "packaging" / "constraints.txt").touch()
    monkeypatch.setattr(bootstrap, "ROOT", str(root))
    monkeypatch.setattr(bootstrap, "VENV", str(root / ".venv"))
    monkeypatch.setattr(bootstrap, "CONSTRAINTS", str(root / "packaging" / "constraints.txt"))
    monkeypatch.setattr(bootstrap, "STAMP", str(root / ".venv" / "stamp"))
    return root


@pytest.mark.parametrize("breaks_at", [1, 2, 3])
@pytest.mark.parametrize("was_set_up", [False, True])
def test_a_set_up_that_was_interrupted_is_made_anew(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, checkout: Path, breaks_at: int, was_set_up: bool
) -> None:
    def set_up(computer: Computer, **wish: bool) -> None:
        monkeypatch.setattr(bootstrap.subprocess, "call", computer.call)
        bootstrap.install_python_packages(**wish)

    if was_set_up:
        set_up(Computer(bootstrap, checkout), with_tools=False)
        breaks_at = max(1, breaks_at - 1)  # .venv is there
    broken = Computer(bootstrap, checkout, breaks_at=breaks_at)
    with pytest.raises(KeyboardInterrupt):
        set_up(broken, with_tools=True)
    assert not (checkout / ".venv" / "stamp").exists()
    again = Computer(bootstrap, checkout)
    set_up(again, with_tools=True)
    assert len(again.ran) == 3, "venv, pip, and a look whether all loads"
    assert not list((checkout / ".venv").glob(f"* of {id(broken)}"))
    assert bootstrap.read_stamp() == [bootstrap.fingerprint(), "tools"]


def test_what_does_not_load_is_no_set_up(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    computer = Computer(bootstrap, checkout)
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *a, **k: computer.call(*a, **k) or int("-c" in a[0]))
    with pytest.raises(bootstrap.SetupError, match="does not load"):
        bootstrap.install_python_packages(with_tools=False)
    assert bootstrap.read_stamp() == []


def test_pip_is_told_of_a_checkout_at_any_path_without_its_spaces(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    computer = Computer(bootstrap, checkout)
    monkeypatch.setattr(bootstrap.subprocess, "call", computer.call)
    bootstrap.install_python_packages(with_tools=False)
    _, (pip, more), _ = computer.ran
    assert pip[-2:] == ["--editable", "."]
    assert more["cwd"] == str(checkout)
    constraint = more["env"]["PIP_CONSTRAINT"]
    assert not set(" #'’ß") & set(constraint)
    assert Path(url2pathname(urlsplit(constraint).path)) == checkout / "packaging" / "constraints.txt"


def test_what_set_up_loads_is_all_that_it_installs(bootstrap: ModuleType) -> None:
    for name in f"{bootstrap.MODULES} {bootstrap.TOOLS}".split():
        assert importlib.util.find_spec(name), name


def test_it_can_be_read_by_an_old_python() -> None:
    source = (PROJECT / "packaging" / "bootstrap.py").read_text("utf-8")
    ast.parse(source, feature_version=(3, 7))
    later = re.findall(r"\bf[\"']|:=|->|\bmatch [a-z]", source)
    assert not later, f"{later} is not understood by the Pythons that it must refuse"


def test_without_a_command_it_explains_itself() -> None:
    outcome = subprocess.run(
        [sys.executable, str(PROJECT / "packaging" / "bootstrap.py")], capture_output=True, text=True
    )
    assert outcome.returncode == 2
    assert "bootstrap.py run" in outcome.stdout


def test_nothing_to_do_costs_no_time(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.touch()
    stamp = tmp_path / "stamp"
    monkeypatch.setattr(bootstrap, "venv_python", lambda: str(python))
    monkeypatch.setattr(bootstrap, "STAMP", str(stamp))
    stamp.write_text(bootstrap.fingerprint() + "\ntools")
    monkeypatch.setattr(bootstrap.subprocess, "call", lambda *_a, **_k: pytest.fail("something was installed"))
    bootstrap.install_python_packages(with_tools=True)
