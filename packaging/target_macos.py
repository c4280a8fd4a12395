"""The disk image for macOS, with the application in it; built on a Mac (codesign, hdiutil, xcrun).

Switched off until there is a certificate:
    RITORNELLO_SIGN_MACOS       the identity that signs, such as "Developer ID Application: NAME (TEAM)"
    RITORNELLO_NOTARISE_MACOS   the keychain's profile that `xcrun notarytool store-credentials` made
Without the first the application is signed by nobody ("ad hoc"), which Apple's processors demand of every program.
"""

import os
import plistlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import icons

ID = "org.ritornello.Ritornello"
OLDEST_SYSTEM = "13.0"
"""Qt's."""
ENTITLEMENTS = Path(__file__).resolve().parent / "macos" / "entitlements.plist"


def make(version: str, frozen: Path, out: Path) -> Path:
    """The image's path, in `out`. frozen: Ritornello.app. Raises CalledProcessError."""
    out.mkdir(parents=True, exist_ok=True)
    image = out.resolve() / f"Ritornello-{version}-macos-arm64.dmg"
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder, "Ritornello")
        shown.mkdir()
        application = shown / "Ritornello.app"
        shutil.copytree(frozen, application, symlinks=True)
        complete(application, version)
        (shown / "Applications").symlink_to("/Applications")  # to drag it to
        for command in commands(application, image, os.environ):
            subprocess.run(command, check=True)
    return image


def complete(application: Path, version: str) -> None:
    """Give the application its kinds of file and their icons."""
    contents = application / "Contents"
    drawn = icons.ready()
    for name in ("app", "project", "model"):
        shutil.copy(drawn / f"{name}.icns", contents / "Resources" / f"{name}.icns")
    plist = contents / "Info.plist"
    plist.write_bytes(plistlib.dumps({**plistlib.loads(plist.read_bytes()), **information(version)}))


def commands(application: Path, image: Path, environment) -> list:
    """What signs the application, packs the image, and has it notarised, in this order."""
    identity = environment.get("RITORNELLO_SIGN_MACOS") or "-"
    profile = environment.get("RITORNELLO_NOTARISE_MACOS")
    sign = ["codesign", "--force", "--sign", identity]
    if identity != "-":
        sign += ["--timestamp"]
    hardened = [] if identity == "-" else ["--options", "runtime", "--entitlements", str(ENTITLEMENTS)]
    made = [
        [*sign, "--deep", *hardened, str(application)],
        ["codesign", "--verify", "--deep", "--strict", str(application)],
        ["hdiutil", "create", "-volname", "Ritornello", "-srcfolder", str(application.parent), "-fs", "HFS+"]
        + ["-format", "UDZO", "-ov", str(image)],
    ]
    if identity != "-":
        made.append([*sign, str(image)])
    if identity != "-" and profile:
        made.append(["xcrun", "notarytool", "submit", str(image), "--keychain-profile", profile, "--wait"])
        made.append(["xcrun", "stapler", "staple", str(image)])
    return made


def information(version: str) -> dict:
    """Info.plist, beyond what PyInstaller writes."""
    return {
        "CFBundleIdentifier": ID,
        "CFBundleName": "Ritornello",
        "CFBundleDisplayName": "Ritornello",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleIconFile": "app.icns",
        "LSApplicationCategoryType": "public.app-category.music",
        "LSMinimumSystemVersion": OLDEST_SYSTEM,
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "MIT licence",
        "CFBundleDocumentTypes": [
            _opens("Ritornello project", ["org.ritornello.project"], "Owner", "project.icns"),
            _opens("Ritornello model", ["org.ritornello.model"], "Owner", "model.icns"),
            _opens("MIDI file", ["public.midi-audio", "org.ritornello.karaoke"], "Alternate"),
        ],
        "UTExportedTypeDeclarations": [
            _kind("org.ritornello.project", "Ritornello project", "ritornello", "public.data", "project.icns"),
            _kind("org.ritornello.model", "Ritornello model", "ritornello-model", "public.data", "model.icns"),
        ],
        "UTImportedTypeDeclarations": [
            _kind("org.ritornello.karaoke", "MIDI karaoke file", "kar", "public.midi-audio"),
        ],
    }


def _opens(name: str, kinds: list, rank: str, icon: str = "") -> dict:
    """rank: Owner of the kind, or an Alternate under "Open With"."""
    opened = {
        "CFBundleTypeName": name,
        "CFBundleTypeRole": "Editor",
        "LSHandlerRank": rank,
        "LSItemContentTypes": kinds,
    }
    return {**opened, "CFBundleTypeIconFile": icon} if icon else opened


def _kind(identifier: str, name: str, suffix: str, conforms_to: str, icon: str = "") -> dict:
    kind = {
        "UTTypeIdentifier": identifier,
        "UTTypeDescription": name,
        "UTTypeConformsTo": [conforms_to],
        "UTTypeTagSpecification": {"public.filename-extension": [suffix]},
    }
    return {**kind, "UTTypeIconFile": icon} if icon else kind
