"""What the Pieces workspace asks for is done here: importing, counting, filtering and reading pieces, all in Workers."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from core.corpus.rows import Rows
from core.errors import AppError
from core.music.score import Score
from core.tasks import Control
from core.trash import deleted_at
from gui import messages
from gui.controls.numbers import counted, grouped
from gui.controls.trash_dialog import Deleted, TrashDialog
from gui.corpus.report_model import Files, matching
from gui.corpus.report_panel import CorpusChoice
from gui.corpus.views import CorpusView, FilterView, filtered, glimpses_of, view_of
from gui.corpus.workspace import PiecesWorkspace
from gui.jobs import JobRunner
from gui.messages import Message, MessageAction

if TYPE_CHECKING:  # the store loads the MIDI libraries, which starting up can do without
    from core.corpus.report import ImportNotice, ImportProgress, ImportReport
    from core.corpus.store import Corpus, PieceEntry, TrashedCorpus
    from core.workers import Worker

_SAMPLES_NAME = "OpenScore Lieder"
"""What the corpus of the sample pieces is called: as the collection that they come from."""
PIECE_KEY = "piece:"
"""What a piece's key for the transport starts with; its fingerprint follows."""


class CorpusController(QObject):
    """Joins the Pieces workspace to the corpora on disk."""

    play_requested = Signal(str, object, str)
    """Key, Score and title of a piece to play."""
    stop_requested = Signal()
    """The piece that plays is to stop."""
    train_requested = Signal(str)
    """Id of the corpus to train on."""
    corpora_changed = Signal()
    """A corpus was made, changed, renamed or deleted."""
    corpus_shown = Signal(str)
    """Id of the corpus now on show, "" = none."""
    progress_changed = Signal(str, float)
    """An import's words and how far it is, 0 to 1; "" when it is over."""

    def __init__(
        self, workspace: PiecesWorkspace, runner: JobRunner, *, home: Path, samples: Path, parent: QObject | None = None
    ) -> None:
        super().__init__(parent or workspace)
        self._workspace = workspace
        self._runner = runner
        self._home = home
        self._samples = samples
        self._import: Worker | None = None
        self._turn = 0
        self._playing = ""
        self.trash: TrashDialog | None = None
        self._connect()

    def _connect(self) -> None:
        space, report = self._workspace, self._workspace.report
        space.folder_requested.connect(self.choose_folder)
        space.samples_requested.connect(self.import_samples)
        space.filter_requested.connect(self._filter)
        space.leave_out_requested.connect(self._leave_out)
        space.pieces.play_requested.connect(self._play_piece)
        space.pieces.glimpses_wanted.connect(self._read_glimpses)
        report.files.play_requested.connect(self._play_fingerprint)
        report.corpus_chosen.connect(self.show_corpus)
        report.rename_requested.connect(self._rename)
        report.delete_requested.connect(self._delete)
        report.add_folder_requested.connect(lambda: self.choose_folder(add=True))
        report.add_files_requested.connect(lambda: self.choose_files(add=True))
        report.new_requested.connect(self.choose_folder)
        report.trash_requested.connect(self.open_trash)
        report.lines_chosen.connect(self._set_lines)
        report.train_requested.connect(self._train)
        report.filter_requested.connect(self._find_files)
        report.cancel_requested.connect(self._cancel_import)
        report.stop_requested.connect(self._stop_import)

    # What the window asks for

    @property
    def corpus_id(self) -> str:
        """Of the corpus on show; "" = none."""
        view = self._workspace.view
        return view.corpus.id if view else ""

    def refresh(self, select: str = "") -> None:
        """Read the list of corpora; show `select`, else the one on show, else the newest."""
        wanted = select or self.corpus_id
        self._run(_listed, self._home, then=functools.partial(self._show_list, wanted))

    def show_corpus(self, corpus_id: str) -> None:
        """Show a corpus, as soon as it is read."""

        def failed(error: AppError) -> None:
            messages.post_failure(error)
            if _sets_cache_aside(error):
                self.show_corpus(corpus_id)  # it is set aside: what else there is can be shown

        self._run(_viewed, self._home, corpus_id, then=self._show_view, failed=failed, unless_later=True)

    def import_paths(self, paths: Sequence[Path], *, add: bool = False, name: str = "") -> None:
        """Import files and folders into a corpus of their own, or add them to the one on show. name: "" = by the paths."""
        if self._import is not None:
            messages.note(self.tr("An import is under way. Drop these again when it is done."))
            return
        self._workspace.show_import()
        self._import = self._runner.run(
            functools.partial(_imported, tuple(paths), self._home, self.corpus_id if add else "", name),
            on_report=self._on_import_progress,
            on_done=self._on_imported,
            on_failed=self._on_import_failed,
            on_cancelled=self._on_import_cancelled,
            lane="import",
        )
        self.progress_changed.emit(self.tr("Looking for files"), 0.0)

    def import_samples(self) -> None:
        """Show the sample pieces that come with the program; they are imported unless they have been, whatever they are called."""

        def then(corpus_id: str) -> None:
            if self._import is not None:
                return  # they, or others, are on their way
            if corpus_id:
                self.refresh(corpus_id)
            else:
                self.import_paths((self._samples,), name=_SAMPLES_NAME)

        self._run(_made_of_samples, self._home, self._samples, then=then)

    def choose_folder(self, *, add: bool = False) -> None:
        """Ask for a folder and import it."""
        folder = QFileDialog.getExistingDirectory(self._workspace, self.tr("A folder of MIDI files"))
        if folder:
            self.import_paths((Path(folder),), add=add)

    def choose_files(self, *, add: bool = False) -> None:
        """Ask for files and import them."""
        files, _ = QFileDialog.getOpenFileNames(
            self._workspace,
            self.tr("MIDI files"),
            "",
            self.tr("MIDI files and archives (*.mid *.midi *.smf *.kar *.rmi *.zip)"),
        )
        if files:
            self.import_paths(tuple(map(Path, files)), add=add)

    def open_trash(self) -> None:
        """Show what was deleted."""
        if self.trash is None:
            self.trash = TrashDialog(self.tr("Deleted collections"), self._workspace.window())
            self.trash.restore_requested.connect(self._restore)
        self._refresh_trash()
        self.trash.show()
        self.trash.activateWindow()

    def _refresh_trash(self) -> None:
        if self.trash is not None:
            self._run(_trashed, self._home, then=self.trash.show_deleted)

    def set_playing(self, key: str) -> None:
        """What the transport plays, by its key; "" = nothing."""
        self._playing = key.removeprefix(PIECE_KEY) if key.startswith(PIECE_KEY) else ""
        self._workspace.set_playing(self._playing)

    def set_playhead(self, tick: float | None) -> None:
        """Where the transport is in the piece it plays."""
        if self._playing:
            self._workspace.set_playhead(tick)

    # Corpora

    def _show_list(self, wanted: str, corpora: "tuple[Corpus, ...]") -> None:
        choices = [CorpusChoice(corpus.id, self._called(corpus)) for corpus in corpora]
        self._workspace.report.set_corpora(choices, wanted)
        if self._import is not None:
            return
        if not corpora:
            self._workspace.show_nothing()
            self.corpus_shown.emit("")
            return
        known = {corpus.id for corpus in corpora}
        self.show_corpus(wanted if wanted in known else max(corpora, key=lambda corpus: corpus.created).id)

    def _called(self, corpus: "Corpus") -> str:
        if corpus.is_newer:
            return self.tr("{name} (made by a newer Ritornello)").format(name=corpus.name)
        return self.tr("{name} (damaged)").format(name=corpus.name) if corpus.damage else corpus.name

    def _show_view(self, view: CorpusView) -> None:
        if self._import is not None:
            return
        self._workspace.show_corpus(view)
        combo = self._workspace.report.corpora
        combo.setCurrentIndex(combo.findData(view.corpus.id))
        self._workspace.set_playing(self._playing)
        self.corpus_shown.emit(view.corpus.id)

    def _filter(self, chart: str, bar: int) -> None:
        view = self._workspace.view
        if view is None:
            return
        if bar < 0:
            self._turn += 1
            self._workspace.show_filter(None)
            return
        self._run(_filtered, view, chart, bar, then=self._show_filter, unless_later=True)

    def _show_filter(self, found: FilterView) -> None:
        self._workspace.show_filter(found)
        total = self._workspace.view.piece_count if self._workspace.view else 0
        share = f"{len(found.pieces) / total:.0%}" if total else ""
        messages.note(
            self.tr("{what} · {pieces}, {share} of the collection").format(
                what=found.words, pieces=counted(len(found.pieces), "piece", "pieces"), share=share.replace("%", " %")
            )
        )

    def _leave_out(self, fingerprints: frozenset[str]) -> None:
        view = self._workspace.view
        if view is None:
            return
        before = view.corpus
        sentence = self.tr("{pieces} left out of “{name}”").format(
            pieces=counted(len(fingerprints), "piece", "pieces"), name=before.name
        )
        undo = MessageAction(self.tr("Undo"), lambda: self._change(_saved, before))
        self._change(_without, before, fingerprints, message=Message(sentence, actions=(undo,), lasts_ms=20_000))

    def _set_lines(self, lines: str) -> None:
        if self._workspace.view is not None:
            self._change(_with_lines, self._workspace.view.corpus, lines)

    def _rename(self, name: str) -> None:
        if self.corpus_id:
            self._change(_renamed, self.corpus_id, name)

    def _delete(self) -> None:
        view = self._workspace.view
        if view is None:
            return
        corpus = view.corpus
        sentence = self.tr("The collection “{name}” was deleted. Its files stay where they are.").format(
            name=corpus.name
        )

        def then(trashed: "TrashedCorpus") -> None:
            undo = MessageAction(self.tr("Undo"), lambda: self._restore(trashed))
            messages.post(Message(sentence, actions=(undo,), lasts_ms=20_000))
            self.corpora_changed.emit()
            self.refresh()
            self._refresh_trash()

        self._turn += 1  # whatever is being read of it comes too late
        self._workspace.show_nothing()
        self._run(_deleted, self._home, corpus.id, then=then)

    def _restore(self, trashed: "TrashedCorpus") -> None:
        def then(corpus: "Corpus") -> None:
            if corpus.name != trashed.corpus.name:
                sentence = self.tr("“{name}” is back as “{now}”: the name was taken.")
                messages.note(sentence.format(name=trashed.corpus.name, now=corpus.name))
            self.corpora_changed.emit()
            self.refresh(corpus.id)
            self._refresh_trash()

        def failed(error: AppError) -> None:
            messages.post_failure(error)
            self._refresh_trash()  # it may be gone

        self._run(_restored, self._home, trashed, then=then, failed=failed)

    def _change(self, task: Any, *values: Any, message: Message | None = None) -> None:
        """Change a corpus on disk by `task(home, *values) -> its id`, then show it."""

        def then(corpus_id: str) -> None:
            if message is not None:
                messages.post(message)
            self.corpora_changed.emit()
            self.refresh(corpus_id)

        self._run(task, self._home, *values, then=then)

    def _train(self) -> None:
        if self.corpus_id:
            self.train_requested.emit(self.corpus_id)

    # Pieces

    def _play_piece(self, piece: "PieceEntry") -> None:
        if piece.fingerprint == self._playing:
            self.stop_requested.emit()
        else:
            self._play(piece.fingerprint, piece.title)

    def _play_fingerprint(self, fingerprint: str) -> None:
        if fingerprint == self._playing:
            self.stop_requested.emit()
        else:
            self._play(fingerprint, "")

    def _play(self, fingerprint: str, title: str) -> None:
        def then(score: Score) -> None:
            self.play_requested.emit(PIECE_KEY + fingerprint, score, title)

        self._run(_score, self._home, fingerprint, then=then)

    def _read_glimpses(self, fingerprints: tuple[str, ...]) -> None:
        view = self._workspace.view
        if view is not None:
            self._run(_glimpses, self._home, view.corpus, fingerprints, then=self._workspace.pieces.add_glimpses)

    def _find_files(self, text: str) -> None:
        model = self._workspace.report.model
        files = model.files

        def then(shown: Files) -> None:
            is_current = text == self._workspace.report.search.text()
            if is_current and all(model.files[kind] is files[kind] for kind in files):
                model.show_filtered(text, shown)

        if any(isinstance(some, Rows) for some in files.values()):
            self._run(_found, files, text, then=then)
        else:
            model.set_filter(text)

    # Importing

    def _on_import_progress(self, progress: "ImportProgress | ImportNotice") -> None:
        from core.corpus.report import ImportNotice  # loaded by now, with the import

        if isinstance(progress, ImportNotice):
            messages.post(Message(progress.sentence, hint=progress.hint, level="warning"))
            return
        report = self._workspace.report
        report.show_progress(progress.done, progress.total, progress.name)
        report.add_verdicts(progress.verdicts)
        if progress.total:
            words = self.tr("Reading {done} of {total}").format(
                done=grouped(progress.done), total=grouped(progress.total)
            )
            self.progress_changed.emit(words, progress.done / progress.total)

    def _on_imported(self, result: "tuple[Corpus, ImportReport]") -> None:
        corpus, report = result
        self._end_import()
        total = sum(report.counts.values())
        messages.note(
            self.tr("{files} came in, {usable} can teach").format(
                files=counted(total, "file", "files"), usable=grouped(len(corpus.pieces))
            )
        )
        self.corpora_changed.emit()
        self.refresh(corpus.id)

    def _on_import_failed(self, error: AppError) -> None:
        self._end_import()
        messages.post_failure(error)
        self.refresh()

    def _on_import_cancelled(self) -> None:
        self._end_import()
        messages.note(self.tr("Cancelled. Files already read come in faster next time."))
        self.refresh()

    def _end_import(self) -> None:
        self._import = None
        self._workspace.report.end_import()
        self.progress_changed.emit("", 0.0)

    def _cancel_import(self) -> None:
        if self._import is not None:
            self._import.control.cancel()

    def _stop_import(self) -> None:
        if self._import is not None:
            self._import.control.stop()

    def _run(
        self,
        task: Any,
        *values: Any,
        then: Any,
        failed: Callable[[AppError], object] = messages.post_failure,
        unless_later: bool = False,
    ) -> None:
        """Do `task(*values)` in a Worker; unless_later: its result is dropped if another such task began meanwhile.

        Not so that the cache was set aside: nobody else will tell that.
        """
        if unless_later:
            self._turn += 1
        turn = self._turn

        def on_done(result: Any) -> None:
            if not unless_later or turn == self._turn:
                then(result)

        def on_failed(error: AppError) -> None:
            if not unless_later or turn == self._turn:
                failed(error)
            elif _sets_cache_aside(error):
                messages.post_failure(error)

        self._runner.run(lambda _control: task(*values), on_done=on_done, on_failed=on_failed)


