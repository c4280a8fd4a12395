"""What is left out of what PyInstaller collected, and what is taken out of what stays."""

from pathlib import Path

import trimming

CORE, GUI, GTK = "PySide6/Qt/lib/libQt6Core.so.6", "PySide6/Qt/lib/libQt6Gui.so.6", "libgtk-3.so.0"
LINKS = {
    "/p/QtGui.abi3.so": ["libQt6Gui.so.6"],
    "/p/libQt6Gui.so.6": ["libQt6Core.so.6"],
    "/p/libqgtk3.so": ["libgtk-3.so.0", "libQt6Gui.so.6"],
}
ROWS = [
    ("PySide6/QtGui.abi3.so", "/p/QtGui.abi3.so", "EXTENSION"),
    (GUI, "/p/libQt6Gui.so.6", "BINARY"),
    (CORE, "/p/libQt6Core.so.6", "BINARY"),
    ("libQt6Core.so.6", CORE, "SYMLINK"),
    ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", "/p/libqgtk3.so", "BINARY"),
    (GTK, "/lib/libgtk-3.so.0", "BINARY"),
    ("libgdk.so", GTK, "SYMLINK"),
    ("libpython3.11.so.1.0", "/py/libpython3.11.so.1.0", "BINARY"),
]


def links_of(source: str) -> list[tuple[str, str]]:
    return [(name, f"/p/{name}") for name in LINKS.get(source, [])]


def test_a_library_goes_with_the_last_file_that_needed_it_and_so_do_links_to_it() -> None:
    kept = [row[0] for row in trimming.trimmed(ROWS, "linux", links_of)]
    assert kept == ["PySide6/QtGui.abi3.so", GUI, CORE, "libQt6Core.so.6", "libpython3.11.so.1.0"]


def test_the_place_told_in_a_librarys_stead_of_its_own_is_as_long_and_ends_alike() -> None:
    """Python's version is the end of the path to /home/anna/.pyenv/versions/3.11.7, and both are the same bytes."""
    place = b"/home/anna/.pyenv/versions/3.11.7"
    told = trimming.elsewhere(place)
    assert len(told) == len(place)
    assert told.startswith(b"/usr/")
    assert told.endswith(b"/3.11.7")
    assert b"anna" not in told


def test_a_compiled_module_is_traced_to_the_source_that_it_was_made_of(tmp_path: Path) -> None:
    site, work = tmp_path / "site", tmp_path / "work"
    (site / "numpy").mkdir(parents=True)
    (site / "numpy" / "version.py").touch()
    rows = [
        ("numpy/version.pyc", str(work / "localpycs" / "numpy" / "version.pyc"), "DATA"),
        ("core/errors.pyc", str(work / "localpycs" / "core" / "errors.pyc"), "DATA"),
        ("base_library.zip", str(work / "base_library.zip"), "DATA"),
        ("libQt6Core.so.6", "PySide6/Qt/lib/libQt6Core.so.6", "SYMLINK"),
        ("numpy/core.so", str(site / "numpy" / "core.so"), "EXTENSION"),
    ]
    found = trimming.sources(rows, site, work)
    assert found == [
        str(site / "numpy" / "version.py"),
        str(trimming.frozen.ROOT / "core" / "errors.py"),
        str(site / "numpy" / "core.so"),
    ]
