import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.learning.generation.generation import Take
from core.learning.spec import GenerationRequest
from core.music import edits
from core.music.score import ControlChange, Note, Part, Score
from gui.document import Document, Snapshot
from tests.gui.conftest import line, score_of

BAR = 1920


def made_take(document, *pitches, letter="A"):
    notes = line(*pitches, onset=BAR)
    return Take(
        letter,
        frozenset(notes),
        BAR,
        2 * BAR,
        GenerationRequest(document.score),
        1,
        tuple((note, 1.0) for note in notes),
    )


@pytest.fixture
def opened(document):
    document.open(Snapshot(score_of(*line(60, 62, 64, 65))))
    return document


def test_an_edit_is_one_step_that_can_be_undone_and_done_again(opened):
    before = opened.score
    note = opened.notes[0]
    opened.apply("Move 1 note", edits.move(opened.score, 0, frozenset((note,)), ticks=0, semitones=2))
    assert opened.undo_stack.count() == 1
    assert opened.undo_stack.undoText() == "Move 1 note"
    assert opened.selection == {Note(0, 62, 480)}
    opened.undo_stack.undo()
    assert opened.score == before
    opened.undo_stack.redo()
    assert opened.notes[0].pitch == 62


def test_an_edit_that_changes_nothing_is_no_step(opened):
    opened.apply("Move 1 note", edits.move(opened.score, 0, frozenset(opened.notes[:1]), ticks=0, semitones=0))
    assert opened.undo_stack.count() == 0
    assert not opened.is_dirty


def test_steps_of_one_gesture_become_one(opened):
    for _ in range(3):
        notes = opened.selection or frozenset(opened.notes[:1])
        opened.apply("Louder", edits.change_velocity(opened.score, 0, notes, 5), merge_key="wheel 1")
    assert opened.undo_stack.count() == 1
    opened.undo_stack.undo()
    assert opened.notes[0].velocity == 90


def test_a_kept_take_is_one_step_and_stays_the_models(opened):
    take = made_take(opened, 67, 69)
    opened.set_preview(take)
    assert opened.heard_score.note_count == 6
    assert opened.score.note_count == 4
    opened.keep_take()
    assert opened.undo_stack.count() == 1
    assert opened.generated == take.generated
    assert opened.preview is None
    opened.undo_stack.undo()
    assert opened.score.note_count == 4
    assert not opened.generated


def test_a_generated_note_that_is_edited_turns_yours(opened):
    take = made_take(opened, 67, 69)
    opened.keep_take(take)
    first, second = sorted(take.generated, key=lambda note: note.onset)
    opened.apply("Move 1 note", edits.move(opened.score, 0, frozenset((first,)), ticks=0, semitones=1))
    assert opened.generated == {second}
    opened.undo_stack.undo()
    assert opened.generated == {first, second}


def test_what_was_edited_while_a_take_was_on_the_roll_survives_keeping_it(opened):
    take = made_take(opened, 67)
    opened.set_preview(take)
    opened.apply("Delete 1 note", edits.erase(opened.score, 0, frozenset(opened.notes[:1])))
    assert opened.heard_score.note_count == 4
    opened.keep_take()
    assert [note.pitch for note in opened.notes] == [62, 64, 65, 67]


def test_a_take_replaces_what_stood_in_its_bars(opened):
    opened.keep_take(made_take(opened, 67, 69))
    opened.keep_take(made_take(opened, 72, letter="B"))
    assert [note.pitch for note in opened.notes] == [60, 62, 64, 65, 72]


def test_a_take_leaves_what_you_wrote_in_its_bars_before_or_after_it_was_made(opened):
    take = made_take(opened, 67, 69)
    mine = Note(BAR + 960, 50, 480)
    opened.apply("Write 1 note", edits.add(opened.score, 0, (mine,)))
    opened.keep_take(take)
    assert [note.pitch for note in opened.notes] == [60, 62, 64, 65, 67, 69, 50]
    assert opened.generated == take.generated


def test_where_yours_and_a_takes_note_sound_on_one_pitch_yours_wins(opened):
    take = made_take(opened, 67, 69)
    held, struck = Note(BAR - 240, 67, 480), Note(BAR + 720, 69, 100)
    opened.apply("Write 2 notes", edits.add(opened.score, 0, (held, struck)))
    opened.set_preview(take)
    assert opened.laid.added == {Note(BAR + 480, 69, 240)}
    opened.keep_take()
    assert {held, struck, Note(BAR + 480, 69, 240)} <= set(opened.notes)
    assert opened.generated == {Note(BAR + 480, 69, 240)}


def test_a_kept_note_that_you_edited_stays_when_another_take_is_kept(opened):
    opened.keep_take(made_take(opened, 67, 69))
    first = Note(BAR, 67, 480)
    opened.apply("Move 1 note", edits.move(opened.score, 0, (first,), semitones=-20))
    opened.keep_take(made_take(opened, 72, letter="B"))
    assert {note.pitch for note in opened.notes if note.onset >= BAR} == {47, 72}


@settings(max_examples=60)
@given(
    st.lists(st.builds(Note, st.integers(0, 4000), st.integers(60, 64), st.integers(1, 900)), max_size=10),
    st.lists(st.builds(Note, st.integers(BAR, 2 * BAR - 1), st.integers(60, 64), st.integers(1, 900)), max_size=6),
    st.integers(0, 10),
)
def test_keeping_gives_what_was_shown_and_loses_no_note_of_yours(notes, taken, models):
    part = Part.of(notes)
    snapshot = Snapshot(Score((part,)), frozenset(part.notes[:models]))
    take = Take("A", frozenset(taken), BAR, 2 * BAR, GenerationRequest(snapshot.score), 1, ())
    laid = snapshot.with_take(take)
    kept = set(laid.kept.score.parts[0].notes)
    assert set(part.notes) - snapshot.generated <= kept
    assert kept == set(part.notes) - laid.replaced | laid.added
    assert laid.kept.generated == (snapshot.generated - laid.replaced) | laid.added


