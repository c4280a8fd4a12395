"""How fast .mid files are read beside pretty_midi: `python -m tests.benchmarks.reading [FOLDER]`.

Without a folder, the melodies that ship with the app are unpacked to a temporary one. Ours is everything up to the
columns that import keeps, read by the hundred as import does it and file by file; the Score objects that editing needs
are timed apart. All read the same bytes from memory, in one process.
"""

import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pretty_midi

from core import paths
from core.corpus.pool import CHUNK
from core.errors import FileError
from core.music.midi_file import read_many, read_midi_bytes

FEWEST_FILES = 500
READINGS = 4
"""A busy machine interrupts some of them; the quickest tells what the work costs."""


def _contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".mid", ".midi", ".kar")]


def _by_us(content: bytes) -> None:
    try:
        read_midi_bytes(content, "file.mid")
    except FileError as error:
        print(error)


def _in_bulk(contents: list[bytes]) -> float:
    """Seconds that all files take in the chunks of an import, the quickest of some readings of each chunk."""
    seconds = 0.0
    for first in range(0, len(contents), CHUNK):
        chunk = [(content, "file.mid") for content in contents[first : first + CHUNK]]
        quickest = float("inf")
        for _ in range(READINGS):
            begun = time.perf_counter()
            for _result in read_many(chunk):
                pass
            quickest = min(quickest, time.perf_counter() - begun)
        seconds += quickest
    return seconds


def _as_score(content: bytes) -> None:
    assert read_midi_bytes(content, "file.mid").score


def _by_pretty_midi(content: bytes) -> None:
    try:
        pretty_midi.PrettyMIDI(BytesIO(content))
    except (OSError, ValueError, EOFError, KeyError, IndexError) as error:
        print(error)


def measure(contents: list[bytes]) -> dict[str, float]:
    """Seconds that each reader takes for all of the files: of each file the quickest of some readings."""
    readers: dict[str, Callable[[bytes], None]] = {
        "ours, to columns": _by_us,
        "ours, to a Score": _as_score,
        "pretty_midi": _by_pretty_midi,
    }
    taken = dict.fromkeys(readers, 0.0)
    for content in contents:
        for name, read in readers.items():
            quickest = float("inf")
            for _ in range(READINGS):
                begun = time.perf_counter()
                read(content)
                quickest = min(quickest, time.perf_counter() - begun)
            taken[name] += quickest
    return {"ours, in bulk": _in_bulk(contents), **taken}


def _print_comparison(folder: Path) -> None:
    contents = _contents(folder)
    if len(contents) < FEWEST_FILES:
        print(f"Only {len(contents)} files in {folder}; give a folder of at least {FEWEST_FILES}.")
    if not contents:
        return
    taken = measure(contents)
    megabytes = sum(map(len, contents)) / 1e6
    print(f"{len(contents):,} files, {megabytes:.1f} MB")
    for name, seconds in taken.items():
        ratio = taken["pretty_midi"] / seconds
        print(f"{name:18} {len(contents) / seconds:9,.0f} files/s {megabytes / seconds:8.2f} MB/s {ratio:6.1f} ×")


def main() -> None:
    warnings.simplefilter("ignore")  # pretty_midi warns of tempos on later tracks
    if len(sys.argv) > 1:
        _print_comparison(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(paths.sample_collection()) as collection:
            collection.extractall(folder)
        _print_comparison(Path(folder))


if __name__ == "__main__":
    main()
