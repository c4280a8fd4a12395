"""Names and paths that can't be: a sentence that names the option, before any work is done and with nothing written."""

import os
from pathlib import Path

import pytest

from core.learning.models.library import Library
from tests.core.cli.test_interruption import files_in

WRITES = {
    "render": ["render", "{seed}", "OUT"],
    "generate": ["generate", "--model", "{model}", "--seed", "{seed}", "--out", "OUT"],
    "takes": ["generate", "--model", "{model}", "--seed", "{seed}", "--takes", "2", "--out", "OUT"],
    "export": ["models", "export", "{model}", "OUT"],
    "train": ["train", "{tunes}", "--out", "OUT"],
}


@pytest.fixture
def writing(cli, tunes, model, tmp_path, monkeypatch):
    """Run a command that writes to a place; nothing must be there afterwards that was not there before."""
    work = tmp_path / "work" / "inner"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)

    def write(case, out):
        before = files_in(tmp_path)
        places = {"seed": tunes / "tune 0.mid", "model": model, "tunes": tunes}
        outcome = cli(*(str(out) if word == "OUT" else word.format(**places) for word in WRITES[case]))
        assert files_in(tmp_path) == before
        assert "Traceback" not in outcome.err
        return outcome

    return write


@pytest.mark.parametrize("case", WRITES)
@pytest.mark.parametrize("out", ["", " ", "/", ".", "..", "../", "there/", "{tmp}/work/"])
def test_what_is_no_name_of_a_file_is_wrong_usage(writing, case, out, tmp_path) -> None:
    outcome = writing(case, out.format(tmp=tmp_path))
    assert outcome.code == 2
    option = {"render": "OUT.wav", "export": "FILE"}.get(case, "--out")
    assert f"argument {option}: " in outcome.err


@pytest.mark.parametrize("case", WRITES)
def test_a_folder_of_that_name_is_not_written_beside(writing, case, tmp_path) -> None:
    (tmp_path / "work" / "song").mkdir()
    outcome = writing(case, tmp_path / "work" / "song")
    assert outcome.code == 1
    assert "song’ can't be written: a folder has that name. Choose another name." in outcome.err


@pytest.mark.parametrize("case", WRITES)
def test_a_missing_folder_is_not_made(writing, case, tmp_path) -> None:
    outcome = writing(case, tmp_path / "no" / "song")
    assert outcome.code == 1
    assert "can't be saved: its folder is not there. Make the folder first, or choose another one." in outcome.err


@pytest.mark.parametrize("case", WRITES)
def test_a_name_that_is_too_long_is_told_so(writing, case, tmp_path) -> None:
    outcome = writing(case, tmp_path / ("long" * 80))
    assert outcome.code == 1
    assert "the name is too long. Choose a shorter one." in outcome.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