def _sets_cache_aside(error: AppError) -> bool:
    from core.corpus.cache import DamagedCacheError  # loaded by now, with the corpora

    return isinstance(error, DamagedCacheError)


# In the Workers. The store is imported there: it loads the MIDI libraries, which starting up can do without.


def _store(home: Path) -> Any:
    from core.corpus.store import CorpusStore

    return CorpusStore(home)


def _listed(home: Path) -> "tuple[Corpus, ...]":
    corpora: tuple[Corpus, ...] = _store(home).list()
    return corpora


def _trashed(home: Path) -> tuple[Deleted, ...]:
    return tuple(Deleted(item.corpus.name, deleted_at(item.path), item) for item in _store(home).trashed())


def _made_of_samples(home: Path, samples: Path) -> str:
    """The id of the collection of all sample pieces; "" where there is none."""
    from core.corpus.importer import NOT_READ
    from core.corpus.store import roots_key

    store = _store(home)
    corpus = store.made_of(roots_key([samples]), "")
    if corpus is None or any(verdict.reason == NOT_READ for verdict in store.report_of(corpus.id).verdicts):
        return ""
    return str(corpus.id)


def _viewed(home: Path, corpus_id: str) -> CorpusView:
    from core.corpus.rows import DamagedCorpusError

    store = _store(home)
    corpus = store.find(corpus_id)
    try:
        return view_of(store, corpus)
    except DamagedCorpusError as error:  # deeper than the list looks
        return view_of(store, replace(corpus, pieces=(), damage=error.sentence))


