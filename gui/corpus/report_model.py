"""The files of an import as rows of a list: four groups with a head each, filtered by name, folded by group.

Rows are worked out from the group's offsets when they are asked for, and the files of a finished import are read from
disk a page at a time, so a hundred thousand files cost no widget and no row object each.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.corpus.report import FileVerdict, ImportReport
from core.corpus.rows import Rows
from core.errors import FileError
from gui.controls.numbers import counted

Kind = Literal["skipped", "repaired", "same", "kept"]
KINDS: tuple[Kind, ...] = ("skipped", "repaired", "same", "kept")
"""What needs a look comes first."""

_TEACHING: tuple[Kind, ...] = ("kept", "repaired")

FILE_ROLE = Qt.ItemDataRole.UserRole
"""The FileVerdict of a row, or None for a group's head."""
GROUP_ROLE = Qt.ItemDataRole.UserRole + 1
"""The Group that a row belongs to."""

_SEARCHED = 5000
"""A group with more files isn't searched for the one that gave a piece: the window mustn't wait for it."""

Index = QModelIndex | QPersistentModelIndex
Files = Mapping[Kind, Sequence[FileVerdict]]
_ROOT = QModelIndex()


@dataclass(slots=True)
class Group:
    """One kind of verdict: all its files, and those that the filter lets through."""

    kind: Kind
    all: Sequence[FileVerdict] = field(default_factory=list)
    shown: Sequence[FileVerdict] = field(default_factory=list)
    is_folded: bool = False

    @property
    def row_count(self) -> int:
        """Rows in the list: the head and, unless folded, a row a file; none where there is nothing to show."""
        if not self.shown:
            return 0
        return 1 if self.is_folded else 1 + len(self.shown)


class ReportModel(QAbstractListModel):
    """The rows of the import report."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._groups = {kind: Group(kind) for kind in KINDS}
        self._needle = ""

    def show_files(self, groups: Files) -> None:
        """Replace all rows; a filter that was set goes on filtering."""
        self.beginResetModel()
        for kind, group in self._groups.items():
            group.all = groups.get(kind, ())
        self._filter()
        self.endResetModel()

    def show_filtered(self, text: str, shown: Files) -> None:
        """Show of each group what `matching` found for `text`."""
        self.beginResetModel()
        self._needle = _needle(text)
        for kind, group in self._groups.items():
            group.shown = shown.get(kind, ())
        self.endResetModel()

    @property
    def files(self) -> dict[Kind, Sequence[FileVerdict]]:
        """All files by what became of them, whatever the filter."""
        return {kind: group.all for kind, group in self._groups.items()}

    def add_verdicts(self, verdicts: Sequence[FileVerdict]) -> None:
        """Append files as they are read, each to its group; what is selected stays selected."""
        for kind in KINDS:
            new = [verdict for verdict in verdicts if verdict.verdict == kind]
            if not new:
                continue
            group = self._groups[kind]
            group.all = [*group.all, *new]
            visible = [verdict for verdict in new if self._fits(verdict)]
            if visible:
                self._show_more(group, visible)

    def _show_more(self, group: Group, visible: list[FileVerdict]) -> None:
        start, before = self._start_of(group.kind), group.row_count
        shown = group.shown if isinstance(group.shown, list) else list(group.shown)
        after = 1 if group.is_folded else 1 + len(shown) + len(visible)
        if after > before:
            self.beginInsertRows(QModelIndex(), start + before, start + after - 1)
        shown.extend(visible)
        group.shown = shown
        if after > before:
            self.endInsertRows()
        head = self.index(start)
        self.dataChanged.emit(head, head)

    def set_filter(self, text: str) -> None:
        """Show only the files whose name or reason holds `text`, whatever the case."""
        needle = _needle(text)
        if needle == self._needle:
            return
        self.beginResetModel()
        self._needle = needle
        self._filter()
        self.endResetModel()

    def toggle_group(self, kind: Kind) -> None:
        group = self._groups[kind]
        if not group.shown:
            return
        start = self._start_of(kind)
        if group.is_folded:
            self.beginInsertRows(QModelIndex(), start + 1, start + len(group.shown))
            group.is_folded = False
            self.endInsertRows()
        else:
            self.beginRemoveRows(QModelIndex(), start + 1, start + len(group.shown))
            group.is_folded = True
            self.endRemoveRows()
        head = self.index(start)
        self.dataChanged.emit(head, head)

    def count_of(self, kind: Kind) -> int:
        """How many files got this verdict, shown or not."""
        return len(self._groups[kind].all)

    def row_of(self, fingerprint: str) -> int | None:
        """The row of the kept or repaired file that gave a piece; None where it isn't shown."""
        for kind in _TEACHING:
            group = self._groups[kind]
            if group.is_folded or len(group.shown) > _SEARCHED:
                continue
            for position, verdict in enumerate(group.shown):
                if verdict.fingerprint == fingerprint:
                    return self._start_of(group.kind) + 1 + position
        return None

    # What Qt asks

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else sum(group.row_count for group in self._groups.values())

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        try:
            found = self._at(index.row())
        except FileError:
            return None  # the corpus was deleted from elsewhere; painting is no moment to say so
        if found is None:
            return None
        group, verdict = found
        if role == FILE_ROLE:
            return verdict
        if role == GROUP_ROLE:
            return group
        if role == Qt.ItemDataRole.DisplayRole:
            return title_of(group.kind) if verdict is None else file_name(verdict)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if verdict is None:
                folded = ", folded" if group.is_folded else ""
                return f"{title_of(group.kind)}, {len(group.shown)} files{folded}"
            return f"{file_name(verdict)}, {title_of(group.kind)}, {what_happened(verdict)}"
        if role == Qt.ItemDataRole.ToolTipRole and verdict is not None:
            return f"{verdict.path}\n{what_happened(verdict)}"
        return None

    def _at(self, row: int) -> tuple[Group, FileVerdict | None] | None:
        for group in self._groups.values():
            if row < group.row_count:
                return group, None if row == 0 else group.shown[row - 1]
            row -= group.row_count
        return None

    def _start_of(self, kind: Kind) -> int:
        start = 0
        for group in self._groups.values():
            if group.kind == kind:
                return start
            start += group.row_count
        return start

    def _filter(self) -> None:
        for group in self._groups.values():
            found = matching(group.all, self._needle)
            group.shown = found if isinstance(found, Rows) else list(found)

    def _fits(self, verdict: FileVerdict) -> bool:
        return _holds(verdict, self._needle)


