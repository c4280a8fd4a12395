"""What a wheel and a source archive hold beside the packages: the resources, which an installed copy has within core."""

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent.parent


class WithResources(build_py):
    """An editable installation needs none: core.paths finds them in the checkout."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            shutil.copytree(ROOT / "resources", Path(self.build_lib, "core", "resources"), dirs_exist_ok=True)

    def get_source_files(self) -> list:
        beside = [Path(__file__), *(path for path in (ROOT / "resources").rglob("*") if path.is_file())]
        return [*super().get_source_files(), *(str(path.relative_to(ROOT)) for path in beside)]
