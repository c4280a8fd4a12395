"""evaluate; its form that trains is in test_train.py."""

import math

import pytest

from core.cli import evaluate
from core.learning.evaluation.cross_validation import Evaluation
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import encode
from core.learning.models import model_file
from core.learning.models.library import Library
from core.learning.spec import FIELDS, TokenizerSpec
from core.music.midi_file import write_midi
from core.music.score import Note, Part, Score
from tests.core.learning.evaluation.test_sample_evaluation import TUNES, moved


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


@pytest.fixture
def songs(tmp_path):
    """A folder of six tunes of sixteen bars."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for number, tune in enumerate(TUNES):
        write_midi(tune, folder / f"song {number}.mid")
    return folder


@pytest.fixture
def has_studied(home, model):
    """Let the model have studied these scores."""

    def study(*scores) -> None:
        folder = Library(home).find(model).path
        model_file.write_studied(folder, build_studied_index([("", encode(one, TokenizerSpec())) for one in scores]))

    return study


def test_samples_are_judged_on_the_pieces_that_were_not_studied(cli, model, songs, has_studied) -> None:
    has_studied(TUNES[1], moved(TUNES[4], 2))
    command = ("evaluate", model, songs, "--samples", "8", "--bars", "4", "--temperature", "1.1", "--random-seed", "3")
    found = cli(*command, "--json").json
    assert (found["pieces"], found["notes"]) == (4, sum(len(TUNES[place].parts[0].notes) for place in (0, 2, 3, 5)))
    samples = found["samples"]
    assert (samples["pieces"], samples["continuations"], samples["bars"]) == (4, 8, 4)
    assert (samples["temperature"], samples["random_seed"], samples["seed_bars"]) == (1.1, 3, 4)
    (judged,) = samples["models"]
    assert judged["model"] == model
    assert judged["generated"].keys() == {"notes", "stuck", "in_a_row", "longest_copy", "copied_from"}
    for statistic in judged["statistics"]:
        assert statistic["holds"] == (
            statistic["distance"] is not None and statistic["distance"] <= statistic["allowed"]
        )
        assert math.isfinite(statistic["real"])
    assert cli(*command, "--json").json == found


def test_the_table_names_what_was_kept_aside_and_both_models(cli, model, songs, has_studied, tmp_path) -> None:
    cli("models", "export", model, tmp_path / "other")
    cli("models", "import", tmp_path / "other.ritornello-model")
    has_studied(TUNES[0])
    outcome = cli("evaluate", model, songs, "--samples", "6", "--bars", "4", "--against", "Quartet 2")
    assert outcome.code == 0
    assert "Kept aside: 5 of 6 pieces, those that neither model has studied." in outcome.out
    assert "‘Quartet’: " in outcome.out
    assert "‘Quartet 2’: " in outcome.out
    row = next(line for line in outcome.out.splitlines() if line.startswith("intervals, overlap"))
    assert row.count("ok") + row.count("too far") == 2


def test_samples_of_a_model_that_studied_all_the_pieces_are_refused(cli, model, songs, has_studied) -> None:
    has_studied(*TUNES)
    outcome = cli("evaluate", model, songs, "--samples")
    assert outcome.code == 1
    assert "not two pieces" in outcome.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--samples", "1"), "at least 2"),
        (("--samples", "--temperature", "9"), "0 to 5"),
        (("--samples", "--bars", "0"), "1 to 256"),
        (("--against", "starter"), "goes with --samples"),
        (("--samples", "--folds", "3"), "doesn't go with --folds"),
        (("--samples", "--pitch-only"), "goes with --folds"),
        (("--samples", "--random-seed", "-1"), "--random-seed goes from 0"),
        (("--only", "1"), "go with --folds"),
        (("--by-composer",), "go with --folds"),
    ],
)
def test_options_that_make_no_sense_together_are_wrong_usage(cli, model, songs, options, words) -> None:
    outcome = cli("evaluate", model, songs, *options)
    assert outcome.code == 2
    assert words in outcome.err


def test_judging_other_lines_leaves_the_corpus_as_it_is(cli, model, tmp_path) -> None:
    notes = (Note(beat * 480, pitch, 480) for beat in range(24) for pitch in (55, 64 + beat % 5))
    write_midi(Score((Part.of(notes),)), tmp_path / "chords.mid")
    cli("import", tmp_path / "chords.mid", "--name", "Chords", "--lines", "all")
    assert cli("evaluate", model, "Chords", "--lines", "all", "--json").json["notes"] == 48
    assert cli("evaluate", model, "Chords", "--json").json["notes"] == 24, "a model of lines is judged by melodies"
    assert [record["lines"] for record in cli("corpora", "--json").json] == ["all"]


def test_folds_are_told_by_their_own_numbers_and_with_their_deviation(cli, tunes, monkeypatch) -> None:
    def found(bits, by_fold=()):
        return Evaluation(2, 48, bits, bits / 2, 0.5, (("pitch", bits / 2),), by_fold=by_fold)

    def cross_validate(_scores, _preset, *, control, **_options):
        folds = (found(3.0), found(4.0))
        for fold in folds:
            control.report(fold)
        return found(3.5, folds)

    monkeypatch.setattr(evaluate, "cross_validate", cross_validate)
    outcome = cli("evaluate", tunes, "--folds", 9, "--only", 7, 4)
    assert "Fold 4: 3.000 bits a note" in outcome.err
    assert "Fold 7: 4.000 bits a note" in outcome.err
    assert "standard deviation over the folds: 0.707 a note, 0.354 a pitch" in outcome.out
    told = cli("evaluate", tunes, "--json", "--folds", 9, "--only", 7, 4).json
    assert [(fold["fold"], fold["bits_per_note"]) for fold in told["by_fold"]] == [(4, 3.0), (7, 4.0)]


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
def test_options_that_make_no_sense_with_counting_are_wrong_usage(cli, tunes, options) -> None:
    assert cli("evaluate", tunes, *options).code == 2
