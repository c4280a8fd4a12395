"""What a Linux desktop reads of a program: menu entry, icons, file types, and the page of a software shop."""

import datetime
import os
import shutil
from pathlib import Path

import icons

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "packaging" / "linux"
ID = "org.ritornello.Ritornello"
ENTRY = f"applications/{ID}.desktop"
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
    """Seconds since 1970: the commit's where build.py says so, else now."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or datetime.datetime.now(datetime.timezone.utc).timestamp())


def build_date():
    return datetime.datetime.fromtimestamp(build_time(), datetime.timezone.utc).date().isoformat()


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
