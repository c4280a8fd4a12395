"""How long an edit takes, and opening a large file: `python -m tests.benchmarks.editing [--beside CHECKOUT]`.

Median milliseconds of the window's thread: three selected notes in the middle of a song are moved a semitone, which is
the edit, its undo step and the roll's new index; and the same undone. Opening is everything from the bytes of a .mid
to the roll, the whole song in view. All without painting, which `piano_roll` measures. With another checkout (such as
a `git worktree` of an older commit) the same is measured there, turn by turn.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from core.music.midi_file import midi_bytes, read_midi_bytes
from gui.document import Document, Snapshot
from gui.piano_roll.commands import Commands
from gui.piano_roll.roll_view import RollView
from tests.benchmarks.piano_roll import median_ms, song

ROUNDS = 21


def measure(count: int) -> dict[str, float]:
    score = song(count)
    content = midi_bytes(score)
    document = Document()
    view = RollView(document)
    commands = Commands(view)

    def open_file(_turn: int) -> None:
        document.open(Snapshot(read_midi_bytes(content, "song.mid").score))

    opening = median_ms(open_file, rounds=3)
    document.select(frozenset(score.parts[0].notes[count // 2 : count // 2 + 3]))
    edits, undos = [], []
    for turn in range(ROUNDS):
        begun = time.process_time()
        commands.transpose(1 if turn % 2 else -1)
        edited = time.process_time()
        commands.undo()
        undos.append(1000 * (time.process_time() - edited))
        edits.append(1000 * (edited - begun))
    figures = {
        "an edit": statistics.median(edits),
        "undoing it": statistics.median(undos),
        "opening the file": opening,
    }
    return {f"{count:,} notes: {name}": value for name, value in figures.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--beside", type=Path, help="another checkout to measure in turn")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.json:
        from tests.benchmarks.beside import print_beside  # the other checkout need not have it

        print_beside(__file__, ["--counts", *map(str, arguments.counts)], arguments.beside)
        return 0
    _application = QApplication(sys.argv[:1])
    figures = (measure(count) for count in arguments.counts)
    print(json.dumps({name: value for some in figures for name, value in some.items()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
