import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.music.midi_encoding import encoded, variable_length
from core.music.midi_events import read_track, split
from core.music.score import MAX_TICK, Note, Part, Score, Tempo, pitch_bend
from tests.builders import part, score


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "00"), (0x7F, "7f"), (0x80, "8100"), (0x2000, "c000"), (0x0FFFFFFF, "ffffff7f")]
)
def test_numbers_are_written_as_the_standard_shows(number, expected):
    assert variable_length(number).hex() == expected


@given(st.integers(0, 0x0FFFFFFF))
def test_numbers_take_no_more_bytes_than_needed(number):
    assert len(variable_length(number)) == max(1, -(-number.bit_length() // 7))


def channels_of(piece):
    """By track: the ports and channels of its events."""
    found = []
    for content in split(encoded(piece)).tracks:
        track = read_track(content)
        ports = [event.content[0] for event in track.others if event.kind == 0x21]
        found.append({(*ports[:1], status & 0x0F) for _tick, status, _first, _second in track.channel_events})
    return found


def test_each_part_has_a_track_and_drums_have_their_channel():
    piece = score(part("C4 1/4", program=3), part("C2 1/4", is_drums=True), "E4 1/4")
    assert channels_of(piece) == [set(), {(0,)}, {(9,)}, {(1,)}]


def test_parts_beyond_the_channels_share_one_with_the_same_program_alone_else_the_next_port():
    alike = channels_of(score(*[part("C4 1/4", program=number % 4) for number in range(20)]))
    assert alike[16:] == [{(number,)} for number in (3, 0, 1, 2, 3)]
    different = channels_of(score(*[part("C4 1/4", program=number) for number in range(17)]))
    assert different[15:] == [{(15,)}, {(1, 0)}, {(1, 1)}]


def test_parts_without_notes_use_no_channel_up():
    piece = score(*[part("r 1/4", program=number) for number in range(30)], *["C4 1/4"] * 14)
    assert channels_of(piece)[1:31] == [{(15,)}] * 30


def test_nothing_that_was_not_in_the_score_is_written():
    conductor = split(encoded(score("C4 1/4"))).tracks[0]
    assert conductor == b"\x83\x60\xff\x2f\x00"


def test_values_beyond_the_format_are_limited():
    piece = Score((Part(controls=(pitch_bend(0, 99_999),)),), tempos=(Tempo(0, 2**30),))
    conductor, track = split(encoded(piece)).tracks
    assert (0, 0xE0, 127, 127) in read_track(track).channel_events
    assert read_track(conductor).others[0].content == b"\xff\xff\xff"


def test_gaps_longer_than_one_delta_are_bridged():
    track = split(encoded(Score((Part.of([Note(MAX_TICK - 10, 60, 10)]),)))).tracks[1]
    assert [event[:2] for event in read_track(track).channel_events[1:]] == [(MAX_TICK - 10, 0x90), (MAX_TICK, 0x80)]
