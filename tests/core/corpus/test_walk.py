"""What is found in folders and zips, and what is said about the rest."""

import os
import zipfile
from pathlib import Path

import pytest

from core.corpus import walk as walking
from core.corpus.walk import Found, shown, walk
from tests.systems import needs_byte_names, needs_pipes


def found_in(*paths: Path) -> dict[str, str]:
    """Reasons by name, of all that was found; zips themselves only with a reason."""
    return {
        shown(item.path).removeprefix(f"{paths[0]}/"): item.reason
        for item in walk(paths)
        if item is not None and (item.reason or not walking.is_zip(item.path))
    }


def put(path: Path, content: bytes = b"MThd") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_every_spelling_of_the_extensions_is_found_at_any_depth(tmp_path: Path) -> None:
    names = {"a.mid", "deep/er/B.MIDI", "ü & 音楽/c.Kar", "with space/d.rmi", "e.SMF"}
    for name in names:
        put(tmp_path / name)
    put(tmp_path / "notes.txt")
    put(tmp_path / ".DS_Store")
    assert found_in(tmp_path) == dict.fromkeys(names, "")


def test_macos_notes_that_look_like_midi_are_named_and_others_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "._a.mid")
    put(tmp_path / "._notes.txt")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("__MACOSX/sub/._b.mid", b"x")
        archive.writestr("__MACOSX/._read me.txt", b"x")
        archive.writestr("sub/b.mid", b"MThd")
    found = found_in(tmp_path)
    assert found.keys() == {"._a.mid", "z.zip/__MACOSX/sub/._b.mid", "z.zip/sub/b.mid"}
    assert "macOS" in found["._a.mid"]
    assert "macOS" in found["z.zip/__MACOSX/sub/._b.mid"]


def test_a_circle_of_links_is_walked_once(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.mid")
    (tmp_path / "in" / "circle").symlink_to(tmp_path)
    (tmp_path / "in" / "self").symlink_to(tmp_path / "in")
    assert len(found_in(tmp_path)) == 1


@needs_pipes
def test_links_to_nothing_and_what_is_no_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "gone.mid").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.mid")
    put(tmp_path / "folder.mid" / "inside.mid")
    put(tmp_path / "nothing.mid", b"")
    found = found_in(tmp_path)
    assert found["gone.mid"] == "A link to a file that is gone"
    assert found["pipe.mid"] == "Not a file but a device or pipe"
    assert found["folder.mid/inside.mid"] == ""
    assert found["nothing.mid"] == "Empty"


def test_an_entry_that_cannot_be_followed_costs_none_of_its_neighbours(tmp_path: Path) -> None:
    for name in ("a.mid", "m/n.mid", "z.mid", "z/z.mid"):
        put(tmp_path / name)
    for name, target in {
        "itself": "itself",
        "itself.mid": "itself.mid",
        "there": "back.zip",
        "back.zip": "there",
        "through a file": "a.mid/deeper",
        "too long.mid": "x" * 300,
        "gone": "nowhere",
    }.items():
        (tmp_path / name).symlink_to(tmp_path / target)
    found = found_in(tmp_path)
    assert {name for name, reason in found.items() if not reason} == {"a.mid", "m/n.mid", "z.mid", "z/z.mid"}
    circle, gone = "A link that leads in a circle", "A link to a file that is gone"
    assert found.pop("too long.mid").startswith("Can't be opened")
    assert {name: reason for name, reason in found.items() if reason} == {
        "itself": circle,
        "itself.mid": circle,
        "there": circle,
        "back.zip": circle,
        "through a file": gone,
    }


@needs_pipes
def test_pipes_and_devices_in_a_folder_are_named_and_never_opened(tmp_path: Path) -> None:
    put(tmp_path / "a.mid")
    for name in ("pipe.mid", "pipe.zip", "pipe.KAR"):
        os.mkfifo(tmp_path / name)
    for name in ("zeros.mid", "zeros.zip"):
        (tmp_path / name).symlink_to("/dev/zero")
    found = found_in(tmp_path)
    assert found.pop("a.mid") == ""
    assert set(found.values()) == {"Not a file but a device or pipe"}
    assert len(found) == 5


def test_what_was_named_itself_is_always_reported(tmp_path: Path) -> None:
    text = put(tmp_path / "notes.txt")
    reasons = [item.reason for item in walk([text, tmp_path / "missing.mid"]) if item is not None]
    assert reasons == ["Neither a MIDI file nor a zip", "There is no such file"]


def test_a_file_too_large_for_music_is_not_opened(tmp_path: Path) -> None:
    path = put(tmp_path / "large.mid")
    os.truncate(path, walking.LARGEST_FILE + 1)
    assert found_in(tmp_path)["large.mid"] == walking.TOO_LARGE


@needs_byte_names
def test_names_that_are_no_text_can_be_shown(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.mid"
    Path(os.fsdecode(name)).write_bytes(b"MThd")
    (item,) = [item for item in walk([tmp_path]) if item is not None]
    assert item.path == name
    assert shown(item.path).endswith("caf\ufffd.mid")


def test_damaged_and_empty_zips_are_named(tmp_path: Path) -> None:
    put(tmp_path / "bad.zip", b"PK\x03\x04 and then nothing")
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as archive:
        archive.writestr("read me.txt", b"x")
    assert found_in(tmp_path) == {"bad.zip": "Not a zip, or a damaged one", "texts.zip": "No MIDI files inside"}


def test_a_zip_with_an_endless_list_of_members_is_not_even_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}.mid", b"MThd")
    assert len(found_in(tmp_path)) == 40
    monkeypatch.setattr(walking, "_LARGEST_DIRECTORY", 1000)
    assert found_in(tmp_path) == {"many.zip": "Can't be opened: it holds absurdly many files"}


def test_a_zip_bomb_is_left_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("huge.mid", bytes(walking.LARGEST_FILE + 1))
        archive.writestr("steep.mid", bytes(4 * 2**20))
        archive.writestr("inner.zip", b"PK")
        archive.writestr("fine.mid", b"MThd")
    found = found_in(tmp_path)
    assert found["bomb.zip/huge.mid"] == walking.TOO_LARGE
    assert found["bomb.zip/steep.mid"] == "Unpacks to far more than its size, so it is no music"
    assert found["bomb.zip/inner.zip"] == "A zip inside a zip; unpack it first"
    assert found["bomb.zip/fine.mid"] == ""


def test_a_zip_of_many_members_that_unpack_to_too_much_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_LARGEST_TOTAL_RATIO", 0)
    with zipfile.ZipFile(tmp_path / "many.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(70):
            archive.writestr(f"{number:02}.mid", bytes(2**20))
    reasons = list(found_in(tmp_path).values())
    assert reasons[:64] == [""] * 64
    assert all(reason.startswith("The zip unpacks to far more") for reason in reasons[64:])


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.mid", b"MThd")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption, in the table of contents
    path.write_bytes(content)
    assert found_in(tmp_path) == {"secret.zip/a.mid": "Protected by a password"}


def test_a_zip_that_is_known_is_not_opened(tmp_path: Path) -> None:
    path = put(tmp_path / "known.zip", b"no zip at all")
    member = Found(os.fsencode(path) + walking.MEMBER + b"a.mid")
    items = list(walk([path], listed=lambda _archive: [member]))
    assert items[-1] == member
    assert all(item is None or not item.reason for item in items)
