"""The counting model: proper odds, nothing from the future or from too far back, and no patterns where there are none."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TrainingError
from core.learning.events.dataset import Dataset, EncodedPiece
from core.learning.events.tokenizer import Events, Vocabulary
from core.learning.ngram.contexts import Contexts, Level
from core.learning.ngram.counting import NgramBaseline, _Counted, _drawn, _rounds, counting_loss
from core.learning.spec import TrainingSpec

NOW, LATER = ("delta", "pitch", "duration", "velocity"), ("delta", "duration", "pitch", "velocity")
DELTA_LATE = ("pitch", "duration", "delta", "velocity")
VALUES = {
    "delta": (0, 6, 12, 24),
    "pitch": tuple(range(55, 80)),
    "duration": (6, 12, 24),
    "velocity": (3, 5),
}
BAR = 96


def events_of(pitch, delta=None, duration=None, velocity=None):
    count = len(pitch)
    delta = np.full(count, 12) if delta is None else delta
    columns = {
        "delta": delta,
        "pitch": pitch,
        "duration": np.full(count, 12) if duration is None else duration,
        "velocity": np.full(count, 5) if velocity is None else velocity,
        "bar_position": np.cumsum(delta) % BAR,
        "bar_steps": np.full(count, BAR),
    }
    return Events(**{name: np.asarray(values, np.int32) for name, values in columns.items()})


def by_lot(pieces, notes=40, *, seed=1):
    """Pieces whose every value is drawn by lot."""
    random = np.random.default_rng(seed)
    return [
        events_of(*(random.choice(VALUES[field], notes) for field in ("pitch", "delta", "duration", "velocity")))
        for _ in range(pieces)
    ]


def sevens(pieces, notes=40):
    """Pieces in which pitch, duration and velocity go round, each piece from another place."""
    made = []
    for start in range(pieces):
        turn = np.arange(start, start + notes)
        made.append(
            events_of(
                np.array([60, 62, 64, 62, 60, 67, 65])[turn % 7],
                np.array([0, 12, 6])[turn % 3],
                np.array([6, 12, 24])[turn % 3],
                np.array([3, 5])[turn % 2],
            )
        )
    return made


def vocabulary(fields=NOW, **changes):
    return Vocabulary({field: changes.get(field, VALUES[field]) for field in fields})


def changed(events, place, **values):
    """With other values for one event; the bars go by the deltas."""
    columns = {name: getattr(events, name).copy() for name in (*VALUES, "bar_position")}
    for name, value in values.items():
        columns[name][place] = value
    columns["bar_position"] = (np.cumsum(columns["delta"]) % BAR).astype(np.int32)
    return replace(events, **columns)


def another(events, field, place):
    """A value that the event doesn't have there."""
    return next(value for value in VALUES[field] if value != getattr(events, field)[place])


@pytest.mark.parametrize(
    "fields", [NOW, LATER, DELTA_LATE, ("pitch", "duration"), ("pitch",), ("delta", "pitch", "duration")]
)
@pytest.mark.parametrize("order", [0, 1, 3])
def test_the_odds_of_all_values_of_a_field_sum_to_one(fields, order):
    model = NgramBaseline.fit(sevens(6), vocabulary(fields), order=order, transposed=False)
    piece = sevens(9)[-1].first(12)
    for field in fields:
        odds = [2.0 ** -model.bits(changed(piece, 11, **{field: value}))[field][11] for value in VALUES[field]]
        assert sum(odds) == pytest.approx(1)
        assert min(odds) > 0


def test_counted_as_intervals_too_the_odds_lose_only_what_lies_beyond_the_vocabulary():
    model = NgramBaseline.fit(sevens(6), vocabulary(pitch=tuple(range(40, 95))), order=3, transposed=True)
    piece = sevens(9)[-1].first(12)
    odds = [2.0 ** -model.bits(changed(piece, 11, pitch=pitch))["pitch"][11] for pitch in range(40, 95)]
    assert 0.999 < sum(odds) <= 1 + 1e-9


