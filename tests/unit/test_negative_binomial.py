"""Mixtures of negative binomials against scipy and against their own definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastsim.stats.negative_binomial import NegativeBinomialMixture


def mixtures(rows=200, components=3, seed=0):
    rng = np.random.default_rng(seed)
    return NegativeBinomialMixture(
        rng.dirichlet(np.ones(components), rows),
        10 ** rng.uniform(-3, 3, (rows, components)),
        10 ** rng.uniform(-1, 3, (rows, components)),
    )


def scipy_sum(function, mixture, counts):
    p = mixture.shapes / (mixture.shapes + mixture.means)
    return (mixture.weights * function(counts[:, None], mixture.shapes, p)).sum(axis=1)


def test_pmf_and_cdf_are_scipys():
    mixture = mixtures()
    counts = np.random.default_rng(1).poisson(mixture.mean)
    np.testing.assert_allclose(
        np.exp(mixture.log_pmf(counts)), scipy_sum(stats.nbinom.pmf, mixture, counts), rtol=1e-8
    )
    expected = scipy_sum(stats.nbinom.cdf, mixture, counts)
    np.testing.assert_allclose(mixture.cdf(counts), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(mixture.cdf(np.full(200, -1)), 0)


def test_probabilities_sum_to_one_and_give_the_mean():
    mixture = NegativeBinomialMixture(
        np.array([[0.3, 0.7]]), np.array([[0.2, 40.0]]), np.array([[0.5, 3.0]])
    )
    k = np.arange(3000)
    pmf = np.exp(mixture.log_pmf(k[None]))[0]
    assert pmf.sum() == pytest.approx(1.0, abs=1e-12)
    assert mixture.mean[0] == pytest.approx(pmf @ k)
    np.testing.assert_allclose(mixture.cdf(k[None])[0], np.cumsum(pmf), atol=1e-12)


def test_the_average_of_mixtures_has_their_mean_probability():
    members = [mixtures(seed=1), mixtures(seed=2), mixtures(components=2, seed=3)]
    counts = np.random.default_rng(4).poisson(30, 200)
    average = NegativeBinomialMixture.average(members)
    pmf = np.mean([np.exp(member.log_pmf(counts)) for member in members], axis=0)
    np.testing.assert_allclose(np.exp(average.log_pmf(counts)), pmf)
    np.testing.assert_allclose(average.weights.sum(axis=1), 1.0)


@given(seed=st.integers(0, 99), data=st.data())
def test_quantile_is_the_smallest_count_that_reaches_the_probability(seed, data):
    mixture = mixtures(20, seed=seed)
    u = np.array(data.draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=20, max_size=20)))
    n = mixture.quantile(u)
    assert (n >= 0).all()
    assert (mixture.cdf(n) >= u).all()
    assert ((mixture.cdf(n - 1) < u) | (n == 0)).all()


def test_far_tails_are_finite_and_reachable():
    mixture = NegativeBinomialMixture(
        np.array([[0.5, 0.5]]), np.array([[1e-9, 1e5]]), np.array([[1e-3, 2e4]])
    )
    log_pmf = mixture.log_pmf(np.array([[0, 1, 99_000, 100_000, 10**7]]))
    assert np.isfinite(log_pmf).all()
    # the second component is normal to a good approximation: sd^2 = mu + mu^2 / r
    sd = np.sqrt(1e5 + 1e10 / 2e4)
    assert np.exp(log_pmf[0, 3]) == pytest.approx(0.5 / (sd * np.sqrt(2 * np.pi)), rel=1e-3)
    largest = mixture.quantile(np.array([np.nextafter(1.0, 0.0)]))
    assert 1e5 + 7 * sd < largest[0] < 1e5 + 10 * sd


def test_a_great_shape_is_poisson():
    mixture = NegativeBinomialMixture(np.ones((1, 1)), np.array([[7.0]]), np.array([[1e9]]))
    k = np.arange(30)
    pmf = np.exp(mixture.log_pmf(k[None]))[0]
    np.testing.assert_allclose(pmf, stats.poisson.pmf(k, 7.0), rtol=1e-5)


def test_rows_do_not_depend_on_their_batch():
    mixture = mixtures()
    u = np.random.default_rng(2).random(200)
    alone = [mixture.select(np.array([row])).quantile(u[row : row + 1])[0] for row in range(200)]
    np.testing.assert_array_equal(mixture.quantile(u), alone)
