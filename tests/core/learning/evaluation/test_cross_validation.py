import math
from dataclasses import replace

import numpy as np
import pytest

from core.errors import SpecError
from core.learning.evaluation.cross_validation import (
    Evaluation,
    cross_validate,
    evaluate,
    evaluate_counting,
    longest_copy,
)
from core.learning.events.dataset import Dataset
from core.learning.events.tokenizer import encode
from core.learning.generation.sampling import log_softmax
from core.learning.models import model_file
from core.learning.models.model_file import FolderFiles
from core.learning.ngram.counting import NgramBaseline
from core.learning.spec import PRESETS
from core.learning.training.loop import run
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import prepare_job
from core.learning.training.run_folder import DATASET, finish
from core.music.score import Note, Part, Score
from core.tasks import Cancelled, Control
from tests.core.learning.generation.test_generation import MODELS, MONO, VALUES, chords, model_of
from tests.core.learning.light import LIGHT
from tests.core.learning.machines import Unasked


def tune(shift, *, notes=24):
    pitches = [60, 62, 64, 65, 67, 65, 64, 62]
    return Score((Part.of(Note(i * 240, shift + pitches[(i * (1 + shift % 3)) % 8], 240) for i in range(notes)),))


def test_a_model_that_knows_nothing_needs_the_bits_of_its_vocabulary():
    found = evaluate(model_of(boldness=0.0, attention="running_mean"), [MONO, chords()])
    assert dict(found.by_field) == pytest.approx({field: math.log2(len(values)) for field, values in VALUES.items()})
    assert found.bits_per_note == pytest.approx(sum(math.log2(len(values)) for values in VALUES.values()))
    assert found.bits_per_pitch == pytest.approx(math.log2(30))
    assert (found.pieces, found.notes) == (2, 62)


def test_the_mean_is_over_all_notes_and_the_first_is_predicted_too():
    model = MODELS["line"]
    long, short = tune(0, notes=24), tune(1, notes=8)
    both, one, other = evaluate(model, [long, short]), evaluate(model, [long]), evaluate(model, [short])
    assert both.bits_per_note == pytest.approx((24 * one.bits_per_note + 8 * other.bits_per_note) / 32)
    single = Score((Part.of([Note(0, 60, 240)]),))
    events = encode(single, model.tokenizer)
    odds = log_softmax(model.network.sequence_logits(events)["pitch"].astype(np.float64))
    expected = -odds[0, model.vocabulary.index("pitch", 60)] / np.log(2)
    assert evaluate(model, [single]).bits_per_pitch == pytest.approx(expected)


def test_top1_counts_the_likeliest_pitch():
    model = MODELS["line"]
    likeliest = int(np.argmax(model.network.sequence_logits(encode(tune(0, notes=1), model.tokenizer))["pitch"][0]))
    right = Score((Part.of([Note(0, VALUES["pitch"][likeliest], 240)]),))
    wrong = Score((Part.of([Note(0, VALUES["pitch"][likeliest - 1], 240)]),))
    assert evaluate(model, [right]).top1_pitch == 1.0
    assert evaluate(model, [wrong]).top1_pitch == 0.0


def test_unknown_values_are_counted_and_empty_pieces_left_out():
    strange = Score((Part.of([Note(0, 20, 240), Note(240, 60, 240)]),))
    found = evaluate(MODELS["line"], [Score(), strange])
    assert (found.pieces, found.notes, found.unknown_notes) == (1, 2, 1)
    with pytest.raises(SpecError, match="no note"):
        evaluate(MODELS["line"], [Score()])


def test_evaluating_can_be_cancelled_and_tells_how_far_it_is():
    heard = []
    evaluate(MODELS["line"], [MONO, MONO], Control(heard.append))
    assert heard == [1, 2]
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        evaluate(MODELS["line"], [MONO], control)


def test_the_longest_copy_is_looked_for_in_any_key():
    notes = [replace(note, pitch=note.pitch + 3) for note in MONO.parts[0].notes[4:16]]
    assert longest_copy(MODELS["line"], notes).notes == 12


def test_folds_must_be_possible():
    with pytest.raises(SpecError, match="Folds: 2 to the number of different pieces or groups, 2"):
        cross_validate([tune(0), tune(1), tune(3)], folds=3)  # the last is the first, transposed
    with pytest.raises(SpecError):
        cross_validate([tune(0), tune(1)], folds=1)


def train_here(job):
    """What a process of its own would do after seconds of start-up."""
    run(job, Unasked())
    return finish(job)


