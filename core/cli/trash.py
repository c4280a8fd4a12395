"""The command `trash`: what was deleted and can come back, and deleting it for good."""

import argparse

from core import paths
from core.cli.console import Console
from core.cli.models import restoring as restoring_model
from core.cli.pieces import restoring as restoring_corpus
from core.corpus.store import CorpusStore
from core.learning.models.library import Library
from core.trash import KEPT_DAYS, Trash, deleted_at
from core.wording import counted


def trash(arguments: argparse.Namespace, console: Console) -> None:
    """List the trash, or empty it."""
    home = paths.home()
    if arguments.empty:
        lost = Trash(home).empty()
        console.say(f"{counted(lost.things, 'thing')} deleted for good: {_megabytes(lost.bytes)} are free.")
        console.result({"things": lost.things, "bytes": lost.bytes})
        return
    found = [
        *(("model", item.record.name, item.path, restoring_model(item)) for item in Library(home).trashed()),
        *(("corpus", item.corpus.name, item.path, restoring_corpus(item)) for item in CorpusStore(home).trashed()),
    ]
    for kind, name, path, command in found:
        console.say(f"{kind} ‘{name}’, deleted on {deleted_at(path):%Y-%m-%d}. Take it back with: {command}")
    size = Trash(home).bytes
    console.say(f"{_megabytes(size)} in all. {_HOW_LONG}" if size else f"The trash is empty. {_HOW_LONG}")
    records = [
        {"kind": kind, "name": name, "deleted": deleted_at(path).isoformat(timespec="seconds"), "restore": command}
        for kind, name, path, command in found
    ]
    console.result({"things": records, "bytes": size})


_HOW_LONG = f"What was deleted stays for {KEPT_DAYS} days, or until: ritornello-cli trash --empty"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
