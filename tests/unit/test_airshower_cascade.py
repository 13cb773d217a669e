import math
import random

import numpy as np
import pytest

from fastsim.airshower.atmosphere import ShowerAxis
from fastsim.airshower.cascade import IONISATION, RADIATION, energy_after_air


@pytest.fixture(scope="module")
def showers(cascade):
    """Muons above 500 GeV of 80 vertical proton showers of 1 PeV at 110 m altitude."""
    return simulate(cascade, 80, 1, 1e6, 500.0)


def simulate(cascade, number, mass_number, energy, threshold, cos_zenith=1.0, seed=1):
    rng = random.Random(seed)
    cascade.hadronic.reseed(np.random.PCG64(seed))
    cascade.decayer.reseed(seed)
    axis = ShowerAxis(cos_zenith, 110.0)
    return [cascade.shower(mass_number, energy, axis, threshold, rng) for _ in range(number)]


def mean_and_error(counts):
    return np.mean(counts), np.std(counts) / math.sqrt(len(counts))


def test_muon_number_of_a_pev_proton(showers):
    # 11.2 +- 0.3 above 500 GeV, 3.6 +- 0.13 above 1 TeV in an independent program
    for threshold, expected in ((500.0, 11.2), (1000.0, 3.61)):
        mean, error = mean_and_error([(m[:, 0] > threshold).sum() for m in showers])
        assert abs(mean - expected) < 4 * error


def test_multiplicity_is_wider_than_a_poisson_distribution(showers):
    counts = [len(muons) for muons in showers]
    assert np.var(counts) > 1.5 * np.mean(counts)


def test_muons_are_spread_evenly_around_the_axis(showers):
    muons = np.concatenate(showers)
    azimuth = np.arctan2(muons[:, 2], muons[:, 1])
    # muons of one shower share an interaction's recoil: the error comes from the showers
    for harmonic in (1, 2):
        sums = [np.exp(1j * harmonic * np.arctan2(m[:, 2], m[:, 1])).sum() for m in showers]
        error = math.sqrt(np.sum(np.abs(sums) ** 2) / 2) / len(azimuth)
        assert abs(np.exp(1j * harmonic * azimuth).mean()) < 4 * error
    # a few metres, and pointing away from the axis
    assert 2.0 < np.median(np.hypot(muons[:, 1], muons[:, 2])) < 8.0


@pytest.mark.slow
@pytest.mark.parametrize("mass_number", [1, 14])
def test_no_direction_is_preferred(cascade, mass_number):
    """Sibyll's own events prefer one: unturned, the mean cosine is -0.06, five errors here."""
    showers = simulate(cascade, 1500, mass_number, 1.5e5 * mass_number**0.5, 500.0, seed=7)
    directions = [np.exp(1j * np.arctan2(m[:, 2], m[:, 1])).mean() for m in showers if len(m)]
    assert abs(np.mean(directions)) < 4 * np.std(directions) / math.sqrt(len(directions))


@pytest.mark.slow
def test_a_lower_threshold_gives_the_same_muons_above(cascade):
    low = simulate(cascade, 150, 1, 3e5, 250.0, seed=2)
    high = simulate(cascade, 150, 1, 3e5, 500.0, seed=3)
    assert all((muons[:, 0] > 500.0).all() for muons in high)
    a, a_error = mean_and_error([(m[:, 0] > 500.0).sum() for m in low])
    b, b_error = mean_and_error([len(m) for m in high])
    assert abs(a - b) < 4 * math.hypot(a_error, b_error)


def test_inclined_showers_have_more_muons_of_high_energy(cascade, showers):
    inclined = simulate(cascade, 25, 1, 1e6, 500.0, cos_zenith=0.5)
    assert np.mean([len(m) for m in inclined]) > 1.2 * np.mean([len(m) for m in showers])


def test_nuclei_give_more_muons_than_protons(cascade, showers):
    iron = simulate(cascade, 15, 56, 1e6, 500.0)
    mean, error = mean_and_error([len(m) for m in iron])
    assert abs(mean - 22.4) < 5 * error
    assert np.var([len(m) for m in iron]) / mean**2 < np.var([len(m) for m in showers]) / 11.2**2


def test_too_little_energy_gives_no_muon(cascade):
    assert simulate(cascade, 3, 56, 1e4, 500.0)[0].shape == (0, 5)
    assert simulate(cascade, 3, 1, 400.0, 500.0)[0].shape == (0, 5)


def test_muons_lose_energy_in_air_by_the_differential_equation():
    step, energy = 0.01, 700.0
    for _ in range(100_000):
        energy -= step * (IONISATION + RADIATION * energy)
    assert energy_after_air(700.0, 1000.0) == pytest.approx(energy, rel=1e-6)
    # the cut on hadrons, threshold + ionisation, is below what a muon needs
    assert energy_after_air(500.0 + IONISATION * 1000.0, 1000.0) < 500.0
