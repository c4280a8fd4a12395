"""Try the Windows installer as a user meets it: install, upgrade, remove. On Windows, or by Wine with --wine.

    python3 packaging/test_windows.py INSTALLER         on Windows: also runs the program's smoke test
    python3 packaging/test_windows.py --wine            installers of a stand-in for the program, in a Wine of its own

Installs for the user who runs it, and refuses where Ritornello is installed already. Needs makensis, for an older
version to upgrade from.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath

import target_windows

PATIENCE_S = 120
CLASSES = r"HKCU\Software\Classes"
UNINSTALL = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Ritornello"
SHORTCUT = r"Microsoft\Windows\Start Menu\Programs\Ritornello.lnk"


class Windows:
    """Runs programs, and finds files by what Windows calls them."""

    def __init__(self, before: list, environment: dict) -> None:
        self._before, self._environment = before, environment

    def run(self, *command: object, check: bool = True) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*self._before, *map(str, command)],
            env=self._environment,
            check=check,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    @contextlib.contextmanager
    def running(self, program: Path, *arguments: str) -> Iterator[None]:
        """The program is open within the block."""
        command = [*self._before, str(program), *arguments]
        process = subprocess.Popen(command, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._before:
            process.stdout.read(1)  # Wine has begun it when it says something
        yield
        if self._before:
            process.communicate(b"\r\n")
        else:
            process.kill()
            process.wait()

    def folder(self, variable: str) -> Path:
        name = self.run("cmd", "/c", "echo", f"%{variable}%").stdout.strip().splitlines()[-1]
        return self.path(name)

    def path(self, name: str) -> Path:
        if not self._before:
            return Path(name)
        return Path(self._environment["WINEPREFIX"], "drive_c", *PureWindowsPath(name).parts[1:])

    def value(self, key: str, name: str = "") -> str | None:
        """From the registry; None where it is not there."""
        done = self.run("reg", "query", key, *(["/v", name] if name else ["/ve"]), check=False)
        lines = [line for line in done.stdout.splitlines() if "REG_" in line]
        return lines[0].partition("REG_")[2].partition(" ")[2].strip() if lines and not done.returncode else None

    def has(self, key: str) -> bool:
        return self.run("reg", "query", key, check=False).returncode == 0


def eventually(holds: Callable[[], object]) -> None:
    """Wait for it. Raises SystemExit when it never comes."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise SystemExit("waited in vain")
        time.sleep(0.5)


def stand_in(folder: Path, *names: str) -> Path:
    for name in ("ritornello.exe", "ritornello-cli.exe", *names):
        path = folder.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def files(folder: Path) -> set:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def claim(what: str, holds: object) -> None:
    print(("ok      " if holds else "FAILED  ") + what, flush=True)
    if not holds:
        raise SystemExit(1)


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("installer", nargs="?", type=Path)
    parser.add_argument("--wine", action="store_true")
    options = parser.parse_args(arguments)
    if not options.wine and not (options.installer and sys.platform == "win32"):
        parser.error("name the installer, on Windows; or --wine")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        kind = ["-DQUICK"]
        windows = Windows([], dict(os.environ))
        if options.wine:
            kind.append("-XTarget amd64-unicode")  # Debian's Wine runs nothing else
            prefix = {"WINEPREFIX": str(scratch / "wine"), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}
            windows = Windows(["wine"], {**os.environ, **prefix})
            windows.run("winecfg", "/v", "win10")
        older = target_windows.make(
            "0.0.1", stand_in(scratch / "older", "_internal/stale é $1.txt", "_internal/old/x"), scratch, *kind
        )
        newer = options.installer
        if newer is None:
            fresh = stand_in(scratch / "newer", "_internal/fresh.txt")
            # A program that runs until it is told to end: Wine's command line.
            shutil.copy(windows.folder("SYSTEMROOT") / "system32" / "cmd.exe", fresh / "ritornello.exe")
            newer = target_windows.make("0.2.0", fresh, scratch, *kind)
        try:
            try_out(windows, older, newer, is_real=options.installer is not None)
        finally:
            if options.wine:
                subprocess.run(["wineserver", "--kill", "--wait"], env={**os.environ, **prefix})
    return 0


