"""Situations that real files bring about: state that belongs to channels, order within a tick, and what must not be lost."""

import io
import itertools
from dataclasses import replace

import mido
import pytest

from core.errors import FileError
from core.music.channel_state import before_strikes, changes
from core.music.midi_file import midi_bytes, read_midi_bytes
from core.music.score import BEND, PROGRAM
from core.music.timing import bar_starts
from tests.benchmarks.fidelity import compared, made_files
from tests.builders import END, chunk, event, meta, midi, off, on, some_notes, track


def read(*tracks, **header):
    return read_midi_bytes(midi(*tracks, **header), "x.mid")


def again(score):
    return read_midi_bytes(midi_bytes(score), "again.mid").score


def program(number, channel=0, delta=0):
    return event(delta, 0xC0 | channel, number)


def control(number, value, channel=0, delta=0):
    return event(delta, 0xB0 | channel, number, value)


def line(*pitches, channel=0, length=480):
    return b"".join(on(0, pitch, channel=channel) + off(length, pitch, channel=channel) for pitch in pitches)


def told(part, *numbers):
    return [(one.tick, one.number, one.value, one.when) for one in part.controls if one.number in numbers]


def messages(score):
    return list(mido.merge_tracks(mido.MidiFile(file=io.BytesIO(midi_bytes(score))).tracks))


# Channels


def test_a_track_of_settings_serves_all_tracks():
    setting = track(program(40), program(73, 1), control(7, 60), control(10, 5, 1))
    for score in ((first := read(setting, track(line(60)), track(line(72, channel=1))).score), again(first)):
        assert [(part.program, part.notes[0].pitch) for part in score.parts] == [(40, 60), (73, 72)]
        assert [told(part, 7, 10) for part in score.parts] == [[(0, 7, 60, 0)], [(0, 10, 5, 0)]]


def test_ports_have_channels_of_their_own():
    port = meta(0, 0x21, b"\1")
    score = read(track(program(40), line(60)), track(port, program(73), control(7, 9), line(72))).score
    assert [(part.program, part.channel, len(part.controls)) for part in again(score).parts] == [
        (40, 0, 0),
        (73, 16, 1),
    ]


def test_a_pedal_in_one_track_holds_for_the_other_on_its_channel_and_is_written_once():
    right, left = track(control(64, 127), line(84)), track(line(48))
    score = read(right, left).score
    assert [told(part, 64) for part in score.parts] == [[(0, 64, 127, 0)]] * 2
    assert again(score) == score
    pedals = [message for message in messages(score) if message.is_cc(64)]
    assert (len(pedals), {message.channel for message in messages(score) if message.type == "note_on"}) == (1, {0})


def test_a_program_change_starts_a_part_that_keeps_volume_and_pan():
    score = read(track(program(0), control(7, 30), control(10, 0), line(60), program(48), line(62)), kind=0).score
    for part in (*score.parts, *again(score).parts):
        assert told(part, 7, 10) == [(0, 7, 30, 0), (0, 10, 0, 0)]
    assert [part.program for part in again(score).parts] == [0, 48]


def test_a_bank_counts_from_the_program_on_that_follows_it():
    events = (control(0, 8), program(48), line(60), control(0, 3), line(62), program(49), line(64))
    score = read(track(*events)).score
    assert [(part.program, part.bank) for part in score.parts] == [(48, 8 << 7), (49, 3 << 7)]
    assert again(score) == score


def test_a_bank_is_written_before_its_program():
    score = read(track(control(0, 8), control(32, 1), program(48), control(7, 90), line(60))).score
    kinds = [(one.type, getattr(one, "control", None)) for one in messages(score) if not one.is_meta][:4]
    assert kinds == [("control_change", 0), ("control_change", 32), ("program_change", None), ("control_change", 7)]


