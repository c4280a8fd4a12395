"""Waiting in tests: for what happens, however long a busy machine takes; never for time to pass.

How long something takes is measured in tests/benchmarks. Here only a hang is told from work that is slow.
"""

import time
from collections.abc import Callable

HANGS_S = 600.0
"""Nothing that works takes so long, however busy the machine. Below the limit of a whole test, in pyproject.toml."""


def eventually(claim: Callable[[], object]) -> None:
    """Hold until the claim is true."""
    given_up_at = time.monotonic() + HANGS_S
    while not claim():
        assert time.monotonic() < given_up_at, "it did not come true"
        time.sleep(0.002)
