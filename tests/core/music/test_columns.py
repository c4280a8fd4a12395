"""Notes kept as columns are to a reader what a tuple of notes was."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.music.score import MAX_TICK, Controls, Note, Notes, Part, Score, fitted
from tests.builders import notes
from tests.strategies import crowded_notes, scores

TUNE = notes("C4 1/4 D4 1/8 E4+G4 1/8 C4 1/2")


def test_columns_are_read_like_a_tuple_of_the_same_values():
    columns = Notes.of(TUNE)
    assert (columns, hash(columns), len(columns)) == (TUNE, hash(TUNE), len(TUNE))
    assert tuple(columns) == TUNE
    assert [columns[0], columns[-1]] == [TUNE[0], TUNE[-1]]
    assert columns[1:3] == TUNE[1:3]
    assert columns[::-1] == TUNE[::-1]
    assert TUNE[2] in columns
    assert columns.index(TUNE[2]) == 2
    assert repr(columns) == repr(TUNE)
    assert all(type(value) is int for value in (columns[0].onset, columns[0].pitch, columns[0].end))
    with pytest.raises(IndexError):
        columns[len(TUNE)]


def test_columns_of_another_kind_or_other_values_are_not_equal():
    assert Notes.of(()) == ()
    assert Notes.of(()) != Controls.of(())
    assert Notes.of(TUNE) != TUNE[:-1]
    assert Notes.of(TUNE) != list(TUNE)
    assert Notes.of(TUNE) != Notes.of(TUNE[::-1])


def test_no_one_can_write_into_columns():
    columns = Notes.of(TUNE)
    for array in (columns.table, columns.onset, columns[1:].table, columns.fitted().velocity):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1
    with pytest.raises(AttributeError, match="immutable"):
        columns.table = np.zeros((4, 1), np.int32)


@given(scores())
def test_a_copy_from_another_process_is_equal_and_as_immutable(score: Score):
    for copied in (pickle.loads(pickle.dumps(score)), copy.deepcopy(score)):
        assert copied == score
        assert not any(part.notes.table.flags.writeable for part in copied.parts)


@pytest.mark.parametrize(
    "row", [(-1, 60, 1, 90), (0, 128, 1, 90), (0, -1, 1, 90), (0, 60, 0, 90), (0, 60, 1, 0), (0, 60, 1, 128)]
)
def test_a_table_with_an_impossible_note_is_refused_as_the_note_is(row):
    with pytest.raises(ValueError, match="no such note"):
        Note(*row)
    with pytest.raises(ValueError, match="no such note"):
        Notes(np.array([(0, 60, 1, 90), row]).T)


@pytest.mark.parametrize("tick", [MAX_TICK + 1, 2**32, 2**40])
def test_ticks_beyond_32_bits_are_refused_not_wrapped_round(tick):
    with pytest.raises(ValueError):
        Notes(np.array([[tick], [60], [1], [90]]))
    with pytest.raises(ValueError, match="32 bits"):
        Controls(np.array([[tick], [64], [127]]))


def test_the_end_of_the_latest_longest_note_is_told():
    part = Part(notes=(Note(MAX_TICK, 60, MAX_TICK),))
    assert (part.end, part.notes.end.tolist(), part.notes[0].end) == (2 * MAX_TICK, [2 * MAX_TICK], 2 * MAX_TICK)
    assert part.notes.place.tolist() == [MAX_TICK * 128 + 60]


def test_a_part_refuses_notes_out_of_order_or_overlapping():
    for given_notes in (TUNE[::-1], (TUNE[0], TUNE[0]), (Note(0, 60, 100), Note(50, 60, 10))):
        with pytest.raises(ValueError, match="out of order, or overlap"):
            Part(notes=given_notes)


def fitted_one_by_one(given_notes):
    """What `fitted` promises, note by note."""
    longest = {}
    for note in given_notes:
        kept = longest.get((note.onset, note.pitch))
        if kept is None or (note.duration, note.velocity) > (kept.duration, kept.velocity):
            longest[note.onset, note.pitch] = note
    ordered = [longest[place] for place in sorted(longest)]
    made = []
    for note in ordered:
        later = [other.onset for other in ordered if other.pitch == note.pitch and other.onset > note.onset]
        made.append(
            Note(note.onset, note.pitch, min([note.duration, *(at - note.onset for at in later)]), note.velocity)
        )
    return tuple(made)


@given(st.lists(crowded_notes, max_size=14))
def test_fitting_keeps_the_longer_of_two_and_cuts_what_is_struck_again(given_notes):
    fit = fitted(given_notes)
    assert fit == fitted_one_by_one(given_notes)
    assert Part(notes=fit).notes is fit
    assert fitted(tuple(fit)) == fit


@given(st.lists(crowded_notes, max_size=14), st.lists(crowded_notes, max_size=4))
def test_rows_are_found_of_the_very_notes_that_are_there(held, asked):
    columns = fitted(held)
    for wanted in ({*asked, *columns[::2]}, set(asked), set()):
        assert columns.rows_of(wanted).tolist() == [row for row, note in enumerate(columns) if note in wanted]
