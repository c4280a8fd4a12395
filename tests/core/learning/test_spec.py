"""Specifications refuse what can't be, name the field, and survive JSON."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DamagedError, SpecError
from core.learning.spec import FIELDS, PRESETS, GenerationRequest, NetworkSpec, TokenizerSpec, TrainingSpec
from core.loading.json_values import build
from core.music.score import Score

fields = st.sets(st.sampled_from(FIELDS)).map(
    lambda chosen: tuple(field for field in FIELDS if field in chosen or field == "pitch")
)
tokenizers = st.builds(TokenizerSpec, fields, st.integers(1, 127), st.booleans())
networks = st.builds(
    NetworkSpec,
    embedding=st.integers(1, 1024),
    layers=st.integers(1, 8),
    units=st.sampled_from([32, 256, 4096]),
    attention=st.sampled_from(["running_mean", "copying"]),
    attention_heads=st.sampled_from([1, 4, 32]),
    head_units=st.integers(1, 4096),
    dropout=st.floats(0, 0.99),
)
trainings = st.builds(
    TrainingSpec,
    window=st.integers(2, 4096),
    stride=st.integers(1, 2),
    batch=st.integers(1, 4096),
    epochs=st.integers(1, 100_000),
    minutes=st.floats(0, 100_000),
    learning_rate=st.floats(1e-9, 1),
    held_out=st.floats(0.001, 0.999),
    random_seed=st.integers(0, 2**63 - 1),
)


@given(st.one_of(tokenizers, networks, trainings))
def test_a_specification_survives_json(spec):
    assert build(type(spec), json.loads(json.dumps(dataclasses.asdict(spec)))) == spec


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        (TokenizerSpec, {"fields": ("delta", "duration")}, "fields"),
        (TokenizerSpec, {"fields": ("pitch", "delta")}, "fields"),
        (TokenizerSpec, {"velocity_classes": 0}, "velocity_classes"),
        (NetworkSpec, {"units": 0}, "units"),
        (NetworkSpec, {"attention": "none"}, "attention"),
        (NetworkSpec, {"attention_heads": 33}, "attention_heads"),
        (NetworkSpec, {"head_units": 0}, "head_units"),
        (TrainingSpec, {"averaging": 1.0}, "averaging"),
        (TrainingSpec, {"weight_decay": -0.1}, "weight_decay"),
        (NetworkSpec, {"dropout": 1.0}, "dropout"),
        (NetworkSpec, {"head_units": -1}, "head_units"),
        (TrainingSpec, {"window": 1}, "window"),
        (TrainingSpec, {"window": 8, "stride": 9}, "stride"),
        (TrainingSpec, {"epochs": 0}, "epochs"),
        (TrainingSpec, {"learning_rate": 0.0}, "learning_rate"),
        (TrainingSpec, {"held_out": 0.0}, "held_out"),
        (TrainingSpec, {"random_seed": -1}, "random_seed"),
        (GenerationRequest, {"seed": Score(), "part": 1}, "part"),
        (GenerationRequest, {"seed": Score(), "takes": 27}, "takes"),
        (GenerationRequest, {"seed": Score(), "temperature": -0.1}, "temperature"),
        (GenerationRequest, {"seed": Score(), "top_p": 0.0}, "top_p"),
        (GenerationRequest, {"seed": Score(), "pitch_range": (70, 60)}, "pitch_range"),
    ],
)
def test_what_cannot_be_is_refused_by_the_field_s_name(kind, value, field):
    with pytest.raises(SpecError) as refused:
        kind(**value)
    assert refused.value.field == field
    assert refused.value.sentence.endswith(".")


def test_unknown_keys_of_later_versions_are_ignored_and_nonsense_is_refused():
    assert build(TrainingSpec, {"window": 64, "stride": 64, "moon_phase": 3}).window == 64
    for nonsense in ({"window": "wide"}, {"window": None}, {"batch": [1]}, {"epochs": 2.5}, {"window": 256.0}):
        with pytest.raises(DamagedError):
            build(TrainingSpec, nonsense)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_complete(name):
    preset = PRESETS[name]
    assert preset.name == name
    assert preset.title
    assert preset.description.endswith(".")
    for spec in (preset.tokenizer, preset.network, preset.training):
        assert dataclasses.replace(spec) == spec


def test_the_article_is_the_published_recipe():
    article = PRESETS["article"]
    assert article.tokenizer.fields == ("duration", "pitch")
    assert (article.network.embedding, article.network.layers, article.network.units) == (100, 2, 256)
    assert (article.network.attention, article.network.head_units) == ("running_mean", 0)
    training = article.training
    assert (training.window, training.stride, training.target, training.epochs) == (32, 1, "last_step", 100)
    assert (training.optimizer, training.learning_rate, training.schedule) == ("rmsprop", 1e-3, "constant")
