"""The cascade against Elbert's formula and its later fits."""

import random

import numpy as np
import pytest

from fastsim.airshower.atmosphere import ShowerAxis
from fastsim.bundles.baselines import ELBERT_SETS, elbert_mean


@pytest.mark.slow
@pytest.mark.parametrize(("mass_number", "showers"), [(1, 300), (56, 60)])
def test_mean_number_lies_near_the_formulas(cascade, mass_number, showers):
    """The formulas differ by tens of per cent; the refit to Sibyll is the closest for protons."""
    cascade.hadronic.reseed(np.random.PCG64(1))
    cascade.decayer.reseed(1)
    rng, axis = random.Random(1), ShowerAxis(1.0, 0.0)
    energy, threshold = 1e6, 1e3
    counts = [
        len(cascade.shower(mass_number, energy, axis, threshold, rng)) for _ in range(showers)
    ]
    formulas = {
        name: float(elbert_mean(energy, mass_number, 1.0, threshold, parameters))
        for name, parameters in ELBERT_SETS.items()
    }
    error = np.std(counts) / np.sqrt(showers)
    assert 0.75 * min(formulas.values()) < np.mean(counts) < 1.5 * max(formulas.values())
    if mass_number == 1:
        assert np.mean(counts) / formulas["sibyll_refit"] == pytest.approx(
            1.0, abs=0.15 + 3 * error / formulas["sibyll_refit"]
        )
