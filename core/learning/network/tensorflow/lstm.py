"""The LSTM layer: on a processor a loop with a gradient of its own, twice as fast as what autodiff makes of it; on a GPU cuDNN's.

Both compute the cell of weights.py with the same weights.
"""

from collections.abc import Callable
from typing import Any

Layer = Callable[[Any, Any, Any, Any], Any]
"""States, (steps, windows, units), from inputs, (steps, windows, inputs), and the weights kernel, recurrent and bias."""


def processor_layer(inputs: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """The layer as a loop that holds the recurrent product alone; gates in order i, f, g, o, as 4 · units columns.

    What the steps read is one product before the loop, and the gradient of all weights is one product after its loop.
    """
    import tensorflow as tf

    def states_of(inputs: Any, kernel: Any, recurrent: Any, bias: Any) -> tuple[Any, Any]:
        steps, windows = tf.shape(inputs)[0], tf.shape(inputs)[1]
        width, units = inputs.shape[2], recurrent.shape[0]
        zeros = tf.zeros((windows, units), inputs.dtype)  # (windows, units)
        flat = tf.reshape(inputs, (-1, width))  # (steps · windows, inputs)
        # tanh(x) = 2 σ(2 x) - 1: with g doubled, one logistic function serves all four gates.
        doubled = tf.cast(tf.concat([tf.ones(2 * units), 2 * tf.ones(units), tf.ones(units)], 0), inputs.dtype)
        read = tf.nn.bias_add(tf.matmul(flat, kernel * doubled), bias * doubled)
        read = tf.reshape(read, (steps, windows, 4 * units))
        again = recurrent * doubled  # (units, 4 · units)

        def forward(step: Any, state: Any, cell: Any, gates: Any, cells: Any) -> tuple[Any, ...]:
            squashed = tf.sigmoid(read[step] + tf.matmul(state, again))  # (windows, 4 · units)
            taken, kept, new, shown = tf.split(squashed, 4, axis=1)  # (windows, units) each
            cell = kept * cell + taken * (2 * new - 1)
            state = shown * tf.tanh(cell)
            return step + 1, state, cell, gates.write(step, squashed), cells.write(step, cell)

        def array(width: int) -> Any:
            return tf.TensorArray(inputs.dtype, steps, element_shape=(None, width))

        *_, gates, cells = tf.while_loop(
            lambda step, *_: step < steps, forward, (0, zeros, zeros, array(4 * units), array(units))
        )
        all_gates, all_cells = gates.stack(), cells.stack()  # (steps, windows, 4 · units), (steps, windows, units)
        taken, kept, half_new, shown = tf.split(all_gates, 4, axis=2)  # (steps, windows, units) each
        squashed_cells = tf.tanh(all_cells)
        all_states = shown * squashed_cells  # (steps, windows, units)

        def gradient(change: Any) -> tuple[Any, Any, Any, Any]:
            earlier_cells = tf.concat([zeros[None], all_cells[:-1]], 0)  # (steps, windows, units)
            new = 2 * half_new - 1
            # For all steps at once: what a change of the cell does to i, f, g (before squashing) and of the state to o;
            # and of the state to the cell.
            factors = tf.concat(
                [
                    new * taken * (1 - taken),
                    earlier_cells * kept * (1 - kept),
                    taken * (1 - new * new),
                    squashed_cells * shown * (1 - shown),
                ],
                axis=2,
            )
            through = shown * (1 - squashed_cells * squashed_cells)  # (steps, windows, units)
            back = tf.transpose(recurrent)  # (4 · units, units)

            def backward(step: Any, state_change: Any, cell_change: Any, read_changes: Any) -> tuple[Any, ...]:
                state_change = state_change + change[step]
                cell_change = cell_change + state_change * through[step]
                read_change = tf.concat([cell_change, cell_change, cell_change, state_change], axis=1) * factors[step]
                return (
                    step - 1,
                    tf.matmul(read_change, back),
                    cell_change * kept[step],
                    read_changes.write(step, read_change),
                )

            *_, read_changes = tf.while_loop(
                lambda step, *_: step >= 0, backward, (steps - 1, zeros, zeros, array(4 * units))
            )
            read_change = tf.reshape(read_changes.stack(), (-1, 4 * units))  # (steps · windows, 4 · units)
            earlier_states = tf.reshape(
                tf.concat([zeros[None], all_states[:-1]], 0), (-1, units)
            )  # (steps · windows, units)
            ones = tf.ones((tf.shape(flat)[0], 1), inputs.dtype)  # (steps · windows, 1)
            # → (inputs + units + 1, 4 · units)
            weight_change = tf.matmul(tf.concat([flat, earlier_states, ones], 1), read_change, transpose_a=True)
            kernel_change, recurrent_change, bias_change = tf.split(weight_change, [width, units, 1])
            input_change = tf.reshape(tf.matmul(read_change, kernel, transpose_b=True), (steps, windows, width))
            return input_change, kernel_change, recurrent_change, bias_change[0]

        return all_states, gradient

    return tf.custom_gradient(states_of)(inputs, *map(tf.convert_to_tensor, (kernel, recurrent, bias)))


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
