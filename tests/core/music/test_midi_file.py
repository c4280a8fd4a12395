import itertools
import random
from io import BytesIO
from pathlib import Path

import mido
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.music import edits
from core.music.midi_file import (
    TickExactMIDI,
    from_pretty_midi,
    midi_bytes,
    read_many,
    read_midi,
    read_midi_bytes,
    write_midi,
)
from core.music.score import ControlChange, KeySignature, Metre, Note, Part, Score, Tempo, TextEvent
from tests.builders import event, meta, midi, notes, off, on, part, score, some_notes, track
from tests.strategies import crowded_notes, scores

DATA = Path(__file__).parents[2] / "data" / "midi"
REAL_FILES = sorted(DATA.glob("*.mid"))


def performed(seed: int, *, channels: int = 1, length: int = 300) -> bytes:
    """A track's events as a careless player leaves them: doubled and overlapping notes, pedals, bends, no order."""
    chance = random.Random(seed)
    events = [event(0, 0xC0 | channel, chance.randrange(128)) for channel in range(channels)]
    for _ in range(length):
        channel, pitch, delta = chance.randrange(channels), chance.randrange(60, 66), chance.choice((0, 0, 1, 60, 200))
        events.append(
            chance.choice(
                (
                    on(delta, pitch, chance.randrange(1, 128), channel=channel),
                    on(delta, pitch, chance.randrange(1, 128), channel=channel),
                    on(delta, pitch, 0, channel=channel),
                    off(delta, pitch, channel=channel),
                    off(delta, pitch, channel=channel),
                    event(delta, 0xB0 | channel, 64, chance.randrange(128)),
                    event(delta, 0xE0 | channel, chance.randrange(128), chance.randrange(128)),
                )
            )
        )
    return b"".join(events)


