from core.music.score import Part, Score
from gui.generation.options import DEFAULT_RANGE, GenerationOptions, facts_about, range_around, scale_around
from tests.gui.generation.conftest import seed_notes


def test_a_seed_in_a_harmonic_minor_key_suggests_that_scale():
    scale, fits = scale_around(seed_notes(69, 74, 76, 77, 81, 79, 77, 76, 74, 73, 74, 69, 74))
    assert scale.name == "D harmonic minor"
    assert fits


def test_a_chromatic_seed_fits_no_scale():
    _, fits = scale_around(seed_notes(*range(60, 73)))
    assert not fits


def test_the_range_leaves_room_around_the_seed_and_stays_on_the_keyboard():
    assert range_around(seed_notes(60, 72)) == (53, 79)
    assert range_around(seed_notes(2, 126)) == (0, 127)
    assert range_around(()) == DEFAULT_RANGE


def test_the_request_carries_every_choice():
    score = Score((Part(notes=seed_notes(60)), Part(notes=seed_notes(72))))
    options = GenerationOptions(
        length_bars=3, takes=2, temperature=1.2, top_k=5, top_p=0.9, scale="C major", pitch_range=(50, 80),
        keep="rhythm", motifs=1.0, guards_repetition=False, random_seed=42,
    )  # fmt: skip
    request = options.request(score, 1)
    assert (request.seed, request.part, request.random_seed) == (score, 1, 42)
    for name in ("length_bars", "takes", "temperature", "top_k", "top_p", "scale", "pitch_range", "keep", "motifs"):
        assert getattr(request, name) == getattr(options, name)
    assert not request.guards_repetition


def test_a_model_is_told_in_one_line(records):
    assert facts_about(records[1]) == "115 pieces, kept at epoch 3"
