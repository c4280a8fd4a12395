import re
import struct

import pytest

from core.music.midi_events import Unreadable, kind_of, read_track, split
from tests.builders import END, chunk, event, meta, midi, off, on, some_notes, track


def body(*events):
    return track(*events)[8:]


def played(*events):
    return read_track(body(*events)).channel_events


def test_events_stand_at_their_ticks():
    assert played(on(10, 60, 80), off(20, 60)) == [(10, 0x90, 60, 80), (30, 0x80, 60, 64)]


def test_running_status_goes_on_across_meta_and_exclusive_events():
    events = (on(0, 60), meta(0, 0x01, b"words"), event(5, 62, 90), b"\0\xf0\x02\x01\xf7", event(5, 62, 0))
    assert played(*events)[1:] == [(5, 0x90, 62, 90), (10, 0x90, 62, 0)]


def test_other_events_are_kept_with_their_place_among_those_of_channels():
    events = read_track(body(on(0, 60), meta(5, 0x01, b"words"), off(5, 60), b"\0\xf0\x02\x01\xf7")).others[:2]
    assert [(one.tick, one.place, one.kind, one.content) for one in events] == [
        (5, 1, 0x01, b"words"),
        (10, 2, 0xF0, b"\x01\xf7"),
    ]


def test_a_broken_off_track_keeps_what_came_before():
    read = read_track(body(on(0, 60), off(10, 60), on(0, 64))[:-6])
    assert read.damage
    assert read.channel_events == [(0, 0x90, 60, 90), (10, 0x80, 60, 64)]


def test_notes_after_an_early_end_of_a_track_are_read():
    read = read_track(body(on(0, 60), off(10, 60), b"\0" + END, on(0, 62), off(10, 62)))
    assert (len(read.channel_events), read.end, read.goes_on) == (4, 20, True)


def test_what_fills_a_track_after_its_end_is_no_music():
    for filling in (bytes(40), b"\0\x90\x3c", b"\0\xb0\x07\x64", b"garbage"):
        read = read_track(some_notes() + b"\0" + END + filling)
        assert (len(read.channel_events), read.end, read.goes_on, read.damage) == (6, 1440, False, "")


def test_nothing_after_an_illegal_status_is_taken_for_music():
    read = read_track(body(some_notes(), b"\0\xf4", some_notes()))
    assert (len(read.channel_events), read.damage) == (6, "an illegal status byte, F4")


def test_after_a_break_what_came_since_the_first_doubtful_value_is_left_out():
    read = read_track(body(some_notes(), event(0, 0x90, 60, 0xFF), event(100_000, 0x90, 61, 9), b"\0\xf4"))
    assert (len(read.channel_events), read.end, read.limited) == (6, 1440, 0)


def test_values_above_127_are_taken_as_127():
    read = read_track(body(event(0, 0x90, 60, 0xFF), off(10, 60)))
    assert (read.limited, read.channel_events[0]) == (1, (0, 0x90, 60, 127))


def test_tracks_are_found_behind_other_chunks_and_wrappers():
    file = midi(chunk(b"XFIH", b"abcd"), track(some_notes()))
    wrapped = b"RIFF\xff\xff\0\0RMIDdata\xff\xff\0\0" + file
    assert split(file).tracks == split(wrapped).tracks == (body(some_notes()),)


def test_a_longer_header_is_skipped():
    content = midi(track(some_notes()))
    longer = content[:7] + b"\x08" + content[8:14] + b"\0\0" + content[14:]
    assert split(longer).tracks == (body(some_notes()),)


def test_a_track_that_claims_to_swallow_the_next_is_cut_there():
    chunks = split(midi(chunk(b"MTrk", body(some_notes()), length=10**6), track(some_notes([72]))))
    assert chunks.tracks == (body(some_notes()), body(some_notes([72])))
    assert not chunks.is_cut_off


def test_a_file_that_ends_in_its_last_track_is_cut_off():
    chunks = split(midi(track(some_notes()))[:-5])
    assert chunks.is_cut_off
    assert chunks.tracks == (body(some_notes())[:-5],)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\1\2\3 no music", "it is not a MIDI file"),
        (b"MThd\0\0", "it breaks off in its header"),
        (midi(), "it has no tracks"),
        (midi(track(some_notes()), division=0), "its header says 0 ticks per quarter"),
        (midi(track(some_notes()), division=0xE700), "its header says 0 ticks per quarter"),
        (midi(*[track()] * 1001), "it has more than 1,000 tracks"),
        (bytes(8 * 2**20 + 1), "it is larger than 8 MB"),
    ],
)
def test_what_can_not_be_taken_apart_has_a_reason(content, reason):
    with pytest.raises(Unreadable, match=reason):
        split(content)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<!DOCTYPE html><html><body>404", "a web page"),
        (b"\n <HTML>", "a web page"),
        (b"ID3\x04\0\0", "an MP3 recording"),
        (b"\xff\xfb\x90\x44", "an MP3 recording"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a WAV recording"),
        (b"Rar!\x1a\x07\0", "a RAR archive"),
        (b"PK\x03\x04\x14", "a zip archive, or a document packed as one"),
        (b"%PDF-1.4", "a PDF document"),
        (b'<?xml version="1.0"?><!DOCTYPE score-partwise PUBLIC>', "a score in MusicXML"),
        ("Nur Wörter, keine Noten".encode(), "plain text"),
        (b"\x89PNG\r\n", "a picture (PNG)"),
        (b"\1\2\3\xff", ""),
    ],
)
def test_what_is_something_else_is_called_by_its_name(content, kind):
    assert kind_of(content) == kind
    with pytest.raises(Unreadable, match=re.escape(f"it is {kind or 'not a MIDI file'}")):
        split(content)


def riff(*chunks):
    body = b"RMID" + b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2) for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_riff_file_is_read_by_its_chunks():
    file = midi(track(some_notes()))
    decoy = b"not the MThd that you seek" * 400
    for wrapped in (
        riff((b"data", file)),
        riff((b"LIST", decoy), (b"data", file)),
        riff((b"data", file), (b"LIST", decoy)),
    ):
        assert split(wrapped).tracks == (body(some_notes()),)


def test_a_soundfont_beside_the_music_does_not_make_it_too_large():
    wrapped = riff((b"RIFF", bytes(9 * 2**20)), (b"data", midi(track(some_notes()))))
    assert split(wrapped).tracks == (body(some_notes()),)


def test_the_first_of_two_songs_in_a_file_is_read():
    first, second = midi(track(some_notes())), midi(track(some_notes([72])))
    for content in (first + second, first + b"\0\0" + second):
        chunks = split(content)
        assert (chunks.tracks, chunks.has_more) == ((body(some_notes()),), True)
    assert not split(first).has_more


def test_a_track_out_of_step_is_kept_up_to_where_it_fell_out():
    slipped = b"".join(event(10, 0x90, 0xBC, 0x5A) for _ in range(3))
    read = read_track(body(some_notes(), slipped, some_notes()))
    assert (len(read.channel_events), read.limited, bool(read.damage)) == (6, 0, True)


def test_what_follows_a_wide_gap_in_a_damaged_track_is_left_out():
    late = event(100_000, 0x90, 60, 9)
    assert read_track(body(some_notes(), late, b"\0\xf4")).end == 1440
    assert read_track(body(some_notes(), late)).end == 101_440