def try_out(windows: Windows, older: Path, newer: Path, *, is_real: bool) -> None:
    """Install, upgrade, remove; SystemExit at the first thing that is wrong."""
    local = windows.folder("LOCALAPPDATA")
    program, shortcut = local / "Programs" / "Ritornello", windows.folder("APPDATA") / PureWindowsPath(SHORTCUT)
    claim("nothing is installed at first", not program.exists() and not windows.has(UNINSTALL))
    windows.run("reg", "add", rf"{CLASSES}\.mid", "/ve", "/d", "Other.Player", "/f")

    claim("an older version installs silently", windows.run(older, "/S").returncode == 0)
    claim("it says its version", windows.value(UNINSTALL, "DisplayVersion") == "0.0.1")
    claim("it has a file that the newer one lacks", "_internal/stale é $1.txt" in files(program))
    mine = [local / "Ritornello" / "models" / "mine.bin", program / "_internal" / "my notes.txt"]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")

    claim("the newer one installs over it", windows.run(newer, "/S").returncode == 0)
    claim("what only the older one had is gone", "_internal/stale é $1.txt" not in files(program))
    claim("and so is the folder that it leaves empty", not (program / "_internal" / "old").exists())
    claim("what people put there stays", all(path.read_text() == "mine" for path in mine))
    claim("it says its version too", windows.value(UNINSTALL, "DisplayVersion") not in (None, "0.0.1"))
    claim("it is in the Start menu", shortcut.exists())
    opens = windows.value(rf"{CLASSES}\Ritornello.Project\shell\open\command") or ""
    claim("a project opens in it", opens.endswith(r'\Programs\Ritornello\ritornello.exe" "%1"'))
    for suffix, owner in ((".ritornello", "Ritornello.Project"), (".ritornello-model", "Ritornello.Model")):
        claim(f"{suffix} is its own", windows.value(rf"{CLASSES}\{suffix}") == owner)
    for suffix in (".mid", ".midi", ".kar"):
        claim(
            f"{suffix} can be opened with it",
            windows.value(rf"{CLASSES}\{suffix}\OpenWithProgids", "Ritornello.Midi") is not None,
        )
    claim(".mid stays whose it was", windows.value(rf"{CLASSES}\.mid") == "Other.Player")
    if is_real:
        told = windows.run(program / "ritornello-cli.exe", "--version").stdout.strip()
        claim(f"the command line says {told}", told.endswith(windows.value(UNINSTALL, "DisplayVersion") or "?"))
        done = windows.run(program / "ritornello.exe", "--smoke-test", check=False)
        print(done.stdout)
        claim("the smoke test passes", done.returncode == 0)

    before = files(program)
    with windows.running(program / "ritornello.exe", *([] if is_real else ["/c", "pause"])):
        done = windows.run(newer, "/S", check=False)
        claim("while it is open, no other takes its place", done.returncode == 2 and files(program) == before)
    claim("closed, it can be installed again", windows.run(newer, "/S").returncode == 0 and files(program) == before)

    windows.run(program / "uninstall.exe", "/S")  # it goes on as a copy of itself
    eventually(lambda: not windows.has(UNINSTALL) and not (program / "uninstall.exe").exists())
    claim("removed, it leaves the registry", not windows.has(UNINSTALL))
    left = windows.run("reg", "query", r"HKCU\Software", "/s", "/f", "Ritornello", check=False).stdout
    left = [line for line in left.splitlines() if "ritornello" in line.lower() and "MuiCache" not in line]
    claim(f"in all of it {left}", not left)
    claim(".mid is still whose it was", windows.value(rf"{CLASSES}\.mid") == "Other.Player")
    claim("the Start menu's entry is gone", not shortcut.exists())
    claim("what people put there stays, and nothing else", files(program) == {"_internal/my notes.txt"})
    claim("models stay", mine[0].read_text() == "mine")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
