"""Finding notes by time, pitch and place, against a plain look at every note."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.music.score import Note, fitted
from gui.piano_roll.note_index import EMPTY, NoteIndex

notes = st.lists(
    st.builds(Note, st.integers(0, 3000), st.integers(50, 60), st.integers(1, 2000), st.integers(1, 127)), max_size=25
).map(fitted)
spans = st.tuples(st.integers(0, 4000), st.integers(1, 2000)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(notes, spans, st.integers(50, 60), st.integers(0, 10))
def test_between_finds_what_a_plain_search_finds(
    given_notes: tuple[Note, ...], span: tuple[int, int], low: int, more: int
) -> None:
    start, end = span
    index = NoteIndex.of(given_notes)
    expected = {n for n in given_notes if n.onset < end and n.end > start and low <= n.pitch <= low + more}
    assert index.notes_at(index.between(start, end, low=low, high=low + more)) == expected
    assert index.count_between(start, end) >= len(expected)


@given(notes, st.integers(0, 5000), st.integers(50, 60))
def test_the_note_under_a_place_is_the_one_that_sounds_there(
    given_notes: tuple[Note, ...], tick: int, pitch: int
) -> None:
    row = NoteIndex.of(given_notes).row_at(tick, pitch)
    expected = [note for note in given_notes if note.pitch == pitch and note.onset <= tick < note.end]
    assert ([] if row is None else [given_notes[row]]) == expected


@given(notes, notes)
def test_rows_are_found_for_the_notes_that_are_here_and_no_others(
    here: tuple[Note, ...], others: tuple[Note, ...]
) -> None:
    index = NoteIndex.of(here)
    asked = (*here[::2], *others)
    assert index.notes_at(index.rows_of(asked)) == set(asked) & set(here)


def test_notes_being_dragged_are_shown_where_they_would_go() -> None:
    index = NoteIndex.of((Note(0, 60, 100), Note(50, 64, 100), Note(100, 67, 100)))
    moved = index.taken(np.array([0, 2]), ticks=30, semitones=-2)
    assert moved.onset.tolist() == [30, 130]
    assert moved.end.tolist() == [130, 230]
    assert moved.pitch.tolist() == [58, 65]


def test_an_empty_index_answers_with_nothing() -> None:
    assert EMPTY.between(0, 100).size == 0
    assert EMPTY.row_at(0, 60) is None
    assert EMPTY.rows_of([Note(0, 60, 10)]).size == 0
