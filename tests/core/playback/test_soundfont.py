"""The structure of soundfonts, and what becomes of files that are none."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from core import paths
from core.errors import AudioError
from core.playback.sampler import SampleRenderer
from core.playback.soundfont import Soundfont, read_soundfont
from core.playback.voice import FRAMES_PER_S


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def listed(name: bytes, *chunks: bytes) -> bytes:
    return chunk(b"LIST", name + b"".join(chunks))


def tiny_sf2(
    frames: np.ndarray,
    *,
    root_key: int = 69,
    loop: tuple[int, int] = (0, 0),
    rate: int = 22_050,
    bank: int = 0,
    program: int = 0,
) -> bytes:
    """One preset, one instrument, one sample of 16-bit frames."""
    loops = loop != (0, 0)
    generators = struct.pack("<HHHH", 54, int(loops), 53, 0)
    count = len(generators) // 4
    return b"RIFF" + struct.pack("<I", 10**6) + b"sfbk" + (
        listed(b"INFO", chunk(b"ifil", b"\2\0\1\0"))
        + listed(b"sdta", chunk(b"smpl", frames.astype("<i2").tobytes() + b"\0" * 92))
        + listed(
            b"pdta",
            chunk(b"phdr", struct.pack("<20sHHHIII", b"One", program, bank, 0, 0, 0, 0) + struct.pack("<20sHHHIII", b"EOP", 0, 0, 1, 0, 0, 0)),
            chunk(b"pbag", struct.pack("<HHHH", 0, 0, 1, 0)),
            chunk(b"pmod", bytes(10)),
            chunk(b"pgen", struct.pack("<HHHH", 41, 0, 0, 0)),
            chunk(b"inst", struct.pack("<20sH20sH", b"One", 0, b"EOI", 1)),
            chunk(b"ibag", struct.pack("<HHHH", 0, 0, count, 0)),
            chunk(b"imod", bytes(10)),
            chunk(b"igen", generators + bytes(4)),
            chunk(
                b"shdr",
                struct.pack("<20sIIIIIBbHH", b"a4", 0, len(frames), loop[0], loop[1], rate, root_key, 0, 0, 1) + bytes(46),
            ),
        )
    )  # fmt: skip


def no_decoding(_: bytes) -> np.ndarray:
    raise AssertionError("a .sf2 holds plain frames")


def loudest_hertz(wave: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 2**18))
    return float(np.fft.rfftfreq(2**18, 1 / FRAMES_PER_S)[spectrum.argmax()])


def test_the_shipped_soundfont_has_its_twelve_programs_and_drums() -> None:
    soundfont = read_soundfont(paths.soundfont())
    for program in (0, 4, 11, 16, 24, 32, 33, 40, 48, 56, 73, 80):
        assert any(region.plays(60, 90) for region in soundfont.regions(program, is_drums=False)), program
    for pitch in (36, 38, 42, 49):
        assert any(region.plays(pitch, 90) for region in soundfont.regions(0, is_drums=True)), pitch


@pytest.mark.parametrize(
    ("wanted", "taken"), [(0, 0), (1, 0), (6, 4), (41, 40), (57, 56), (74, 73), (25, 24), (19, 16)]
)
def test_a_program_that_is_missing_is_played_by_its_nearest(wanted, taken) -> None:
    soundfont = read_soundfont(paths.soundfont())
    assert soundfont.regions(wanted, is_drums=False) == soundfont.regions(taken, is_drums=False)


def of_presets(*presets: tuple[int, int]) -> Soundfont:
    """Whose regions are the (bank, program) that they are of."""
    return Soundfont({preset: (preset,) for preset in presets}, ())


@pytest.mark.parametrize(
    ("offered", "bank", "program", "taken"),
    [
        ([(0, 0), (8, 0), (8, 80)], 8, 0, (8, 0)),
        ([(0, 0), (8, 0), (8, 80)], 0, 0, (0, 0)),
        ([(0, 0), (8, 0), (8, 80)], 3, 0, (0, 0)),  # a variation that is missing: the plain instrument
        ([(0, 0), (8, 0), (8, 80)], 0, 80, (8, 80)),  # rather than a piano
        ([(1, 5)], 0, 0, (1, 5)),
        ([(128, 0), (1, 5)], 0, 40, (1, 5)),
        ([(128, 0)], 0, 40, (128, 0)),
    ],
)
def test_a_bank_chooses_the_variation_and_any_preset_is_better_than_silence(offered, bank, program, taken) -> None:
    assert of_presets(*offered).regions(program, bank=bank, is_drums=False) == (taken,)


@pytest.mark.parametrize(
    ("offered", "program", "taken"),
    [
        ([(0, 25), (128, 0), (128, 25)], 25, ((128, 25),)),
        ([(0, 40), (128, 0), (128, 25)], 40, ((128, 0),)),
        ([(128, 25)], 0, ((128, 25),)),
        ([(0, 0)], 0, ()),
    ],
)
def test_a_program_chooses_the_kit_and_nothing_but_a_kit_beats_drums(offered, program, taken) -> None:
    assert of_presets(*offered).regions(program, is_drums=True) == taken


@pytest.mark.parametrize(("bank", "program"), [(0, 5), (1, 0), (8, 80)])
def test_a_single_instrument_is_heard_wherever_its_file_keeps_it(tmp_path: Path, bank: int, program: int) -> None:
    path = tmp_path / "one.sf2"
    frames = 8000 * np.sin(2 * np.pi * 441 * np.arange(5000) / 22_050)
    path.write_bytes(tiny_sf2(frames, loop=(1000, 4000), bank=bank, program=program))
    SampleRenderer(read_soundfont(path), no_decoding).check()


def test_a_plain_soundfont_is_read_and_in_tune(tmp_path: Path) -> None:
    path = tmp_path / "ein Ton.sf2"
    path.write_bytes(tiny_sf2(8000 * np.sin(2 * np.pi * 441 * np.arange(5000) / 22_050), loop=(1000, 4000)))
    renderer = SampleRenderer(read_soundfont(path), no_decoding)
    renderer.check()
    voice = renderer.render(0, is_drums=False, pitch=69, velocity=127, seconds=1.0)
    assert loudest_hertz(voice.wave[:44_100, 0]) == pytest.approx(441, abs=0.5)
    octave = renderer.render(0, is_drums=False, pitch=57, velocity=127, seconds=1.0)
    assert loudest_hertz(octave.wave[:44_100, 0]) == pytest.approx(220.5, abs=0.5)
    assert np.abs(voice.wave[-4410:]).max() > 0.05, "a looped sample is held"


def test_a_sample_without_a_loop_ends_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "short.sf2"
    path.write_bytes(tiny_sf2(8000 * np.sin(2 * np.pi * 441 * np.arange(5000) / 22_050)))
    voice = SampleRenderer(read_soundfont(path), no_decoding).render(
        0, is_drums=False, pitch=69, velocity=127, seconds=9
    )
    assert voice.is_complete
    assert len(voice.wave) == pytest.approx(10_000, abs=10)


def test_a_silent_soundfont_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "silent.sf2"
    path.write_bytes(tiny_sf2(np.zeros(5000)))
    with pytest.raises(AudioError, match="no sound"):
        SampleRenderer(read_soundfont(path), no_decoding).check()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"MThd" + bytes(100),
        bytes(1000),
        b"RIFF\xff\xff\xff\xffsfbk" + bytes(64),
    ],
)
def test_a_file_that_is_no_soundfont_gives_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "schön.sf2"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"‘schön\.sf2’ is not a soundfont"):
        read_soundfont(path)


def test_a_missing_soundfont_gives_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"‘none\.sf2’ can't be read"):
        read_soundfont(tmp_path / "none.sf2")


def test_a_soundfont_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    whole = tiny_sf2(np.ones(300))
    path = tmp_path / "cut.sf2"
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(AudioError):
            read_soundfont(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such things")
def test_a_pipe_or_device_in_place_of_a_soundfont_gives_a_sentence_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.sf2")
    (tmp_path / "zero.sf2").symlink_to("/dev/zero")
    for name in ("pipe.sf2", "zero.sf2"):
        with pytest.raises(AudioError, match="not an ordinary file"):
            read_soundfont(tmp_path / name)
