"""train, in real processes: an interrupted training goes on; cross-validation trains for each fold."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from core.cli.console import Bar, Console
from core.cli.train import _Teller, _Told
from core.learning.models.library import Library
from core.learning.models.progress import TrainingStarting
from core.learning.training.lock import held
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.run_folder import finish
from core.learning.training.words import NO_PATTERN, ending
from tests.core.cli.conftest import hear_interrupts, write_tunes
from tests.core.cli.test_entry import PROJECT
from tests.core.learning.training.test_course import STALLS, history
from tests.core.learning.training.test_run_folder import learnt
from tests.core.learning.training.test_run_folder import tunes as random_tunes

INTERRUPTED = """
import os, signal, sys
from core.cli import entry, train
from core.learning.models.progress import EpochDone
from tests.core.learning.light import train_light

tell = train._Teller.__call__

def interrupted(teller, event):
    tell(teller, event)
    if isinstance(event, EpochDone) and event.epoch == 2:
        os.kill(os.getpid(), signal.SIGINT)

train_light()
train._Teller.__call__ = interrupted
sys.exit(entry.main(sys.argv[1:]))
"""
"""Ctrl+C comes when the second epoch is told."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_an_interrupted_training_is_130_and_resume_brings_it_to_its_end(tmp_path, cli, home) -> None:
    tunes = write_tunes(tmp_path / "tunes", 24)
    options = ("--preset", "quick", "--epochs", "25", "--progress", "json", "--name", "Evening")
    training = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, "train", str(tunes), *options],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    out, words = training.communicate()
    assert training.returncode == 130
    assert "Traceback" not in words
    assert "train --resume" in words
    assert out == ""
    epochs = [json.loads(line) for line in words.splitlines() if line.startswith("{")]
    assert [epoch["epoch"] for epoch in epochs][:2] == [1, 2]
    assert {"loss", "held_out_loss", "events_per_s"} <= epochs[0].keys()
    assert [epoch["verdict"] for epoch in epochs[:2]] == ["It is still learning."] * 2
    (record,) = (record for record in cli("models", "--json").json if record["name"] == "Evening")
    assert record["state"] == "unfinished"

    target = tmp_path / "evening.ritornello-model"
    done = cli("train", tunes, "--resume", "--json", "--progress", "json", "--out", target)
    assert done.code == 0, done.err
    assert '{"epoch": 1,' not in done.err, "it goes on, not anew"
    found = done.json
    assert found["model"] == "Evening"
    assert 1 <= found["best_epoch"] <= found["epochs"] <= 25
    assert found["held_out_bits_per_note"] > found["held_out_bits_per_pitch"] > 0
    assert found["counting_bits_per_note"] > 0
    done = Library(home).history(Library(home).find("Evening"))
    assert len(done) == found["epochs"]
    assert found["verdict"] == ending(done, counting_loss=found["counting_bits_per_note"] * math.log(2))
    assert found["elapsed_s"] > 0
    assert found["events_per_s"] > 0
    assert target.exists()
    assert cli("generate", "--model", target, "--seed", tunes / "tune 0.mid", "--out", tmp_path / "x.mid").code == 0


