"""What became of each file that came in: values for the window, the command line and JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, Literal, Self

from core.corpus.rows import Rows
from core.corpus.walk import shown
from core.errors import FileError

Verdict = Literal["kept", "repaired", "skipped", "same"]
_COUNTED_REASONS = 10_000
"""Of so many files the reasons are counted: enough to tell the most frequent."""


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What became of one file."""

    path: str
    """A zip's member: the path of the zip, a slash and the member's name."""
    verdict: Verdict
    reason: str = ""
    """Why it was skipped, or what was mended; "" otherwise."""
    of: str = ""
    """The path of the file that has the same music and comes first in the alphabet."""
    fingerprint: str = ""
    notes: int = 0
    key: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All verdicts of an import, by path. Each list is read from disk as it is looked at; slices are tuples."""

    verdicts: Sequence[FileVerdict]
    elapsed_s: float = 0.0

    @property
    def kept(self) -> Sequence[FileVerdict]:
        """Without the repaired."""
        return self._of("kept")

    @property
    def repaired(self) -> Sequence[FileVerdict]:
        return self._of("repaired")

    @property
    def skipped(self) -> Sequence[FileVerdict]:
        return self._of("skipped")

    @property
    def duplicates(self) -> Sequence[FileVerdict]:
        return self._of("same")

    @property
    def counts(self) -> dict[Verdict, int]:
        return {
            "kept": len(self.kept),
            "repaired": len(self.repaired),
            "skipped": len(self.skipped),
            "same": len(self.duplicates),
        }

    def _of(self, verdict: Verdict) -> Sequence[FileVerdict]:
        if isinstance(self.verdicts, Rows):
            return self.verdicts.narrowed("verdict = ?", verdict)
        return tuple(item for item in self.verdicts if item.verdict == verdict)

    def to_json(self) -> dict[str, Any]:
        return {"verdicts": [asdict(item) for item in self.verdicts], "elapsed_s": self.elapsed_s}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(tuple(FileVerdict(**item) for item in stored["verdicts"]), float(stored["elapsed_s"]))


class NothingKeptError(FileError):
    """None of the files that came in can teach, so there is no corpus of them. `report` says of each why."""

    def __init__(self, report: ImportReport) -> None:
        count = len(report.verdicts)
        files = f"‘{PurePath(report.verdicts[0].path).name}’" if count == 1 else f"None of these {count:,} files"
        super().__init__(f"{files} {'can’t' if count == 1 else 'can'} teach.", hint=reasons_words(report.skipped))
        self.report = report


def reasons_words(skipped: Sequence[FileVerdict]) -> str:
    """Why none of these files can teach: the most frequent reasons with their counts."""
    counts = Counter(verdict.reason for verdict in skipped[:_COUNTED_REASONS])
    reasons = [f"{reason} ({count:,})" if len(skipped) > 1 else reason for reason, count in counts.most_common(3)]
    return ". ".join(reason.rstrip(".") for reason in reasons) + "." if reasons else ""


@dataclass(frozen=True, slots=True)
class ImportNotice:
    """Something about the import as a whole that a person should know."""

    sentence: str
    hint: str


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is; at most some 20 a second."""

    done: int
    """Files known, read or found unreadable so far."""
    total: int
    """Files found; 0 while folders are still being looked through."""
    name: str
    """The file last read, without its folder."""
    verdicts: tuple[FileVerdict, ...] = ()
    """Of the files read since the last report. A file may yet turn out to be the same as one that comes before it."""


VERDICT_KINDS = (bytes, str, str, bytes, str, int, str)


def verdict_of_row(row: tuple[Any, ...]) -> FileVerdict:
    """From path, verdict, reason, of, fingerprint, notes, key; paths as bytes."""
    path, verdict, reason, of, fingerprint, notes, key = row
    return FileVerdict(shown(path), verdict, reason, shown(of), fingerprint, notes, key)
