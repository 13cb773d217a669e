"""The Poisson distribution of each row, with the methods of the count distributions beside it."""

from dataclasses import dataclass

import numpy as np
from scipy import stats as scipy_stats


@dataclass(frozen=True)
class Poisson:
    """One Poisson distribution per row; ``mean`` is float64 (rows,)."""

    mean: np.ndarray

    def select(self, rows: np.ndarray) -> "Poisson":
        """Return the distributions of ``rows``."""
        return Poisson(self.mean[rows])

    def log_pmf(self, counts: np.ndarray) -> np.ndarray:
        """Return log P(n), of the shape of ``counts``: (rows,), or (rows, g) for g counts a row."""
        return scipy_stats.poisson.logpmf(counts, self._broadcast(counts))

    def cdf(self, counts: np.ndarray) -> np.ndarray:
        """Return P(N <= n), of the shape of ``counts``: (rows,) or (rows, g); 0 for n = -1."""
        return scipy_stats.poisson.cdf(counts, self._broadcast(counts))

    def quantile(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the smallest counts (rows,), int64, with F(n) >= ``probabilities`` (rows,)."""
        return scipy_stats.poisson.ppf(probabilities, self.mean).astype(np.int64)

    def _broadcast(self, counts: np.ndarray) -> np.ndarray:
        return self.mean[:, None] if np.ndim(counts) == 2 else self.mean
