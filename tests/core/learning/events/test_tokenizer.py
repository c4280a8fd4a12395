"""Events: exact on the grid, one line or many voices, and symbols that survive the unknown."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ModelError
from core.learning.events.tokenizer import (
    LONGEST_STEPS,
    Vocabulary,
    class_velocity,
    decode,
    encode,
    quantised,
    velocity_class,
)
from core.learning.spec import TokenizerSpec
from core.music.score import MAX_TICK, Metre, Note, Part, Score

any_note = st.builds(
    Note,
    onset=st.one_of(st.integers(0, 8000), st.integers(0, MAX_TICK)),
    pitch=st.integers(0, 127),
    duration=st.one_of(st.integers(1, 2000), st.integers(1, MAX_TICK)),
    velocity=st.integers(1, 127),
)
metre_maps = st.lists(
    st.builds(Metre, st.integers(0, 9000), st.integers(1, 13), st.sampled_from([1, 2, 4, 8, 16, 32])),
    max_size=4,
    unique_by=lambda metre: metre.tick,
).map(lambda metres: tuple(sorted(metres, key=lambda metre: metre.tick)))
any_score = st.builds(
    lambda notes, metres: Score((Part.of(notes),), metres=metres), st.lists(any_note, max_size=30), metre_maps
)
specs = st.builds(TokenizerSpec, velocity_classes=st.integers(1, 127), legato=st.booleans())


@given(any_score, specs)
def test_decoding_what_was_encoded_gives_the_quantised_score(score, spec):
    assert decode(encode(score, spec), spec).notes == quantised(score, spec).parts[0].notes


@given(any_score, specs)
def test_quantising_twice_changes_nothing(score, spec):
    once = quantised(score, spec)
    assert quantised(once, spec) == once


@given(any_score, specs)
def test_events_lie_within_their_bars(score, spec):
    events = encode(score, spec)
    assert (events.bar_position >= 0).all()
    assert (events.bar_position < events.bar_steps).all()
    assert (events.delta >= 0).all()
    assert (events.duration >= 1).all()


@given(any_score)
def test_a_legato_line_has_no_chords_and_no_rests(score):
    notes = quantised(score, TokenizerSpec(legato=True)).parts[0].notes
    assert all(note.end == following.onset for note, following in itertools.pairwise(notes))


def test_the_first_delta_counts_from_the_start_of_its_bar():
    score = Score((Part.of([Note(480 * 4 * 2 + 480 * 2, 60, 240)]),), metres=(Metre(0, 3, 4),))
    events = encode(score, TokenizerSpec())  # tick 4800 = 10 quarters = bar 4, beat 2
    assert events.origin == 9 * 24
    assert events.delta.tolist() == events.bar_position.tolist() == [24]
    assert events.bar_steps.tolist() == [72]


def test_a_new_metre_begins_a_bar():
    score = Score(
        (Part.of([Note(0, 60, 100), Note(1440, 60, 100), Note(1440 + 960, 60, 100)]),),
        metres=(Metre(0, 4, 4), Metre(1440, 6, 8)),
    )
    events = encode(score, TokenizerSpec())
    assert events.bar_position.tolist() == [0, 0, 48]
    assert events.bar_steps.tolist() == [96, 72, 72]


def test_a_chord_is_one_onset_with_rising_pitches():
    score = Score((Part.of([Note(0, 67, 480), Note(0, 60, 480), Note(3, 64, 480)]),))
    events = encode(score, TokenizerSpec())
    assert events.delta.tolist() == [0, 0, 0]
    assert events.pitch.tolist() == [60, 64, 67]


@given(st.integers(1, 127))
def test_a_class_s_own_velocity_falls_into_it(classes):
    for index in range(classes):
        assert velocity_class(class_velocity(index, classes), classes) == index
    assert velocity_class(1, classes) == 0
    assert velocity_class(127, classes) == classes - 1


def test_the_vocabulary_holds_what_was_met_and_pitches_all_around():
    events = encode(Score((Part.of([Note(0, 60, 480), Note(480, 127, 240)]),)), TokenizerSpec())
    vocabulary = Vocabulary.of([events], TokenizerSpec(), transpose=2)
    assert vocabulary.values["pitch"] == (58, 59, 60, 61, 62, 125, 126, 127)
    assert vocabulary.values["duration"] == (12, 24)
    assert vocabulary.values["delta"] == (0, 24)
    assert vocabulary.sizes["velocity"] == 1


def test_absurd_lengths_stay_out_of_the_vocabulary_and_are_said_by_the_longest():
    events = encode(Score((Part.of([Note(0, 60, MAX_TICK), Note(2_000_000, 62, 240)]),)), TokenizerSpec())
    vocabulary = Vocabulary.of([events], TokenizerSpec())
    assert vocabulary.values["duration"] == (12,)
    assert max(vocabulary.values["delta"]) <= LONGEST_STEPS
    only_absurd = encode(Score((Part.of([Note(0, 60, MAX_TICK)]),)), TokenizerSpec())
    assert Vocabulary.of([only_absurd], TokenizerSpec()).values["duration"] == (LONGEST_STEPS,)


@given(st.sets(st.integers(0, 127), min_size=1), st.lists(st.integers(0, 127), min_size=1))
def test_an_unknown_value_becomes_the_nearest_known_one(known, wanted):
    vocabulary = Vocabulary({"pitch": tuple(sorted(known))})
    symbols = vocabulary.symbols("pitch", np.array(wanted))
    for value, symbol in zip(wanted, symbols.tolist(), strict=True):
        assert symbol == vocabulary.index("pitch", value)
        chosen = vocabulary.values["pitch"][symbol]
        assert abs(chosen - value) == min(abs(other - value) for other in known)
        assert value not in known or chosen == value


def test_unknown_events_are_marked():
    spec = TokenizerSpec(fields=("duration", "pitch"))
    line = encode(Score((Part.of([Note(0, 60, 480), Note(480, 61, 480), Note(960, 60, 960)]),)), spec)
    assert Vocabulary({"pitch": (60,), "duration": (24,)}).unknown(line).tolist() == [False, True, True]


@given(st.lists(any_score, min_size=1, max_size=3), st.integers(0, 12))
def test_a_vocabulary_survives_json(scores, transpose):
    spec = TokenizerSpec()
    vocabulary = Vocabulary.of((encode(score, spec) for score in scores if score.note_count), spec, transpose=transpose)
    if all(vocabulary.values.values()):
        assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


@pytest.mark.parametrize(
    "stored",
    [None, [], {}, {"pitch": []}, {"pitch": [1, 1]}, {"pitch": [-1]}, {"pitch": [128]}, {"pitch": ["a"]}, {"pitch": 3}],
)
def test_a_damaged_vocabulary_is_refused(stored):
    with pytest.raises(ModelError):
        Vocabulary.from_json(stored)
