import pytest

from core.music.midi_events import LEFT_OPEN, Unreadable, read_track, split
from tests.builders import END, chunk, event, meta, midi, off, on, some_notes, track


def body(*events):
    return track(*events)[8:]


def played(*events):
    read = read_track(body(*events))
    return [(voice.channel, voice.program, *note) for voice in read.voices for note in voice.notes]


def test_a_note_lasts_until_its_note_off():
    assert played(on(10, 60, 80), off(20, 60)) == [(0, 0, 10, 60, 30, 80)]


def test_a_note_on_without_velocity_is_a_note_off():
    assert played(on(0, 60), on(20, 60, 0)) == [(0, 0, 0, 60, 20, 90)]


def test_running_status_goes_on_across_meta_and_exclusive_events():
    events = (
        on(0, 60),
        event(10, 60, 0),
        meta(0, 0x01, b"words"),
        event(0, 62, 90),
        b"\0\xf0\x02\x01\xf7",
        event(5, 62, 0),
    )
    assert played(*events) == [(0, 0, 0, 60, 10, 90), (0, 0, 10, 62, 15, 90)]


def test_a_note_belongs_to_the_program_at_its_note_off():
    events = (event(0, 0xC0, 5), on(0, 60), off(10, 60), event(0, 0xC0, 7), on(0, 60), off(10, 60))
    assert played(*events) == [(0, 5, 0, 60, 10, 90), (0, 7, 10, 60, 20, 90)]


def test_controllers_before_the_program_belong_to_what_plays_then():
    (voice,) = read_track(body(event(0, 0xB0, 7, 100), event(0, 0xC0, 5), some_notes())).voices
    assert (voice.program, voice.controls) == (5, [(0, 7, 100)])


def test_controllers_of_channels_that_do_not_play_are_left_out():
    read = read_track(body(event(0, 0xB0, 7, 100), event(0, 0xB1, 7, 100), some_notes()))
    assert [voice.channel for voice in read.voices] == [0]


def test_a_track_with_a_program_alone_is_a_part():
    (voice,) = read_track(body(event(0, 0xC3, 40))).voices
    assert (voice.channel, voice.program, voice.notes) == (3, 40, [])


def test_note_offs_close_first_what_was_struck_first():
    assert played(on(0, 60, 1), on(5, 60, 2), off(5, 60), off(5, 60)) == [(0, 0, 0, 60, 10, 1), (0, 0, 5, 60, 15, 2)]


def test_a_note_never_closed_is_left_open():
    read = read_track(body(on(0, 60), on(0, 64), off(480, 64)))
    assert read.voices[0].notes == [(0, 64, 480, 90), (0, 60, LEFT_OPEN, 90)]
    assert read.end == 480


def test_a_broken_off_track_keeps_what_came_before():
    whole = body(on(0, 60), off(10, 60), on(0, 64))
    read = read_track(whole[:-6])
    assert read.damage
    assert (0, 60, 10, 90) in read.voices[0].notes


def test_data_after_the_end_of_the_track_is_ignored():
    assert len(played(on(0, 60), off(10, 60), b"\0" + END, on(0, 62), off(10, 62))) == 1


def test_values_above_127_are_taken_as_127():
    read = read_track(body(event(0, 0x90, 60, 0xFF), off(10, 60)))
    assert (read.limited, read.voices[0].notes) == (1, [(0, 60, 10, 127)])


def test_reading_until_the_first_note_gives_the_name_and_stops():
    read = read_track(body(meta(0, 0x03, b"Flute"), some_notes(), b"\0\xf9"), until_note=True)
    assert (read.name, read.has_notes, read.voices, read.damage) == (b"Flute", True, [], "")


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
        (b"not music at all", "it is not a MIDI file"),
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