def closing(*, channels: int = 1) -> bytes:
    """Note-offs for all, so that nothing is left open."""
    return b"".join(off(480 if n == 0 else 0, n % 128, channel=n // 128) for n in range(128 * channels))


CONDUCTOR = track(
    meta(0, 0x51, b"\x06\x1a\x80"),
    meta(0, 0x58, b"\x03\x02\x18\x08"),
    meta(960, 0x51, b"\x09\x27\xc1"),
    meta(0, 0x06, b"B"),
)
MADE_FILES = {
    "one track": midi(track(some_notes()), kind=0),
    "many channels in one track": midi(track(performed(1, channels=4), closing(channels=4)), kind=0),
    "drums": midi(CONDUCTOR, track(meta(0, 0x03, b"Kit"), on(0, 36, channel=9), off(10, 36, channel=9))),
    "sloppy": midi(CONDUCTOR, track(performed(2), closing()), track(performed(3), closing())),
    "96 ticks per quarter": midi(CONDUCTOR, track(performed(4), closing()), division=96),
    "1,024 ticks per quarter": midi(CONDUCTOR, track(performed(5), closing()), division=1024),
    "32,767 ticks per quarter": midi(CONDUCTOR, track(performed(6), closing()), division=32767),
    "never closed": midi(CONDUCTOR, track(performed(7))),
    "words": midi(CONDUCTOR, track(some_notes(), meta(0, 0x05, "Größe".encode()), meta(9, 0x05, b"Gr\xf6\xdfe"))),
    "an empty part": midi(CONDUCTOR, track(meta(0, 0x03, b"Flute"), event(0, 0xC0, 73)), track(some_notes())),
}
VARIED = [pytest.param(path.read_bytes(), id=path.name) for path in REAL_FILES] + [
    pytest.param(content, id=name) for name, content in MADE_FILES.items()
]


# Nothing is lost


@settings(max_examples=150)
@given(scores())
def test_a_score_is_read_as_it_was_written(piece):
    result = read_midi_bytes(midi_bytes(piece), "piece.mid")
    assert result.score == piece
    assert result.repairs == ()


@pytest.mark.parametrize("content", VARIED)
def test_a_file_written_again_reads_the_same(content):
    first = read_midi_bytes(content, "first.mid").score
    second = read_midi_bytes(midi_bytes(first), "second.mid")
    assert second.score == first
    assert second.repairs == ()


@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.name)
def test_real_files_are_read_without_repairs(path):
    assert read_midi_bytes(path.read_bytes(), path.name).repairs == ()


def test_files_read_together_give_what_each_gives_by_itself():
    contents = [content for parameters in VARIED for content in parameters.values]
    for content, together in zip(contents, read_many([(content, "x.mid") for content in contents]), strict=True):
        alone = read_midi_bytes(content, "x.mid")
        assert (together.score, together.repairs) == (alone.score, alone.repairs)


def test_an_unchanged_part_keeps_its_controllers_when_another_is_edited(tmp_path):
    pedal = tuple(ControlChange(tick, 64, value) for tick, value in ((0, 127), (0, 0), (0, 64), (960, 0)))
    before = score(part("C4 1/4 D4 1/4"), part("E4 1/1", controls=pedal, name="Piano", program=2))
    write_midi(before, tmp_path / "before.mid")
    opened = read_midi(tmp_path / "before.mid")
    edited = edits.move(opened, 0, opened.parts[0].notes, semitones=3).score
    write_midi(edited, tmp_path / "after.mid")
    assert read_midi(tmp_path / "after.mid").parts[1] == before.parts[1]


def test_all_that_a_musician_would_miss_is_kept(tmp_path):
    piece = Score(
        (
            part("C4 1/4", name="Violine ♫", program=40),
            part("C2 1/4", name="Drums", is_drums=True, program=8),
            part("r 1/4", name="Tacet", program=73),
        ),
        tempos=(Tempo(0, 333_333), Tempo(960, 333_333), Tempo(961, 777_777)),
        metres=(Metre(0, 7, 8), Metre(1_680, 4, 4)),
        keys=(KeySignature(0, -6, True), KeySignature(1_680, 7, False)),
        lyrics=(TextEvent(0, "Rö-"), TextEvent(0, "slein"), TextEvent(240, "’s")),
        markers=(TextEvent(0, "Strophe 1"),),
        length=1_680,
    )
    write_midi(piece, tmp_path / "ein Stück ♪.mid")
    assert read_midi(tmp_path / "ein Stück ♪.mid") == piece


def test_twenty_parts_stay_twenty_parts():
    piece = score(*[part("C4 1/4", name=f"Part {number % 3}") for number in range(20)])
    assert read_midi_bytes(midi_bytes(piece), "x.mid").score == piece


# The reference


def notes_of_pretty_midi(content: bytes) -> dict[tuple[int, bool], list[tuple[int, int, int]]]:
    """By (program, drums): the notes as pretty_midi hears them, in the file's ticks, made to fit as a Part's are."""
    heard = pretty_midi.PrettyMIDI(BytesIO(content))
    found: dict[tuple[int, bool], list[Note]] = {}
    for instrument in heard.instruments:
        made = [
            Note(
                onset := heard.time_to_tick(note.start), note.pitch, heard.time_to_tick(note.end) - onset, note.velocity
            )
            for note in instrument.notes
        ]
        found.setdefault((instrument.program, instrument.is_drum), []).extend(Part.of(made).notes)
    return {key: sorted((note.onset, note.pitch, note.end) for note in some) for key, some in found.items()}


def notes_of_ours(content: bytes) -> dict[tuple[int, bool], list[tuple[int, int, int]]]:
    found: dict[tuple[int, bool], list[tuple[int, int, int]]] = {}
    for ours in read_midi_bytes(content, "x.mid").score.parts:
        if ours.notes:
            spans = [(note.onset, note.pitch, note.end) for note in ours.notes]
            found.setdefault((ours.program, ours.is_drums), []).extend(spans)
    return {key: sorted(spans) for key, spans in found.items()}


@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.name)
def test_notes_are_those_of_pretty_midi(path):
    assert notes_of_ours(path.read_bytes()) == notes_of_pretty_midi(path.read_bytes())


@pytest.mark.parametrize("name", ["one track", "drums", "words"])
def test_notes_of_made_files_are_those_of_pretty_midi(name):
    # Where pretty_midi drops two notes struck and closed at one tick, the facts that both rules rest on keep one.
    ours, reference = notes_of_ours(MADE_FILES[name]), notes_of_pretty_midi(MADE_FILES[name])
    common = sum(len(set(ours[key]) & set(reference[key])) for key in reference)
    assert ours.keys() == reference.keys()
    assert common >= 0.97 * sum(map(len, reference.values()))