def test_each_fold_is_judged_by_a_model_that_never_saw_it(monkeypatch):
    studied = []

    def spied(job, control):
        studied.append(job)
        return train_here(job)

    monkeypatch.setattr("core.learning.evaluation.cross_validation.train", spied)
    monkeypatch.setattr("core.learning.training.prepare.PRESETS", LIGHT)
    random = np.random.default_rng(7)
    drawn = [random.choice([60, 62, 64, 65, 67], 16 + shift).tolist() for shift in range(6)]
    scores = [Score((Part.of(Note(240 * i, pitch, 240) for i, pitch in enumerate(each)),)) for each in drawn]
    heard = []
    preset = replace(PRESETS["quick"].training, epochs=1, batch=8)
    found = cross_validate(
        scores, "quick", folds=2, pitch_only=True, training=preset, random_seed=4, control=Control(heard.append)
    )
    assert [fold.pieces for fold in found.by_fold] == [3, 3]
    assert found.notes == sum(16 + shift for shift in range(6))
    assert found.bits_per_pitch == pytest.approx(np.mean([fold.bits_per_pitch for fold in found.by_fold]))
    assert found.bits_per_note == found.bits_per_pitch
    assert 0 < found.bits_per_pitch < 7
    assert [event for event in heard if isinstance(event, Evaluation)] == list(found.by_fold)
    assert {job.tokenizer.fields for job in studied} == {("pitch",)}
    assert not any(job.home.exists() for job in studied)


def test_a_group_is_never_on_both_sides_and_only_the_folds_asked_for_are_done(monkeypatch):
    studied = []

    def spied(job, control):
        studied.append(Dataset.load(job.folder / DATASET))
        return train_here(job)

    monkeypatch.setattr("core.learning.evaluation.cross_validation.train", spied)
    monkeypatch.setattr("core.learning.training.prepare.PRESETS", LIGHT)
    lengths = [40, 41, 42, 50, 60, 70]  # a piece is known by its length
    scores = [tune(shift, notes=length) for shift, length in enumerate(lengths)]
    preset = replace(PRESETS["quick"].training, epochs=1, batch=8)
    groups = ["a", "a", "a", "b", "c", "d"]
    cases = {"training": preset, "groups": groups, "pitch_only": True}
    found = cross_validate(scores, "quick", folds=2, only=[1], **cases)
    assert [(fold.pieces, fold.notes) for fold in found.by_fold] == [(3, 123)]  # the largest group fills the first fold
    (seen,) = studied
    assert sorted(seen.length(piece) for piece in range(len(seen.titles))) == [50, 60, 70]
    with pytest.raises(SpecError, match="Folds to do: 1 to 2"):
        cross_validate(scores, "quick", folds=2, only=[3], **cases)


@pytest.mark.parametrize("preset", ["quick", "article"])
@pytest.mark.parametrize("random_seed", [1, 2])
def test_counting_is_judged_on_the_very_events_that_a_training_keeps_aside(tmp_path, preset, random_seed):
    pieces = [(f"f{shift}", "", tune(shift, notes=20 + shift)) for shift in range(12)]
    job = prepare_job(pieces, TrainingPlan(preset, name="Tunes", random_seed=random_seed), home=tmp_path)
    dataset = Dataset.load(job.folder / DATASET)
    vocabulary = model_file.read_card(FolderFiles(job.folder)).vocabulary
    studied, tested = (
        [dataset.events(piece) for piece in indices] for indices in (dataset.studied, dataset.validation)
    )
    for found in evaluate_counting(pieces[::-1], preset, orders=(0, 2), random_seed=random_seed):
        assert found.transposed == (preset == "quick")
        model = NgramBaseline.fit(studied, vocabulary, order=found.order, transposed=found.transposed)
        assert dict(found.by_field) == model.mean_bits(tested)
        assert found.bits_per_note == pytest.approx(sum(bits for _, bits in found.by_field))
        assert (found.studied_pieces, found.pieces) == (len(studied), len(tested))
        assert (found.studied_notes, found.notes) == (sum(map(len, studied)), sum(map(len, tested)))


def test_counting_can_be_cancelled_and_refuses_to_look_back_for_ever():
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        evaluate_counting([("a", "", MONO)], control=control)
    for orders in ((), (-1,), (1000,)):
        with pytest.raises(SpecError, match="notes back"):
            evaluate_counting([("a", "", MONO)], orders=orders)
