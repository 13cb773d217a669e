"""Fitted, invertible maps between data and what a network likes to see.

A map is a validated, immutable record (a :class:`~fastsim.settings.Section`), so that it saves
as readable JSON and loads with every value checked. All arithmetic is in float64.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations_with_replacement, pairwise
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.special import log_ndtr, ndtr, ndtri

from fastsim.data.moments import Histogram, Moments
from fastsim.settings import Section

# knots of a table are this far apart in Gaussian quantiles
KNOT_SPACING = 0.1
# a table ends where fewer (weighted) values than this remain beyond; its tails take over
VALUES_BEYOND_TABLE = 30
# the tails' slopes are those of the chord over this many knots
TAIL_KNOTS = 6
# of polynomials; with 2, means in bins of five inputs were off by 2.5 % (docs/EXPERIMENTS.md)
DEGREE = 3
# bends that fewer values than this speak for, as in a corner without any, stay near zero
VALUES_FOR_A_BEND = 100
# so many rows of all terms stay in a core's cache, and great blocks take no memory
ROWS = 4096


class Affine(Section):
    """``(x - mean) / std``."""

    mean: float
    std: float = Field(gt=0.0)

    @classmethod
    def of(cls, mean: float, std: float) -> Self:
        """Return the map; a constant column (``std`` 0) is shifted only."""
        return cls(mean=float(mean), std=float(std) or 1.0)

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Return the standardised values."""
        return (values - self.mean) / self.std

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Return what :meth:`forward` was given."""
        return values * self.std + self.mean


class Polynomial(Section):
    """Polynomial of degree :data:`DEGREE`, constant beyond the range of inputs it was fitted on.

    Attributes:
        low, high: range of each input by name; inputs are clamped to it, then scaled to [-1, 1].
        coefficients: by term: ``1``, ``a``, ``a b``, ``a b c`` for inputs ``a``, ``b`` and ``c``.
    """

    low: dict[str, float]
    high: dict[str, float]
    coefficients: dict[str, float]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if list(self.low) != list(self.high):
            raise ValueError("low and high name different inputs")
        if any(self.high[name] < low for name, low in self.low.items()):
            raise ValueError("high must not be below low")
        if list(self.coefficients) != list(self.terms(self.low)):
            raise ValueError("coefficients and inputs do not fit together")
        return self

    @staticmethod
    def terms(names: Iterable[str]) -> list[str]:
        """Names of the terms, in the order of the columns of :meth:`design`."""
        return [" ".join(product) or "1" for product in _products(list(names))]

    @staticmethod
    def design(inputs: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Values (n, terms) of the terms at ``inputs`` (n, K), clamped to ``low`` and ``high``."""
        half = np.where(high > low, (high - low) / 2, 1.0)
        scaled = (np.clip(inputs, low, high) - (low + high) / 2) / half
        columns = {(): np.ones(len(inputs))}
        for product in _products(range(inputs.shape[1]))[1:]:
            columns[product] = columns[product[:-1]] * scaled[:, product[-1]]
        return np.column_stack(list(columns.values()))

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Values (n,) at ``inputs`` (n, K)."""
        low, high = (np.array(list(limits.values())) for limits in (self.low, self.high))
        coefficients = np.array(list(self.coefficients.values()))
        parts = [self.design(inputs[rows], low, high) @ coefficients for rows in _cut(len(inputs))]
        return np.concatenate(parts)


def _products(inputs: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the products of up to :data:`DEGREE` inputs, those of fewer first, from none on."""
    degrees = range(DEGREE + 1)
    return [p for degree in degrees for p in combinations_with_replacement(inputs, degree)]


def _cut(values: int) -> list[slice]:
    """Return runs of up to :data:`ROWS` of so many values; an empty one if there are none."""
    return [slice(start, start + ROWS) for start in range(0, max(values, 1), ROWS)]


