"""The texts of licences that the build collects: complete, or no build."""

import re
from importlib import metadata
from pathlib import Path

import environment
import frozen
import licences
import manifest
import pytest

PYGAME_LIBRARIES = {
    "linux": """libFLAC-c5c6b3bc.so.8.3.0 libSDL2-2-1667c208.0.so.0.2800.4 libSDL2_mixer-2-673d03d7.0.so.0.600.3
        libasound-d80805e8.so.2.0.0 libattr-4f2a9577.so.1.1.0 libbz2-a273e504.so.1.0.6 libcap-79733b59.so.2.22
        libdbus-1-5d678da9.so.3.14.14 libdw-0-780627ce.176.so libelf-0-3d9de92a.176.so libfluidsynth-3137fad6.so.3.1.1
        libgcrypt-18957bae.so.11.8.2 libgomp-a34b3233.so.1.0.0 libgpg-error-3f09c3c7.so.0.10.0 liblz4-af1653fb.so.1.8.3
        liblzma-004595ca.so.5.2.2 libmpg123-fad61782.so.0.47.0 libogg-3f4a1572.so.0.8.5 libopus-56ba99ed.so.0.8.0
        libopusfile-df4005ff.so.0.4.5 libpcre-9513aab5.so.1.2.0 libportmidi-6df3607d.so.2.0.3 libpulse-5b5d1e90.so.0.23.0
        libpulse-simple-4ba3beb5.so.0.1.1 libpulsecommon-14-80414fd3.2.so libselinux-0922c95c.so.1
        libsndfile-2f719936.so.1.0.34 libsystemd-7fd64813.so.0.6.0 libvorbis-ac399090.so.0.4.9
        libvorbisenc-bb396c4a.so.2.0.12 libvorbisfile-8aced0b7.so.3.3.8""",
    "windows": """SDL2.dll SDL2_mixer.dll libmodplug-1.dll libogg-0.dll libopus-0.dll libopusfile-0.dll portmidi.dll
        zlib1.dll""",
    "macos": """libmpg123.0.dylib libmodplug.1.dylib libvorbisenc.2.0.12.dylib libglib-2.0.0.dylib libFLAC.8.dylib
        libfluidsynth.3.1.1.dylib libvorbisfile.3.3.8.dylib libSDL2-2.0.0.dylib libportmidi.2.0.3.dylib libogg.0.8.5.dylib
        libSDL2_mixer-2.0.0.dylib libintl.8.dylib libsndfile.1.0.34.dylib libgthread-2.0.0.dylib
        libz.1.2.11.zlib-ng.dylib libvorbis.0.4.9.dylib libopusfile.0.dylib libopus.0.dylib""",
}
"""What the wheels of pygame 2.6.1 bring that the mixer and the MIDI ports are linked to."""


def runtime_packages() -> list[metadata.Distribution]:
    """What the program needs to run, and what that needs, as far as it is installed here."""
    waiting = [re.split(r"[^\w.-]", line)[0] for line in environment.project()["dependencies"]]
    found: dict[str, metadata.Distribution] = {}
    while waiting:
        name = licences.normalised(waiting.pop())
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system, or to build with alone
        if name not in found:
            found[name] = distribution
            plain = [line for line in distribution.requires or () if "extra ==" not in line]
            waiting += [re.split(r"[^\w.-]", line)[0] for line in plain]
    return list(found.values())


def test_every_package_that_the_program_needs_has_the_text_of_its_licence() -> None:
    parts = [licences.packaged(distribution) for distribution in runtime_packages()]
    assert {"numpy", "pygame", "pyside6-essentials", "tensorflow"} <= {part.name for part in parts}
    for part in parts:
        assert sum(map(len, part.texts.values())) > 200, part.name


@pytest.mark.parametrize("platform", frozen.PLATFORMS)
def test_every_library_that_pygame_brings_has_the_text_of_its_licence(platform: str) -> None:
    names = PYGAME_LIBRARIES[platform].split()
    assert names
    for name in names:
        assert (licences.OURS / "pygame" / licences.text_of_pygame_library(name)).is_file(), name


def test_a_licence_that_a_text_refers_to_lies_beside_it() -> None:
    part = licences.packaged(metadata.distribution("pygame"))
    named = {name for text in part.texts.values() for name in re.findall(r"common-licenses/(L?GPL-[\d.]*\d)", text)}
    assert {"LGPL-2.1", "GPL-2"} <= named
    assert {f"{name}.txt" for name in named} <= set(part.texts)


def test_a_library_of_unknown_licence_ends_the_build_with_its_name() -> None:
    with pytest.raises(licences.Unlicensed, match=r"libquaver-0a1b2c3d\.so\.1"):
        licences.text_of_pygame_library("libquaver-0a1b2c3d.so.1")


def test_a_file_that_nobody_owns_ends_the_build_with_its_name(tmp_path: Path) -> None:
    stray = tmp_path / "site" / "stray.so"
    stray.parent.mkdir()
    stray.touch()
    with pytest.raises(licences.Unlicensed, match=r"stray\.so"):
        licences.owner_of(stray, stray.parent)


def test_a_package_without_any_text_ends_the_build_with_its_name(tmp_path: Path) -> None:
    record = tmp_path / "quaver-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: quaver\nVersion: 1.0\n")
    with pytest.raises(licences.Unlicensed, match="quaver"):
        licences.packaged(metadata.Distribution.at(record))


def test_our_own_part_names_the_sounds_fonts_icons_and_pieces_that_we_ship() -> None:
    part = licences.owner_of(frozen.ROOT / "core" / "errors.py", Path("/nowhere"))
    assert part.name == "ritornello"
    assert part.version == frozen.version()
    for licence in ("MIT License", "SIL OPEN FONT LICENSE", "ISC License", "CC0"):
        assert any(licence in text for text in part.texts.values()), licence


def test_what_is_written_lists_every_part_and_the_manifest_reads_the_versions_back(tmp_path: Path) -> None:
    parts = [
        licences.owner_of(frozen.ROOT / "LICENSE", Path("/nowhere")),
        licences.packaged(metadata.distribution("numpy")),
    ]
    licences.write(parts, tmp_path / "inside" / "licences")
    for part in parts:
        for name, text in part.texts.items():
            assert (tmp_path / "inside" / "licences" / part.name / name).read_text("utf-8") == text
    assert manifest.packages(tmp_path) == {part.name: part.version for part in parts}
