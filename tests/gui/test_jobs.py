import threading

import pytest
from PySide6.QtCore import QThread

from core.errors import FileError
from tests.gui.settled import settle


def test_everything_a_task_says_arrives_in_the_windows_thread(jobs, qtbot):
    heard = []

    def task(control):
        control.report("half way")
        return threading.get_ident()

    jobs.run(
        task,
        on_report=lambda event: heard.append((event, QThread.currentThread())),
        on_done=lambda ident: heard.append((ident, QThread.currentThread())),
    )
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard[0][0] == "half way"
    assert heard[1][0] != threading.get_ident()
    assert {thread for _, thread in heard} == {QThread.currentThread()}


def test_an_expected_failure_is_shown_where_nobody_asked_for_it(jobs, qtbot, posted):
    def task(_control):
        raise FileError("‘a.mid’ can't be read.", hint="Try another.")

    jobs.run(task)
    qtbot.waitUntil(lambda: bool(posted))
    assert (posted[0].sentence, posted[0].hint, posted[0].level) == ("‘a.mid’ can't be read.", "Try another.", "error")


def test_a_failure_that_is_asked_for_is_not_shown_too(jobs, qtbot, posted):
    def task(_control):
        raise FileError("No.")

    failed = []
    jobs.run(task, on_failed=failed.append)
    qtbot.waitUntil(lambda: bool(failed))
    assert not posted


def test_a_lane_holds_one_job_at_a_time(jobs, qtbot):
    going_on = threading.Event()
    jobs.run(lambda _control: going_on.wait(), lane="learning")
    assert jobs.is_busy("learning")
    with pytest.raises(ValueError, match="busy"):
        jobs.run(lambda _control: None, lane="learning")
    with qtbot.waitSignal(jobs.lane_changed):
        going_on.set()
    assert not jobs.is_busy("learning")


def test_a_cancelled_job_says_so(jobs, qtbot):
    def task(control):
        while True:
            control.checkpoint()

    ended = []
    worker = jobs.run(task, on_cancelled=lambda: ended.append(True))
    worker.control.cancel()
    qtbot.waitUntil(lambda: ended == [True])


def test_whoever_waits_for_a_task_with_a_bug_stops_waiting(jobs, qtbot, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _failure: None)
    ended = []
    jobs.run(lambda _control: 1 / 0, on_cancelled=lambda: ended.append(True))
    qtbot.waitUntil(lambda: ended == [True])


def test_closing_waits_for_what_runs(jobs):
    ended = []

    def task(control):
        try:
            while True:
                control.checkpoint()
        finally:
            ended.append(True)

    jobs.run(task)
    jobs.close()
    assert ended == [True]


def test_after_closing_nothing_starts_and_nothing_is_heard(jobs, qtbot):
    heard = []
    jobs.run(lambda _control: 1, on_done=heard.append)
    jobs.close()
    worker = jobs.run(lambda _control: 2, on_done=heard.append)
    settle()
    assert not worker.isRunning()
    assert heard == []
