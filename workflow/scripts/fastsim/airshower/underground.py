"""From the muons of a shower at the surface to those that reach each slant depth."""

from collections.abc import Sequence

import numpy as np

from fastsim.airshower import ice
from fastsim.airshower.particles import MASS, MUON
from fastsim.airshower.scattering import displacements

SCATTERING_STEP = 250.0
"""Longest step of multiple scattering, m of ice."""


def surface_threshold(slant_depth: float, cos_zenith: float, arriving: float = MASS[MUON]) -> float:
    """Return the surface energy [GeV] below which no muon has ``arriving`` GeV left at a depth.

    Args:
        slant_depth: length of ice along the track, m.
        cos_zenith: cosine of the zenith angle.
        arriving: at least a muon's mass, with which it stops there.
    """
    return ice.threshold(float(ice.water_equivalent(slant_depth, cos_zenith)), arriving)


def muons_at_depths(
    muons: np.ndarray,
    slant_depths: Sequence[float] | np.ndarray,
    cos_zenith: float,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Carry the muons of one shower through the ice: energy losses, direction, scattering.

    Args:
        muons: (muons, 5) at the surface: energy [GeV], x, y [m] across the shower axis, slopes dx
            and dy per metre of path.
        slant_depths: increasing lengths of ice along the track, m.
        cos_zenith: cosine of the shower's zenith angle.
        rng: source of hard losses and scattering.

    Returns:
        per depth float64 (muons that arrive, 3): energy [GeV], x, y [m].
    """
    slant_depths = np.asarray(slant_depths, dtype=np.float64)
    if not len(muons):
        return [np.empty((0, 3))] * len(slant_depths)
    # energies are followed on a finer grid than asked for, since scattering depends on them
    steps = np.arange(SCATTERING_STEP, slant_depths[-1], SCATTERING_STEP)
    nodes = np.unique(np.concatenate([slant_depths, steps]))
    depths = ice.water_equivalent(nodes, cos_zenith)
    energies = ice.propagate(muons[:, 0], depths, rng)
    scattered = displacements(muons[:, 0], energies, nodes, depths, rng)
    at_depths = []
    for node in np.searchsorted(nodes, slant_depths):
        position = muons[:, 1:3] + muons[:, 3:5] * nodes[node] + scattered[node]
        arrived = energies[node] > 0
        at_depths.append(np.column_stack([energies[node], position])[arrived])
    return at_depths
