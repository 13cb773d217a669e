"""Multiple scattering of muons in ice."""

import math

import numpy as np

RADIATION_LENGTH = 0.3608
"""Of water and ice, m.w.e. (36.08 g/cm2, Particle Data Group)."""


def displacements(
    surface_energy: np.ndarray,
    energies: np.ndarray,
    slant_depths: np.ndarray,
    depths: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the lateral displacement of muons at increasing depths by multiple scattering.

    Highland's formula (S. Navas et al. (PDG), Phys. Rev. D 110 (2024) 030001, chapter 34.3), its
    logarithm taken for the whole track. Over a step from one depth to the next the energy falls
    about linearly from E1 to E2, for which the mean of 1/E^2 is 1/(E1 E2).

    Args:
        surface_energy: (muons,) GeV.
        energies: (depths, muons) energy at each depth, GeV, 0 where the muon has stopped.
        slant_depths, depths: (depths,) increasing, in m and in m.w.e.

    Returns:
        float64 (depths, muons, 2): displacement in x and y, m; meaningless for stopped muons.
    """
    scale = 13.6e-3 * (1.0 + 0.038 * math.log(depths[-1] / RADIATION_LENGTH))
    shape = len(surface_energy), 2
    angle, displacement = np.zeros(shape), np.zeros(shape)
    result = np.empty((len(depths), *shape))
    before = surface_energy
    steps = zip(energies, np.diff(slant_depths, prepend=0), np.diff(depths, prepend=0), strict=True)
    for i, (energy, length, grammage) in enumerate(steps):
        inverse_square = np.zeros(len(energy))
        np.divide(1.0, before * energy, out=inverse_square, where=energy > 0)
        width = scale * np.sqrt(grammage / RADIATION_LENGTH * inverse_square)
        kick, offset = rng.standard_normal((2, *shape)) * width[:, None]
        displacement = displacement + length * (angle + kick / 2 + offset / math.sqrt(12.0))
        angle = angle + kick
        result[i] = displacement
        before = energy
    return result
