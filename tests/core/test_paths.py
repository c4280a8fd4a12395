"""Where things live."""

from pathlib import Path

import pytest

from core import paths


def test_the_user_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RITORNELLO_HOME", str(tmp_path / "Klänge"))
    for place in (
        paths.settings_file(),
        paths.recovery_folder(),
        paths.cache_file(),
        paths.log_file(),
    ):
        assert place.is_relative_to(tmp_path / "Klänge")


def test_asking_makes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RITORNELLO_HOME", str(tmp_path / "nowhere"))
    paths.recovery_folder()
    assert not (tmp_path / "nowhere").exists()


def test_what_is_shipped_is_there() -> None:
    for resource in (paths.sample_collection(), paths.soundfont(), paths.demo_seed(), paths.starter_model()):
        assert resource.exists(), resource
