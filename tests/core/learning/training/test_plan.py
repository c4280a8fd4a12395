from dataclasses import replace

import pytest

from core.errors import SpecError
from core.learning.spec import PRESETS
from core.learning.training.plan import TrainingPlan


def test_a_plan_is_its_preset_but_for_what_is_named():
    quick = PRESETS["quick"].training
    assert TrainingPlan("quick").spec == quick
    assert TrainingPlan("quick", epochs=3, held_out=0.2).spec == replace(quick, epochs=3, held_out=0.2)
    own = replace(quick, window=32, stride=32)
    assert TrainingPlan("quick", training=own, minutes=2.0).spec == replace(own, minutes=2.0)


@pytest.mark.parametrize(
    ("wish", "field"), [({"preset": "huge"}, "preset"), ({"epochs": 0}, "epochs"), ({"held_out": 1.0}, "held_out")]
)
def test_a_plan_that_can_not_be_is_refused_when_it_is_made(wish, field):
    with pytest.raises(SpecError) as refused:
        TrainingPlan(**wish)
    assert refused.value.field == field


def test_epochs_go_by_the_pieces_only_where_nobody_named_any():
    quick = PRESETS["quick"].training
    assert TrainingPlan("quick").leaves_epochs_open
    assert TrainingPlan("quick", training=quick, batch=4).leaves_epochs_open
    assert not TrainingPlan("quick", epochs=quick.epochs).leaves_epochs_open
    assert not TrainingPlan("quick", training=replace(quick, window=32, stride=32)).leaves_epochs_open
