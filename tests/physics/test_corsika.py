"""The cascade against CORSIKA showers of the same nuclei and energies, at the surface and below."""

import numpy as np
import pytest

from tests.physics.comparison import (
    at_depths,
    distance_and_probability,
    log_energy,
    muon_ratio,
    radius,
    simulate_again,
)
from tests.physics.corsika import CUT, FOLDER, read_at_depths, read_showers

pytestmark = pytest.mark.skipif(
    not any(FOLDER.glob("DAT*")), reason="the CORSIKA files are not there"
)

SLANT_DEPTHS = (3270.0, 3600.0, 4000.0)
"""m, from the first that muons of all energies in the files reach."""


def is_compared(shower):
    """Protons and helium of 1e5 to 2e7 GeV: what can be simulated within a minute."""
    return shower.mass_number in (1, 4) and 1e5 <= shower.energy < 2e7


@pytest.fixture(scope="module")
def corsika_showers():
    return list(read_showers())


@pytest.fixture(scope="module")
def pairs(cascade, corsika_showers):
    showers = [shower for shower in corsika_showers if is_compared(shower)]
    return simulate_again(cascade, showers, lambda e: int(np.clip(2e7 / e, 8, 40)), seed=1)


@pytest.fixture(scope="module")
def pairs_below(pairs):
    ingested = [at for at in read_at_depths(SLANT_DEPTHS, seed=1) if is_compared(at[0])]
    return at_depths(pairs, ingested, SLANT_DEPTHS, seed=2)


def test_only_muons_are_read(corsika_showers):
    # 150 p, 50 He, and a few heavier ones; the files hold no muon below the cut
    masses = [shower.mass_number for shower in corsika_showers]
    assert [masses.count(a) for a in (1, 4)] == [150, 50]
    muons = np.concatenate([shower.muons for shower in corsika_showers])
    assert (muons[:, 0] > CUT).all()
    # protons of the lowest energies: 4 muons in 29 showers, which extra rows would double
    low = [s for s in corsika_showers if s.mass_number == 1 and s.energy < 1e5]
    assert (len(low), sum(len(s.muons) for s in low)) == (29, 4)


@pytest.mark.slow
def test_muon_number(pairs):
    ratio, error = muon_ratio(pairs)
    # the CORSIKA showers themselves leave this much open
    assert error < 0.07
    assert abs(ratio - 1.0) < max(0.05, 2.5 * error)


@pytest.mark.slow
@pytest.mark.parametrize("quantity", [log_energy, radius])
def test_distributions_of_muons(pairs, quantity):
    distance, probability = distance_and_probability(pairs, quantity)
    # at least as far from the rest as one in eight repetitions, the least that can be seen
    assert probability > 1 / 9 or distance < 0.03


@pytest.mark.slow
@pytest.mark.parametrize("depth", range(len(SLANT_DEPTHS)), ids=map(str, SLANT_DEPTHS))
def test_ingested_showers_are_those_of_the_simulation_below(pairs, pairs_below, depth):
    below = pairs_below[depth]
    for at_surface, at_depth in zip(pairs, below, strict=True):
        assert at_depth.corsika.energy == at_surface.corsika.energy
        assert len(at_depth.corsika.muons) <= len(at_surface.corsika.muons)
    ratio, error = muon_ratio(below)
    assert error < 0.12
    assert abs(ratio - 1.0) < 2.5 * error
    for quantity in (log_energy, radius):
        distance, probability = distance_and_probability(below, quantity)
        assert probability > 1 / 9 or distance < 0.03, quantity.__name__
