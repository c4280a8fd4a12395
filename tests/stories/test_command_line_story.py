"""From a messy folder to an exported continuation, by the real commands in processes of their own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core import paths
from core.music.midi_file import read_midi


def ritornello(*arguments: str | Path, code: int = 0) -> Any:
    """The JSON that a command printed last."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty-four Lieder, and the rubbish that lies about in such folders."""
    place = tmp_path / "Größere Sammlung ♪"
    place.mkdir()
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        for name in [name for name in collection.namelist() if name.endswith(".mid")][:24]:
            (place / Path(name).name).write_bytes(collection.read(name))
    first = next(place.glob("*.mid"))
    (place / "a copy.MID").write_bytes(first.read_bytes())
    (place / "empty.mid").touch()
    (place / "picture.mid").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (place / ".DS_Store").write_bytes(b"junk")
    (place / "letter.txt").write_text("not music", "utf-8")
    return place


def test_a_folder_becomes_a_model_that_continues_a_seed(folder: Path, tmp_path: Path) -> None:
    imported = ritornello("import", folder, "--name", "Sammlung")
    assert imported["kept"] == 24
    assert {Path(entry["path"]).name for entry in imported["skipped"]} == {"empty.mid", "picture.mid"}
    assert len(imported["duplicates"]) == 1

    trained = ritornello("train", "Sammlung", "--preset", "quick", "--epochs", "1", "--name", "Erste Übung")
    assert trained["epochs"] == 1
    assert 0 < trained["held_out_bits_per_pitch"] < trained["held_out_bits_per_note"]

    seed = read_midi(paths.demo_seed())
    arguments = (
        "generate",
        "--model",
        "Erste Übung",
        "--bars",
        "4",
        "--takes",
        "2",
        "--scale",
        "D minor",
        "--random-seed",
        "7",
    )
    takes = ritornello(*arguments, "--out", tmp_path / "take.mid")["takes"]
    again = ritornello(*arguments, "--out", tmp_path / "again.mid")["takes"]
    assert [take["notes"] for take in takes] == [take["notes"] for take in again]
    for take, twin in zip(takes, again, strict=True):
        assert Path(take["path"]).read_bytes() == Path(twin["path"]).read_bytes()
        notes = read_midi(Path(take["path"])).parts[0].notes
        assert notes[: len(seed.parts[0].notes)] == seed.parts[0].notes
        added = notes[len(seed.parts[0].notes) :]
        assert added
        assert all(note.pitch % 12 in {2, 4, 5, 7, 9, 10, 0} for note in added)
        assert max(note.end for note in added) <= 8 * 4 * 480

    judged = ritornello("evaluate", "Erste Übung", folder)
    assert judged["pieces"] == 24
    assert judged["bits_per_pitch"] < 7

    heard = ritornello("render", takes[0]["path"], tmp_path / "take.wav")
    assert heard["seconds"] > 10
    assert (tmp_path / "take.wav").stat().st_size > 44_100


def test_the_starter_model_answers_at_once(tmp_path: Path) -> None:
    made = ritornello("generate", "--out", tmp_path / "answer.mid", "--takes", "1", "--random-seed", "1")
    assert made["takes"][0]["notes"] > 8
    assert (tmp_path / "answer.mid").exists()
