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
    logarithm taken for the whole track down to each depth. Over a step from one depth to the next
    the energy falls about linearly from E1 to E2, for which the mean of 1/E^2 is 1/(E1 E2). As far
    as it does, the distribution at a depth does not depend on where the steps before it end.

    Args:
        surface_energy: (muons,) GeV.
        energies: (depths, muons) energy at each depth, GeV, 0 where the muon has stopped.
        slant_depths, depths: (depths,) increasing, in m and in m.w.e.

    Returns:
        float64 (depths, muons, 2): displacement in x and y, m; meaningless for stopped muons.
    """
    shape = len(surface_energy), 2
    angle, displacement = np.zeros(shape), np.zeros(shape)
    result = np.empty((len(depths), *shape))
    before = surface_energy
    steps = zip(energies, np.diff(slant_depths, prepend=0), np.diff(depths, prepend=0), strict=True)
    for i, (energy, length, grammage) in enumerate(steps):
        inverse_square = np.zeros(len(energy))
        np.divide(1.0, before * energy, out=inverse_square, where=energy > 0)
        width = 13.6e-3 * np.sqrt(grammage / RADIATION_LENGTH * inverse_square)
        mean, square = distances_to_end(before, energy)
        kick, offset = rng.standard_normal((2, *shape)) * width[:, None]
        spread = np.sqrt(np.maximum(square - mean**2, 0.0))
        displacement = displacement + length * (
            angle + kick * mean[:, None] + offset * spread[:, None]
        )
        angle = angle + kick
        result[i] = displacement * (1.0 + 0.038 * math.log(depths[i] / RADIATION_LENGTH))
        before = energy
    return result


def distances_to_end(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and mean square of the distance from a scattering to the end of its step.

    In units of the step's length, and weighted with 1/E^2, to which the variance of the angle goes,
    for an energy that falls linearly: a muon about to stop scatters at the end, where it is no
    longer displaced by it, and even scattering would have 1/2 and 1/3.

    Args:
        before, after: (muons,) energy at the start and the end of the step, GeV; where it is 0 at
            the end, the result means nothing.
    """
    ratio = np.ones(len(before))
    np.divide(after, before, out=ratio, where=after > 0)
    fall = 1.0 - ratio
    # where the energy hardly falls, the limits, since the formulas are differences of equal numbers
    falls = fall > 1e-3
    ratio, fall = np.where(falls, ratio, 0.5), np.where(falls, fall, 0.5)
    log = -np.log(ratio)
    mean = ratio * (log - fall) / fall**2
    square = ratio * (1.0 - ratio**2 - 2.0 * ratio * log) / fall**3
    return np.where(falls, mean, 0.5), np.where(falls, square, 1.0 / 3.0)
