"""Whatever lies under the name of a .mid: a score, or one sentence; never a crash, a hang, or the memory gone."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileError
from core.music.midi_file import read_midi, read_midi_bytes
from tests.builders import END, chunk, event, meta, midi, off, on, some_notes, track

DATA = Path(__file__).parents[2] / "data" / "midi"
SONG = (DATA / "song.mid").read_bytes()
MELODY = (DATA / "melody.mid").read_bytes()

LARGEST_RSS = 500 * 2**20
LONGEST_S = 20.0


def refused(content: bytes, name: str = "prelude.mid") -> str:
    with pytest.raises(FileError) as error:
        read_midi_bytes(content, name)
    assert error.value.sentence.startswith(f"‘{name}’ can't be read: ")
    assert error.value.sentence.endswith(".")
    return error.value.sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (midi(track(some_notes()), division=0), "‘prelude.mid’ can't be read: its header says 0 ticks per quarter."),
        (b"", "‘prelude.mid’ can't be read: it is empty."),
        (b"\0" * 100, "‘prelude.mid’ can't be read: it is not a MIDI file."),
        (b"<html>not found</html>", "‘prelude.mid’ can't be read: it is a web page."),
        (MELODY[:10], "‘prelude.mid’ can't be read: it breaks off in its header."),
        (MELODY[:14], "‘prelude.mid’ can't be read: it has no tracks."),
        (midi(track(meta(0, 0x03, b"Name"))[:-6]), "‘prelude.mid’ can't be read: it breaks off before the first note."),
        (midi(track(event(0, 60, 90))), "‘prelude.mid’ can't be read: track 1 is damaged (an event without a status)."),
        (midi(*[track(some_notes())] * 4_000), "‘prelude.mid’ can't be read: it has more than 1,000 tracks."),
        (MELODY + bytes(2**23), "‘prelude.mid’ can't be read: it is larger than 8 MB."),
        (
            midi(track(*[event(0x0FFFFFFF, 0x90, 60, 90), event(0x0FFFFFFF, 0x80, 60, 0)] * 8)),
            "‘prelude.mid’ can't be read: it would last more than 24 hours.",
        ),
        (
            midi(track(*[on(0x0FFFFFF, 60), off(0x0FFFFFF, 60)] * 4)),
            "‘prelude.mid’ can't be read: it would last more than 24 hours.",
        ),
        (
            midi(track(meta(0, 0x51, b"\xff\xff\xff"), on(0, 60), off(5_000_000, 60))),
            "‘prelude.mid’ can't be read: it would last more than 24 hours.",
        ),
        (
            midi(track(meta(0x0FFFFFFF, 0x05, b"late"), some_notes())),
            "‘prelude.mid’ can't be read: it would last more than 24 hours.",
        ),
        (
            midi(track(*[on(0, 60) + off(1, 60)] * 200_001)),
            "‘prelude.mid’ can't be read: it has more than 200,000 notes.",
        ),
    ],
    ids=lambda given: given[18:] if isinstance(given, str) else "",
)
def test_the_sentence_names_the_file_and_the_reason(content, sentence):
    assert refused(content) == sentence


def test_other_kinds_of_damage_still_give_the_music():
    for content in (
        midi(chunk(b"XFIH", b"abcd"), track(some_notes())),
        midi(track(some_notes()), kind=2),
        midi(track(some_notes()), kind=77),
        b"RIFF\0\0\0\0RMIDdata\0\0\0\0" + midi(track(some_notes())),
        midi(track(some_notes(), is_ended=False)),
        midi(track(on(0, 60), b"\0\xf0\x02\x01\xf7", event(10, 60, 0))),
        midi(track(some_notes()), track(b"\0\xff\x59\x02\x40\x07")),
        midi(chunk(b"MTrk", some_notes() + b"\0" + END, length=2**32 - 1)),
        midi(track(some_notes(), b"\0\xff\x7f\xff\xff\xff\x7f")),
    ):
        assert read_midi_bytes(content, "x.mid").score.note_count


def test_a_file_of_conductor_alone_is_an_empty_score():
    assert read_midi_bytes(midi(track(meta(0, 0x51, b"\x07\xa1\x20"))), "x.mid").score.note_count == 0


def test_a_folder_named_like_a_file_is_named(tmp_path):
    (tmp_path / "x.mid").mkdir()
    with pytest.raises(FileError, match=r"‘x.mid’ can't be read: it is a folder\."):
        read_midi(tmp_path / "x.mid")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"‘x.mid’ can't be read: there is no such file\."):
        read_midi(tmp_path / "x.mid")


def test_a_link_that_leads_back_to_itself_is_named(tmp_path):
    (tmp_path / "a.mid").symlink_to(tmp_path / "b.mid")
    (tmp_path / "b.mid").symlink_to(tmp_path / "a.mid")
    with pytest.raises(FileError, match="leads back to itself"):
        read_midi(tmp_path / "a.mid")


@pytest.mark.skipif(os.name != "posix", reason="pipes with names are a POSIX thing")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    with pytest.raises(FileError, match="it is not an ordinary file"):
        read_midi(tmp_path / "pipe.mid")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may open everything")
def test_a_file_that_may_not_be_opened_is_named(tmp_path):
    (tmp_path / "x.mid").write_bytes(MELODY)
    (tmp_path / "x.mid").chmod(0)
    with pytest.raises(FileError, match="you may not open it"):
        read_midi(tmp_path / "x.mid")


def test_a_denied_file_is_named(tmp_path, monkeypatch):
    def denied(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x.mid").write_bytes(MELODY)
    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(FileError, match=r"‘x.mid’ can't be read: you may not open it\."):
        read_midi(tmp_path / "x.mid")


@pytest.mark.parametrize("name", ["Größe ♪ .mid", "’.mid", "a" * 200 + ".mid"])
def test_names_of_all_kinds_are_read(tmp_path, name):
    (tmp_path / name).write_bytes(MELODY)
    assert read_midi(tmp_path / name).note_count


@pytest.mark.parametrize("name", ["nul\0.mid", "a" * 400 + ".mid"])
def test_impossible_names_are_named(tmp_path, name):
    with pytest.raises(FileError, match="can't be read"):
        read_midi(tmp_path / name)


def only_a_sentence(content: bytes) -> None:
    begun_s = time.thread_time()
    try:
        result = read_midi_bytes(content, "fuzzed.mid")
        assert result.score.note_count <= 200_000
    except FileError as error:
        sentence = error.sentence
    else:
        sentence = "‘fuzzed.mid’ can't be read: "
    assert sentence.startswith("‘fuzzed.mid’ can't be read: ")
    assert time.thread_time() - begun_s < 5, "seconds of work, however long the machine took for them"


@settings(max_examples=150)
@given(
    st.sampled_from((SONG[:3000], MELODY)),
    st.lists(st.tuples(st.integers(0, 2999), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_changed_bytes_give_a_score_or_a_sentence(content, changes):
    changed = bytearray(content)
    for place, value in changes:
        changed[place % len(changed)] = value
    only_a_sentence(bytes(changed))


@settings(max_examples=60)
@given(st.integers(0, len(MELODY)), st.binary(max_size=40), st.integers(0, 40))
def test_bytes_cut_out_and_put_in_give_a_score_or_a_sentence(place, inserted, dropped):
    only_a_sentence(MELODY[:place] + inserted + MELODY[place + dropped :])


@given(st.binary(max_size=200))
def test_any_bytes_in_a_track_give_a_score_or_a_sentence(content):
    only_a_sentence(midi(chunk(b"MTrk", content)))


@given(st.integers(0, len(MELODY)))
def test_a_file_cut_off_anywhere_gives_what_is_left(length):
    only_a_sentence(MELODY[:length])


WORST = {
    "all controllers and a note": lambda: midi(
        chunk(b"MTrk", some_notes() + b"\0\xb0\x40\x00" + b"\0\x40\x01" * 2_600_000 + b"\0" + END)
    ),
    "all notes": lambda: midi(chunk(b"MTrk", (on(0, 60) + b"\0\x3e\x5a" * 2 + off(1, 60)) * 550_000 + b"\0" + END)),
    "note-offs against many open notes": lambda: midi(
        chunk(b"MTrk", b"\0\x90\x3c\x5a" + b"\0\x3c\x5a" * 190_000 + b"\0\x3c\x00" * 2_000_000)
    ),
    "all tempos and a note": lambda: midi(
        chunk(b"MTrk", some_notes() + b"\1\xff\x51\x03\x07\xa1\x20" * 1_150_000 + b"\0" + END)
    ),
    "thousands of tracks": lambda: midi(*[track(some_notes([60]))] * 60_000),
    "empty chunks": lambda: midi(chunk(b"XXXX", b"") * 1_000_000),
    "headings of tracks": lambda: midi(chunk(b"MTrk", b"", length=2**32 - 1)) * 300_000,
    "four billion ticks": lambda: midi(track(*[event(0x0FFFFFFF, 0x90, 60, n % 2) for n in range(20)])),
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak")
@pytest.mark.parametrize("name", WORST)
def test_the_worst_files_neither_hang_nor_eat_memory(name, tmp_path):
    (tmp_path / "worst.mid").write_bytes(WORST[name]())
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from core.errors import FileError\n"
        "from core.music.midi_file import read_midi\n"
        "try:\n"
        "    read_midi(Path(sys.argv[1]))\n"
        "except FileError as error:\n"
        "    print(error, file=sys.stderr)\n"
        "peak = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
        "print(time.process_time(), peak)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "worst.mid")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    worked_s, peak = map(float, done.stdout.split())
    assert worked_s < LONGEST_S
    assert peak * 1024 < LARGEST_RSS  # it is given in KiB
