import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.music import edits
from core.music.score import ControlChange, Metre, Note, Part, Score
from tests import strategies
from tests.builders import BAR, QUARTER, notes, part, score
from tests.strategies import scores_with_selection


def part_notes(edited, index=0):
    return edited.score.parts[index].notes


def test_a_moved_group_keeps_its_shape():
    piece = score("C4 1/4 E4 1/4 G4 1/4")
    moved = edits.move(piece, 0, notes("C4 1/4 E4 1/4"), ticks=4 * QUARTER, semitones=2)
    assert part_notes(moved) == (*notes("G4 1/4", at=2 * QUARTER), *notes("D4 1/4 F#4 1/4", at=4 * QUARTER))
    assert moved.selection == frozenset(notes("D4 1/4 F#4 1/4", at=4 * QUARTER))


def test_a_moved_group_stops_at_the_edge_of_the_piece():
    piece = score(Part.of(notes("C4 1/4 E4 1/4", at=100)))
    moved = edits.move(piece, 0, piece.parts[0].notes, ticks=-5_000)
    assert part_notes(moved) == notes("C4 1/4 E4 1/4")


def test_a_moved_group_stops_at_the_highest_and_lowest_pitch():
    piece = score("C4 1/4 G8 1/4")
    assert [note.pitch for note in part_notes(edits.move(piece, 0, piece.parts[0].notes, semitones=50))] == [72, 127]
    assert [note.pitch for note in part_notes(edits.move(piece, 0, piece.parts[0].notes, semitones=-99))] == [0, 55]


@given(scores_with_selection(), st.integers(-130, 130))
def test_a_move_to_free_space_and_back_is_identity(given_score, semitones):
    piece, index, selection = given_score
    free = piece.parts[index].end + 1
    there = edits.move(piece, index, selection, ticks=free, semitones=semitones)
    assert len(there.selection) == len(selection)
    reached = min((note.pitch for note in there.selection), default=0) - min(
        (note.pitch for note in selection), default=0
    )
    back = edits.move(there.score, index, there.selection, ticks=-free, semitones=-reached)
    assert back.score == piece
    assert back.selection == selection


edit_functions = st.sampled_from(
    [
        lambda piece, index, some, n: edits.move(piece, index, some, ticks=n, semitones=n % 25 - 12),
        lambda piece, index, some, n: edits.resize(piece, index, some, ticks=n),
        lambda piece, index, some, n: edits.resize(piece, index, some, ticks=n, edge="start", shortest=20),
        lambda piece, index, some, n: edits.quantise(piece, index, some, grid=abs(n) + 1),
        lambda piece, index, some, n: edits.quantise(piece, index, some, grid=120, strength=0.5, ends=True),
        lambda piece, index, some, n: edits.change_velocity(piece, index, some, n),
        lambda piece, index, some, n: edits.set_velocity(piece, index, dict.fromkeys(some, n)),
        lambda piece, index, some, n: edits.transpose(piece, index, some, semitones=n),
        lambda piece, index, some, n: edits.duplicate(piece, index, some),
        lambda piece, index, some, n: edits.paste(piece, index, some, at=n),
        lambda piece, index, some, n: edits.split(piece, index, some, at=abs(n)),
        lambda piece, index, some, n: edits.erase(piece, index, some),
    ]
)


@given(scores_with_selection(), edit_functions, st.integers(-5_000, 5_000))
def test_every_edit_keeps_the_invariants_and_touches_nothing_else(given_score, edit, amount):
    piece, index, selection = given_score
    edited = edit(piece, index, selection, amount)  # the constructors of Note and Part check the rest
    after = edited.score.parts[index]
    assert edited.selection <= frozenset(after.notes)
    assert (after.controls, after.name) == (piece.parts[index].controls, piece.parts[index].name)
    for other in range(len(piece.parts)):
        if other != index:
            assert edited.score.parts[other] is piece.parts[other]


@given(scores_with_selection(), edit_functions, st.integers(-5_000, 5_000))
def test_an_edit_of_no_notes_changes_nothing(given_score, edit, amount):
    piece, index, _selection = given_score
    assert edit(piece, index, frozenset(), amount).score == piece


@given(scores_with_selection(), strategies.crowded_notes)
def test_an_added_note_is_there_as_it_was_given(given_score, note):
    piece, index, _selection = given_score
    assert note in edits.add(piece, index, [note]).score.parts[index].notes


def test_an_added_note_cuts_the_note_that_sounds_and_covers_the_one_that_starts_under_it():
    piece = score(Part.of([Note(0, 60, 480), Note(600, 60, 100), Note(600, 61, 100)]))
    added = edits.add(piece, 0, [Note(240, 60, 480)])
    assert part_notes(added) == (Note(0, 60, 240), Note(240, 60, 480), Note(600, 61, 100))


@given(scores_with_selection())
def test_erasing_takes_exactly_these(given_score):
    piece, index, selection = given_score
    erased = edits.erase(piece, index, selection)
    assert frozenset(erased.score.parts[index].notes) == frozenset(piece.parts[index].notes) - selection
    assert erased.selection == frozenset()


