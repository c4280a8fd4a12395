"""The Linux installers, made of a stand-in for the program; packaging/test_deb.py tries the real ones."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import bootstrap
import linux_desktop
import linux_needs
import PySide6
import pytest
import target_deb
import target_run

from gui.app import DESKTOP_ID
from gui.drop_frame import MODEL_SUFFIX
from gui.project_file import MIDI_SUFFIXES, PROJECT_SUFFIX

SHARE = linux_desktop.FOLDER / "share"
KNOWN_AS_MIDI = {".mid", ".midi", ".kar"}
"""What shared-mime-info calls audio/midi."""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="made and installed on Linux")


def needs(*tools):
    missing = [tool for tool in tools if shutil.which(tool) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not here; packaging/test_deb.py has it")


def entry(path):
    parser = configparser.ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str
    parser.read(path, "utf-8")
    return parser["Desktop Entry"]


def types():
    """Type → endings, of those that are our own."""
    tree = ET.parse(SHARE / f"mime/packages/{linux_desktop.ID}.xml")
    spaced = {"": "http://www.freedesktop.org/standards/shared-mime-info"}
    return {
        kind.get("type"): {glob.get("pattern").removeprefix("*") for glob in kind.findall("glob", spaced)}
        for kind in tree.findall("mime-type", spaced)
    }


def test_desktops_know_the_program_by_the_name_that_its_window_gives():
    assert linux_desktop.ID == DESKTOP_ID
    menu = entry(SHARE / linux_desktop.ENTRY)
    assert (menu["Icon"], menu["Name"], menu["StartupWMClass"]) == (DESKTOP_ID, "Ritornello", "Ritornello")
    assert menu["Exec"].split() == [target_deb.PROGRAMS[0], "%f"]


def test_the_menu_entry_opens_just_what_the_window_opens():
    own = types()
    assert {ending for endings in own.values() for ending in endings} == {PROJECT_SUFFIX, MODEL_SUFFIX}
    assert set(entry(SHARE / linux_desktop.ENTRY)["MimeType"].strip(";").split(";")) == {*own, "audio/midi"}
    assert set(MIDI_SUFFIXES) >= KNOWN_AS_MIDI


def test_each_type_of_ours_has_an_icon():
    assert {f"mimetypes/{kind.replace('/', '-')}" for kind in types()} == {
        place for place in linux_desktop.ICONS.values() if place.startswith("mimetypes/")
    }


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    folder = tmp_path_factory.mktemp("laid") / "share"
    linux_desktop.lay(folder, "1.2.3")
    return folder


@on_linux
def test_a_shop_is_told_the_same_types_and_the_version(share):
    page = ET.parse(share / f"metainfo/{linux_desktop.ID}.metainfo.xml")
    assert page.findtext("id") == linux_desktop.ID
    assert page.findtext("launchable") == Path(linux_desktop.ENTRY).name
    assert {kind.text for kind in page.findall("provides/mediatype")} == {*types(), "audio/midi"}
    assert {program.text for program in page.findall("provides/binary")} == set(target_deb.PROGRAMS)
    (release,) = page.findall("releases/release")
    assert release.get("version") == "1.2.3"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", release.get("date"))


@on_linux
def test_every_icon_lies_where_desktops_look_for_it(share):
    for place in linux_desktop.ICONS.values():
        assert (share / f"icons/hicolor/48x48/{place}.png").is_file()
        assert (share / f"icons/hicolor/scalable/{place}.svg").is_file()


@on_linux
@needs("desktop-file-validate")
def test_the_menu_entries_are_valid(share):
    for path in (share / linux_desktop.ENTRY, linux_desktop.FOLDER / "uninstall.desktop"):
        done = subprocess.run(["desktop-file-validate", path], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")


@on_linux
@needs("appstreamcli")
def test_the_page_for_shops_is_valid(share):
    page = share / f"metainfo/{linux_desktop.ID}.metainfo.xml"
    done = subprocess.run(["appstreamcli", "validate", "--no-net", page], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("version", "sorts_as"),
    [("0.2.0", "0.2.0"), ("0.2.0rc1", "0.2.0~rc1"), ("0.2.0.dev3", "0.2.0~dev3"), ("1.0b2", "1.0~b2")],
)
def test_a_version_before_the_release_sorts_before_it_in_debian_too(version, sorts_as):
    assert target_deb.debian_version(version) == sorts_as


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """A folder like that of the frozen program: two programs, and the plug-in by which Qt reaches a screen."""
    folder = tmp_path_factory.mktemp("frozen") / "ritornello"
    plugin = folder / "_internal/PySide6/Qt/plugins/platforms/libqxcb.so"
    plugin.parent.mkdir(parents=True)
    shutil.copyfile(Path(PySide6.__file__).parent / "Qt/plugins/platforms/libqxcb.so", plugin)
    for name in target_deb.PROGRAMS:
        (folder / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@on_linux
@needs("readelf")
def test_a_package_depends_on_what_its_files_are_linked_to_and_do_not_bring(frozen, tmp_path):
    needed = linux_needs.needs(frozen)[0]
    assert {"libxkbcommon-x11.so.0", "libc.so.6"} <= needed
    held = frozen.parent / "holding"
    shutil.copytree(frozen, held)
    brought = {name for name in needed if name.startswith(("libQt6", "libxkbcommon-x11", "libstdc++"))}
    for name in brought:
        (held / name).touch()
    fields = linux_needs.depends(held).split(", ")
    assert re.fullmatch(r"libc6 \(>= 2\.\d+\)", next(field for field in fields if field.startswith("libc6 ")))
    assert {"libegl1", "libgl1", "fontconfig-config"} <= set(fields)
    assert not {"libxkbcommon-x11-0", "libstdc++6"} & set(fields)
    assert not any("python" in field for field in fields)


@on_linux
@needs("readelf")
def test_a_library_whose_package_nobody_named_stops_the_build(frozen):
    with pytest.raises(bootstrap.SetupError, match=re.escape("libQt6XcbQpa.so.6")):
        linux_needs.packages(frozen)


@on_linux
def test_the_handbook_lies_where_a_browser_in_a_snap_may_see_it_and_the_program_finds_it(frozen, tmp_path):
    program = tmp_path / "frozen"
    shutil.copytree(frozen, program)
    (program / target_deb.HANDBOOK).mkdir(parents=True)
    (program / target_deb.HANDBOOK / "index.html").write_text("a page")
    root = tmp_path / "root"
    target_deb.lay(root, "1.2.3", program)
    page = root / target_deb.PLACE / target_deb.HANDBOOK / "index.html"
    assert page.read_text() == "a page"
    assert page.resolve() == (root / "usr/share/doc/ritornello/html/index.html").resolve()
    assert not (root / target_deb.PLACE / target_deb.HANDBOOK).readlink().is_absolute()


@pytest.fixture
def complete(frozen, tmp_path):
    """The same, with Qt's libraries there by name."""
    folder = tmp_path / "complete"
    shutil.copytree(frozen, folder)
    for name in linux_needs.needs(frozen)[0]:
        if name.startswith("libQt6"):
            (folder / "_internal" / name).touch()
    return folder


