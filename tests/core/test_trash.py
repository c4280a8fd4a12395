"""The trash: nothing in it is overwritten, and it doesn't grow for ever."""

import os
import time
from pathlib import Path

import pytest

from core.trash import KEPT_DAYS, Lost, Trash, id_of


@pytest.fixture
def trash(home: Path) -> Trash:
    return Trash(home)


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def aged(path: Path, days: float) -> Path:
    then = time.time() - days * 86_400
    os.utime(path, (then, then))
    return path


def test_things_of_one_name_lie_side_by_side(trash: Trash, tmp_path: Path) -> None:
    places = {trash.put(put(tmp_path / "songs.sqlite", bytes([number])), "corpora") for number in range(20)}
    assert len(places) == 20
    assert {place.read_bytes() for place in places} == {bytes([number]) for number in range(20)}
    assert {id_of(place) for place in places} == {"songs"}
    assert set(trash.places("corpora", ".sqlite")) == places


def test_it_is_the_time_of_deleting_that_counts(trash: Trash, tmp_path: Path) -> None:
    old = aged(put(tmp_path / "old.sqlite"), 1000)
    first = trash.put(old, "corpora")
    second = trash.put(aged(put(tmp_path / "other.sqlite"), 2000), "corpora")
    assert set(trash.places("corpora")) == {first, second}


def test_what_was_deleted_long_ago_goes_when_something_else_is_deleted(
    trash: Trash, home: Path, tmp_path: Path
) -> None:
    for name in ("model", "another"):
        put(tmp_path / name / "weights.npz")
    old = aged(trash.put(tmp_path / "model", "models"), KEPT_DAYS + 1)
    young = aged(trash.put(tmp_path / "another", "models"), KEPT_DAYS - 1)
    of_before = aged(put(home / "trash" / "from an earlier version"), KEPT_DAYS + 1)
    trash.put(put(tmp_path / "songs.sqlite"), "corpora")
    assert not old.exists()
    assert not of_before.exists()
    assert young.exists()


def test_it_says_how_much_it_holds_and_can_be_emptied(trash: Trash, tmp_path: Path) -> None:
    assert trash.bytes == 0
    put(tmp_path / "model" / "weights.npz", bytes(5000))
    trash.put(tmp_path / "model", "models")
    trash.put(put(tmp_path / "songs.sqlite", bytes(3000)), "corpora")
    size = trash.bytes
    assert size >= 8000
    assert trash.empty() == Lost(2, size)
    assert (trash.bytes, trash.places("models"), trash.places("corpora")) == (0, (), ())


def test_emptying_follows_no_link(trash: Trash, tmp_path: Path) -> None:
    mine = put(tmp_path / "mine" / "precious.mid")
    link = tmp_path / "link"
    link.symlink_to(mine.parent)
    trash.put(link, "models")
    trash.empty()
    assert mine.exists()


def test_a_thing_that_is_gone_can_t_be_put_there(trash: Trash, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        trash.put(tmp_path / "gone", "models")
