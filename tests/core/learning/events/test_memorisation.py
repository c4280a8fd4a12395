import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.learning.events.memorisation import SharedRun, StudiedIndex, repeated_share
from core.learning.events.memorisation import build_studied_index as build_from_events
from core.learning.events.tokenizer import Events
from core.music.score import Note


def events_of(pitches, lengths):
    pitch, duration = np.array(pitches, np.int32), np.array(lengths, np.int32)
    delta = np.concatenate([np.zeros(1, np.int32), duration])[: len(duration)]
    nothing = np.zeros_like(pitch)
    return Events(delta, pitch, duration, nothing, nothing, nothing + 96)


def build_studied_index(pieces):
    return build_from_events([(title, events_of(pitches, lengths)) for title, pitches, lengths in pieces])


A = ("Air", [60, 62, 64, 65, 67, 69, 71, 72, 74, 60], [6, 6, 12, 6, 6, 12, 24, 6, 6, 24])
B = ("Dance", [60, 60, 67, 67, 69, 69, 67, 65, 65, 64], [24] * 10)


def brute_longest(pieces, pitches, lengths):
    best = 0
    for _, other, other_lengths in pieces:
        for i in range(len(pitches)):
            for j in range(len(other)):
                n = 0
                while (
                    i + n < len(pitches)
                    and j + n < len(other)
                    and lengths[i + n] == other_lengths[j + n]
                    and pitches[i + n] - pitches[i] == other[j + n] - other[j]
                ):
                    n += 1
                best = max(best, n)
    return best


def test_a_transposed_copy_is_found_with_its_place_and_its_source():
    index = build_studied_index([A, B])
    query = [50, 70, *(pitch + 5 for pitch in A[1][1:9]), 3]
    run = index.longest_run(query, [1, 1, *A[2][1:9], 1])
    assert run == SharedRun(start=2, notes=8, title="Air")


def test_the_same_pitches_in_another_rhythm_are_no_copy():
    index = build_studied_index([A, B])
    assert index.longest_run(A[1], [7] * 10).notes == 0


def test_a_run_never_crosses_from_one_piece_into_the_next():
    index = build_studied_index([A, B])
    query = [*A[1][-4:], *B[1][:4]]
    assert index.longest_run(query, [*A[2][-4:], *B[2][:4]]).notes == 4


notes = st.lists(st.tuples(st.integers(60, 63), st.sampled_from([6, 12])), max_size=25)


@given(st.lists(notes, min_size=1, max_size=4), notes)
def test_the_longest_run_is_the_one_that_comparing_everything_finds(pieces, query):
    studied = [(f"piece {i}", [p for p, _ in piece], [d for _, d in piece]) for i, piece in enumerate(pieces)]
    pitches, lengths = [p for p, _ in query], [d for _, d in query]
    found = build_studied_index(studied).longest_run(pitches, lengths).notes
    expected = brute_longest(studied, pitches, lengths)
    assert found == expected


@given(st.lists(notes, max_size=4))
def test_the_index_survives_its_arrays(pieces):
    index = build_studied_index(
        [(f"Stück\n {i}", [p for p, _ in piece], [d for _, d in piece]) for i, piece in enumerate(pieces)]
    )
    again = StudiedIndex.from_arrays(index.to_arrays())
    assert (again.titles, again.common_run, again.usual_run) == (index.titles, index.common_run, index.usual_run)
    assert np.array_equal(again.pitches, index.pitches)
    assert np.array_equal(again.lengths, index.lengths)


def test_pieces_that_share_nothing_leave_the_bar_low_and_copies_among_them_raise_it():
    strangers = build_studied_index([A, B])
    family = build_studied_index([A, B, ("Air again", [p + 3 for p in A[1]], A[2])])
    assert strangers.common_run < 6 < family.common_run == 10
    assert strangers.usual_run < family.usual_run


def test_each_shared_run_beyond_the_bar_is_listed():
    index = build_studied_index([A, B])
    query, lengths = [*A[1], 1, *B[1][:8]], [*A[2], 3, *B[2][:8]]
    assert index.runs(query, lengths, longer_than=7) == [SharedRun(0, 10, "Air"), SharedRun(11, 8, "Dance")]
    assert index.runs(query, lengths, longer_than=8) == [SharedRun(0, 10, "Air")]


def test_an_empty_index_and_an_empty_take_share_nothing():
    assert build_studied_index([]).longest_run([60, 62], [6, 6]) == SharedRun()
    assert build_studied_index([A]).longest_run([], []) == SharedRun()


def test_arrays_that_do_not_fit_together_are_refused():
    arrays = build_studied_index([A, B]).to_arrays()
    with pytest.raises(ValueError):
        StudiedIndex.from_arrays(arrays | {"pitches": arrays["pitches"][:-1]})


def test_the_index_knows_whether_its_pieces_are_lines():
    chords = events_of([60, 64, 67], [24, 24, 24])
    chords.delta[:] = 0
    assert build_studied_index([A, B]).is_monophonic
    assert not build_from_events([("Chords", chords)]).is_monophonic


@given(st.lists(notes, min_size=1, max_size=4), notes, st.integers(2, 5))
def test_a_run_is_found_where_comparing_everything_finds_it(pieces, query, length):
    studied = [(f"piece {i}", [p for p, _ in piece], [d for _, d in piece]) for i, piece in enumerate(pieces)]
    pitches, lengths = [p for p, _ in query], [d for _, d in query]
    (found,) = build_studied_index(studied).found(
        [(np.array(pitches, np.int64), np.array(lengths, np.int64))], notes=length
    )
    expected = [
        brute_longest(studied, pitches[start : start + length], lengths[start : start + length]) == length
        for start in range(len(query) - length + 1)
    ]
    assert found.tolist() == expected


def test_a_whole_piece_is_known_in_another_key_but_no_part_or_variation_of_it():
    index = build_studied_index([A, B])
    moved = [pitch - 7 for pitch in B[1]]
    assert index.holds(moved, B[2])
    assert not index.holds(moved[:-1], B[2][:-1])
    assert not index.holds([*moved[:-1], 40], B[2])
    assert not index.holds(moved, [*B[2][:-1], 12])
    assert not index.holds([*A[1], *B[1]], [*A[2], *B[2]])


def tune(*pitches, onset=0, step=480, held=480):
    return tuple(Note(onset + place * step, pitch, held) for place, pitch in enumerate(pitches))


def test_what_says_earlier_notes_again_is_known_in_any_key_however_it_is_held():
    seed = tune(60, 62, 64, 65, 67, 69, 71, 72)
    assert repeated_share(seed, seed) == 1.0
    assert repeated_share(tune(65, 67, 69, 70, 72, 74, 76, 77, onset=7680, held=300), seed) >= 7 / 8
    assert repeated_share(tune(60, 62, 64, 65, 67, 69, 71, 72, step=240), seed) == 0.0
    assert repeated_share(tune(72, 65, 70, 61, 60, 66, 59, 63), seed) == 0.0
    half = tune(60, 62, 64, 65, 67, 69) + tune(50, 61, 49, 58, 70, 55, onset=2880)
    assert 0.4 < repeated_share(half, seed) < 0.6
    assert repeated_share((), seed) == repeated_share(seed, ()) == 0.0
