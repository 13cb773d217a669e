import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from fastsim.airshower import ice
from fastsim.airshower.hadronic import MIN_ENERGY
from fastsim.airshower.scattering import RADIATION_LENGTH, displacements, distances_to_end
from fastsim.airshower.underground import muons_at_depths
from fastsim.bundles.config.simulate import ShowerConfig
from fastsim.errors import InputError
from fastsim.settings import parse

ICE_1500 = 1500 * ice.ICE_DENSITY


@pytest.mark.parametrize(
    ("energy", "survival", "mean"),
    # PROPOSAL 7 with v_cut = 0.05 after 1.5 km of ice
    [(5e2, 0.741, 50), (1e3, 0.948, 342), (1e4, 0.994, 6_141), (1e5, 0.999, 61_711)],
)
def test_survival_and_mean_energy_follow_proposal(energy, survival, mean):
    rng = np.random.default_rng(1)
    arrived = ice.propagate(np.full(40_000, energy), np.array([ICE_1500]), rng)[0]
    alive = arrived[arrived > 0]
    assert len(alive) / len(arrived) == pytest.approx(survival, rel=0.05)
    assert alive.mean() == pytest.approx(mean, rel=0.05)


def test_range_follows_pumas():
    mulder = pytest.importorskip("mulder")
    water = mulder.Physics().compile("Water")
    for energy in (5e2, 1e3, 1e4, 1e5):
        ours, _ = quad(lambda e: 1 / float(ice.mean_loss(e)), 0.106, energy, limit=500)
        assert ours == pytest.approx(water.range(energy), rel=0.03)


def test_mean_loss_is_that_of_the_sampled_losses():
    # over a short way, so that the energy hardly changes
    energy = np.full(800_000, 1e4)
    after = ice.propagate(energy, np.array([20.0]), np.random.default_rng(2))[0]
    loss = (energy - after) / 20.0
    error = loss.std() / math.sqrt(len(loss))
    assert abs(loss.mean() - ice.mean_loss(1e4)) < 4 * error + 0.006 * ice.mean_loss(1e4)


def test_no_muon_from_below_the_threshold_arrives_and_some_from_just_above_do():
    depth = np.array([ICE_1500])
    least = ice.threshold(ICE_1500)
    rng = np.random.default_rng(3)
    below = ice.propagate(rng.uniform(0.5 * least, least, 100_000), depth, rng)
    assert not below.any()
    above = ice.propagate(np.full(100_000, 1.01 * least), depth, rng)
    assert above.any()


def test_no_muon_from_below_the_threshold_arrives_with_the_energy_asked_for():
    depth = np.array([ICE_1500])
    least = ice.threshold(ICE_1500, 500.0)
    assert least > ice.threshold(ICE_1500)
    rng = np.random.default_rng(3)
    below = ice.propagate(rng.uniform(0.5 * least, least, 100_000), depth, rng)
    assert 0 < below.max() < 500.0
    above = ice.propagate(np.full(100_000, 1.01 * least), depth, rng)
    assert (above > 500.0).any()


def test_depths_are_passed_in_one_go():
    rng = np.random.default_rng(4)
    energy = 10 ** rng.uniform(2, 5, 50_000)
    depths = np.array([300.0, 900.0, 2000.0])
    together = ice.propagate(energy, depths, rng)
    assert (np.diff(together, axis=0) <= 0).all()
    # the intermediate depths change nothing at the last
    alone = ice.propagate(energy, depths[-1:], rng)[0]
    assert (together[-1] > 0).mean() == pytest.approx((alone > 0).mean(), abs=0.01)
    logs = [np.log(e[e > 0]).mean() for e in (together[-1], alone)]
    assert logs[0] == pytest.approx(logs[1], abs=0.05)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 5000.0), st.floats(0.17, 1.0))
def test_water_equivalent_lies_between_firn_and_ice(depth, cosine):
    mwe = ice.water_equivalent(depth, cosine)
    assert ice.FIRN_DENSITY * depth - 1e-9 <= mwe <= ice.ICE_DENSITY * depth + 1e-9
    deeper = ice.water_equivalent(depth + 1.0, cosine)
    assert mwe < deeper


def test_firn_is_vertical():
    assert ice.water_equivalent(200.0, 1.0) == pytest.approx(200 * 0.832)
    assert ice.water_equivalent(1500.0, 1.0) == pytest.approx(200 * 0.832 + 1300 * 0.917)
    assert ice.water_equivalent(1500.0, 0.5) == pytest.approx(400 * 0.832 + 1100 * 0.917)


def test_the_least_depth_of_the_config_stays_within_the_hadronic_model():
    shallow, inclined = 300.0, math.cos(math.radians(80.0))
    parse(ShowerConfig, {"slant_depths": [shallow]}, "test")
    assert ice.threshold(float(ice.water_equivalent(shallow, inclined))) > MIN_ENERGY
    with pytest.raises(InputError, match="slant_depths"):
        parse(ShowerConfig, {"slant_depths": [shallow - 1]}, "test")


def test_scattering_without_loss_follows_the_particle_data_group():
    muons, length, energy = 40_000, 600.0, 1e4
    nodes = np.linspace(100.0, length, 6)
    energies = np.full((6, muons), energy)
    rng = np.random.default_rng(5)
    shifts = displacements(energies[0], energies, nodes, nodes, rng)
    # to the end, and half way
    for shift, way in ((shifts[-1], length), (shifts[2], length / 2)):
        layers = way / RADIATION_LENGTH
        angle = 13.6e-3 / energy * math.sqrt(layers) * (1 + 0.038 * math.log(layers))
        # PDG 34.3: the plane's displacement has a width of x theta / sqrt(3)
        np.testing.assert_allclose(shift.std(axis=0), way * angle / math.sqrt(3), rtol=0.015)


@given(before=st.floats(0.2, 1e6), left=st.floats(1e-7, 1.0))
def test_muons_scatter_where_they_are_slow(before, left):
    after = before * left
    mean, square = distances_to_end(np.array([before]), np.array([after]))

    def weighted(power):
        # over the logarithm of the energy, in which the weight 1/E^2 is wide
        def integrand(log_energy):
            energy = math.exp(log_energy)
            return ((energy - after) / (before - after)) ** power / energy

        return quad(integrand, math.log(after), math.log(before), epsabs=0.0, limit=200)[0]

    if left < 0.9999:
        whole = weighted(0)
        assert mean[0] == pytest.approx(weighted(1) / whole, rel=1e-3)
        assert square[0] == pytest.approx(weighted(2) / whole, rel=1e-3)
    else:
        assert (mean[0], square[0]) == pytest.approx((1 / 2, 1 / 3), rel=1e-3)


@pytest.mark.parametrize("depth", [2000.0, 2500.0])
def test_the_depths_that_are_asked_for_do_not_matter_to_each_other(depth):
    rng = np.random.default_rng(6)
    muons = np.zeros((150_000, 5))
    muons[:, 0] = 350.0 * rng.random(len(muons)) ** (-1 / 2.7)
    sets = [[depth], np.arange(1500.0, 2601.0, 100.0), np.arange(25.0, depth + 1.0, 25.0)]
    means = []
    for depths in sets:
        at_depth = muons_at_depths(muons, depths, 1.0, rng)[list(depths).index(depth)]
        log_radius = np.log(np.hypot(at_depth[:, 1], at_depth[:, 2]))
        slow = log_radius[at_depth[:, 0] < 10.0]
        means.append((slow.mean(), slow.std() / math.sqrt(len(slow))))
    for mean, error in means[1:]:
        assert abs(mean - means[0][0]) < 4.5 * math.hypot(error, means[0][1])
