"""From the bytes of files to what the cache keeps of them: many at a time, in any process.

The files of a batch are read and judged together: counts, keys and melodies of hundreds of pieces come out of a few
sweeps over one table of notes.
"""

import itertools
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from core.corpus.cache import Seen, Understood
from core.corpus.melody import are_lines, best_parts
from core.corpus.note_table import NoteTable, notes_at_once
from core.corpus.walk import MEMBER, TOO_LARGE, Found, largest, opened_zip, shown
from core.errors import DamagedError, FileError
from core.loading.opening import open_file
from core.loading.zips import ZIP_ERRORS
from core.music.keys import find_keys, longest_signature
from core.music.midi_file import ReadResult
from core.music.packed_score import packed
from core.music.score import TICKS_PER_QUARTER, Part, Score
from core.music.timing import DEFAULT_METRE, TempoMap

FEWEST_NOTES = 8
"""A piece with fewer teaches nothing: no model sees so little of a file that it could go on."""
_BATCH_S = 0.15
_BATCH = 256
_BATCH_NOTES = 100_000
"""A batch is handed over at the first of these, so that little is lost and memory is bounded."""
_TOGETHER = 2**20
"""Bytes of files that are held and given to the reader at once."""

Reader = Callable[[Sequence[tuple[bytes, str]]], Iterable[ReadResult | FileError]]
"""From the bytes of some .mid files and their names to music, in turn. Must be importable by name for other processes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What some files had, and what that is as far as it wasn't known."""

    seen: tuple[Seen, ...]
    understood: tuple[Understood, ...]


@dataclass(slots=True, eq=False)
class _Piece:
    """One content on its way: read, to be judged with its batch."""

    content: bytes
    result: ReadResult
    parts: tuple[Part, ...]
    """With notes, but drums."""


def read_files(
    items: Iterable[Found],
    *,
    knows: Callable[[Sequence[bytes]], set[bytes]],
    reader: Reader,
    going: Callable[[], bool] = lambda: True,
) -> Iterator[Batch]:
    """Read files in turn; a batch every now and then.

    knows: which of some contents (hashes) need no reading. going: asked before each file; once it isn't, what was read
    is handed over, and that is the end.
    """
    files = _Files()
    pending = _Pending()
    waiting = iter(items)
    met: set[bytes] = set()
    while going() and (opened := list(files.opened(waiting))):
        fresh: dict[bytes, tuple[bytes, str]] = {}
        for file in opened:
            if not file.reason:
                fresh.setdefault(file.content, (file.midi, shown(file.item.path)))
        for content in met & fresh.keys() | knows(tuple(fresh)):
            del fresh[content]
        met.update(fresh)
        results = iter(reader(tuple(fresh.values())))
        for file in opened:
            if not going():
                break
            pending.seen.append(file.seen())
            if file.content in fresh:
                _midi, name = fresh.pop(file.content)
                pending.take(file.content, next(results), name)
            if pending.is_due():
                yield pending.handed_over()
    files.close()
    if pending.seen:
        yield pending.handed_over()


@dataclass(slots=True, eq=False)
class _Opened:
    """A file and what was in it; or, with a reason, why nothing was."""

    item: Found
    midi: bytes = b""
    content: bytes = b""
    """Hash of the bytes."""
    reason: str = ""
    is_there: bool = True

    def seen(self) -> Seen:
        if not self.is_there:
            # Not kept: what is closed now may be open tomorrow, with nothing about it changed.
            return Seen(self.item.path, -1, -1, None, self.reason)
        return Seen(self.item.path, self.item.size, self.item.mtime_ns, self.content or None, self.reason)


class _Files:
    """Contents of files and of members of zips; the zip last used stays open."""

    def __init__(self) -> None:
        self._zip_path = b""
        self._zip: zipfile.ZipFile | None = None
        self._open = ExitStack()

    def opened(self, items: Iterator[Found]) -> Iterator[_Opened]:
        """The next few files."""
        size = 0
        for item in itertools.islice(items, _BATCH):
            try:
                midi = self._content(item)
            except OSError as error:
                yield _Opened(item, reason=f"Can't be opened: {error.strerror or error}", is_there=False)
                continue
            except DamagedError as error:
                yield _Opened(item, reason=f"Can't be opened: {error.reason}", is_there=False)
                continue
            except FileError as error:
                yield _Opened(item, reason=error.sentence)
                continue
            yield _Opened(item, midi, blake2b(midi, digest_size=16).digest())
            size += len(midi)
            if size > _TOGETHER:
                return

    def _content(self, item: Found) -> bytes:
        """Raises OSError, DamagedError where it can't be opened, and FileError with the reason where the content itself is at fault."""
        most = largest(item.path)
        archive, is_member, member = item.path.partition(MEMBER)
        if not is_member:
            # Asking for what there is and no more: a buffer for the largest file costs more than reading a small one.
            with open_file(item.path, buffering=0) as file:
                content = file.read(min(item.size, most) + 1)
        else:
            try:
                with self._opened(archive).open(member.decode("utf-8", "surrogateescape")) as file:
                    content = file.read(most + 1)
            except NotImplementedError as error:
                raise FileError("Packed in a way that can't be read; unpack the zip first") from error
            except RuntimeError as error:
                raise FileError("Protected by a password") from error
            except ZIP_ERRORS as error:
                raise FileError("Damaged inside the zip") from error
        if len(content) > most:
            raise FileError(TOO_LARGE)
        return content

    def _opened(self, archive: bytes) -> zipfile.ZipFile:
        if self._zip is None or archive != self._zip_path:
            self.close()
            self._zip = self._open.enter_context(opened_zip(archive))
            self._zip_path = archive
        return self._zip

    def close(self) -> None:
        self._open.close()
        self._zip = None