@pytest.mark.parametrize(
    ("events", "channel"),
    [
        ((), 9),
        ((control(0, 127, 3), program(0, 3)), 3),
        ((control(0, 120, 5), program(8, 5)), 5),
        ((b"\0\xf0\x0a\x41\x10\x42\x12\x40\x1b\x15\x01\x0f\xf7", program(0, 11)), 11),
    ],
)
def test_drums_are_known_by_channel_by_bank_or_by_message(events, channel):
    score = read(track(*events, line(36, channel=channel)), track(line(60, channel=2))).score
    for one in (score, again(score)):
        assert [part.is_drums for part in one.parts] == [True, False]
        assert one.parts[0].channel == channel


def test_parts_of_one_channel_stay_on_it_though_there_are_more_than_channels():
    tracks = [track(program(number, number % 8), line(40 + number, channel=number % 8)) for number in range(8)]
    later = [track(event(960, 0xC0 | n, 100 + n) + line(60, channel=n)) for n in range(8)]
    score = again(read(*tracks, *later).score)
    assert sorted(part.program for part in score.parts) == [*range(8), *range(100, 108)]
    assert {part.channel for part in score.parts} == set(range(8))


def test_a_part_given_another_program_leaves_the_channel_it_shared():
    score = read(track(program(40), line(60)), track(line(48))).score
    changed = again(score.with_part(1, replace(score.parts[1], program=5)))
    assert [part.program for part in changed.parts] == [40, 5]


def test_reset_of_all_controllers_sets_what_the_standard_says():
    score = read(track(control(11, 5), control(7, 9), control(64, 127), control(121, 0, delta=10), line(60))).score
    values = {number: changes(score.parts[0].controls, number)[1].tolist() for number in (11, 7, 64, BEND)}
    assert values == {11: [5, 127], 7: [9], 64: [127, 0], BEND: [0]}


@pytest.mark.parametrize("mode", [120, 123, 126])
def test_channel_modes_end_all_notes(mode):
    score = read(track(on(0, 60), on(0, 64), control(mode, 0, delta=480), on(480, 60), off(480, 60))).score
    assert [(note.onset, note.pitch, note.end) for note in score.parts[0].notes] == [
        (0, 60, 480),
        (0, 64, 480),
        (960, 60, 1440),
    ]


def test_a_track_of_one_channel_that_nobody_plays_is_a_part_and_others_are_kept():
    alone = track(meta(0, 0x03, b"Flute"), program(73, 4), control(7, 9, 4))
    several = track(control(7, 5, 6), control(7, 6, 7))
    score = read(track(line(60)), alone, several).score
    assert [(part.name, part.program, len(part.notes)) for part in score.parts] == [("", 0, 1), ("Flute", 73, 0)]
    assert [(one.status, one.content) for one in score.others] == [(0xB6, b"\7\5"), (0xB7, b"\7\6")]
    assert again(score) == score


# Within a tick


def test_order_within_a_tick_is_the_files():
    events = (
        control(64, 127),
        *(on(0, 60), off(480, 60)),
        *(control(64, 0), control(64, 127)),
        *(on(0, 62), control(11, 9), off(480, 62)),
        *(control(64, 0), on(480, 64), control(64, 127), off(480, 64)),
    )
    score = read(track(*events)).score
    assert told(score.parts[0], 64, 11) == [
        (0, 64, 127, 0),
        (480, 64, 0, 0),
        (480, 64, 127, 0),
        (480, 11, 9, 1),
        (960, 64, 0, 0),
        (1440, 64, 127, 1),
    ]
    assert again(score) == score


def test_a_pedal_pressed_before_the_notes_are_let_go_is_told_from_one_pressed_after():
    score = read(track(on(0, 60), control(64, 127, delta=480), off(0, 60), on(0, 62), off(480, 62))).score
    assert told(score.parts[0], 64) == [(480, 64, 127, -1)]
    assert again(score) == score


