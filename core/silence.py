"""Shutting up libraries that speak to the terminal past Python."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def standard_error_shut() -> Iterator[None]:
    """The process's standard error leads nowhere meanwhile, whatever language writes to it."""
    try:
        kept = os.dup(2)
    except OSError:  # a program without a terminal has none
        yield
        return
    shut = os.open(os.devnull, os.O_WRONLY)
    os.dup2(shut, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(shut)
