"""Accumulators: the answer does not depend on how the data are cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsim.data.moments import Histogram, Moments


def cut(rows, places):
    return np.split(np.arange(rows), sorted(place % (rows + 1) for place in places))


@settings(max_examples=30)
@given(places=st.lists(st.integers(0, 1000), max_size=6), seed=st.integers(0, 99))
def test_parts_in_any_order_equal_the_whole(places, seed):
    rng = np.random.default_rng(seed)
    values, weights = rng.normal(3.0, 2.0, (200, 4)), rng.uniform(0.1, 2.0, 200)
    whole, in_parts = Moments(4), Moments(4)
    whole.add(values, weights)
    bins, bins_in_parts = Histogram(-2.0, 8.0, 64), Histogram(-2.0, 8.0, 64)
    bins.add(values[:, 0], weights)
    parts = cut(200, places)
    for part in rng.permutation(len(parts)):
        in_parts.add(values[parts[part]], weights[parts[part]])
        bins_in_parts.add(values[parts[part], 0], weights[parts[part]])
    assert in_parts.rows == 200
    for name in ("mean", "std", "low", "high", "effective_rows", "least_squares"):
        found, expected = getattr(in_parts, name), getattr(whole, name)
        if name == "least_squares":
            found, expected = found(), expected()
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    probabilities = np.linspace(0.01, 0.99, 25)
    np.testing.assert_allclose(
        bins_in_parts.quantile(probabilities), bins.quantile(probabilities), rtol=1e-9, atol=1e-9
    )


def test_moments_are_those_of_numpy():
    rng = np.random.default_rng(1)
    values, weights = rng.normal(5.0, 3.0, (500, 2)), rng.integers(1, 4, 500).astype(float)
    moments = Moments(2)
    moments.add(values, weights)
    repeated = np.repeat(values, weights.astype(int), axis=0)
    np.testing.assert_allclose(moments.mean, repeated.mean(axis=0))
    np.testing.assert_allclose(moments.std, repeated.std(axis=0))
    np.testing.assert_array_equal(moments.low, values.min(axis=0))


def test_a_constant_column_has_no_spread_and_shares_its_coefficient():
    rng = np.random.default_rng(1)
    x = rng.normal(size=300)
    moments = Moments(4)
    moments.add(np.column_stack([np.ones(300), np.full(300, 0.1), x, 2.0 + 3.0 * x]))
    assert moments.std[1] == 0.0
    constant, copy, slope = moments.least_squares()
    assert slope == pytest.approx(3.0)
    assert constant + 0.1 * copy == pytest.approx(2.0)


def test_a_penalty_is_worth_so_many_rows_that_say_zero():
    rng = np.random.default_rng(1)
    x, noise = rng.normal(size=(2, 300))
    moments, with_rows = Moments(3), Moments(3)
    moments.add(np.column_stack([np.ones(300), x, 1.0 + x + noise]))
    with_rows.add(np.column_stack([np.ones(300), x, 1.0 + x + noise]))
    with_rows.add(np.tile([0.0, 1.0, 0.0], (50, 1)))
    np.testing.assert_allclose(
        moments.least_squares(np.array([0.0, 50.0])), with_rows.least_squares(), rtol=1e-9
    )


def test_quantiles_are_those_of_the_values_to_a_bin():
    values = np.random.default_rng(2).normal(size=20_000)
    histogram = Histogram(-3.0, 3.0, 3000)
    histogram.add(values)
    probabilities = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    np.testing.assert_allclose(
        histogram.quantile(probabilities), np.quantile(values, probabilities), atol=0.004
    )


def test_values_beyond_the_grid_count_at_its_ends():
    histogram = Histogram(0.0, 1.0, 10)
    histogram.add(np.array([-np.inf, -5.0, 0.55, 9.0]))
    np.testing.assert_array_equal(histogram.counts[[0, -1]], [2, 1])
    assert histogram.quantile(np.array([0.25]))[0] == 0.0
    assert histogram.quantile(np.array([0.9]))[0] == pytest.approx(0.6)
