"""Masses and lifetimes of what travels through an air shower (Particle Data Group, 2024).

Particles are named by their PDG Monte Carlo number; antiparticles share the entry of ``abs(pdg)``.
"""

import math

from fastsim.bundles.events import MUON_MASS

MUON = 13
TAU = 15
PI_PLUS = 211
K_LONG, K_SHORT, K_PLUS = 130, 310, 321
NEUTRON, PROTON = 2112, 2212
LAMBDA = 3122
SIGMA_MINUS, SIGMA_ZERO, SIGMA_PLUS = 3112, 3212, 3222
XI_MINUS, XI_ZERO, OMEGA_MINUS = 3312, 3322, 3334

NUCLEON_MASS = 0.938919
"""Mean of proton and neutron, GeV."""

MASS = {
    MUON: MUON_MASS,
    TAU: 1.77693,
    PI_PLUS: 0.1395704,
    K_LONG: 0.497611,
    K_SHORT: 0.497611,
    K_PLUS: 0.493677,
    NEUTRON: 0.9395654,
    PROTON: 0.9382721,
    LAMBDA: 1.115683,
    SIGMA_MINUS: 1.197449,
    SIGMA_ZERO: 1.192642,
    SIGMA_PLUS: 1.18937,
    XI_MINUS: 1.32171,
    XI_ZERO: 1.31486,
    OMEGA_MINUS: 1.67245,
}
"""Masses, GeV."""

DECAY_LENGTH = {
    MUON: 658.638,
    TAU: 87.03e-6,
    PI_PLUS: 7.8045,
    K_LONG: 15.34,
    K_SHORT: 2.6844e-2,
    K_PLUS: 3.711,
    NEUTRON: math.inf,
    PROTON: math.inf,
    LAMBDA: 7.89e-2,
    SIGMA_MINUS: 4.434e-2,
    SIGMA_ZERO: 2.2e-11,
    SIGMA_PLUS: 2.404e-2,
    XI_MINUS: 4.91e-2,
    XI_ZERO: 8.71e-2,
    OMEGA_MINUS: 2.461e-2,
}
"""Mean proper decay lengths c tau, m; a fast neutron leaves the atmosphere undecayed."""
