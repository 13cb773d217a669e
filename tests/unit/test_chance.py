"""Lines that chance stays below: against draws of it."""

import numpy as np
import pytest

from fastsim.stats import chance

ERRORS = np.array([0.2, 1.0, 1.5, 3.0])
DRAWS = ERRORS * np.random.default_rng(1).normal(size=(20_000, 4))


def share_below(values: np.ndarray, line: float) -> float:
    return float(np.mean(values < line))


@pytest.mark.parametrize("two_sided", [False, True])
def test_the_largest_of_several(two_sided: bool) -> None:
    line = chance.largest_of(ERRORS, two_sided)
    values = np.abs(DRAWS) if two_sided else DRAWS
    assert share_below(values.max(axis=1), line) == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize(("two_sided", "errors"), [(False, 1.645), (True, 1.960)])
def test_one_figure_alone(two_sided: bool, errors: float) -> None:
    assert chance.largest_of(np.array([2.0]), two_sided) == pytest.approx(2 * errors, rel=1e-3)


def test_figures_without_error() -> None:
    assert chance.largest_of(np.zeros(3)) == 0.0
    assert chance.largest_of(np.array([0.0, 1.0])) == chance.largest_of(np.array([1.0]))


def test_pulls() -> None:
    values = np.sqrt(np.mean((DRAWS / ERRORS) ** 2, axis=1))
    assert share_below(values, chance.rms_of_pulls(4)) == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize("variances", [[2.0], [1.0, 1.0, 1.0, 1.0], [4.0, 1.0, 0.3, 0.1]])
def test_sum_of_squares(variances: list[float]) -> None:
    """Exact for equal variances, an approximation for others."""
    draws = np.random.default_rng(2).normal(size=(20_000, len(variances)))
    values = (variances * draws**2).sum(axis=1)
    line = chance.sum_of_squares(sum(variances), np.sqrt(2.0 * np.square(variances).sum()))
    assert share_below(values, line) == pytest.approx(0.95, abs=0.006)
