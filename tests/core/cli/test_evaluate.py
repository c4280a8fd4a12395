"""evaluate; its form that trains is in test_train.py."""

import pytest


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


def test_judging_by_melodies_leaves_a_corpus_of_all_notes_as_it_is(cli, model, tunes) -> None:
    cli("import", tunes, "--name", "Songs", "--lines", "all")
    assert cli("evaluate", model, "Songs").code == 0
    assert cli("corpora", "--json").json[0]["lines"] == "all"
