"""Hypothesis strategies for the central values: any score that a .mid can hold."""

from hypothesis import strategies as st

from core.music.score import ControlChange, KeySignature, Metre, Note, Part, PitchBend, Score, Tempo, TextEvent

LATEST = 40_000
"""Ticks: some 20 bars. Small, so that notes meet."""

ticks = st.integers(0, LATEST)
velocities = st.integers(1, 127)
midi_texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
"""What a .mid can hold and gives back: any text but NULs, which files pad names with."""


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


def parts(max_notes: int = 8) -> st.SearchStrategy[Part]:
    return st.builds(
        Part.of,
        st.lists(crowded_notes, max_size=max_notes),
        name=midi_texts,
        program=st.integers(0, 127),
        is_drums=st.booleans(),
        controls=st.lists(st.builds(ControlChange, ticks, st.integers(0, 127), st.integers(0, 127)), max_size=4),
        bends=st.lists(st.builds(PitchBend, ticks, st.integers(-8192, 8191)), max_size=3),
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
        _by_rising_ticks(metres),
        _by_rising_ticks(keys),
        texts,
        texts,
    )


@st.composite
def scores_with_selection(draw: st.DrawFn) -> tuple[Score, int, frozenset[Note]]:
    """A score, one of its parts, and some of that part's notes."""
    score = draw(scores(max_parts=2))
    part = draw(st.integers(0, len(score.parts) - 1))
    held = score.parts[part].notes
    chosen = draw(st.lists(st.sampled_from(held), unique=True)) if held else []
    return score, part, frozenset(chosen)