class _Lines:
    """A bar that keeps what is written above it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str, *, file: object) -> None:
        self.lines.append(line)


def test_the_sentence_on_how_it_goes_is_written_whenever_it_changes() -> None:
    counting_loss, pairs = STALLS
    epochs, written = history(pairs), _Lines()
    told = _Told(tuple(epochs[:8]))  # a training that is gone on with, from a checkpoint one epoch back
    teller = _Teller(Console(), Bar(written), told)
    teller(TrainingStarting("id", 20, 2, 1000, 25, {}, 10, counting_loss))
    for epoch in epochs[7:]:
        teller(epoch)
    sentences = [line.strip() for line in written.lines if line.startswith("  ")]
    assert sentences == ["It is still learning.", NO_PATTERN]
    assert (
        written.lines.index(f"  {NO_PATTERN}")
        == written.lines.index(next(line for line in written.lines if line.startswith("Epoch 9:"))) + 1
    )
    assert told.ending == ending(epochs, counting_loss=counting_loss)


@pytest.fixture
def untrained(monkeypatch, home):
    """As if each training were over at once; and a starter model, which is never trained either."""

    def over(job, _control, *, cluster=None):
        assert cluster is None
        learnt(job, 2.0)
        return finish(job)

    monkeypatch.setattr("core.cli.train.train_job", over)
    monkeypatch.setattr("core.paths.starter_model", lambda: home.parent / "none")  # whose name would be taken
    job = prepare_job(random_tunes(), TrainingPlan("standard", name="Starter model"), home=home.parent / "shipped")
    over(job, None)
    monkeypatch.setattr("core.paths.starter_model", lambda: job.folder)


def test_without_a_word_training_starts_from_what_suits_and_says_so(cli, tunes, untrained):
    done = cli("train", tunes, "--json")
    assert done.code == 0, done.err
    assert done.json["started_from"] == "Starter model"
    assert "It starts from the starter model, because these pieces alone are few to learn from.\n" in done.err
    quick = cli("train", tunes, "--preset", "quick", "--json")
    assert quick.json["started_from"] == ""
    assert "It starts from nothing, because the starter model isn't of the kind ‘Quick’.\n" in quick.err
    records = {record["name"]: record["started_from"] for record in cli("models", "--json").json}
    assert records == {"Starter model": "", "tunes": "Starter model", "tunes 2": ""}
    assert "started from ‘Starter model’" in cli("models").out


def test_scratch_starts_from_nothing(cli, tunes, untrained):
    done = cli("train", tunes, "--start-from", "scratch", "--json")
    assert (done.code, done.json["started_from"]) == (0, "")
    assert "It starts from" not in done.err


@pytest.fixture
def broken_off(home):
    """A training that broke off, as its process left it."""
    return prepare_job(random_tunes(), TrainingPlan("standard", name="Evening"), home=home, corpus_name="Tunes")


@contextmanager
def calling(name, act) -> Iterator[None]:
    """`act` is called whenever a C function of this name is."""
    sys.setprofile(lambda _frame, event, called: act() if event == "c_call" and called.__name__ == name else None)
    try:
        yield
    finally:
        sys.setprofile(None)


def test_a_training_that_is_still_ending_is_waited_for(cli, broken_off, untrained) -> None:
    ending = ExitStack()
    ending.enter_context(held(broken_off.folder))
    with calling("sleep", ending.close):
        done = cli("train", "--resume", "--json")
    assert (done.code, done.json["model"]) == (0, "Evening"), done.err
    assert "‘Evening’ is still going on, or ending. Waiting for its end …" in done.err


def test_a_training_that_goes_on_keeps_its_settings_and_says_so(cli, broken_off, untrained) -> None:
    done = cli("train", "--resume", "--epochs", 3, "--json")
    assert f"of {broken_off.training.epochs}, with the settings that it was begun with." in done.err


@pytest.mark.parametrize("named", [(), ("Tunes",), ("--name", "Evening")])
def test_a_training_that_goes_on_elsewhere_is_told_as_that(cli, broken_off, monkeypatch, named) -> None:
    monkeypatch.setattr("core.cli.train._ENDING_S", 0.0)
    with held(broken_off.folder):
        outcome = cli("train", "--resume", *named)
    assert outcome.code == 1
    assert "‘Evening’ is being trained by another program. Stop it there first." in outcome.err
    assert "no training to go on with" not in outcome.err


def test_a_model_that_is_named_is_gone_on_from(cli, tunes, model, untrained):
    done = cli("train", tunes, "--start-from", model, "--json")
    assert (done.code, done.json["started_from"]) == (0, "Quartet")
    assert cli("train", tunes, "--start-from", "no such model").code == 1


@pytest.mark.slow
def test_cross_validation_trains_anew_for_each_fold(cli, tunes) -> None:
    found = cli("evaluate", "--folds", 2, tunes, "--preset", "quick", "--epochs", 1, "--pitch-only", "--json").json
    assert (found["pieces"], found["notes"], len(found["by_fold"])) == (8, 192, 2)
    assert found["by_field"].keys() == {"pitch"}
    assert found["bits_per_note"] == found["bits_per_pitch"]
