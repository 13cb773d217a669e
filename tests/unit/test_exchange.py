"""Exchanged pairs: what a perfect model's figures are draws of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fastsim.stats import chance
from fastsim.stats.exchange import exchanged
from fastsim.stats.paired import paired_ratio

BINS, GROUPS = 5, 8


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(0, 1000))
def test_groups_are_exchanged_whole(groups: list[int], seed: int) -> None:
    rows = np.arange(float(len(groups)))
    real, generated = (rows, rows + 100.0), (-rows, -rows - 100.0)
    for one, other in exchanged(real, generated, np.array(groups), 5, seed):
        signs = np.sign(one[1])
        np.testing.assert_array_equal(one, signs * np.array(real))
        np.testing.assert_array_equal(other, -signs * np.array(real))
        for group in set(groups):
            assert len(set(signs[np.array(groups) == group])) == 1


def sum_of_squares(real, generated, groups) -> float:
    bins = np.arange(len(groups)) // GROUPS
    masks = [bins == number for number in range(BINS)]
    pairs = (([values[mask] for values in sums] for sums in (real, generated)) for mask in masks)
    return sum(
        paired_ratio(*pair, groups[mask])["pull"] ** 2
        for pair, mask in zip(pairs, masks, strict=True)
    )


def test_exchanges_know_what_errors_of_few_groups_are_worth() -> None:
    """A few bundles have most muons of a bin: chi-squared is no law of such pulls, this is one."""
    rng, groups = np.random.default_rng(1), np.arange(BINS * GROUPS)
    below, below_chi_squared = [], []
    for seed in range(150):
        common = rng.lognormal(sigma=1.5, size=len(groups))
        samples = []
        for _ in range(2):
            number = common * rng.lognormal(sigma=0.3, size=len(groups))
            samples.append((number * rng.normal(size=len(groups)), number))
        found = sum_of_squares(*samples, groups)
        sums = [sum_of_squares(*pair, groups) for pair in exchanged(*samples, groups, 60, seed)]
        line = chance.sum_of_squares(np.mean(sums), np.std(sums, ddof=1))
        below.append(found < line)
        below_chi_squared.append(found < stats.chi2.ppf(chance.LEVEL, BINS))
    # of 150 draws a share is known to 0.02
    assert abs(np.mean(below) - chance.LEVEL) < 0.05
    assert np.mean(below_chi_squared) < 0.85
