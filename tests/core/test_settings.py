"""Settings survive whatever is in their file."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import Settings, read_settings, write_settings
from tests.strategies import json_values


def test_what_was_written_is_read(tmp_path: Path) -> None:
    settings = Settings(
        theme="light", volume=0.25, middle_c=3, recent_files=("/music/Ünruh.mid",), show_first_page=False
    )
    write_settings(tmp_path / "settings.json", settings)
    assert read_settings(tmp_path / "settings.json") == settings


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", "null", '{"theme": ', "\x00\x01", "[" * 200_000, '{"volume": NaN}', '{"theme": "\\ud800"}'],
    ids=range(9),
)
def test_a_damaged_file_gives_the_defaults(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content, "utf-8")
    assert read_settings(tmp_path / "settings.json") == Settings()


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "settings.json") == Settings()


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
    assert read_settings(tmp_path / "settings.json") == Settings(
        last_model="starter" if name == "last_model" else "Chorales"
    )


def test_an_entry_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"hologram": true, "volume": 1}', "utf-8")
    assert read_settings(tmp_path / "settings.json") == Settings(volume=1.0)


def test_a_volume_beyond_the_slider_is_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"volume": 70}', "utf-8")
    assert read_settings(tmp_path / "settings.json").volume == 1.0


@given(st.dictionaries(st.sampled_from([field.name for field in fields(Settings)]), json_values()))
def test_whatever_lies_in_the_file_there_are_settings(
    tmp_path_factory: pytest.TempPathFactory, stored: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-settings.json"
    path.write_text(json.dumps(stored), "utf-8")
    settings = read_settings(path)
    write_settings(path, settings)
    assert read_settings(path) == settings
