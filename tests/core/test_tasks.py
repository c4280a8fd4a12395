"""How a task and its owner talk."""

import threading

import pytest

from core.tasks import Cancelled, Control, heeding
from tests.patience import HANGS_S


def test_what_a_task_reports_reaches_its_owner() -> None:
    heard: list[object] = []
    Control(heard.append).report("half done")
    assert heard == ["half done"]


def test_a_cancelled_task_ends_at_its_next_checkpoint() -> None:
    control = Control()
    control.checkpoint()
    control.cancel()
    with pytest.raises(Cancelled):
        control.checkpoint()


def test_a_checkpoint_takes_no_lock_that_a_signal_handler_in_its_thread_would_wait_for() -> None:
    control, passed = Control(), threading.Event()
    task = threading.Thread(target=lambda: (control.checkpoint(), passed.set()))
    with control._running._cond:  # type: ignore[attr-defined] # which `leave`, called by such a handler, takes
        task.start()
        assert passed.wait(HANGS_S)
    task.join()


def test_a_task_that_is_left_ends_as_a_cancelled_one_and_knows_why() -> None:
    control = Control()
    control.pause()
    control.leave()
    with pytest.raises(Cancelled):
        control.checkpoint()
    assert control.left
    discarded = Control()
    discarded.cancel()
    discarded.leave()
    assert not discarded.left


def test_between_items_the_owner_is_heeded() -> None:
    control = Control()
    items = heeding(control, range(5))
    assert next(items) == 0
    control.cancel()
    with pytest.raises(Cancelled):
        next(items)


def test_a_stopped_task_goes_on_to_its_end() -> None:
    control = Control()
    control.stop()
    control.checkpoint()
    assert control.stopping
    assert not control.cancelled


@pytest.mark.parametrize("release", ["unpause", "stop"])
def test_a_paused_task_holds_until_it_is_released(release: str) -> None:
    control = Control()
    control.pause()
    is_there = threading.Event()
    order: list[str] = []

    def task() -> None:
        is_there.set()
        control.checkpoint()
        order.append("went on")

    thread = threading.Thread(target=task)
    thread.start()
    assert is_there.wait(HANGS_S)
    order.append("released")
    getattr(control, release)()
    thread.join()
    assert order == ["released", "went on"]


def test_cancelling_a_paused_task_ends_it() -> None:
    control = Control()
    control.pause()
    ended = threading.Event()

    def task() -> None:
        try:
            control.checkpoint()
        except Cancelled:
            ended.set()

    thread = threading.Thread(target=task)
    thread.start()
    control.cancel()
    assert ended.wait(HANGS_S)
    thread.join()


def test_a_stopping_task_can_not_be_paused() -> None:
    control = Control()
    control.stop()
    control.pause()
    assert not control.paused
