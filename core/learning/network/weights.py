"""The network on paper: every weight's name and shape, and the equations that TensorFlow and NumPy both follow.

A piece of events e_0 … e_{n-1} is predicted one event after another. Step t reads event e_{t-1} (at t = 0: the begin
row, at bar position 0 of the first event's bar) and predicts e_t. All arrays are float32, vectors are rows (x @ W + b).
`E` is NetworkSpec.embedding, `U` units, `A` attention_heads, `H` head_units, V(field) the vocabulary's size; x_t is the
pitch of e_t, as the vocabulary holds it.

*Input.* For each field of the tokenizer, in chain order, row `index` of `embedding/<field>` (V + 1, E); the row V is
"begin". If the tokenizer has the field delta, the network also knows the metre, by the place of an onset:

    place(p, m) = place/beat[beat_row(p)] + place/within[within_row(p)] + place/metre[metre_row(m)]      # (E,)

where p is the onset's steps into its bar and m the steps of that bar. x_t = concat(fields of e_{t-1}, place of e_{t-1}).

*LSTM* (the cell of Keras: gates in the order i, f, g, o; one bias; `tanh` and the logistic function σ). For layer l,
with x_t the input or the layer below's h_t:

    [i f g o] = x_t @ lstm<l>/kernel + h_{t-1} @ lstm<l>/recurrent + lstm<l>/bias                        # (4 U,)
    c_t = σ(f) * c_{t-1} + σ(i) * tanh(g)          h_t = σ(o) * tanh(c_t)          c_{-1} = h_{-1} = 0

*Attention* over earlier states. running_mean, as in the article, gives a context beside the top layer's h_t, (U,):

    a_s = exp(tanh(h_s @ attention/score + attention/score_bias))      context_t = Σ_{s<=t} a_s h_s / Σ_{s<=t} a_s

copying has no context; it points to earlier events, to copy them (See, Liu & Manning 2017, “Get To The Point”, carried
over to fields of events). Its network also reads the last interval: x_t gets `interval[interval_row]` added to its end.

*Heads*, chained within the step: f_t = concat(h_t, context_t), or h_t where there is no context. A field's head reads

    r = concat(f_t, embedding rows of e_t's earlier fields in chain order, place of e_t)

the place only for the fields after delta, because delta decides it. With H > 0:

    u = max(0, r @ head/<field>/hidden + head/<field>/hidden_bias)      logits = u @ head/<field>/output + head/<field>/output_bias

with H = 0, u = r. This is all for running_mean.

*Copying*, for each field with its heads k = 1 … K (A for the pitch, half of them transposing; A / 2 for any other field):

    score_k(t, s) = q_k · key_k / sqrt(16) + copy/<field>/distance[k, distance_row(t - s)] + likeness(t, s) @ copy/<field>/likeness[:, k]
    q = r @ copy/<field>/query,  key = h_s @ copy/<field>/key      a_k = softmax over the earlier events s of the window

A head offers e_s's value with the weight a_k(t, s); a transposing one the pitch x_{t-1} + x_s - x_{s-1}, from events s
that follow another by at most 25 semitones. `likeness` holds the match features of match_features.py. What the heads found is read too:

    found = concat over k of Σ_s a_k(t, s) embedding/<field>[e_s]         # of a transposing head: interval[interval_row of e_s]
    r' = concat(r, found)                                                # what the head reads instead of r
    gates = softmax(max(0, concat(r, found, longest matches / 8, whether there is any, log(1 + t) / 5)
                            @ gate/<field>/hidden + gate/<field>/hidden_bias) @ gate/<field>/output + gate/<field>/output_bias)
    p = gates_0 softmax(logits) + Σ_k gates_k (what head k offers)

t counts the earlier events of the window; a gate without an earlier event to copy is shut. The pitch's logits also get
head/pitch/relative[:, 25 + pitch - x_{t-1}] u for pitches up to 25 semitones around the last. Scores are log(p + 1e-9).
Dropout acts while training alone.

A network trained with the target last_step has seen nothing but windows: for it, each prediction starts from zero
states and reads the last `window` steps alone (the begin row among them only while they reach back to it).
"""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.learning.network.match_features import feature_count, match_count
from core.learning.spec import STEPS_PER_QUARTER, Field, NetworkSpec, TokenizerSpec

