"""The Windows installer: what it writes is what it removes. packaging/test_windows.py installs it for real."""

import re
import shutil
from pathlib import Path

import pytest
import target_windows
import windows_version

from core.learning.models.library import SUFFIX as MODEL_SUFFIX
from gui.project_file import PROJECT_SUFFIX

SCRIPT = (Path(target_windows.__file__).parent / "windows" / "installer.nsi").read_text("utf-8")


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    folder = tmp_path / "ritornello"
    for name in ("ritornello.exe", "ritornello-cli.exe", "_internal/core/data é/a b $c.txt", "_internal/z.dll"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"MZ")
    return folder


def test_exactly_what_is_written_is_removed_with_the_folders_that_it_leaves_empty(frozen: Path) -> None:
    install, uninstall = target_windows.lists(frozen)
    written = re.findall(r"^File `/oname=(.+?)` ", install, re.MULTILINE)
    removed = re.findall(r"^Delete `(.+)`", uninstall, re.MULTILINE)
    assert written == removed
    assert r"$INSTDIR\_internal\core\data é\a b $$c.txt" in written
    assert len(written) == 4
    folders = re.findall(r"^RMDir `(.+)`", uninstall, re.MULTILINE)
    assert folders == [rf"$INSTDIR\_internal{rest}" for rest in ("\\core\\data é", "\\core", "")]
    sources = [path for path in re.findall(r"` `(.+)`$", install, re.MULTILINE) if Path(path).is_file()]
    assert len(sources) == 4


def test_no_folder_is_removed_with_what_is_in_it() -> None:
    assert not re.search(r"RMDir\s+/r|Delete\s+.*\*", SCRIPT, re.IGNORECASE)


def test_a_path_that_windows_cannot_hold_is_refused(frozen: Path) -> None:
    deep = frozen.joinpath(*["a folder with a long name"] * 8)
    deep.mkdir(parents=True)
    with pytest.raises(ValueError, match="too long"):
        target_windows.lists(frozen)


@pytest.mark.parametrize(("version", "numbers"), [("0.2.0", (0, 2, 0, 0)), ("1.10", (1, 10, 0, 0))])
def test_a_version_has_four_numbers_on_windows(version: str, numbers: tuple) -> None:
    assert windows_version.four_numbers(version) == numbers


def test_its_kinds_of_file_are_the_programs() -> None:
    owned = re.findall(r'insertmacro OWN "(.+?)"', SCRIPT)
    offered = re.findall(r'insertmacro OFFER "(.+?)"', SCRIPT)
    assert owned == [PROJECT_SUFFIX, MODEL_SUFFIX]
    assert offered == [".mid", ".midi", ".kar"]
    assert re.findall(r'insertmacro LET_GO "(.+?)"', SCRIPT) == owned + offered


@pytest.mark.skipif(shutil.which("makensis") is None, reason="NSIS, which compiles it, is not here")
def test_it_compiles_without_a_warning_and_asks_for_no_administrator(frozen: Path, tmp_path: Path) -> None:
    made = target_windows.make("0.2.0", frozen, tmp_path / "out", "-DQUICK")
    content = made.read_bytes()
    assert made.name == "Ritornello-0.2.0-windows-x86_64-setup.exe"
    assert b'requestedExecutionLevel level="asInvoker"' in content
    told = "ProductVersion".encode("utf-16-le") + rb"\0{2,6}" + re.escape("0.2.0".encode("utf-16-le"))
    assert re.search(told, content)


@pytest.mark.parametrize("name", windows_version.SAID)
def test_each_program_tells_windows_what_it_is(name: str, tmp_path: Path) -> None:
    def told(kind: str):
        return lambda *values, **named: (kind, values, named)

    kinds = (
        "VSVersionInfo",
        "FixedFileInfo",
        "StringFileInfo",
        "StringTable",
        "StringStruct",
        "VarFileInfo",
        "VarStruct",
    )
    text = windows_version.write(tmp_path / "version", name, "0.2.0").read_text("utf-8")
    assert "(0, 2, 0, 0)" in text
    strings = dict(re.findall(r'StringStruct\("(\w+)", "(.+?)"\)', text))
    assert strings["ProductVersion"] == strings["FileVersion"] == "0.2.0"
    assert strings["OriginalFilename"] == f"{name}.exe"
    assert eval(text, {kind: told(kind) for kind in kinds})[0] == "VSVersionInfo"
