"""Mixtures of negative binomials: counts with more zeros and longer tails than Poisson's.

A component with mean mu and shape r has P(n) = Gamma(n + r) / (n! Gamma(r)) p^r (1 - p)^n with
p = r / (r + mu), hence variance mu + mu^2 / r: the Poisson distribution for large r.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, gammaln, logsumexp


@dataclass(frozen=True)
class NegativeBinomialMixture:
    """One mixture of K components per row; every method is in float64.

    Attributes:
        weights: (rows, K), sums of 1.
        means: (rows, K), above 0.
        shapes: (rows, K), above 0.
    """

    weights: np.ndarray
    means: np.ndarray
    shapes: np.ndarray

    @classmethod
    def average(cls, mixtures: Sequence["NegativeBinomialMixture"]) -> "NegativeBinomialMixture":
        """Return the mixture of mixtures of the same rows, each with the same weight."""
        return cls(
            np.concatenate([each.weights for each in mixtures], axis=1) / len(mixtures),
            np.concatenate([each.means for each in mixtures], axis=1),
            np.concatenate([each.shapes for each in mixtures], axis=1),
        )

    def select(self, rows: np.ndarray) -> "NegativeBinomialMixture":
        """Return the distributions of ``rows``."""
        return NegativeBinomialMixture(self.weights[rows], self.means[rows], self.shapes[rows])

    @property
    def mean(self) -> np.ndarray:
        """Means (rows,), in closed form."""
        return (self.weights * self.means).sum(axis=1)

    def log_pmf(self, counts: np.ndarray) -> np.ndarray:
        """Return log P(n), of the shape of ``counts``: (rows,), or (rows, g) for g counts a row."""
        n, w, mu, r = self._broadcast(counts)
        # log of p^r (1 - p)^n with p = r / (r + mu), without cancellation for large r
        log_powers = -(r + n) * np.log1p(mu / r) + n * np.log(mu / r)
        log_choose = gammaln(n + r) - gammaln(r) - gammaln(n + 1.0)
        return logsumexp(log_choose + log_powers, b=w, axis=-1)

    def cdf(self, counts: np.ndarray) -> np.ndarray:
        """Return P(N <= n), of the shape of ``counts``: (rows,) or (rows, g); 0 for n = -1."""
        n, w, mu, r = self._broadcast(counts)
        # the complement is exact where it is small, so that F reaches 1 in the far tail
        beyond = betainc(np.maximum(n, 0.0) + 1.0, r, mu / (mu + r))
        return np.where(n[..., 0] < 0, 0.0, 1.0 - (w * beyond).sum(axis=-1))

    def quantile(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the smallest counts (rows,), int64, with F(n) >= ``probabilities`` (rows,) < 1."""
        above = np.ceil(self.mean).astype(np.int64)
        short = np.flatnonzero(self.cdf(above) < probabilities)
        while len(short):
            above[short] = 2 * above[short] + 1
            reached = self.select(short).cdf(above[short]) >= probabilities[short]
            short = short[~reached]
        # F(below) < probability <= F(above)
        below = np.full_like(above, -1)
        open_rows = np.flatnonzero(above - below > 1)
        while len(open_rows):
            middle = (below[open_rows] + above[open_rows]) // 2
            reached = self.select(open_rows).cdf(middle) >= probabilities[open_rows]
            above[open_rows[reached]] = middle[reached]
            below[open_rows[~reached]] = middle[~reached]
            open_rows = open_rows[above[open_rows] - below[open_rows] > 1]
        return above

    def _broadcast(self, counts: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return counts with an axis for the components, and the parameters to match."""
        n = np.asarray(counts, dtype=np.float64)[..., None]
        parameters = (self.weights, self.means, self.shapes)
        if n.ndim == 3:
            parameters = tuple(p[:, None, :] for p in parameters)
        return n, *parameters