@on_linux
@needs("dpkg-deb", "readelf")
def test_a_deb_holds_the_program_under_usr_lib_its_links_and_no_script(complete, tmp_path):
    package = target_deb.make("0.9.0rc1", complete, tmp_path / "out", packed=("-Znone",))
    ask = {
        name: subprocess.check_output(["dpkg-deb", "-f", package, name], text=True).strip()
        for name in ("Version", "Depends")
    }
    assert ask["Version"] == "0.9.0~rc1"
    assert ask["Depends"] == linux_needs.depends(complete)
    listed = subprocess.check_output(["dpkg-deb", "-c", package], text=True).splitlines()
    assert {line.split()[1] for line in listed} == {"root/root"}
    assert any(line.endswith("./usr/bin/ritornello-cli -> ../lib/ritornello/ritornello-cli") for line in listed)
    tops = {
        line.split()[5].split("/")[2]
        for line in listed
        if line.split()[5].startswith("./usr/") and line.split()[5] != "./usr/"
    }
    assert tops == {"bin", "lib", "share"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == [package.name]
    control = tmp_path / "control"
    subprocess.run(["dpkg-deb", "-e", package, control], check=True)
    assert {path.name for path in control.iterdir()} == {"control", "md5sums"}


@pytest.fixture
def person(tmp_path):
    """A home folder whose name has all that a shell and a menu entry could stumble over."""
    folder = tmp_path / 'Jörg "J." Müller, 100% $5 `ls` \\n'
    folder.mkdir()
    return folder


def installed(home, script, *arguments, answer=""):
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["sh", script, *arguments], env=environment, capture_output=True, text=True, input=answer, cwd=home
    )
    return done.returncode, done.stdout + done.stderr


