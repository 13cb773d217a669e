"""Interactions of hadrons and nuclei with air by Sibyll; the one module that touches chromo.

References: F. Riehn et al., Phys. Rev. D 102 (2020) 063002 (Sibyll 2.3d); E.-J. Ahn et al., Phys.
Rev. D 80 (2009) 094003 (Sibyll 2.1); A. Dembinski et al., PoS(ICRC2023) 189 (chromo).

Sibyll is called below chromo's event loop, which is nine times slower: ``sibyll`` (one hadron),
``sibnuc`` (one nucleus), ``decsib`` (short-lived particles, charm among them) fill the common
blocks ``s_plist`` and ``s_plnuc``. The layout of these blocks belongs to the pinned chromo
release; a test of the energy sums fails if a release changes it.
"""

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

# unit 6 unbuffered, so that the start-up banner is written while standard output is set aside;
# libgfortran reads it when it is loaded
os.environ.setdefault("GFORTRAN_UNBUFFERED_PRECONNECTED", "1")

import chromo
from chromo.kinematics import FixedTarget
from chromo.models import Sibyll21, Sibyll23d, Sibyll23e

from fastsim.airshower.particles import (
    K_LONG,
    K_PLUS,
    K_SHORT,
    LAMBDA,
    MASS,
    NEUTRON,
    NUCLEON_MASS,
    PI_PLUS,
    PROTON,
    SIGMA_MINUS,
    SIGMA_PLUS,
    XI_MINUS,
    XI_ZERO,
)

Secondary = tuple[int, float, float, float]
"""PDG number, energy [GeV], slopes px/pz and py/pz against the projectile's direction."""

MIN_ENERGY = 60.0
"""Least projectile energy (a nucleon's for nuclei), GeV: Sibyll needs sqrt(s) >= 10 GeV."""

TARGETS = ((14, 0.785), (16, 0.215))
"""Mass numbers and fractions of atoms of air; Sibyll's heaviest target is A = 20, so no argon."""

CROSS_SECTION_OF = {
    **dict.fromkeys((PROTON, NEUTRON, LAMBDA), 1),
    **dict.fromkeys((SIGMA_MINUS, SIGMA_PLUS, XI_MINUS, XI_ZERO), 1),
    PI_PLUS: 2,
    **dict.fromkeys((K_PLUS, K_LONG, K_SHORT), 3),
}
"""Sibyll's cross section (1 nucleon, 2 pion, 3 kaon) of each projectile: hyperons interact as
nucleons, neutral kaons as charged ones. An Omega- is not accepted as projectile; it decays."""

_GRAM_PER_MBARN = 1.66053907e-24 / 1e-27  # atomic mass unit over a millibarn: g/cm2
_HADRON_GRID = np.arange(1.75, 11.01, 0.25)  # log10 of the lab energy, GeV
_NUCLEUS_GRID = np.array([2.0, 4.0, 6.0, 8.0])
_NUCLEUS_MASSES = range(2, 57)
_GLAUBER_TRIALS = 500
_TABLE_SEED = 20_200_520  # cross sections of nuclei are integrated by Monte Carlo
_DECAYED = 10_000  # added by Sibyll to the code of a particle that has decayed
_FRAGMENT = 1000  # code of a fragment of mass number A is 1000 + A
_PI_ZERO = 6

RELEASES = {"sibyll21": Sibyll21, "sibyll23d": Sibyll23d, "sibyll23e": Sibyll23e}
"""Releases with these common blocks. Sibyll 2.1 makes no charm."""

_HYPERONS = frozenset((LAMBDA, SIGMA_MINUS, SIGMA_PLUS, XI_MINUS, XI_ZERO))
_DECAYING = {"sibyll21": _HYPERONS, "sibyll23d": frozenset(), "sibyll23e": frozenset()}
"""Hadrons of :data:`CROSS_SECTION_OF` that a release does not take as projectiles: they decay."""


