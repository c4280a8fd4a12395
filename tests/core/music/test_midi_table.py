"""The quick reader of tracks gives what the tolerant one gives, whatever stands beside them."""

import random
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core import paths
from core.music.midi_encoding import encoded
from core.music.midi_events import Unreadable, read_track, split
from core.music.midi_table import _Spans, read_tracks
from tests.builders import END, event, meta, on, some_notes, track
from tests.strategies import scores

REAL = [path.read_bytes() for path in sorted((Path(__file__).parents[2] / "data" / "midi").glob("*.mid"))]


def agreed(contents):
    table, refused = read_tracks(contents)
    for number, content in enumerate(contents):
        begin, end = table.starts[number : number + 2]
        columns = (table.tick, table.status, table.first, table.second)
        try:
            alone = read_track(content)
        except Unreadable:
            assert number in refused
            continue
        assert list(zip(*(column[begin:end].tolist() for column in columns), strict=True)) == alone.channel_events
        together = table.tracks[number]
        fields = ("others", "end", "limited", "damage", "goes_on")
        assert [getattr(together, name) for name in fields] == [getattr(alone, name) for name in fields]
        assert set(table.track[begin:end].tolist()) <= {number}


def test_all_shipped_melodies_and_real_files_are_the_same_both_ways_and_none_is_left_to_the_slow_one():
    with zipfile.ZipFile(paths.sample_collection()) as collection:
        contents = [collection.read(name) for name in collection.namelist() if name.endswith(".mid")]
    tracks = [content for file in (*contents, *REAL) for content in split(file).tracks]
    agreed(tracks)
    spans = _Spans()
    assert all(spans.add(number, content) for number, content in enumerate(tracks))


@given(st.lists(scores(), min_size=1, max_size=3))
def test_tracks_that_we_write_are_the_same_both_ways(pieces):
    agreed([content for piece in pieces for content in split(encoded(piece)).tracks])


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=60), max_size=3), st.integers(0, 10**6))
def test_damaged_tracks_are_the_same_both_ways(broken, seed):
    chance = random.Random(seed)
    whole = bytearray(split(REAL[0]).tracks[-1][:400])
    for _ in range(chance.randrange(4)):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    agreed([*broken, bytes(whole), *broken])


def test_unusual_tracks_are_the_same_both_ways():
    agreed(
        [
            b"",
            track(event(0, 0xC0, 5), event(3, 6), event(3, 7))[8:],
            track(event(0, 0xD0, 5), event(3, 6), on(0, 60))[8:],
            track(event(300, 0x90, 60, 9), event(3_000_000, 60, 0), event(0x0FFFFFFF, 60, 9))[8:],
            track(meta(0, 0x01, b"x" * 127), meta(0, 0x01, b"x" * 128), some_notes())[8:],
            track(event(0, 60, 90), some_notes())[8:],
            some_notes() + b"\0" + END + some_notes() + b"\0" + END,
            some_notes(),
            some_notes() + b"\0" + END,
        ]
    )
