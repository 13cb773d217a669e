import math

import numpy as np
import pytest

from fastsim.airshower.particles import (
    DECAY_LENGTH,
    K_LONG,
    K_SHORT,
    MASS,
    MUON,
    NEUTRON,
    OMEGA_MINUS,
    PI_PLUS,
    PROTON,
)

UNSTABLE = [pdg for pdg in MASS if DECAY_LENGTH[pdg] < math.inf]


@pytest.fixture
def decayer(cascade):
    cascade.decayer.reseed(1)
    return cascade.decayer


@pytest.mark.parametrize("pdg", UNSTABLE)
@pytest.mark.parametrize("energy", [70.0, 1e4, 1e7])
def test_decays_conserve_energy_and_transverse_momentum(decayer, pdg, energy):
    for sign in (1, -1) if pdg not in (K_LONG, K_SHORT) else (1,):
        daughters = decayer.decay(sign * pdg, energy, 0.0)
        assert len(daughters) >= 2
        assert sum(e for _, e, _, _ in daughters) == pytest.approx(energy, rel=1e-9)


def test_pions_give_muons_of_two_body_kinematics(decayer):
    energies = []
    for _ in range(4000):
        daughters = decayer.decay(PI_PLUS, 1e3, 0.0)
        (muon,) = [d for d in daughters if d[0] == -MUON]
        energies.append(muon[1] / 1e3)
    least = (MASS[MUON] / MASS[PI_PLUS]) ** 2
    assert min(energies) > least - 1e-3
    # uniform between m_mu^2 / m_pi^2 and 1
    assert np.mean(energies) == pytest.approx((1 + least) / 2, abs=0.01)


def test_daughters_travel_on_by_themselves(decayer):
    """An Omega gives a Lambda or Xi, which the cascade takes up; nothing decays twice."""
    for _ in range(200):
        kinds = {abs(pdg) for pdg, *_ in decayer.decay(OMEGA_MINUS, 1e3, 0.0)}
        assert kinds & set(MASS)
        assert not kinds & {PROTON, NEUTRON}


def test_threshold_leaves_out_slow_daughters(decayer):
    assert all(e > 500.0 for _ in range(200) for _, e, _, _ in decayer.decay(PI_PLUS, 1e3, 500.0))


def test_reseeding_repeats_the_decays(decayer):
    decayer.reseed(2**40 + 7)
    first = [decayer.decay(K_LONG, 1e3, 0.0) for _ in range(50)]
    decayer.reseed(2**40 + 7)
    assert [decayer.decay(K_LONG, 1e3, 0.0) for _ in range(50)] == first
