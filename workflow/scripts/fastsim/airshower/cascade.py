"""The hadronic cascade of one air shower, followed to its muons at the surface.

Along the axis a particle is at a distance ``s`` [m] from the observation point and at a slant
grammage ``X`` [g/cm2]; across, at ``x``, ``y`` [m] with slopes ``dx/ds``, ``dy/ds``. Angles
against the axis are small (a transverse momentum of 0.5 GeV over hundreds of GeV), so path lengths
are those along the axis, and the zenith angle enters only through
:class:`~fastsim.airshower.atmosphere.ShowerAxis`.

Left out, all below a few per cent above hundreds of GeV: photoproduction and muon pairs by photons,
energy loss and scattering of charged hadrons in air, Fermi motion of spectator nucleons, hadrons
that reach the surface. Left out, too, is the geomagnetic field, which changes radii of inclined
showers by as much as they are (docs/PHYSICS_VALIDATION.md).
"""

import math
import random
from collections.abc import Callable

import numpy as np

from fastsim.airshower.atmosphere import ShowerAxis
from fastsim.airshower.decays import Decayer
from fastsim.airshower.hadronic import HadronicModel
from fastsim.airshower.particles import DECAY_LENGTH, MASS, MUON, NEUTRON, PROTON

IONISATION = 2.6e-3
"""Energy loss of muons in air by ionisation, GeV/(g/cm2) (PDG, muons in air near 1 TeV)."""
RADIATION = 3.0e-6
"""Energy loss of muons in air by radiation per energy, 1/(g/cm2)."""

_DECAY_LENGTH_PER_ENERGY = {
    sign * pdg: length / MASS[pdg]
    for pdg, length in DECAY_LENGTH.items()
    for sign in (1, -1)
    if length < math.inf
}
"""Mean decay length over energy, m/GeV."""

Hadron = tuple[int, float, tuple[float, float, float, float], float, float]
"""PDG number, energy, place (grammage, s, x, y), slopes: one entry of the stack."""


def _random_turn(uniform: Callable[[], float]) -> tuple[float, float]:
    """Return cosine and sine of a random angle, by which a collision is turned around the axis.

    Sibyll's events prefer a direction: unturned, the mean cosine of the azimuths of muons is -0.06.
    """
    angle = 2.0 * math.pi * uniform()
    return math.cos(angle), math.sin(angle)


def energy_after_air(energy: float, grammage: float) -> float:
    """Return the energy [GeV] of a muon after ``grammage`` [g/cm2] of air, below 0 if stopped."""
    offset = IONISATION / RADIATION
    return (energy + offset) * math.exp(-RADIATION * grammage) - offset


class Cascade:
    """Transport of all hadrons of a shower whose energy suffices for a muon above a threshold.

    Args:
        hadronic: interactions with air.
        decayer: decays.
    """

    def __init__(self, hadronic: HadronicModel, decayer: Decayer) -> None:
        self.hadronic = hadronic
        self.decayer = decayer

    def shower(
        self,
        mass_number: int,
        energy: float,
        axis: ShowerAxis,
        threshold: float,
        rng: random.Random,
    ) -> np.ndarray:
        """Simulate one shower.

        A hadron is followed while its energy is above the threshold plus the ionisation loss of a
        muon from there to the surface: what is dropped can give no muon above the threshold.

        Args:
            mass_number: nucleons of the primary, 1 (a proton) to 56.
            energy: total energy of the primary, GeV.
            axis: its path through the atmosphere.
            threshold: least muon energy at the surface, GeV, at least
                :data:`fastsim.airshower.hadronic.MIN_ENERGY`.
            rng: source of free paths; the models' own generators are not touched.

        Returns:
            float64 (muons, 5): energy [GeV], x, y [m], slopes dx and dy per metre of path, at
            the surface.
        """
        hadronic, decay = self.hadronic, self.decayer.decay
        interact, interaction_length = hadronic.interact, hadronic.interaction_length
        projectiles, decay_lengths = hadronic.projectiles, _DECAY_LENGTH_PER_ENERGY
        uniform, log = rng.random, math.log
        end = axis.end_grammage
        muons: list[tuple[float, ...]] = []
        if mass_number == 1:
            place = (axis.start_grammage, axis.length, 0.0, 0.0)
            stack = [(PROTON, energy, place, 0.0, 0.0)]
        else:
            stack = self._nuclei(mass_number, energy / mass_number, axis, threshold, uniform)
        push, pop = stack.append, stack.pop
        while stack:
            pdg, e, (grammage, s, x, y), slope_x, slope_y = pop()
            s_decay = -1.0
            if pdg in decay_lengths:
                # 1 - u is never 0
                s_decay = s + decay_lengths[pdg] * e * log(1.0 - uniform())
            if pdg == MUON or pdg == -MUON:
                if s_decay < 0.0:
                    e = energy_after_air(e, end - grammage)
                    if e > threshold:
                        muons.append((e, x + slope_x * s, y + slope_y * s, slope_x, slope_y))
                continue
            # a decay above the surface happens unless an interaction comes before
            decay_grammage = axis.grammage(s_decay) if s_decay > 0.0 else end
            if pdg in projectiles:
                grammage -= interaction_length(pdg, e) * log(1.0 - uniform())
            else:
                grammage = math.inf
            if grammage < decay_grammage:
                s_next = axis.distance(grammage)
                cut = threshold + IONISATION * (end - grammage)
                products = interact(pdg, e, cut, uniform())
            elif s_decay > 0.0:
                s_next, grammage = s_decay, decay_grammage
                products = decay(pdg, e, threshold + IONISATION * (end - grammage))
            else:
                continue
            if products:
                path = s - s_next
                x += slope_x * path
                y += slope_y * path
                place = (grammage, s_next, x, y)
                c, d = _random_turn(uniform)
                for product, product_energy, dx, dy in products:
                    turned_x, turned_y = c * dx - d * dy, d * dx + c * dy
                    push((product, product_energy, place, slope_x + turned_x, slope_y + turned_y))
        return np.array(muons, dtype=np.float64).reshape(-1, 5)

    def _nuclei(
        self,
        mass_number: int,
        nucleon_energy: float,
        axis: ShowerAxis,
        threshold: float,
        uniform: Callable[[], float],
    ) -> list[Hadron]:
        """Follow a nucleus and its fragments along the axis until only hadrons are left."""
        if nucleon_energy <= threshold:
            return []
        hadronic = self.hadronic
        hadrons = []
        nuclei = [(mass_number, axis.start_grammage)]
        while nuclei:
            a, grammage = nuclei.pop()
            length = hadronic.nucleus_interaction_length(a, nucleon_energy)
            grammage -= length * math.log(1.0 - uniform())
            cut = threshold + IONISATION * (axis.end_grammage - grammage)
            if grammage >= axis.end_grammage or nucleon_energy <= cut:
                continue
            secondaries, remnants = hadronic.interact_nucleus(a, nucleon_energy, cut, uniform())
            place = (grammage, axis.distance(grammage), 0.0, 0.0)
            c, d = _random_turn(uniform)
            for pdg, e, dx, dy in secondaries:
                hadrons.append((pdg, e, place, c * dx - d * dy, d * dx + c * dy))
            for remnant in remnants:
                if remnant > 1:
                    nuclei.append((remnant, grammage))
                else:
                    nucleon = PROTON if uniform() < 0.5 else NEUTRON
                    hadrons.append((nucleon, nucleon_energy, place, 0.0, 0.0))
        return hadrons
