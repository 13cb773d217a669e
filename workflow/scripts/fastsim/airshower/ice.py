"""Energy losses of muons in ice, down to a list of depths.

Depth is counted in metres of water equivalent (m.w.e.), the grammage over 100 g/cm2. A muon loses
energy continuously, ``dE/dX = a + b_soft E`` (ionisation and small radiative losses), and in single
hard losses at rates per m.w.e. of

* ``KNOCK_ON / T^2 dT`` for knock-on electrons of energy ``T > 10 GeV`` (Rutherford's spectrum,
  0.1535 MeV Z/A per g/cm2 in water),
* ``RADIATIVE (1 + GROWTH ln(E/TeV)) (1 - v + 3/4 v^2)/v dv`` for bremsstrahlung in full screening,
* ``PAIR / v^2 dv`` for what falls faster with ``v``, pair production above all,

the last two for relative losses ``v > 0.05`` (shapes: B. Rossi, High-energy particles, 1952;
D. Groom et al., At. Data Nucl. Data Tables 78 (2001) 183). The constants start from a fit to the
integral cross sections of PUMAS (V. Niess, Comput. Phys. Commun. 279 (2022) 108438) and are tuned,
within some 20 per cent, to survival and mean energy after 1.5 km of ice from PROPOSAL 7
(J.-H. Koehne et al., Comput. Phys. Commun. 184 (2013) 2070).
"""

import numpy as np

from fastsim.airshower.particles import MASS, MUON

ICE_DENSITY = 0.917
FIRN_DENSITY = 0.832
"""Densities of ice and of the snow and firn above it, g/cm3."""
FIRN_THICKNESS = 200.0
"""Vertical thickness of snow and firn, m."""

IONISATION = 0.252
"""a, without knock-on electrons above 10 GeV, GeV/m.w.e."""
SOFT_RADIATION = 1.85e-4
"""b_soft, radiation with v < 0.05, 1/m.w.e."""
KNOCK_ON = 8.52e-3
"""GeV/m.w.e."""
RADIATIVE = 0.70e-4
GROWTH = 0.20
PAIR = 0.265e-4
"""Hard losses, 1/m.w.e. (GROWTH: per unit of ln E)."""
MIN_KNOCK_ON = 10.0
"""Least energy of a knock-on electron that counts as hard loss, GeV."""
MIN_FRACTION = 0.05
"""Least relative radiative loss that counts as hard."""

_FRACTIONS = np.geomspace(MIN_FRACTION, 1.0, 2001)
_KNOCK_ON_RATE = KNOCK_ON / MIN_KNOCK_ON


def _integrated(spectrum: np.ndarray) -> np.ndarray:
    """Return the integral of ``spectrum`` from the least fraction up to each one."""
    steps = np.diff(_FRACTIONS) * (spectrum[1:] + spectrum[:-1]) / 2
    return np.concatenate([[0.0], np.cumsum(steps)])


_BREMS_SPECTRUM = (1 - _FRACTIONS + 0.75 * _FRACTIONS**2) / _FRACTIONS
_PAIR_SPECTRUM = _FRACTIONS**-2
_BREMS_INTEGRAL = _integrated(_BREMS_SPECTRUM)
_PAIR_INTEGRAL = _integrated(_PAIR_SPECTRUM)
_BREMS_RATE = RADIATIVE * _BREMS_INTEGRAL[-1]
_PAIR_RATE = PAIR * _PAIR_INTEGRAL[-1]


def water_equivalent(slant_depth: np.ndarray | float, cos_zenith: float) -> np.ndarray:
    """Return the m.w.e. of a track of ``slant_depth`` [m] from the surface, firn on top."""
    slant_depth = np.asarray(slant_depth, dtype=np.float64)
    firn = np.minimum(slant_depth, FIRN_THICKNESS / cos_zenith)
    return FIRN_DENSITY * firn + ICE_DENSITY * (slant_depth - firn)


