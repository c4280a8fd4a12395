"""Processes that are started for work end with this one, and leave its signals to it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from core import processes
from core.processes import spawned

PROJECT = Path(processes.__file__).parents[1]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals for another process")


def say_what_is_blocked(pipe) -> None:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    pipe.send((blocked, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)))


def wait_for_ever(pipe) -> None:
    pipe.send(os.getpid())
    while True:  # whatever comes by the pipe, or doesn't
        threading.Event().wait()


def test_a_process_ignores_ctrl_c_and_nothing_else() -> None:
    process, pipe = spawned(say_what_is_blocked, name="test")
    assert pipe.recv() == (set(), signal.SIG_IGN, signal.SIG_DFL)
    pipe.close()
    process.join()
    process.close()


def test_a_process_that_can_not_be_told_what_to_do_is_not_left_behind() -> None:
    with pytest.raises(AttributeError, match="pickle"):
        spawned(lambda pipe: None, name="test")


@pytest.mark.parametrize("grace", ["None", "no_grace_s"])
def test_when_its_parent_is_killed_a_process_ends_whatever_it_is_doing(tmp_path, grace) -> None:
    program = f"""
        import os
        from core.processes import spawned
        from tests.core.test_processes import wait_for_ever

        def no_grace_s():
            return 0.0

        if __name__ == "__main__":
            process, pipe = spawned(wait_for_ever, name="test", grace_s={grace})
            print(pipe.recv(), flush=True)
            os.kill(os.getpid(), 9)
        """
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(program))
    # The child holds the other end of standard output too: it is read to its end once both are gone.
    parent = subprocess.run(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert parent.returncode == -signal.SIGKILL
    assert int(parent.stdout) > 0
