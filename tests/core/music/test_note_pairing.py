import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.music.note_pairing import RawNotes, fitted, rescaled, with_first_offs
from core.music.score import Note
from core.music.score import fitted as fitted_notes
from tests.strategies import crowded_notes


def raw(*rows):
    """Of (voice, onset, pitch, end, velocity) each."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    return RawNotes(*(table[:, column] for column in range(5)))


def spans(notes):
    return list(zip(notes.voice.tolist(), notes.onset.tolist(), notes.pitch.tolist(), notes.end.tolist(), strict=True))


def test_one_note_off_closes_all_notes_open_on_its_pitch():
    paired = with_first_offs(raw((0, 0, 60, 10, 90), (0, 5, 60, 20, 90), (0, 0, 61, 15, 90)))
    assert sorted(spans(paired)) == [(0, 0, 60, 10), (0, 0, 61, 15), (0, 5, 60, 10)]


def test_a_note_without_length_goes_but_its_note_off_counts():
    paired = with_first_offs(raw((0, 0, 60, 20, 90), (0, 10, 60, 10, 90)))
    assert spans(paired) == [(0, 0, 60, 10)]


def test_a_note_off_at_the_onset_does_not_close():
    paired = with_first_offs(raw((0, 0, 60, 10, 90), (0, 10, 60, 20, 90)))
    assert spans(paired) == [(0, 0, 60, 10), (0, 10, 60, 20)]


def test_voices_and_pitches_close_their_own_notes_alone():
    notes = raw((0, 0, 60, 100, 90), (1, 0, 60, 10, 90), (0, 0, 61, 20, 90), (0, 50, 61, 60, 90))
    assert sorted(spans(with_first_offs(notes))) == sorted(spans(notes))


def test_halves_are_rounded_up():
    assert rescaled(np.array([0, 1, 2, 3]), 480, 960).tolist() == [0, 1, 1, 2]
    assert rescaled(np.array([0, 1, 96]), 480, 96).tolist() == [0, 5, 480]


@given(st.lists(st.lists(crowded_notes, max_size=12), min_size=1, max_size=3))
def test_arrays_are_fitted_as_notes_are(voices):
    rows = [
        (number, note.onset, note.pitch, note.end, note.velocity) for number, some in enumerate(voices) for note in some
    ]
    fit = fitted(raw(*rows))
    for number, some in enumerate(voices):
        own = fit.notes.taken(fit.notes.voice == number)
        made = tuple(
            Note(onset, pitch, end - onset, velocity)
            for onset, pitch, end, velocity in zip(
                own.onset.tolist(), own.pitch.tolist(), own.end.tolist(), own.velocity.tolist(), strict=True
            )
        )
        assert made == fitted_notes(some)
    assert len(fit.notes) + fit.doubled == len(rows)
