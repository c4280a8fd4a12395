"""Finding keys."""

import zipfile

import numpy as np
import pytest
from hypothesis import given

from core import paths
from core.music.keys import KEY_PROFILES, KeyProfiles, evidence_of, find_key, find_keys, key_of, longest_signature
from core.music.midi_file import read_midi_bytes
from core.music.pitch import Key
from core.music.score import KeySignature, Note, Part, Score
from tests.builders import notes, part, score
from tests.core.corpus.test_note_table import lists_of_notes

F_MAJOR, C_MAJOR, E_MAJOR = (KeySignature(0, fifths, False) for fifths in (-1, 0, 4))
D_MINOR_LINE = "D4 1/4 E4 1/8 F4 1/4 A4 1/4 Bb4 1/8 A4 1/4 C#4 1/8 D4 1/2"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (D_MINOR_LINE, "D minor"),
        ("G4 1/4 B4 1/4 D5 1/4 F#4 1/8 G4 1/2 C5 1/8 A4 1/8", "G major"),
        ("G4 1/4 A4 1/4 B4 1/4 C5 1/4 D5 1/4 E5 1/4 F#5 1/4 G5 1/4", "G major"),
        ("A3+C4+E4 1/2 D4+F4+A4 1/2 E4+G#4+B4 1/2 A3+C4+E4 1/1", "A minor"),
        ("C4 1/4 E4 1/4 G4 1/4 C5 1/4 G4 1/4 E4 1/4 C4 1/2", "C major"),
    ],
)
def test_the_key_of_music_is_found(line, name):
    assert find_key(notes(line)).name == name


def test_a_melody_that_dwells_on_its_fifth_is_not_taken_for_the_key_a_fifth_higher():
    assert (
        find_key(notes("C4 1/4 D4 1/4 E4 1/4 G4 1/2 G4 1/4 A4 1/4 G4 1/2 F4 1/4 E4 1/4 D4 1/4 G4 1/2 C4 1/4")).name
        == "C major"
    )


@given(lists_of_notes.filter(bool))
def test_transposing_notes_transposes_their_key(given_notes):
    odds = KEY_PROFILES.log_odds(evidence_of(given_notes))[0].reshape(2, 12)
    room = min(127 - max(note.pitch for note in given_notes), 5)
    moved = [Note(note.onset, note.pitch + room, note.duration) for note in given_notes]
    assert KEY_PROFILES.log_odds(evidence_of(moved))[0].reshape(2, 12) == pytest.approx(np.roll(odds, room, axis=1))


@given(lists_of_notes)
def test_the_order_in_which_notes_come_says_nothing(given_notes):
    assert np.array_equal(evidence_of(given_notes), evidence_of(list(given_notes)[::-1]))


def test_without_notes_or_signature_the_key_is_c_major():
    assert find_key(()) == Key(0)
    assert find_keys(np.zeros((0, 36))) == []
    assert find_key((), KeySignature(0, -1, True)).name == "D minor"
    assert key_of(Score((Part(),), keys=(KeySignature(0, -1, True),))).name == "D minor"


def test_a_signature_that_the_notes_bear_out_leaves_only_its_two_keys():
    assert find_key(notes(D_MINOR_LINE), F_MAJOR).name == "D minor"
    open_line = notes("D4 1/4 A4 1/4 G4 1/4 A4 1/4 D5 1/4 A4 1/4 D4 1/2")
    assert find_key(open_line).name != find_key(open_line, F_MAJOR).name
    assert find_key(open_line, F_MAJOR).name in ("F major", "D minor")
    assert find_key(open_line, KeySignature(0, -1, True)).name == "D minor", "who writes minor means it"


def test_a_signature_that_the_notes_contradict_counts_for_nothing():
    assert find_key(notes(D_MINOR_LINE), E_MAJOR).name == "D minor"
    assert find_key(notes("E4 1/4 F#4 1/4 G#4 1/4 A4 1/4 B4 1/4 C#5 1/4 D#5 1/4 E5 1/1"), C_MAJOR).name == "E major"


def test_the_signature_in_force_the_longest_counts():
    line = Part(notes=notes(D_MINOR_LINE))
    changing = Score((line,), keys=(E_MAJOR, KeySignature(100, -1, False), KeySignature(line.end - 10, 7, False)))
    assert longest_signature(changing) == KeySignature(100, -1, False)
    assert longest_signature(Score((line,))) is None


def test_drums_have_no_say_in_the_key():
    drums = part("C#2 4/1 D#2 4/1", is_drums=True)
    assert key_of(score("G4 1/4 B4 1/4 D5 1/4 F#4 1/8 G4 1/2", drums)).name == "G major"


@pytest.fixture(scope="module")
def songs():
    """Every fourth sample song: its melody, the same cut after four bars, its fifths."""
    found = []
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        for name in sorted(name for name in collection.namelist() if name.endswith(".mid"))[::4]:
            song = read_midi_bytes(collection.read(name), name).score
            melody = max(song.parts, key=lambda part: len(part.notes)).notes
            bar = song.metres[0].bar_duration
            found.append(
                (melody, melody.taken(melody.onset < int(melody.onset[0]) // bar * bar + 4 * bar), song.keys[0].fifths)
            )
    return found


def found_share(found, fifths):
    majors = [(key.tonic + (3 if key.is_minor else 0)) % 12 for key in found]
    return np.mean([major == fifth * 7 % 12 for major, fifth in zip(majors, fifths, strict=True)])


def test_profiles_counted_in_some_songs_name_the_keys_of_others(songs):
    melodies, seeds, fifths = ([*column] for column in zip(*songs, strict=True))
    whole, cut = (np.concatenate([evidence_of(each) for each in column]) for column in (melodies, seeds))
    counted = KeyProfiles.counted(whole[::2], np.array(fifths[::2]))
    assert found_share(find_keys(cut[1::2], profiles=counted), fifths[1::2]) > 0.7
    assert found_share(find_keys(whole[1::2], profiles=counted), fifths[1::2]) > 0.8
    assert found_share(find_keys(cut), fifths) > 0.75
    assert found_share(find_keys(whole), fifths) > 0.85
    assert counted.steps.sum(axis=2) == pytest.approx(np.ones((3, 2)))