Weights = dict[str, npt.NDArray[np.float32]]
IntArray = npt.NDArray[np.integer]

BEAT_ROWS = 16
METRE_ROWS = 32
DISTANCE_ROWS = 32
FARTHEST_INTERVAL = 25
"""Semitones: wider intervals share its row, and are not transposed."""
INTERVALS = 2 * FARTHEST_INTERVAL + 1
INTERVAL_ROWS = INTERVALS + 1
"""The last row is for no interval: the first event has none."""
COPY_WIDTH = 16
"""Of the queries and keys of one copy head."""
GATE_UNITS = 64
TINY = 1e-9
"""Added to odds before their logarithm."""
_NOTHING_YET = ("/distance", "/likeness")
_OPEN_GENERATOR = 1.5
"""Where the gate of what the network makes itself begins: a mixture that begins even forgets to make anything."""
_NEAR = 16
"""Distances below this have a row each; beyond, four rows an octave."""


def beat_row(bar_position: IntArray) -> IntArray:
    """Quarters into the bar; the last row is for all beyond."""
    return np.minimum(bar_position // STEPS_PER_QUARTER, BEAT_ROWS - 1)


def within_row(bar_position: IntArray) -> IntArray:
    """Steps into the quarter, 0 to 23."""
    return bar_position % STEPS_PER_QUARTER


def metre_row(bar_steps: IntArray) -> IntArray:
    """The bar's length in eighths; the last row is for all longer ones."""
    return np.minimum(bar_steps // (STEPS_PER_QUARTER // 2), METRE_ROWS - 1)


def distance_row(distance: IntArray) -> IntArray:
    """How far back a state lies, in events from 0: exact when near, by quarter octaves further off."""
    far = _NEAR + np.floor(4 * np.log2(np.maximum(distance, _NEAR) / _NEAR) + 1e-9).astype(np.int64)
    return np.where(distance < _NEAR, distance, np.minimum(far, DISTANCE_ROWS - 1))


def interval_row(interval: IntArray) -> IntArray:
    """Rows of intervals in semitones; wider ones have that of the widest."""
    return np.clip(interval, -FARTHEST_INTERVAL, FARTHEST_INTERVAL) + FARTHEST_INTERVAL


def copies(network: NetworkSpec) -> bool:
    return network.attention == "copying"


def copy_head_counts(network: NetworkSpec, field: str) -> tuple[int, int]:
    """(heads that copy as it was, heads that transpose) of a field."""
    half = network.attention_heads // 2
    return (network.attention_heads - half, half) if field == "pitch" else (max(1, half), 0)


def knows_metre(tokenizer: TokenizerSpec) -> bool:
    """Whether places in the bar are inputs: only where delta tells where the next onset falls."""
    return "delta" in tokenizer.fields


def knows_place(tokenizer: TokenizerSpec, field: str) -> bool:
    """Whether the head of `field` is told the place of the event that it predicts."""
    return knows_metre(tokenizer) and field != "delta"


def weight_shapes(
    network: NetworkSpec, tokenizer: TokenizerSpec, vocabulary_sizes: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """Name and shape of every weight, in one fixed order."""
    width, units, hidden = network.embedding, network.units, network.head_units
    shapes: dict[str, tuple[int, ...]] = {}
    for field in tokenizer.fields:
        shapes[f"embedding/{field}"] = (vocabulary_sizes[field] + 1, width)
    if knows_metre(tokenizer):
        shapes["place/beat"] = (BEAT_ROWS, width)
        shapes["place/within"] = (STEPS_PER_QUARTER, width)
        shapes["place/metre"] = (METRE_ROWS, width)
    if copies(network):
        shapes["interval"] = (INTERVAL_ROWS, width)
    inputs = width * (len(tokenizer.fields) + knows_metre(tokenizer) + copies(network))
    for layer in range(network.layers):
        shapes[f"lstm{layer}/kernel"] = (inputs, 4 * units)
        shapes[f"lstm{layer}/recurrent"] = (units, 4 * units)
        shapes[f"lstm{layer}/bias"] = (4 * units,)
        inputs = units
    if not copies(network):
        shapes["attention/score"] = (units,)
        shapes["attention/score_bias"] = ()
    for position, field in enumerate(tokenizer.fields):
        read = units * (1 if copies(network) else 2) + width * (position + knows_place(tokenizer, field))
        if copies(network):
            shapes |= _copy_shapes(network, tokenizer, field, read)
            read += width * sum(copy_head_counts(network, field))
        if hidden:
            shapes[f"head/{field}/hidden"] = (read, hidden)
            shapes[f"head/{field}/hidden_bias"] = (hidden,)
        shapes[f"head/{field}/output"] = (hidden or read, vocabulary_sizes[field])
        shapes[f"head/{field}/output_bias"] = (vocabulary_sizes[field],)
        if copies(network) and field == "pitch":
            shapes["head/pitch/relative"] = (hidden or read, INTERVALS)
            shapes["head/pitch/relative_bias"] = (INTERVALS,)
    return shapes


def _copy_shapes(network: NetworkSpec, tokenizer: TokenizerSpec, field: Field, read: int) -> dict[str, tuple[int, ...]]:
    heads = sum(copy_head_counts(network, field))
    told = read + network.embedding * heads + 2 * match_count(tokenizer.fields) + 1
    return {
        f"copy/{field}/query": (read, heads * COPY_WIDTH),
        f"copy/{field}/key": (network.units, heads * COPY_WIDTH),
        f"copy/{field}/distance": (heads, DISTANCE_ROWS),
        f"copy/{field}/likeness": (feature_count(tokenizer.fields, field), heads),
        f"gate/{field}/hidden": (told, GATE_UNITS),
        f"gate/{field}/hidden_bias": (GATE_UNITS,),
        f"gate/{field}/output": (GATE_UNITS, heads + 1),
        f"gate/{field}/output_bias": (heads + 1,),
    }


def parameter_count(shapes: Mapping[str, tuple[int, ...]]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())


def fresh_weights(shapes: Mapping[str, tuple[int, ...]], *, random_seed: int) -> Weights:
    """Where training starts: Glorot-uniform matrices, orthogonal recurrences, forget gates open, embeddings of unit variance."""
    random = np.random.default_rng([random_seed, 0x57])
    weights: Weights = {}
    for name, shape in shapes.items():
        if name.startswith(("embedding/", "place/", "interval")):
            value = random.normal(size=shape)
        elif name.endswith("/recurrent"):
            gates = [np.linalg.qr(random.normal(size=(shape[0], shape[0])))[0] for _ in range(4)]
            value = np.concatenate(gates, axis=1)
        elif name.startswith("lstm") and name.endswith("/bias"):
            value = np.zeros(shape)
            value[shape[0] // 4 : shape[0] // 2] = 1.0
        elif name.endswith("/output_bias") and name.startswith("gate/"):
            value = np.zeros(shape)
            value[0] = _OPEN_GENERATOR
        elif (
            len(shape) == 2
            and not name.endswith(_NOTHING_YET)
            and not (name.startswith("gate/") and name.endswith("/output"))
        ):
            limit = math.sqrt(6 / (shape[0] + shape[1]))
            value = random.uniform(-limit, limit, shape)
        elif name == "attention/score":
            value = random.normal(0.0, 0.05, shape)
        else:
            value = np.zeros(shape)
        weights[name] = np.asarray(value, dtype=np.float32)
    return weights
