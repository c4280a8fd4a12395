from hypothesis import given
from hypothesis import strategies as st

from gui.training.chart_labels import LABEL_WIDTH, Box, beside_ends, best_place
from gui.training.chart_scale import LEFT, RIGHT, axis_end, scale_for


@given(st.floats(0, 400), st.floats(0, 400), st.floats(120, 400))
def test_the_labels_of_both_curves_never_meet_and_stay_on_the_chart(first, second, bottom):
    for box in (boxes := beside_ends(100, min(first, bottom), min(second, bottom), top=10, bottom=bottom)):
        assert box.top >= 10 - 0.001
        assert box.bottom <= bottom + 0.001
        assert box.left > 100
    assert not boxes[0].meets(boxes[1])


def test_labels_keep_the_order_of_their_curves():
    unseen, studied = beside_ends(0, 210, 200, top=0, bottom=400)
    assert studied.bottom <= unseen.top


@given(st.integers(1, 3000), st.integers(0, 400), st.floats(640, 2000))
def test_right_of_the_last_point_there_is_room_for_the_labels(done, more, width):
    end = axis_end(done, done + more, width=width, room=LABEL_WIDTH)
    scale = scale_for(width, 300, last_epoch=end, values=[1, 5])
    assert end >= max(10, done + more)
    assert scale.x(done) + LABEL_WIDTH <= width - RIGHT + 0.001


def test_the_axis_ends_where_the_plan_does_while_that_is_far():
    assert axis_end(37, 60, width=1200, room=200) == 60
    assert axis_end(2, 2, width=1200, room=200) == 10


def test_the_best_epoch_is_told_where_it_covers_neither_a_label_nor_a_curve():
    plot = Box(LEFT, 10, 800, 300)
    curve = [(x, 150.0) for x in range(LEFT, 600, 5)]
    taken = (Box(612, 130, 200, 40),)
    place = best_place((500, 150), (120, 42), plot=plot, taken=taken, points=curve)
    assert place.lies_in(plot)
    assert not place.meets(taken[0])
    assert not any(place.holds(*point) for point in curve)
    assert best_place((500, 150), (900, 42), plot=plot, taken=taken, points=curve) is None
