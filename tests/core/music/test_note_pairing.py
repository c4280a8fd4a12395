import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.music.note_pairing import RawNotes, fitted, paired, rescaled
from core.music.score import Note
from core.music.score import fitted as fitted_notes
from tests.strategies import crowded_notes


def raw(*rows):
    """Of (voice, onset, pitch, end, velocity) each."""
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    return RawNotes(*(table[:, column] for column in range(5)))


def ends(*keys):
    """Each key as letters, "+" for a strike and "-" for a note-off: which event ends each strike; None for none."""
    text = "".join(keys)
    is_new = np.zeros(len(text), bool)
    is_new[np.cumsum([0, *map(len, keys[:-1])])] = True
    found = paired(np.array([sign == "+" for sign in text]), is_new).tolist()
    return [end if end >= 0 else None for sign, end in zip(text, found, strict=True) if sign == "+"]


def test_strike_and_off_in_turn_belong_together():
    assert ends("+-+-", "+-") == [1, 3, 5]


def test_what_was_struck_first_is_let_go_first():
    assert ends("++--") == [2, 3]
    assert ends("++-+--") == [2, 4, 5]


def test_an_off_while_nothing_sounds_means_nothing():
    assert ends("-+-", "--+-") == [2, 6]


def test_a_note_that_nothing_ends_is_left_open():
    assert ends("+", "+-+") == [None, 2, None]


def test_one_lost_off_does_not_draw_out_all_that_follow():
    assert ends("+-++-+-+-") == [1, 4, 4, 6, 8]


def test_keys_close_their_own_notes_alone():
    assert ends("+", "-+-", "++--", "+") == [None, 3, 6, 7, None]


@given(st.lists(st.text("+-", min_size=1, max_size=12), min_size=1, max_size=4))
def test_no_strike_is_ended_by_what_came_before_or_by_another_key(keys):
    bounds = np.cumsum([0, *map(len, keys)])
    strikes = [place for place, sign in enumerate("".join(keys)) if sign == "+"]
    for strike, end in zip(strikes, ends(*keys), strict=True):
        if end is not None:
            assert strike < end
            assert np.searchsorted(bounds, strike, side="right") == np.searchsorted(bounds, end, side="right")


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
    assert len(fit.notes) + len(fit.doubled) == len(rows)
