"""What a system has to have for a test to mean anything there."""

import os
import sys

import pytest

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes in folders")
needs_kills = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGKILL, and no status that tells of it"
)
needs_byte_names = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
