"""The model library from the command line: list, rename, delete, export, import."""

import argparse
import math
from pathlib import Path
from typing import Any

from core import paths
from core.cli.arguments import place_of
from core.cli.console import Console
from core.learning.models.library import Library, ModelRecord, Trashed
from core.learning.models.model_file import SUFFIX
from core.trash import KEPT_DAYS


def list_models(_arguments: argparse.Namespace, console: Console) -> None:
    """The command `models`."""
    records = Library(paths.home()).list()
    if not records:
        console.say("There are no models yet. Make one with: ritornello-cli train FOLDER")
    for record in records:
        console.say(_line(record))
    console.result([record_of(record) for record in records])


def rename(arguments: argparse.Namespace, console: Console) -> None:
    """The command `models rename`."""
    library = Library(paths.home())
    record = library.rename(library.find(arguments.model), arguments.name)
    console.say(f"It is called ‘{record.name}’ now.")
    console.result(record_of(record))


def delete(arguments: argparse.Namespace, console: Console) -> None:
    """The command `models delete`."""
    library = Library(paths.home())
    trashed = library.delete(library.find(arguments.model))
    console.say(
        f"‘{trashed.record.name}’ is in the trash for {KEPT_DAYS} days. Take it back with: {restoring(trashed)}"
    )
    console.result({**record_of(trashed.record), "trash": str(trashed.path)})


def restore(arguments: argparse.Namespace, console: Console) -> None:
    """The command `models restore`."""
    library = Library(paths.home())
    trashed = library.find_trashed(arguments.model)
    record = library.restore(trashed)
    was = trashed.record.name
    console.say(
        f"‘{was}’ is back." if record.name == was else f"‘{was}’ is back as ‘{record.name}’: the name was taken."
    )
    console.result(record_of(record))


def restoring(trashed: Trashed) -> str:
    """The command that takes it back."""
    return f"ritornello-cli models restore {trashed.path.name}"


def export(arguments: argparse.Namespace, console: Console) -> None:
    """The command `models export`."""
    out = place_of(arguments.out.absolute(), SUFFIX)
    library = Library(paths.home())
    record = library.find(arguments.model)
    path = library.export(record, out)
    console.say(f"‘{record.name}’ is in {path}")
    console.result({**record_of(record), "file": str(path)})


def import_(arguments: argparse.Namespace, console: Console) -> None:
    """The command `models import`."""
    record = Library(paths.home()).import_file(Path(arguments.file))
    console.say(f"‘{record.name}’ is in the library.")
    console.result(record_of(record))


def record_of(record: ModelRecord) -> dict[str, Any]:
    """A model as JSON."""
    return {
        "id": record.id,
        "name": record.name,
        "preset": record.preset,
        "corpus": record.corpus_name,
        "pieces": record.pieces,
        "notes": record.notes,
        "epochs": record.epochs,
        "best_epoch": record.best_epoch,
        "held_out_bits_per_note": record.held_out_bits_per_note,
        "held_out_bits_per_pitch": record.held_out_bits_per_pitch,
        "created": record.created,
        "is_starter": record.is_starter,
        "state": record.state,
        "started_from": record.started_from,
        "path": str(record.path),
        "damage": record.damage,
    }


def _line(record: ModelRecord) -> str:
    if record.damage:
        what = (
            "Install Ritornello again."
            if record.is_starter
            else f"Delete it with: ritornello-cli models delete {record.id}"
        )
        return f"{record.name} ({record.state}): {record.damage} {what}"
    words = [record.name + (" (starter)" if record.is_starter and record.name.casefold() != "starter" else "")]
    if record.corpus_name:
        words.append(f"from ‘{record.corpus_name}’ ({record.pieces:,} pieces)")
    if record.started_from:
        words.append(f"started from ‘{record.started_from}’")
    if record.preset:
        words.append(record.preset)
    if record.state == "unfinished":
        words.append(f"unfinished after {record.epochs} epochs")
    elif math.isfinite(record.held_out_bits_per_note):
        words.append(f"{record.held_out_bits_per_note:.2f} bits a note")
    return " · ".join(words)
