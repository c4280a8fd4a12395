import os
import socket
from pathlib import Path

import pytest

from core.errors import DamagedError, MissingError
from core.loading.opening import open_file, read_file


def test_an_ordinary_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(b"content")
    assert read_file(tmp_path / "some", at_most=7) == b"content"
    with open_file(os.fsencode(tmp_path / "some")) as file:
        assert file.read() == b"content"


def test_a_link_to_an_ordinary_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(b"content")
    (tmp_path / "link").symlink_to("some")
    assert read_file(tmp_path / "link", at_most=100) == b"content"


def test_a_larger_file_than_allowed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(b"content")
    with pytest.raises(DamagedError, match="larger"):
        read_file(tmp_path / "some", at_most=6)
    with pytest.raises(DamagedError, match="larger"):
        open_file(tmp_path / "some", at_most=6)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux alone has files that don't know their size")
def test_a_file_that_does_not_know_its_size_is_measured_while_reading() -> None:
    assert len(read_file(Path("/proc/self/maps"), at_most=10_000_000)) > 200
    with pytest.raises(DamagedError, match="larger"):
        read_file(Path("/proc/self/maps"), at_most=200)


def test_a_missing_file_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "none", tmp_path / "file" / "none", tmp_path / "a\0b"):
        with pytest.raises(MissingError, match="no such file"):
            read_file(path, at_most=1)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such things")
def test_pipes_devices_sockets_and_folders_are_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(tmp_path)  # a socket may not have a long name
        listening.bind("socket")
        for name, reason in {
            "pipe": "not an ordinary file",
            "zero": "not an ordinary file",
            "socket": "not an ordinary file",
            "folder": "a folder",
            "circle": "leads back to itself",
            "x" * 300: "name is too long",
        }.items():
            with pytest.raises(DamagedError, match=reason):
                read_file(tmp_path / name, at_most=1000)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="an administrator may open everything")
def test_a_closed_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "closed").touch(0o000)
    with pytest.raises(DamagedError, match="may not open"):
        read_file(tmp_path / "closed", at_most=1)
