"""Single files from the command line: what is in a .mid, and its sound as a .wav."""

import argparse
import time
from pathlib import Path
from typing import Any

from core import paths
from core.cli.arguments import place_of
from core.cli.console import Console
from core.cli.interruption import interruptible
from core.music.keys import key_of
from core.music.midi_file import read_midi
from core.music.pitch import pitch_name
from core.music.score import BEND, Part, Score
from core.music.timing import bar_starts, duration_s, metre_at, tempo_at
from core.playback.voice import FRAMES_PER_S
from core.tasks import Control


def render(arguments: argparse.Namespace, console: Console) -> None:
    """The command `render`."""
    from core.playback import pygame_output
    from core.playback.mix import render_score, write_wav
    from core.playback.sampler import SampleRenderer
    from core.playback.soundfont import read_soundfont
    from core.playback.synth import NoteRenderer, choose_renderer

    out = place_of(arguments.out)
    began = time.monotonic()
    score = read_midi(Path(arguments.file))
    renderer: NoteRenderer
    if arguments.soundfont:
        chosen = SampleRenderer(read_soundfont(Path(arguments.soundfont)), pygame_output.decode)
        chosen.check()
        renderer = chosen
    else:
        choice = choose_renderer(paths.soundfont(), pygame_output.decode)
        renderer = choice.renderer
        if choice.sentence:
            console.note(choice.sentence)
    with console.bar("frame") as bar:

        def show(event: object) -> None:
            if isinstance(event, tuple):
                bar.show(*event)

        control = Control(show)
        with interruptible(control):
            pcm = render_score(score, renderer, normalises=arguments.normalise, control=control)
    write_wav(pcm, out)
    seconds, elapsed_s = len(pcm) / FRAMES_PER_S, time.monotonic() - began
    console.say(f"{out}: {seconds:.1f} s of audio, made in {elapsed_s:.1f} s.")
    console.result({"path": str(out), "seconds": round(seconds, 3), "elapsed_s": round(elapsed_s, 3)})


def info(arguments: argparse.Namespace, console: Console) -> None:
    """The command `info`."""
    path = Path(arguments.file)
    record = _described(read_midi(path), path)
    console.say(f"{path.name}: {record['notes']:,} notes in {len(record['parts'])} parts")
    console.say(
        f"  {record['duration_s']:.1f} s, {record['bars']} bars of {record['metre']}, {record['tempo']:g} a minute"
    )
    console.say(f"  key: {record['key'] or 'none'}")
    for part in record["parts"]:
        instrument = "drums" if part["is_drums"] else f"program {part['program']}"
        reach = f", {part['lowest']} to {part['highest']}" if part["notes"] and not part["is_drums"] else ""
        console.say(f"  ‘{part['name']}’ ({instrument}): {part['notes']:,} notes{reach}")
    console.result(record)


def _described(score: Score, path: Path) -> dict[str, Any]:
    metre = metre_at(score, 0)
    has_pitches = any(part.notes and not part.is_drums for part in score.parts)
    return {
        "path": str(path),
        "notes": score.note_count,
        "parts": [_described_part(part) for part in score.parts],
        "duration_s": round(duration_s(score), 3),
        "bars": max(0, len(bar_starts(score, score.end - 1)) - 1) if score.end else 0,
        "tempo": round(tempo_at(score, 0).quarters_per_minute, 3),
        "tempo_changes": max(0, len(score.tempos) - 1),
        "metre": f"{metre.numerator}/{metre.denominator}",
        "metre_changes": max(0, len(score.metres) - 1),
        "key": key_of(score).name if has_pitches else "",
        "lyrics": len(score.lyrics),
        "markers": len(score.markers),
    }


def _described_part(part: Part) -> dict[str, Any]:
    pitches = part.notes.pitch.tolist()
    return {
        "name": part.name,
        "program": part.program,
        "is_drums": part.is_drums,
        "notes": len(part.notes),
        "lowest": pitch_name(min(pitches)) if pitches else None,
        "highest": pitch_name(max(pitches)) if pitches else None,
        "controls": int((part.controls.number < BEND).sum()),
        "bends": len(part.controls.bends()),
    }
