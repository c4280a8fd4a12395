"""How fast and in how much memory a folder is imported, beside reading it with pretty_midi.

    python -m tests.benchmarks.importing FOLDER [FOLDER …]

Prints, for each folder by itself: files a second for pretty_midi reading alone and for the whole import (reading,
judging, counting, cache and corpus), their ratio, and the time of a second import. Then, for 1,000 and for 10,000
files made of the real ones (copied, each with another tempo so that no two are alike): peak memory of the
importing process and of the largest reading process.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

_EXTENSIONS = (".mid", ".midi", ".kar")
_TEMPO = b"\xff\x51\x03"
"""How a tempo event begins; three bytes follow."""
_MEASURED_BY_RIVAL = 150
"""Files that pretty_midi reads, evenly spread over the folder: all would take minutes and say the same."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        _import(arguments.folders, arguments.home)
        return
    with tempfile.TemporaryDirectory() as scratch:
        for folder in arguments.folders:
            if not _files(folder):
                parser.error(f"there are no MIDI files in {folder}")
            _speed(folder, Path(scratch))
        _memory(arguments.folders, Path(scratch))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _EXTENSIONS)


def _speed(folder: Path, scratch: Path) -> None:
    files = _files(folder)
    size = sum(path.stat().st_size for path in files) / max(1, len(files))
    print(f"{folder.name}: {len(files)} files of {size / 1000:.1f} kB on average")
    rival, rival_cpu = _pretty_midi_speed(files)
    runs = [_in_process([folder], scratch / f"{folder.name}-{number}") for number in range(3)]
    first, again = min(runs, key=lambda run: run[0]["seconds"])
    ours, ours_cpu = len(files) / first["seconds"], len(files) / first["cpu"]
    print(f"  pretty_midi reads          {rival:8.0f} files/s, {rival_cpu:8.0f} in a second of processor time")
    print(f"  whole import (best of 3)   {ours:8.0f} files/s, {ours_cpu:8.0f} in a second of processor time")
    print(f"  times as many              {ours / rival:8.1f}          {ours_cpu / rival_cpu:8.1f}")
    print(f"  second import              {again['seconds']:8.2f} s")


def _pretty_midi_speed(files: list[Path]) -> tuple[float, float]:
    """Files a second, and files a second of processor time."""
    import pretty_midi

    some = files[:: max(1, len(files) // _MEASURED_BY_RIVAL)]
    began, cpu = time.perf_counter(), time.process_time()
    for path in some:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                pretty_midi.PrettyMIDI(str(path))
            except Exception:  # noqa: BLE001 -- whatever the rival raises, it has spent its time
                continue
    return len(some) / (time.perf_counter() - began), len(some) / (time.process_time() - cpu)


def _memory(folders: list[Path], scratch: Path) -> None:
    files = [path for folder in folders for path in _files(folder)]
    for number in (1_000, 10_000):
        folder = scratch / f"{number} files"
        _perturbed(files, folder, number)
        first, again = _in_process([folder], scratch / f"home {number}")
        print(
            f"{number:6} files: {first['seconds']:6.2f} s, peak {first['peak_mb']:.0f} MB"
            f" and {first['child_mb']:.0f} MB in the largest reading process; {first['pieces']:.0f} pieces;"
            f" second import {again['seconds']:.2f} s, peak {again['peak_mb']:.0f} MB"
        )
        shutil.rmtree(folder)


def _perturbed(files: list[Path], folder: Path, number: int) -> None:
    """Copies with tempos that differ a little: as real as the files in shape and size, and no two alike."""
    named = [content for content in (path.read_bytes() for path in files) if _TEMPO in content]
    for index in range(number):
        content = bytearray(named[index % len(named)])
        place = content.index(_TEMPO) + len(_TEMPO) + 1
        content[place : place + 2] = (index // len(named)).to_bytes(2, "big")
        target = folder / f"{index // 500:03}" / f"{index:05}.mid"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _in_process(folders: list[Path], home: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Figures of a first and of a second import, each in a fresh process."""
    command = [sys.executable, "-m", "tests.benchmarks.importing", "--child", "--home", str(home), *map(str, folders)]
    figures = []
    for _ in range(2):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        figures.append({name: float(value) for name, value in (item.split("=") for item in done.stdout.split())})
    return figures[0], figures[1]


def _import(folders: list[Path], home: Path) -> None:
    from core.corpus.importer import import_paths
    from core.tasks import Control

    began, cpu = time.perf_counter(), time.process_time()
    corpus, _report = import_paths(folders, Control(), home=home)
    seconds = time.perf_counter() - began
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    cpu = time.process_time() - cpu + sum(os.times()[2:4])  # with all of the reading processes, their start included
    print(f"seconds={seconds} cpu={cpu} peak_mb={peak} child_mb={child} pieces={len(corpus.pieces)}")


if __name__ == "__main__":
    main()
