import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FileError
from core.music.columns import ScoreColumns
from core.music.score import Score
from tests.builders import score
from tests.strategies import scores

HEADING = b'{"version":1,"parts":[],"tempos":[[0,500000]],"metres":[[0,4,4]],"keys":[],"lyrics":[],"markers":[]}'


@given(scores())
def test_columns_hold_all_of_a_score(piece):
    columns = ScoreColumns.of(piece)
    assert columns.to_score() == piece
    assert columns.note_count == piece.note_count
    assert columns.end == piece.end


@given(scores())
def test_stored_columns_are_rebuilt_exactly(piece):
    assert ScoreColumns.from_bytes(ScoreColumns.of(piece).to_bytes()).to_score() == piece


def test_storing_takes_a_few_bytes_a_note():
    piece = score(" ".join(["C4 1/4 E4 1/8 G4 1/8 B4 1/4 A4 1/16"] * 200))
    assert len(ScoreColumns.of(piece).to_bytes()) < 4 * piece.note_count


@given(st.data())
def test_damaged_bytes_are_refused(data):
    stored = bytearray(zlib.decompress(ScoreColumns.of(score("C4 1/4 D4 1/4")).to_bytes()))
    place = data.draw(st.integers(0, 3))  # the length of the heading
    stored[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FileError):
        ScoreColumns.from_bytes(zlib.compress(bytes(stored)))


@pytest.mark.parametrize(
    "stored",
    [b"", b"nothing", zlib.compress(b""), zlib.compress(b"\x02\x00\x00\x00{}"), zlib.compress(bytes(70 * 2**20))],
)
def test_what_is_no_stored_score_is_refused(stored):
    with pytest.raises(FileError, match="damaged"):
        ScoreColumns.from_bytes(stored)


def test_a_cut_off_store_is_refused():
    stored = ScoreColumns.of(score("C4 1/4 D4 1/4")).to_bytes()
    with pytest.raises(FileError):
        ScoreColumns.from_bytes(stored[:-8])


def test_the_arrays_have_small_types():
    (part,) = ScoreColumns.of(score("C4 1/4")).parts
    assert (part.onset.dtype, part.duration.dtype) == (np.int32, np.int32)
    assert (part.pitch.dtype, part.velocity.dtype) == (np.uint8, np.uint8)
    assert ScoreColumns.of(Score()).parts[0].controls.shape == (0, 3)


@pytest.mark.parametrize(
    "heading",
    [
        b"[" * 200_000,
        b"NaN",
        HEADING.replace(b"1", b"1.0", 1),
        HEADING.replace(b"1", b"true", 1),
        HEADING.replace(b'"parts":[]', b'"parts":[["",0,false,-1,0,0]]'),
        HEADING.replace(b'"parts":[]', b'"parts":[["",0,false,9000000000000000000,0,0]]'),
        HEADING.replace(b'"parts":[]', b'"parts":[[1,0,false,0,0,0]]'),
        HEADING.replace(b'"lyrics":[]', b'"lyrics":[[0,"\\ud800"]]'),
    ],
)
def test_a_heading_that_we_never_write_is_refused(heading):
    with pytest.raises(FileError, match="damaged"):
        ScoreColumns.from_bytes(zlib.compress(struct.pack("<I", len(heading)) + heading))


def test_the_heading_itself_is_none_of_those():
    assert ScoreColumns.from_bytes(zlib.compress(struct.pack("<I", len(HEADING)) + HEADING)).note_count == 0
