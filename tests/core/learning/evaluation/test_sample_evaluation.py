"""The experiment, on a model with random weights and tunes that a machine made."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import SpecError
from core.learning.evaluation.sample_evaluation import SEED_BARS, _continued, excerpts, judge_samples, unstudied
from core.learning.events.memorisation import build_studied_index
from core.learning.events.tokenizer import encode
from core.learning.generation.generation import continuation_start, generate
from core.learning.spec import GenerationRequest
from core.music.score import Metre, Note, Part, Score
from core.music.timing import bar_starts
from core.tasks import Cancelled, Control
from tests.builders import BAR
from tests.core.learning.generation.test_generation import MODELS, model_of

LINE = MODELS["line"]


def tune(number, *, bars=16, metres=()):
    """Eighths that wander through a scale, one long note at each end of a bar."""
    random = np.random.default_rng(number)
    notes = []
    for bar in range(bars):
        degrees = random.integers(0, 10, 7)
        for place, degree in enumerate(degrees.tolist()):
            length = 480 if place == 6 else 240
            pitch = 55 + [0, 2, 4, 5, 7, 9, 11, 12, 14, 16][degree]
            notes.append(Note(bar * BAR + place * 240, pitch, length))
    return Score((Part.of(notes),), metres=metres)


TUNES = [tune(number) for number in range(6)]


def moved(score, semitones):
    part = score.parts[0]
    return score.with_part(0, part.with_notes(replace(note, pitch=note.pitch + semitones) for note in part.notes))


def having_studied(*scores):
    return replace(LINE, studied=build_studied_index([("", encode(score, LINE.tokenizer)) for score in scores]))


def test_studied_pieces_and_versions_of_them_are_left_out_in_any_key():
    model = having_studied(*TUNES[:3])
    version = Score((Part.of([*TUNES[2].parts[0].notes[:90], *moved(TUNES[5], 1).parts[0].notes[90:]]),))
    quotation = Score((Part.of([*TUNES[2].parts[0].notes[:30], *TUNES[5].parts[0].notes[30:]]),))
    given = [TUNES[0], moved(TUNES[1], 4), version, quotation, *TUNES[3:]]
    assert list(unstudied([model], given)) == [quotation, *TUNES[3:]]
    assert list(unstudied([model, having_studied(TUNES[4])], given)) == [quotation, TUNES[3], TUNES[5]]


def test_as_many_pieces_as_can_be_are_taken_before_any_twice():
    found = excerpts(TUNES, 6, bars=4, random_seed=1)
    assert sorted(excerpt.piece for excerpt in found) == list(range(6))
    assert all(excerpt.bars[0] == 0 for excerpt in found)
    other = excerpts(TUNES, 6, bars=4, random_seed=2)
    assert [excerpt.piece for excerpt in other] != [excerpt.piece for excerpt in found]


def test_excerpts_overlap_only_where_others_are_not_enough():
    many = excerpts(TUNES, 100, bars=4, random_seed=1)
    starts = [excerpt.bars[0] // BAR for excerpt in many]
    assert starts == [0] * 6 + [8] * 6 + [4] * 6  # 16 bars hold two of 4 + 4 side by side, and one across both


def test_an_excerpt_begins_in_the_bar_of_the_first_note_and_follows_the_metre():
    waltz = tune(1, metres=(Metre(0, 3, 4), Metre(6 * 1440, 4, 4)))
    late = Score((Part.of(replace(note, onset=note.onset + 3 * BAR + 960) for note in TUNES[0].parts[0].notes),))
    first, second = sorted(excerpts([waltz, late], 2, bars=4, random_seed=1), key=lambda found: found.piece)
    assert first.bars == (0, 1440, 2880, 4320, 5760, 7200, 8640, 8640 + BAR, 8640 + 2 * BAR)
    assert second.bars == tuple(range(3 * BAR, 12 * BAR, BAR))


def test_an_excerpt_does_not_reach_beyond_the_piece():
    assert excerpts([tune(1, bars=8)], 1, bars=4, random_seed=1)
    assert not excerpts([tune(1, bars=8)], 1, bars=5, random_seed=1)


def test_a_stretch_of_silence_is_no_excerpt():
    notes = TUNES[0].parts[0].notes
    rests = [note for note in notes if not 4 * BAR <= note.onset < 8 * BAR]
    assert excerpts([Score((Part.of(rests),))], 1, bars=4, random_seed=1)[0].bars[0] == 8 * BAR


def test_the_seed_is_the_piece_up_to_where_the_continuation_starts():
    tied = [*TUNES[0].parts[0].notes[:-1], Note(SEED_BARS * BAR - 120, 90, 480)]
    (excerpt,) = excerpts([Score((Part.of(tied),))], 1, bars=4, random_seed=1)
    seed = excerpt.seed
    assert continuation_start(seed, 0) == excerpt.start == SEED_BARS * BAR
    assert seed.end == excerpt.start
    real = excerpt.passage(LINE.tokenizer)
    given = real.pitches[: real.new.start].tolist()
    assert given == [note.pitch for note in seed.parts[0].notes]
    assert len(real.new_bars) == 4


def test_real_and_generated_passages_cover_the_same_bars():
    (excerpt,) = excerpts(TUNES[:1], 1, bars=4, random_seed=1)
    (take,) = generate(LINE, GenerationRequest(excerpt.seed, length_bars=4, takes=1))
    real, generated = excerpt.passage(LINE.tokenizer), excerpt.passage(LINE.tokenizer, take)
    assert (real.barlines == generated.barlines).all()
    assert len(generated.pitches[generated.new]) == len(take.generated)
    assert (real.pitches[: real.new.start] == generated.pitches[: generated.new.start]).all()
    assert take.end == excerpt.bars[-1] == bar_starts(excerpt.score, 0)[0] + 8 * BAR


def test_each_model_gets_the_same_seeds_and_the_same_chances():
    heard: list[int] = []
    found = judge_samples([LINE, model_of(seed=5)], TUNES, count=8, bars=4, control=Control(heard.append))
    assert (found.continuations, found.pieces, len(found.models)) == (8, 6, 2)
    assert heard == list(range(1, 17))
    alone = judge_samples([LINE], TUNES, count=8, bars=4)
    assert repr(alone.models) == repr(found.models[:1])  # some can't be measured, and NaN is no equal of itself
    one, other = found.models
    assert one.generated.notes != other.generated.notes
    assert one.real == other.real
    assert [statistic.real for statistic in one.statistics] == [statistic.real for statistic in other.statistics]
    assert judge_samples([LINE], TUNES, count=8, bars=4, random_seed=2).models[0].statistics != one.statistics


def test_samples_of_equal_seeds_are_not_drawn_alike():
    (excerpt,) = excerpts(TUNES[:1], 1, bars=4, random_seed=1)
    drawn = [_continued(LINE, excerpt, 4, 0.9, [1, index]).generated for index in (0, 1)]
    assert drawn[0] != drawn[1]
    assert judge_samples([LINE], [TUNES[0]] * 2, count=2, bars=4).models[0].generated.notes == sum(map(len, drawn))


def test_a_model_that_has_learnt_nothing_is_told_from_real_music():
    found = {
        statistic.name: statistic for statistic in judge_samples([LINE], TUNES, count=12, bars=4).models[0].statistics
    }
    assert not found["bits a note for an n-gram model"].holds
    assert not found["places in the bar, overlap"].holds


def test_a_line_without_rests_is_judged_beside_its_own_reading():
    resting = [
        Score((Part.of(replace(note, duration=max(120, note.duration - 120)) for note in score.parts[0].notes),))
        for score in TUNES
    ]
    line, article = judge_samples([LINE, MODELS["article"]], resting, count=6, bars=4).models
    lengths = [next(s for s in model.statistics if s.name == "note lengths, overlap") for model in (line, article)]
    (alone,) = judge_samples([LINE], resting, count=6, bars=4).models
    assert lengths[0] == next(s for s in alone.statistics if s.name == "note lengths, overlap")
    assert lengths[0].halves == lengths[1].halves
    bits = [next(s for s in model.statistics if s.name.startswith("bits")) for model in (line, article)]
    assert bits[0].real != bits[1].real


def test_too_few_pieces_and_requests_that_can_not_be_are_refused():
    with pytest.raises(SpecError, match="not two pieces"):
        judge_samples([LINE], TUNES[:1], bars=4)
    with pytest.raises(SpecError, match="not two pieces"):
        judge_samples([LINE], TUNES, bars=16)
    with pytest.raises(SpecError, match="at least 2"):
        judge_samples([LINE], TUNES, count=1)
    with pytest.raises(SpecError, match="Length"):
        judge_samples([LINE], TUNES, bars=0)


def test_judging_can_be_cancelled():
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        judge_samples([LINE], TUNES, bars=4, control=control)
    with pytest.raises(Cancelled):
        list(unstudied([LINE], TUNES, control))
