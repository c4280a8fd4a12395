"""Versions of one tune are known for what they are, and other tunes are left alone."""

import zipfile

import numpy as np
import pytest

from core import paths
from core.learning.events.dataset import EncodedPiece, validation_split
from core.learning.events.tokenizer import encode
from core.learning.events.versions import version_groups
from core.learning.spec import TokenizerSpec
from core.music.midi_file import read_midi_bytes
from core.music.score import Note, Part, Score

SPEC = TokenizerSpec()


def events_of(notes):
    return encode(Score((Part.of(notes),)), SPEC)


def songs(count):
    """Sample melodies, each as its notes."""
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        names = [name for name in sorted(collection.namelist()) if name.endswith(".mid")]
        for name in names[:: len(names) // count][:count]:
            score = read_midi_bytes(collection.read(name), name).score
            yield list(max(score.parts, key=lambda part: len(part.notes)).notes)


def transposed(notes):
    return [Note(note.onset, note.pitch + 5, note.duration) for note in notes]


def shortened(notes):
    return [Note(note.onset - notes[20].onset, note.pitch, note.duration) for note in notes[20:]]


def ornamented(notes):
    """Every twelfth note is another, and all come half as fast."""
    return [
        Note(2 * note.onset, note.pitch + (2 if index % 12 == 7 else -3), 2 * note.duration)
        for index, note in enumerate(notes)
    ]


def harmonised(notes):
    """With a third or a sixth below each note, and a bass."""
    return [
        made
        for index, note in enumerate(notes)
        for made in (
            note,
            Note(note.onset, note.pitch - (4 if index % 3 else 8), note.duration),
            Note(note.onset, note.pitch - 20 - index % 5, note.duration),
        )
    ]


@pytest.fixture(scope="module")
def melodies():
    return list(songs(40))


@pytest.mark.parametrize("version", [transposed, shortened, ornamented, harmonised])
def test_a_version_is_grouped_with_its_tune_and_nothing_else_is(melodies, version):
    notes = [*melodies, *(version(each) for each in melodies[:10])]
    groups = version_groups([events_of(each) for each in notes])
    assert groups.tolist() == [*range(40), *range(10)]


def test_versions_of_versions_are_one_group(melodies):
    chain = [melodies[0], transposed(melodies[0]), shortened(ornamented(melodies[0])), *melodies[1:9]]
    assert version_groups([events_of(each) for each in chain]).tolist() == [0, 0, 0, *range(3, 11)]


@pytest.mark.parametrize("random_seed", range(5))
def test_versions_stand_on_one_side_of_the_split(melodies, random_seed):
    kinds = (lambda notes: notes, transposed, shortened, ornamented, harmonised)
    pieces = [
        EncodedPiece(f"{place:02}-{kind}", "", events_of(make(notes)))
        for place, notes in enumerate(melodies)
        for kind, make in enumerate(kinds)
    ]
    mask = validation_split(pieces, share=0.2, random_seed=random_seed)
    assert mask.any()
    assert not mask.all()
    assert all(len(set(side)) == 1 for side in mask.reshape(-1, len(kinds)).tolist())


def test_who_comes_first_makes_no_difference(melodies):
    pieces = [
        EncodedPiece(str(place), "", events_of(make(notes)))
        for place, notes in enumerate(melodies)
        for make in (transposed, ornamented)
    ]
    backwards = validation_split(pieces[::-1], share=0.2, random_seed=3)[::-1]
    assert validation_split(pieces, share=0.2, random_seed=3).tolist() == backwards.tolist()


def test_a_folder_of_one_exercise_in_all_shapes_is_still_split():
    scales = [[Note(240 * index, 50 + start + index % 8, 240) for index in range(60 + start)] for start in range(12)]
    assert version_groups([events_of(each) for each in scales]).tolist() == list(range(12))


def test_fragments_and_nothing_at_all_are_versions_of_nothing():
    random = np.random.default_rng(1)
    few = [
        [Note(240 * index, int(pitch), 240) for index, pitch in enumerate(random.integers(50, 70, 12))] for _ in "ab"
    ]
    assert version_groups([]).tolist() == []
    assert version_groups([events_of(each) for each in (*few, few[0])]).tolist() == [0, 1, 2]
