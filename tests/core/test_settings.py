"""Settings survive whatever is in their file."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NewerError
from core.settings import Settings, read_settings, set_aside, write_settings
from tests.strategies import json_values


def test_what_was_written_is_read(tmp_path: Path) -> None:
    settings = Settings(
        theme="light", volume=0.25, middle_c=3, recent_files=("/music/Ünruh.mid",), show_first_page=False
    )
    write_settings(tmp_path / "settings.json", settings)
    assert read_settings(tmp_path / "settings.json").settings == settings


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", "null", '{"theme": ', "\x00\x01", "[" * 200_000, '{"volume": NaN}', '{"theme": "\\ud800"}'],
    ids=range(9),
)
def test_a_damaged_file_gives_the_defaults(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content, "utf-8")
    assert read_settings(tmp_path / "settings.json").settings == Settings()


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "settings.json").settings == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "mauve"),
        ("volume", "loud"),
        ("middle_c", 7),
        ("show_first_page", 1),
        ("recent_files", [1, 2]),
        ("recent_files", "a"),
        ("recent_files", {"0": "a"}),
        ("last_model", ["Chorales"]),
        ("middle_c", 3.0),
        ("volume", True),
    ],
)
def test_an_unfit_entry_falls_back_alone(tmp_path: Path, name: str, value: object) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"last_model": "Chorales", name: value}), "utf-8")
    assert read_settings(tmp_path / "settings.json").settings == Settings(
        last_model="starter" if name == "last_model" else "Chorales"
    )


def test_an_entry_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"hologram": true, "volume": 1}', "utf-8")
    assert read_settings(tmp_path / "settings.json").settings == Settings(volume=1.0)


def test_a_volume_beyond_the_slider_is_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"volume": 70}', "utf-8")
    assert read_settings(tmp_path / "settings.json").settings.volume == 1.0


@given(st.dictionaries(st.sampled_from([field.name for field in fields(Settings)]), json_values()))
def test_whatever_lies_in_the_file_there_are_settings(
    tmp_path_factory: pytest.TempPathFactory, stored: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-settings.json"
    path.write_text(json.dumps(stored), "utf-8")
    settings = read_settings(path).settings
    write_settings(path, settings)
    assert read_settings(path).settings == settings


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b"\xff"])
def test_damage_is_told_and_the_file_is_kept_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    trouble = read_settings(path).trouble
    assert trouble is not None
    assert trouble.sentence.startswith(f"The settings, ‘{path}’, can't be read: ")
    assert trouble.hint == "The defaults are used, and the file is kept as ‘settings.json.damaged’."
    set_aside(path)
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json.damaged"]
    assert (tmp_path / "settings.json.damaged").read_bytes() == content


def test_a_folder_in_the_place_of_the_settings_is_told_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.mkdir()
    trouble = read_settings(path).trouble
    assert str(trouble) == (
        f"The settings, ‘{path}’, can't be read: it is a folder. The defaults are used, and what you change is not kept."
    )
    set_aside(path)
    assert path.is_dir()


def test_settings_of_a_newer_ritornello_are_used_as_far_as_they_are_known(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"format": 2, "theme": "light", "volume": {"left": 1}}')
    stored = read_settings(path)
    assert stored.settings == Settings(theme="light")
    assert isinstance(stored.trouble, NewerError)
    assert stored.trouble.sentence == "The settings file was made by a newer Ritornello."


def test_settings_that_say_no_format_are_those_of_before(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light"}')
    assert read_settings(path).trouble is None
    write_settings(path, Settings())
    assert json.loads(path.read_text())["format"] == 1
