"""What a wheel and a source archive hold beside the packages: the resources, which an installed copy has within core.

The handbook is among them where it was built before (target_docs.py).
"""

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent.parent
HANDBOOK = ROOT / "build" / "docs"


class WithResources(build_py):
    """An editable installation needs none: core.paths finds them in the checkout."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            resources = Path(self.build_lib, "core", "resources")
            shutil.copytree(ROOT / "resources", resources, dirs_exist_ok=True)
            if HANDBOOK.is_dir():
                shutil.copytree(HANDBOOK, resources / "handbook", dirs_exist_ok=True)

    def get_source_files(self) -> list:
        beside = [Path(__file__), *(path for path in (ROOT / "resources").rglob("*") if path.is_file())]
        return [*super().get_source_files(), *(str(path.relative_to(ROOT)) for path in beside)]
