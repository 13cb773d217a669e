"""The PIT of N bin by bin: perfect models are beyond their lines by chance only, wrong ones not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.unit.bundle_samples import DEPTHS, MASSES, draw_events, draw_primaries, toy_mean

from fastsim.bundles.multiplicity_metrics import multiplicity_metrics
from fastsim.bundles.one_depth import one_depth
from fastsim.bundles.pit_metrics import multiplicity_pit, pit_by_bin
from fastsim.bundles.primaries import mass_number
from fastsim.stats.negative_binomial import NegativeBinomialMixture

PRIMARIES = draw_primaries(12_000, 21)
SHAPE = 3.0
NITROGEN = 14


def distribution(shape=SHAPE):
    """Return P(N | primary) of the toy with another shape, one number or one an event."""
    mean = toy_mean(PRIMARIES.astype(np.float64))[:, None]
    return NegativeBinomialMixture(
        np.ones_like(mean), mean, np.broadcast_to(shape, (1, len(mean))).T
    )


@pytest.fixture(scope="module")
def real():
    return draw_events(PRIMARIES, 2)


def figures_of(model, events, seed=1):
    one = one_depth(events, seed)
    pit = multiplicity_pit(model.select(one), events.counts[one], seed)
    return pit_by_bin(pit, events.select(one))


def test_bins_are_every_energy_nucleus_and_depth(real):
    found = figures_of(distribution(), real)
    # four half decades
    assert len(found["ks"]) == 4 * len(MASSES) * len(DEPTHS)
    assert sum(found["events"]) == 12_000
    for name in ("log10_primary_energy", "slant_depth", "mass_number", "events", "line"):
        assert len(found[name]) == len(found["ks"]), name
    assert found["expected"] == pytest.approx(0.05 * len(found["ks"]))


def test_figures_of_a_bin_are_those_of_its_events(real):
    one = one_depth(real, 1)
    events, model = real.select(one), distribution().select(one)
    pit = multiplicity_pit(model, events.counts, 1)
    found = pit_by_bin(pit, events)
    chosen = mass_number(events.primaries[:, 1]) == found["mass_number"][-1]
    (low, high), log_energy = found["log10_primary_energy"][-1], np.log10(events.primaries[:, 0])
    chosen &= (log_energy >= low) & (log_energy < high) & (events.primaries[:, 3] == DEPTHS[-1])
    test = stats.kstest(pit[chosen], "uniform", method="exact")
    assert found["events"][-1] == chosen.sum()
    assert found["ks"][-1] == pytest.approx(test.statistic)
    # the line is where the test's p-value is 5 %
    assert stats.kstwo.sf(found["line"][-1], chosen.sum()) == pytest.approx(0.05)


def test_a_perfect_model_is_beyond_its_lines_by_chance_only(real):
    figures = [figures_of(distribution(), draw_events(PRIMARIES, seed)) for seed in range(2, 12)]
    share = np.mean([np.array(each["ks"]) > each["line"] for each in figures])
    bins = 10 * len(figures[0]["ks"])
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / bins))
    assert min(each["p_value"] for each in figures) > 1e-3


def test_a_wrong_dispersion_of_one_nucleus_is_seen_where_it_is(real):
    nitrogen = mass_number(PRIMARIES[:, 1]) == NITROGEN
    wrong = distribution(np.where(nitrogen, 0.5 * SHAPE, SHAPE))
    expected, found = (
        multiplicity_metrics(each, real, 1)["model"]["pit_by_bin"]
        for each in (distribution(), wrong)
    )
    assert found["p_value"] < 1e-3 < 0.01 < expected["p_value"]
    ks, line = np.array(found["ks"]), np.array(found["line"])
    concerned = np.array(found["mass_number"]) == NITROGEN
    assert (ks > line)[concerned].mean() > 0.7
    np.testing.assert_array_equal(ks[~concerned], np.array(expected["ks"])[~concerned])


@given(beyond=st.integers(0, 40))
@settings(max_examples=10, deadline=None)
def test_p_value_is_the_chance_of_so_many_bins(real, beyond):
    one = one_depth(real, 1)
    events = real.select(one)
    bins = figures_of(distribution(), real)
    keys = np.column_stack(
        [np.floor(2 * np.log10(events.primaries[:, 0].astype(float))), events.primaries[:, [3, 1]]]
    )
    _, index = np.unique(keys, axis=0, return_inverse=True)
    # ranks within a bin: as uniform as can be, or all in the lower half
    pit = np.empty(len(events))
    for i in range(len(bins["ks"])):
        rows = np.flatnonzero(index == i)
        ranks = (np.arange(len(rows)) + 0.5) / len(rows)
        pit[rows] = 0.5 * ranks if i < beyond else ranks
    found = pit_by_bin(pit, events)
    assert found["beyond"] == beyond
    expected = stats.binomtest(beyond, len(bins["ks"]), 0.05, alternative="greater").pvalue
    assert found["p_value"] == pytest.approx(expected)


def test_without_bins_nothing_is_said(real):
    found = pit_by_bin(np.full(20, 0.5), real.select(np.arange(20)))
    assert (found["ks"], found["beyond"], found["p_value"]) == ([], 0, None)
