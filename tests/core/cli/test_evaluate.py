"""evaluate; its form that trains is in test_train.py."""

import pytest

from core.music.midi_file import write_midi
from core.music.score import Note, Part, Score


def test_a_model_is_judged_on_files_without_a_trace(cli, model, tunes, home) -> None:
    before = sorted(path.name for path in home.rglob("*"))
    found = cli("evaluate", model, tunes, "--json").json
    assert (found["pieces"], found["notes"]) == (8, 192)
    assert found["bits_per_note"] == pytest.approx(sum(found["by_field"].values()))
    assert found["bits_per_pitch"] == pytest.approx(found["by_field"]["pitch"])
    assert 0 <= found["top1_pitch"] <= 1
    assert sorted(path.name for path in home.rglob("*")) == before


def test_a_model_is_judged_on_a_corpus_by_name(cli, model, tunes) -> None:
    cli("import", tunes, "--name", "Songs")
    assert cli("evaluate", model, "Songs", "--json").json["pieces"] == 8
    assert "bits a note" in cli("evaluate", model, "Songs").out


def test_judging_other_lines_leaves_the_corpus_as_it_is(cli, model, tmp_path) -> None:
    notes = (Note(beat * 480, pitch, 480) for beat in range(24) for pitch in (55, 64 + beat % 5))
    write_midi(Score((Part.of(notes),)), tmp_path / "chords.mid")
    cli("import", tmp_path / "chords.mid", "--name", "Chords", "--lines", "all")
    assert cli("evaluate", model, "Chords", "--lines", "all", "--json").json["notes"] == 48
    assert cli("evaluate", model, "Chords", "--json").json["notes"] == 24, "a model of lines is judged by melodies"
    assert [record["lines"] for record in cli("corpora", "--json").json] == ["all"]
