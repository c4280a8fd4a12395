"""Generating from the command line: a seed and a model in, one .mid for each take out."""

import argparse
import re
import secrets
import string
import time
from collections.abc import Mapping
from pathlib import Path

from core import paths
from core.cli.arguments import place_of, usage_error
from core.cli.console import Console, UsageError
from core.cli.interruption import interruptible
from core.corpus.melody import melody_part
from core.errors import SpecError
from core.learning.generation.generation import Source, Take, sources_of, unknown_notes
from core.learning.generation.generation import generate as generate_takes
from core.learning.models.library import Library
from core.learning.spec import GenerationRequest
from core.music.midi_file import read_midi, write_midi
from core.music.pitch import parse_pitch, parse_scale, pitch_name
from core.music.score import TICKS_PER_QUARTER, Note, Score, by_position
from core.tasks import Control

_RANGE = re.compile(r"\s*([A-Ga-g][#b♯♭]*-?\d+|\d+)\s*-\s*([A-Ga-g][#b♯♭]*-?\d+|\d+)\s*")
_SUFFIXES = (".mid", ".midi")


def generate(arguments: argparse.Namespace, console: Console) -> None:
    """The command `generate`."""
    low, high = _pitch_range(arguments.range)
    random_seed = secrets.randbelow(2**31) if arguments.random_seed is None else arguments.random_seed
    # A request for an empty score first: what can't be is told before anything is read.
    request = _request(arguments, Score(), 0, (low, high), random_seed)
    letters = string.ascii_uppercase[: arguments.takes]
    files = {letter: _file(arguments.out, letter, single=arguments.takes == 1) for letter in letters}
    seed_path = Path(arguments.seed) if arguments.seed else paths.demo_seed()
    seed = read_midi(seed_path)
    request = _request(arguments, seed, _part(arguments, seed), (low, high), random_seed)
    library = Library(paths.home())
    record = library.find(arguments.model)
    model = library.load(record)

    unknown = sorted(unknown_notes(model, seed, request.part), key=by_position)
    if unknown:
        console.say(f"New to this model, which hears the nearest that it knows: {', '.join(map(_named, unknown))}.")

    control = Control()
    began = time.monotonic()
    with interruptible(control):
        takes = generate_takes(model, request, control)
    elapsed_s = time.monotonic() - began

    if request.motifs and not model.network.copies:
        console.say("This model has no copying heads: --motifs changes nothing.")
    sources = [sources_of(model, take.score, request.part) for take in takes]
    for take, origins in zip(takes, sources, strict=True):
        file = files[take.letter]
        write_midi(take.score, file)
        copied = f", {take.copied} notes in a row as in ‘{take.copied_from}’" if take.copied_notes else ""
        console.say(
            f"{file}: {len(take.generated)} notes, {take.mean_surprise_bits:.2f} bits of surprise a note,"
            f" {100 * _copied_within(take, origins):.0f} % from earlier in the piece{copied}"
        )
    notes = sum(len(take.generated) for take in takes)
    console.say(f"Model ‘{record.name}’, random seed {random_seed}.")
    console.result(
        {
            "takes": [
                _described(take, files[take.letter], origins) for take, origins in zip(takes, sources, strict=True)
            ],
            "notes_per_s": notes / max(elapsed_s, 1e-9),
            "random_seed": random_seed,
            "model": record.name,
            "seed": str(seed_path),
            "unknown_notes": [
                {"onset": note.onset, "pitch": note.pitch, "duration": note.duration} for note in unknown
            ],
            "elapsed_s": elapsed_s,
        }
    )


def _request(
    arguments: argparse.Namespace, seed: Score, part: int, pitch_range: tuple[int, int], random_seed: int
) -> GenerationRequest:
    try:
        if arguments.scale:
            parse_scale(arguments.scale)
        return GenerationRequest(
            seed,
            part=part,
            length_bars=arguments.bars,
            takes=arguments.takes,
            temperature=arguments.temperature,
            top_k=arguments.top_k,
            top_p=arguments.top_p,
            scale=arguments.scale,
            pitch_range=pitch_range,
            keep=arguments.keep or "",
            motifs=arguments.motifs,
            random_seed=random_seed,
        )
    except SpecError as error:
        raise usage_error(error) from error


def _part(arguments: argparse.Namespace, seed: Score) -> int:
    if arguments.part is None:
        return melody_part(seed) or 0
    if not 1 <= arguments.part <= len(seed.parts):
        raise UsageError(f"--part: the seed has no part {arguments.part}; its parts are 1 to {len(seed.parts)}")
    return int(arguments.part) - 1


def _pitch_range(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, 127
    match = _RANGE.fullmatch(text)
    if match is None:
        raise UsageError(f"--range looks like A3-D6, not ‘{text}’")
    low, high = (_pitch(name) for name in match.groups())
    return low, high


def _pitch(name: str) -> int:
    try:
        return int(name) if name[0] in string.digits else parse_pitch(name)
    except ValueError as error:
        raise UsageError(f"--range: ‘{name}’ is no pitch; pitches look like A3 or F#5") from error


def _file(out: Path, letter: str, *, single: bool) -> Path:
    """The file of one take: as asked for, or with its letter before the suffix."""
    if single:
        return place_of(out, *_SUFFIXES)
    place_of(out)  # a folder of that name is meant to hold them, not to stand beside them
    named = out if out.suffix.lower() in _SUFFIXES else out.with_name(f"{out.name}.mid")
    return place_of(named.with_name(f"{named.stem}-{letter}{named.suffix}"))


def _named(note: Note) -> str:
    quarters = note.duration / TICKS_PER_QUARTER
    return f"{pitch_name(note.pitch)} of {quarters:g} quarter{'' if quarters == 1 else 's'}"


def _copied_within(take: Take, origins: Mapping[Note, Source]) -> float:
    """Mean share of the generated notes' pitches that was copied from earlier in the piece."""
    shares = [origins[note].share for note in take.generated if note in origins]
    return sum(shares) / len(shares) if shares else 0.0


def _within(note: Note, source: Source) -> dict[str, object]:
    came = None if source.note is None else {"onset": source.note.onset, "pitch": source.note.pitch}
    return {"onset": note.onset, "pitch": note.pitch, "share": source.share, "from": came}


def _described(take: Take, file: Path, origins: Mapping[Note, Source]) -> dict[str, object]:
    return {
        "path": str(file),
        "notes": len(take.generated),
        "surprise_bits": take.mean_surprise_bits,
        "longest_copy": take.copied,
        "copied_from": take.copied_from,
        "character": take.character,
        "letter": take.letter,
        "copied_within": _copied_within(take, origins),
        "sources": [
            _within(note, origins[note]) for note in sorted(take.generated, key=by_position) if note in origins
        ],
    }
