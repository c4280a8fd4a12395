"""evaluate; its form that trains is in test_train.py."""

import pytest

from core.learning.spec import FIELDS
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


def test_counting_is_judged_on_what_train_would_keep_aside(cli, tunes) -> None:
    found = cli("evaluate", "--counting", tunes, "--json").json
    assert (found["pieces"], found["notes"], found["studied_pieces"], found["studied_notes"]) == (1, 24, 7, 168)
    assert [entry["order"] for entry in found["by_order"]] == [0, 1, 2, 3, 4, 5]
    assert found["by_order"][found["order"]]["by_field"] == found["by_field"]
    assert found["bits_per_note"] == pytest.approx(sum(found["by_field"].values()))
    assert found["bits_per_pitch"] == found["by_field"]["pitch"]
    assert found["transposed"]
    cli("import", tunes, "--name", "Songs")
    assert cli("evaluate", "--counting", "Songs", "--json").json == found
    assert cli("evaluate", "--counting", "Songs", "--random-seed", 2, "--json").json["by_field"] != found["by_field"]
    only = cli("evaluate", "--counting", "Songs", "--order", 1, "--natural-keys", "--pitch-only", "--json").json
    assert (only["order"], only["transposed"], len(only["by_order"])) == (1, False, 1)
    assert only["by_field"].keys() == {"pitch"}


def test_counting_says_its_bits_by_field_for_each_number_of_notes_back(cli, tunes) -> None:
    table = cli("evaluate", "--counting", tunes).out.splitlines()
    assert "7 pieces, 168 notes (in every key); judged on 1 piece kept aside, 24 notes" in table[0]
    assert table[1].split() == ["notes", "back", "all", *FIELDS]
    assert [line.split()[0] for line in table[2:]] == ["0", "1", "2", "3", "4", "5"]
    assert sum("the best on the pieces counted" in line for line in table) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--counting", "--folds", 2),
        ("--counting", "--minutes", 1),
        ("--counting", "--order", 99),
        ("--counting", "--order", -1),
        ("--order", 1),
        ("--natural-keys",),
    ],
)
def test_options_that_make_no_sense_together_are_wrong_usage(cli, tunes, options) -> None:
    assert cli("evaluate", tunes, *options).code == 2
