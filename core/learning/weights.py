"""The network on paper: every weight's name and shape, and the equations that TensorFlow and NumPy both follow.

A piece of events e_0 … e_{n-1} is predicted one event after another. Step t reads event e_{t-1} (at t = 0: the begin
row, at bar position 0 of the first event's bar) and predicts e_t. All arrays are float32, vectors are rows (x @ W + b).
`E` is NetworkSpec.embedding, `U` units, `A` attention_heads, `H` head_units, V(field) the vocabulary's size.

*Input.* For each field of the tokenizer, in chain order, row `index` of `embedding/<field>` (V + 1, E); the row V is
"begin". If the tokenizer has the field delta, the network also knows the metre, by the place of an onset:

    place(p, m) = place/beat[beat_row(p)] + place/within[within_row(p)] + place/metre[metre_row(m)]      # (E,)

where p is the onset's steps into its bar and m the steps of that bar. x_t = concat(fields of e_{t-1}, place of e_{t-1}).

*LSTM* (the cell of Keras: gates in the order i, f, g, o; one bias; `tanh` and the logistic function σ). For layer l,
with x_t the input or the layer below's h_t:

    [i f g o] = x_t @ lstm<l>/kernel + h_{t-1} @ lstm<l>/recurrent + lstm<l>/bias                        # (4 U,)
    c_t = σ(f) * c_{t-1} + σ(i) * tanh(g)          h_t = σ(o) * tanh(c_t)          c_{-1} = h_{-1} = 0

*Attention* over the top layer's h_0 … h_t gives the context, (U,):

    query_key:    q, k, v = h @ attention/query, h @ attention/key, h @ attention/value, each cut into A heads of U / A
                  score(t, s) = q_t · k_s / sqrt(U / A) + attention/distance[head, distance_row(t - s)]
                  softmax over s with max(0, t - window + 1) <= s <= t; context = concat over heads of Σ weight * v_s
    running_mean: a_s = exp(tanh(h_s @ attention/score + attention/score_bias)); context_t = Σ_{s<=t} a_s h_s / Σ_{s<=t} a_s

*Heads*, chained within the step: f_t = concat(h_t, context_t). The head of a field reads

    r = concat(f_t, embedding rows of e_t's earlier fields in chain order, place of e_t)

the place only for the fields after delta, because delta decides it. With H > 0:

    u = max(0, r @ head/<field>/hidden + head/<field>/hidden_bias)      logits = u @ head/<field>/output + head/<field>/output_bias

with H = 0, logits = r @ head/<field>/output + head/<field>/output_bias. Dropout acts while training alone.

A network trained with the target last_step has seen nothing but windows: for it, each prediction starts from zero
states and reads the last `window` steps alone (the begin row among them only while they reach back to it).
"""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from core.learning.spec import STEPS_PER_QUARTER, NetworkSpec, TokenizerSpec

Weights = dict[str, npt.NDArray[np.float32]]
IntArray = npt.NDArray[np.integer]

BEAT_ROWS = 16
METRE_ROWS = 32
DISTANCE_ROWS = 32
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
    inputs = width * (len(tokenizer.fields) + knows_metre(tokenizer))
    for layer in range(network.layers):
        shapes[f"lstm{layer}/kernel"] = (inputs, 4 * units)
        shapes[f"lstm{layer}/recurrent"] = (units, 4 * units)
        shapes[f"lstm{layer}/bias"] = (4 * units,)
        inputs = units
    if network.attention == "query_key":
        for role in ("query", "key", "value"):
            shapes[f"attention/{role}"] = (units, units)
        shapes["attention/distance"] = (network.attention_heads, DISTANCE_ROWS)
    else:
        shapes["attention/score"] = (units,)
        shapes["attention/score_bias"] = ()
    for position, field in enumerate(tokenizer.fields):
        read = 2 * units + width * (position + knows_place(tokenizer, field))
        if hidden:
            shapes[f"head/{field}/hidden"] = (read, hidden)
            shapes[f"head/{field}/hidden_bias"] = (hidden,)
        shapes[f"head/{field}/output"] = (hidden or read, vocabulary_sizes[field])
        shapes[f"head/{field}/output_bias"] = (vocabulary_sizes[field],)
    return shapes


def parameter_count(shapes: Mapping[str, tuple[int, ...]]) -> int:
    return sum(math.prod(shape) for shape in shapes.values())


def fresh_weights(shapes: Mapping[str, tuple[int, ...]], *, random_seed: int) -> Weights:
    """Where training starts: Glorot-uniform matrices, orthogonal recurrences, forget gates open, embeddings of unit variance."""
    random = np.random.default_rng([random_seed, 0x57])
    weights: Weights = {}
    for name, shape in shapes.items():
        if name.startswith(("embedding/", "place/")):
            value = random.normal(size=shape)
        elif name.endswith("/recurrent"):
            gates = [np.linalg.qr(random.normal(size=(shape[0], shape[0])))[0] for _ in range(4)]
            value = np.concatenate(gates, axis=1)
        elif name.startswith("lstm") and name.endswith("/bias"):
            value = np.zeros(shape)
            value[shape[0] // 4 : shape[0] // 2] = 1.0
        elif len(shape) == 2 and name != "attention/distance":
            limit = math.sqrt(6 / (shape[0] + shape[1]))
            value = random.uniform(-limit, limit, shape)
        elif name == "attention/score":
            value = random.normal(0.0, 0.05, shape)
        else:
            value = np.zeros(shape)
        weights[name] = np.asarray(value, dtype=np.float32)
    return weights
