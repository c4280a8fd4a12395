import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SpecError
from core.learning.events.tokenizer import Vocabulary
from core.learning.generation.constraints import AllowedPitches, KeptNote, KeptRhythm
from core.music.pitch import SCALE_NAMES, parse_scale
from core.music.score import Note

scales = st.builds(
    lambda tonic, kind: f"{tonic} {kind}", st.sampled_from(["C", "D", "F#", "Bb"]), st.sampled_from(SCALE_NAMES)
)


@given(st.integers(0, 100), st.integers(12, 27), scales, st.integers(0, 127))
def test_the_nearest_allowed_pitch_is_in_range_and_scale_and_none_is_nearer(low, width, scale, pitch):
    allowed = AllowedPitches.of((low, low + width), scale)
    nearest = allowed.nearest(pitch)
    assert low <= nearest <= low + width
    assert parse_scale(scale).contains(nearest)
    assert abs(nearest - pitch) == min(abs(other - pitch) for other in allowed.pitches)


def test_a_mask_shows_the_allowed_part_of_the_vocabulary():
    vocabulary = Vocabulary({"pitch": (60, 61, 62, 74)})
    assert AllowedPitches.of((60, 72), "C major").mask(vocabulary).tolist() == [True, False, True, False]


def test_where_the_vocabulary_has_nothing_allowed_everything_may_be_drawn():
    vocabulary = Vocabulary({"pitch": (60, 61)})
    assert AllowedPitches.of((80, 90), "").mask(vocabulary).all()


def test_a_range_without_a_note_of_the_scale_is_refused_by_name():
    with pytest.raises(SpecError, match=r"No note of C major lies between C♯4 and C♯4\.") as caught:
        AllowedPitches.of((61, 61), "C major")
    assert caught.value.field == "pitch_range"


def test_a_kept_rhythm_repeats_by_whole_bars_until_the_end():
    upbeat = (Note(1440, 60, 480), Note(1920, 62, 960))
    rhythm = KeptRhythm.of(upbeat, first_bar=0, start=3840, end=8640)
    assert rhythm.notes == (
        KeptNote(5280, 480),
        KeptNote(5760, 960),
    )
    longer = KeptRhythm.of(upbeat, first_bar=0, start=3840, end=3840 * 3)
    assert [note.onset for note in longer.notes] == [5280, 5760, 9120, 9600]
