"""The network of weights.py as a Keras user would write it: Keras' LSTM layers, whole tensors, AdamW, `fit`.

Run by training.py in a process of its own, with TensorFlow as it starts by default but for the number of threads:

    python keras_rival.py ARRAYS.npz THREADS

Reads and prints what torch_rival.py does.
"""

import json
import os
import sys
import time
from typing import Any

import numpy as np

CLIP_NORM, BETAS, TINY_STEP = 1.0, (0.9, 0.999), 1e-7
SHUT = -1e9


def network(weights: dict[str, Any], sizes: dict[str, Any], values: Any, distances: Any) -> Any:
    """The model, with these weights; its output are the losses, (windows, fields)."""
    import keras
    import tensorflow as tf

    fields, exact, moving = sizes["fields"], sizes["exact"], sizes["moving"]
    layers, dropout = sizes["layers"], sizes["dropout"]
    far, width = sizes["farthest_interval"], sizes["copy_width"]

    class Network(keras.Model):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.table = {
                name: self.add_weight(
                    shape=value.shape,
                    initializer=lambda *_, value=value, **__: tf.constant(value),
                    name=name.replace("/", "_"),
                )
                for name, value in weights.items()
                if "lstm" not in name
            }
            self.drop, self.drop_half = keras.layers.Dropout(dropout), keras.layers.Dropout(dropout / 2)
            self.lstm = []
            for layer in range(layers):
                parts = [weights[f"lstm{layer}/{part}"] for part in ("kernel", "recurrent", "bias")]
                lstm = keras.layers.LSTM(sizes["units"], return_sequences=True)
                lstm.build((None, None, len(parts[0])))
                lstm.set_weights(parts)
                self.lstm.append(lstm)

        def place(self, places: Any) -> Any:
            parts = ("beat", "within", "metre")
            return sum(tf.gather(self.table[f"place/{part}"], places[:, row]) for row, part in enumerate(parts))

        def by_pitch(self, offered: Any, last: Any) -> Any:
            place = values - last[..., None] + far
            is_offered = (place >= 0) & (place <= 2 * far) & (last[..., None] >= 0)
            moved = tf.gather(offered, tf.clip_by_value(place, 0, 2 * far), batch_dims=2)
            return moved * tf.cast(is_offered, tf.float32)

        def call(self, batch: dict[str, Any], *, training: bool = False) -> Any:
            table = self.table
            symbols, places, matches = batch["symbols"], batch["places"], batch["matches"]
            pitches = places[:, 3]
            steps = symbols.shape[2] - 1
            embedded = [tf.gather(table[f"embedding/{field}"], symbols[:, row]) for row, field in enumerate(fields)]
            place = self.place(places)
            last = pitches[:, :-1]
            before = tf.pad(last[:, :-1], ((0, 0), (1, 0)), constant_values=-1)
            inside = tf.clip_by_value(last - before, -far, far) + far
            rows = tf.where((last < 0) | (before < 0), 2 * far + 1, inside)
            inputs = [values[:, :-1] for values in embedded] + [place[:, :-1], tf.gather(table["interval"], rows)]
            state = self.drop(tf.concat(inputs, -1), training=training)
            for number, layer in enumerate(self.lstm):
                state = layer(state, training=training)
                if number < layers - 1:
                    state = self.drop(state, training=training)
            chosen = [self.drop(state, training=training)]

            ahead = tf.range(steps)
            is_earlier = ahead[:, None] > ahead[None]
            intervals = pitches[:, 1:] - last
            can_move = (last >= 0) & (tf.abs(intervals) <= far)
            may_move = is_earlier & can_move[:, None] & (last >= 0)[..., None]
            may_copy = tf.broadcast_to(is_earlier, tf.shape(may_move))
            lengths = matches[..., None]  # (windows, t, s, kinds, 1)
            longer = tf.cast(lengths > tf.constant([0, 1, 2, 4], tf.uint8), tf.float32)
            told = tf.concat([longer, tf.cast(lengths, tf.float32) / 8], -1)
            told = tf.reshape(told, (-1, steps, steps, matches.shape[3] * 5))
            alike = tf.cast(batch["alike"], tf.int32)[..., None]
            alike = tf.cast(tf.concat([alike >= 8, (alike & 7) == tf.range(1, 6)], -1), tf.float32)
            coming = symbols[:, :-1, 1:]
            same = [coming[:, row, :, None] == coming[:, row, None] for row in range(len(fields) - 1)]
            longest = tf.cast(tf.reduce_max(matches, axis=2), tf.float32)
            known = tf.broadcast_to(
                tf.math.log1p(tf.cast(ahead, tf.float32))[None, :, None] / 5, longest[..., :1].shape
            )
            hints = tf.concat([longest / 8, tf.cast(longest > 0, tf.float32), known], -1)
            moves = tf.gather(table["interval"], tf.clip_by_value(intervals, -far, far) + far)
            losses = []
            for row, field in enumerate(fields):
                heads = exact[field] + moving[field]
                read = tf.concat([*chosen, place[:, 1:]] if field != "delta" else chosen, -1)

                def cut(values: Any, role: str, field: str = field, heads: int = heads) -> Any:
                    made = tf.reshape(values @ table[f"copy/{field}/{role}"], (-1, steps, heads, width))
                    return tf.transpose(made, (0, 2, 1, 3))

                scores = tf.matmul(cut(read, "query"), cut(state, "key"), transpose_b=True) * width**-0.5
                scores += tf.gather(table[f"copy/{field}/distance"], distances, axis=1)
                here = alike[:, :-1, :-1] if field == "delta" else alike[:, 1:, 1:]
                features = tf.concat([told, here, *(tf.cast(one, tf.float32)[..., None] for one in same[:row])], -1)
                scores += tf.transpose(features @ table[f"copy/{field}/likeness"], (0, 3, 1, 2))
                may = tf.stack([may_copy] * exact[field] + [may_move] * moving[field], 1)
                shares = tf.nn.softmax(tf.where(may, scores, SHUT)) * tf.cast(may, tf.float32)
                targets = symbols[:, row, 1:]
                offer = embedded[row][:, None, 1:]
                found = [shares[:, : exact[field]] @ offer]
                if moving[field]:
                    found.append(shares[:, exact[field] :] @ moves[:, None])
                found = tf.transpose(tf.concat(found, 1), (0, 2, 1, 3))
                found = tf.reshape(found, (-1, steps, heads * offer.shape[-1]))

                hidden = tf.concat([read, found, hints], -1) @ table[f"gate/{field}/hidden"]
                hidden = tf.nn.relu(hidden + table[f"gate/{field}/hidden_bias"])
                openness = hidden @ table[f"gate/{field}/output"] + table[f"gate/{field}/output_bias"]
                can_open = tf.transpose(tf.reduce_any(may, -1), (0, 2, 1))
                gates = tf.nn.softmax(tf.concat([openness[..., :1], tf.where(can_open, openness[..., 1:], SHUT)], -1))

                hidden = tf.concat([read, self.drop_half(found, training=training)], -1) @ table[f"head/{field}/hidden"]
                hidden = tf.nn.relu(hidden + table[f"head/{field}/hidden_bias"])
                logits = hidden @ table[f"head/{field}/output"] + table[f"head/{field}/output_bias"]
                if field == "pitch":
                    relative = hidden @ table["head/pitch/relative"] + table["head/pitch/relative_bias"]
                    logits += self.by_pitch(relative, last)
                open_by = tf.transpose(gates[..., 1:], (0, 2, 1))[..., None] * shares
                own = tf.reduce_sum(open_by[:, : exact[field]], 1)
                odds = gates[..., :1] * tf.nn.softmax(logits) + own @ tf.one_hot(targets, logits.shape[-1])
                if moving[field]:
                    offered = tf.one_hot(tf.clip_by_value(intervals, -far, far) + far, 2 * far + 1)
                    odds += self.by_pitch(tf.reduce_sum(open_by[:, exact[field] :], 1) @ offered, last)
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, tf.math.log(odds + 1e-9))
                losses.append(tf.reduce_sum(loss * batch["targets"], -1))
                chosen.append(embedded[row][:, 1:])
            return tf.stack(losses, -1)

        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *_: Any, **__: Any) -> Any:
            return tf.reduce_sum(y_pred) / tf.reduce_sum(x["targets"])

    return Network()


