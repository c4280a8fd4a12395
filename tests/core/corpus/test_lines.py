"""What is learnt of a piece, its melody or all notes: written or performed, of one line or of many."""

import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from core.corpus.importer import import_paths
from core.corpus.store import CorpusStore
from core.music.midi_file import read_midi, write_midi
from core.music.score import Note, Part, Score
from core.tasks import Control

MIDI = Path(__file__).parents[2] / "data" / "midi"
DETACHED, USUAL, LEGATO = (0.4, 0.7), (0.8, 1.05), (1.0, 1.25)
"""For how much of its length a note is held."""


def performed(score: Score, held: tuple[float, float]) -> Score:
    """As a person plays it: no two notes struck at one tick."""
    chance = random.Random(1)

    def played(note: Note) -> Note:
        onset = max(0, note.onset + round(chance.gauss(0, 12)))
        return replace(note, onset=onset, duration=max(20, round(note.duration * chance.uniform(*held))))

    return replace(score, parts=tuple(part.with_notes(map(played, part.notes)) for part in score.parts))


def moved(part: Part, *, ticks: int = 0, semitones: int = 0) -> list[Note]:
    return [replace(note, onset=note.onset + ticks, pitch=note.pitch + semitones) for note in part.notes]


MELODY, PIANO, SONG = (read_midi(MIDI / name) for name in ("melody.mid", "piano.mid", "song.mid"))
(LINE,) = (part for part in MELODY.parts if part.notes)
CHOIR = [moved(LINE, semitones=semitones) for semitones in (0, -4, -9, -16)]
IN_PARTS = Score(tuple(map(Part.of, CHOIR)))
ON_ONE_STAFF = Score((Part.of(itertools.chain(*CHOIR)),))
FUGUE = Score(
    (Part.of([*moved(LINE), *moved(LINE, ticks=960, semitones=-5), *moved(LINE, ticks=1920, semitones=-12)]),)
)


@pytest.mark.parametrize(
    ("score", "lines"),
    [
        pytest.param(MELODY, "melody", id="a written melody"),
        pytest.param(performed(MELODY, USUAL), "melody", id="a performed melody"),
        pytest.param(performed(MELODY, LEGATO), "melody", id="a melody performed legato"),
        pytest.param(SONG, "melody", id="a written song"),
        pytest.param(performed(SONG, USUAL), "melody", id="a performed song"),
        pytest.param(IN_PARTS, "melody", id="a choir in parts"),
        pytest.param(performed(IN_PARTS, LEGATO), "melody", id="a performed choir in parts"),
        pytest.param(ON_ONE_STAFF, "all", id="a choir on one staff"),
        pytest.param(performed(ON_ONE_STAFF, USUAL), "all", id="a performed choir on one staff"),
        pytest.param(PIANO, "all", id="a written piano piece"),
        pytest.param(performed(PIANO, USUAL), "all", id="a performed piano piece"),
        pytest.param(performed(PIANO, DETACHED), "all", id="a piano piece performed detached"),
        pytest.param(performed(PIANO, LEGATO), "all", id="a piano piece performed legato"),
        pytest.param(FUGUE, "all", id="a written fugue"),
        pytest.param(performed(FUGUE, USUAL), "all", id="a performed fugue"),
    ],
)
def test_only_what_is_heard_as_one_line_is_learnt_as_a_melody(tmp_path: Path, score: Score, lines: str) -> None:
    write_midi(score, tmp_path / "piece.mid")
    corpus, _ = import_paths([tmp_path / "piece.mid"], Control(), home=tmp_path / "home")
    (piece,) = CorpusStore(tmp_path / "home").load(corpus.id).pieces
    assert (piece.lines_default, corpus.lines) == (lines, lines)
