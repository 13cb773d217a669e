"""Calibration of predicted count distributions: are their probabilities the frequencies seen?

Everything here takes values of cumulative distribution functions F(k) = P(N <= k), k = 0, 1, ...,
one distribution per row, and knows nothing about what is counted.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import kstwo

# sums over counts are exact up to here; beyond, blocks of counts share one value of F
EXACT_COUNTS = 256
BLOCKS_PER_E_FOLD = 128
# cells (rows x counts) of one evaluation of F: bounds the memory
MAX_CELLS = 1 << 20

Cdf = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""``cdf(rows, counts)``: F (r, g) of distributions of index ``rows`` (r,) at ``counts`` (g,)."""


def randomized_pit(
    cdf_below: np.ndarray, cdf_at: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return the randomised probability integral transform, uniform in [0, 1] if calibrated.

    F(n - 1) + u (F(n) - F(n - 1)) with u uniform (Brockwell, Stat. Probab. Lett. 77 (2007) 1473).

    Args:
        cdf_below: (rows,) F(n - 1) at the observed n, 0 for n = 0.
        cdf_at: (rows,) F(n).
        rng: source of u.
    """
    return cdf_below + rng.random(len(cdf_at)) * (cdf_at - cdf_below)


def uniform_ks(pit: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov distance of values ``pit`` (rows,) from uniform in [0, 1]."""
    ordered = np.sort(pit)
    steps = np.arange(len(pit) + 1) / len(pit)
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))


def uniform_ks_limit(values: np.ndarray, level: float = 0.95) -> np.ndarray:
    """Return what :func:`uniform_ks` stays below with probability ``level`` if calibrated.

    It is exact for any number; for many it is Kolmogorov's 1.358 / sqrt(n) at 95 %.

    Args:
        values: numbers n (k,) of independent values.
        level: probability.
    """
    return kstwo.ppf(level, values)


def crps(cdf: Cdf, observed: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Return the continuous ranked probability score of each row, in counts; lower is better.

    CRPS(F, n) = sum over k >= 0 of (F(k) - [k >= n])^2 (Gneiting and Raftery, JASA 102 (2007)
    359). The sum is exact up to k = :data:`EXACT_COUNTS`; beyond, blocks whose width is 1/128 of k
    take F from their middle.

    Args:
        cdf: as :data:`Cdf`.
        observed: (rows,) counts seen.
        upper: (rows,) counts beyond which 1 - F is negligible (the quantile of 1 - 1e-6, say);
            a sum ends there or at the observed count, whichever is larger.
    """
    scores = np.empty(len(observed))
    for rows, edges, F in _blocks(cdf, np.maximum(observed, upper)):
        # counts of each block below the observed one, and those from it on
        below = np.clip(observed[rows, None] - edges[:-1], 0, np.diff(edges))
        scores[rows] = (below * F**2 + (np.diff(edges) - below) * (1.0 - F) ** 2).sum(axis=1)
    return scores


def expected_value(
    cdf: Cdf, function: Callable[[np.ndarray], np.ndarray], upper: np.ndarray
) -> np.ndarray:
    """Return E[f(N)] of each row, from f(0) + sum over k of (1 - F(k)) (f(k + 1) - f(k)).

    Args:
        cdf: as :data:`Cdf`.
        function: f, vectorised over counts.
        upper: (rows,) as in :func:`crps`, where the sum ends.
    """
    values = np.empty(len(upper))
    for rows, edges, F in _blocks(cdf, upper):
        f = function(edges.astype(np.float64))
        values[rows] = f[0] + (1.0 - F) @ np.diff(f)
    return values


def _blocks(cdf: Cdf, upper: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows (r,), edges (g + 1,) of blocks of counts 0 ... upper, and F (r, g) in each."""
    end = upper.astype(np.int64) + 1
    # rows of like length share a grid
    order = np.argsort(end, kind="stable")
    while len(order):
        edges = _block_edges(int(end[order[-1]]))
        rows = order[-max(MAX_CELLS // len(edges), 1) :]
        order = order[: -len(rows)]
        yield rows, edges, cdf(rows, (edges[:-1] + edges[1:] - 1) // 2)


def _block_edges(end: int) -> np.ndarray:
    """Edges of blocks of counts that cover 0 ... end: single counts first, geometric beyond."""
    if end <= EXACT_COUNTS:
        return np.arange(end + 1)
    blocks = int(np.ceil(BLOCKS_PER_E_FOLD * np.log(end / EXACT_COUNTS)))
    beyond = np.rint(np.geomspace(EXACT_COUNTS, end, blocks + 1)).astype(np.int64)
    return np.unique(np.concatenate([np.arange(EXACT_COUNTS), beyond]))
