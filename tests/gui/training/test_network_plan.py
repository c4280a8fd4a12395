from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.learning.spec import PRESETS, NetworkSpec, TokenizerSpec
from gui.training.network_plan import HEIGHT, LEAST_WIDTH, network_plan

SIZES = {"delta": 91, "duration": 67, "pitch": 63, "velocity": 1}


def plan_of(preset="standard", *, width=600.0, **network):
    chosen = PRESETS[preset]
    return network_plan(
        chosen.tokenizer, replace(chosen.network, **network), SIZES, window=chosen.training.window, width=width
    )


def titles(plan, kind):
    return [block.title for block in plan.blocks if block.kind == kind]


def test_fields_are_chosen_in_chain_order():
    plan = plan_of()
    assert titles(plan, "head") == ["Start", "Length", "Pitch", "Loudness"]
    assert titles(plan_of("article"), "head") == ["Length", "Pitch"]
    pitch = next(block for block in plan.blocks if block.kind == "head" and block.title == "Pitch")
    assert pitch.detail == "63 choices"
    assert pitch.tip.startswith("Knowing the start and length, it gives a chance to each of 63 values")
    chain = [link for link in plan.links if link.line == "chain"]
    assert len(chain) == 4, "from field to field, and on to the next note"


def test_copying_heads_point_back_and_gates_weigh_them():
    plan = plan_of()
    assert titles(plan, "gate") == ["Gates"]
    copying = next(block for block in plan.blocks if block.title == "Copying heads")
    assert copying.detail == "pitch 4 · others 2"
    assert "384 notes back" in copying.tip
    assert "2 of them move the figure" in copying.tip
    tops = {(note.left + note.width / 2, note.top) for note in plan.notes}
    back = [link for link in plan.links if link.line in ("copy", "moved")]
    assert [link.line for link in back] == ["copy", "moved"]
    assert all(link.end in tops and link.start[1] == copying.rect.bottom for link in back)


def test_one_head_alone_moves_nothing():
    plan = plan_of(attention_heads=1)
    assert [link for link in plan.links if link.line == "moved"] == []
    assert "dashed" not in plan.sentences


def test_the_article_s_network_looks_at_all_notes_without_gates():
    plan = plan_of("article")
    assert titles(plan, "gate") == []
    assert titles(plan, "idea") == ["Mean of all"]
    assert titles(plan, "input") == ["Length", "Pitch"]
    assert sum(link.line == "glance" for link in plan.links) == len(plan.notes)


def test_what_the_network_reads_is_shown():
    assert titles(plan_of(), "input") == ["Start", "Length", "Pitch", "Loudness", "Last interval", "Place in bar"]


@pytest.mark.parametrize(("layers", "shown"), [(1, ["Memory"]), (2, ["Memory 1", "Memory 2"]), (8, ["8 memories"])])
def test_each_layer_has_its_box_until_they_are_many(layers, shown):
    plan = plan_of(layers=layers, units=512)
    assert titles(plan, "memory") == shown
    assert next(block for block in plan.blocks if block.kind == "memory").detail == "LSTM · 512"


@given(st.floats(100, 2000), st.sampled_from(sorted(PRESETS)), st.integers(1, 8))
def test_boxes_lie_within_the_picture_and_never_meet(width, preset, layers):
    plan = plan_of(preset, width=width, layers=layers)
    width = max(width, LEAST_WIDTH)
    rects = [block.rect for block in plan.blocks] + [*plan.notes, plan.next_note]
    for rect in rects:
        assert rect.left >= 0
        assert rect.right <= width
        assert rect.bottom <= HEIGHT
        assert rect.height > 0
    for one, other in combinations(rects, 2):
        apart = one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
        assert apart


def test_a_place_is_found_by_its_box():
    plan = plan_of()
    for index, block in enumerate(plan.blocks):
        assert plan.at(*block.rect.middle) == index
    assert plan.at(0, HEIGHT - 1) is None


def test_every_box_is_told_in_a_sentence_of_its_own():
    plan = network_plan(TokenizerSpec(), NetworkSpec(), SIZES, window=384, width=600)
    for block in plan.blocks:
        assert block.tip.endswith(".")
        assert block.tip in plan.sentences
