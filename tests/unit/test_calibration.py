"""Calibration scores against distributions whose scores are known."""

import numpy as np
import pytest
from scipy import stats

from fastsim.stats import calibration
from fastsim.stats.calibration import (
    crps,
    expected_value,
    randomized_pit,
    uniform_ks,
    uniform_ks_limit,
)


def poisson_cdf(mean):
    return lambda rows, counts: stats.poisson.cdf(counts, mean[rows, None])


@pytest.fixture
def sample():
    rng = np.random.default_rng(3)
    mean = rng.uniform(0.1, 30.0, 4000)
    return mean, rng.poisson(mean)


def pit_of(sample, factor=1.0):
    mean, n = sample
    at, below = (stats.poisson.cdf(k, factor * mean) for k in (n, n - 1))
    return randomized_pit(below, at, np.random.default_rng(1))


def test_pit_is_uniform_for_the_true_distribution_only(sample):
    # 99.9 % of the Kolmogorov distribution lies below 1.95 / sqrt(n)
    assert uniform_ks(pit_of(sample)) < 1.95 / np.sqrt(4000)
    assert uniform_ks(pit_of(sample, 1.3)) > 0.1


def test_uniform_ks_is_scipys():
    pit = np.random.default_rng(4).random(321) ** 1.1
    assert uniform_ks(pit) == pytest.approx(stats.kstest(pit, "uniform").statistic)


def test_one_in_twenty_uniform_samples_is_beyond_the_limit():
    # closed form for one value: D = max(u, 1 - u) <= 0.975 with probability 0.95; Kolmogorov's for
    # many
    found = uniform_ks_limit(np.array([1, 10**6]))
    np.testing.assert_allclose(found, [0.975, 1.3581e-3], rtol=1e-3)
    rng = np.random.default_rng(6)
    for n in (5, 40):
        beyond = np.mean([uniform_ks(rng.random(n)) for _ in range(4000)] > uniform_ks_limit(n))
        assert beyond == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 4000))


def test_crps_is_the_energy_form(sample):
    # E|X - n| - E|X - X'| / 2 (Gneiting and Raftery 2007), summed over all pairs of counts
    mean, n = np.array([0.3, 4.0, 17.0]), np.array([2, 4, 0])
    k = np.arange(200)
    for i in range(3):
        p = stats.poisson.pmf(k, mean[i])
        energy = p @ np.abs(k - n[i]) - 0.5 * p @ np.abs(k[:, None] - k) @ p
        score = crps(poisson_cdf(mean), n, np.full(3, 199))[i]
        assert score == pytest.approx(energy, abs=1e-9)


def test_crps_is_least_for_the_truth(sample):
    mean, n = sample
    upper = np.full(len(n), 100)
    scores = [crps(poisson_cdf(f * mean), n, upper).mean() for f in (0.8, 1.0, 1.25)]
    assert scores[1] == min(scores)


def test_blocks_of_great_counts_are_accurate(monkeypatch):
    mean, n = np.array([3e4, 1e5]), np.array([29_000, 130_000])

    def cdf(rows, counts):
        return stats.norm.cdf(counts, mean[rows, None], 0.3 * mean[rows, None])

    upper = (4 * mean).astype(int)
    blocks = crps(cdf, n, upper)
    # the sum over k of (F - step)^2 is the normal's closed form to a relative 1e-4
    z = (n - mean) / (0.3 * mean)
    closed = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
    np.testing.assert_allclose(blocks, 0.3 * mean * closed, rtol=2e-3)
    monkeypatch.setattr(calibration, "EXACT_COUNTS", 10**6)
    np.testing.assert_allclose(blocks, crps(cdf, n, upper), rtol=1e-4)


def test_result_does_not_depend_on_the_chunks(sample, monkeypatch):
    mean, n = sample
    upper = stats.poisson.ppf(1 - 1e-9, mean).astype(int)
    whole = crps(poisson_cdf(mean), n, upper)
    monkeypatch.setattr(calibration, "MAX_CELLS", 500)
    np.testing.assert_allclose(crps(poisson_cdf(mean), n, upper), whole, atol=1e-7)


def test_expected_values_are_the_sums_over_the_distribution(sample):
    mean, _ = sample
    upper = stats.poisson.ppf(1 - 1e-9, mean).astype(int)
    found = expected_value(poisson_cdf(mean), lambda n: n, upper)
    np.testing.assert_allclose(found, mean, rtol=1e-6)
    k = np.arange(200)
    logs = stats.poisson.pmf(k, mean[:, None]) @ np.log10(k + 1.0)
    found = expected_value(poisson_cdf(mean), lambda n: np.log10(n + 1.0), upper)
    np.testing.assert_allclose(found, logs, rtol=1e-6)
