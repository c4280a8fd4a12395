"""The disk image for macOS, as far as it can be told without a Mac."""

import plistlib
import shutil
import struct
import sys
from pathlib import Path

import pytest
import target_macos

from core.learning.models.library import SUFFIX as MODEL_SUFFIX
from gui.project_file import PROJECT_SUFFIX

APPLICATION, IMAGE = Path("shown/Ritornello.app"), Path("Ritornello.dmg")


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """As PyInstaller leaves it."""
    contents = tmp_path / "Ritornello.app" / "Contents"
    (contents / "Resources").mkdir(parents=True)
    made = {"CFBundleExecutable": "ritornello", "CFBundlePackageType": "APPL", "CFBundleShortVersionString": "0.0.0"}
    (contents / "Info.plist").write_bytes(plistlib.dumps(made))
    target_macos.complete(contents.parent, "0.2.0")
    return contents.parent


def test_the_application_knows_its_kinds_of_file(application: Path) -> None:
    told = plistlib.loads((application / "Contents" / "Info.plist").read_bytes())
    assert told["CFBundleExecutable"] == "ritornello"
    assert told["CFBundleShortVersionString"] == told["CFBundleVersion"] == "0.2.0"
    assert told["CFBundleIdentifier"] == "org.ritornello.Ritornello"
    declared = {
        kind["UTTypeIdentifier"]: f".{suffix}"
        for key in ("UTExportedTypeDeclarations", "UTImportedTypeDeclarations")
        for kind in told[key]
        for suffix in kind["UTTypeTagSpecification"]["public.filename-extension"]
    }
    ranks = {
        declared.get(kind, kind): opened["LSHandlerRank"]
        for opened in told["CFBundleDocumentTypes"]
        for kind in opened["LSItemContentTypes"]
    }
    own, offered = {PROJECT_SUFFIX, MODEL_SUFFIX}, {".kar", "public.midi-audio"}  # the system's, of .mid and .midi
    assert ranks == dict.fromkeys(own, "Owner") | dict.fromkeys(offered, "Alternate")


def test_every_icon_that_it_names_is_in_it(application: Path) -> None:
    contents = application / "Contents"
    told = plistlib.loads((contents / "Info.plist").read_bytes())
    kinds = [*told["CFBundleDocumentTypes"], *told["UTExportedTypeDeclarations"], told]
    keys = ("CFBundleIconFile", "CFBundleTypeIconFile", "UTTypeIconFile")
    named = {kind[key] for kind in kinds for key in keys if key in kind}
    assert len(named) == 3
    for name in named:
        content = (contents / "Resources" / name).read_bytes()
        assert content[:4] == b"icns"
        assert struct.unpack(">I", content[4:8]) == (len(content),)


def test_without_a_certificate_it_is_signed_by_nobody_and_not_sent_anywhere() -> None:
    made = target_macos.commands(APPLICATION, IMAGE, {"RITORNELLO_NOTARISE_MACOS": "profile"})
    assert [command[0] for command in made] == ["codesign", "codesign", "hdiutil"]
    assert made[0] == ["codesign", "--force", "--sign", "-", "--deep", str(APPLICATION)]


def test_with_one_it_is_signed_then_packed_then_notarised() -> None:
    environment = {"RITORNELLO_SIGN_MACOS": "Developer ID Application: X", "RITORNELLO_NOTARISE_MACOS": "profile"}
    made = target_macos.commands(APPLICATION, IMAGE, environment)
    assert [command[0] for command in made] == ["codesign", "codesign", "hdiutil", "codesign", "xcrun", "xcrun"]
    assert {"--timestamp", "runtime"} <= set(made[0])
    asked = made[0][made[0].index("--entitlements") + 1]
    assert all(plistlib.loads(Path(asked).read_bytes()).values())
    assert made[4][:4] == ["xcrun", "notarytool", "submit", str(IMAGE)]
    assert made[5][1:3] == ["stapler", "staple"]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")
def test_the_image_holds_the_program_and_where_to_drag_it(
    application: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for `codesign` does nothing, one for `hdiutil` lists what it packs."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "codesign").write_text("#!/bin/sh\n")
    (tools / "hdiutil").write_text('#!/bin/sh\nls "$5" > "${11}"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{Path(shutil.which('sh') or '/bin/sh').parent}")
    made = target_macos.make("0.2.0", application, tmp_path / "out")
    assert made.name == "Ritornello-0.2.0-macos-arm64.dmg"
    assert made.read_text().split() == ["Applications", "Ritornello.app"]
