"""The melody part, and the line on top."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from core.corpus.melody import melody_line, melody_part
from core.music.score import Note, Part, Score, fitted


def line(pitches: list[int], *, onset: int = 0, step: int = 240) -> tuple[Note, ...]:
    return tuple(Note(onset + index * step, pitch, step) for index, pitch in enumerate(pitches))


TUNE = [72, 74, 76, 77, 79, 77, 76, 74] * 4
CHORDS = tuple(
    Note(bar * 960, pitch, 960) for bar in range(8) for pitch in (48 + bar % 3, 52 + bar % 3, 55 + bar % 3, 60)
)

notes = st.lists(st.builds(Note, st.integers(0, 4000), st.integers(40, 90), st.integers(1, 2000)), max_size=30).map(
    fitted
)


def test_the_voice_is_chosen_over_its_accompaniment_wherever_it_stands() -> None:
    voice, piano = Part(notes=line(TUNE)), Part(notes=CHORDS)
    assert melody_part(Score((voice, piano))) == 0
    assert melody_part(Score((piano, voice))) == 1


def test_a_steady_bass_line_does_not_pass_for_the_melody() -> None:
    bass = Part(notes=line([36, 43, 36, 43, 38, 45, 36, 43] * 4))
    assert melody_part(Score((bass, Part(notes=line(TUNE))))) == 1


def test_drums_are_never_the_melody() -> None:
    drums = Part(is_drums=True, notes=line(TUNE))
    assert melody_part(Score((drums, Part(notes=CHORDS)))) == 1
    assert melody_part(Score((drums,))) is None
    assert melody_line(Score((drums,))) is None


def test_a_short_fanfare_yields_to_a_part_that_goes_on() -> None:
    fanfare = Part(notes=line([72, 76, 79, 84]))
    assert melody_part(Score((fanfare, Part(notes=CHORDS)))) == 1


def test_a_short_part_is_the_melody_where_there_is_nothing_else() -> None:
    assert melody_part(Score((Part(), Part(notes=line([72, 76, 79, 84]))))) == 1


def test_a_name_tips_the_balance_between_like_parts() -> None:
    first, second = Part(notes=line(TUNE)), Part(name="Vocals", notes=line(TUNE))
    assert melody_part(Score((first, second))) == 1
    assert melody_part(Score((first, first))) == 0


def test_the_skyline_of_chords_is_their_highest_notes() -> None:
    chords = fitted([Note(0, 60, 960), Note(0, 67, 480), Note(480, 64, 480), Note(480, 72, 1000), Note(960, 65, 480)])
    assert chords.top_line() == (Note(0, 67, 480), Note(480, 72, 480), Note(960, 65, 480))


def test_a_melody_line_keeps_its_part_s_name_and_instrument() -> None:
    played = Part(name="Flute", program=73, notes=line(TUNE))
    assert melody_line(Score((Part(notes=CHORDS), played))) == played


@settings(max_examples=50)
@given(notes)
def test_a_skyline_sounds_one_note_at_a_time_and_starts_with_each_onset(given_notes: tuple[Note, ...]) -> None:
    top = fitted(given_notes).top_line()
    assert [note.onset for note in top] == sorted({note.onset for note in given_notes})
    assert all(earlier.end <= later.onset for earlier, later in itertools.pairwise(top))
    assert all(any(note.pitch == other.pitch and note.onset == other.onset for other in given_notes) for note in top)