def test_what_a_later_track_sets_does_not_hold_for_what_an_earlier_one_strikes_at_that_tick():
    score = read(track(line(60)), track(control(7, 5), line(48))).score
    for one in (score, again(score)):
        at, _values = changes(one.parts[0].controls, 7)
        assert at[0] > before_strikes(one.parts[0].notes.onset)[0]
        at, _values = changes(one.parts[1].controls, 7)
        assert at[0] <= before_strikes(one.parts[1].notes.onset)[0]


# Notes


def test_notes_without_length_are_kept_for_a_tick_and_said():
    result = read(track(on(0, 36), off(0, 36), on(240, 36), off(0, 36), on(240, 38), off(240, 38)))
    assert [(note.onset, note.duration) for note in result.score.parts[0].notes] == [(0, 1), (240, 1), (480, 240)]
    assert result.repairs == ("2 notes without length made one tick long",)


def test_a_note_off_lets_go_what_was_struck_first():
    legato = read(track(on(0, 60), on(480, 60), off(20, 60), off(460, 60))).score.parts[0].notes
    held = read(track(on(0, 60), on(480, 60), off(480, 60), off(960, 60))).score.parts[0].notes
    assert [notes[-1].end for notes in (legato, held)] == [960, 1920]


# The end, and all that is merely kept


def test_a_rest_at_the_end_stays():
    score = read(track(meta(0, 0x58, b"\4\2\x18\x08"), meta(3840, 0x01)), track(line(60, 62), meta(2880, 0x01))).score
    assert (score.length, score.end, again(score).end) == (3840, 3840, 3840)
    assert {
        sum(one.time for one in of_track) for of_track in mido.MidiFile(file=io.BytesIO(midi_bytes(score))).tracks
    } == {3840}


def test_an_end_far_beyond_the_music_is_no_rest():
    result = read(track(line(60), meta(10_000_000, 0x01)))
    assert result.score.end == 480
    assert "The end, far beyond the music, put where the music ends" in result.repairs


def test_all_kinds_of_events_come_back():
    reset = b"\0\xf0\x05\x7e\x7f\x09\x01\xf7"
    metas = {0x03: b"My Song", 0x02: b"(c) Me", 0x01: b"for Ann", 0x54: b"\x21\0\0\0\0", 0x07: b"cue", 0x7F: b"\0\1\2"}
    score = read(
        track(*(meta(0, kind, content) for kind, content in metas.items()), reset),
        track(meta(0, 0x03, b"Lead"), meta(0, 0x04, b"Violin"), program(40), on(0, 60), event(9, 0xD0, 50)
              + event(1, 0xA0, 60, 40) + event(1, 0xE0, 0, 80) + control(99, 1) + off(20, 60)),
    ).score  # fmt: skip
    assert again(score) == score
    assert [(one.status, one.content) for one in score.others] == [*metas.items(), (0xF0, reset[3:])]
    assert [one.content for one in score.parts[0].others] == [b"Violin"]
    kinds = {one.type for one in messages(score)}
    assert {
        "aftertouch",
        "polytouch",
        "pitchwheel",
        "sysex",
        "smpte_offset",
        "sequencer_specific",
        "copyright",
    } <= kinds


def test_programs_that_nothing_is_struck_with_stay_where_they_are():
    score = read(track(program(1), line(60), program(2), program(3), line(62))).score
    assert [value for _tick, _number, value, _when in told(score.parts[0], PROGRAM)] == [2, 3]
    assert again(score) == score


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp932", ["メロディー", "ピアノ"]),
        ("cp1251", ["Мелодия", "Гитара"]),
        ("gbk", ["主旋律", "钢琴"]),
        ("big5", ["主旋律", "鋼琴", "吉他"]),
        ("euc_kr", ["멜로디", "피아노"]),
        ("latin-1", ["Mélodie à côté", "Größe"]),
        ("cp1250", ["Skrzypce główne", "Žluťoučký kůň"]),
        ("utf-8", ["Größe ♪", "メロディー"]),
    ],
)
def test_texts_are_read_by_the_encoding_that_fits_them_all_and_written_in_utf_8(encoding, names):
    tracks = [track(meta(0, 0x03, name.encode(encoding)), line(60, channel=n)) for n, name in enumerate(names)]
    score = read(*tracks).score
    assert [part.name for part in score.parts] == names
    assert all(name.encode() in midi_bytes(score) for name in names)