@pytest.mark.parametrize("path", REAL_FILES[:3], ids=lambda path: path.name)
def test_a_written_file_opens_in_pretty_midi_and_mido_with_the_same_notes(path, tmp_path):
    piece = read_midi(path)
    write_midi(piece, tmp_path / "out.mid")
    content = (tmp_path / "out.mid").read_bytes()
    assert notes_of_pretty_midi(content) == notes_of_ours(content)
    strikes = [
        message for message in itertools.chain(*mido.MidiFile(tmp_path / "out.mid").tracks) if message.type == "note_on"
    ]
    assert len(strikes) == piece.note_count


def test_written_tempos_and_metres_are_those_that_pretty_midi_hears():
    piece = score("C4 4/1", tempos=(Tempo(0, 400_000), Tempo(960, 750_000)), metres=(Metre(0, 3, 4),))
    heard = pretty_midi.PrettyMIDI(BytesIO(midi_bytes(piece)))
    times, tempos = heard.get_tempo_changes()
    assert times.tolist() == pytest.approx([0.0, 0.8])
    assert tempos.tolist() == pytest.approx([150.0, 80.0])
    assert [(metre.numerator, metre.denominator) for metre in heard.time_signature_changes] == [(3, 4)]


@pytest.mark.parametrize("path", REAL_FILES[:3], ids=lambda path: path.name)
def test_a_score_as_a_pretty_midi_holds_the_same_music(path):
    piece = read_midi(path)
    made = TickExactMIDI(piece)
    heard = pretty_midi.PrettyMIDI(BytesIO(midi_bytes(piece)))
    assert made.get_end_time() == pytest.approx(heard.get_end_time())
    for mine, theirs in zip(made.instruments, heard.instruments, strict=True):
        assert (mine.program, mine.name, mine.is_drum) == (theirs.program, theirs.name, theirs.is_drum)
        assert [
            (note.start, note.end, note.pitch) for note in sorted(mine.notes, key=lambda note: (note.start, note.pitch))
        ] == [
            pytest.approx((note.start, note.end, note.pitch))
            for note in sorted(theirs.notes, key=lambda note: (note.start, note.pitch))
        ]
    assert [key.key_number for key in made.key_signature_changes] == [
        key.key_number for key in heard.key_signature_changes
    ]


def test_a_pretty_midi_made_elsewhere_becomes_a_score():
    made = pretty_midi.PrettyMIDI(initial_tempo=100)
    violin = pretty_midi.Instrument(40, name="Violin")
    violin.notes.append(pretty_midi.Note(80, 60, 0.6, 1.2))
    made.instruments.append(violin)
    (ours,) = from_pretty_midi(made).parts
    assert (ours.name, ours.program, ours.notes) == ("Violin", 40, (Note(480, 60, 480, 80),))


# Repairs are named


@pytest.mark.parametrize(
    ("content", "repair"),
    [
        (midi(track(on(0, 60), on(0, 64), off(480, 64), off(0, 99))), "1 endless note closed at the end"),
        (midi(track(meta(0, 0x59, b"\x09\x00"), some_notes())), "Key signature unreadable, so left out"),
        (midi(track(meta(0, 0x58, b"\x00\x02\x18\x08"), some_notes())), "Metre unreadable, so left out"),
        (midi(track(meta(0, 0x58, b"\x04\x63\x18\x08"), some_notes())), "Metre unreadable, so left out"),
        (midi(track(meta(0, 0x51, b"\0\0\0"), some_notes())), "Tempo unreadable, so left out"),
        (midi(track(some_notes()), tracks=5), "The header promises 5 tracks; 1 found and read"),
        (midi(track(some_notes()), track(some_notes()), tracks=1), "The header promises 1 track; 2 found and read"),
        (midi(track(on(0, 60), on(0, 60), off(480, 60), off(0, 60))), "1 doubled note left out"),
        (midi(track(on(0, 60), on(240, 60), off(240, 60), off(0, 60))), "1 note cut where the pitch is struck again"),
        (
            midi(track(some_notes(), b"\0\xf4", some_notes())),
            "Track 1 is damaged (an illegal status byte, F4); kept as far as it goes",
        ),
        (midi(track(event(0, 0x90, 60, 200), off(480, 60))), "1 value above 127 taken as 127"),
        (midi(track(some_notes()), division=0xE728), "Timed in film frames; placed at 120 quarters a minute"),
        (midi(track(some_notes([60] * 40), is_ended=False))[:-3], "Cut off; first 10 bars kept"),
    ],
)
def test_what_had_to_be_repaired_is_named(content, repair):
    result = read_midi_bytes(content, "broken.mid")
    assert repair in result.repairs
    assert result.score.note_count


