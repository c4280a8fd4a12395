"""The program doing everything that it is for, once and small, in a folder of its own: nothing of the user's is touched.

A step that fails is named, and those that need nothing of it are tried all the same.
"""

import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np

from core import paths
from core.checks.check import Check, Trying, tried
from core.corpus.importer import import_paths
from core.corpus.store import Corpus, CorpusStore
from core.errors import AppError, AudioError, DamagedError, FileError, TrainingError
from core.files import write_bytes
from core.learning.generation.generation import generate
from core.learning.models.library import STARTER, Library, ModelRecord, TrainedModel
from core.learning.models.model_file import SUFFIX
from core.learning.spec import PRESETS, GenerationRequest, NetworkSpec
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import start_job
from core.learning.training.process import train
from core.learning.training.start import SCRATCH
from core.loading.zips import Zip
from core.music.midi_file import read_midi, write_midi
from core.music.score import Note, Part, Score
from core.playback import pygame_output
from core.playback.mix import Pcm, render_score, write_wav
from core.playback.synth import choose_renderer
from core.playback.voice import FRAMES_PER_S
from core.tasks import Control

_A4, _A4_HERTZ = 69, 440.0
_IN_TUNE = 0.01
"""A sixth of a semitone."""
_AUDIBLE = 0.01
"""Of full scale, at the loudest."""
_PIECES = 3
_MOST_BYTES = 64 << 20
_NETWORK = NetworkSpec(embedding=8, layers=1, units=16, attention_heads=2, head_units=16, dropout=0.0)
_TRAINING = replace(PRESETS["quick"].training, window=64, stride=64, batch=8, epochs=1)
_TUNE = Score((Part.of(Note(place * 240, pitch, 240) for place, pitch in enumerate((69, 71, 73, 74, 76, 74, 73, 71))),))


class NotTriedError(AppError):
    """What a step needs is what an earlier one failed to make."""


Made = TypeVar("Made")


@dataclass
class Trial:
    """What the steps leave for each other."""

    folder: Path
    """Where they write: `user-folder`, in place of the user's own, and what a person may want to look at."""
    music: Score = _TUNE
    """What is written and read back: a take, once there is one."""
    starter: TrainedModel | None = None
    corpus: Corpus | None = None
    trained: ModelRecord | None = None

    @property
    def home(self) -> Path:
        return self.folder / "user-folder"


Step = tuple[str, Callable[[Trial, Control], str]]
"""What a person calls it, and what does it: the result says what came out."""


def steps_tried(steps: tuple[Step, ...], folder: Path, control: Control) -> Iterator[Check]:
    """How each step came out, as it comes. Raises Cancelled."""
    trial = Trial(folder)
    for name, step in steps:
        control.checkpoint()
        control.report(Trying(name))
        yield tried(name, lambda step=step: step(trial, control))  # type: ignore[misc]  # mypy knows no default of a lambda


def _needed(made: Made | None, what: str) -> Made:
    if made is None:
        raise NotTriedError(f"Not tried: it needs {what}, which failed.")
    return made


def _folder(trial: Trial, _control: Control) -> str:
    write_midi(_TUNE, trial.folder / "tune.mid")
    return str(trial.folder)


def _starter(trial: Trial, _control: Control) -> str:
    library = Library(trial.home)
    trial.starter = library.load(library.find(STARTER))
    return f"‘{trial.starter.record.name}’, {trial.starter.record.pieces:,} pieces"


def _take(trial: Trial, control: Control) -> str:
    starter = _needed(trial.starter, "the starter model")
    seed = read_midi(paths.demo_seed())
    (take,) = generate(starter, GenerationRequest(seed, takes=1, length_bars=4, random_seed=1), control)
    if not take.generated:
        raise FileError("The starter model wrote no note.")
    trial.music = take.score
    return f"{len(take.generated)} notes after the {seed.note_count} of the seed"


def _sound(_trial: Trial, control: Control) -> str:
    pcm = _rendered(Score((Part.of([Note(0, _A4, 1920)]),)), control)
    hertz = _strongest(pcm)
    if abs(hertz / _A4_HERTZ - 1) > _IN_TUNE:
        raise AudioError(f"A4 sounds at {hertz:.1f} Hz instead of {_A4_HERTZ:.0f}.")
    return f"A4 sounds at {hertz:.1f} Hz"


