"""The installer for Windows, by NSIS: for one user, no administrator rights. How it behaves: windows/installer.nsi.

RITORNELLO_SIGN_WINDOWS, where set, is the command that signs the file whose name is put after it, such as
`signtool sign /fd sha256 /tr URL /td sha256 /sha1 THUMBPRINT`. Without it nothing is signed.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import icons
import windows_version

SCRIPT = Path(__file__).resolve().parent / "windows" / "installer.nsi"
LONGEST_PATH = 180
"""Of a file within the folder: Windows takes 259 in all, and the user's name comes before it."""
PLACES = (r"C:\Program Files (x86)\NSIS\makensis.exe", r"C:\Program Files\NSIS\makensis.exe")


def make(version: str, frozen: Path, out: Path, *options: str) -> Path:
    """The installer's path, in `out`. options: more of makensis's. Raises FileNotFoundError, ValueError, CalledProcessError."""
    installer = out / f"Ritornello-{version}-windows-x86_64-setup.exe"
    out.mkdir(parents=True, exist_ok=True)
    sign = os.environ.get("RITORNELLO_SIGN_WINDOWS", "")
    if sign:
        for program in sorted(frozen.glob("*.exe")):
            subprocess.run(f'{sign} "{program}"', shell=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        drawn = icons.ready()
        for name in ("app", "project", "model"):
            shutil.copy(drawn / f"{name}.ico", files)
        install, uninstall = lists(frozen)
        # With its mark at the start, makensis reads them as UTF-8.
        (files / "install.nsh").write_text(install, "utf-8-sig")
        (files / "uninstall.nsh").write_text(uninstall, "utf-8-sig")
        known = {
            "VERSION": version,
            "VERSION4": ".".join(map(str, windows_version.four_numbers(version))),
            "FILES": files,
            "OUT": installer.resolve(),
        }
        if sign:
            known["SIGN"] = sign
        defined = [f"-D{name}={value}" for name, value in known.items()]
        subprocess.run([makensis(), "-V2", "-WX", *defined, *options, SCRIPT], check=True)
    return installer


def makensis() -> str:
    """The compiler. Raises FileNotFoundError."""
    for place in (shutil.which("makensis"), *PLACES):
        if place and Path(place).exists():
            return place
    raise FileNotFoundError("makensis is missing: install NSIS (https://nsis.sourceforge.io, or Debian's package nsis)")


def lists(frozen: Path) -> tuple:
    """NSIS' lines that write every file below `frozen`, and those that remove just these and the folders they leave empty."""
    install, uninstall, folders = [], [], []
    for path in sorted(frozen.rglob("*")):
        within = path.relative_to(frozen)
        if len(str(within)) > LONGEST_PATH:
            raise ValueError(f"too long a path for Windows: {within}")
        there = _quoted("$INSTDIR\\", "\\".join(within.parts))
        if path.is_dir():
            install.append(f"SetOutPath {there}")
            folders.append(f"RMDir {there}")
        else:
            install.append(f"File {there.replace('`', '`/oname=', 1)} `{path}`")
            uninstall.append(f"Delete {there}")
    return "\n".join(['SetOutPath "$INSTDIR"', *install, ""]), "\n".join([*uninstall, *reversed(folders), ""])


def _quoted(before: str, name: str) -> str:
    if "`" in name:
        raise ValueError(f"no name for NSIS: {name}")
    return f"`{before}{name.replace('$', '$$')}`"  # $$ is a dollar sign
