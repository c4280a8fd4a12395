"""generate, on a model with untrained weights: what matters here is what goes in and comes out."""

import pytest

from core.music.midi_file import read_midi, write_midi
from core.music.score import Note, Part, Score


@pytest.fixture
def seed(tunes):
    return tunes / "tune 0.mid"


def test_takes_are_written_side_by_side_and_told(cli, model, seed, tmp_path) -> None:
    out = tmp_path / "song.mid"
    found = cli("generate", "--model", model, "--seed", seed, "--bars", 4, "--takes", 3, "--out", out, "--json").json
    assert [take["path"] for take in found["takes"]] == [str(out.with_name(f"song-{letter}.mid")) for letter in "ABC"]
    assert found["notes_per_s"] > 0
    assert isinstance(found["random_seed"], int)
    given = read_midi(seed).parts[0].notes
    for take in found["takes"]:
        written = read_midi(out.with_name(take["path"].rpartition("/")[2])).parts[0].notes
        assert written[: len(given)] == given
        assert len(written) - len(given) == take["notes"]
        assert take["surprise_bits"] > 0
        assert take["longest_copy"] >= 0


def test_a_single_take_has_the_name_asked_for(cli, model, seed, tmp_path) -> None:
    (take,) = cli("generate", "--model", model, "--seed", seed, "--out", tmp_path / "one.mid", "--json").json["takes"]
    assert take["path"] == str(tmp_path / "one.mid")
    (take,) = cli("generate", "--model", model, "--seed", seed, "--out", tmp_path / "two", "--json").json["takes"]
    assert take["path"] == str(tmp_path / "two.mid")


def test_the_same_random_seed_gives_the_same_file_and_another_another(cli, model, seed, tmp_path) -> None:
    for name, random_seed in (("a", 5), ("b", 5), ("c", 6)):
        out = tmp_path / f"{name}.mid"
        assert cli("generate", "--model", model, "--seed", seed, "--random-seed", random_seed, "--out", out).code == 0
    content = [(tmp_path / f"{name}.mid").read_bytes() for name in "abc"]
    assert content[0] == content[1] != content[2]


def test_range_and_scale_are_kept(cli, model, seed, tmp_path) -> None:
    out = tmp_path / "kept.mid"
    cli("generate", "--model", model, "--seed", seed, "--range", "C4-C5", "--scale", "C major", "--out", out)
    new = read_midi(out).parts[0].notes[24:]
    assert new
    assert all(60 <= note.pitch <= 72 and note.pitch % 12 in (0, 2, 4, 5, 7, 9, 11) for note in new)


def test_a_part_that_is_not_there_is_wrong_usage(cli, model, seed, tmp_path) -> None:
    outcome = cli("generate", "--model", model, "--seed", seed, "--part", 3, "--out", tmp_path / "x.mid")
    assert outcome.code == 2
    assert "no part 3" in outcome.err


def test_a_model_file_can_be_used_as_it_is(cli, model, seed, tmp_path) -> None:
    exported = cli("models", "export", model, tmp_path / "shared", "--json").json["file"]
    assert cli("generate", "--model", exported, "--seed", seed, "--out", tmp_path / "x.mid").code == 0


def test_words_say_where_the_takes_are(cli, model, seed, tmp_path) -> None:
    words = cli("generate", "--model", model, "--seed", seed, "--out", tmp_path / "x.mid", "--random-seed", 7).out
    assert str(tmp_path / "x.mid") in words
    assert "random seed 7" in words


def test_notes_that_the_model_never_met_are_named(cli, model, tmp_path) -> None:
    seed = tmp_path / "strange.mid"
    write_midi(Score((Part.of([Note(0, 60, 240), Note(240, 120, 240), Note(480, 62, 240)]),)), seed)
    command = ("generate", "--model", model, "--seed", seed, "--bars", 1, "--out", tmp_path / "x.mid")
    assert cli(*command, "--json").json["unknown_notes"] == [{"onset": 240, "pitch": 120, "duration": 240}]
    words = cli(*command).out
    assert "C9 of 0.5 quarters" in words
    assert "D4" not in words


def test_a_seed_of_drums_alone_is_told_as_that(cli, model, tmp_path) -> None:
    beat = Part.of([Note(480 * beat, (36, 38)[beat % 2], 120) for beat in range(16)], name="Kit", is_drums=True)
    write_midi(Score((beat,)), tmp_path / "beat.mid")
    outcome = cli("generate", "--model", model, "--seed", tmp_path / "beat.mid", "--out", tmp_path / "x.mid")
    assert outcome.code == 1
    assert "Kit is drums, and models learn pitches: there is no melody to continue." in outcome.err
    assert not list(tmp_path.glob("x*"))