def _pieces(trial: Trial, control: Control) -> str:
    folder = trial.folder / "pieces"
    collection = paths.sample_collection()
    try:
        with Zip(collection, most_members=5_000, most_bytes=_MOST_BYTES) as samples:
            names = [name for name in samples.names() if name.endswith(".mid")][:_PIECES]
            music = {PurePosixPath(name).name: samples.read(name, at_most=_MOST_BYTES) for name in names}
    except DamagedError as error:
        raise FileError(
            f"‘{collection.name}’ can't be read: {error.reason}.", hint="Install Ritornello again."
        ) from error
    for name, content in music.items():
        write_bytes(folder / name, content)
    corpus, report = import_paths([folder], control, home=trial.home, name="Check", processes=1)
    if len(corpus.pieces) != _PIECES:
        why = "; ".join(verdict.reason for verdict in report.skipped)
        raise FileError(f"Of {_PIECES} pieces {len(corpus.pieces)} were kept. {why}".strip())
    trial.corpus = corpus
    return f"{len(corpus.pieces)} pieces, {corpus.note_count:,} notes, read in another process"


def _training(trial: Trial, control: Control) -> str:
    corpus = _needed(trial.corpus, "the pieces")
    plan = TrainingPlan("quick", name="Check", start_from=SCRATCH, network=_NETWORK, training=_TRAINING)
    job = start_job(corpus, CorpusStore(trial.home), plan, home=trial.home, control=control)
    result = train(job, control)
    if result.epochs != 1:
        raise TrainingError(f"It trained {result.epochs} epochs instead of one.")
    trial.trained = Library(trial.home).find(result.model_id)
    return f"one epoch, {result.held_out_bits_per_note:.2f} bits a note, in another process"


def _model(trial: Trial, control: Control) -> str:
    trained = _needed(trial.trained, "the training")
    library = Library(trial.home)
    path = library.export(trained, trial.folder / f"model{SUFFIX}")
    back = library.load(library.import_file(path))
    if back.fingerprint != library.load(trained).fingerprint:
        raise FileError(f"‘{path.name}’ came back otherwise than it was written.")
    (take,) = generate(back, GenerationRequest(_TUNE, takes=1, length_bars=1, random_seed=1), control)
    return f"‘{path.name}’, {path.stat().st_size / 1000:,.0f} kB; it wrote {len(take.generated)} notes"


def _midi(trial: Trial, _control: Control) -> str:
    path = trial.folder / "music.mid"
    write_midi(trial.music, path)
    if read_midi(path).parts != trial.music.parts:
        raise FileError(f"‘{path.name}’ came back otherwise than it was written.")
    return f"‘{path.name}’, {trial.music.note_count} notes"


def _wav(trial: Trial, control: Control) -> str:
    path = trial.folder / "music.wav"
    pcm = _rendered(trial.music, control)
    write_wav(pcm, path)
    with wave.open(str(path), "rb") as reader:
        back = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, reader.getnchannels())
        rate = reader.getframerate()
    if rate != FRAMES_PER_S or not np.array_equal(back, pcm):
        raise FileError(f"‘{path.name}’ came back otherwise than it was written.")
    return f"‘{path.name}’, {len(pcm) / FRAMES_PER_S:.0f} s"


STEPS: tuple[Step, ...] = (
    ("Folder", _folder),
    ("Starter model", _starter),
    ("Take", _take),
    ("Sound", _sound),
    ("Pieces", _pieces),
    ("Training", _training),
    ("Model file", _model),
    (".mid file", _midi),
    (".wav file", _wav),
)


def _rendered(score: Score, control: Control) -> Pcm:
    """What it sounds like, with the soundfont. Raises AudioError where that can't be played, and for silence."""
    choice = choose_renderer(paths.soundfont(), pygame_output.decode)
    if choice.sentence:
        raise AudioError(choice.sentence, hint="Install Ritornello again.")
    pcm = render_score(score, choice.renderer, control=control)
    if not len(pcm) or np.abs(pcm.astype(np.int32)).max() < _AUDIBLE * 2**15:
        raise AudioError("What was rendered is silent.")
    return pcm


def _strongest(pcm: Pcm) -> float:
    """Hertz of the strongest partial."""
    heard = pcm.mean(axis=1)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), n=2**18))
    return float(np.argmax(spectrum)) * FRAMES_PER_S / 2**18
