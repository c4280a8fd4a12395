import dataclasses
import io
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.files import ChangedError
from core.learning.generation.generation import Take
from core.learning.spec import GenerationRequest
from core.music.score import Metre, Note, Part, Score, Tempo
from gui.document import Snapshot, Work
from gui.project_file import project_bytes, read_document, read_project, write_document
from gui.take_records import read_takes, takes_record
from gui.takes import Batch, MadeBy, Takes
from tests.gui.conftest import line, score_of
from tests.strategies import json_values

OLD = Path(__file__).resolve().parents[1] / "data" / "projects"
BAR = 1920
NOTES = st.lists(
    st.builds(Note, st.integers(0, 5000), st.integers(0, 127), st.integers(1, 900), st.integers(1, 127)), max_size=12
)


@settings(max_examples=25)
@given(NOTES, st.integers(0, 12))
def test_a_project_gives_back_what_was_put_in(notes, models):
    part = Part.of(notes, name="Violine für „Anna“", program=40)
    snapshot = Snapshot(Score((part,), (Tempo(0, 600_000),), (Metre(0, 3, 4),)), frozenset(part.notes[:models]))
    work = Work(snapshot, settings={"takes": 4})
    assert read_project(project_bytes(work), "study.ritornello").work == work


@pytest.mark.parametrize("name", ["Évening study.mid", "study.ritornello"])
def test_a_file_gives_back_its_score(tmp_path, name):
    snapshot = Snapshot(score_of(*line(60, 64, 67)))
    written = write_document(tmp_path / name, Work(snapshot))
    opened = read_document(tmp_path / name)
    assert opened.work.snapshot.score == snapshot.score
    assert opened.digest == written


