"""Preparing a run and what its folder holds: no TensorFlow is needed for any of it."""

import io
import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from core.errors import ModelError, SpecError, TrainingError
from core.learning.events.dataset import Dataset
from core.learning.events.tokenizer import Vocabulary
from core.learning.models import model_file
from core.learning.models.library import Library
from core.learning.models.model_file import FolderFiles
from core.learning.models.progress import EpochDone, TrainingPhase
from core.learning.network.weights import fresh_weights, weight_shapes
from core.learning.spec import PRESETS, NetworkSpec
from core.learning.training.checkpoint import Cursor, read_checkpoint, write_checkpoint
from core.learning.training.lock import held
from core.learning.training.plan import TrainingPlan
from core.learning.training.prepare import grown_weights, prepare_job
from core.learning.training.run_folder import discard, finish, resumable, resume_job
from core.learning.training.start import AUTOMATIC, SCRATCH
from core.music.score import Metre, Note, Part, Score
from core.tasks import Cancelled, Control

TINY = NetworkSpec(embedding=6, layers=1, units=8, attention_heads=2, head_units=8)


SPEC = PRESETS["quick"].training


def tunes(count=6, *, lowest=60, duration=240):
    for index in range(count):
        notes = [Note(place * 240, lowest + (place * (index + 1)) % 12, duration) for place in range(40)]
        yield f"f{index}", f"Tune {index}", Score((Part.of(notes),), metres=(Metre(0, 3, 4),))


def prepared(home, **more):
    apart = {name: more.pop(name) for name in ("corpus_id", "corpus_name", "control") if name in more}
    return prepare_job(
        tunes(), TrainingPlan("standard", **{"name": "Tunes", "network": TINY, **more}), home=home, **apart
    )


def learnt(job, *held_out_losses):
    """As if so many epochs were done."""
    for epoch, loss in enumerate(held_out_losses, start=1):
        is_best = loss == min(held_out_losses[:epoch])
        best = held_out_losses.index(min(held_out_losses[:epoch])) + 1
        model_file.append_history(
            job.folder, EpochDone(epoch, {"pitch": 1.0}, {"pitch": loss, "duration": 0.0}, is_best, best, 9.0, 100.0)
        )
    card = model_file.read_card(FolderFiles(job.folder))
    model_file.write_weights(job.folder, fresh_weights(card.weight_shapes, random_seed=1))


def test_a_prepared_run_is_in_the_library_as_unfinished(tmp_path):
    job = prepared(tmp_path, corpus_name="My folder", random_seed=7, epochs=5)
    (record,) = [record for record in Library(tmp_path).list() if not record.is_starter]
    assert (record.id, record.name, record.state) == (job.model_id, "Tunes", "unfinished")
    assert record.corpus_name == "My folder"
    assert (job.training.random_seed, job.training.epochs) == (7, 5)
    assert Dataset.load(job.folder / "dataset.npz").is_validation.sum() == 1


def test_chords_are_counted_in_what_is_studied(tmp_path):
    def card_of(home, pieces):
        job = prepare_job(pieces, TrainingPlan("quick", name="x", network=TINY), home=home)
        return model_file.read_card(FolderFiles(job.folder))

    assert card_of(tmp_path / "lines", tunes()).chord_share == 0
    in_pairs = [
        (
            name,
            title,
            Score((Part.of([*score.parts[0].notes, *(replace(note, pitch=90) for note in score.parts[0].notes)]),)),
        )
        for name, title, score in tunes()
    ]
    assert card_of(tmp_path / "chords", in_pairs).chord_share == pytest.approx(40 / 79)


def test_it_can_go_on_as_what_it_was(tmp_path):
    job = prepared(tmp_path, minutes=3)
    assert resume_job(job.model_id, tmp_path) == job
    (unfinished,) = resumable(tmp_path)
    assert (unfinished.model_id, unfinished.name, unfinished.epoch) == (job.model_id, "Tunes", 0)
    with held(job.folder):
        assert resumable(tmp_path) == ()  # it goes on right now


