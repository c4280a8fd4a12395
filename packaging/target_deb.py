"""The .deb: the frozen folder under /usr/lib, both programs on the path, and what desktops read. It runs no script.

Desktops' own triggers see to menus, icons and file types. /usr/lib and not /opt: with the last package there, /opt
itself would go.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import linux_desktop
import linux_needs

ROOT = Path(__file__).resolve().parent.parent
PLACE = "usr/lib/ritornello"
HANDBOOK = "_internal/resources/handbook"
"""Where the program looks for its pages: a link to the documentation, which is all of /usr that a browser in a snap may see."""
PROGRAMS = ("ritornello", "ritornello-cli")
CONTROL = """\
Package: ritornello
Version: {version}
Architecture: {architecture}
Maintainer: The authors of Ritornello <authors@ritornello.invalid>
Installed-Size: {size}
Depends: {depends}
Section: sound
Priority: optional
Description: piano roll that plays on with your own small model
 Your own folder of MIDI files becomes your own small model: you watch and hear
 it learn, and it continues what you draw on the piano roll. A model, sample
 music and sounds are included. Everything happens on this computer; nothing is
 sent anywhere.
"""


def make(version, frozen, out, *, packed=("-Zzstd", "-z9")):
    """The package's path in `out`. packed: how dpkg-deb compresses it."""
    out.mkdir(parents=True, exist_ok=True)
    architecture = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
    package = out / f"ritornello_{debian_version(version)}_{architecture}.deb"
    with tempfile.TemporaryDirectory(dir=out, prefix="deb-") as folder:
        root = Path(folder, "root")
        lay(root, version, frozen)
        files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
        (root / "DEBIAN").mkdir()
        sums = "".join(f"{_md5(path)}  {path.relative_to(root)}\n" for path in files)
        (root / "DEBIAN" / "md5sums").write_text(sums)
        control = CONTROL.format(
            version=debian_version(version),
            architecture=architecture,
            size=sum(path.stat().st_size for path in files) // 1024,
            depends=linux_needs.depends(frozen),
        )
        (root / "DEBIAN" / "control").write_text(control)
        for path in (root, *root.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        pack = ["dpkg-deb", *packed, "--root-owner-group", "--build", root, package]
        settings = os.environ | {"SOURCE_DATE_EPOCH": str(linux_desktop.build_time())}
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL, env=settings)
    return package


def lay(root, version, frozen):
    """All files of the package, below `root`."""
    shutil.copytree(frozen, root / PLACE, symlinks=True)
    (root / "usr/bin").mkdir(parents=True)
    for name in PROGRAMS:
        (root / "usr/bin" / name).symlink_to(f"../lib/ritornello/{name}")
    linux_desktop.lay(root / "usr/share", version)
    about = root / "usr/share/doc/ritornello"
    about.mkdir(parents=True)
    shutil.copyfile(ROOT / "LICENSE", about / "copyright")
    pages = root / PLACE / HANDBOOK
    if pages.is_dir():
        pages.rename(about / "html")
        pages.symlink_to(os.path.relpath(about / "html", pages.parent))


def debian_version(version):
    """0.2.0rc1 sorts after 0.2.0 there, 0.2.0~rc1 before it."""
    return re.sub(r"\.?(dev|a|b|rc)(?=\d)", r"~\1", version)


def _md5(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