def main(path: str, threads: int) -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    stored = np.load(path)
    sizes = json.loads(stored["sizes"].tobytes())
    weights = {name[2:]: stored[name] for name in stored.files if name.startswith("w:")}
    arrays = {name[2:]: stored[name] for name in stored.files if name.startswith("b:")}
    batch = {
        "symbols": np.swapaxes(arrays["symbols"], 0, 1),
        "places": np.swapaxes(arrays["places"], 0, 1),
        "targets": arrays["targets"],
        "matches": np.moveaxis(arrays["matches"], 0, 3),
        "alike": arrays["alike"],
    }
    windows = len(batch["targets"])
    model = network(weights, sizes, arrays["values"], arrays["distances"])
    optimizer = keras.optimizers.AdamW(
        sizes["learning_rate"],
        weight_decay=sizes["weight_decay"],
        beta_1=BETAS[0],
        beta_2=BETAS[1],
        epsilon=TINY_STEP,
        global_clipnorm=CLIP_NORM,
        use_ema=True,
        ema_momentum=sizes["averaging"],
    )
    first = model({name: tf.constant(value) for name, value in batch.items()}, training=False)
    print(json.dumps({"loss": (first.numpy().sum(0) / batch["targets"].sum()).tolist()}), flush=True)
    optimizer.exclude_from_weight_decay(var_list=[value for value in model.trainable_variables if value.ndim < 2])
    model.compile(optimizer)
    for line in sys.stdin:
        steps = int(line)
        repeated = {name: np.concatenate([value] * steps) for name, value in batch.items()}
        started, cpu_started = time.perf_counter(), time.process_time()
        told = model.fit(repeated, batch_size=windows, shuffle=False, verbose=0)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_started
        print(json.dumps({"seconds": seconds, "cpu": cpu, "loss": told.history["loss"][-1]}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
