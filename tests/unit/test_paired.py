"""Ratios of sums in two samples of the same rows, against what is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsim.stats.paired import paired_ratio

ONES = np.ones(4)
NOTHING = dict.fromkeys(("truth", "generated", "difference", "error", "pull"))


def test_by_hand() -> None:
    """Two groups: without the one or the other the ratio is 1 or 1/2, done on paper."""
    figure = paired_ratio(
        (np.array([1.0, 0.0, 1.0, 1.0]), ONES),
        (np.array([1.0, 1.0, 1.0, 1.0]), 2 * ONES),
        np.array([7, 7, 9, 9]),
    )
    # sqrt(1/2 (1/16 + 1/16)) about their mean; generated: 1/2 without either
    assert figure["truth"] == {"value": 0.75, "error": pytest.approx(0.25)}
    assert figure["generated"] == {"value": 0.5, "error": 0.0}
    assert figure["difference"] == -0.25
    assert figure["error"] == pytest.approx(0.25)
    assert figure["pull"] == pytest.approx(-1.0)


def test_what_has_no_denominator_or_no_error_is_none() -> None:
    sums = np.arange(4.0), ONES
    assert paired_ratio((ONES, 0 * ONES), sums, np.arange(4)) == NOTHING
    assert paired_ratio(sums, (ONES, 0 * ONES), np.arange(4)) == NOTHING
    assert paired_ratio(sums, sums, np.zeros(4)) == NOTHING
    same = paired_ratio(sums, sums, np.arange(4))
    assert (same["difference"], same["error"], same["pull"]) == (0.0, 0.0, None)


@given(seed=st.integers(0, 2**32 - 1), factor=st.floats(0.1, 10.0))
@settings(max_examples=25, deadline=None)
def test_units_and_names_of_groups_do_not_matter(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    real, generated = ((rng.normal(size=40), rng.uniform(1, 2, 40)) for _ in range(2))
    groups = rng.integers(0, 12, 40)
    one = paired_ratio(real, generated, groups)
    other = paired_ratio(
        (factor * real[0], real[1]), (factor * generated[0], generated[1]), 1000 - groups
    )
    assert other["difference"] == pytest.approx(factor * one["difference"])
    assert other["error"] == pytest.approx(factor * one["error"])
    swapped = paired_ratio(generated, real, groups)
    assert swapped["pull"] == pytest.approx(-one["pull"])


def test_pulls_are_unit_wide_though_rows_of_a_group_are_alike_and_pairs_share_it() -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(150), 4)
    pulls, alone = [], []
    for _ in range(300):
        shared = np.repeat(rng.normal(0.0, 3.0, 150), 4)
        sums = [(shared + np.repeat(rng.normal(size=150), 4), np.ones(600)) for _ in range(2)]
        figure = paired_ratio(*sums, groups)
        pulls.append(figure["pull"])
        alone.append(figure["truth"]["value"] / figure["truth"]["error"])
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)
    assert np.std(alone) == pytest.approx(1.0, abs=0.15)
    # without the pairing the error would be three times as large
    assert figure["error"] < 0.5 * np.hypot(figure["truth"]["error"], figure["generated"]["error"])


def test_pulls_are_unit_wide_where_few_groups_have_most_rows() -> None:
    """As of bundles: one of a hundred muons beside many of one."""
    rng = np.random.default_rng(2)
    pulls = []
    for _ in range(400):
        sums = []
        for _ in range(2):
            counts = np.ceil(rng.pareto(1.2, 60))
            means = rng.normal(size=60) / np.sqrt(counts) + 0.5 * rng.normal(size=60)
            sums.append((counts * means, counts))
        pulls.append(paired_ratio(*sums, np.arange(60))["pull"])
    # a few samples are one bundle and little else: their pulls can be anything
    assert np.sqrt(np.mean(np.clip(pulls, -5, 5) ** 2)) == pytest.approx(1.0, abs=0.15)
