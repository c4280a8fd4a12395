"""What the program stands on, looked at before anything is lost."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from core import paths
from core.standing import missing_files, user_folder_troubles

PROJECT = Path(__file__).resolve().parents[2]


def told(home: Path) -> list[str]:
    return [str(trouble) for trouble in user_folder_troubles(home)]


def test_a_user_folder_that_is_well_has_nothing_to_tell_and_nothing_is_left_in_it(home: Path) -> None:
    assert told(home) == []
    for name in ("models", "corpora", "cache", "recovery"):
        (home / name).mkdir()
    assert told(home) == []
    assert sorted(file.name for file in home.rglob("*")) == ["cache", "corpora", "models", "recovery"]


@pytest.mark.parametrize("place", ["home", "home/deeper"])
def test_a_file_in_the_place_of_the_user_folder_is_told_and_stays(tmp_path: Path, place: str) -> None:
    (tmp_path / "home").write_text("mine")
    (sentence,) = told(tmp_path / place)
    assert sentence.startswith(f"‘{tmp_path / place}’ can't be used: a file is in the way")
    assert "Settings, models, collections and recovery copies won't be kept." in sentence
    assert (tmp_path / "home").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "lost"), [("models", "models"), ("corpora", "collections"), ("cache", "Pieces"), ("recovery", "copies")]
)
def test_a_file_in_the_place_of_one_of_its_folders_is_told_by_name(home: Path, name: str, lost: str) -> None:
    home.mkdir()
    (home / name).write_text("")
    (sentence,) = told(home)
    assert f"‘{home / name}’ can't be used: a file is in the way" in sentence
    assert lost in sentence


_TELL = """
import resource, sys
from pathlib import Path
from core.standing import user_folder_troubles
{before}
print(*user_folder_troubles(Path(sys.argv[1])), sep="\\n")
"""


def told_by_another(home: Path, before: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", _TELL.format(before=before), str(home)], capture_output=True, text=True, cwd=PROJECT
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_a_disk_without_room_is_told(home: Path) -> None:
    sentence = told_by_another(home, f"resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))")
    assert sentence.startswith(f"‘{home}’ can't be used: it is larger than allowed there. Settings, models")
    assert sentence.endswith("won't be kept. Free some space.\n")
    assert list(home.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the number of nobody is that of Linux")
@pytest.mark.parametrize("name", ["", "models", "corpora", "cache", "recovery"])
def test_folders_of_another_user_are_told(name: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make them")
    shared = Path(tempfile.mkdtemp(prefix="ritornello-"))  # the folders above a test's own are root's alone
    home = shared / "home"
    (home / name).mkdir(parents=True)
    try:
        for folder in (shared, home):
            folder.chmod(0o777)
        (home / name).chmod(0o700)
        sentence = told_by_another(home, "import os; os.setuid(65534)")
        assert sentence.startswith(f"‘{home / name}’ can't be used: you may not write there.")
        assert "Change its permissions" in sentence
    finally:
        shutil.rmtree(shared)


def test_every_shipped_file_is_there_and_a_missing_one_is_told_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert missing_files() == ()
    monkeypatch.setattr(paths, "resources", lambda: tmp_path)
    (tmp_path / "soundfont").mkdir()
    (tmp_path / "soundfont" / "gm12.sf3").write_bytes(b"")
    missing = [error.sentence for error in missing_files()]
    assert [str(tmp_path) in sentence for sentence in missing] == [True] * 4
    assert missing[0] == f"Ritornello's own file ‘{tmp_path}/starter-model/model.json’ is missing or damaged."
