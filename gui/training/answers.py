"""What the model answered after an epoch, read from its .mid and compared with the pieces it studies. For Workers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import AppError
from core.learning.models.progress import SampleMade
from core.music.score import Metre, Note, Notes, Part, Score, Tempo
from core.music.timing import metre_at, steps_at, tempo_at

if TYPE_CHECKING:  # these load the model's arithmetic and the MIDI libraries, which starting up can do without
    from core.learning.events.memorisation import StudiedIndex


@dataclass(frozen=True, slots=True)
class Answer:
    """An epoch's answer, without the seed, from tick 0 on."""

    epoch: int
    phrase: str
    score: Score
    copied: frozenset[Note] = frozenset()
    """Notes in runs that a studied piece holds too."""

    @property
    def notes(self) -> Notes:
        return self.score.parts[0].notes

    @property
    def bar(self) -> int:
        """Ticks of a bar."""
        return metre_at(self.score, 0).bar_duration


def read_answers(samples: Iterable[SampleMade]) -> tuple[Answer, ...]:
    """The answers of these samples; one whose file is gone or damaged is left out."""
    from core.music.midi_file import read_midi

    found = []
    studied: StudiedIndex | None = None
    for sample in samples:
        path = Path(sample.path)
        try:
            score = read_midi(path)
            if sample.copied_notes and studied is None:
                studied = _studied(path.parent.parent)
        except AppError:
            continue
        answer = after(score, sample.start)
        copied = copied_notes(answer.parts[0].notes, studied) if sample.copied_notes and studied else frozenset()
        found.append(Answer(sample.epoch, sample.phrase, answer, copied))
    return tuple(found)


def read_seed(samples: Sequence[SampleMade]) -> Score | None:
    """What these samples answer; None if none of their files can be read."""
    from core.music.midi_file import read_midi

    for sample in samples:
        try:
            score = read_midi(Path(sample.path))
        except AppError:
            continue
        part = score.parts[0]
        return score.with_part(0, part.with_notes(note for note in part.notes if note.onset < sample.start))
    return None


def after(score: Score, start: int) -> Score:
    """The first part from tick `start` on, moved to the beginning, with the tempo and metre in force there."""
    part = score.parts[0]
    notes = part.notes.taken(part.notes.onset >= start)
    moved = Notes(notes.table - np.array([[start], [0], [0], [0]]))
    tempo, metre = tempo_at(score, start), metre_at(score, start)
    return Score(
        (Part(part.name, part.program, notes=moved),),
        tempos=(Tempo(0, tempo.microseconds_per_quarter),),
        metres=(Metre(0, metre.numerator, metre.denominator),),
    )


def copied_notes(notes: Notes, studied: "StudiedIndex") -> frozenset[Note]:
    """The notes in runs longer than what the studied pieces share among themselves."""
    runs = studied.runs(
        notes.pitch.tolist(),
        [steps_at(duration) for duration in notes.duration.tolist()],
        longer_than=studied.common_run,
    )
    return frozenset(note for run in runs for note in notes[run.start : run.start + run.notes])


def _studied(folder: Path) -> "StudiedIndex | None":
    from core.learning.models.model_file import FolderFiles, read_studied

    return read_studied(FolderFiles(folder))
