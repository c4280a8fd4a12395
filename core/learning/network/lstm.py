"""The LSTM layer: on a processor a loop with a gradient of its own, twice as fast as what autodiff makes of it; on a GPU cuDNN's.

Both compute the cell of weights.py with the same weights.
"""

from collections.abc import Callable
from typing import Any

Layer = Callable[[Any, Any, Any, Any], Any]
"""States, (steps, windows, units), from inputs, (steps, windows, inputs), and the weights kernel, recurrent and bias."""


def processor_layer(inputs: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """The layer by `lstm`."""
    import tensorflow as tf

    return lstm(tf.tensordot(inputs, kernel, 1) + bias, recurrent)


def gpu_layer(inputs: int, units: int) -> Layer:
    """The layer by Keras, which takes cuDNN's where there is a GPU and an equal but slow loop elsewhere."""
    import tensorflow as tf

    layer = tf.keras.layers.LSTM(units, return_sequences=True)
    layer.build((None, None, inputs))  # its own weights are never read

    def states(inputs: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        weights = [tf.convert_to_tensor(weight) for weight in (kernel, recurrent, bias)]
        by_window = tf.transpose(inputs, (1, 0, 2))
        found, _state = layer.stateless_call(weights, layer.non_trainable_variables, by_window)
        return tf.transpose(found, (1, 0, 2))

    return states


def lstm(read: Any, recurrent: Any) -> Any:
    """States of an LSTM, (steps, windows, units), from what it reads, (steps, windows, 4 units), gates in order i, f, g, o.

    What each step reads is computed for all steps at once by the caller; the loops hold the recurrent products alone,
    and the gradient of the recurrent weights is one product after its loop.
    """
    import tensorflow as tf

    def states_of(read: Any, recurrent: Any) -> tuple[Any, Any]:
        steps, windows = tf.shape(read)[0], tf.shape(read)[1]
        units = recurrent.shape[0]
        zeros = tf.zeros((windows, units), read.dtype)
        # tanh(x) = 2 σ(2 x) - 1: with g doubled, one logistic function serves all four gates.
        doubled = tf.concat([tf.ones(2 * units), 2 * tf.ones(units), tf.ones(units)], 0)
        doubled = tf.cast(doubled, read.dtype)
        again = recurrent * doubled

        def forward(step: Any, state: Any, cell: Any, gates: Any, cells: Any) -> tuple[Any, ...]:
            squashed = tf.sigmoid(reads.read(step) + tf.matmul(state, again))
            taken, kept, new, shown = tf.split(squashed, 4, axis=1)
            cell = kept * cell + taken * (2 * new - 1)
            state = shown * tf.tanh(cell)
            return (
                step + 1,
                state,
                cell,
                gates.write(step, squashed),
                cells.write(step, cell),
            )

        def array(width: int) -> Any:
            return tf.TensorArray(read.dtype, steps, element_shape=(None, width))

        reads = array(4 * units).unstack(read * doubled)
        *_, gates, cells = tf.while_loop(
            lambda step, *_: step < steps,
            forward,
            (0, zeros, zeros, array(4 * units), array(units)),
        )
        all_gates, all_cells = gates.stack(), cells.stack()
        squashed_cells = tf.tanh(all_cells)
        all_states = all_gates[:, :, 3 * units :] * squashed_cells

        def gradient(change: Any) -> tuple[Any, Any]:
            earlier_cells = tf.concat([zeros[None], all_cells[:-1]], 0)
            earlier_states = tf.concat([zeros[None], all_states[:-1]], 0)
            taken, kept, half_new, shown = tf.split(all_gates, 4, axis=2)
            new = 2 * half_new - 1
            # For all steps at once: what a change of the cell does to i, f, g (before squashing) and of the state to o;
            # of the state to the cell; of the cell to the cell before. One array, because each look into one costs.
            factors = tf.concat(
                [
                    new * taken * (1 - taken),
                    earlier_cells * kept * (1 - kept),
                    taken * (1 - new * new),
                    squashed_cells * shown * (1 - shown),
                    shown * (1 - squashed_cells * squashed_cells),
                    kept,
                ],
                axis=2,
            )
            changes = array(units).unstack(change)
            by_step = array(6 * units).unstack(factors)
            back = tf.transpose(recurrent)

            def backward(step: Any, state_change: Any, cell_change: Any, read_changes: Any) -> tuple[Any, ...]:
                factor, through, keep = tf.split(by_step.read(step), [4 * units, units, units], axis=1)
                state_change = state_change + changes.read(step)
                cell_change = cell_change + state_change * through
                read_change = tf.concat([cell_change, cell_change, cell_change, state_change], axis=1) * factor
                return (
                    step - 1,
                    tf.matmul(read_change, back),
                    cell_change * keep,
                    read_changes.write(step, read_change),
                )

            *_, read_changes = tf.while_loop(
                lambda step, *_: step >= 0, backward, (steps - 1, zeros, zeros, array(4 * units))
            )
            read_change = read_changes.stack()
            recurrent_change = tf.matmul(
                tf.reshape(earlier_states, (-1, units)), tf.reshape(read_change, (-1, 4 * units)), transpose_a=True
            )
            return read_change, recurrent_change

        return all_states, gradient

    return tf.custom_gradient(states_of)(read, tf.convert_to_tensor(recurrent))