def test_two_processes_never_train_in_one_folder(tmp_path):
    with held(tmp_path), pytest.raises(TrainingError, match="already going on"), held(tmp_path):
        pass
    with held(tmp_path):
        pass


def test_a_discarded_run_is_gone(tmp_path):
    job = prepared(tmp_path)
    discard(job.model_id, tmp_path)
    assert resumable(tmp_path) == ()
    assert not job.folder.exists()


def test_a_ready_model_is_never_discarded(tmp_path):
    job = prepared(tmp_path)
    learnt(job, 2.0)
    finish(job)
    with pytest.raises(TrainingError, match="no such unfinished"):
        discard(job.model_id, tmp_path)
    with pytest.raises(TrainingError, match="no such unfinished"):
        discard("../models/" + job.model_id, tmp_path)
    assert Library(tmp_path).load(Library(tmp_path).find("Tunes"))


def test_finishing_makes_a_ready_model_and_clears_away_the_rest(tmp_path):
    job = prepared(tmp_path)
    learnt(job, 3.0, 2.0, 2.5)
    result = finish(job)
    assert (result.epochs, result.best_epoch, result.stopped_early) == (3, 2, True)
    assert result.held_out_bits_per_note == pytest.approx(2.0 / math.log(2))
    record = Library(tmp_path).find("Tunes")
    assert (record.state, record.epochs, record.best_epoch) == ("ready", 3, 2)
    assert sorted(path.name for path in job.folder.iterdir()) == [
        "history.jsonl",
        "model.json",
        "studied.npz",
        "weights.npz",
    ]


def test_a_damaged_run_is_told(tmp_path):
    job = prepared(tmp_path)
    (job.folder / "job.json").write_text("{")
    with pytest.raises(TrainingError, match="damaged"):
        resume_job(job.model_id, tmp_path)
    with pytest.raises(TrainingError, match="damaged"):
        resume_job("nothing", tmp_path)


def test_an_unknown_preset_and_an_empty_corpus_are_refused(tmp_path):
    with pytest.raises(SpecError, match="‘huge’"):
        prepare_job(tunes(), TrainingPlan("huge", name="x"), home=tmp_path)
    with pytest.raises(TrainingError, match="nothing to learn from"):
        prepare_job([("a", "A", Score())], TrainingPlan("quick", name="x"), home=tmp_path)
    assert resumable(tmp_path) == ()


def test_preparing_can_be_cancelled(tmp_path):
    control = Control(lambda event: control.cancel() if event == TrainingPhase("preparing") else None)
    with pytest.raises(Cancelled):
        prepared(tmp_path, control=control)
    assert not list(tmp_path.iterdir())


def test_the_seed_of_the_samples_is_the_opening_of_a_piece_never_studied(tmp_path):
    job = prepared(tmp_path)
    dataset = Dataset.load(job.folder / "dataset.npz")
    (aside,) = dataset.validation
    events = dataset.events(aside)
    notes = job.seed.parts[0].notes
    assert [note.pitch for note in notes] == events.pitch[: len(notes)].tolist()
    assert job.seed.metres == (Metre(0, 3, 4),)
    assert 0 < job.seed.end <= 4 * 3 * 480


def test_the_seed_of_the_samples_is_in_the_commonest_metre(tmp_path):
    notes = [Note(place * 240, 60 + place % 5, 240) for place in range(40)]
    odd = [(f"{index}", "", Score((Part.of(notes[: 20 + index]),), metres=(Metre(0, 15, 8),))) for index in range(5)]
    job = prepare_job(
        [*tunes(), *odd], TrainingPlan("quick", name="x", training=replace(SPEC, held_out=0.6)), home=tmp_path
    )
    assert job.seed.metres == (Metre(0, 3, 4),)


def test_few_pieces_are_read_more_often_unless_epochs_are_asked_for(tmp_path):
    assert prepared(tmp_path).training.epochs == 10 * PRESETS["standard"].training.epochs
    assert prepared(tmp_path, epochs=3).training.epochs == 3
    assert prepared(tmp_path, training=PRESETS["quick"].training).training.epochs == PRESETS["quick"].training.epochs