def tree(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@on_linux
@needs("readelf")
def test_a_run_installs_for_one_person_upgrades_in_place_and_leaves_the_home_as_it_was(complete, person, tmp_path):
    (person / ".local/share/applications").mkdir(parents=True)
    (person / ".local/share/applications/others.desktop").touch()
    (person / ".local/share/Ritornello/models").mkdir(parents=True)
    before = tree(person)
    (complete / "stale").touch()
    older = target_run.make("0.1.0", complete, tmp_path / "out", level=1)
    (complete / "stale").unlink()
    newer = target_run.make("0.2.0", complete, tmp_path / "out", level=1)
    place = person / ".local/lib/ritornello"

    status, said = installed(person, older)
    assert status == 0, said
    assert (place / "stale").exists()
    status, said = installed(person, newer)
    assert (status, "Installing Ritornello 0.2.0" in said) == (0, True), said
    assert {path.name for path in place.iterdir()} == {
        *("_internal", "installed.txt", "ritornello", "ritornello-cli", "share", "uninstall")
    }
    assert subprocess.check_output([person / ".local/bin/ritornello-cli", "x"], text=True) == "ritornello-cli x\n"
    call = entry(person / ".local/share" / linux_desktop.ENTRY)["Exec"]
    quoted = re.fullmatch('"(.*)" %f', call).group(1).replace("\\\\", "\\")  # of any string, then of a quoted word
    assert re.sub(r"\\(.)", r"\1", quoted).replace("%%", "%") == str(place / "ritornello")
    assert (person / f".local/share/icons/hicolor/scalable/{linux_desktop.ICONS['model']}.svg").is_file()

    assert "Nothing was changed" in installed(person, place / "uninstall", answer="n\n")[1]
    assert (place / "ritornello").exists()
    status, said = installed(person, place / "uninstall", answer="y\n")
    assert status == 0, said
    assert tree(person) - {".local/share/applications/mimeinfo.cache"} == before


@on_linux
@needs("readelf")
def test_a_run_that_is_incomplete_changes_nothing(complete, person, tmp_path):
    whole = target_run.make("0.2.0", complete, tmp_path / "out", level=1)
    half = tmp_path / "half.run"
    half.write_bytes(whole.read_bytes()[:-5000])
    status, said = installed(person, half)
    assert status == 1
    assert "damaged or incomplete" in said
    assert tree(person) == set()


@on_linux
@needs("dpkg-deb", "readelf")
@pytest.mark.parametrize("kind", ["deb", "run"])
def test_an_installer_is_the_same_to_the_byte_whenever_it_is_built(complete, tmp_path, kind):
    make = target_deb.make if kind == "deb" else target_run.make
    first = make("0.2.0", complete, tmp_path / "first").read_bytes()
    for path in complete.rglob("*"):
        os.utime(path)
    assert make("0.2.0", complete, tmp_path / "second").read_bytes() == first
