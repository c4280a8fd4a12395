"""Set-up: what it refuses and what it says, without installing anything."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

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


def test_missing_libraries_without_rights_give_the_one_line_that_installs_them(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "known_libraries", lambda: set(bootstrap.LIBRARIES) - {"libEGL.so.1"})
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    with pytest.raises(bootstrap.SetupError, match="sudo apt-get install -y --no-install-recommends libegl1"):
        bootstrap.install_system_packages()


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