def test_control_characters_are_never_shown():
    score = read(track(meta(0, 0x03, b"Le\x01ad\x7f\0"), meta(0, 0x05, b"la\x07\r\n"), line(60))).score
    assert (score.parts[0].name, score.lyrics[0].text) == ("Lead", "la\r\n")


# What one stray event must not cost


def test_a_lone_event_far_beyond_the_music_is_left_out_and_said():
    for stray in (event(0x0FFFFFFF, 0xB0, 7, 1), meta(0x0FFFFFFF, 0x01, b"late"), on(0x0FFFFFFF, 60) + off(9, 60)):
        result = read(track(line(*[60] * 40), stray, meta(0x0FFFFFFF, 0x06)))
        assert (result.score.end, result.score.note_count) == (40 * 480, 40)
        assert any("far beyond the music left out" in repair for repair in result.repairs)


def test_notes_after_an_early_end_of_track_are_read_and_said():
    result = read(track(line(60), b"\0" + END, line(62)))
    assert result.score.note_count == 2
    assert "Track 1 goes on after its end; read on" in result.repairs


def test_the_patterns_of_format_2_follow_each_other():
    result = read(track(line(60, 62)), track(program(5), line(72)), kind=2)
    assert [(part.program, part.notes[0].onset) for part in result.score.parts] == [(0, 0), (5, 960)]
    assert result.repairs == ("Its tracks are pieces of their own (format 2), set one after the other",)


def test_the_second_song_of_a_file_is_said():
    result = read_midi_bytes(midi(track(line(60))) + midi(track(line(62))), "x.mid")
    assert (result.score.note_count, result.repairs) == (
        1,
        ("A second song follows in the file; only the first is read",),
    )


@pytest.mark.parametrize("tick", [1, 3, 1439, 1441])
def test_a_metre_a_few_ticks_off_the_barline_makes_no_bar_of_its_own(tick):
    metres = meta(0, 0x58, b"\3\2\x18\x08"), meta(tick, 0x58, b"\2\2\x18\x08")
    result = read(track(*metres), track(line(*[60] * 12)))
    starts = bar_starts(result.score, 5000)
    assert min(later - earlier for earlier, later in itertools.pairwise(starts)) == 960
    assert "1 metre put at the nearest barline" in result.repairs


def test_a_web_page_is_called_so():
    with pytest.raises(FileError, match=r"‘x\.mid’ can't be read: it is a web page"):
        read_midi_bytes(b"<html>", "x.mid")


def test_after_real_damage_nothing_is_taken_for_music():
    result = read(chunk(b"MTrk", line(60, 62) + on(0, 64) + b"\0\xf4" + event(0x0FFFFF, 64, 0) + some_notes()))
    assert (result.score.end, result.score.note_count) == (1440, 3)


def test_notes_of_made_files_sound_as_a_reader_by_mido_hears_them_and_all_events_come_back():
    found = compared(made_files(12, seed=7))
    assert found.notes > 1000
    assert found.differing["as read"] == found.differing["after writing"] == 0
    assert found.after["control_change"] >= found.before["control_change"] > 0
    assert {
        kind for kind in found.before if found.after[kind] < found.before[kind] and kind != "program_change"
    } == set()


def test_a_note_that_nothing_ends_sounds_for_four_bars_at_most_and_is_said():
    result = read(track(on(0, 60), line(*[72] * 40)))
    assert next(note for note in result.score.parts[0].notes if note.pitch == 60).duration == 16 * 480
    assert result.repairs == ("1 endless note closed after four bars",)
