"""Splits, windows and batches: by piece, without leaks, the target the next event, the order a function of the seed."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TrainingError
from core.learning.events.dataset import Batches, Dataset, EncodedPiece, validation_split
from core.learning.events.tokenizer import Vocabulary, encode
from core.learning.spec import TokenizerSpec, TrainingSpec
from core.music.score import Metre, Note, Part, Score

SPEC = TokenizerSpec()


def line(pitches, *, length=240):
    """A melody of equal notes in 3/4, with an upbeat."""
    notes = [Note(960 + place * length, pitch, length) for place, pitch in enumerate(pitches)]
    return Score((Part.of(notes),), metres=(Metre(0, 3, 4),))


def piece(name, pitches, **more):
    return EncodedPiece(name, f"Title of {name}", encode(line(pitches, **more), SPEC))


def tunes(count, notes=20):
    random = np.random.default_rng(1)
    return [piece(f"p{index:03}", random.integers(50, 80, notes).tolist()) for index in range(count)]


def batches(pieces, **changes):
    spec = TrainingSpec(**{"window": 8, "stride": 8, "batch": 4, "transpose": 0, **changes})
    dataset = Dataset.of(pieces, spec)
    vocabulary = Vocabulary.of(map(dataset.events, dataset.studied), SPEC, transpose=spec.transpose)
    return Batches(dataset, vocabulary, spec)


def pitches_read(study, plan):
    """For each window of a batch plan: (pitches read, pitch to be predicted or None) for each step, None for begin."""
    batch = study.batch(plan)
    values = (*study.vocabulary.values["pitch"], None)
    read = [[values[symbol] for symbol in row] for row in batch.symbols["pitch"].tolist()]
    return [
        [(row[: step + 1], row[step + 1]) for step in range(len(row) - 1) if counts[step]]
        for row, counts in zip(read, batch.targets, strict=True)
    ]


@pytest.mark.parametrize("target", ["every_step", "last_step"])
def test_the_target_is_the_next_event(target):
    tune = list(range(50, 75))
    study = batches([piece("a", tune), *tunes(3)], target=target, stride=8 if target == "every_step" else 1)
    windows = [
        window
        for epoch in (1, 2)
        for plan in study.epoch(epoch)
        for window, row in zip(pitches_read(study, plan), plan, strict=True)
        if study.dataset.fingerprints[row[0]] == "a"
    ]
    assert windows or study.dataset.is_validation[0]
    for window in windows:
        for read, wanted in window:
            assert wanted == (50 if read[-1] is None else read[-1] + 1)
            assert wanted not in read  # it lies outside of what is read


def test_every_event_is_a_target_once_an_epoch():
    study = batches(tunes(12, notes=21))
    for epoch in (1, 2, 3):
        assert sum(study.batch(plan).target_count for plan in study.epoch(epoch)) == study.dataset.studied_event_count
    assert sum(study.batch(plan).target_count for plan in study.validation()) == 21 * int(
        study.dataset.is_validation.sum()
    )


@pytest.mark.parametrize("target", ["every_step", "last_step"])
def test_the_targets_of_a_batch_are_known_before_it_is_made(target):
    study = batches(tunes(12, notes=21), target=target, stride=3)
    for plan in [*study.epoch(1), *study.validation()]:
        assert study.target_count(plan) == study.batch(plan).target_count > 0


def test_the_article_s_windows_have_one_target_each():
    study = batches(tunes(5, notes=15), target="last_step", stride=1, window=6)
    plans = study.epoch(1)
    assert sum(len(plan) for plan in plans) == study.dataset.studied_event_count
    for plan in plans:
        assert (study.batch(plan).targets.sum(axis=1) == 1).all()
        assert plan[:, 2].max() <= 6


def test_only_the_first_event_is_predicted_from_the_begin_row():
    study = batches(tunes(4))
    begin = study.vocabulary.sizes["pitch"]
    for plan in study.epoch(1):
        batch = study.batch(plan)
        starts = plan[:, 1] == 0
        assert ((batch.symbols["pitch"][:, 0] == begin) == starts).all()
        assert (batch.bar_position[starts, 0] == 0).all()
        assert (batch.bar_steps[:, 0] == 72).all()
        assert not (batch.symbols["pitch"][:, 1:] == begin).any()


def test_the_same_epoch_comes_out_the_same_and_another_one_otherwise():
    study, again = batches(tunes(20), transpose=6), batches(tunes(20), transpose=6)
    flat = [np.concatenate(each.epoch(number)) for each in (study, again) for number in (1, 2)]
    assert (flat[0] == flat[2]).all()
    assert (flat[1] == flat[3]).all()
    assert flat[0].shape != flat[1].shape or (flat[0] != flat[1]).any()


def test_the_order_in_which_pieces_come_in_does_not_matter():
    forwards, backwards = batches(tunes(9)), batches(tunes(9)[::-1])
    assert (np.concatenate(forwards.epoch(1)) == np.concatenate(backwards.epoch(1))).all()


def test_transposition_moves_all_pitches_of_a_window_and_nothing_else():
    plain, moved = batches([piece("a", [60, 62, 64])], transpose=3), []
    for epoch in range(1, 40):
        (plan,) = plain.epoch(epoch)
        batch = plain.batch(plan)
        pitches = [plain.vocabulary.values["pitch"][symbol] for symbol in batch.symbols["pitch"][0, 1:4]]
        moved.append(pitches[0] - 60)
        assert np.diff(pitches).tolist() == [2, 2]
    assert set(moved) == set(range(-3, 4))


def test_transposition_stops_at_the_ends_of_the_keyboard():
    study = batches([piece("a", [0, 62, 127])], transpose=6)
    assert all(plan[:, 3].tolist() == [0] for epoch in range(1, 10) for plan in study.epoch(epoch))


def test_held_out_pieces_keep_their_keys():
    study = batches(tunes(10), transpose=6)
    assert all((plan[:, 3] == 0).all() for plan in study.validation())


@given(st.integers(2, 40), st.floats(0.01, 0.6), st.integers(0, 2**62))
def test_some_but_not_all_pieces_are_kept_aside(count, share, random_seed):
    mask = validation_split(tunes(count, notes=6), share=share, random_seed=random_seed)
    assert 1 <= mask.sum() < count
    assert mask.sum() <= max(1, round(share * count))


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30), st.integers(0, 99))
def test_transposed_copies_are_never_on_both_sides(songs, random_seed):
    random = np.random.default_rng(5)
    melodies = random.integers(50, 70, (6, 12))
    copies = [piece(f"p{index:02}", (melodies[song] + index).tolist()) for index, song in enumerate(songs)]
    mask = validation_split(copies, share=0.3, random_seed=random_seed)
    sides = [{bool(mask[index]) for index, other in enumerate(songs) if other == song} for song in set(songs)]
    assert all(len(side) == 1 for side in sides)
    assert mask.any() == (len(set(songs)) > 1)


def test_another_rhythm_makes_another_piece():
    assert piece("a", [60, 62, 64]).shape == piece("b", [65, 67, 69]).shape
    assert piece("a", [60, 62, 64]).shape != piece("b", [60, 62, 64], length=480).shape


def test_the_same_pieces_are_kept_aside_where_rests_are_absorbed():
    resting = [
        Score((Part.of(replace(note, duration=100 + 20 * (note.pitch % 7)) for note in line(pitches).parts[0].notes),))
        for pitches in np.random.default_rng(1).integers(50, 80, (30, 12)).tolist()
    ]
    masks = [
        validation_split(
            [EncodedPiece(str(index), "", encode(score, spec)) for index, score in enumerate(resting)],
            share=0.3,
            random_seed=1,
        ).tolist()
        for spec in (SPEC, replace(SPEC, legato=True))
    ]
    assert masks[0] == masks[1]


def test_a_single_piece_is_studied_and_tested_alike():
    study = batches([piece("a", [60, 62, 64])])
    assert study.dataset.is_validation.tolist() == [False]
    assert study.dataset.validation == study.dataset.studied == (0,)


def test_a_corpus_without_notes_is_refused():
    with pytest.raises(TrainingError, match="no piece has a note"):
        Dataset.of([EncodedPiece("a", "A", encode(Score(), SPEC))], TrainingSpec())


def test_a_dataset_comes_back_from_disk_as_it_was(tmp_path):
    dataset = Dataset.of(tunes(4), TrainingSpec())
    dataset.save(tmp_path / "dataset.npz")
    loaded = Dataset.load(tmp_path / "dataset.npz")
    assert loaded.fingerprints == dataset.fingerprints
    assert loaded.titles == dataset.titles
    assert (loaded.is_validation == dataset.is_validation).all()
    for index in range(4):
        assert (loaded.events(index).onsets == dataset.events(index).onsets).all()


def test_the_columns_of_a_dataset_stay_on_disk(tmp_path):
    dataset = Dataset.of(tunes(4), TrainingSpec())
    dataset.save(tmp_path / "dataset.npz")
    for name, values in Dataset.load(tmp_path / "dataset.npz").columns.items():
        assert isinstance(values.base, np.memmap), name
        assert not values.flags.writeable
        assert values.tolist() == dataset.columns[name].tolist()


def test_a_damaged_dataset_is_told(tmp_path):
    path = tmp_path / "dataset.npz"
    Dataset.of(tunes(4), TrainingSpec()).save(path)
    whole = path.read_bytes()
    with np.load(path) as stored:
        arrays = dict(stored)
    spoils = [
        lambda: path.write_bytes(b"PK nonsense"),
        lambda: path.write_bytes(whole[:-100]),
        lambda: np.savez_compressed(path, **arrays),  # could unpack to anything
        lambda: np.savez(path, **{**arrays, "pitch": arrays["pitch"][:-1]}),
        lambda: np.savez(path, **{**arrays, "pitch": arrays["pitch"].astype(float)}),
        lambda: np.savez(path, **{**arrays, "starts": arrays["starts"][::-1]}),
        lambda: np.savez(path, **{**arrays, "starts": np.int64(3)}),
        lambda: np.savez(path, **{**arrays, "names": np.frombuffer(b"[[1], [2]]", np.uint8)}),
        lambda: np.savez(path, **{name: array for name, array in arrays.items() if name != "names"}),
    ]
    for spoil in spoils:
        spoil()
        with pytest.raises(TrainingError, match="can't be read"):
            Dataset.load(path)


def test_any_damage_to_a_dataset_is_told_or_changes_numbers_alone(tmp_path):
    path = tmp_path / "dataset.npz"
    Dataset.of(tunes(4), TrainingSpec()).save(path)
    whole = path.read_bytes()

    @given(st.lists(st.tuples(st.integers(0, len(whole)), st.integers(0, 255)), min_size=1, max_size=4))
    def check(flips):
        content = bytearray(whole)
        for place, value in flips:
            content[place % len(content)] = value
        path.write_bytes(content)
        with suppress(TrainingError):
            assert len(Dataset.load(path).titles) == 4

    check()


def test_an_unknown_value_in_a_held_out_piece_becomes_the_nearest():
    study = batches(tunes(5))
    strange = replace(
        study.dataset, columns={**study.dataset.columns, "duration": study.dataset.columns["duration"] * 7}
    )
    batch = replace(study, dataset=strange).batch(study.validation()[0])
    assert (batch.symbols["duration"] < study.vocabulary.sizes["duration"] + 1).all()