def test_a_pipe_is_not_replaced_by_a_file(writing, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    outcome = writing("render", tmp_path / "pipe.wav")
    assert outcome.code == 1
    assert "it is a device or a pipe" in outcome.err


@pytest.mark.parametrize(
    "command",
    [
        ("import", ""),
        ("info", ""),
        ("render", "", "x.wav"),
        ("generate", "--seed", "", "--out", "x.mid"),
        ("generate", "--model", "", "--out", "x.mid"),
        ("evaluate", "starter", ""),
        ("evaluate", "--folds", "2", ""),
        ("train", ""),
        ("models", "import", ""),
        ("models", "rename", "Quartet", " "),
        ("corpora", "rename", "Tunes", ""),
    ],
)
def test_an_empty_name_is_not_the_folder_that_one_is_in(cli, command, home) -> None:
    outcome = cli(*command)
    assert outcome.code == 2
    assert ": needs a name" in outcome.err
    assert not home.exists()


@pytest.mark.parametrize("command", ["corpora restore", "corpora delete", "models restore", "models delete"])
@pytest.mark.parametrize("name", ["../../../victim", "..", "/", "../victim", "a/../../victim"])
def test_names_never_climb(cli, command, name, home, tmp_path) -> None:
    for kind in ("corpora", "models"):
        (home / kind).mkdir(parents=True)
        (home / "trash" / kind).mkdir(parents=True)
    for folder in (tmp_path, home, home / "trash"):
        (folder / "victim.sqlite").write_bytes(b"of someone else")
    before = files_in(tmp_path)
    outcome = cli(*command.split(), name)
    assert outcome.code == 1
    assert f"{name}" in outcome.err
    assert files_in(tmp_path) == before


def test_a_name_that_climbs_is_only_a_name(cli, tunes, model, home, tmp_path) -> None:
    outside = files_in(tmp_path) - files_in(home)
    corpus = cli("import", tunes, "--name", "../../up", "--json").json
    assert (corpus["corpus"], corpus["id"]) == ("../../up", "up")
    assert cli("corpora", "rename", "../../up", "/etc", "--json").json["id"] == "up"
    renamed = cli("models", "rename", model, "../../../up", "--json").json
    assert Path(renamed["path"]).parent == home / "models"
    assert files_in(tmp_path) - files_in(home) == outside
    exported = cli("models", "export", "../../../up", tmp_path / "shared", "--json").json["file"]
    assert Path(cli("models", "import", exported, "--json").json["path"]).parent == home / "models"
    assert len(Library(home).list()) == 3


EVIL = "red \x1b[31m\nsecond\x9b2J\u202e\x07 line"


def test_control_characters_in_names_are_escaped_before_they_reach_a_terminal(cli, tunes, tmp_path) -> None:
    (tunes / "tune 0.mid").rename(tunes / f"{EVIL}.mid")
    (tunes / f"{EVIL} broken.mid").write_bytes(b"no music")
    words = "".join(
        outcome.out + outcome.err
        for outcome in (
            cli("import", tunes, "--name", EVIL),
            cli("corpora"),
            cli("corpora", "rename", "nothing", "x"),
            cli("corpora", "delete", EVIL),
            cli("info", tunes / f"{EVIL}.mid"),
            cli("info", tmp_path / EVIL),
            cli("render", tunes / f"{EVIL}.mid", tmp_path / EVIL / "x.wav"),
            cli("render", tunes / f"{EVIL}.mid", tmp_path, EVIL),
            cli("generate", "--model", EVIL, "--out", "x.mid"),
            cli("generate", "--range", EVIL, "--out", "x.mid"),
        )
    )
    assert not set(words) & set("\x1b\x9b\u202e\x07")
    assert "second" in words
    assert not any(line.startswith("second") for line in words.splitlines())
    assert "\\x1b[31m\\nsecond\\x9b2J\\u202e\\x07 line" in words


def test_json_tells_names_as_they_are(cli, tunes) -> None:
    assert cli("import", tunes, "--name", EVIL, "--json").json["corpus"] == EVIL


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--temperature", "9", "--temperature goes from 0 to 5."),
        ("--bars", "0", "--bars goes from 1 to 256 bars."),
        ("--takes", "27", "--takes goes from 1 to 26."),
        ("--top-p", "0", "--top-p is above 0, at most 1."),
        ("--top-k", "-1", "--top-k is 0 or more."),
        ("--motifs", "nan", "--motifs goes from -10 to 10."),
        ("--random-seed", "-1", "--random-seed goes from 0 to 2^63 - 1."),
        ("--scale", "H flat", "--scale: ‘H flat’ is not a scale."),
        ("--range", "D6-A3", "--range goes from a lower to a higher pitch, 0 to 127."),
        ("--range", "high", "--range looks like A3-D6, not ‘high’"),
    ],
)
def test_wrong_usage_names_the_option(cli, option, value, words) -> None:
    outcome = cli("generate", "--out", "x.mid", option, value)
    assert outcome.code == 2
    assert f"error: {words}" in outcome.err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("train", "x", "--epochs", "0"), "--epochs goes from 1 to 100,000."),
        (("train", "x", "--minutes", "-1"), "--minutes goes from 0 to 100,000."),
        (("train", "x", "--batch", "0"), "--batch goes from 1 to 4,096."),
        (("evaluate", "--folds", "1", "x"), "--folds is at least 2"),
        (("evaluate", "starter", "x", "--samples", "1"), "--samples is at least 2"),
        (("evaluate", "starter", "x", "--samples", "9", "--temperature", "9"), "--temperature goes from 0 to 5."),
        (("evaluate", "--counting", "x", "--order", "99"), "--order goes from 0 to "),
    ],
)
def test_wrong_usage_of_other_commands_names_the_option_too(cli, command, words) -> None:
    outcome = cli(*command)
    assert outcome.code == 2
    assert f"error: {words}" in outcome.err
