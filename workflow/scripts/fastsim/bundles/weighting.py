"""Weights that turn a generated spectrum into a measured cosmic-ray flux."""

import numpy as np
import simweights

from fastsim.bundles.primaries import mass_number
from fastsim.errors import InputError

FLUX_MODEL = simweights.GaisserH4a
"""T. K. Gaisser, Astropart. Phys. 35 (2012) 801: five nuclei, extragalactic protons (H4a)."""

_GROUPS = {
    1: simweights.PDGCode.PPlus,
    4: simweights.PDGCode.He4Nucleus,
    14: simweights.PDGCode.N14Nucleus,
    27: simweights.PDGCode.Al27Nucleus,
    56: simweights.PDGCode.Fe56Nucleus,
}


def flux_weights(
    primary_energy: np.ndarray, primary_mass: np.ndarray, spectral_index: float
) -> np.ndarray:
    """Return float64 (events,) weights to the Gaisser H4a flux, of mean 1.

    The weight is flux over generated density. The density in energy is the spectrum that was
    simulated, dN/dE ~ E^-gamma, the same for all nuclei; the share of each nucleus is counted in
    the sample itself. The five nuclei stand for the groups p, He, CNO, MgSi and Fe of the model.

    Args:
        primary_energy: (events,) total energy, GeV.
        primary_mass: (events,) mass of the nucleus, GeV.
        spectral_index: gamma of the simulated spectrum.

    Raises:
        InputError: a nucleus that the flux model does not have.
    """
    energy = np.asarray(primary_energy, dtype=np.float64)
    nuclei, kind, counts = np.unique(
        mass_number(primary_mass), return_inverse=True, return_counts=True
    )
    unknown = [int(A) for A in nuclei if A not in _GROUPS]
    if unknown:
        raise InputError(
            f"mass number {unknown[0]} has no group in the flux model; it has {sorted(_GROUPS)}"
        )
    codes = np.array([_GROUPS[A] for A in nuclei], dtype=np.int32)
    flux = FLUX_MODEL()(energy, codes[kind])
    weights = flux * energy**spectral_index / counts[kind]
    return weights / weights.mean()