def test_notes_that_the_part_does_not_hold_are_ignored():
    piece = score("C4 1/4")
    for edited in (
        edits.move(piece, 0, notes("D4 1/4"), ticks=10),
        edits.set_velocity(piece, 0, {notes("D4 1/4")[0]: 3}),
        edits.duplicate(piece, 0, notes("D4 1/4")),
    ):
        assert edited.score == piece
        assert not edited.selection


def test_an_end_is_pulled_no_further_than_the_shortest_length():
    piece = score("C4 1/4")
    assert part_notes(edits.resize(piece, 0, piece.parts[0].notes, ticks=-1_000, shortest=20))[0].duration == 20


def test_a_start_is_pulled_neither_past_the_end_nor_before_the_piece():
    piece = score("r 1/8 C4 1/8")
    late = edits.resize(piece, 0, piece.parts[0].notes, ticks=1_000, edge="start")
    assert part_notes(late) == (Note(479, 60, 1),)
    early = edits.resize(piece, 0, piece.parts[0].notes, ticks=-1_000, edge="start")
    assert part_notes(early) == (Note(0, 60, 480),)


def test_velocities_are_limited():
    piece = score("C4*10 1/4 D4*120 1/4")
    louder = edits.change_velocity(piece, 0, piece.parts[0].notes, 50)
    assert [note.velocity for note in part_notes(louder)] == [60, 127]
    softer = edits.change_velocity(piece, 0, piece.parts[0].notes, -50)
    assert [note.velocity for note in part_notes(softer)] == [1, 70]


def test_quantising_goes_to_the_nearest_line_a_tie_to_the_later():
    piece = score(Part.of([Note(55, 60, 100), Note(60, 61, 100), Note(180, 62, 100)]))
    quantised = edits.quantise(piece, 0, piece.parts[0].notes, grid=120)
    assert [(note.onset, note.duration) for note in part_notes(quantised)] == [(0, 100), (120, 100), (240, 100)]


def test_quantising_by_halves_goes_half_the_way():
    piece = score(Part.of([Note(40, 60, 100)]))
    assert part_notes(edits.quantise(piece, 0, piece.parts[0].notes, grid=120, strength=0.5))[0].onset == 20


def test_quantised_ends_leave_at_least_a_cell():
    piece = score(Part.of([Note(10, 60, 20), Note(10, 64, 200)]))
    quantised = edits.quantise(piece, 0, piece.parts[0].notes, grid=120, ends=True)
    assert [(note.onset, note.end) for note in part_notes(quantised)] == [(0, 120), (0, 240)]


def test_the_grid_starts_anew_with_each_bar():
    piece = Score((Part.of([Note(1_210, 60, 50)]),), metres=(Metre(0, 5, 8), Metre(1_200, 4, 4)))
    assert part_notes(edits.quantise(piece, 0, piece.parts[0].notes, grid=480))[0].onset == 1_200


@given(scores_with_selection(), st.sampled_from((20, 40, 120, 480)))
def test_quantising_twice_is_quantising_once(given_score, grid):
    piece, index, selection = given_score
    once = edits.quantise(piece, index, selection, grid=grid)
    twice = edits.quantise(once.score, index, once.selection, grid=grid)
    assert twice == once


def test_a_grid_of_nothing_is_refused():
    with pytest.raises(ValueError):
        edits.quantise(score("C4 1/4"), 0, (), grid=0)


def test_pasted_notes_start_where_told_and_are_selected():
    pasted = edits.paste(score("C4 1/4"), 0, notes("E4 1/4 G4 1/4", at=777), at=BAR)
    assert pasted.selection == frozenset(notes("E4 1/4 G4 1/4", at=BAR))


def test_a_full_bar_is_repeated_in_the_next_bar():
    piece = score("C4 1/4 D4 1/4 E4 1/4 r 1/4")
    assert part_notes(edits.duplicate(piece, 0, piece.parts[0].notes))[3:] == notes("C4 1/4 D4 1/4 E4 1/4", at=BAR)


def test_a_short_figure_is_repeated_right_after_itself():
    piece = score("C4 1/8 D4 1/8")
    assert part_notes(edits.duplicate(piece, 0, piece.parts[0].notes))[2:] == notes("C4 1/8 D4 1/8", at=QUARTER)


def test_a_split_note_is_two():
    piece = score("C4 1/2 D4 1/2")
    halved = edits.split(piece, 0, piece.parts[0].notes, at=QUARTER)
    assert part_notes(halved) == notes("C4 1/4 C4 1/4 D4 1/2")


def test_an_edited_part_and_an_unchanged_part_keep_their_controllers():
    pedal = (ControlChange(0, 64, 127), ControlChange(400, 64, 0))
    piece = score(part("C4 1/4", controls=pedal), part("E4 1/4", controls=pedal, program=5))
    edited = edits.move(piece, 0, piece.parts[0].notes, ticks=100).score
    assert edited.parts[0].controls == pedal
    assert edited.parts[1] == piece.parts[1]