def files_of(report: ImportReport) -> dict[Kind, Sequence[FileVerdict]]:
    """The files of a report by what became of them, counted: many take a while, so do it in a Worker."""
    found: dict[Kind, Sequence[FileVerdict]] = {
        "skipped": report.skipped,
        "repaired": report.repaired,
        "same": report.duplicates,
        "kept": report.kept,
    }
    for files in found.values():
        len(files)  # rows on disk remember it
    return found


def matching(files: Sequence[FileVerdict], text: str) -> Sequence[FileVerdict]:
    """Those whose path or reason holds `text`, whatever the case. Rows on disk are looked through there, and counted."""
    needle = _needle(text)
    if not needle:
        return files
    if not isinstance(files, Rows):
        return [verdict for verdict in files if _holds(verdict, needle)]
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", needle) + "%"
    found = files.narrowed("(CAST(path AS TEXT) LIKE ? ESCAPE '\\' OR reason LIKE ? ESCAPE '\\')", pattern, pattern)
    len(found)
    return found


def _needle(text: str) -> str:
    return text.strip().casefold()


def _holds(verdict: FileVerdict, needle: str) -> bool:
    return not needle or needle in verdict.path.casefold() or needle in verdict.reason.casefold()


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)


def title_of(kind: Kind) -> str:
    titles = {
        "skipped": _tr("Left out"),
        "repaired": _tr("Repaired"),
        "same": _tr("Same as another"),
        "kept": _tr("Kept"),
    }
    return titles[kind]


def file_name(verdict: FileVerdict) -> str:
    """The last part of the path; a file inside a .zip has its path in the archive after the .zip's own."""
    return PurePath(verdict.path.replace("\\", "/")).name or verdict.path


def what_happened(verdict: FileVerdict) -> str:
    """One line on a file: its key and notes where it can teach, else the reason."""
    if verdict.verdict == "kept":
        facts = [verdict.key, counted(verdict.notes, "note", "notes")]
        return " · ".join(fact for fact in facts if fact)
    if verdict.verdict == "same" and verdict.of:
        return _tr("Same notes as {name}").format(name=PurePath(verdict.of).name)
    return verdict.reason
