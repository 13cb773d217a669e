"""Tails, scales and correlations of bundles whose figures are known beforehand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.bundle_samples import draw_events, draw_primaries, make_events

from fastsim.bundles.correlation_metrics import correlations
from fastsim.bundles.described import Described
from fastsim.bundles.distortions import scale_energy, scale_radius
from fastsim.bundles.primary_bins import MIN_MUONS, MIN_SHOWERS, PrimaryBins
from fastsim.bundles.scale_metrics import N_CLASSES, scales
from fastsim.bundles.tail_metrics import tails

TOY, TWIN = (draw_events(draw_primaries(1500, 1), seed) for seed in (2, 3))


def bundles(*energies: list[float], radius: float = 10.0) -> Described:
    """Bundles of muons of these energies, GeV, all at one distance from the axis."""
    return Described(make_events([[(E, radius, 0.0) for E in bundle] for bundle in energies]))


def test_tails_are_the_shares_beyond_the_limits() -> None:
    real = bundles([1e3, 2e5], [1e3, 1e3], [1e3], [])
    generated = bundles([1e3], [3e5, 2e5, 1e3], [1e3], [1e3], radius=250.0)
    found = tails(real, generated)
    assert found["energy_above_100_tev"]["truth"]["value"] == pytest.approx(1 / 5)
    assert found["energy_above_100_tev"]["generated"]["value"] == pytest.approx(2 / 6)
    assert found["energy_above_100_tev"]["difference"] == pytest.approx(2 / 6 - 1 / 5)
    assert found["radius_above_200_m"]["truth"]["value"] == 0.0
    assert found["radius_above_200_m"]["generated"]["value"] == 1.0


def test_last_per_mille_counts_events_and_the_muons_they_carry() -> None:
    """1,999 single muons and a bundle of 50, against two bundles of 30 where the truth has one."""
    single, large = [1e3], [1e3] * 50
    real = bundles(*[single] * 1999, large)
    generated = bundles(*[single] * 1998, [1e3] * 30, [1e3] * 30)
    found = tails(real, generated)
    limit = found["n_last_per_mille"]["limit"]
    assert limit == found["n_carried"]["limit"]
    assert 1 <= limit < 30
    assert found["n_last_per_mille"]["truth"]["value"] == pytest.approx(1 / 2000)
    assert found["n_last_per_mille"]["generated"]["value"] == pytest.approx(2 / 2000)
    assert found["n_carried"]["truth"]["value"] == pytest.approx(50 / (1999 + 50))
    assert found["n_carried"]["generated"]["value"] == pytest.approx(60 / (1998 + 60))


def test_last_per_mille_of_leading_muons_counts_bundles_by_parts_of_a_nucleons_energy() -> None:
    """Protons of 1e6 GeV: one leading muon of half of it, against two of more."""
    real = bundles(*[[1e3, 1e3]] * 1999, [5e5], [])
    generated = bundles(*[[1e3]] * 1998, [1e3, 6e5], [6e5], [])
    figure = tails(real, generated)["leading_last_per_mille"]
    assert 0.99e-3 < figure["limit"] < 0.5
    assert figure["truth"]["value"] == pytest.approx(1 / 2000)
    assert figure["generated"]["value"] == pytest.approx(2 / 2000)


@given(strength=st.floats(-0.5, 1.0))
@settings(max_examples=10, deadline=None)
def test_scaling_multiplies_every_scale(strength: float) -> None:
    """Generated muons times f: every 1 + scale and its error is f times what it was."""
    before, factor = scales(Described(TOY), Described(TWIN), 1), 1.0 + strength
    for name, scaled in (("energy", scale_energy), ("radius", scale_radius)):
        other = {"energy": "radius", "radius": "energy"}[name]
        found = scales(Described(TOY), Described(scaled(TWIN, None, strength)), 1)
        for table in ("overall", "by_primary", "by_n"):
            assert found[table][other] == before[table][other]
            for key, shift in (("scale", 1.0), ("error", 0.0)):
                a, b = (np.array(f[table][name][key], dtype=float) for f in (before, found))
                expected = factor * (shift + a / 100.0)
                np.testing.assert_allclose(shift + b / 100.0, expected, rtol=1e-5)


def test_pulls_of_scales_are_unit_wide() -> None:
    found = scales(Described(TOY), Described(TWIN), 1)["by_primary"]["energy"]
    pulls = np.array(found["pull"])
    assert len(pulls) == len(PrimaryBins(TOY).rows) > 15
    assert np.std(pulls) == pytest.approx(1.0, abs=0.5)
    assert found["pull_rms"] == pytest.approx(np.sqrt(np.mean(pulls**2)))


def test_spread_beyond_chance_is_that_of_the_bins() -> None:
    """None where nothing differs; a scale that is wrong everywhere is found as it is."""
    same = scales(Described(TOY), Described(TWIN), 1)["by_primary"]
    wrong = scales(Described(TOY), Described(scale_energy(TWIN, None, 0.5)), 1)["by_primary"]
    for name in ("energy", "radius"):
        assert same[name]["beyond_chance"]["rms"] < same[name]["beyond_chance"]["line"]
    assert wrong["radius"]["beyond_chance"] == same["radius"]["beyond_chance"]
    found = wrong["energy"]["beyond_chance"]
    assert found["rms"] > found["line"]
    assert found["rms"] == pytest.approx(100 * np.log(1.5), rel=0.2)


def test_scales_of_few_muons_or_one_shower_are_none() -> None:
    classes = [list(limits) for limits in N_CLASSES]
    one = scales(bundles([1e3] * 40), bundles([1e4] * 50), 1)
    few = scales(bundles([1e3], [1e4]), bundles([1e3], [1e4]), 1)
    for found in (one, few):
        assert found["overall"] == {"energy": None, "radius": None}
        assert found["by_n"]["classes"] == classes
        assert found["by_n"]["energy"]["scale"] == [None] * len(classes)
        assert found["by_primary"]["energy"]["pull_rms"] is None
        assert found["by_primary"]["energy"]["beyond_chance"] is None


def test_spread_beyond_chance_is_finite_where_no_exchange_has_enough_muons() -> None:
    """Both samples have just enough, and an exchanged pair only if it is exchanged whole."""
    rng = np.random.default_rng(1)
    numbers = np.zeros((2, MIN_SHOWERS), dtype=int)
    numbers[0, :10], numbers[1, 10:12] = 3, (29, 1)
    assert numbers.sum(axis=1).tolist() == [MIN_MUONS, MIN_MUONS]
    samples = [bundles(*[list(rng.lognormal(6, 1, n)) for n in row]) for row in numbers]
    found = scales(*samples, 1)["by_primary"]["energy"]["beyond_chance"]
    assert 0 < found["rms"] < np.inf
    assert found["line"] == 0


def test_pair_correlation_is_the_intraclass_correlation() -> None:
    """Log energies a + e of a bundle: var(a) / (var(a) + var(e)), whatever N."""
    rng = np.random.default_rng(4)

    def sample(common: float, own: float) -> Described:
        # as many bundles of every N: pairs have the weights that the figure is built with
        energies = [
            10.0 ** (3 + common * rng.normal() + own * rng.normal(size=2 + i % 4))
            for i in range(4000)
        ]
        return bundles(*(list(bundle) for bundle in energies))

    found = correlations(sample(0.3, 0.4), sample(0.0, 0.5), 50, 1)["pair_energy"]
    assert found["truth"]["value"] == pytest.approx(0.09 / 0.25, abs=4 * found["truth"]["error"])
    assert found["generated"]["value"] == pytest.approx(0.0, abs=4 * found["generated"]["error"])
    assert 0.005 < found["truth"]["error"] < 0.03
    assert found["pull"] < -10


def test_correlations_with_n_are_pearsons_and_none_for_few() -> None:
    real = Described(TOY)
    found = correlations(real, Described(TWIN), 50, 1)
    table = real.per_event[TOY.counts >= 2]
    expected = np.corrcoef(table["log10_n1"], table["log10_leading_energy"])[0, 1]
    assert found["n_log10_leading_energy"]["truth"]["value"] == pytest.approx(expected)
    leading = np.corrcoef(table["log10_leading_energy"], table["log10_second_energy"])[0, 1]
    assert found["leading_second_energy"]["truth"]["value"] == pytest.approx(leading)
    few = bundles(*[[1e3, 2e3]] * 20)
    assert set(correlations(few, few, 5, 1)["n_max_radius"].values()) == {None}
