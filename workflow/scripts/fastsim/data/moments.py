"""Accumulators: statistics of data that are never in memory at once.

Each takes blocks by ``add``; the result does not depend on the order or the number of the blocks,
up to floating-point rounding.
"""

import numpy as np


class Moments:
    """Weighted count, sums, cross products and ranges of ``width`` columns, in float64.

    Attributes:
        rows: number of rows seen.
        weight, squared_weight: sums of the weights and of their squares.
        sums: (width,) weighted sums.
        products: (width, width) weighted sums of products.
        low, high: (width,) smallest and largest values; infinite before the first row.
    """

    def __init__(self, width: int) -> None:
        self.rows = 0
        self.weight = 0.0
        self.squared_weight = 0.0
        self.sums = np.zeros(width)
        self.products = np.zeros((width, width))
        self.low = np.full(width, np.inf)
        self.high = np.full(width, -np.inf)

    def add(self, values: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Add rows (n, width) with ``weights`` (n,), 1 by default."""
        values = np.asarray(values, dtype=np.float64)
        weights = np.ones(len(values)) if weights is None else weights
        self.rows += len(values)
        self.weight += weights.sum()
        self.squared_weight += (weights**2).sum()
        self.sums += weights @ values
        self.products += (values * weights[:, None]).T @ values
        self.low = np.minimum(self.low, values.min(axis=0, initial=np.inf))
        self.high = np.maximum(self.high, values.max(axis=0, initial=-np.inf))

    @property
    def mean(self) -> np.ndarray:
        """Weighted means (width,)."""
        return self.sums / self.weight

    @property
    def std(self) -> np.ndarray:
        """Weighted standard deviations (width,); exactly 0 where a column is constant."""
        variance = np.diag(self.products) / self.weight - self.mean**2
        return np.where(self.low == self.high, 0.0, np.sqrt(np.maximum(variance, 0.0)))

    @property
    def effective_rows(self) -> float:
        """Rows of equal weight that would have the same statistical power (Kish)."""
        return self.weight**2 / self.squared_weight if self.squared_weight else 0.0

    def least_squares(self, penalties: np.ndarray | float = 0.0) -> np.ndarray:
        """Coefficients (width - 1,) of the last column's regression on the others.

        Collinear columns share their weight (the solution of least norm).

        Args:
            penalties: (width - 1,) of each coefficient's square: it is pulled to zero as by so many
                effective rows in which its column is 1 and the last one 0.
        """
        gram, target = self.products[:-1, :-1], self.products[:-1, -1]
        pull = np.diag(np.full(len(target), penalties) / self.effective_rows)
        return np.linalg.lstsq(gram / self.weight + pull, target / self.weight, rcond=1e-10)[0]


class Histogram:
    """Weighted histogram on a fixed uniform grid; values beyond it count at its ends.

    Attributes:
        edges: (bins + 1,) of the grid.
        counts: (bins + 2,) weights below, in and above the grid.
    """

    def __init__(self, low: float, high: float, bins: int) -> None:
        self.edges = np.linspace(low, high, bins + 1)
        self.counts = np.zeros(bins + 2)

    def add(self, values: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Add ``values`` (n,) with ``weights`` (n,), 1 by default; infinities are values too."""
        place = np.searchsorted(self.edges, values, side="right")
        self.counts += np.bincount(place, weights=weights, minlength=len(self.counts))

    def quantile(self, probabilities: np.ndarray) -> np.ndarray:
        """Values below which ``probabilities`` of the weight lie, linear inside a bin."""
        cumulative = np.cumsum(self.counts)[:-1] / self.counts.sum()
        # np.interp wants increasing abscissae: empty bins add nothing and are left out
        kept = np.concatenate([[True], np.diff(cumulative) > 0])
        # the lower end of a populated bin after empty ones is the last edge before it
        kept[:-1] |= kept[1:]
        return np.interp(probabilities, cumulative[kept], self.edges[kept])
