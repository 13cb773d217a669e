"""KS and Wasserstein distances of two grouped samples with errors, and the floor beside them."""

from dataclasses import dataclass

import numpy as np

from fastsim.stats.clustered import grouped_histogram
from fastsim.stats.distances import distances_of_halves, ks_distance, wasserstein_distance
from fastsim.stats.two_sample import random_half

# the bootstrap works on this many quantiles of both samples: fine beside errors of 10 %
BOOTSTRAP_QUANTILES = 500


@dataclass(frozen=True)
class Sample:
    """Values (rows,) with their groups (rows,) and weights (rows,) or None for 1."""

    values: np.ndarray
    groups: np.ndarray
    weights: np.ndarray | None = None


def compare(real: Sample, generated: Sample, replicas: int, seed: int) -> dict[str, float]:
    """Return ``ks`` and ``w1`` with bootstrap errors ``ks_error`` and ``w1_error``.

    ``w1`` is in units of the standard deviation of ``real``. The errors are the spread over
    ``replicas`` draws of groups with replacement, the same draw for both samples; draws without
    any weight play no part, and the errors are 0 if fewer than two are left.
    """
    scale = _standard_deviation(real)
    pair = (real.values, generated.values, real.weights, generated.weights)
    ks, w1 = ks_distance(*pair), wasserstein_distance(*pair) / scale

    pooled = np.concatenate([real.values, generated.values])
    edges = np.unique(np.quantile(pooled, np.linspace(0.0, 1.0, BOOTSTRAP_QUANTILES + 1)))
    if len(edges) == 1:
        return {"ks": ks, "ks_error": 0.0, "w1": w1, "w1_error": 0.0}
    # a bin of no width for the largest value, or it would share that of the value before
    edges = np.append(edges, np.nextafter(edges[-1], np.inf))
    histogram = grouped_histogram(
        edges,
        real.values,
        generated.values,
        real.groups,
        generated.groups,
        real.weights,
        generated.weights,
    )
    drawn = [np.cumsum(totals, axis=1) for totals in histogram.bootstrap(replicas, seed)]
    filled = np.all([totals[:, -1] > 0.0 for totals in drawn], axis=0)
    a, b = (totals[filled] / totals[filled, -1:] for totals in drawn)
    difference = np.abs(a - b)
    ks_draws = difference.max(axis=1)
    w1_draws = difference @ np.diff(edges) / scale
    return {
        "ks": ks,
        "ks_error": _spread(ks_draws),
        "w1": w1,
        "w1_error": _spread(w1_draws),
    }


def floor(real: Sample, splits: int, seed: int) -> dict[str, float]:
    """Return what :func:`compare` gives for two samples of one distribution, each of this size.

    Mean over ``splits`` random halves of ``real`` against the other half, split by group, times
    1/sqrt(2) because a half has half the groups; the ``_error`` entries are the spread of one
    such value.
    """
    known, index = np.unique(real.groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    halves = (random_half(len(known), rng)[index] for _ in range(splits))
    ks, w1 = distances_of_halves(real.values, halves, real.weights)
    ks, w1 = ks / np.sqrt(2.0), w1 / np.sqrt(2.0) / _standard_deviation(real)
    return {
        "ks": float(ks.mean()),
        "ks_error": float(ks.std(ddof=1)),
        "w1": float(w1.mean()),
        "w1_error": float(w1.std(ddof=1)),
    }


def _spread(draws: np.ndarray) -> float:
    return float(draws.std(ddof=1)) if len(draws) > 1 else 0.0


def _standard_deviation(sample: Sample) -> float:
    mean = np.average(sample.values, weights=sample.weights)
    variance = np.average((sample.values - mean) ** 2, weights=sample.weights)
    # a constant observable has no scale: distances stay in its own unit
    return float(np.sqrt(variance)) or 1.0
