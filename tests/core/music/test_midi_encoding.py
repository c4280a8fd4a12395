import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.music.midi_encoding import encoded, variable_length
from core.music.midi_events import read_track, split
from core.music.score import MAX_TICK, Note, Part, PitchBend, Score, Tempo
from tests.builders import part, score


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "00"), (0x7F, "7f"), (0x80, "8100"), (0x2000, "c000"), (0x0FFFFFFF, "ffffff7f")]
)
def test_numbers_are_written_as_the_standard_shows(number, expected):
    assert variable_length(number).hex() == expected


@given(st.integers(0, 0x0FFFFFFF))
def test_numbers_take_no_more_bytes_than_needed(number):
    assert len(variable_length(number)) == max(1, -(-number.bit_length() // 7))


def test_each_part_has_a_track_and_drums_have_their_channel():
    tracks = split(encoded(score(part("C4 1/4", program=3), part("C2 1/4", is_drums=True), "E4 1/4"))).tracks
    channels = [voice.channel for content in tracks for voice in read_track(content).voices]
    assert (len(tracks), channels) == (4, [0, 9, 1])


def test_more_parts_than_channels_share_them():
    tracks = split(encoded(score(*["C4 1/4"] * 20))).tracks
    assert [read_track(content).voices[0].channel for content in tracks[1:]][13:17] == [14, 15, 0, 1]


def test_nothing_that_was_not_in_the_score_is_written():
    conductor = split(encoded(score("C4 1/4"))).tracks[0]
    assert conductor == b"\0\xff\x2f\x00"


def test_values_beyond_the_format_are_limited():
    piece = Score((Part(bends=(PitchBend(0, 99_999),)),), tempos=(Tempo(0, 2**30),))
    conductor, track = split(encoded(piece)).tracks
    assert read_track(track).voices[0].bends == [(0, 8191)]
    assert read_track(conductor).tempos == [(0, b"\xff\xff\xff")]


def test_gaps_longer_than_one_delta_are_bridged():
    track = split(encoded(Score((Part.of([Note(MAX_TICK - 10, 60, 10)]),)))).tracks[1]
    assert read_track(track).voices[0].notes == [(MAX_TICK - 10, 60, MAX_TICK, 90)]