def test_a_take_is_heard_after_a_seed_that_fades_out():
    faded = Part(notes=Part.of(line(60, 62)).notes, controls=[ControlChange(0, 7, 90), ControlChange(BAR - 1, 7, 0)])
    score = Score((faded,))
    taken = Note(BAR, 67, 480)
    take = Take("A", frozenset((taken,)), BAR, 2 * BAR, GenerationRequest(score), 1, ())
    for shown in (take.score, Snapshot(score).with_take(take).kept.score):
        (part,) = shown.parts
        assert taken in part.notes
        assert part.controls == (*faded.controls, ControlChange(BAR, 7, 90))


def test_saving_leaves_dirty_what_was_changed_meanwhile(opened, tmp_path):
    opened.apply("Louder", edits.change_velocity(opened.score, 0, frozenset(opened.notes), 5))
    written = opened.work
    opened.apply("Louder", edits.change_velocity(opened.score, 0, frozenset(opened.notes), 5))
    opened.mark_saved(tmp_path / "study.mid", written, "", with_takes=False)
    assert opened.title == "study"
    assert opened.is_dirty
    opened.mark_saved(tmp_path / "study.mid", opened.work, "", with_takes=False)
    assert not opened.is_dirty


def test_opening_another_document_forgets_the_old_ones_steps(opened):
    opened.apply("Louder", edits.change_velocity(opened.score, 0, frozenset(opened.notes), 5))
    opened.open(Snapshot(score_of(*line(70))), name="Other")
    assert opened.undo_stack.count() == 0
    assert not opened.is_dirty
    assert opened.title == "Other"


def test_a_recovered_document_counts_as_unsaved(document):
    document.open(Snapshot(score_of(*line(70))), is_dirty=True)
    assert document.is_dirty


def batch_of(document, *pitches, words="1"):
    document.takes.begin(1, words)
    document.takes.add(made_take(document, *pitches))
    document.takes.finish()
    return document.takes.batches[-1]


def test_takes_are_unsaved_until_a_project_holds_them(opened, tmp_path):
    batch_of(opened, 67)
    assert opened.is_dirty
    assert not opened.has_edits
    opened.mark_saved(tmp_path / "study.ritornello", opened.work, "", with_takes=True)
    assert not opened.is_dirty
    assert opened.is_on_disk
    opened.takes.star(opened.takes.batches[0].takes[0], starred=True)
    assert opened.is_dirty
    assert opened.unsaved_takes == 0
    batch_of(opened, 67, words="2")
    assert opened.unsaved_takes == 1


def test_a_mid_settles_takes_without_a_star_but_the_recovery_copy_goes_on_holding_them(opened, tmp_path):
    batch_of(opened, 67)
    opened.mark_saved(tmp_path / "study.mid", opened.work, "", with_takes=False)
    assert not opened.is_dirty
    assert not opened.is_on_disk
    batch_of(opened, 69, words="2")
    assert opened.is_dirty


def test_a_mid_does_not_settle_a_starred_take(opened, tmp_path):
    batch = batch_of(opened, 67)
    opened.takes.star(batch.takes[0], starred=True)
    opened.mark_saved(tmp_path / "study.mid", opened.work, "", with_takes=False)
    assert opened.is_dirty


def test_discarded_takes_are_nothing_to_ask_about_unless_the_project_holds_them(opened, tmp_path):
    batch_of(opened, 67)
    opened.takes.discard_shown()
    assert not opened.is_dirty
    batch_of(opened, 67)
    opened.mark_saved(tmp_path / "study.ritornello", opened.work, "", with_takes=True)
    opened.takes.discard_shown()
    assert opened.is_dirty


def test_what_a_document_holds_comes_back_with_the_take_on_the_roll(opened):
    batch_of(opened, 67)
    opened.set_preview(batch_of(opened, 69, words="2").takes[0])
    work = opened.work
    opened.open(Snapshot())
    assert not opened.takes.batches
    opened.open(work)
    assert opened.work == work
    assert opened.preview is opened.takes.batches[1].takes[0]
    assert not opened.is_dirty


def test_another_part_can_be_edited(document):
    document.open(Snapshot(Score((Part.of(line(60)), Part.of(line(70))))))
    document.set_part(1)
    assert [note.pitch for note in document.notes] == [70]
    document.apply("Erase", edits.erase(document.score, 1, frozenset(document.notes)))
    assert document.score.parts[0].notes
    assert not document.score.parts[1].notes


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(("move", "erase", "louder", "copy")), st.integers(-7, 7)), max_size=8))
def test_undoing_everything_gives_back_the_first_state(steps):
    document = Document()
    document.open(Snapshot(score_of(*line(60, 62, 64)), frozenset(line(60, 62))))
    first = document.snapshot
    for kind, amount in steps:
        notes = frozenset(document.notes[abs(amount) % 3 :][:1])
        if not notes:
            continue
        score = document.score
        if kind == "move":
            edited = edits.move(score, 0, notes, ticks=120 * amount, semitones=amount)
        elif kind == "erase":
            edited = edits.erase(score, 0, notes)
        elif kind == "louder":
            edited = edits.change_velocity(score, 0, notes, amount)
        else:
            edited = edits.duplicate(score, 0, notes)
        document.apply(kind, edited)
        present = {note for part in document.score.parts for note in part.notes}
        assert document.generated <= present
    last = document.snapshot
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.snapshot == first
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    assert document.snapshot == last
