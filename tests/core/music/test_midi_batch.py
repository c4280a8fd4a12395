"""Files read together give what each gives by itself, whatever stands beside them."""

import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import paths
from core.errors import FileError
from core.music.midi_batch import read_together
from core.music.midi_file import ReadResult, midi_bytes, read_many, read_midi_bytes
from core.music.score import TextEvent
from tests.builders import event, meta, midi, off, on, score, some_notes, track
from tests.strategies import scores

DATA = Path(__file__).parents[2] / "data" / "midi"
REAL = [path.read_bytes() for path in sorted(DATA.glob("*.mid"))]


def said(result: ReadResult | FileError) -> object:
    """All there is to compare."""
    return str(result) if isinstance(result, FileError) else (result.score, result.repairs)


def alone(content: bytes, name: str) -> object:
    try:
        return said(read_midi_bytes(content, name))
    except FileError as error:
        return said(error)


def together(contents: list[bytes]) -> list[object]:
    return [said(result) for result in read_many([(content, "a.mid") for content in contents])]


def test_all_shipped_melodies_are_the_same_read_together_and_alone() -> None:
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        contents = [collection.read(name) for name in collection.namelist() if name.endswith(".mid")]
    assert len(contents) > 1000
    assert together(contents) == [alone(content, "a.mid") for content in contents]
    assert len(read_together(contents)) == len(contents), "none is left to the slower way"


def test_real_files_are_read_together() -> None:
    assert together(REAL) == [alone(content, "a.mid") for content in REAL]
    assert len(read_together(REAL)) >= len(REAL) - 1


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(midi(track(on(0, 60), on(10, 64), off(470, 64))), id="a note never closed"),
        pytest.param(midi(track(on(0, 60), on(10, 60), off(470, 60), off(0, 60))), id="a pitch struck again"),
        pytest.param(midi(track(on(0, 60), off(0, 60), on(0, 62), off(480, 62))), id="a note of no length"),
        pytest.param(
            midi(track(on(0, 60), on(0, 60, channel=3), off(9, 60), off(9, 60, channel=3))), id="two channels"
        ),
        pytest.param(midi(track(event(0, 0xC0, 5), some_notes(), event(0, 0xC0, 7), some_notes())), id="two programs"),
        pytest.param(
            midi(track(event(0, 0xB0, 7, 99), event(0, 0xC0, 5), some_notes(), event(9, 0xE0, 1, 70))),
            id="a controller before the program",
        ),
        pytest.param(midi(track(some_notes(), event(0, 0xB3, 7, 99))), id="a controller of another channel"),
        pytest.param(midi(track(meta(0, 0x58, b"\0\2\x18\x08"), some_notes())), id="a metre of no beats"),
        pytest.param(midi(track(meta(0, 0x58, b"\3\2"), some_notes())), id="a metre cut short"),
        pytest.param(midi(track(some_notes(), meta(0, 0x2F), some_notes())), id="an end before the end"),
        pytest.param(midi(track(some_notes(), b"\0\x90\x3c")), id="an event broken off"),
        pytest.param(midi(track(meta(0, 0x06, b"\xe4"), some_notes())), id="words that are not UTF-8"),
        pytest.param(midi(track(meta(0, 0x03, b"\xe4"), some_notes())), id="a name that is not UTF-8"),
        pytest.param(midi(track(some_notes()), track(event(0, 0xB0, 7, 99))), id="a part without notes"),
        pytest.param(midi(track(*[on(0x0FFFFFFF, 60), off(0x0FFFFFFF, 60)] * 8)), id="4 thousand million ticks"),
        pytest.param(midi(track(on(0, 60), off(1, 60), on(0, 60), off(1, 60)), division=32767), id="too fine to tell"),
        pytest.param(midi(track(some_notes()), division=7), id="an odd resolution"),
        pytest.param(midi(track(some_notes())) + b"\0", id="a byte too many"),
        pytest.param(REAL[0][:-40], id="a file cut off"),
        pytest.param(b"MThd", id="no file"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_an_odd_file_is_read_as_if_alone_and_harms_none_beside_it(odd: bytes) -> None:
    contents = [REAL[0], odd, *REAL[1:], odd]
    assert together(contents) == [alone(content, "a.mid") for content in contents]


def test_words_and_markers_are_kept() -> None:
    spoken = midi_bytes(score("C4 1/4 D4 1/4", lyrics=(TextEvent(0, "là"),), markers=(TextEvent(480, "B"),)))
    assert together([REAL[0], spoken]) == [alone(REAL[0], "a.mid"), alone(spoken, "a.mid")]


def test_a_karaoke_file_is_told_by_its_name() -> None:
    texts = midi(track(meta(0, 0x01, b"la"), some_notes()))
    by_name = [said(result) for result in read_many([(texts, "a.kar"), (texts, "a.mid")])]
    assert by_name == [alone(texts, "a.kar"), alone(texts, "a.mid")]
    assert by_name[0] != by_name[1]


@settings(max_examples=60)
@given(st.lists(scores(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_any_files_however_damaged_are_read_as_if_alone(some: list[object], chance: random.Random) -> None:
    contents = [midi_bytes(one) for one in some]  # type: ignore[arg-type]  # scores
    for _ in range(chance.randrange(4)):
        content = bytearray(chance.choice([*REAL[:2], *contents]))
        for _ in range(chance.randrange(1, 4)):
            content[chance.randrange(14, len(content))] = chance.randrange(256)
        contents.insert(chance.randrange(len(contents) + 1), bytes(content))
    assert together([*contents, REAL[0]]) == [alone(content, "a.mid") for content in [*contents, REAL[0]]]
