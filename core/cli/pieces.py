"""Corpora from the command line: import, list, rename, delete, restore, and what is learnt of them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import paths
from core.cli.console import Console
from core.cli.interruption import Interrupted, interruptible
from core.corpus.importer import import_paths
from core.corpus.report import ImportNotice, ImportProgress, ImportReport
from core.corpus.store import Corpus, CorpusStore, TrashedCorpus
from core.tasks import Control
from core.trash import KEPT_DAYS
from core.wording import counted

_SHOWN_REASONS = 20
_DELETE = "ritornello-cli corpora delete"


def import_(arguments: argparse.Namespace, console: Console) -> None:
    """The command `import`."""
    store = CorpusStore(paths.home())
    add_to = store.load(arguments.add_to).id if arguments.add_to else ""
    corpus, report = imported([Path(path) for path in arguments.paths], console, name=arguments.name, add_to=add_to)
    if arguments.lines:
        corpus = store.with_lines(corpus, arguments.lines)
    counts = report.counts
    console.say(f"Corpus ‘{corpus.name}’: {counted(len(corpus.pieces), 'piece')}, {corpus.note_count:,} notes.")
    console.say(f"{counted(len(report.verdicts), 'file')} read in {report.elapsed_s:.1f} s.")
    if counts["repaired"]:
        console.say(f"{counted(counts['repaired'], 'file')} repaired.")
    if counts["same"]:
        console.say(f"{counted(counts['same'], 'file')} with the same music as another.")
    if counts["skipped"]:
        console.say(f"{counted(counts['skipped'], 'file')} skipped:")
        for verdict in report.skipped[:_SHOWN_REASONS]:
            console.say(f"  {verdict.path}: {verdict.reason}")
        if counts["skipped"] > _SHOWN_REASONS:
            console.say(f"  … and {counts['skipped'] - _SHOWN_REASONS} more (all with --json).")
    if console.as_json:
        console.result(_import_record(corpus, report))


def imported(
    files: Sequence[Path], console: Console, *, name: str = "", add_to: str = ""
) -> tuple[Corpus, ImportReport]:
    """Import with a progress bar; interrupted, everything read so far is kept."""
    with console.bar("file") as bar:

        def show(event: object) -> None:
            if isinstance(event, ImportProgress) and event.total:
                bar.show(event.done, event.total, event.name)
            elif isinstance(event, ImportNotice):
                bar.write(f"{event.sentence} {event.hint}")

        control = Control(show)
        try:
            with interruptible(control):
                return import_paths(files, control, home=paths.home(), name=name, add_to=add_to)
        except Interrupted:
            console.note("What was read is kept: the same command goes on from there.")
            raise


def _import_record(corpus: Corpus, report: ImportReport) -> dict[str, Any]:
    counts = report.counts
    return {
        "corpus": corpus.name,
        "id": corpus.id,
        "lines": corpus.lines,
        "files": len(report.verdicts),
        "kept": counts["kept"] + counts["repaired"],
        "repaired": [{"path": verdict.path, "reason": verdict.reason} for verdict in report.repaired],
        "skipped": [{"path": verdict.path, "reason": verdict.reason} for verdict in report.skipped],
        "duplicates": [{"path": verdict.path, "of": verdict.of} for verdict in report.duplicates],
        "pieces": len(corpus.pieces),
        "notes": corpus.note_count,
        "elapsed_s": round(report.elapsed_s, 3),
    }


def list_corpora(_arguments: argparse.Namespace, console: Console) -> None:
    """The command `corpora`."""
    corpora = CorpusStore(paths.home()).list()
    if not corpora:
        console.say("There are no corpora yet. Make one with: ritornello-cli import FOLDER")
    for corpus in corpora:
        if corpus.is_newer:
            console.say(f"{corpus.name}: {corpus.damage} Update Ritornello to open it.")
            continue
        if corpus.damage:
            console.say(f"{corpus.name}: {corpus.damage} Import its folder again, or: {_DELETE} {corpus.id}")
            continue
        console.say(
            f"{corpus.name}: {counted(len(corpus.pieces), 'piece')}, {corpus.note_count:,} notes"
            f" ({'melodies' if corpus.lines == 'melody' else 'all notes'})"
        )
    console.result([_record(corpus) for corpus in corpora])


def rename_corpus(arguments: argparse.Namespace, console: Console) -> None:
    """The command `corpora rename`."""
    store = CorpusStore(paths.home())
    corpus = store.rename(store.load(arguments.corpus).id, arguments.name)
    console.say(f"It is called ‘{corpus.name}’ now.")
    console.result(_record(corpus))


def delete_corpus(arguments: argparse.Namespace, console: Console) -> None:
    """The command `corpora delete`."""
    store = CorpusStore(paths.home())
    trashed = store.delete(arguments.corpus)
    record = {**_record(trashed.corpus), "trash": trashed.path.stem}
    console.say(
        f"‘{trashed.corpus.name}’ is in the trash for {KEPT_DAYS} days. Take it back with: {restoring(trashed)}"
    )
    console.result(record)


def restore_corpus(arguments: argparse.Namespace, console: Console) -> None:
    """The command `corpora restore`."""
    store = CorpusStore(paths.home())
    trashed = store.find_trashed(arguments.corpus)
    corpus = store.restore(trashed)
    was = trashed.corpus.name
    console.say(
        f"‘{was}’ is back." if corpus.name == was else f"‘{was}’ is back as ‘{corpus.name}’: the name was taken."
    )
    console.result(_record(corpus))


def restoring(trashed: TrashedCorpus) -> str:
    """The command that takes it back."""
    return f"ritornello-cli corpora restore {trashed.path.stem}"


def set_lines(arguments: argparse.Namespace, console: Console) -> None:
    """The command `corpora lines`."""
    store = CorpusStore(paths.home())
    corpus = store.with_lines(store.load(arguments.corpus), arguments.lines)
    learnt = "its melodies are" if corpus.lines == "melody" else "all its notes are"
    console.say(f"Of ‘{corpus.name}’ {learnt} learnt: {corpus.note_count:,} notes.")
    console.result(_record(corpus))


def _record(corpus: Corpus) -> dict[str, Any]:
    return {
        "id": corpus.id,
        "name": corpus.name,
        "lines": corpus.lines,
        "pieces": len(corpus.pieces),
        "notes": corpus.note_count,
        "created": corpus.created,
        "damage": corpus.damage,
    }
