"""Takes as plain JSON values, and back: every batch with its stars and its recipe, which is the request, the model's
fingerprint and the random seed. The scores that were continued lie beside them as .mid; this only names them.
"""

import dataclasses
import math
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from core.errors import AppError, DamagedError
from core.learning.spec import GenerationRequest
from core.loading.json_values import build
from core.music.score import TICKS_PER_QUARTER, Note, Score
from gui.takes import Batch, MadeBy, Takes

if TYPE_CHECKING:  # generation loads the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take

_LONGEST_TICKS = 257 * 255 * 4 * TICKS_PER_QUARTER
"""A take's bars are 256 at most, and a bar has up to 255 whole notes."""
_LONGEST_TEXT = 500
_MOST_BATCHES = 10_000
_HINTS = get_type_hints(GenerationRequest)
_Recipe = dataclasses.make_dataclass(
    "_Recipe",
    [
        (field.name, _HINTS[field.name], dataclasses.field(default=field.default))
        for field in dataclasses.fields(GenerationRequest)
        if field.name != "seed"
    ],
    frozen=True,
)
"""A request without the score that is continued."""


@dataclass(frozen=True, slots=True)
class _TakeRecord:
    letter: str
    start: int
    end: int
    random_seed: int
    notes: tuple[tuple[int, int, int, int, float | None, float | None, bool], ...]
    """onset, pitch, duration, velocity; surprise in bits of the note and of its pitch; whether it is in a copied run."""
    copied: int = 0
    copied_from: str = ""
    character: str = ""
    redrawn_from_bar: int | None = None
    common_run: int = 0


@dataclass(frozen=True, slots=True)
class _BatchRecord:
    seed: str
    """What the score that was continued is called."""
    request: _Recipe  # type: ignore[valid-type]  # made above, from the fields of the request
    """What was asked for."""
    takes: tuple[_TakeRecord, ...]
    """In the order in which they were made."""
    words: str = ""
    made_by: MadeBy = dataclasses.field(default_factory=MadeBy)
    """The model: its id, its name, and a fingerprint of its weights."""
    starred: tuple[str, ...] = ()
    echoes: Mapping[str, float] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _TakesRecord:
    batches: tuple[Any, ...] = ()
    """Read one by one: a damaged one costs no other."""
    shown: int = 0
    """Which batch is on show, from 1; 0 for none."""
    letter: str = ""
    """Of the take on the roll; "" for none."""

    def __post_init__(self) -> None:
        if len(self.batches) > _MOST_BATCHES:
            raise ValueError("absurdly many batches")


def takes_record(takes: Takes, name_seed: Callable[[Score], str]) -> dict[str, Any]:
    """Plain JSON values. name_seed: keeps a score, and says what it is called."""
    records = [_batch_record(batch, name_seed) for batch in takes.batches if batch.takes]
    return dataclasses.asdict(_TakesRecord(tuple(records), takes.shown, takes.letter))


def read_takes(stored: object, seed_named: Callable[[str], Score]) -> tuple[Takes, int]:
    """The takes, and how many batches are damaged and left out. seed_named: may raise FileError."""
    try:
        record = build(_TakesRecord, stored)
    except DamagedError:
        return Takes(), 1
    batches, damaged, shown = [], 0, record.shown
    for number, one in enumerate(record.batches, start=1):
        try:
            batches.append(_batch(build(_BatchRecord, one), seed_named))
        except AppError:
            damaged += 1
            shown -= number <= record.shown
    shown = min(max(shown, 1), len(batches))
    return Takes(tuple(batches), shown, record.letter), damaged


def _batch_record(batch: Batch, name_seed: Callable[[Score], str]) -> _BatchRecord:
    request = batch.takes[0].request
    choices = {field.name: getattr(request, field.name) for field in dataclasses.fields(_Recipe)}
    return _BatchRecord(
        name_seed(request.seed),
        _Recipe(**choices),
        tuple(_take_record(take) for take in batch.takes),
        batch.words,
        batch.made_by,
        tuple(sorted(batch.starred)),
        dict(batch.echoes),
    )


def _take_record(take: "Take") -> _TakeRecord:
    bits, pitch_bits = dict(take.surprise_bits), dict(take.pitch_surprise_bits)
    others = take.generated.difference(bits)
    notes = [*bits, *sorted(others, key=lambda note: (note.onset, note.pitch))]
    return _TakeRecord(
        take.letter,
        take.start,
        take.end,
        take.random_seed,
        tuple(
            (
                note.onset,
                note.pitch,
                note.duration,
                note.velocity,
                _finite(bits.get(note)),
                _finite(pitch_bits.get(note)),
                note in take.copied_notes,
            )
            for note in notes
        ),
        take.copied,
        take.copied_from,
        take.character,
        take.redrawn_from_bar,
        take.common_run,
    )


def _finite(bits: float | None) -> float | None:
    return bits if bits is not None and math.isfinite(bits) else None


def _batch(record: _BatchRecord, seed_named: Callable[[str], Score]) -> Batch:
    """Raises AppError."""
    choices = {field.name: getattr(record.request, field.name) for field in dataclasses.fields(_Recipe)}
    request = GenerationRequest(seed=seed_named(record.seed), **choices)
    takes = tuple(_take(one, request) for one in record.takes)
    letters = {take.letter for take in takes}
    texts = (record.words, *dataclasses.astuple(record.made_by), *(take.copied_from for take in takes))
    if max(map(len, texts)) > _LONGEST_TEXT or any(len(take.character) > _LONGEST_TEXT for take in takes):
        raise DamagedError("it says absurdly much")
    if not takes or len(letters) < len(takes):
        raise DamagedError("its takes can't be told apart")
    echoes = {letter: share for letter, share in record.echoes.items() if letter in letters}
    starred = frozenset(letters).intersection(record.starred)
    return Batch(len(takes), record.words, record.made_by, takes, starred, echoes, is_done=True)


def _take(record: _TakeRecord, request: GenerationRequest) -> "Take":
    """Raises DamagedError."""
    from core.learning.generation.generation import Take

    try:
        rows = [(Note(*row[:4]), *row[4:]) for row in record.notes]
    except ValueError as error:
        raise DamagedError("it holds a note that can't be") from error
    if not 0 <= record.start <= record.end <= record.start + _LONGEST_TICKS:
        raise DamagedError("a take has impossible bars")
    if len(record.letter) != 1 or record.letter not in string.ascii_uppercase:
        raise DamagedError("a take is called what none is")  # the letter becomes a part of a file's name
    return Take(
        letter=record.letter,
        generated=frozenset(note for note, *_ in rows),
        start=record.start,
        end=record.end,
        request=request,
        random_seed=record.random_seed,
        surprise_bits=tuple((note, bits) for note, bits, _, _ in rows if bits is not None),
        copied=record.copied,
        copied_notes=frozenset(note for note, _, _, is_copied in rows if is_copied),
        copied_from=record.copied_from,
        character=record.character,
        redrawn_from_bar=record.redrawn_from_bar,
        pitch_surprise_bits=tuple((note, bits) for note, _, bits, _ in rows if bits is not None),
        common_run=record.common_run,
    )
