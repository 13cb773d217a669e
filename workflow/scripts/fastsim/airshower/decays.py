"""Decays of single particles by Pythia 8; the one module that touches pythia8mc.

Reference: C. Bierlich et al., SciPost Phys. Codebases 8 (2022), arXiv:2203.11601.
"""

import math

import pythia8mc

from fastsim.airshower.particles import MASS

SEEDS = 900_000_000
"""Pythia takes seeds from 1 to this number."""

_SETTINGS = (
    "ProcessLevel:all = off",
    # only the particle asked for decays, however long it lives; its daughters go back to the caller
    "ParticleDecays:limitTau0 = off",
    "Print:quiet = on",
)


class Decayer:
    """Pythia's decay tables, without collisions."""

    def __init__(self) -> None:
        self._pythia = pythia8mc.Pythia("", False)
        for setting in _SETTINGS:
            self._pythia.readString(setting)
        for pdg in MASS:
            self._pythia.particleData.mayDecay(pdg, True)
        self._pythia.init()
        self._event = self._pythia.event
        self._decay_entry = self._pythia.moreDecays

    def reseed(self, seed: int) -> None:
        """Restart the random numbers; any integer gives an allowed seed."""
        self._pythia.rndm.init(1 + seed % SEEDS)

    def decay(
        self, pdg: int, energy: float, threshold: float
    ) -> list[tuple[int, float, float, float]]:
        """Let one particle decay in flight.

        Args:
            pdg: PDG number, one of :data:`fastsim.airshower.particles.MASS` or its antiparticle.
            energy: its total energy, GeV.
            threshold: daughters below this energy [GeV] are left out.

        Returns:
            (pdg, energy [GeV], slope x, slope y) of the daughters, slopes px/pz and py/pz against
            the direction of the particle.
        """
        mass = MASS[abs(pdg)]
        event = self._event
        event.reset()
        event.append(pdg, 1, 0, 0, 0.0, 0.0, math.sqrt(energy * energy - mass * mass), energy, mass)
        if not self._decay_entry(1):
            raise RuntimeError(f"Pythia refused the decay of particle {pdg} at {energy} GeV")
        daughters = []
        for i in range(2, event.size()):
            daughter = event[i]
            daughter_energy = daughter.e()
            if daughter_energy > threshold:
                pz = daughter.pz()
                slope_x, slope_y = daughter.px() / pz, daughter.py() / pz
                daughters.append((daughter.id(), daughter_energy, slope_x, slope_y))
        return daughters