class HadronicModel:
    """Sibyll on air: interaction lengths and events; only one may exist in a process.

    Attributes:
        projectiles: PDG numbers of the hadrons that can interact.

    Args:
        release: one of :data:`RELEASES`.
    """

    def __init__(self, release: str = "sibyll23d") -> None:
        library = _start_sibyll(release)
        self._library = library
        self.reseed(np.random.PCG64(_TABLE_SEED))
        # views of the common blocks stay valid: Fortran never moves them
        particles, nuclear = library.s_plist, library.s_plnuc
        self._count = particles.np
        self._codes = particles.llist
        self._px, self._py, self._pz = (particles.p[:, i] for i in range(3))
        self._pz_and_energy = particles.p[:, 2:4]
        self._nuclear_count = nuclear.npa
        self._nuclear_codes = nuclear.lla
        self._nuclear_momenta = nuclear.pa
        # a neutral pion never gives a muon; Sibyll need not spend time on its decay
        library.s_csydec.idb[_PI_ZERO - 1] = -abs(library.s_csydec.idb[_PI_ZERO - 1])
        self._pdg_of, self._code_of = _particle_codes(library, _DECAYING[release])
        self.projectiles = frozenset(self._code_of)
        self._sibyll: Callable[..., None] = library.sibyll
        self._decsib: Callable[..., None] = library.decsib
        self._sibnuc: Callable[..., None] = library.sibnuc
        self._boost = np.empty(2)
        self._hadron_lengths, self._nitrogen = self._tabulate_hadrons()
        self._nucleus_lengths = self._tabulate_nuclei()

    def reseed(self, bit_generator: np.random.PCG64) -> None:
        """Let Sibyll draw from ``bit_generator`` from now on."""
        self._bit_generator = bit_generator  # keeps alive what Fortran points to
        self._library.npy.bitgen = bit_generator.ctypes.bit_generator.value

    def interaction_length(self, pdg: int, energy: float) -> float:
        """Return the mean free path in air, g/cm2, of a hadron of ``energy`` [GeV]."""
        table = self._hadron_lengths[pdg]
        position = (math.log10(energy) - 1.75) * 4.0
        i = int(position)
        low = table[i]
        return low + (table[i + 1] - low) * (position - i)

    def nucleus_interaction_length(self, mass_number: int, nucleon_energy: float) -> float:
        """Return the mean free path in air, g/cm2, of a nucleus of ``nucleon_energy`` [GeV]."""
        table = self._nucleus_lengths[mass_number]
        position = (math.log10(nucleon_energy) - 1.75) * 4.0
        i = int(position)
        low = table[i]
        return low + (table[i + 1] - low) * (position - i)

    def interact(
        self, pdg: int, energy: float, threshold: float, uniform: float
    ) -> list[Secondary]:
        """Let a hadron interact with an air nucleus.

        Args:
            pdg: one of :attr:`projectiles`.
            energy: its energy in the laboratory, GeV, at least :data:`MIN_ENERGY`.
            threshold: secondaries below this energy [GeV] are left out.
            uniform: a random number of [0, 1) that decides between nitrogen and oxygen.

        Returns:
            The secondaries from which a muon can come: no photons, electrons, neutrinos and
            neutral pions.
        """
        mass = MASS[abs(pdg)]
        ecm = math.sqrt(mass * mass + NUCLEON_MASS * NUCLEON_MASS + 2.0 * energy * NUCLEON_MASS)
        self._sibyll(self._code_of[pdg], 14 if uniform < self._nitrogen else 16, ecm)
        self._decsib()
        gamma = (energy + NUCLEON_MASS) / ecm
        beta_gamma = math.sqrt(energy * energy - mass * mass) / ecm
        boost = self._boost
        boost[0] = beta_gamma
        boost[1] = gamma
        energies = self._pz_and_energy[: self._count.item()].dot(boost)
        secondaries = []
        for i in (energies > threshold).nonzero()[0].tolist():
            secondary = self._pdg_of.get(self._codes.item(i))
            if secondary is not None:
                e = energies.item(i)
                # gamma pz + beta gamma e_cm, with e_cm = (e - beta gamma pz) / gamma
                pz = (self._pz.item(i) + beta_gamma * e) / gamma
                secondaries.append((secondary, e, self._px.item(i) / pz, self._py.item(i) / pz))
        return secondaries

    def interact_nucleus(
        self, mass_number: int, nucleon_energy: float, threshold: float, uniform: float
    ) -> tuple[list[Secondary], list[int]]:
        """Let a nucleus interact with an air nucleus.

        Args:
            mass_number: nucleons of the projectile, 2 to 56.
            nucleon_energy: its energy per nucleon in the laboratory, GeV.
            threshold: secondaries below this energy [GeV] are left out.
            uniform: a random number of [0, 1) that decides between nitrogen and oxygen.

        Returns:
            The secondaries, as :meth:`interact`, and the mass numbers of what remains of the
            projectile: fragments, and 1 for each spectator or elastically scattered nucleon.
            They go on with the energy per nucleon and the direction of the projectile.
        """
        ecm = math.sqrt(2.0 * NUCLEON_MASS * (NUCLEON_MASS + nucleon_energy))
        self._sibnuc(mass_number, 14 if uniform < self._nitrogen else 16, ecm)
        gamma = (nucleon_energy + NUCLEON_MASS) / ecm
        beta_gamma = math.sqrt(nucleon_energy * nucleon_energy - NUCLEON_MASS**2) / ecm
        count = self._nuclear_count.item()
        # Sibyll 2.1 has single precision, in which slow particles would lose their momentum
        px, py, pz, energies = self._nuclear_momenta[:4, :count].astype(np.float64, copy=False)
        codes = self._nuclear_codes[:count]
        of_projectile = codes > _FRAGMENT
        remnants = (codes[of_projectile] - _FRAGMENT).tolist()
        pz, energies = gamma * pz + beta_gamma * energies, gamma * energies + beta_gamma * pz
        secondaries = []
        for i in ((energies > threshold) & ~of_projectile).nonzero()[0].tolist():
            secondary = self._pdg_of.get(codes.item(i))
            if secondary is not None:
                z = pz.item(i)
                slopes = px.item(i) / z, py.item(i) / z
                secondaries.append((secondary, energies.item(i), *slopes))
        return secondaries, remnants

    def _tabulate_hadrons(self) -> tuple[dict[int, list[float]], float]:
        """Interaction lengths on the grid per PDG number, and the share of nitrogen collisions."""
        lengths, nitrogen = {}, []
        for kind, mass in ((1, MASS[PROTON]), (2, MASS[PI_PLUS]), (3, MASS[K_PLUS])):
            lengths[kind] = []
            for energy in 10.0**_HADRON_GRID:
                ecm = math.sqrt(mass**2 + NUCLEON_MASS**2 + 2 * energy * NUCLEON_MASS)
                sigma = [self._production_cross_section(kind, a, ecm) for a, _ in TARGETS]
                length, share = _mean_free_path(sigma)
                lengths[kind].append(length)
                nitrogen.append(share)
        tables = {pdg: lengths[kind] for pdg, kind in CROSS_SECTION_OF.items()}
        # the share varies by less than 0.01 with projectile and energy
        return tables | {-pdg: table for pdg, table in tables.items()}, float(np.mean(nitrogen))

    def _production_cross_section(self, kind: int, target: int, ecm: float) -> float:
        """Sibyll's cross section [mb] for the production of particles on a nucleus."""
        library = self._library
        if hasattr(library, "sig_had_nuc"):
            library.sig_had_nuc(kind, target, ecm, 1.0, 1, 2)
            total, quasi_elastic = library.nucsig.sigt, library.nucsig.sigqe
        else:
            # Sibyll 2.1: by Glauber's theory from the cross section, slope and rho on a proton
            on_proton, _, _, _, slope, rho = library.sib_sigma_hp(kind, ecm)
            total, _, quasi_elastic = library.glauber(target, on_proton, slope, rho)
        return float(total - quasi_elastic)

    def _tabulate_nuclei(self) -> dict[int, list[float]]:
        """Interaction lengths on the hadrons' grid for mass numbers 2 to 56.

        ``sibnuc`` makes production and quasi-elastic events in the proportion of their cross
        sections, so the length is that of their sum. The Glauber integrals are Monte Carlo
        estimates, each good to 5 per cent; a fit that gives every mass number its own level, but
        all a common, smooth dependence on energy, brings this to 2 per cent.
        """
        points = [(a, lg) for a in _NUCLEUS_MASSES for lg in _NUCLEUS_GRID]
        lengths = []
        for mass_number, lg in points:
            ecm = math.sqrt(2 * NUCLEON_MASS * (NUCLEON_MASS + 10.0**lg))
            sigma = []
            for target, _ in TARGETS:
                self._library.sigma_nuc_nuc(mass_number, target, ecm, _GLAUBER_TRIALS)
                found = self._library.nucnucsig
                sigma.append(float(found.sigprod + found.sigqe))
            lengths.append(_mean_free_path(sigma)[0])
        terms = np.array([_terms(a, lg) for a, lg in points])
        coefficients = np.linalg.lstsq(terms, np.log(lengths), rcond=None)[0]
        return {
            a: [math.exp(_terms(a, lg) @ coefficients) for lg in _HADRON_GRID]
            for a in _NUCLEUS_MASSES
        }