@pytest.mark.parametrize("fields", [NOW, LATER, DELTA_LATE])
@pytest.mark.parametrize("order", [0, 1, 2, 4])
@pytest.mark.parametrize("transposed", [False, True])
def test_only_the_last_k_events_and_the_fields_before_in_the_chain_are_looked_at(fields, order, transposed):
    study = [events for pair in zip(by_lot(16), sevens(16), strict=True) for events in pair]
    model = NgramBaseline.fit(study, vocabulary(fields), order=order, transposed=transposed)
    piece = sevens(4)[3]
    before = model.bits(piece)
    for place, field in ((20, "pitch"), (20, "duration"), (20, "velocity"), (21, "velocity")):
        other = changed(piece, place, **{field: another(piece, field, place)})
        after = model.bits(other)
        for name, bits in before.items():
            differs = set(np.flatnonzero(bits != after[name]).tolist())
            earlier = fields.index(name) < fields.index(field)
            assert differs <= set(range(place + earlier, place + order + 1)), (field, name)
            if name == field and order:
                assert {place, place + 1} <= differs
    # A delta moves the places in the bar of all that follow, which are an input; what came before stays as it was.
    after = model.bits(changed(piece, 20, delta=another(piece, "delta", 20)))
    for name in fields:
        told = 20 + (fields.index(name) < fields.index("delta"))
        assert (after[name][:told] == before[name][:told]).all()
    assert order == 0 or after["delta"][20] != before["delta"][20]


@pytest.mark.parametrize("transposed", [False, True])
def test_of_notes_drawn_by_lot_it_claims_no_more_than_how_often_each_occurs(transposed):
    model = NgramBaseline.fit(by_lot(60), vocabulary(), order=3, transposed=transposed)
    found = model.mean_bits(by_lot(60, seed=2))
    for field, values in VALUES.items():
        assert found[field] == pytest.approx(math.log2(len(values)), abs=0.02), field


def test_what_follows_two_notes_is_learnt_by_order_two_alone():
    turns = [events_of(np.array([60, 60, 62, 62] * 20)) for _ in range(8)]
    once, twice = (NgramBaseline.fit(turns, vocabulary(), order=order, transposed=False) for order in (1, 2))
    assert once.mean_bits(turns)["pitch"] == pytest.approx(1, abs=0.05)
    assert twice.mean_bits(turns)["pitch"] < 0.1
    assert twice.tuning_loss < once.tuning_loss


def test_a_figure_is_known_in_other_keys_where_it_is_counted_in_every_key():
    figure = np.array([0, 2, 4, 7, 4, 2])
    study = [events_of(60 + shift + np.tile(figure, 8)) for shift in (0, 1, 3)]
    other = [events_of(57 + np.tile(figure, 8))]
    natural, every = (NgramBaseline.fit(study, vocabulary(), order=2, transposed=on) for on in (False, True))
    assert every.mean_bits(other)["pitch"] < 1
    assert natural.mean_bits(other)["pitch"] > 3


def test_a_line_without_rests_is_told_by_its_durations():
    random = np.random.default_rng(3)

    def line():
        duration = random.choice([6, 12, 24], 60)
        return events_of(random.choice(VALUES["pitch"], 60), np.roll(duration, 1), duration)

    found = NgramBaseline.fit([line() for _ in range(20)], vocabulary(), order=1).mean_bits([line()])
    assert found["delta"] < 0.2
    assert found["duration"] > 1.4


def test_the_next_delta_is_looked_for_where_the_first_of_the_last_notes_ends_that_still_sound():
    # Two begin together, of 24 and 12 steps; when the shorter one ends, a third of 24 begins: again 12 steps are left.
    contexts = Contexts([events_of([60, 64, 67, 70], [0, 0, 12, 12], [24, 12, 24, 6])], vocabulary())
    soonest = [list(contexts.levels("delta", order, transposed=False))[2].contexts for order in (2, 3)]
    assert [bool(contexts[2] == contexts[3]) for contexts in soonest] == [False, True]


def test_the_place_in_the_bar_tells_when_a_note_begins_and_how_long_it_is():
    bar = np.array([0, 24, 12, 12, 48]), np.array([24, 12, 12, 48, 24])
    study = [events_of([60] * 40, np.tile(bar[0], 8), np.tile(bar[1], 8)) for _ in range(6)]
    found = NgramBaseline.fit(study, vocabulary(delta=(0, 12, 24, 48), duration=(12, 24, 48)), order=0).mean_bits(study)
    # Two notes on each first beat: there alone it can't tell what comes next.
    assert found["delta"] < 0.5
    assert found["duration"] < 0.2


def test_the_notes_of_a_chord_are_told_apart_from_those_of_the_next_one():
    low, high = np.tile([60, 67], 40), np.tile([0, 24], 40)[::-1]
    study = [events_of(low, high) for _ in range(6)]
    assert NgramBaseline.fit(study, vocabulary(LATER), order=0).mean_bits(study)["pitch"] < 0.1


