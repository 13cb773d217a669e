"""MUPAGE's laws of muon bundles deep under water: multiplicity, radius and energy.

Y. Becherini et al., Astropart. Phys. 25 (2006) 1, and G. Carminati et al., Comput. Phys. Commun.
179 (2008) 915. They know vertical depth, zenith angle and the number of muons, not the primary: one
may compare with them only after a sum over a cosmic-ray flux. Depths h are in km of water
equivalent, zenith angles in rad, radii in m and energies in TeV. All arguments broadcast.
"""

import numpy as np

from fastsim.airshower.ice import water_equivalent

DEPTHS = (1.5, 5.0)
"""km of water equivalent, vertical: where the laws hold."""
LARGEST_ZENITH = np.radians(85.0)
# the laws of radius and energy stop to change there
_MOST_MUONS = 4
_LOSS = 0.42
"""Radiative loss per km of water equivalent."""


def vertical_depth(primaries: np.ndarray) -> np.ndarray:
    """Return the vertical depth, km w.e. (events,), of ``primaries`` (events, 4) of the table.

    Ice under firn, as the simulation has it.
    """
    _, _, zenith, depth = np.asarray(primaries, dtype=np.float64).T
    cos_zenith = np.cos(zenith)
    return water_equivalent(depth, cos_zenith) / 1e3 * cos_zenith


def valid(primaries: np.ndarray) -> np.ndarray:
    """Return bool (events,): does the parametrisation cover this depth and zenith angle?"""
    h = vertical_depth(primaries)
    return (h >= DEPTHS[0]) & (h <= DEPTHS[1]) & (primaries[:, 2] < LARGEST_ZENITH)


def multiplicity_power(h: np.ndarray, zenith: np.ndarray) -> np.ndarray:
    """Return nu: the flux of bundles of m muons falls as m^-nu."""
    nu0 = -0.0771 * h**2 + 0.524 * h + 2.068
    return nu0 * np.exp(0.030 * np.exp(0.47 * h) / np.cos(zenith))


def radius_pdf(R: np.ndarray, h: np.ndarray, zenith: np.ndarray, m: np.ndarray) -> np.ndarray:
    """Return dN/dR per m, normalised, of the muons of bundles of ``m`` >= 2: C R/(R + R0)^alpha."""
    m = np.minimum(m, _MOST_MUONS)
    rho0 = -1.786 * m + 28.26
    mean = rho0 * h**-1.06 / (np.exp(10.4 * (zenith - 1.3)) + 1.0)
    alpha = (-0.448 * m + 4.969) * np.exp((0.0194 * m + 0.276) * h)
    R0 = (alpha - 3.0) * mean / 2.0
    # powers of ratios near 1: R0^(alpha - 2) alone overflows at depth
    return (alpha - 1.0) * (alpha - 2.0) * R / R0**2 * (1.0 + R / R0) ** -alpha


def energy_pdf(
    E: np.ndarray, h: np.ndarray, zenith: np.ndarray, m: np.ndarray, R: np.ndarray
) -> np.ndarray:
    """Return dN/dlog10 E, normalised over all E, of muons at ``R`` in bundles of ``m``.

    A single muon has a law without radius.
    """
    several = np.minimum(m, _MOST_MUONS)
    b = (0.0407 * several + 0.0283) * h - 0.312 * several + 6.124
    g_several = (0.0033 * h + 0.0079) * R + b * (1.0 - 0.5 * np.exp((0.0543 * h - 0.365) * R))
    # a muon on the axis has no power of its radius
    R = np.maximum(R, 0.1)
    eps_several = (-0.069 * h + 0.488) * np.exp(-0.117 * R) * zenith
    eps_several = eps_several + (-0.398 * h + 3.955) * R ** (0.012 * h - 0.35)
    single = m < 2
    gamma = np.where(single, -0.232 * np.log(h) + 3.961, g_several)
    eps_single = 0.0304 * np.exp(0.359 * h) / np.cos(zenith) - 0.0077 * h + 0.659
    eps = np.where(single, eps_single, eps_several)
    bX = _LOSS * h / np.cos(zenith)
    lost = eps * -np.expm1(-bX)
    norm = np.log(10.0) * (gamma - 1.0) * np.exp((gamma - 1.0) * bX) * lost ** (gamma - 1.0)
    return norm * E * np.exp(bX * (1.0 - gamma)) * (E + lost) ** -gamma