def _mean_free_path(sigma: list[float]) -> tuple[float, float]:
    """Return the mean free path in air [g/cm2] and the share of collisions with nitrogen."""
    weighted = [fraction * s for (_, fraction), s in zip(TARGETS, sigma, strict=True)]
    mean_mass = sum(mass * fraction for mass, fraction in TARGETS)
    return mean_mass * _GRAM_PER_MBARN / sum(weighted), weighted[0] / sum(weighted)


def _terms(mass_number: int, log_energy: float) -> np.ndarray:
    """What the logarithm of a nucleus' interaction length is a linear function of."""
    own = np.arange(2, 57) == mass_number
    energy = [log_energy, log_energy**2, log_energy * np.cbrt(mass_number)]
    return np.concatenate([own, energy])


def _particle_codes(
    library: Any, decaying: frozenset[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return PDG numbers of Sibyll's codes that a cascade follows, and codes of projectiles.

    Args:
        library: chromo's f2py module.
        decaying: hadrons that are no projectiles.
    """
    pdg_of = {
        code: int(library.isib_pid2pdg(code))
        for code in range(-99, 100)
        if abs(int(library.isib_pid2pdg(code))) in MASS
    }
    code_of = {
        pdg: int(library.isib_pdg2pid(pdg))
        for pdg in set(pdg_of.values())
        if abs(pdg) in CROSS_SECTION_OF.keys() - decaying
    }
    return pdg_of, code_of


def _start_sibyll(release: str) -> Any:
    """Initialise Sibyll with its banner kept off the console; return chromo's f2py module."""
    console = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        model = RELEASES[release](FixedTarget(1e5, "p", "N"))
    finally:
        os.dup2(console, 1)
        os.close(console)
        os.close(nowhere)
    library = model._lib
    library.npy.gen_id = chromo.common.MCRun._get_bitgen_id(np.random.PCG64())
    return library
