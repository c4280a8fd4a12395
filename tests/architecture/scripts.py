"""The programs of `packaging/`, which is no package (test_traps says why)."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"


def script(name: str) -> ModuleType:
    """A fresh copy of `packaging/NAME.py`, which finds the modules beside it as it does when it is run."""
    specification = importlib.util.spec_from_file_location(name, PACKAGING / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    before = list(sys.path)
    sys.path.append(str(PACKAGING))
    try:
        specification.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module
