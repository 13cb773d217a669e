"""What the primary's columns say."""

import numpy as np

ATOMIC_MASS_UNIT = 0.93149
"""GeV."""
MASS_NUMBERS = {"p": 1, "He": 4, "N": 14, "Al": 27, "Fe": 56}
"""Numbers of nucleons of the nuclei that are simulated."""


def mass_number(primary_mass: np.ndarray) -> np.ndarray:
    """Return the number of nucleons, int64, of nuclei of ``primary_mass`` GeV."""
    return np.rint(np.asarray(primary_mass, dtype=np.float64) / ATOMIC_MASS_UNIT).astype(np.int64)


def energy_per_nucleon(primary_energy: np.ndarray, primary_mass: np.ndarray) -> np.ndarray:
    """Return the primaries' energy per nucleon, GeV, float64: no muon of theirs has more.

    Each nucleon of a nucleus interacts with its own share of the energy (superposition).

    Args:
        primary_energy: total energy, GeV.
        primary_mass: GeV; one below that of a nucleon counts as a nucleon.
    """
    nucleons = np.maximum(mass_number(primary_mass), 1)
    return np.asarray(primary_energy, dtype=np.float64) / nucleons
