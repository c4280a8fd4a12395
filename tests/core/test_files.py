"""Nothing is lost when writing fails."""

import errno
import os
import stat
import sys
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

    with pytest.raises(
        FileError, match=r"‘song\.mid’ was not saved: the disk is full. Free some space, or choose another place."
    ):
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


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these bits nor pipes with names")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o777])
def test_a_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "song.mid"
    target.write_bytes(b"old")
    target.chmod(mode)
    files.write_bytes(target, b"new")
    assert (target.read_bytes(), mode_of(target)) == (b"new", mode)


@posix
def test_a_private_file_is_private_while_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "song.mid"
    target.write_bytes(b"old")
    target.chmod(0o600)
    with files.replacing(target) as temporary:
        assert mode_of(temporary) == 0o600


@posix
@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_a_new_file_gets_what_the_umask_grants(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        files.write_bytes(tmp_path / "song.mid", b"new")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "song.mid") == mode


@posix
def test_a_write_protected_file_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "song.mid"
    target.write_bytes(b"old")
    target.chmod(0o444)
    with pytest.raises(FileError, match=r"‘song\.mid’"):
        files.write_bytes(target, b"new")
    assert (target.read_bytes(), mode_of(target)) == (b"old", 0o444)
    assert list(tmp_path.iterdir()) == [target]


@posix
def test_a_symbolic_link_stays_one_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "song.mid", tmp_path / "link.mid"
    target.write_bytes(b"old")
    link.symlink_to(Path("elsewhere") / "song.mid")
    files.write_bytes(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert {path.name for path in tmp_path.rglob("*")} == {"elsewhere", "song.mid", "link.mid"}


@posix
def test_a_link_to_nothing_yet_makes_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link.mid"
    link.symlink_to("song.mid")
    files.write_bytes(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "song.mid").read_bytes() == b"new"


@posix
def test_links_that_go_round_in_a_circle_are_told_and_stay(tmp_path: Path) -> None:
    one, other = tmp_path / "one.mid", tmp_path / "other.mid"
    one.symlink_to(other)
    other.symlink_to(one)
    with pytest.raises(FileError, match=r"‘one\.mid’"):
        files.write_bytes(one, b"new")
    assert one.is_symlink()


@posix
def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "song.mid"
    os.mkfifo(pipe)
    with pytest.raises(FileError, match=r"‘song\.mid’"):
        files.write_bytes(pipe, b"new")
    assert pipe.is_fifo()


def test_a_file_that_another_program_changed_is_told(tmp_path: Path) -> None:
    target = tmp_path / "song.mid"
    known = files.digest(b"old")
    files.require_unchanged(target, known)  # nothing there that could be lost
    target.write_bytes(b"old")
    files.require_unchanged(target, known)
    target.write_bytes(b"new")
    with pytest.raises(files.ChangedError, match=r"‘song\.mid’"):
        files.require_unchanged(target, known)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full. Free some space, or choose another place."),
        (errno.EDQUOT, "your share of the disk is full. Free some space, or choose another place."),
        (errno.EFBIG, "it is larger than allowed there. Choose another place."),
        (errno.EACCES, "you may not write there. Choose another place, or change its permissions."),
        (errno.EPERM, "you may not write there. Choose another place, or change its permissions."),
        (errno.EROFS, "that disk can only be read. Choose another place."),
        (errno.ENOENT, "its folder is not there. Make the folder first, or choose another one."),
        (errno.ENAMETOOLONG, "the name is too long. Choose a shorter one."),
        (errno.EMFILE, f"{os.strerror(errno.EMFILE)}. Choose another place."),
    ],
)
def test_a_failure_says_its_true_cause_and_what_to_do_about_that(tmp_path: Path, number: int, words: str) -> None:
    def write() -> None:
        with files.replacing(tmp_path / "song.mid"):
            raise OSError(number, os.strerror(number))

    with pytest.raises(FileError) as caught:
        write()
    assert str(caught.value) == f"‘song.mid’ was not saved: {words}"


def test_a_place_is_tried_and_nothing_is_made_there(tmp_path: Path) -> None:
    files.require_place(tmp_path / "song.mid")
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "no" / "song.mid", tmp_path / "file" / "song.mid", tmp_path / ("x" * 300), tmp_path):
        with pytest.raises(FileError):
            files.require_place(place)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_closed_folder_is_told_as_such(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="you may not write there"):
        files.write_bytes(tmp_path / "song.mid", b"")
    with pytest.raises(FileError, match="you may not write there"):
        files.require_place(tmp_path / "song.mid")
    tmp_path.chmod(0o700)
