"""Where copy heads point: the pass in blocks beside the plain one."""

import numpy as np
import pytest

from core.learning.network.tensorflow import pointing
from core.learning.network.weights import distance_row

tf = pytest.importorskip("tensorflow")


def plainly(queries, keys, likeness, distance, planes, offers):
    """All pairs at once, whose gradient TensorFlow derives itself."""
    steps = queries.shape[1]
    back = np.arange(steps)[:, None] - np.arange(steps)
    scores = tf.einsum("bthw,bshw->bhts", queries, keys)
    scores += tf.einsum("bfts,fh->bhts", tf.cast(planes, queries.dtype), likeness)
    scores += tf.gather(distance, distance_row(np.maximum(back, 0)), axis=1)[None] + np.where(back > 0, 0, -1e9)
    weights, found, first = tf.nn.softmax(scores), [], 0
    for heads, values in offers:
        found.append(tf.einsum("bhts,bsv->bthv", weights[:, first : first + heads], values))
        first += heads
    return found


@pytest.mark.parametrize(
    ("steps", "rows", "pairs", "windows"), [(20, 96, 32768, 5), (20, 7, 32768, 3), (21, 96, 900, 5), (7, 7, 7, 2)]
)
def test_blocks_of_rows_find_what_all_pairs_at_once_find_and_so_does_their_gradient(
    monkeypatch, steps, rows, pairs, windows
):
    monkeypatch.setattr(pointing, "_ROWS", rows)
    monkeypatch.setattr(pointing, "_PAIRS", pairs)
    random = np.random.default_rng(0)
    shapes = ((windows, steps, 5, 4), (windows, steps, 5, 4), (6, 5), (5, 32))
    given = [tf.constant(random.normal(size=shape)) for shape in shapes]  # float64: the error left is rounding
    planes = tf.constant(random.integers(0, 3, (windows, 6, steps, steps)).astype(np.uint8))
    offers = [
        (heads, tf.one_hot(random.integers(0, size, (windows, steps)), size, dtype=tf.float64))
        for heads, size in ((2, 8), (3, 6))
    ]
    wanted = [random.normal(size=(windows, steps, *shape)) for shape in ((2, 8), (3, 6))]
    for values in wanted:
        values[:, 0] = 0  # nothing is before the first event: whatever it finds is shut away
    results = []

    def block(first, last, row, end):
        return tf.cast(planes[first:last, :, row:end, :end], tf.float64)

    for function, told in ((pointing.pointed, block), (plainly, planes)):
        with tf.GradientTape() as tape:
            tape.watch(given)
            found = function(*given, told, offers)
            loss = sum(tf.reduce_sum(values * weight) for values, weight in zip(found, wanted, strict=True))
        results.append([*(values[:, 1:] for values in found), *tape.gradient(loss, given)])
    for ours, theirs in zip(*results, strict=True):
        assert np.abs(ours.numpy() - theirs.numpy()).max() < 1e-12
