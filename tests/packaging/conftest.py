"""The scripts of packaging/ are no package: they find one another because they lie in one folder."""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "packaging"

if str(FOLDER) not in sys.path:
    sys.path.append(str(FOLDER))  # last: its wheel.py stands in nobody's way