def test_a_batch_asked_for_replaces_the_preset_s(tmp_path):
    training = prepared(tmp_path, batch=5).training
    assert training.batch == 5
    assert training.window == PRESETS["standard"].training.window


def test_training_starts_from_a_model_s_weights(tmp_path):
    first = prepared(tmp_path)
    learnt(first, 2.0)
    finish(first)
    library = Library(tmp_path)
    old = model_file.read_card(FolderFiles(first.folder))
    old_weights = model_file.read_weights(FolderFiles(first.folder), old)
    second = prepare_job(
        tunes(lowest=70, duration=120), TrainingPlan("quick", name="More", start_from="Tunes", epochs=2), home=tmp_path
    )
    assert (second.network, second.tokenizer, second.start_from) == (first.network, first.tokenizer, "Tunes")
    assert second.training.window == first.training.window
    card = library.card(library.find("More"))
    assert card.started_from == "Tunes"
    assert set(card.vocabulary.values["pitch"]) > set(old.vocabulary.values["pitch"])
    with np.load(second.folder / "start.npz") as start:
        assert {name: array.shape for name, array in start.items()} == card.weight_shapes
        assert np.array_equal(start["lstm0/kernel"], old_weights["lstm0/kernel"])
        known = card.vocabulary.index("pitch", 65)
        before = old.vocabulary.index("pitch", 65)
        assert np.array_equal(start["embedding/pitch"][known], old_weights["embedding/pitch"][before])
        assert np.array_equal(start["embedding/pitch"][-1], old_weights["embedding/pitch"][-1])  # begin
    with pytest.raises(ModelError):
        prepared(tmp_path, start_from="no such model")


@pytest.fixture
def starter(tmp_path, monkeypatch):
    """A starter model of the standard kind that has studied the lowest tunes."""
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setattr("core.paths.starter_model", lambda: tmp_path / "none")  # whose name would be taken
    job = prepare_job(tunes(lowest=40), TrainingPlan("standard", name="Starter model"), home=elsewhere)
    learnt(job, 2.0)
    finish(job)
    monkeypatch.setattr("core.paths.starter_model", lambda: job.folder)
    return job.folder


def others():
    """Tunes that are no transpositions of the starter's."""
    return tunes(lowest=50, duration=480)


def test_few_pieces_start_from_the_starter_model_and_say_so(tmp_path, starter):
    job = prepare_job(others(), TrainingPlan("standard", name="Mine", start_from=AUTOMATIC), home=tmp_path)
    assert job.start_from == "Starter model"
    assert job.start_reason.startswith("It starts from the starter model, because")
    with np.load(job.folder / "start.npz") as start, np.load(starter / "weights.npz") as weights:
        assert np.array_equal(start["lstm0/kernel"], weights["lstm0/kernel"])
    assert resume_job(job.model_id, tmp_path) == job


def test_what_the_starter_model_does_not_suit_starts_from_nothing(tmp_path, starter):
    def start(pieces, preset="standard", **more):
        job = prepare_job(pieces, TrainingPlan(preset, name="Mine", **{"start_from": AUTOMATIC, **more}), home=tmp_path)
        return job.start_from, job.start_reason

    assert start(tunes(lowest=45))[0] == "", "it has studied them, in another key"
    assert "has studied these pieces" in start(tunes(lowest=45))[1]
    assert "‘Quick’" in start(others(), "quick")[1]
    chords = [Note(place * 240, pitch, 240) for place in range(40) for pitch in (60, 64 + place % 3)]
    assert "chords" in start([(f"c{length}", "", Score((Part.of(chords[:length]),))) for length in (60, 70, 80)])[1]
    assert start(others(), start_from=SCRATCH) == ("", "")
    assert start(others(), start_from="") == ("", "")
    assert start(others(), network=TINY) == ("", "")
    (starter / "weights.npz").unlink()
    assert "no starter model" in start(others())[1]


