"""Histograms whose entries come in groups: errors that know it.

Muons of one shower, and one shower seen at several depths, are correlated, and a real and a
generated bundle of the same shower share their primary. All errors here take whole groups as the
independent draws, of both samples together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

VALUES_DRAWN = 2**23
"""Of a bootstrap at once: 64 MiB."""


@dataclass(frozen=True)
class GroupedHistogram:
    """Two samples in bins, split by group.

    Attributes:
        edges: float64 (bins + 1,).
        real, generated: sparse (groups, bins) sums of weights.
    """

    edges: np.ndarray
    real: sparse.csr_array
    generated: sparse.csr_array

    @property
    def totals(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums of weights in each bin, real and generated, float64 (bins,) each."""
        return self.real.sum(axis=0), self.generated.sum(axis=0)

    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the standard errors of :attr:`totals`: sqrt(sum over groups of squares)."""
        return tuple(np.sqrt(m.power(2).sum(axis=0)) for m in (self.real, self.generated))

    def ratio(self) -> tuple[np.ndarray, np.ndarray]:
        """Return generated over real in each bin and its standard error; NaN where real is empty.

        The error is the linearised one of a ratio of sums over the same groups,
        sqrt(sum_g (g_g - R r_g)^2) / sum_g r_g.
        """
        real, generated = self.totals
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = generated / real
            scale = np.where(np.isfinite(ratio), ratio, 0.0)
            residual = self.generated - self.real.multiply(scale)
            error = np.sqrt(sparse.csr_array(residual).power(2).sum(axis=0)) / real
        empty = real == 0
        return np.where(empty, np.nan, ratio), np.where(empty, np.nan, error)

    def bootstrap(self, replicas: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return totals (replicas, bins) of both samples for groups drawn with replacement.

        Groups are drawn once a replica, for both samples alike (Poisson bootstrap).
        """
        real, generated = [], []
        for draws in _poisson_draws(replicas, self.real.shape[0], seed):
            real.append(draws @ self.real)
            generated.append(draws @ self.generated)
        return np.concatenate(real), np.concatenate(generated)


def grouped_histogram(
    edges: np.ndarray,
    real: np.ndarray,
    generated: np.ndarray,
    groups_real: np.ndarray,
    groups_generated: np.ndarray,
    weights_real: np.ndarray | None = None,
    weights_generated: np.ndarray | None = None,
) -> GroupedHistogram:
    """Fill both samples into ``edges``, split by group; values outside the edges are left out.

    Args:
        edges: increasing (bins + 1,); a value on an edge belongs to the bin above, the last edge
            to the last bin, as in ``numpy.histogram``.
        real, generated: values (rows,), (other rows,).
        groups_real, groups_generated: integers, one a value; equal ones are one group.
        weights_real, weights_generated: one a value, or None for 1.
    """
    known, index = np.unique(np.concatenate([groups_real, groups_generated]), return_inverse=True)
    split = len(real)
    return GroupedHistogram(
        np.asarray(edges, dtype=np.float64),
        _fill(edges, real, index[:split], len(known), weights_real),
        _fill(edges, generated, index[split:], len(known), weights_generated),
    )


def _fill(
    edges: np.ndarray,
    values: np.ndarray,
    index: np.ndarray,
    groups: int,
    weights: np.ndarray | None,
) -> sparse.csr_array:
    bins = np.searchsorted(edges, values, side="right") - 1
    bins[values == edges[-1]] = len(edges) - 2
    inside = (bins >= 0) & (bins < len(edges) - 1)
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    entries = (weights[inside], (index[inside], bins[inside]))
    return sparse.csr_array(entries, shape=(groups, len(edges) - 1))


def clustered_mean(values: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Return the mean of ``values`` and its standard error when groups are independent.

    The error is the linearised one of a ratio of sums over groups,
    sqrt(sum_g (sum_in_g (v - mean))^2) / rows, times sqrt(G / (G - 1)) of G groups; a single
    group gives an error of 0.
    """
    mean = float(values.mean())
    _, index = np.unique(groups, return_inverse=True)
    sums = np.bincount(index, weights=values - mean)
    G = len(sums)
    correction = np.sqrt(G / (G - 1)) if G > 1 else 0.0
    return mean, float(np.sqrt(np.sum(sums**2)) / len(values) * correction)


def clustered_correlation(
    a: np.ndarray, b: np.ndarray, groups: np.ndarray, replicas: int, seed: int
) -> tuple[float, float]:
    """Return the correlation of ``a`` and ``b`` (rows,) and its bootstrap error by group.

    Draws of the bootstrap in which one of them has no width play no part; the error is 0 if fewer
    than two are left.
    """
    # moments about the mean, or rounding would eat them
    a, b = a - a.mean(), b - b.mean()
    _, index = np.unique(groups, return_inverse=True)
    terms = (np.ones_like(a), a, b, a * a, b * b, a * b)
    moments = np.column_stack([np.bincount(index, weights=term) for term in terms])
    value = _correlation(moments.sum(axis=0))
    totals = [draws @ moments for draws in _poisson_draws(replicas, len(moments), seed)]
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = _correlation(np.concatenate(totals))
    drawn = drawn[np.isfinite(drawn)]
    return float(value), float(drawn.std(ddof=1)) if len(drawn) > 1 else 0.0


def _poisson_draws(replicas: int, groups: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each group is drawn in some replicas, float64 (those, groups), until all.

    A few replicas at once: all would take gigabytes of a million groups.
    """
    rng = np.random.default_rng(seed)
    at_once = max(VALUES_DRAWN // max(groups, 1), 1)
    for first in range(0, replicas, at_once):
        rows = min(at_once, replicas - first)
        yield rng.poisson(1.0, (rows, groups)).astype(np.float64)


def _correlation(moments: np.ndarray) -> np.ndarray:
    n, a, b, aa, bb, ab = np.moveaxis(moments, -1, 0)
    return (n * ab - a * b) / np.sqrt((n * aa - a * a) * (n * bb - b * b))
