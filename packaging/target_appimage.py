"""The AppImage: one file that runs on most Linux systems.

Needs `appimagetool`, on the path or named by APPIMAGETOOL. APPIMAGE_RUNTIME, where set, names the runtime that it puts
in front; without it the tool fetches one.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import linux_desktop
import linux_needs

START = """#!/bin/sh
# The window; and with `cli` in front, the command line.
here="$(dirname "$(readlink -f "$0")")/usr/lib/ritornello"
if [ "$1" = cli ]; then
  shift
  exec "$here/ritornello-cli" "$@"
fi
exec "$here/ritornello" "$@"
"""
TAKEN_ALONG = re.compile(r"libxcb-.+|libxkbcommon.*")
"""Of the libraries that are the system's, those that many systems come without; Qt then opens no window."""


def make(version: str, frozen: Path, out: Path) -> Path:
    """The AppImage's path, in `out`. Raises FileNotFoundError, CalledProcessError."""
    tool = os.environ.get("APPIMAGETOOL") or shutil.which("appimagetool")
    if not tool:
        raise FileNotFoundError("appimagetool is missing: put it on the path, or name it by APPIMAGETOOL")
    out.mkdir(parents=True, exist_ok=True)
    image = out / f"Ritornello-{version}-x86_64.AppImage"
    with tempfile.TemporaryDirectory(dir=out, prefix="appimage-") as folder:
        lay(Path(folder), version, frozen)
        runtime = os.environ.get("APPIMAGE_RUNTIME")
        options = ["--no-appstream", *(["--runtime-file", runtime] if runtime else [])]
        subprocess.run([tool, *options, folder, image], env={**os.environ, "ARCH": "x86_64"}, check=True)
    image.chmod(0o755)
    return image


def lay(folder: Path, version: str, frozen: Path) -> None:
    """What the image holds: the program, what starts it, and what a desktop reads of it."""
    program = folder / "usr" / "lib" / "ritornello"
    shutil.copytree(frozen, program, symlinks=True)
    needed, _ = linux_needs.needs(program)
    for name, path in known_libraries().items():
        if name in needed and TAKEN_ALONG.fullmatch(name):
            shutil.copy(path, program / "_internal" / name)
    linux_desktop.lay(folder / "usr" / "share", version)
    start = folder / "AppRun"
    start.write_text(START, "utf-8")
    start.chmod(0o755)
    share = folder / "usr" / "share"
    shutil.copy(share / linux_desktop.ENTRY, folder)
    shutil.copy(share / f"icons/hicolor/256x256/apps/{linux_desktop.ID}.png", folder)
    (folder / ".DirIcon").symlink_to(f"{linux_desktop.ID}.png")


def known_libraries() -> dict:
    """Name → path of every shared library that the loader's cache knows."""
    listing = subprocess.run(
        [shutil.which("ldconfig") or "/sbin/ldconfig", "-p"], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return dict(re.findall(r"^\t(\S+) \(libc6,x86-64.*?\) => (.+)$", listing, re.MULTILINE))
