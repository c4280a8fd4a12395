import numpy as np

from core.learning.generation.repetition import stuck_since


def first_stuck(onsets, pitches, bar=96):
    """(how many notes it took, since which) or None."""
    for count in range(1, len(pitches) + 1):
        since = stuck_since(onsets[:count], pitches[:count], bar=bar)
        if since is not None:
            return count, since
    return None


def test_a_pitch_may_be_struck_twelve_times_and_no_more():
    onsets = list(range(0, 30 * 6, 6))
    assert first_stuck(onsets, [62, *[60] * 29]) == (14, 1)
    assert first_stuck(onsets[:13], [62, *[60] * 12]) is None


def test_a_slow_pitch_is_stuck_sooner():
    assert first_stuck(list(range(0, 24 * 20, 24)), [60] * 20) == (9, 0)


def test_a_pitch_that_is_struck_now_and_then_is_stuck_after_three_bars():
    onsets = [0, 40, 100, 200, 260, 287, 288, 400]
    assert first_stuck(onsets, [60] * 8) == (7, 0)
    assert first_stuck(onsets, [60] * 5 + [62] + [60] * 2) is None


def test_a_bar_may_come_three_times():
    onsets = [bar * 96 + place for bar in range(8) for place in (0, 24, 48, 60)]
    pitches = [60, 64, 67, 65] * 8
    count, since = first_stuck(onsets, pitches)
    assert (count, since) == (13, 0)  # the first note of the fourth round
    assert first_stuck(onsets[:12], pitches[:12]) is None


def test_a_short_figure_may_go_on_for_two_bars():
    onsets = list(range(0, 12 * 80, 12))
    count, since = first_stuck([0, *(onset + 12 for onset in onsets)], [50, *[60, 64] * 40])
    assert since == 1
    assert onsets[count - 2] == 2 * 96


def test_two_bars_may_come_two_and_a_half_times():
    rhythm = [0, 24, 48, 60, 96, 120, 144, 168]
    onsets = [twice * 192 + place for twice in range(6) for place in rhythm]
    pitches = [60, 64, 67, 65, 62, 65, 69, 67] * 6
    count, since = first_stuck(onsets, pitches)
    assert (onsets[count - 1], since) == (5 * 96, 0)
    varied = [*pitches[:16], 61, *pitches[17:]]
    assert first_stuck(onsets[:32], varied[:32]) is None


def test_a_phrase_of_four_bars_may_come_again_and_again():
    onsets = list(range(0, 24 * 80, 24))
    assert first_stuck(onsets, [60, 62, 64, 65, 67, 65, 64, 67, 69, 71, 72, 71, 69, 67, 65, 62] * 5) is None


def test_a_figure_that_moves_or_changes_its_rhythm_is_not_stuck():
    onsets = list(range(0, 12 * 100, 12))
    assert first_stuck(onsets, [60 + i % 4 + i // 16 for i in range(100)]) is None
    uneven = np.cumsum([6 + (i * 7) % 18 for i in range(100)]).tolist()
    assert first_stuck(uneven, [60, 64, 67, 65] * 25) is None


def test_chords_do_not_confuse_it():
    assert first_stuck([0, 0, 0] * 5, [60, 64, 67] * 5, bar=96) is None
