"""Hypothesis strategies for the central values: any score that a .mid can hold."""

from dataclasses import replace

from hypothesis import strategies as st

from core.music.midi_maps import at_barlines
from core.music.score import (
    BEND,
    KEY_PRESSURE,
    PRESSURE,
    ControlChange,
    KeySignature,
    Metre,
    Note,
    OtherEvent,
    Part,
    Score,
    Tempo,
    TextEvent,
)

LATEST = 40_000
"""Ticks: some 20 bars. Small, so that notes meet."""

ticks = st.integers(0, LATEST)
velocities = st.integers(1, 127)
midi_texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
"""What a .mid can hold and gives back: any text but control characters, which nobody is to see."""


def json_values(max_leaves: int = 8) -> st.SearchStrategy:
    """Whatever JSON can hold."""
    numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=max_leaves,
    )


def notes(pitches: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[Note]:
    """One note; few pitches make notes meet."""
    return st.builds(
        Note, ticks, st.integers(0, 127) if pitches is None else pitches, st.integers(1, 4_000), velocities
    )


crowded_notes = notes(st.integers(60, 64) | st.integers(0, 127))
"""Notes of which many share a pitch."""


_sevens = st.integers(0, 127)
controls = (
    st.builds(
        ControlChange,
        ticks,
        st.sampled_from((1, 7, 10, 11, 64, 100)) | st.integers(1, 119).filter(lambda n: n != 32),
        _sevens,
    )
    | st.builds(ControlChange, ticks, st.sampled_from((PRESSURE, KEY_PRESSURE + 60, 121)), _sevens)
    | st.builds(ControlChange, ticks, st.just(BEND), st.integers(-8192, 8191))
)
"""All that a channel can be told but what changes the notes, their program or its bank."""
others = st.builds(
    OtherEvent,
    ticks,
    st.sampled_from((0x00, 0x02, 0x04, 0x07, 0x08, 0x54, 0x7F)),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8).map(str.encode),
) | st.builds(
    OtherEvent, ticks, st.just(0xF0), st.binary(max_size=8).map(lambda some: bytes(b & 127 for b in some) + b"\xf7")
)


def _by_ticks(entries: st.SearchStrategy, max_size: int = 3) -> st.SearchStrategy:
    return st.lists(entries, max_size=max_size).map(lambda some: tuple(sorted(some, key=lambda entry: entry.tick)))


def parts(max_notes: int = 8) -> st.SearchStrategy[Part]:
    return st.builds(
        Part.of,
        st.lists(crowded_notes, max_size=max_notes),
        name=midi_texts,
        program=st.integers(0, 127),
        is_drums=st.booleans(),
        controls=st.lists(controls, max_size=6),
    )


def _by_rising_ticks(entries: st.SearchStrategy, max_size: int = 4) -> st.SearchStrategy:
    return st.lists(entries, max_size=max_size, unique_by=lambda entry: entry.tick).map(
        lambda some: tuple(sorted(some, key=lambda entry: entry.tick))
    )


tempos = st.builds(Tempo, ticks, st.integers(20_000, 0xFFFFFF))
metres = st.builds(Metre, ticks, st.integers(1, 255), st.sampled_from((1, 2, 4, 8, 16, 32, 64, 128)))
keys = st.builds(KeySignature, ticks, st.integers(-7, 7), st.booleans())
texts = st.lists(st.builds(TextEvent, ticks, midi_texts.filter(bool)), max_size=3).map(
    lambda some: tuple(sorted(some, key=lambda entry: entry.tick))
)


def scores(max_parts: int = 3, max_notes: int = 8) -> st.SearchStrategy[Score]:
    """Scores with everything in them, also many empty parts."""
    return st.builds(
        Score,
        st.lists(parts(max_notes), min_size=1, max_size=max_parts).map(tuple),
        _by_rising_ticks(tempos),
        _by_rising_ticks(metres).map(at_barlines),
        _by_rising_ticks(keys),
        texts,
        texts,
        st.integers(0, 60_000),
        _by_ticks(others),
    ).map(_ended)


def _ended(score: Score) -> Score:
    """With all that happens before its end, as in any file."""
    events = (score.tempos, score.metres, score.keys, score.lyrics, score.markers, score.others)
    ticks = [entry.tick for entries in events for entry in entries]
    ticks += [control.tick for part in score.parts for control in part.controls]
    notes_end = max(part.end for part in score.parts)
    length = max([score.length, *ticks])
    return replace(score, length=length if length > notes_end else 0)


@st.composite
def scores_with_selection(draw: st.DrawFn) -> tuple[Score, int, frozenset[Note]]:
    """A score, one of its parts, and some of that part's notes."""
    score = draw(scores(max_parts=2))
    part = draw(st.integers(0, len(score.parts) - 1))
    held = score.parts[part].notes
    chosen = draw(st.lists(st.sampled_from(held), unique=True)) if held else []
    return score, part, frozenset(chosen)