def test_an_unknown_value_is_judged_as_the_nearest_known_one():
    model = NgramBaseline.fit(sevens(6), vocabulary(), order=2)
    piece = sevens(1)[0]
    strange, nearest = changed(piece, 8, duration=300, pitch=20), changed(piece, 8, duration=24, pitch=55)
    assert {field: bits.tolist() for field, bits in model.bits(strange).items()} == {
        field: bits.tolist() for field, bits in model.bits(nearest).items()
    }


def test_the_mean_of_pieces_is_over_their_notes_and_each_begins_anew():
    model = NgramBaseline.fit(sevens(6), vocabulary(), order=3)
    long, short = sevens(2, notes=30)[1], sevens(3, notes=10)[2]
    apart = [model.bits(events) for events in (long, short)]
    together = model.mean_bits([long, events_of([]), short])
    for field in NOW:
        assert together[field] == pytest.approx(np.concatenate([bits[field] for bits in apart]).mean())
    assert all(len(bits) == 0 for bits in model.bits(events_of([])).values())


@pytest.mark.parametrize("notes", [1, 2, 3, 50])
def test_one_piece_is_enough_to_count(notes):
    piece = sevens(1, notes=notes)
    assert all(
        math.isfinite(bits) for bits in NgramBaseline.fit(piece, vocabulary(), order=5).mean_bits(piece).values()
    )


@pytest.mark.parametrize("pieces", [2, 5, 8, 20])
def test_of_few_pieces_each_is_fitted_on_once_and_never_where_it_is_counted(pieces):
    study = by_lot(pieces, notes=3)
    rounds = _rounds(study)
    assert sorted(id(events) for _, tuning in rounds for events in tuning) == sorted(map(id, study))
    for counting, tuning in rounds:
        assert {*map(id, counting), *map(id, tuning)} == set(map(id, study))
        assert len(counting) + len(tuning) == pieces
        assert counting


def test_without_a_note_there_is_nothing_to_count():
    with pytest.raises(TrainingError, match="nothing to count"):
        NgramBaseline.fit([events_of([])], vocabulary(), order=1)


def dataset(pieces):
    return Dataset.of([EncodedPiece(f"{place:04}", "", events) for place, events in enumerate(pieces)], TrainingSpec())


def test_the_plain_loss_of_notes_by_lot_is_that_of_drawing_them_and_of_a_pattern_far_less():
    even = sum(math.log(len(values)) for values in VALUES.values())
    assert counting_loss(dataset(by_lot(60)), vocabulary(), random_seed=1) == pytest.approx(even, abs=0.05)
    assert counting_loss(dataset(sevens(12)), vocabulary(), random_seed=1) < even / 2


def test_the_plain_loss_is_judged_on_the_pieces_kept_aside():
    study = dataset([*sevens(7), *by_lot(3)])
    own, other = (replace(study, is_validation=np.arange(10) >= 7), replace(study, is_validation=np.arange(10) == 0))
    assert counting_loss(own, vocabulary(), random_seed=1) > 2 * counting_loss(other, vocabulary(), random_seed=1)


def test_of_a_large_collection_some_pieces_are_drawn_the_same_for_the_same_random_seed(monkeypatch):
    study = dataset([*by_lot(25, notes=30), *sevens(25, notes=30)])
    monkeypatch.setattr("core.learning.ngram.counting._MOST_NOTES", 100)
    drawn, again, other = (_drawn(study, range(50), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert [len(events) for events in drawn] == [30, 30, 30, 10]
    assert [events.pitch.tolist() for events in drawn] == [events.pitch.tolist() for events in again]
    assert [events.pitch.tolist() for events in drawn] != [events.pitch.tolist() for events in other]
    losses = [counting_loss(study, vocabulary(), random_seed=seed) for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=40)


def level(entries):
    contexts = np.array([context for context, _ in entries], np.uint64) << np.uint64(60)
    return Level(contexts, np.array([outcome for _, outcome in entries], np.int64))


@given(pairs, pairs, st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([0.5, 8.0]))
def test_interpolation_is_the_formula(met, asked, discount, strength):
    wider = np.linspace(0.1, 0.9, len(asked))
    odds = _Counted.of(level(met)).found(level(asked)).interpolated(wider, discount=discount, strength=strength)
    counts = Counter(met)
    for (context, outcome), below, found in zip(asked, wider, odds, strict=True):
        here = {what: number for (where, what), number in counts.items() if where == context}
        if not here:
            assert found == below
            continue
        expected = max(here.get(outcome, 0) - discount, 0) + (strength + discount * len(here)) * below
        assert found == pytest.approx(expected / (sum(here.values()) + strength))
