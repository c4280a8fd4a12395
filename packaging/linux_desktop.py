"""What a Linux desktop reads of a program: menu entry, icons, file types, and the page of a software shop."""

import datetime
import os
import shutil
import subprocess
from pathlib import Path

import icons

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "packaging" / "linux"
ID = "org.ritornello.Ritornello"
ENTRY = f"applications/{ID}.desktop"
FIXED_TIME = 1_750_000_000
"""Where there is no commit to ask."""
ICONS = {
    "app": f"apps/{ID}",
    "project": "mimetypes/application-x-ritornello-project",
    "model": "mimetypes/application-x-ritornello-model",
}


def lay(share, version):
    """Write all of it below `share`, which is some …/share."""
    shutil.copytree(FOLDER / "share", share, dirs_exist_ok=True)
    page = share / f"metainfo/{ID}.metainfo.xml"
    page.write_text(page.read_text("utf-8").replace("@VERSION@", version).replace("@DATE@", build_date()), "utf-8")
    drawn = icons.ready()
    for name, place in ICONS.items():
        for size in icons.PNG_SIZES:
            _copy(drawn / f"{name}-{size}.png", share / f"icons/hicolor/{size}x{size}/{place}.png")
        _copy(icons.SOURCES[name], share / f"icons/hicolor/scalable/{place}.svg")


def build_time():
    """Seconds since 1970: the last commit's, so that what is built of it is the same whenever that is done."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
    return int(asked.stdout or FIXED_TIME) if asked.returncode == 0 else FIXED_TIME


def build_date():
    return datetime.datetime.fromtimestamp(build_time(), datetime.timezone.utc).date().isoformat()


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
