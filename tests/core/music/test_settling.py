import pytest

from core.music.score import BEND, ControlChange, Controls, Note, Part
from core.music.settling import settled
from tests.builders import BAR, notes

TUNE = notes("C4 1/4 D4 1/4 E4 1/4 F4 1/4")


def told(*events: tuple[int, int, int]) -> Part:
    return Part(notes=TUNE, controls=Controls.of([ControlChange(*event) for event in events]))


def in_force(part: Part, number: int, tick: int) -> int:
    """What was said last of a controller up to a tick."""
    return [event.value for event in part.controls if event.number == number and event.tick <= tick][-1]


@pytest.mark.parametrize("number", [7, 11])
@pytest.mark.parametrize("end", [BAR - 1, BAR, BAR + 300])
def test_after_a_fade_it_is_as_loud_as_most_notes_were(number: int, end: int):
    part = told((0, number, 90), (1300, number, 50), (end, number, 0))
    after = settled(part, BAR)
    assert [in_force(after, number, tick) for tick in (BAR, 2 * BAR)] == [90, 90]
    assert [event for event in after.controls if event.tick < BAR] == [
        event for event in part.controls if event.tick < BAR
    ]


def test_a_part_that_never_said_how_loud_it_is_comes_back_to_what_was_meant():
    assert in_force(settled(told((BAR - 1, 7, 0)), BAR), 7, BAR) == 100
    assert in_force(settled(told((BAR - 1, 11, 0)), BAR), 11, BAR) == 127


@pytest.mark.parametrize(("number", "value"), [(64, 127), (66, 64), (67, 100), (69, 127), (BEND, 2000), (BEND, -8192)])
def test_pedals_are_lifted_and_bends_let_go(number: int, value: int):
    assert in_force(settled(told((1000, number, value)), BAR), number, BAR) == 0


@pytest.mark.parametrize(
    "events",
    [
        (),
        ((0, 7, 100), (900, 7, 60)),
        ((0, 64, 127), (1900, 64, 0)),
        ((0, BEND, 500), (1000, BEND, 0)),
        ((0, 10, 0), (500, 1, 90), (BAR, 1, 80), (BAR, 7, 90)),
    ],
)
def test_what_leaves_nothing_behind_stays_to_the_event(events: tuple[tuple[int, int, int], ...]):
    part = told(*events)
    assert settled(part, BAR) is part


def test_other_controllers_and_the_notes_stay_as_they_are():
    part = told((0, 10, 20), (0, 64, 127), (BAR, 10, 99))
    after = settled(part, BAR)
    assert after.notes == part.notes == tuple(Note(*row) for row in part.notes.table.T.tolist())
    assert [event for event in after.controls if event.number == 10] == [
        event for event in part.controls if event.number == 10
    ]


def test_a_part_without_notes_keeps_what_it_is_told():
    part = Part(controls=Controls.of([ControlChange(0, 7, 0)]))
    assert settled(part, 0) is part
