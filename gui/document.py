"""The open score: what it is now, what it was before (undo), what is selected, the takes, and which of them is laid over it.

There is one entrance for change, `apply(label, edited)`, and one undo step a call. Who wrote a note is kept beside
the score: a note the model wrote stays the model's until it is edited; then it is another note, and yours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.music.edits import Edited
from core.music.score import NO_NOTES, NO_ROWS, Note, Notes, Score, fitted
from core.music.settling import settled
from gui.takes import Batch, TakeHistory, Takes

if TYPE_CHECKING:  # generation loads the model's arithmetic, which starting up can do without
    from core.learning.generation.generation import Take

_UNDO_STEPS = 500


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the document: the score, which of its notes the model wrote, and the part being edited."""

    score: Score = field(default_factory=Score)
    generated: frozenset[Note] = frozenset()
    part: int = 0

    def after(self, edited: Edited) -> "Snapshot":
        """The state after an edit: what the model wrote and was left untouched stays the model's."""
        survivors = edited.score.held(self.generated)
        return replace(self, score=edited.score, generated=survivors, part=min(self.part, len(edited.score.parts) - 1))

    def with_take(self, take: "Take") -> "Laid":
        """The take laid over this state.

        Within its bars it takes the place of what the model wrote and nobody has edited. What you wrote stays, whenever
        you wrote it, and wins where both sound on one pitch.
        """
        part = min(take.request.part, len(self.score.parts) - 1)
        before = self.score.parts[part].notes
        rows = before.rows_of(self.generated)
        rows = rows[(take.start <= before.onset[rows]) & (before.onset[rows] < take.end)]
        staying = before.replaced(rows, NO_NOTES)
        after = fitted(take.generated).replaced(NO_ROWS, staying)
        score = self.score.with_part(part, replace(settled(self.score.parts[part], take.start), notes=after))
        added = frozenset(after.replaced(after.rows_of(staying), NO_NOTES))
        return Laid(Snapshot(score, score.held(self.generated) | added, part), added, frozenset(before.taken(rows)))


@dataclass(frozen=True, slots=True)
class Laid:
    """A take laid over a state of the document."""

    kept: Snapshot
    """What keeping it would give."""
    added: frozenset[Note]
    """The take's notes as they would stand."""
    replaced: frozenset[Note]
    """The model's notes that would go."""


@dataclass(frozen=True, slots=True)
class Work:
    """All that there is to lose: what a project holds, and a recovery copy."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    takes: Takes = field(default_factory=Takes)
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The Generate panel's choices as it wrote them; {} = as they stand."""


class _Change(QUndoCommand):
    """The only undo command: the state before and the state after."""

    def __init__(
        self,
        document: "Document",
        label: str,
        before: Snapshot,
        after: Snapshot,
        selections: tuple[frozenset[Note], frozenset[Note]],
        merge_key: str,
    ) -> None:
        super().__init__(label)
        self._document = document
        self._before, self._after = before, after
        self._selections = selections
        self._merge_key = merge_key

    def id(self) -> int:
        return (hash(self._merge_key) & 0x3FFFFFFF) if self._merge_key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other._merge_key != self._merge_key:  # noqa: SLF001 -- its own class
            return False
        self._after = other._after  # noqa: SLF001 -- its own class
        self._selections = (self._selections[0], other._selections[1])  # noqa: SLF001 -- its own class
        return True

    def undo(self) -> None:
        self._document._show(self._before, self._selections[0])  # noqa: SLF001 -- the document's own command

    def redo(self) -> None:
        self._document._show(self._after, self._selections[1])  # noqa: SLF001 -- the document's own command


