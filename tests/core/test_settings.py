"""Settings survive whatever is in their file."""

import json
from pathlib import Path

import pytest

from core.settings import Settings, read_settings, write_settings


def test_what_was_written_is_read(tmp_path: Path) -> None:
    settings = Settings(
        theme="light", volume=0.25, middle_c=3, recent_files=("/music/Ünruh.mid",), show_first_page=False
    )
    write_settings(tmp_path / "settings.json", settings)
    assert read_settings(tmp_path / "settings.json") == settings


@pytest.mark.parametrize("content", ["", "not json", "[]", "null", '{"theme": ', "\x00\x01"])
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
    ],
)
def test_an_unfit_entry_falls_back_alone(tmp_path: Path, name: str, value: object) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"last_model": "Chorales", name: value}), "utf-8")
    assert read_settings(tmp_path / "settings.json") == Settings(last_model="Chorales")


def test_an_entry_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"hologram": true, "volume": 1}', "utf-8")
    assert read_settings(tmp_path / "settings.json") == Settings(volume=1.0)
