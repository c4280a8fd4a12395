"""What a frozen program needs of the system: read from its own libraries, so that a package can declare just that."""

import re
import subprocess
from pathlib import Path

import bootstrap

# Shared library → Debian package, beyond those that a set-up from source checks for.
PACKAGES = {
    **bootstrap.LIBRARIES,
    "ld-linux-x86-64.so.2": "libc6",
    "libc.so.6": "libc6",
    "libdl.so.2": "libc6",
    "libm.so.6": "libc6",
    "libpthread.so.0": "libc6",
    "libresolv.so.2": "libc6",
    "librt.so.1": "libc6",
    "libutil.so.1": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libdrm.so.2": "libdrm2",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb.so.1": "libxcb1",
    "libasound.so.2": "libasound2",
    "libexpat.so.1": "libexpat1",
    "libfreetype.so.6": "libfreetype6",
    "libz.so.1": "zlib1g",
}
LOADED_BY_NAME = ("libEGL.so.1", "libGL.so.1")
"""What Qt opens when it is started, and no header of a file names."""
BESIDE = ("fontconfig-config",)
"""What libraries read that are shipped: without it fontconfig complains at every start."""
RENAMED = {name: f"{name}t64" for name in ("libasound2", "libglib2.0-0")}
"""Package → its name from Debian 13 and Ubuntu 24.04 on, where time has 64 bits."""


def packages(folder):
    """Debian's names of them, sorted. Raises SetupError for a library that no package is known for."""
    needed, _ = needs(folder)
    unknown = sorted(needed - set(PACKAGES))
    if unknown:
        raise bootstrap.SetupError(
            f"The program needs {', '.join(unknown)} of the system, and no package is known for it: "
            "name that in packaging/linux_needs.py, or take the library in."
        )
    return sorted({PACKAGES[library] for library in needed | set(LOADED_BY_NAME)} | set(BESIDE))


def depends(folder):
    """The same as a Depends field, with the oldest glibc that will do."""
    _, glibc = needs(folder)
    return ", ".join(
        f"{name} (>= {glibc})" if name == "libc6" else f"{RENAMED[name]} | {name}" if name in RENAMED else name
        for name in packages(folder)
    )


def needs(folder):
    """The names of the libraries that `folder` does not hold itself, and the oldest glibc that will do."""
    files = [path for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path)]
    there = {path.name for path in Path(folder).rglob("*")}
    said = "".join(
        subprocess.run(
            ["readelf", "--dynamic", "--version-info", "--wide", *files[at : at + 100]],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for at in range(0, len(files), 100)
    )
    needed = set(re.findall(r"\(NEEDED\)\s+Shared library: \[(.+?)\]", said)) - there
    versions = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", said)
    newest = max(((int(major), int(minor)) for major, minor in versions), default=(2, 34))
    return needed, "{}.{}".format(*newest)


def _is_elf(path):
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