def test_going_on_from_a_model_is_gentler_and_shorter_unless_numbers_are_given(tmp_path, starter):
    def training(**more):
        return prepare_job(
            others(), TrainingPlan("standard", name="Mine", start_from="starter", **more), home=tmp_path
        ).training

    standard = PRESETS["standard"].training
    assert training().learning_rate < standard.learning_rate
    assert training().epochs < 10 * standard.epochs
    assert training(epochs=7).epochs == 7
    own = replace(standard, learning_rate=0.02, epochs=9)
    assert (training(training=own).learning_rate, training(training=own).epochs) == (0.02, 9)


def test_a_model_of_another_manner_is_gone_on_from_in_its_own(tmp_path):
    tokenizer = PRESETS["article"].tokenizer
    network = replace(PRESETS["article"].network, embedding=6, layers=1, units=8)
    first = prepare_job(tunes(), TrainingPlan("article", name="Article", network=network), home=tmp_path)
    learnt(first, 2.0)
    finish(first)
    second = prepare_job(others(), TrainingPlan("standard", name="More", start_from="Article"), home=tmp_path)
    assert (second.tokenizer, second.network) == (tokenizer, network)
    assert (second.training.window, second.training.stride, second.training.target) == (32, 1, "last_step")


def test_a_test_that_the_older_model_has_studied_is_called_flattering(tmp_path):
    first = prepared(tmp_path)
    learnt(first, 2.0)
    finish(first)
    assert prepared(tmp_path, start_from="Tunes", network=None).start_reason == ""
    reasons = {prepared(tmp_path, start_from="Tunes", network=None, random_seed=seed).start_reason for seed in range(9)}
    assert "‘Tunes’ has studied some of the pieces kept aside, so the test flatters." in reasons


def test_a_new_value_starts_as_its_neighbour_only_less_likely():
    known, wanted = Vocabulary({"pitch": (60, 64)}), Vocabulary({"pitch": (60, 61, 64)})
    spec = replace(PRESETS["standard"].tokenizer, fields=("pitch",))
    weights = fresh_weights(weight_shapes(TINY, spec, {"pitch": 2}), random_seed=1)
    grown = grown_weights(weights, known, wanted)
    assert {name: array.shape for name, array in grown.items()} == weight_shapes(TINY, spec, {"pitch": 3})
    assert np.array_equal(grown["head/pitch/output"][:, 1], weights["head/pitch/output"][:, 0])
    assert grown["head/pitch/output_bias"][1] < weights["head/pitch/output_bias"][0]
    assert np.array_equal(grown["embedding/pitch"][2:], weights["embedding/pitch"][1:])


def test_a_checkpoint_comes_back_to_the_bit(tmp_path):
    cursor = Cursor(3, 2, 17, {"pitch": 0.1 + 0.2}, 5, 1.5, 0.5, [EpochDone(1, {}, {"pitch": 0.3}, True, 1, 1.0, 2.0)])
    arrays = {"weights/a": np.float32([0.1, np.pi])}
    write_checkpoint(tmp_path, cursor, arrays)
    again, stored = read_checkpoint(tmp_path)
    assert again == cursor
    assert np.array_equal(stored["weights/a"], arrays["weights/a"])
    told = json.dumps(asdict(cursor))
    for spoilt in (
        b"half a zip",
        npz(cursor=told, a=np.array([None])),
        npz(cursor=told.replace("17", "17.5")),
        npz(cursor=told.replace("true", "1")),
        npz(cursor="[" * 200_000),
        npz(a=np.zeros(3)),
    ):
        (tmp_path / "checkpoint.npz").write_bytes(spoilt)
        with pytest.raises(TrainingError, match="damaged"):
            read_checkpoint(tmp_path)


def test_a_run_whose_job_is_damaged_is_told(tmp_path):
    job = prepared(tmp_path)
    for spoilt in ("[" * 200_000, '{"sample_random_seed": 1.5}', "{}", '{"sample_random_seed": NaN}'):
        (job.folder / "job.json").write_text(spoilt)
        with pytest.raises(TrainingError, match="its folder is damaged"):
            resume_job(job.model_id, tmp_path)


def npz(*, cursor=None, **arrays):
    content = io.BytesIO()
    if cursor is not None:
        arrays["cursor"] = np.frombuffer(cursor.encode(), np.uint8)
    np.savez(content, **arrays)
    return content.getvalue()
