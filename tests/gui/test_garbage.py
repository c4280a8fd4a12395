"""Dead widgets are destroyed in the window's thread."""

import gc
import threading

import pytest

from gui import garbage
from gui.garbage import Collector


class Ring:
    """A cycle that says in which thread it died."""

    died_in: list[int]

    def __init__(self, died_in):
        self.died_in = died_in
        self.me = self

    def __del__(self):
        self.died_in.append(threading.get_ident())


@pytest.fixture
def collector(qapp):
    was_on = gc.isenabled()
    collector = Collector()
    yield collector
    collector.stop()
    if not was_on:
        gc.disable()


def test_a_cycle_left_by_a_thread_dies_in_the_window_s_thread(collector, qtbot, monkeypatch):
    died_in = []

    def work():
        Ring(died_in)
        for _ in range(20_000):
            [].append({})

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert died_in == []
    kept = [[] for _ in range(20_000)]  # over every threshold, as a working application is
    collector._timer.setInterval(1)
    qtbot.waitUntil(lambda: bool(died_in))
    assert died_in == [threading.get_ident()]
    assert len(kept) == 20_000


def test_nothing_is_collected_before_it_is_due(monkeypatch):
    collected = []
    monkeypatch.setattr(garbage.gc, "get_count", lambda: (1, 1, 1))
    monkeypatch.setattr(garbage.gc, "collect", collected.append)
    garbage.collect_due()
    assert collected == []


def test_the_oldest_generation_that_is_due_is_collected(monkeypatch):
    collected = []
    monkeypatch.setattr(garbage.gc, "get_threshold", lambda: (700, 10, 10))
    monkeypatch.setattr(garbage.gc, "get_count", lambda: (900, 11, 3))
    monkeypatch.setattr(garbage.gc, "collect", collected.append)
    garbage.collect_due()
    assert collected == [1]
