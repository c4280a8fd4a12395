"""A user folder that can't be entered or made is a sentence, whatever the command.

Root may enter every folder, so these use what no one may: names that are too long, and a file where the folder should be.
"""

import os

import pytest

COMMANDS = (
    "corpora",
    "corpora delete x",
    "corpora rename x y",
    "corpora restore x",
    "models",
    "models delete x",
    "models rename x y",
    "models restore x",
    "models import {packed}",
    "models export x {out}/x",
    "import {tunes}",
    "train {tunes}",
    "train Nothing",
    "train --resume",
    "generate --model x --out {out}/x.mid",
    "evaluate x {tunes}",
)


@pytest.mark.parametrize("kind", ["too long a name", "a file", "in a file", "closed"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_user_folder_that_can_not_be_used_is_one_sentence(cli, tunes, model, tmp_path, monkeypatch, kind, command):
    packed = cli("models", "export", model, tmp_path / "packed", "--json").json["file"]
    (tmp_path / "file").write_bytes(b"")
    closed = tmp_path / "closed"
    closed.mkdir(0o000)
    if kind == "closed" and os.access(closed, os.X_OK):
        pytest.skip("root may enter every folder")
    homes = {
        "too long a name": tmp_path / ("long" * 80),
        "a file": tmp_path / "file",
        "in a file": tmp_path / "file" / "x",
    }
    monkeypatch.setenv("RITORNELLO_HOME", str(homes.get(kind, closed)))
    outcome = cli(*command.format(packed=packed, tunes=tunes, out=tmp_path).split())
    assert "Traceback" not in outcome.err
    assert outcome.code in ((0, 1) if command in ("corpora", "models") else (1,))
    assert len(outcome.err.splitlines()) == outcome.code, outcome.err
    closed.rmdir()


def test_a_name_that_is_too_long_for_a_path_is_a_name_that_is_not_known(cli) -> None:
    outcome = cli("train", "x" * 300)
    assert outcome.code == 1
    assert "There is no corpus" in outcome.err
