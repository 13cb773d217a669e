"""The fitted maps: location and width follow their inputs, also where data are few."""

import numpy as np
import pytest
from scipy import stats

from fastsim.data.normalization import ROWS, fit_conditional_map, gaussian

NAMES = ("a", "b")


def fit(values, inputs):
    return fit_conditional_map(lambda: [(values, inputs, np.ones(len(values)))], NAMES, gaussian)


def bent(inputs):
    """Location and log width, cubic both."""
    a, b = inputs.T
    return a**3 - a * b**2 + 0.5 * b, 0.3 * a - 0.2 * a**2 * b


def test_cubic_location_and_width_are_found():
    rng = np.random.default_rng(1)
    inputs = rng.uniform(-1, 1, (200_000, 2))
    location, log_width = bent(inputs)
    values = location + np.exp(log_width) * rng.normal(size=len(inputs))
    scores = fit(values, inputs).forward(values, inputs)
    cells = np.floor(4 * inputs).astype(int) @ (1, 16)
    for cell in np.unique(cells):
        inside = scores[cells == cell]
        assert stats.kstest(inside, "norm").pvalue > 1e-4


def test_a_corner_without_data_bends_no_further_than_its_neighbours():
    """A primary whose drawn number of muons no training event had is given sensible muons."""
    rng = np.random.default_rng(2)
    inputs = rng.uniform(-1, 1, (3000, 2))
    inputs = inputs[inputs.sum(axis=1) < 0.5]
    values = inputs[:, 0] + rng.normal(size=len(inputs))
    corner = np.array([[1.0, 1.0]])
    middle = fit(values, inputs).inverse(np.zeros(1), corner)
    assert middle[0] == pytest.approx(1.0, abs=0.7)
    high = fit(values, inputs).inverse(np.ones(1), corner)
    assert 0.5 < high[0] - middle[0] < 2.0


def test_values_are_mapped_alone_however_many_there_are():
    rng = np.random.default_rng(3)
    inputs = rng.uniform(-1, 1, (2 * ROWS + 7, 2))
    values = rng.normal(size=len(inputs))
    fitted = fit(values, inputs)
    whole = fitted.forward(values, inputs)
    for rows in (slice(0, 0), slice(5, 6), slice(ROWS - 1, ROWS + 1), slice(2 * ROWS, None)):
        alone = fitted.forward(values[rows], inputs[rows])
        np.testing.assert_allclose(alone, whole[rows], rtol=1e-12, atol=1e-12)
