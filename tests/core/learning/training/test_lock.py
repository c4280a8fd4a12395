"""One process trains in a folder; whoever asks is never in its way."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import TrainingError
from core.learning.training.lock import held, is_held


def test_asking_never_refuses_one_who_wants_to_train(tmp_path) -> None:
    with held(tmp_path):
        pass
    over = threading.Event()

    def ask() -> int:
        times = 0
        while not over.is_set():
            is_held(tmp_path)
            times += 1
        return times

    refused = 0
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(ask) for _ in range(3)]
        for _ in range(3000):
            try:
                with held(tmp_path):
                    pass
            except TrainingError:
                refused += 1
        over.set()
    assert refused == 0
    assert sum(one.result() for one in asked) > 0


def test_asking_tells_whether_it_is_held(tmp_path) -> None:
    assert not is_held(tmp_path)
    with held(tmp_path):
        assert is_held(tmp_path)
        assert is_held(tmp_path), "asking does not let it go"
        with pytest.raises(TrainingError, match="already going on"), held(tmp_path):
            pass
    assert not is_held(tmp_path)