def threshold(depth: float, arriving: float = MASS[MUON]) -> float:
    """Return the least surface energy [GeV] with which a muon can reach ``depth`` [m.w.e.].

    A muon of this energy has ``arriving`` GeV left there (its mass: it stops) after continuous
    losses alone. Hard losses only take more, so no muon below it arrives with as much, whatever
    happens.
    """
    return float(_continuous(arriving, -depth))


def mean_loss(energy: np.ndarray) -> np.ndarray:
    """Return the mean energy loss -dE/dX [GeV/m.w.e.] at ``energy`` [GeV], all losses together."""
    energy = np.asarray(energy, dtype=np.float64)
    knock_on = KNOCK_ON * np.log(np.maximum(energy / MIN_KNOCK_ON, 1.0))
    brems = RADIATIVE * _growth(energy) * np.trapezoid(_BREMS_SPECTRUM * _FRACTIONS, _FRACTIONS)
    pair = PAIR * np.trapezoid(_PAIR_SPECTRUM * _FRACTIONS, _FRACTIONS)
    return IONISATION + knock_on + (SOFT_RADIATION + brems + pair) * energy


def _growth(energy: np.ndarray) -> np.ndarray:
    """Energy dependence of hard bremsstrahlung, 1 at 1 TeV; never decreasing, above 0."""
    return 1.0 + GROWTH * np.log(np.maximum(energy, 10.0) / 1e3)


def _continuous(energy: np.ndarray | float, length: np.ndarray | float) -> np.ndarray:
    offset = IONISATION / SOFT_RADIATION
    return (energy + offset) * np.exp(-SOFT_RADIATION * length) - offset


def _after_hard_loss(energy: np.ndarray, bound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return energies after at most one hard loss each.

    The rates grow with energy, so ``bound``, the sum at the start of a step, is above the sum at
    its end: where the process drawn lies between the two, nothing happens.
    """
    process = rng.random(len(energy)) * bound - _KNOCK_ON_RATE
    size = rng.random(len(energy))
    brems_rate = _BREMS_RATE * _growth(energy)
    electron = MIN_KNOCK_ON / (1.0 - size)
    brems = np.interp(size * _BREMS_INTEGRAL[-1], _BREMS_INTEGRAL, _FRACTIONS) * energy
    pair = np.interp(size * _PAIR_INTEGRAL[-1], _PAIR_INTEGRAL, _FRACTIONS) * energy
    loss = np.select(
        [process < 0, process < brems_rate, process < brems_rate + _PAIR_RATE],
        [np.where(electron < energy, electron, 0.0), brems, pair],
        0.0,
    )
    return energy - loss


def propagate(energy: np.ndarray, depths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Carry muons through ice, once, past all depths.

    Args:
        energy: (muons,) energies at the surface, GeV.
        depths: (depths,) increasing, m.w.e.

    Returns:
        float64 (depths, muons): energy [GeV] at each depth, 0 where the muon has stopped.
    """
    arrived = np.zeros((len(depths), len(energy)))
    energy = np.asarray(energy, dtype=np.float64)
    muon = np.arange(len(energy))
    position = np.zeros(len(energy))
    while len(muon):
        bound = _KNOCK_ON_RATE + _BREMS_RATE * _growth(energy) + _PAIR_RATE
        hard = position + rng.standard_exponential(len(muon)) / bound
        at_depth = _continuous(energy, depths[:, None] - position)
        passed = (depths[:, None] >= position) & (depths[:, None] < hard)
        depth, of = np.nonzero(passed & (at_depth > MASS[MUON]))
        arrived[depth, muon[of]] = at_depth[depth, of]
        energy = _continuous(energy, hard - position)
        going = (hard < depths[-1]) & (energy > MASS[MUON])
        energy = _after_hard_loss(energy[going], bound[going], rng)
        muon, position = muon[going], hard[going]
        going = energy > MASS[MUON]
        muon, energy, position = muon[going], energy[going], position[going]
    return arrived
