"""Nothing is lost when writing fails."""

from pathlib import Path

import pytest

from core import files
from core.errors import FileError


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "Évening study.mid"
    files.write_bytes(target, b"old")
    files.write_bytes(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "song.mid"
    files.write_bytes(target, b"old")

    def write() -> None:
        with files.replacing(target) as temporary:
            temporary.write_bytes(b"half of the n")
            raise OSError(28, "No space left on device")

    with pytest.raises(FileError, match=r"‘song\.mid’ was not saved: No space left on device"):
        write()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_bug_while_writing_passes_through_and_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "song.mid"
    files.write_bytes(target, b"old")

    def write() -> None:
        with files.replacing(target):
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        write()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "song.mid").mkdir()
    with pytest.raises(FileError, match=r"song\.mid"):
        files.write_bytes(tmp_path / "song.mid", b"")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a" / "b" / "words.txt", "♯")
    assert (tmp_path / "a" / "b" / "words.txt").read_text("utf-8") == "♯"
