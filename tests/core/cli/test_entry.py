"""Exit codes, sentences and speed of the command line as a whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import paths
from core.cli import entry
from core.cli.console import as_json
from core.learning.spec import PRESETS

COMMANDS = ("import", "corpora", "models", "train", "generate", "evaluate", "render", "info", "doctor")
PROJECT = Path(entry.__file__).parents[2]


def as_program(*arguments: str | Path, **more: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=PROJECT,
        text=True,
        check=False,
        **{"capture_output": True, **more},
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_takes_json(cli, command) -> None:
    outcome = cli(command, "--help")
    assert outcome.code == 0
    assert "--json" in outcome.out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("import",),
        ("train",),
        ("train", "x", "--preset", "huge"),
        ("train", "x", "--epochs", "0"),
        ("train", "x", "--epochs", "many"),
        ("train", "x", "--minutes", "-1"),
        ("train", "x", "--batch", "0"),
        ("generate",),
        ("generate", "--out", "x.mid", "--temperature", "9"),
        ("generate", "--out", "x.mid", "--bars", "0"),
        ("generate", "--out", "x.mid", "--takes", "27"),
        ("generate", "--out", "x.mid", "--top-p", "0"),
        ("generate", "--out", "x.mid", "--scale", "H flat"),
        ("generate", "--out", "x.mid", "--range", "high"),
        ("generate", "--out", "x.mid", "--range", "D6-A3"),
        ("generate", "--out", "x.mid", "--keep", "everything"),
        ("evaluate", "starter"),
        ("evaluate", "--folds", "1", "x"),
        ("evaluate", "starter", "x", "--pitch-only"),
        ("render", "x.mid"),
    ],
)
def test_wrong_usage_is_2_and_nothing_is_written(cli, arguments, home) -> None:
    outcome = cli(*arguments)
    assert outcome.code == 2
    assert "error:" in outcome.err
    assert "Traceback" not in outcome.err
    assert not home.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "/no/such/folder"),
        ("train", "Nothing"),
        ("train", "--resume"),
        ("generate", "--model", "Nobody", "--out", "x.mid", "--seed", "/no/such.mid"),
        ("evaluate", "Nobody", "/no/such"),
        ("render", "/no/such.mid", "x.wav"),
        ("info", "/no/such.mid"),
        ("info", "/"),
        ("corpora", "rename", "Nothing", "Something"),
        ("corpora", "delete", "Nothing"),
        ("models", "rename", "Nobody", "Somebody"),
        ("models", "export", "Nobody", "x"),
        ("models", "import", "/no/such.ritornello-model"),
    ],
)
def test_an_expected_failure_is_1_with_one_sentence_and_no_traceback(cli, arguments) -> None:
    outcome = cli(*arguments, "--json")
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) == 1
    assert "Traceback" not in outcome.err
    assert outcome.json["error"] in outcome.err


def test_the_presets_offered_are_those_there_are() -> None:
    assert set(entry._PRESETS) == set(PRESETS)


def test_help_answers_at_once_and_loads_nothing_heavy() -> None:
    script = "import sys; from core.cli import entry\ntry: entry.main(['--help'])\nexcept SystemExit: pass\n"
    script += (
        "print([name for name in ('numpy', 'tensorflow', 'pygame', 'PySide6', 'pretty_midi') if name in sys.modules])"
    )
    script += "; import time; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    heavy, worked_s = done.stdout.splitlines()[-2:]
    assert heavy == "[]"
    assert float(worked_s) < 1.0


def test_a_reader_that_has_gone_is_no_traceback(tunes) -> None:
    cli = subprocess.Popen(
        [sys.executable, "-m", "core", "import", str(tunes), "--json"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    cli.stdout.close()
    words = cli.stderr.read()
    cli.stderr.close()
    assert cli.wait() == 1
    assert "Traceback" not in words
    assert "BrokenPipe" not in words


def test_names_that_the_terminal_cannot_show_do_not_end_the_program(tunes) -> None:
    (tunes / "tune 0.mid").rename(tunes / "♯ été.mid")
    (tunes / "кaput ✗.mid").write_bytes(b"no music")
    done = as_program("import", tunes, env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr
    assert "\\u2717" in done.stdout


def test_as_a_program_it_keeps_a_log_and_writes_nowhere_else(tunes, home) -> None:
    before = set(tunes.rglob("*"))
    assert as_program("import", tunes).returncode == 0
    assert set(tunes.rglob("*")) == before
    assert all(path.is_relative_to(home) for path in (paths.log_file(), paths.cache_file()))


def test_json_has_null_for_what_it_cannot_say() -> None:
    assert as_json({"a": float("inf"), "b": (1, Path("x"))}) == '{"a": null, "b": [1, "x"]}'
