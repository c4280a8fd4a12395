import json
import os
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.music.score import Metre, Note, Part, Score, Tempo
from gui.document import Snapshot
from gui.project_file import project_bytes, read_document, read_project, write_document
from tests.gui.conftest import line, score_of
from tests.strategies import json_values

NOTES = st.lists(
    st.builds(Note, st.integers(0, 5000), st.integers(0, 127), st.integers(1, 900), st.integers(1, 127)), max_size=12
)


@settings(max_examples=25, deadline=None)
@given(NOTES, st.integers(0, 12))
def test_a_project_gives_back_what_was_put_in(notes, models):
    part = Part.of(notes, name="Violine für „Anna“", program=40)
    snapshot = Snapshot(Score((part,), (Tempo(0, 600_000),), (Metre(0, 3, 4),)), frozenset(part.notes[:models]))
    opened = read_project(project_bytes(snapshot, {"takes": 4}), "study.ritornello")
    assert opened.snapshot == snapshot
    assert opened.settings == {"takes": 4}


@pytest.mark.parametrize("name", ["Évening study.mid", "study.ritornello"])
def test_a_file_gives_back_its_score(tmp_path, name):
    snapshot = Snapshot(score_of(*line(60, 64, 67)))
    write_document(tmp_path / name, snapshot, {})
    assert read_document(tmp_path / name).snapshot.score == snapshot.score


def changed(content, **about):
    """A project whose project.json says something else."""
    import io

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stored = json.loads(archive.read("project.json")) | about
        midi = archive.read("score.mid")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("project.json", json.dumps(stored))
        archive.writestr("score.mid", midi)
    return target.getvalue()


WHOLE = project_bytes(Snapshot(score_of(*line(60))), {})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "damaged"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (WHOLE[:-30], "damaged"),
        (changed(WHOLE, generated=[[1, 2]]), "damaged"),
        (changed(WHOLE, generated=[[0, 300, 1, 1]]), "damaged"),
        (changed(WHOLE, generated="abc"), "damaged"),
        (changed(WHOLE, part="first"), "damaged"),
        (changed(WHOLE, part=0.5), "damaged"),
        (changed(WHOLE, generated=[[0, 60, 1, 1.0]]), "damaged"),
        (changed(WHOLE, settings=[["takes", 4]]), "damaged"),
        (changed(WHOLE, settings={"takes": float("inf")}), "damaged"),
        (changed(WHOLE, settings={"scale": "\ud800"}), "damaged"),
        (changed(WHOLE, settings=[]).replace(b"[]", b"[["), "damaged"),
        (changed(WHOLE, format=99), "newer"),
    ],
)
def test_a_file_that_is_no_project_is_told_in_a_sentence(content, words):
    with pytest.raises(FileError, match=words):
        read_project(content, "study.ritornello")


def test_a_part_that_is_not_there_is_brought_into_range():
    assert read_project(changed(WHOLE, part=7), "x").snapshot.part == 0


def test_a_missing_file_is_told_by_name(tmp_path):
    with pytest.raises(FileError, match=r"‘gone\.mid’"):
        read_document(tmp_path / "gone.mid")


def test_a_folder_named_like_a_file_is_told_by_name(tmp_path):
    (tmp_path / "x.mid").mkdir()
    with pytest.raises(FileError, match=r"‘x\.mid’"):
        read_document(tmp_path / "x.mid")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such things")
def test_what_is_no_ordinary_file_is_told_by_name_at_once(tmp_path):
    os.mkfifo(tmp_path / "x.ritornello")
    (tmp_path / "y.mid").symlink_to("/dev/zero")
    for name in ("x.ritornello", "y.mid"):
        with pytest.raises(FileError, match=rf"‘{name}’.* not an ordinary file"):
            read_document(tmp_path / name)


@given(st.dictionaries(st.sampled_from(["format", "part", "generated", "settings"]), json_values()))
def test_a_project_that_says_anything_opens_or_is_told_in_a_sentence(about):
    with suppress(FileError):
        assert read_project(changed(WHOLE, **about), "x").snapshot.score == score_of(*line(60))


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 255)), min_size=1, max_size=3), st.integers(0, 99))
def test_a_damaged_project_opens_or_is_told_in_a_sentence(flips, cut):
    content = bytearray(WHOLE)
    for place, value in flips:
        content[place % len(content)] = value
    with suppress(FileError):
        read_project(bytes(content[: len(content) - max(0, cut - 80)]), "x")
