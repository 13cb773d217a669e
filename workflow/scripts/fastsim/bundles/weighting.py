"""Weights that turn a generated spectrum into a measured cosmic-ray flux."""

import numpy as np
import simweights

from fastsim.bundles.primaries import mass_number

FLUX_MODELS = {
    "gaisser_h4a": simweights.GaisserH4a,
    "gaisser_h3a": simweights.GaisserH3a,
    "gst": simweights.GlobalFitGST,
}
"""T. K. Gaisser, Astropart. Phys. 35 (2012) 801: five nuclei, extragalactic protons (H4a) or of
mixed mass (H3a); T. K. Gaisser, T. Stanev and S. Tilav, Front. Phys. 8 (2013) 748 (GST)."""
FLUX_TITLES = {"gaisser_h4a": "Gaisser H4a", "gaisser_h3a": "Gaisser H3a", "gst": "GST"}

_LIGHTEST_OF_GROUP = np.array([2, 8, 20, 39])
"""Mass number, of each group but the first, from which a nucleus belongs to it."""
_GROUPS = np.array(
    [
        simweights.PDGCode.PPlus,
        simweights.PDGCode.He4Nucleus,
        simweights.PDGCode.N14Nucleus,
        simweights.PDGCode.Al27Nucleus,
        simweights.PDGCode.Fe56Nucleus,
    ],
    dtype=np.int32,
)


def flux_weights(
    primary_energy: np.ndarray,
    primary_mass: np.ndarray,
    spectral_index: float,
    model: str = "gaisser_h4a",
) -> np.ndarray:
    """Return float64 (events,) weights to a cosmic-ray flux, of mean 1.

    The weight is flux over generated density. The density in energy is the spectrum that was
    simulated, dN/dE ~ E^-gamma, the same for all nuclei; the share of each group is counted in
    the sample itself. The groups of the model are p, He, CNO, MgSi and Fe, and every nucleus
    belongs to the one that is nearest in log A.

    Args:
        primary_energy: (events,) total energy, GeV.
        primary_mass: (events,) mass of the nucleus, GeV.
        spectral_index: gamma of the simulated spectrum.
        model: key of :data:`FLUX_MODELS`.
    """
    energy = np.asarray(primary_energy, dtype=np.float64)
    group = np.searchsorted(_LIGHTEST_OF_GROUP, mass_number(primary_mass), side="right")
    counts = np.bincount(group)
    flux = FLUX_MODELS[model]()(energy, _GROUPS[group])
    weights = flux * energy**spectral_index / counts[group]
    return weights / weights.mean()