class MonotoneTable(Section):
    """Strictly increasing piecewise linear function with linear tails, hence invertible."""

    inputs: tuple[float, ...] = Field(min_length=2)
    outputs: tuple[float, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _increasing(self) -> Self:
        if len(self.inputs) != len(self.outputs):
            raise ValueError("inputs and outputs differ in length")
        for values in (self.inputs, self.outputs):
            if any(b <= a for a, b in pairwise(values)):
                raise ValueError("inputs and outputs must increase strictly")
        return self

    def forward(self, values: np.ndarray) -> np.ndarray:
        """Return the function's values; infinities stay infinite."""
        return _interpolate(values, np.array(self.inputs), np.array(self.outputs))

    def inverse(self, values: np.ndarray) -> np.ndarray:
        """Return what :meth:`forward` was given."""
        return _interpolate(values, np.array(self.outputs), np.array(self.inputs))


def _interpolate(values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    last = min(TAIL_KNOTS, len(x)) - 1
    low_slope = (y[last] - y[0]) / (x[last] - x[0])
    high_slope = (y[-1] - y[-1 - last]) / (x[-1] - x[-1 - last])
    inside = np.interp(values, x, y)
    inside = np.where(values < x[0], y[0] + (values - x[0]) * low_slope, inside)
    return np.where(values > x[-1], y[-1] + (values - x[-1]) * high_slope, inside)


def gaussian(z: np.ndarray) -> np.ndarray:
    """Target of a table: the standard normal itself."""
    return z


def log_rayleigh(z: np.ndarray) -> np.ndarray:
    """Target of a table: log of the Rayleigh-distributed radius at the same probability as ``z``.

    The radius of two independent standard normals exceeds rho with probability exp(-rho^2/2).
    """
    return 0.5 * np.log(-2.0 * log_ndtr(-z))


class ConditionalMap(Section):
    """``table((y - location(inputs)) / exp(log_scale(inputs)))``, increasing in y."""

    location: Polynomial
    log_scale: Polynomial
    table: MonotoneTable

    def forward(self, values: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Map ``values`` (n,), given ``inputs`` (n, K)."""
        residuals = (values - self.location(inputs)) * np.exp(-self.log_scale(inputs))
        return self.table.forward(residuals)

    def inverse(self, values: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Return what :meth:`forward` was given with the same ``inputs``."""
        residuals = self.table.inverse(values)
        return residuals * np.exp(self.log_scale(inputs)) + self.location(inputs)


# values (n,), inputs (n, K), weights (n,)
Block = tuple[np.ndarray, np.ndarray, np.ndarray]


def fit_conditional_map(
    read: Callable[[], Iterable[Block]],
    names: tuple[str, ...],
    target: Callable[[np.ndarray], np.ndarray],
) -> ConditionalMap:
    """Fit the map that makes values follow ``target``'s distribution, in four passes over the data.

    Passes: range of the inputs; location by least squares; scale by least squares of the log of
    the residuals; quantiles of the standardised residuals from a fine histogram.

    Args:
        read: starts a pass: an iterable of blocks of values (n,), inputs (n, K), weights (n,).
        names: of the K inputs.
        target: :func:`gaussian` or :func:`log_rayleigh`.
    """
    ranges = Moments(len(names) + 1)
    for values, inputs, weights in read():
        ranges.add(np.column_stack([inputs, values]), weights)
    low, high, spread = ranges.low[:-1], ranges.high[:-1], ranges.std[-1]

    terms = Polynomial.terms(names)
    penalties = np.where([" " in term for term in terms], float(VALUES_FOR_A_BEND), 0.0)

    def regress(target_of: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Polynomial:
        moments = Moments(len(terms) + 1)
        for values, inputs, weights in read():
            targets = target_of(values, inputs)
            for rows in _cut(len(values)):
                design = Polynomial.design(inputs[rows], low, high)
                moments.add(np.column_stack([design, targets[rows]]), weights[rows])
        coefficients = moments.least_squares(penalties)
        return Polynomial(
            low=dict(zip(names, low.tolist(), strict=True)),
            high=dict(zip(names, high.tolist(), strict=True)),
            coefficients=dict(zip(terms, coefficients.tolist(), strict=True)),
        )

    # residuals near zero must not dominate the log: a floor of a hundredth of the spread
    floor = 1e-2 * spread or 1.0
    location = regress(lambda values, inputs: values)
    log_scale = regress(lambda values, inputs: np.log(np.hypot(values - location(inputs), floor)))
    histogram = Histogram(-32.0, 32.0, 16384)
    for values, inputs, weights in read():
        residuals = (values - location(inputs)) * np.exp(-log_scale(inputs))
        histogram.add(residuals, weights)
    table = _quantile_table(histogram, ranges.effective_rows, target)
    return ConditionalMap(location=location, log_scale=log_scale, table=table)


def _quantile_table(
    histogram: Histogram, effective_rows: float, target: Callable[[np.ndarray], np.ndarray]
) -> MonotoneTable:
    """Table from the histogram's quantiles to ``target``'s, as far out as the data reach."""
    beyond = VALUES_BEYOND_TABLE / max(effective_rows, 4 * VALUES_BEYOND_TABLE)
    steps = max(int(-ndtri(beyond) / KNOT_SPACING), 1)
    z = KNOT_SPACING * np.arange(-steps, steps + 1)
    quantiles = histogram.quantile(ndtr(z))
    # values that repeat (an atom) leave no room between knots: a small slope keeps the order
    smallest = 1e-3 * KNOT_SPACING * np.arange(len(z))
    quantiles = np.maximum.accumulate(quantiles - smallest) + smallest
    return MonotoneTable(inputs=tuple(quantiles.tolist()), outputs=tuple(target(z).tolist()))
