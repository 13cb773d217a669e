"""Analytic peers: Elbert's formula for the mean number of muons of a shower."""

from dataclasses import dataclass

import numpy as np

from fastsim.airshower.ice import water_equivalent
from fastsim.bundles.primaries import mass_number

IONISATION_LOSS = 0.2595
"""GeV per metre of water equivalent."""
RADIATIVE_LOSS = 3.64e-4
"""Per metre of water equivalent."""


@dataclass(frozen=True)
class ElbertParameters:
    """One published set of parameters of :func:`elbert_mean`; ``scale_energy`` in GeV."""

    label: str
    scale_energy: float
    power: float
    cutoff: float
    fraction_power: float = 1.0


ELBERT_SETS = {
    # J. W. Elbert, Proc. DUMAND Summer Workshop (1978) 101; T. K. Gaisser, Cosmic Rays and
    # Particle Physics, section 14.2
    "elbert": ElbertParameters("Elbert", 14.5, 0.757, 5.25),
    # T. K. Gaisser and S. Verpoest, Astropart. Phys. 133 (2021) 102630; for E_mu > 400 GeV
    "gaisser_verpoest": ElbertParameters("Gaisser & Verpoest", 12.4, 0.787, 5.99),
    # nuVeto, C. A. Argüelles et al., JCAP 07 (2018) 047: fitted to showers of Sibyll 2.3
    "sibyll_refit": ElbertParameters("nuVeto (Sibyll)", 49.419, 0.6259, 4.938, 0.5804),
}
"""The three sets, from the oldest to the one fitted to Sibyll."""


def elbert_mean(
    primary_energy: np.ndarray,
    nucleons: np.ndarray,
    cos_zenith: np.ndarray,
    threshold: np.ndarray,
    parameters: ElbertParameters,
) -> np.ndarray:
    """Return the mean number of muons above ``threshold`` at the surface, float64.

    <N> = A K / (E_mu cos th) x^-a1 (1 - x^p)^a2 with x = A E_mu / E0: a nucleus is A nucleons of
    E0 / A each. It is 0 where a nucleon has less than the threshold (x >= 1).

    Args:
        primary_energy: total energy E0 of the primary, GeV.
        nucleons: mass number A.
        cos_zenith: cosine of the zenith angle.
        threshold: muon energy E_mu at the surface, GeV.
        parameters: one of :data:`ELBERT_SETS`. All arrays broadcast.
    """
    p = parameters
    x = np.asarray(nucleons * threshold / np.asarray(primary_energy, dtype=np.float64))
    below = np.maximum(1.0 - x**p.fraction_power, 0.0)
    return nucleons * p.scale_energy / (threshold * cos_zenith) * x**-p.power * below**p.cutoff


def threshold_at_surface(slant_depth: np.ndarray, cos_zenith: np.ndarray) -> np.ndarray:
    """Return the energy in GeV that a muon needs at the surface to reach ``slant_depth`` m of ice.

    From the mean loss dE/dX = a + b E: E = (a / b) (exp(b X) - 1), IceCube's usual a and b, and X
    of ice under firn, as the simulation has it. Losses fluctuate, so muons below it survive and
    some above do not; it lies close to the energy of 50 % survival.
    """
    X = water_equivalent(slant_depth, cos_zenith)
    return IONISATION_LOSS / RADIATIVE_LOSS * np.expm1(RADIATIVE_LOSS * X)


def elbert_mean_at_depth(primaries: np.ndarray, parameters: ElbertParameters) -> np.ndarray:
    """Return the mean number of muons, float64 (events,), that reach the depth of each primary.

    Args:
        primaries: (events, 4), columns as in the event table (GeV, GeV, rad, m).
        parameters: one of :data:`ELBERT_SETS`.
    """
    energy, mass, zenith, depth = np.asarray(primaries, dtype=np.float64).T
    cos_zenith = np.cos(zenith)
    threshold = threshold_at_surface(depth, cos_zenith)
    return elbert_mean(energy, mass_number(mass), cos_zenith, threshold, parameters)
