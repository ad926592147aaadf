"""Whether scores are probabilities: calibration, temperature, and conformal prediction sets.

Whatever is fitted here is fitted on validation films, and judged on others.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TEMPERATURES = (0.05, 20.0)
"""A temperature is sought between these: films without any error would have it fall to 0."""

LEAST_PROBABILITY = 1e-6
"""Predictions are written with six decimals: what is below has no logarithm."""

BINS = 10


def fit_temperature(logits: Floats, truth: Ints) -> float:
    """The temperature by which to divide logits (n, k) so that truth (n,) is most likely.

    One number cannot change which label is the first (Guo et al., On Calibration of Modern Neural
    Networks, ICML 2017). The log-likelihood is concave in its inverse, so the maximum is found by
    bisection, between `TEMPERATURES`.

    Raises
    ------
    ValueError
        There is no film, a label is out of range, or logits are not finite.
    """
    n, k = logits.shape
    if n == 0 or truth.shape != (n,):
        raise ValueError(f"need one label per row of logits, got {truth.shape} and {logits.shape}")
    if not np.isfinite(logits).all() or truth.min() < 0 or truth.max() >= k:
        raise ValueError("logits must be finite, and labels lie between 0 and k - 1")
    own = logits[np.arange(n), truth]

    def slope(inverse: float) -> float:
        """How the loss rises with the inverse of the temperature; this itself only grows."""
        return float(np.mean((softmax(logits * inverse) * logits).sum(axis=1) - own))

    low, high = (math.log(1 / t) for t in reversed(TEMPERATURES))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(math.exp(middle)) > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def softmax(logits: Floats) -> Floats:
    """Probabilities (n, k) of logits."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def with_temperature(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities (n, k) as they are at another temperature; the order of labels is kept.

    Up to a constant, their logarithms are the logits. What is below `LEAST_PROBABILITY` is raised
    to it.
    """
    return softmax(log_probabilities(probabilities) / temperature)


def log_probabilities(probabilities: Floats) -> Floats:
    """Their logarithms, which are finite."""
    return np.asarray(np.log(np.maximum(probabilities, LEAST_PROBABILITY)))


def conformal_thresholds(
    probabilities: Floats, truth: Ints, coverage: float = 0.9
) -> tuple[float | None, ...]:
    """For each label the largest 1 - p at which it still belongs to a film's prediction set.

    Class-conditional split conformal prediction: of new films of a label, drawn as these were, at
    least `coverage` have it in their set. The threshold is the ceil((n + 1) * coverage)-th smallest
    1 - p of the label's n films; None if n is too small for that (under 9 for 0.9).

    Parameters
    ----------
    probabilities
        (n, k) of validation films, at the temperature at which they are used.
    truth
        (n,) their labels.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must lie between 0 and 1, got {coverage}")
    thresholds: list[float | None] = []
    for label in range(probabilities.shape[1]):
        strange = np.sort(1 - probabilities[truth == label, label])
        # Rounding must not make 9.000000000000002 of 10 * 0.9.
        rank = math.ceil(round((len(strange) + 1) * coverage, 9))
        thresholds.append(float(strange[rank - 1]) if rank <= len(strange) else None)
    return tuple(thresholds)


def prediction_sets(probabilities: Floats, thresholds: tuple[float | None, ...]) -> Bools:
    """Which labels each film's set holds, (n, k); a label without a threshold is in every set."""
    limits = np.array([np.inf if t is None else t for t in thresholds])
    return np.asarray(1 - probabilities <= limits)


def equal_mass_edges(confidence: Floats, bins: int = BINS) -> Floats:
    """Edges between which about equally many films lie; fewer than `bins` where many are equal."""
    inner = np.quantile(confidence, np.linspace(0, 1, bins + 1)[1:-1])
    return np.unique(np.concatenate([[0.0], inner, [1.0]]))


def reliability_figures(
    confidence: Floats, right: Bools, edges: Floats, weights: Floats
) -> dict[str, Floats]:
    """Confidence against accuracy in bins, and the expected calibration error (ECE).

    The ECE, (b,), is the mean gap between the two, each bin counting by its films (Naeini et al.,
    AAAI 2015). It depends on the bins, and is above 0 in any finite set of films, also of a
    calibrated model: see `error_if_calibrated`.

    Parameters
    ----------
    confidence, right
        (n,) the highest probability of each film, and whether its label is the true one.
    edges
        (m + 1,) of the bins; a film on an edge belongs to the bin above it.
    weights
        (b, n), a row a draw.

    Returns
    -------
    `ece` (b,); `bin_films`, `bin_confidence` and `bin_accuracy` (b, m), the last two NaN where a
    bin is empty.
    """
    member = (_bin_of(confidence, edges)[:, None] == np.arange(len(edges) - 1)).astype(np.float64)
    films, sure, hits = (
        weights @ (member * v[:, None]) for v in (np.ones(len(right)), confidence, right)
    )
    with np.errstate(invalid="ignore"):
        return {
            "ece": np.abs(sure - hits).sum(axis=1) / weights.sum(axis=1),
            "bin_films": films,
            "bin_confidence": sure / films,
            "bin_accuracy": hits / films,
        }


def error_if_calibrated(
    confidence: Floats, edges: Floats, *, samples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Mean, and 95 % upper end, of the ECE that a calibrated model of these confidences shows."""
    member = (_bin_of(confidence, edges)[:, None] == np.arange(len(edges) - 1)).astype(np.float64)
    right = np.random.default_rng(seed).random((samples, len(confidence))) < confidence
    errors = np.abs((confidence - right) @ member).sum(axis=1) / len(confidence)
    return float(errors.mean()), float(np.quantile(errors, 0.95))


def proper_scores(probabilities: Floats, truth: Ints) -> tuple[Floats, Floats]:
    """Brier score (the sum over labels, 0 to 2) and logarithmic loss of each film, (n,) each."""
    own = np.arange(probabilities.shape[1]) == truth[:, None]
    return (
        ((probabilities - own) ** 2).sum(axis=1),
        -log_probabilities(probabilities)[own],
    )


def _bin_of(confidence: Floats, edges: Floats) -> NDArray[np.intp]:
    return np.clip(np.searchsorted(edges, confidence, side="right") - 1, 0, len(edges) - 2)
