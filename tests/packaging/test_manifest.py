"""What is written beside an artefact, and what must not be inside it."""

import hashlib
import json
import zipfile
from pathlib import Path

import frozen
import manifest
import places
import pytest


def test_a_folders_manifest_names_every_file_with_size_and_sum_and_every_link(tmp_path: Path) -> None:
    folder = tmp_path / "ritornello"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "b.txt").write_text("bb")
    (folder / "a.txt").write_text("a")
    (folder / "link").symlink_to("inner/b.txt")
    path = manifest.write(folder, version="1.2.3", commit="abc", inside=folder)
    assert path == tmp_path / "ritornello.manifest.json"
    told = json.loads(path.read_text())
    assert (told["artefact"], told["version"], told["commit"]) == ("ritornello", "1.2.3", "abc")
    assert told["files"] == [
        {"path": "a.txt", "size": 1, "sha256": hashlib.sha256(b"a").hexdigest()},
        {"path": "inner/b.txt", "size": 2, "sha256": hashlib.sha256(b"bb").hexdigest()},
        {"path": "link", "link": "inner/b.txt"},
    ]


def test_an_installers_manifest_tells_its_own_size_and_sum_and_what_is_inside(tmp_path: Path) -> None:
    inside = tmp_path / "ritornello"
    inside.mkdir()
    (inside / "a.txt").write_text("a")
    installer = tmp_path / "ritornello_1.2.3_amd64.deb"
    installer.write_bytes(b"deb")
    told = json.loads(manifest.write(installer, version="1.2.3", commit="", inside=inside).read_text())
    assert (told["size"], told["sha256"]) == (3, hashlib.sha256(b"deb").hexdigest())
    assert [file["path"] for file in told["files"]] == ["a.txt"]


def test_a_wheels_manifest_names_what_is_in_it(tmp_path: Path) -> None:
    wheel = tmp_path / "ritornello-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("core/errors.py", "x = 1")
    told = json.loads(manifest.write(wheel, version="1.2.3", commit="").read_text())
    assert told["files"] == [
        {"path": "core/errors.py", "size": 5, "sha256": hashlib.sha256(b"x = 1").hexdigest()},
    ]


def test_a_place_on_the_building_machine_is_found_plain_compiled_and_packed(tmp_path: Path) -> None:
    place = "/home/anna/ritornello"
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "m.pyc").write_bytes(b"\x00" * 16 + b"\xfa\x1f/home/anna/ritornello/core/m.py\xf3")
    (tmp_path / "clean.txt").write_text("/home/bert/ritornello")
    with zipfile.ZipFile(tmp_path / "base_library.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("os.pyc", f"{place}/os.py " * 100)
        archive.writestr("re.pyc", "nothing")
    assert places.found(tmp_path, [place]) == [("base_library.zip/os.pyc", place), ("core/m.pyc", place)]


def test_a_place_that_lies_across_two_blocks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_BLOCK", 16)
    (tmp_path / "library.so").write_bytes(b"0123456789/home/anna/ritornello")
    assert places.found(tmp_path, ["/home/anna/ritornello"]) == [("library.so", "/home/anna/ritornello")]


def test_the_checkout_is_a_place_of_this_machine_and_usr_is_not() -> None:
    assert str(frozen.ROOT) in places.of_this_machine()
    assert not {"/", "/usr", "/usr/local"} & set(places.of_this_machine())
