"""The command line run in this process, on a small folder of tunes and a model that was never trained."""

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.cli import entry
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import Events, Vocabulary
from core.learning.models import model_file
from core.learning.models.library import Library
from core.learning.models.model_file import ModelCard
from core.learning.network.weights import fresh_weights
from core.learning.spec import NetworkSpec, TokenizerSpec, TrainingSpec
from core.music.midi_file import write_midi
from core.music.score import Note, Part, Score


@dataclass
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of stdout."""
        return json.loads(self.out.splitlines()[-1])


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command line; wrong usage gives its exit code too."""

    def run(*arguments: str | Path) -> Outcome:
        capsys.readouterr()
        try:
            code = entry.main([str(argument) for argument in arguments])
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        written = capsys.readouterr()
        return Outcome(code, written.out, written.err)

    return run


def hear_interrupts() -> None:
    """For `preexec_fn`: a shell's background job, and all it starts, ignores SIGINT until told otherwise."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def write_tunes(folder: Path, count: int = 8) -> Path:
    """So many tunes of 24 notes, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(4)
    for index in range(count):
        pitches = 62 + np.cumsum(random.integers(-3, 4, 24)).clip(-12, 12)
        notes = [Note(place * 240, int(pitch), 240) for place, pitch in enumerate(pitches)]
        write_midi(Score((Part.of(notes, name="Violin", program=40),)), folder / f"tune {index}.mid")
    return folder


@pytest.fixture
def tunes(tmp_path: Path) -> Path:
    return write_tunes(tmp_path / "tunes")


@pytest.fixture
def model(home: Path) -> str:
    """The name of a model in the library, with weights as they are before any training."""
    vocabulary = Vocabulary(
        {"delta": (0, 12, 24), "pitch": tuple(range(48, 80)), "duration": (6, 12, 24), "velocity": (4, 5)}
    )
    card = ModelCard(
        name="Quartet",
        preset="quick",
        tokenizer=TokenizerSpec(),
        network=NetworkSpec(embedding=4, layers=1, units=8, attention_heads=2, head_units=4),
        training=TrainingSpec(),
        vocabulary=vocabulary,
        corpus_name="Tunes",
        pieces=8,
        notes=192,
        epochs=3,
        best_epoch=2,
        held_out_bits_per_note=7.5,
        held_out_bits_per_pitch=3.5,
        created="2026-01-02T03:04:05+00:00",
    )
    _, folder, name = Library(home).create("Quartet")
    model_file.write_weights(folder, fresh_weights(card.weight_shapes, random_seed=1))
    line = np.array([60, 62, 64], np.int32)
    events = Events(line * 0 + 12, line, line * 0 + 12, line * 0 + 4, line * 0, line * 0 + 96)
    model_file.write_studied(folder, build_studied_index([("Air", events)]))
    model_file.write_card(folder, card)
    return name