def _filtered(view: CorpusView, chart: str, bar: int) -> FilterView:
    return filtered(view, chart, bar)


def _score(home: Path, fingerprint: str) -> Score:
    score: Score = _store(home).score_of(fingerprint)
    return score


def _glimpses(home: Path, corpus: "Corpus", fingerprints: tuple[str, ...]) -> Any:
    return glimpses_of(_store(home), corpus, fingerprints)


def _found(files: Files, text: str) -> Files:
    return {kind: matching(some, text) for kind, some in files.items()}


def _saved(home: Path, corpus: "Corpus") -> str:
    _store(home).save(corpus)
    return corpus.id


def _without(home: Path, corpus: "Corpus", fingerprints: frozenset[str]) -> str:
    _store(home).without(corpus, fingerprints)
    return corpus.id


def _with_lines(home: Path, corpus: "Corpus", lines: str) -> str:
    _store(home).with_lines(corpus, lines)
    return corpus.id


def _renamed(home: Path, corpus_id: str, name: str) -> str:
    _store(home).rename(corpus_id, name)
    return corpus_id


def _deleted(home: Path, corpus_id: str) -> "TrashedCorpus":
    trashed: TrashedCorpus = _store(home).delete(corpus_id)
    return trashed


def _restored(home: Path, trashed: "TrashedCorpus") -> "Corpus":
    corpus: Corpus = _store(home).restore(trashed)
    return corpus


def _imported(
    paths: tuple[Path, ...], home: Path, add_to: str, name: str, control: Control
) -> "tuple[Corpus, ImportReport]":
    from core.corpus.importer import import_paths

    return import_paths(paths, control, home=home, add_to=add_to, name=name)
