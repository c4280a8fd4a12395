"""info and render."""

import wave

import numpy as np
import pytest

from core.music.midi_file import write_midi
from core.music.score import Metre, Note, Part, Score, Tempo
from tests.core.playback.test_soundfont import tiny_sf2


@pytest.fixture
def waltz(tmp_path):
    """Two bars of 3/4 at 90, an A and a chord, with drums."""
    path = tmp_path / "Walzer für Ä.mid"
    flute = Part.of([Note(0, 69, 1440)], name="Flute", program=73)
    drums = Part.of([Note(0, 36, 240), Note(1440, 36, 240)], name="Drums", is_drums=True)
    chord = Part.of([Note(1440, pitch, 1440) for pitch in (57, 61, 64)], name="Piano")
    write_midi(Score((flute, chord, drums), (Tempo(0, 666_667),), (Metre(0, 3, 4),)), path)
    return path


def test_info_says_what_is_in_a_file(cli, waltz) -> None:
    found = cli("info", waltz, "--json").json
    assert (found["notes"], found["bars"], found["metre"], found["key"]) == (6, 2, "3/4", "A major")
    assert found["tempo"] == pytest.approx(90, abs=0.01)
    assert found["duration_s"] == pytest.approx(4, abs=0.01)
    assert [(part["name"], part["program"], part["notes"]) for part in found["parts"]] == [
        ("Flute", 73, 1),
        ("Piano", 0, 3),
        ("Drums", 0, 2),
    ]
    assert found["parts"][1]["lowest"] == "A3"
    words = cli("info", waltz).out
    assert "‘Piano’ (program 0): 3 notes, A3 to E4" in words
    assert "2 bars of 3/4" in words


def test_info_of_an_empty_score(cli, tmp_path) -> None:
    write_midi(Score(), tmp_path / "empty.mid")
    found = cli("info", tmp_path / "empty.mid", "--json").json
    assert (found["notes"], found["bars"], found["key"]) == (0, 0, "")


def test_render_makes_audio_as_loud_as_can_be_unless_told_not_to(cli, waltz, tmp_path) -> None:
    peaks = []
    for option in ((), ("--normalise",), ("--no-normalise",)):
        assert cli("render", waltz, tmp_path / "x.wav", *option).code == 0
        with wave.open(str(tmp_path / "x.wav")) as reader:
            peaks.append(np.abs(np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(int)).max())
    assert peaks[0] == peaks[1]
    assert 20 * np.log10(peaks[0] / 32_768) == pytest.approx(-1, abs=0.5)
    assert peaks[2] < 0.9 * peaks[0]


def test_render_makes_audio_in_tune(cli, waltz, tmp_path) -> None:
    out = tmp_path / "Walzer.wav"
    found = cli("render", waltz, out, "--json").json
    with wave.open(str(out)) as reader:
        frames = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").reshape(-1, 2)
        assert reader.getframerate() == 44_100
    assert found["seconds"] == pytest.approx(len(frames) / 44_100, abs=0.001)
    assert 4 <= found["seconds"] < 8
    assert found["elapsed_s"] > 0
    flute = frames[22_050:66_150, 0].astype(float)
    spectrum = np.abs(np.fft.rfft(flute * np.hanning(len(flute)), 2**18))
    assert np.fft.rfftfreq(2**18, 1 / 44_100)[spectrum.argmax()] == pytest.approx(440, abs=3)
    assert 3_000 < np.abs(frames.astype(int)).max() < 32_767


def test_render_takes_another_soundfont(cli, waltz, tmp_path) -> None:
    tone = 8000 * np.sin(2 * np.pi * 441 * np.arange(5000) / 22_050)
    (tmp_path / "tone.sf2").write_bytes(tiny_sf2(tone, loop=(1000, 4000)))
    assert cli("render", waltz, tmp_path / "tone.wav", "--soundfont", tmp_path / "tone.sf2").code == 0
    assert cli("render", waltz, tmp_path / "same.wav").code == 0
    assert (tmp_path / "tone.wav").read_bytes() != (tmp_path / "same.wav").read_bytes()


def test_a_soundfont_that_is_none_is_refused_and_nothing_written(cli, waltz, tmp_path) -> None:
    (tmp_path / "bad.sf2").write_bytes(b"RIFF, but no soundfont")
    outcome = cli("render", waltz, tmp_path / "out.wav", "--soundfont", tmp_path / "bad.sf2")
    assert outcome.code == 1
    assert "‘bad.sf2’" in outcome.err
    assert not (tmp_path / "out.wav").exists()


def test_render_into_a_folder_that_cannot_be_made_is_a_sentence(cli, waltz, tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    outcome = cli("render", waltz, tmp_path / "file" / "out.wav")
    assert outcome.code == 1
    assert "‘out.wav’ can't be saved: a file is in the way of its folder" in outcome.err