class Document(QObject):
    """The open score with undo, path, selection and preview."""

    changed = Signal()
    """The snapshot is another one: notes, who wrote them, or the part being edited."""
    selection_changed = Signal()
    preview_changed = Signal()
    place_changed = Signal()
    """Path, title, the unsaved mark, or the takes."""
    replaced = Signal()
    """Another document was opened in place of this one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._snapshot = Snapshot()
        self._selection: frozenset[Note] = frozenset()
        self._preview: Take | None = None
        self._laid: Laid | None = None
        self._path: Path | None = None
        self._name = ""
        self._digest = ""
        self._batches_on_disk: tuple[Batch, ...] = ()
        self._batches_settled: tuple[Batch, ...] = ()
        self.takes = TakeHistory(self.place_changed.emit)
        self.settings: Mapping[str, Any] = {}
        """The Generate panel's choices, to be kept with the document."""
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(_UNDO_STEPS)
        self.undo_stack.cleanChanged.connect(self._on_clean_changed)

    def _on_clean_changed(self, _is_clean: bool) -> None:  # noqa: FBT001 -- a signal's value
        self.place_changed.emit()

    # What it is

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    @property
    def score(self) -> Score:
        return self._snapshot.score

    @property
    def generated(self) -> frozenset[Note]:
        """The notes that the model wrote, of whatever part."""
        return self._snapshot.generated

    @property
    def part(self) -> int:
        """Index of the part being edited."""
        return self._snapshot.part

    @property
    def notes(self) -> Notes:
        """Of the part being edited."""
        return self.score.parts[self.part].notes

    @property
    def path(self) -> Path | None:
        """Where Save writes; None before the first Save."""
        return self._path

    @property
    def title(self) -> str:
        """The file's name without its ending, what it was opened from, or ""."""
        return self._path.stem if self._path is not None else self._name

    @property
    def digest(self) -> str:
        """Of what lay at the path when it was last read or written."""
        return self._digest

    @property
    def work(self) -> Work:
        """Everything, as it stands."""
        letter = self._preview.letter if self._preview is not None and self._is_shown(self._preview) else ""
        return Work(self._snapshot, Takes(self.takes.kept, self.takes.number, letter), self.settings)

    def _is_shown(self, take: "Take") -> bool:
        batch = self.takes.shown
        return batch is not None and self.takes.batch_of(take) is batch

    @property
    def is_dirty(self) -> bool:
        """True while something would be lost that nobody was told of: an edit, or a take."""
        return self.has_edits or self.has_unsaved_takes

    @property
    def has_edits(self) -> bool:
        """True while the score is another than the saved one."""
        return not self.undo_stack.isClean()

    @property
    def has_unsaved_takes(self) -> bool:
        kept = self.takes.kept
        if self._batches_on_disk:
            return kept != self._batches_on_disk
        return any(batch not in self._batches_settled for batch in kept)

    @property
    def unsaved_takes(self) -> int:
        """How many takes nobody has saved or settled. 0 also where a star alone was set, or takes were discarded."""
        settled = {id(take) for batch in self._batches_settled for take in batch.takes}
        return sum(id(take) not in settled for batch in self.takes.kept for take in batch.takes)

    @property
    def is_on_disk(self) -> bool:
        """Whether everything lies in the document's own file. A .mid that was saved on purpose lacks the takes."""
        return not self.has_edits and self.takes.kept == self._batches_on_disk

    # Change

    def apply(self, label: str, edited: Edited | Snapshot, *, merge_key: str = "") -> None:
        """Make one undo step of `edited`, named `label`; nothing happens where nothing changed.

        Steps that follow one another with the same `merge_key` become one, such as the ticks of a wheel.
        """
        after = edited if isinstance(edited, Snapshot) else self._snapshot.after(edited)
        selected = edited.selection if isinstance(edited, Edited) else frozenset()
        if after == self._snapshot:
            self.select(selected)
            return
        selections = (self._selection, selected)
        self.undo_stack.push(_Change(self, label, self._snapshot, after, selections, merge_key))

    def _show(self, snapshot: Snapshot, selection: frozenset[Note]) -> None:
        self._snapshot = snapshot
        self._laid = None
        selection_differs = selection != self._selection
        self._selection = selection
        self.changed.emit()
        if selection_differs:
            self.selection_changed.emit()

    def select(self, notes: frozenset[Note]) -> None:
        if notes != self._selection:
            self._selection = notes
            self.selection_changed.emit()

    @property
    def selection(self) -> frozenset[Note]:
        return self._selection

    @selection.setter
    def selection(self, notes: frozenset[Note]) -> None:
        self.select(notes)

    def set_part(self, part: int) -> None:
        """Edit another part from now on. Not an undo step; the selection is dropped."""
        if part != self.part and 0 <= part < len(self.score.parts):
            self._selection = frozenset()
            self._snapshot = replace(self._snapshot, part=part)
            self._laid = None
            self.changed.emit()
            self.selection_changed.emit()

    # Takes

    @property
    def preview(self) -> "Take | None":
        """The take laid over the score, not kept yet."""
        return self._preview

    def set_preview(self, take: "Take | None") -> None:
        if take is not self._preview:
            self._preview = take
            self._laid = None
            self.preview_changed.emit()

    @property
    def laid(self) -> Laid | None:
        """The take on show laid over the score: what is seen is what Keep will give."""
        if self._laid is None and self._preview is not None:
            self._laid = self._snapshot.with_take(self._preview)
        return self._laid

    @property
    def heard_score(self) -> Score:
        """What plays: the score, with the take on the roll."""
        return self.score if self.laid is None else self.laid.kept.score

    def keep_take(self, take: "Take | None" = None) -> None:
        """Write a take (the one on the roll unless named) into the score: one undo step. It stays amber."""
        kept = take or self._preview
        if kept is None:
            return
        after = self._snapshot.with_take(kept).kept
        had_preview = self._preview is not None
        self._preview = self._laid = None  # at one stroke, lest what plays end where the take is missing for a moment
        self.apply(self.tr("Keep take {letter}").format(letter=kept.letter), after)
        if had_preview:
            self.preview_changed.emit()

    # Files

    def open(
        self,
        work: Work | Snapshot,
        *,
        path: Path | None = None,
        name: str = "",
        digest: str = "",
        is_dirty: bool = False,
    ) -> None:
        """Put another document in this one's place, with nothing to undo. digest: of what lies at `path`."""
        if isinstance(work, Snapshot):
            work = Work(work)
        self.takes.restore(work.takes)
        self._batches_on_disk = self._batches_settled = () if is_dirty else self.takes.kept
        self.settings = work.settings
        self._preview = work.takes.on_roll
        self._laid = None
        self._selection = frozenset()
        self._snapshot = work.snapshot
        self._path, self._name, self._digest = path, name, digest
        self.undo_stack.clear()
        if is_dirty:
            self.undo_stack.resetClean()
        self.replaced.emit()
        self.changed.emit()
        self.selection_changed.emit()
        self.preview_changed.emit()
        self.place_changed.emit()

    def mark_saved(self, path: Path, written: Work, digest: str, *, with_takes: bool) -> None:
        """`written` lies at `path`; what was changed since is still unsaved.

        Without its takes, which are then settled all the same, unless there is a star among them.
        """
        self._path, self._digest = path, digest
        if written.snapshot == self._snapshot:
            self.undo_stack.setClean()
        self._batches_on_disk = written.takes.batches if with_takes else ()
        if with_takes or not any(batch.starred for batch in written.takes.batches):
            self._batches_settled = written.takes.batches
        self.place_changed.emit()
