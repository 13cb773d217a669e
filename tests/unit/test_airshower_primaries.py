import math

import numpy as np
import pytest
from scipy import stats

from fastsim.airshower.primaries import NUCLEI, PrimarySpectrum
from fastsim.bundles.config.simulate import Composition

EQUAL = dict.fromkeys(NUCLEI, 1.0)


def spectrum(**changes):
    values = {
        "energy_min": 1e4,
        "energy_max": 1e7,
        "spectral_index": 1.0,
        "composition": EQUAL,
        "zenith_min": 0.0,
        "zenith_max": math.radians(60),
    }
    return PrimarySpectrum(**(values | changes))


def draw(source, number=4000):
    rng = np.random.default_rng(1)
    return [source.draw(rng) for _ in range(number)]


@pytest.mark.parametrize("index", [0.0, 1.0, 2.0, 2.7])
def test_energies_follow_the_power_law(index):
    energies = np.array([p.energy for p in draw(spectrum(spectral_index=index))])
    low, high = 1e4, 1e7

    def share(e):
        if index == 1.0:
            return np.log(e / low) / math.log(high / low)
        return (e ** (1 - index) - low ** (1 - index)) / (high ** (1 - index) - low ** (1 - index))

    assert stats.kstest(energies, share).pvalue > 1e-3
    assert energies.min() >= low
    assert energies.max() <= high


def test_zenith_is_uniform_in_its_cosine():
    cosines = [p.cos_zenith for p in draw(spectrum(zenith_min=math.radians(20)))]
    low, high = 0.5, math.cos(math.radians(20))
    assert stats.kstest(cosines, stats.uniform(low, high - low).cdf).pvalue > 1e-3


def test_nuclei_follow_their_weights():
    weights = {"p": 0.5, "He": 0.0, "N": 1.5, "Al": 0.0, "Fe": 2.0}
    drawn = [p.nucleus for p in draw(spectrum(composition=weights))]
    for name, weight in weights.items():
        share = np.mean([nucleus == NUCLEI[name] for nucleus in drawn])
        assert share == pytest.approx(weight / 4.0, abs=0.03)
        assert weight > 0 or share == 0


def test_config_and_library_name_the_same_nuclei():
    assert list(Composition.model_fields) == list(NUCLEI)
