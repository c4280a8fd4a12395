"""What is inside an artefact, written beside it: files with sizes and SHA-256 sums, and versions of packages."""

import hashlib
import json
import re
import zipfile
from pathlib import Path


def write(artefact: Path, *, version: str, commit: str, inside: Path | None = None) -> Path:
    """The manifest of a folder, or of one file that was made of the folder `inside`. Returns its path, NAME.manifest.json."""
    contents = artefact if artefact.is_dir() else inside
    found = {"artefact": artefact.name, "version": version, "commit": commit}
    if artefact.is_file():
        found |= {"size": artefact.stat().st_size, "sha256": _sum(artefact)}
    if contents is not None:
        found |= {"packages": packages(contents), "files": files(contents)}
    elif zipfile.is_zipfile(artefact):
        found |= {"packages": {}, "files": _zipped(artefact)}
    path = artefact.with_name(f"{artefact.name}.manifest.json")
    path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", "utf-8", newline="\n")
    return path


def files(folder: Path) -> list:
    """Every file below `folder`, in order: its path, and its size and sum, or where it leads to."""
    found = []
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found.append({"path": name, "link": path.readlink().as_posix()})
        elif path.is_file():
            found.append({"path": name, "size": path.stat().st_size, "sha256": _sum(path)})
    return found


def packages(folder: Path) -> dict:
    """Name → version of the Python packages inside, which have their records with them, and of all else that has a licence."""
    lists = sorted(folder.rglob("licences/README.txt"))
    told = lists[0].read_text("utf-8") if lists else ""
    return {name: version for name, version in re.findall(r"^(\S+) (\S+): ", told, re.MULTILINE)}


def _zipped(path: Path) -> list:
    with zipfile.ZipFile(path) as archive:
        entries = sorted(archive.infolist(), key=lambda entry: entry.filename)
        return [
            {"path": entry.filename, "size": entry.file_size, "sha256": hashlib.sha256(archive.read(entry)).hexdigest()}
            for entry in entries
        ]


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
