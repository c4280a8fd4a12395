import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FileError
from core.music.packed_score import packed, unpacked
from core.music.score import ControlChange, Part, pitch_bend
from tests.builders import score
from tests.strategies import scores

HEADING = b'{"version":1,"parts":[["",0,false,0,0,0]],"tempos":[[0,500000]],"metres":[[0,4,4]],"keys":[],"lyrics":[],"markers":[]}'


@given(scores())
def test_a_stored_score_is_rebuilt_exactly(piece):
    assert unpacked(packed(piece)) == piece


def test_storing_takes_a_few_bytes_a_note():
    piece = score(" ".join(["C4 1/4 E4 1/8 G4 1/8 B4 1/4 A4 1/16"] * 200))
    assert len(packed(piece)) < 4 * piece.note_count


@given(st.data())
def test_damaged_bytes_are_refused(data):
    stored = bytearray(zlib.decompress(packed(score("C4 1/4 D4 1/4"))))
    place = data.draw(st.integers(0, 3))  # the length of the heading
    stored[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(FileError):
        unpacked(zlib.compress(bytes(stored)))


@pytest.mark.parametrize(
    "stored",
    [b"", b"nothing", zlib.compress(b""), zlib.compress(b"\x02\x00\x00\x00{}"), zlib.compress(bytes(70 * 2**20))],
)
def test_what_is_no_stored_score_is_refused(stored):
    with pytest.raises(FileError, match="damaged"):
        unpacked(stored)


def test_a_cut_off_store_is_refused():
    stored = packed(score("C4 1/4 D4 1/4"))
    with pytest.raises(FileError):
        unpacked(stored[:-8])


@pytest.mark.parametrize(
    "heading",
    [
        b"[" * 200_000,
        b"NaN",
        HEADING.replace(b"1", b"1.0", 1),
        HEADING.replace(b"1", b"true", 1),
        HEADING.replace(b'["",0,false,0,0,0]', b'["",0,false,-1,0,0]'),
        HEADING.replace(b'["",0,false,0,0,0]', b'["",0,false,9000000000000000000,0,0]'),
        HEADING.replace(b'["",0,false,0,0,0]', b"[1,0,false,0,0,0]"),
        HEADING.replace(b'[["",0,false,0,0,0]]', b"[]"),
        HEADING.replace(b'"lyrics":[]', b'"lyrics":[[0,"\\ud800"]]'),
    ],
)
def test_a_heading_that_we_never_write_is_refused(heading):
    with pytest.raises(FileError, match="damaged"):
        unpacked(zlib.compress(struct.pack("<I", len(heading)) + heading))


def test_the_heading_itself_is_none_of_those():
    assert unpacked(zlib.compress(struct.pack("<I", len(HEADING)) + HEADING)).parts == (Part(),)


def test_a_piece_stored_by_the_first_version_opens_with_its_bends_among_the_controllers():
    heading = HEADING.replace(b'["",0,false,0,0,0]', b'["",0,false,0,2,1]')
    rows = struct.pack("<9i", 0, 7, 90, 480, 64, 127, 240, -8192, 0)[:32]
    (old,) = unpacked(zlib.compress(struct.pack("<I", len(heading)) + heading + rows)).parts
    assert old.controls == (ControlChange(0, 7, 90), pitch_bend(240, -8192), ControlChange(480, 64, 127))
