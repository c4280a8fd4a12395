"""Choosing one symbol from a network's scores: temperature, top-k, nucleus, masks.

Every function takes and returns arrays whose last axis is the vocabulary, so that one distribution and a
batch of them are handled alike. Probabilities sum to 1 along that axis; a symbol that a filter removed has
probability exactly 0, and `draw` never returns such a symbol.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.integer]


def log_softmax(scores: FloatArray) -> FloatArray:
    """Natural logarithms of the probabilities that `scores` (logits) stand for."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    logarithms: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logarithms


def allowed_only(scores: FloatArray, allowed: BoolArray) -> FloatArray:
    """Scores with −∞ where not allowed. Where a row allows nothing it stays as it is: something must be chosen."""
    allowed = allowed | ~allowed.any(axis=-1, keepdims=True)
    return np.where(allowed, scores, -np.inf)


def tempered(scores: FloatArray, temperature: float) -> FloatArray:
    """Probabilities at a temperature: 1 = the odds as learnt, 0 = all on the first of the likeliest.

    scores: logits, −∞ for what is masked; at least one finite in each row. Computed in float64.
    """
    scores = np.asarray(scores, np.float64)
    if temperature > 0:
        with np.errstate(over="ignore"):  # a tiny temperature sends the unlikely to −∞, as it should
            raised = (scores - scores.max(axis=-1, keepdims=True)) / temperature
        weights = np.exp(raised)
        return _renormalised(weights)
    chosen = np.zeros_like(scores)
    np.put_along_axis(chosen, scores.argmax(axis=-1)[..., None], 1.0, axis=-1)
    return chosen


def top_k(probabilities: FloatArray, k: int) -> FloatArray:
    """Keep the k likeliest symbols (the earlier of equals) and renormalise; 0 keeps all."""
    if k <= 0 or k >= probabilities.shape[-1]:
        return probabilities
    likeliest = np.argsort(-probabilities, axis=-1, kind="stable")[..., :k]
    kept = np.zeros(probabilities.shape, bool)
    np.put_along_axis(kept, likeliest, values=True, axis=-1)
    return _renormalised(np.where(kept, probabilities, 0.0))


def nucleus(probabilities: FloatArray, top_p: float) -> FloatArray:
    """Keep the likeliest symbols whose mass first reaches top_p; renormalise. At least one symbol stays.

    Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", §3.1.
    """
    if top_p >= 1:
        return probabilities
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=-1)
    mass_before = np.cumsum(ordered, axis=-1) - ordered
    stays = mass_before < top_p
    stays[..., 0] = True
    kept = np.zeros(probabilities.shape, bool)
    np.put_along_axis(kept, order, stays, axis=-1)
    return _renormalised(np.where(kept, probabilities, 0.0))


def draw(probabilities: FloatArray, chances: Sequence[float] | FloatArray) -> IntArray:
    """One symbol for each row by inverting its distribution function at that row's chance.

    probabilities: (batch, vocabulary). chances: (batch,), each in [0, 1). Returns indices (batch,).
    """
    reached = np.cumsum(probabilities, axis=-1)
    targets = np.asarray(chances)[:, None] * reached[:, -1:]
    chosen = (reached <= targets).sum(axis=-1)
    # Rounding may push the last target onto the total: then it belongs to the last symbol that has any probability.
    last = probabilities.shape[-1] - 1 - (probabilities[:, ::-1] > 0).argmax(axis=-1)
    symbols: IntArray = np.minimum(chosen, last)
    return symbols


def _renormalised(probabilities: FloatArray) -> FloatArray:
    shares: FloatArray = probabilities / probabilities.sum(axis=-1, keepdims=True)
    return shares
