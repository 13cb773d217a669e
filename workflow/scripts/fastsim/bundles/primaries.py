"""What the primary's columns say: mass numbers, and the ice above the observation point."""

import numpy as np

ATOMIC_MASS_UNIT = 0.93149
"""GeV."""
MASS_NUMBERS = {"p": 1, "He": 4, "N": 14, "Al": 27, "Fe": 56}
"""Numbers of nucleons of the nuclei that are simulated."""
ICE_DENSITY = 0.917
"""g/cm3, so that a metre of ice is 0.917 metres of water equivalent."""


def mass_number(primary_mass: np.ndarray) -> np.ndarray:
    """Return the number of nucleons, int64, of nuclei of ``primary_mass`` GeV."""
    return np.rint(np.asarray(primary_mass, dtype=np.float64) / ATOMIC_MASS_UNIT).astype(np.int64)


def water_equivalent(slant_depth: np.ndarray) -> np.ndarray:
    """Return the metres of water equivalent of ``slant_depth`` metres of ice."""
    return ICE_DENSITY * np.asarray(slant_depth, dtype=np.float64)
