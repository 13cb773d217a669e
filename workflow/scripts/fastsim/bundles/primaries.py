"""What the primary's columns say."""

import numpy as np

ATOMIC_MASS_UNIT = 0.93149
"""GeV."""
MASS_NUMBERS = {"p": 1, "He": 4, "N": 14, "Al": 27, "Fe": 56}
"""Numbers of nucleons of the nuclei that are simulated."""


def mass_number(primary_mass: np.ndarray) -> np.ndarray:
    """Return the number of nucleons, int64, of nuclei of ``primary_mass`` GeV."""
    return np.rint(np.asarray(primary_mass, dtype=np.float64) / ATOMIC_MASS_UNIT).astype(np.int64)
