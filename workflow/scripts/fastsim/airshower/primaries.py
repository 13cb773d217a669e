"""Primary cosmic rays: nuclei, spectra and directions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Nucleus:
    """A primary: mass number, and mass in GeV as it stands in the event table."""

    mass_number: int
    mass: float


NUCLEI = {
    "p": Nucleus(1, 0.938),
    "He": Nucleus(4, 3.73),
    "N": Nucleus(14, 13.05),
    "Al": Nucleus(27, 25.13),
    "Fe": Nucleus(56, 52.10),
}


@dataclass(frozen=True)
class Primary:
    """One cosmic ray: nucleus, total energy in GeV, cosine of the zenith angle."""

    nucleus: Nucleus
    energy: float
    cos_zenith: float


@dataclass(frozen=True)
class PrimarySpectrum:
    """What primaries are drawn from.

    Attributes:
        energy_min, energy_max: range of the total energy, GeV.
        spectral_index: gamma of dN/dE ~ E^-gamma.
        composition: relative numbers of the nuclei, keys as :data:`NUCLEI`.
        zenith_min, zenith_max: range of the zenith angle, rad; uniform in its cosine.
    """

    energy_min: float
    energy_max: float
    spectral_index: float
    composition: Mapping[str, float]
    zenith_min: float
    zenith_max: float

    def draw(self, rng: np.random.Generator) -> Primary:
        """Return one primary, from three uniform numbers."""
        u_nucleus, u_energy, u_zenith = rng.random(3).tolist()
        shares = np.cumsum(list(self.composition.values()))
        chosen = int(np.searchsorted(shares, u_nucleus * shares[-1], side="right"))
        low, high = math.cos(self.zenith_max), math.cos(self.zenith_min)
        return Primary(
            NUCLEI[list(self.composition)[chosen]],
            self._energy(u_energy),
            low + (high - low) * u_zenith,
        )

    def _energy(self, u: float) -> float:
        """Invert the cumulative distribution of E^-gamma between the limits."""
        ratio = self.energy_max / self.energy_min
        power = 1.0 - self.spectral_index
        if abs(power) < 1e-9:
            return self.energy_min * ratio**u
        return self.energy_min * (1.0 + u * (ratio**power - 1.0)) ** (1.0 / power)