def changed(content, **about):
    """A project whose project.json says something else."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stored = json.loads(archive.read("project.json")) | about
        others = {name: archive.read(name) for name in archive.namelist() if name != "project.json"}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("project.json", json.dumps(stored))
        for name, member in others.items():
            archive.writestr(name, member)
    return target.getvalue()


WHOLE = project_bytes(Work(Snapshot(score_of(*line(60)))))


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
    assert read_project(changed(WHOLE, part=7), "x").work.snapshot.part == 0


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


@given(
    st.dictionaries(st.sampled_from(["format", "part", "generated", "settings", "takes", "recovery"]), json_values())
)
def test_a_project_that_says_anything_opens_or_is_told_in_a_sentence(about):
    with suppress(FileError):
        assert read_project(changed(WHOLE, **about), "x").work.snapshot.score == score_of(*line(60))


# Takes


def made(letter, request, *pitches, **more):
    notes = line(*pitches, onset=BAR)
    return Take(
        letter,
        frozenset(notes),
        BAR,
        2 * BAR,
        request,
        request.random_seed,
        tuple((note, 0.1 + note.pitch) for note in notes),
        pitch_surprise_bits=tuple((note, 1 / note.pitch) for note in notes),
        **more,
    )


SEED = score_of(*line(60, 62, 64, 65))
REQUEST = GenerationRequest(
    SEED, length_bars=1, takes=2, temperature=1.15, top_k=7, top_p=0.93, scale="D minor", pitch_range=(50, 80), keep="rhythm",
    motifs=-1.25, guards_repetition=False, random_seed=48_213,
)  # fmt: skip
TAKES = Takes(
    (
        Batch(
            2,
            "Adventurousness 1.15 · random seed 48\u2009213",
            MadeBy("chorales-1", "Chorales", "0f" * 16),
            (
                made(
                    "A",
                    REQUEST,
                    67,
                    69,
                    copied=2,
                    copied_notes=frozenset(line(67, onset=BAR)),
                    copied_from="Air “No. 3”",
                ),
                made("B", REQUEST, 70, character="Leaps about", redrawn_from_bar=2, common_run=5),
            ),
            frozenset("B"),
            {"A": 0.25},
            is_done=True,
        ),
        Batch(
            1,
            "",
            takes=(made("A", GenerationRequest(score_of(*line(40))), 41),),
            is_done=True,
        ),
    ),
    1,
    "B",
)


def test_a_project_gives_back_all_takes_with_their_stars_and_recipes():
    work = Work(Snapshot(SEED), TAKES, {"takes": 2})
    opened = read_project(project_bytes(work), "x")
    assert opened.work == work
    first = opened.work.takes.batches[0]
    assert first.takes[0].request == REQUEST
    assert (first.echoes, first.is_done, first.expected) == ({"A": 0.25}, True, 2)
    assert opened.work.takes.on_roll is first.takes[1]
    assert not opened.repairs


def test_scores_that_takes_continue_are_kept_once():
    batches = tuple(replace(TAKES.batches[1], words=str(number)) for number in range(5))
    with zipfile.ZipFile(
        io.BytesIO(project_bytes(Work(Snapshot(SEED), Takes((*TAKES.batches, *batches), 1))))
    ) as archive:
        assert sorted(archive.namelist()) == ["project.json", "score.mid", "seeds/1.mid"]


def test_a_record_of_takes_has_every_field_of_a_request_and_no_seed_of_its_own():
    record = takes_record(TAKES, lambda _score: "seed")
    fields = {field.name for field in dataclasses.fields(GenerationRequest)} - {"seed"}
    assert set(record["batches"][0]["request"]) == fields


def stored_takes():
    """The record as JSON gives it back."""
    return json.loads(json.dumps(takes_record(TAKES, lambda _score: "score.mid")))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("letter",), "../../A"),
        (("letter",), "B"),
        (("notes", 0, 1), 200),
        (("notes", 0, 2), 0),
        (("notes", 0), [0, 60, 1]),
        (("end",), 0),
        (("end",), 2**62),
        (("character",), "x" * 10_000),
        (("start",), 0.5),
    ],
)
def test_a_damaged_batch_costs_no_other(place, value):
    stored = stored_takes()
    target = stored["batches"][0]["takes"][0]
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    takes, damaged = read_takes(stored, lambda _name: SEED)
    assert damaged == 1
    assert [batch.takes[0].letter for batch in takes.batches] == ["A"]
    assert takes.shown == 1


@pytest.mark.parametrize("choice", [{"part": 3}, {"length_bars": 2.5}, {"temperature": -1}, {"keep": "all"}])
def test_a_batch_with_an_impossible_request_is_left_out(choice):
    stored = stored_takes()
    stored["batches"][0]["request"] |= choice
    assert read_takes(stored, lambda _name: SEED)[1] == 1


@given(json_values(), st.sampled_from(["request", "takes", "words", "made_by", "starred", "echoes", "seed"]))
def test_takes_that_say_anything_are_read_or_left_out(value, key):
    stored = stored_takes()
    stored["batches"][0][key] = value
    takes, damaged = read_takes(stored, lambda _name: SEED)
    assert len(takes.batches) + damaged == 2
    assert read_takes(value, lambda _name: SEED)[1] <= 1 or isinstance(value, dict)


def test_a_project_with_damaged_takes_opens_and_says_so():
    opened = read_project(changed(project_bytes(Work(Snapshot(SEED), TAKES)), takes={"batches": [1]}), "x")
    assert opened.work.snapshot.score == SEED
    assert "damaged" in opened.repairs[0]


def test_a_project_that_lacks_a_score_of_its_takes_opens_without_those():
    whole = project_bytes(Work(Snapshot(SEED), TAKES))
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive, zipfile.ZipFile(target, "w") as other:
        for name in ("project.json", "score.mid"):
            other.writestr(name, archive.read(name))
    opened = read_project(target.getvalue(), "x")
    assert len(opened.work.takes.batches) == 1
    assert opened.repairs


def test_a_project_of_before_there_were_takes_in_them_opens():
    opened = read_document(OLD / "format 1.ritornello").work
    assert [part.name for part in opened.snapshot.score.parts] == ["Bass", "Flöte"]
    assert opened.snapshot.part == 1
    assert {note.pitch for note in opened.snapshot.generated} == {67, 65}
    assert opened.takes == Takes()
    assert opened.settings == {}


def test_an_older_ritornello_finds_what_it_looks_for_in_a_new_project():
    with zipfile.ZipFile(io.BytesIO(project_bytes(Work(Snapshot(SEED), TAKES)))) as archive:
        about = json.loads(archive.read("project.json"))
        assert about["format"] == 1
        assert {"part", "generated", "settings"} <= about.keys()
        assert archive.read("score.mid")


def test_a_file_that_another_program_changed_is_not_written_over(tmp_path):
    path = tmp_path / "study.mid"
    known = write_document(path, Work(Snapshot(SEED)))
    known = write_document(path, Work(Snapshot(score_of(*line(50)))), known=known)
    path.write_bytes(b"another program's")
    with pytest.raises(ChangedError):
        write_document(path, Work(Snapshot(SEED)), known=known)
    assert path.read_bytes() == b"another program's"


BOTH = {"without takes": WHOLE, "with takes": project_bytes(Work(Snapshot(SEED), TAKES))}


@pytest.mark.parametrize("kind", BOTH)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=3), st.integers(0, 99))
def test_a_damaged_project_opens_or_is_told_in_a_sentence(kind, flips, cut):
    content = bytearray(BOTH[kind])
    for place, value in flips:
        content[round(place * (len(content) - 1))] = value
    with suppress(FileError):
        read_project(bytes(content[: len(content) - max(0, cut - 80)]), "x")


def test_absurdly_many_batches_are_left_out_at_once():
    takes, damaged = read_takes({"batches": [1] * 20_000}, lambda _name: SEED)
    assert (takes, damaged) == (Takes(), 1)


@pytest.mark.parametrize("name", ["huge.mid", "huge.ritornello"])
def test_what_could_not_be_opened_again_is_not_saved(tmp_path, name):
    score = Score((Part.of(Note(4 * index, 60, 2) for index in range(200_001)),))
    (tmp_path / name).write_bytes(b"before")
    with pytest.raises(FileError, match=f"‘{name}’ was not saved, for it could not be opened again") as refused:
        write_document(tmp_path / name, Work(Snapshot(score)))
    assert "it has more than 200,000 notes. Save it in two halves." in refused.value.hint
    assert (tmp_path / name).read_bytes() == b"before"
