"""The .run: a script with the packed program behind it, which installs it for one person, without an administrator.

linux/install.sh is that script. Packed by gzip, which every system has; xz would save a fifth, and is not everywhere.
"""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import linux_desktop
import linux_needs

FOLDER = Path(__file__).resolve().parent / "linux"
UNINSTALL_ENTRY = f"applications/{linux_desktop.ID}.uninstall.desktop"


def make(version, frozen, out, *, level=6):
    """The installer's path in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    installer = out / f"Ritornello-{version}-x86_64.run"
    with tempfile.TemporaryDirectory(dir=out, prefix="run-") as folder:
        beside = Path(folder, "beside")
        lay(beside, version)
        packed = Path(folder, "packed.tar.gz")
        _pack((frozen, beside), packed, level)
        size = sum(path.lstat().st_size for path in frozen.rglob("*"))
        script = header(version, packed, size, linux_needs.packages(frozen))
        with installer.open("wb") as file, packed.open("rb") as payload:
            file.write(script)
            shutil.copyfileobj(payload, file, 1 << 20)
    installer.chmod(0o755)
    return installer


def lay(beside, version):
    """What lies beside the program: its desktop entries, which install.sh fits to their place, and its uninstaller."""
    linux_desktop.lay(beside / "share", version)
    shutil.copyfile(FOLDER / "uninstall.desktop", beside / "share" / UNINSTALL_ENTRY)
    shutil.copyfile(FOLDER / "uninstall.sh", beside / "uninstall")
    (beside / "uninstall").chmod(0o755)


def header(version, packed, size, packages):
    """The script, which knows where the packed program begins and what its sum is."""
    with packed.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    script = (FOLDER / "install.sh").read_text("utf-8")
    values = {
        "VERSION": version,
        "SHA256": digest,
        "FIRST_LINE": script.count("\n") + 1,
        "MEGABYTES": -(-size // 1_000_000),
        "PACKAGES": " ".join(packages),
    }
    for name, value in values.items():
        script = script.replace(f"@{name}@", str(value))
    return script.encode()


def _pack(folders, target, level):
    """All that is in the folders, in one archive that is the same whoever makes it, and when."""
    together = [part for folder in folders for part in ("-C", folder, *sorted(path.name for path in folder.iterdir()))]
    same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", f"--mtime=@{linux_desktop.build_time()}"]
    command = ["tar", "-c", *same, "--mode=u+rw,go=rX", *together]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as archive, target.open("wb") as file:
        subprocess.run(["gzip", f"-{level}n"], stdin=archive.stdout, stdout=file, check=True)
    if archive.returncode:
        raise subprocess.CalledProcessError(archive.returncode, command)
