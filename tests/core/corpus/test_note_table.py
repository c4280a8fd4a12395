"""Counts of many pieces in one sweep agree with counting each piece note by note."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.corpus.melody import best_parts, melody_part
from core.corpus.note_table import AT_ONCE, LENGTH, LENGTHS, PITCHES, TIME_AT_ONCE, NoteTable, notes_at_once
from core.music.keys import evidence_of
from core.music.score import Note, Notes, Part, Score, fitted

lists_of_notes = st.lists(
    st.builds(Note, st.integers(0, 900), st.integers(58, 64), st.integers(1, 700)), max_size=12
).map(fitted)
pieces_of_parts = st.lists(st.lists(lists_of_notes, min_size=1, max_size=3), max_size=4)


def table(pieces: list[list[tuple[Note, ...]]]) -> NoteTable:
    by_part = NoteTable.of([Part(notes=part) for parts in pieces for part in parts])
    return by_part.merged([index for index, parts in enumerate(pieces) for _ in parts], len(pieces))


def merged(parts: list[tuple[Note, ...]]) -> list[Note]:
    """Of two notes at one place the first part's."""
    first: dict[tuple[int, int], Note] = {}
    for part in parts:
        for note in part:
            first.setdefault((note.onset, note.pitch), note)
    return sorted(first.values(), key=lambda note: (note.onset, note.pitch))


@settings(max_examples=50)
@given(pieces_of_parts)
def test_pitches_and_numbers_of_notes_are_counted_by_piece(pieces: list[list[tuple[Note, ...]]]) -> None:
    found = table(pieces)
    assert found.counts().tolist() == [len(merged(parts)) for parts in pieces]
    for row, parts in zip(found.tallies(), pieces, strict=True):
        expected = Counter(note.pitch for note in merged(parts))
        assert {pitch: count for pitch, count in enumerate(row[PITCHES].tolist()) if count} == expected


@settings(max_examples=40)
@given(pieces_of_parts)
def test_time_is_shared_out_by_how_many_notes_sound(pieces: list[list[tuple[Note, ...]]]) -> None:
    for row, parts in zip(table(pieces).tallies(), pieces, strict=True):
        notes = merged(parts)
        expected = [0] * len(AT_ONCE)
        if notes:
            for tick in range(notes[0].onset, max(note.end for note in notes)):
                sounding = sum(note.onset <= tick < note.end for note in notes)
                expected[min(sounding, 6)] += 1
        assert row[TIME_AT_ONCE].tolist() == expected


@settings(max_examples=50)
@given(pieces_of_parts)
def test_top_lines_are_the_skylines_of_the_pieces(pieces: list[list[tuple[Note, ...]]]) -> None:
    lines = table(pieces).top_lines()
    for index, parts in enumerate(pieces):
        mine = lines.group == index
        found = zip(lines.onset[mine].tolist(), lines.pitch[mine].tolist(), lines.duration[mine].tolist(), strict=True)
        assert [Note(*note) for note in found] == list(Notes.of(merged(parts)).top_line())


@settings(max_examples=50)
@given(pieces_of_parts)
def test_the_shortcut_for_single_lines_counts_the_same(pieces: list[list[tuple[Note, ...]]]) -> None:
    lines = table(pieces).top_lines()
    assert lines.tallies()[:, TIME_AT_ONCE].tolist() == lines._time_at_once().tolist()


@settings(max_examples=50)
@given(pieces_of_parts)
def test_single_onsets_are_counted_by_piece(pieces: list[list[tuple[Note, ...]]]) -> None:
    for share, parts in zip(table(pieces).single_shares(), pieces, strict=True):
        onsets = Counter(note.onset for note in merged(parts))
        expected = sum(count == 1 for count in onsets.values()) / len(onsets) if onsets else 0
        assert share == pytest.approx(expected)


def test_a_length_counts_as_the_name_it_is_nearest_to() -> None:
    durations = {480: "1/4", 460: "1/4", 240: "1/8", 160: "1/8T", 120: "1/16", 720: "1/4.", 1920: "1", 9000: "longer"}
    part = Part.of(Note(index * 20_000, 60, duration) for index, duration in enumerate(durations))
    (row,) = table([[part.notes]]).tallies()
    counted = {LENGTHS[index]: int(count) for index, count in enumerate(row[LENGTH]) if count}
    assert counted == Counter(durations.values())


def test_notes_at_once_are_averaged_over_the_time_in_which_any_sound() -> None:
    pieces = [[fitted([Note(0, 60, 480), Note(960, 60, 480), Note(960, 64, 480)])], [()]]
    assert notes_at_once(table(pieces).tallies()).tolist() == pytest.approx([1.5, 0])


@settings(max_examples=50)
@given(st.lists(st.lists(lists_of_notes.filter(bool), min_size=1, max_size=3), min_size=1, max_size=4))
def test_what_many_pieces_say_of_their_keys_is_what_each_says(pieces: list[list[tuple[Note, ...]]]) -> None:
    evidence = table(pieces).key_evidence()
    for found, parts in zip(evidence, pieces, strict=True):
        assert found == pytest.approx(
            evidence_of({(n.onset, n.pitch): n for part in parts[::-1] for n in part}.values())[0]
        )


@settings(max_examples=50)
@given(st.lists(st.lists(lists_of_notes.filter(bool), min_size=1, max_size=3), min_size=1, max_size=4))
def test_the_best_parts_of_many_pieces_are_those_of_each(pieces: list[list[tuple[Note, ...]]]) -> None:
    parts = [[Part(notes=part) for part in piece] for piece in pieces]
    found = best_parts(parts, NoteTable.of([part for piece in parts for part in piece]))
    offset = 0
    for best, piece in zip(found, pieces, strict=True):
        assert best - offset == melody_part(Score(tuple(Part(notes=notes) for notes in piece)))
        offset += len(piece)


@settings(max_examples=50)
@given(st.lists(lists_of_notes, min_size=1, max_size=4))
def test_overlaps_and_leaps_are_counted_by_part(parts: list[tuple[Note, ...]]) -> None:
    found = NoteTable.of([Part(notes=part) for part in parts])
    for notes, overlap, leap in zip(parts, found.overlap_shares(), found.leaps(), strict=True):
        overlapping = sum(any(earlier.onset < note.onset < earlier.end for earlier in notes) for note in notes)
        assert overlap == pytest.approx(overlapping / max(1, len(notes)))
        steps = [abs(later.pitch - note.pitch) for note, later in itertools.pairwise(notes)]
        assert leap == pytest.approx(sum(steps) / max(1, len(steps)))


def test_chosen_groups_are_numbered_anew() -> None:
    part = fitted([Note(0, 60, 480), Note(480, 62, 480)])
    found = NoteTable.of([Part(notes=part), Part(notes=()), Part(notes=part[:1])]).chosen([0, 2])
    assert found.counts().tolist() == [2, 1]
    assert found.first_onsets().tolist() == [0, 0]


@settings(max_examples=50)
@given(st.lists(lists_of_notes, min_size=1, max_size=4))
def test_the_time_beside_earlier_notes_is_counted_by_part(parts: list[tuple[Note, ...]]) -> None:
    found = NoteTable.of([Part(notes=part) for part in parts]).crowded_shares()
    for share, notes in zip(found, parts, strict=True):
        beside = 0
        for index, note in enumerate(notes):
            heard_until = max((earlier.end for earlier in notes[:index]), default=0)
            beside += max(0, min(heard_until, note.end) - note.onset)
        assert share == pytest.approx(beside / max(1, sum(note.duration for note in notes)))
