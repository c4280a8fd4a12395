"""A task as a thread with signals."""

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.errors import AppError
from core.tasks import Control
from core.workers import Worker


def test_a_worker_reports_and_succeeds(qtbot: QtBot) -> None:
    def task(control: Control) -> int:
        control.report("half")
        return 42

    worker = Worker(task)
    heard: list[object] = []
    worker.reported.connect(heard.append)
    with qtbot.waitSignal(worker.succeeded) as outcome:
        worker.start()
    worker.wait()
    assert outcome.args == [42]
    assert heard == ["half"]


def test_an_expected_failure_arrives_as_its_error(qtbot: QtBot) -> None:
    def task(_control: Control) -> None:
        raise AppError("The disk is full.")

    worker = Worker(task)
    with qtbot.waitSignal(worker.failed) as outcome:
        worker.start()
    worker.wait()
    assert str(outcome.args[0]) == "The disk is full."


def test_what_the_system_refuses_is_an_expected_failure(qtbot: QtBot, tmp_path: Path) -> None:
    worker = Worker(lambda _control: (tmp_path / ("long" * 80)).read_bytes())
    with qtbot.waitSignal(worker.failed) as outcome:
        worker.start()
    worker.wait()
    assert "the name is too long" in str(outcome.args[0])


def test_cancelling_is_no_error(qtbot: QtBot) -> None:
    def task(control: Control) -> None:
        while True:
            control.checkpoint()

    worker = Worker(task)
    worker.start()
    with qtbot.waitSignal(worker.was_cancelled):
        worker.control.cancel()
    worker.wait()


def test_a_bug_reaches_the_excepthook(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    hooked: list[type[BaseException] | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: hooked.append(arguments.exc_type))

    def task(_control: Control) -> None:
        raise ZeroDivisionError

    worker = Worker(task)
    with qtbot.waitSignal(worker.crashed):
        worker.start()
    worker.wait()
    assert hooked == [ZeroDivisionError]
