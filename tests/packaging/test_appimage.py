"""What an AppImage of a stand-in for the program holds, and that it starts; the tool that packs it is the workflow's."""

import os
import subprocess
import sys
from pathlib import Path

import linux_desktop
import pytest
import target_appimage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made and run on Linux")


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("appimage")
    frozen = folder / "frozen"
    (frozen / "_internal").mkdir(parents=True)
    for name in ("ritornello", "ritornello-cli"):
        (frozen / name).write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@"\n')
        (frozen / name).chmod(0o755)
    image = folder / "A folder" / "image"
    target_appimage.lay(image, "0.2.0", frozen)
    return image


def test_it_has_what_a_desktop_looks_for_at_its_top(laid: Path) -> None:
    assert (laid / f"{linux_desktop.ID}.desktop").exists()
    assert (laid / ".DirIcon").resolve().read_bytes().startswith(b"\x89PNG")
    assert f"Icon={linux_desktop.ID}\n" in (laid / f"{linux_desktop.ID}.desktop").read_text()


@pytest.mark.parametrize(
    ("arguments", "heard"),
    [
        (["a song.mid"], ["ritornello", "a song.mid"]),
        (["cli", "generate", "--out", "x y.mid"], ["ritornello-cli", "generate", "--out", "x y.mid"]),
        ([], ["ritornello"]),
    ],
)
def test_it_starts_the_window_or_the_command_line(laid: Path, tmp_path: Path, arguments: list, heard: list) -> None:
    link = tmp_path / "mounted elsewhere"
    link.symlink_to(laid)
    done = subprocess.run([link / "AppRun", *arguments], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines() == heard, done.stderr


def test_it_is_packed_by_the_tool_that_is_named(laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tool"
    tool.write_text('#!/bin/sh\nprintf "%s " "$ARCH" "$1" "$2" "$3" > "$5"\nls "$4" >> "$5"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("APPIMAGETOOL", str(tool))
    monkeypatch.setenv("APPIMAGE_RUNTIME", "runtime")
    made = target_appimage.make("0.2.0", laid / "usr" / "lib" / "ritornello", tmp_path / "out")
    assert made.name == "Ritornello-0.2.0-x86_64.AppImage"
    assert os.access(made, os.X_OK)
    assert made.read_text().split() == ["x86_64", "--no-appstream", "--runtime-file", "runtime", "AppRun", f"{linux_desktop.ID}.desktop", f"{linux_desktop.ID}.png", "usr"]  # fmt: skip


def test_the_screens_libraries_that_systems_lack_are_taken_along() -> None:
    for name in ("libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxkbcommon-x11.so.0"):
        assert target_appimage.TAKEN_ALONG.fullmatch(name)
    for name in ("libxcb.so.1", "libEGL.so.1", "libc.so.6", "libX11.so.6"):
        assert not target_appimage.TAKEN_ALONG.fullmatch(name)
    assert Path(target_appimage.known_libraries()["libc.so.6"]).exists()