class _Pending:
    """The batch being gathered."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.seen: list[Seen] = []
        self._pieces: list[_Piece] = []
        self._understood: list[Understood] = []
        self._notes = 0
        self._until = time.monotonic() + _BATCH_S

    def take(self, content: bytes, result: ReadResult | FileError, name: str) -> None:
        if isinstance(result, FileError):
            self._understood.append(Understood(content, reason=_reason(result.sentence, name)))
            return
        parts = tuple(part for part in result.score.parts if part.notes and not part.is_drums)
        notes = sum(len(part.notes) for part in parts)
        if notes < FEWEST_NOTES:
            self._understood.append(Understood(content, reason=_why_too_little(notes, result.score)))
            return
        self._notes += notes
        self._pieces.append(_Piece(content, result, parts))

    def is_due(self) -> bool:
        return len(self.seen) >= _BATCH or self._notes > _BATCH_NOTES or time.monotonic() > self._until

    def handed_over(self) -> Batch:
        batch = Batch(tuple(self.seen), (*self._understood, *judged(self._pieces)))
        self._begin()
        return batch


def _reason(sentence: str, name: str) -> str:
    """The reader's sentence without the name, which the report shows beside it."""
    short = sentence.removeprefix(f"‘{name}’ can't be read:").strip().rstrip(".")
    return short[:1].upper() + short[1:]


def _why_too_little(notes: int, score: Score) -> str:
    if notes:
        return f"Only {notes} {'note' if notes == 1 else 'notes'}, too few to learn from"
    return "Drums only" if score.note_count else "No notes inside"


def judged(pieces: Sequence[_Piece]) -> Iterator[Understood]:
    """What the cache keeps of each piece."""
    if not pieces:
        return
    parts = [part for piece in pieces for part in piece.parts]
    piece_of = [index for index, piece in enumerate(pieces) for _ in piece.parts]
    by_part = NoteTable.of(parts)
    by_piece = by_part.merged(piece_of, len(pieces))
    best = by_part.chosen(best_parts([piece.parts for piece in pieces], by_part))
    is_line = are_lines(best)
    melodies = best.top_lines()
    tallies, melody_tallies = by_piece.tallies(), melodies.tallies()
    counts, melody_counts = by_piece.counts().tolist(), melodies.counts().tolist()
    keys = find_keys(by_piece.key_evidence(), [longest_signature(piece.result.score) for piece in pieces])
    polyphony = notes_at_once(tallies).tolist()
    first_onsets = by_piece.first_onsets().tolist()
    for index, piece in enumerate(pieces):
        score = piece.result.score
        yield Understood(
            piece.content,
            repairs="; ".join(piece.result.repairs),
            fingerprint=_fingerprint(score),
            notes=counts[index],
            melody_notes=melody_counts[index],
            duration_s=round(_duration_s(score), 3),
            key=keys[index].name,
            metre=_metre(score),
            tempo=_tempo(score, first_note=first_onsets[index]),
            parts=len(piece.parts),
            polyphony=round(polyphony[index], 3),
            lines="melody" if is_line[index] else "all",
            tallies=tallies[index].tobytes(),
            melody_tallies=melody_tallies[index].tobytes(),
            score=packed(score),
        )


def _fingerprint(score: Score) -> str:
    """Hash of notes, tempo and metre: neither names, instruments, words nor the order of parts count."""
    parts = sorted(
        blake2b(
            b"".join(
                (
                    part.notes.onset.tobytes(),
                    part.notes.pitch.astype(np.uint8).tobytes(),
                    part.notes.duration.tobytes(),
                    part.notes.velocity.astype(np.uint8).tobytes(),
                )
            ),
            digest_size=16,
            person=b"drums" if part.is_drums else b"",
        ).digest()
        for part in score.parts
        if part.notes
    )
    tempos = ((tempo.tick, tempo.microseconds_per_quarter) for tempo in score.tempos)
    metres = ((metre.tick, metre.numerator, metre.denominator) for metre in score.metres)
    frame = repr((tuple(tempos), tuple(metres))).encode()
    return blake2b(b"".join((*parts, frame)), digest_size=16).hexdigest()


def _duration_s(score: Score) -> float:
    tempos = score.tempos
    if len(tempos) == 1 and tempos[0].tick == 0:
        return score.end * tempos[0].microseconds_per_quarter / (1e6 * TICKS_PER_QUARTER)
    return TempoMap.of(Score(tempos=tempos)).seconds_at(score.end)


def _metre(score: Score) -> str:
    metre = score.metres[0] if score.metres and score.metres[0].tick == 0 else DEFAULT_METRE
    return f"{metre.numerator}/{metre.denominator}"


def _tempo(score: Score, *, first_note: int) -> float | None:
    """Quarters a minute at the first note, or where the first tempo is named if that is later; None if none is."""
    tempo = None
    for named in score.tempos:
        if tempo is not None and named.tick > first_note:
            break
        tempo = named
    return None if tempo is None or not tempo.microseconds_per_quarter else round(tempo.quarters_per_minute, 2)
