"""Distances between two one-dimensional samples, weighted or not."""

from collections.abc import Iterable

import numpy as np


def ks_distance(
    a: np.ndarray,
    b: np.ndarray,
    weights_a: np.ndarray | None = None,
    weights_b: np.ndarray | None = None,
) -> float:
    """Return the Kolmogorov-Smirnov distance: the largest difference of the two cumulatives."""
    _, difference = _cumulative_difference(a, b, weights_a, weights_b)
    return float(np.abs(difference).max())


def wasserstein_distance(
    a: np.ndarray,
    b: np.ndarray,
    weights_a: np.ndarray | None = None,
    weights_b: np.ndarray | None = None,
) -> float:
    """Return the Wasserstein-1 distance: the area between the two cumulatives, in units of a."""
    values, difference = _cumulative_difference(a, b, weights_a, weights_b)
    return float(np.sum(np.abs(difference[:-1]) * np.diff(values)))


def distances_of_halves(
    values: np.ndarray, first: Iterable[np.ndarray], weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return KS and Wasserstein-1 distances, float64 (splits,) each, of parts of one sample.

    The sample is sorted once for all splits.

    Args:
        values: (rows,).
        first: bool (rows,) for each split: which rows are one part, the rest being the other.
        weights: (rows,) or None for 1 each.
    """
    order = np.argsort(values)
    values = values[order].astype(np.float64, copy=False)
    weights = np.ones(len(values)) if weights is None else weights[order]
    last, widths = _last_of_equal(values), np.diff(values)
    ks, w1 = [], []
    for mask in first:
        mask = mask[order]
        a, b = weights * mask, weights * ~mask
        difference = np.abs(np.cumsum(a / a.sum() - b / b.sum()))
        ks.append(difference[last].max())
        # equal values have no width between them
        w1.append(difference[:-1] @ widths)
    return np.array(ks), np.array(w1)


def _cumulative_difference(
    a: np.ndarray, b: np.ndarray, weights_a: np.ndarray | None, weights_b: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct values of both samples and F_a - F_b at each, float64."""
    steps = np.concatenate([_shares(a, weights_a), -_shares(b, weights_b)])
    values = np.concatenate([a, b]).astype(np.float64, copy=False)
    order = np.argsort(values)
    values, difference = values[order], np.cumsum(steps[order])
    last = _last_of_equal(values)
    return values[last], difference[last]


def _last_of_equal(values: np.ndarray) -> np.ndarray:
    """Mark the last of each run of equal sorted values: only there a cumulative is complete."""
    return np.append(values[1:] != values[:-1], True)


def _shares(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    if weights is None:
        return np.full(len(values), 1.0 / len(values))
    return weights / weights.sum()