def test_a_cut_off_file_keeps_the_tracks_before_and_the_notes_before():
    result = read_midi_bytes(midi(track(some_notes()), track(some_notes([72, 74, 76])))[:-8], "cut.mid")
    assert [len(part.notes) for part in result.score.parts] == [3, 3]
    assert set(result.repairs) == {"Cut off; first 1 bar kept", "1 endless note closed at the end"}


def test_intact_files_need_no_repair():
    assert read_midi_bytes(midi(CONDUCTOR, track(some_notes())), "x.mid").repairs == ()


def test_an_endless_note_at_the_very_end_lasts_a_quarter():
    (endless,) = read_midi_bytes(midi(track(on(96, 60)), division=96), "x.mid").score.parts[0].notes
    assert endless == Note(480, 60, 480)


# What other programs write


@pytest.mark.parametrize("name", ["song.kar", "song.mid"])
def test_karaoke_texts_are_lyrics(name):
    words = [meta(0, 0x01, text) for text in (b"@KMIDI KARAOKE FILE", b"@TTitle", b"\\Hel", b"lo")]
    piece = read_midi_bytes(midi(track(*words, some_notes())), name).score
    assert [lyric.text for lyric in piece.lyrics] == ["\\Hel", "lo"]


def test_film_frames_are_seconds():
    ticks_per_s = 25 * 40
    piece = read_midi_bytes(midi(track(on(ticks_per_s, 60), off(ticks_per_s, 60)), division=0xE728), "x.mid").score
    assert piece.parts[0].notes == (Note(960, 60, 960),)


def test_other_resolutions_are_rescaled_with_halves_up_and_no_note_lost():
    content = midi(track(on(1, 60), off(1, 60), on(1, 62), off(0, 99), off(1, 62)), division=960)
    assert [(note.onset, note.duration) for note in read_midi_bytes(content, "x.mid").score.parts[0].notes] == [
        (1, 1),
        (2, 1),
    ]


def test_old_texts_are_latin_1():
    piece = read_midi_bytes(
        midi(track(meta(0, 0x03, b"Fl\xf6te\0"), meta(0, 0x05, b"M\xfcll"), some_notes())), "x.mid"
    ).score
    assert (piece.parts[0].name, piece.lyrics[0].text) == ("Flöte", "Müll")


def test_the_last_of_several_tempos_at_one_tick_holds():
    tempos = meta(0, 0x51, b"\x07\xa1\x20"), meta(0, 0x51, b"\x06\x1a\x80")
    assert read_midi_bytes(midi(track(*tempos, some_notes())), "x.mid").score.tempos == (Tempo(0, 400_000),)


@given(st.lists(crowded_notes, min_size=1, max_size=20))
def test_a_note_left_open_is_never_lost(some):
    held = Part.of(some).notes
    last = held[-1]
    others = [note for note in held if note.pitch != last.pitch or note.end <= last.onset]
    events = sorted(
        [(note.onset, 1, note.pitch) for note in [*others, last]] + [(note.end, 0, note.pitch) for note in others]
    )
    ticks = [0, *(tick for tick, _is_on, _pitch in events)]
    content = b"".join(
        (on if is_on else off)(tick - before, pitch)
        for before, (tick, is_on, pitch) in zip(ticks, events, strict=False)
    )
    found = read_midi_bytes(midi(track(content)), "x.mid").score.parts[0].notes
    assert (last.onset, last.pitch) in {(note.onset, note.pitch) for note in found}


def test_writing_replaces_the_file_all_at_once(tmp_path):
    target = tmp_path / "out.mid"
    write_midi(score("C4 1/4"), target)
    assert target.read_bytes() == midi_bytes(score("C4 1/4"))
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ""] == ["out.mid"]


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match=r"‘out.mid’ was not saved"):
        write_midi(Score(), tmp_path / "file" / "out.mid")


def test_the_score_of_a_result_is_built_once():
    result = read_midi_bytes(midi_bytes(score("C4 1/4")), "x.mid")
    assert result.score is result.score
    assert result.score.parts[0].notes == notes("C4 1/4")
