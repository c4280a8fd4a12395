import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SpecError
from core.music.pitch import (
    SCALE_NAMES,
    Key,
    Scale,
    parse_pitch,
    parse_scale,
    pitch_name,
)
from core.music.score import KeySignature


def test_middle_c_is_c4_or_c3_as_chosen():
    assert pitch_name(60) == "C4"
    assert pitch_name(60, middle_c=3) == "C3"
    assert (pitch_name(0), pitch_name(127)) == ("C-1", "G9")


def test_black_keys_are_spelt_with_sharps_or_flats():
    assert pitch_name(66) == "F♯4"
    assert pitch_name(66, flats=True) == "G♭4"


@given(st.integers(0, 127), st.sampled_from((3, 4, 5)), st.booleans())
def test_every_name_is_read_as_its_pitch(pitch, middle_c, flats):
    assert parse_pitch(pitch_name(pitch, middle_c=middle_c, flats=flats), middle_c=middle_c) == pitch


@pytest.mark.parametrize(("name", "pitch"), [("A3", 57), ("F#5", 78), ("Bb2", 46), (" c4 ", 60), ("Cb4", 59)])
def test_pitches_are_read_as_people_type_them(name, pitch):
    assert parse_pitch(name) == pitch


@pytest.mark.parametrize("name", ["", "H4", "C", "C99", "C-2", "G#9", "60", "C##4"])
def test_what_is_no_pitch_is_refused(name):
    with pytest.raises(ValueError, match=f"‘{name}’"):
        parse_pitch(name)


@given(st.integers(0, 11), st.sampled_from(SCALE_NAMES))
def test_every_scale_is_read_from_its_name(tonic, kind):
    scale = Scale(tonic, kind)
    assert parse_scale(scale.name) == scale
    assert all(scale.contains(12 * 5 + pitch_class) for pitch_class in scale.pitch_classes)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("D minor", "D minor"),
        ("bb MAJOR", "B♭ major"),
        ("F#m", "F♯ minor"),
        ("C", "C major"),
        ("e  Dorian", "E dorian"),
    ],
)
def test_scales_are_read_as_people_type_them(name, expected):
    assert parse_scale(name).name == expected


@pytest.mark.parametrize("name", ["", "H minor", "D mino", "major"])
def test_what_is_no_scale_is_refused_at_the_field(name):
    with pytest.raises(SpecError) as refused:
        parse_scale(name)
    assert refused.value.field == "scale"
    assert f"‘{name}’" in refused.value.sentence


def test_a_scale_knows_its_pitches():
    d_minor = parse_scale("D minor")
    assert d_minor.contains(58)
    assert not d_minor.contains(59)


@pytest.mark.parametrize(
    ("fifths", "is_minor", "name"),
    [
        (0, False, "C major"),
        (-3, True, "C minor"),
        (6, False, "F♯ major"),
        (-7, False, "B major"),
        (5, True, "G♯ minor"),
    ],
)
def test_a_key_signature_names_a_key(fifths, is_minor, name):
    assert Key.of_signature(KeySignature(0, fifths, is_minor)).name == name


@pytest.mark.parametrize(
    ("scale", "pitch", "flat"),
    [
        ("F major", 70, True),
        ("D minor", 70, True),
        ("D harmonic minor", 70, True),
        ("D harmonic minor", 73, False),
        ("G minor", 66, False),
        ("D major", 73, False),
        ("A minor", 68, False),
    ],
)
def test_a_scale_writes_flats_but_for_the_leading_note_of_a_minor(scale: str, pitch: int, flat: bool) -> None:
    assert parse_scale(scale).writes_flat(pitch) == flat
