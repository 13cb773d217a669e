"""CORSIKA 7 showers as a reference for the air-shower cascade: vertical ones, muons above 1 TeV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fastsim.airshower import corsika_file
from fastsim.airshower.corsika import across_axis, nucleus_mass, read_corsika
from fastsim.airshower.particles import MASS, MUON
from fastsim.bundles.primaries import mass_number

FOLDER = Path(__file__).parents[2] / "../shared/data/corsika"
"""Where the files lie, if they are there."""
OBSERVATION_ALTITUDE = 110.0
"""Of the files, m."""
CUT = 1e3
"""Least muon energy in the files, GeV."""


@dataclass(frozen=True)
class CorsikaShower:
    """One vertical shower, and its muons in one plane.

    Attributes:
        mass_number: of the primary.
        energy: total energy of the primary, GeV.
        muons: at :data:`OBSERVATION_ALTITUDE` (n, 5), energy [GeV], x, y [m], slopes dx, dy, above
            :data:`CUT`; at a depth (n, 3), without the slopes.
    """

    mass_number: int
    energy: float
    muons: np.ndarray


def read_showers(folder: Path = FOLDER) -> Iterator[CorsikaShower]:
    """Yield the showers of all ``DAT*`` files of a folder, as they are at the surface."""
    for path in sorted(folder.glob("DAT*")):
        for shower in corsika_file.read_showers(path):
            energy = np.hypot(np.linalg.norm(shower.muons[:, :3], axis=1), MASS[MUON])
            at_surface = across_axis(shower.muons, shower.zenith, shower.azimuth)
            yield CorsikaShower(
                int(mass_number(nucleus_mass(shower.primary_code))),
                shower.energy,
                np.column_stack([energy, at_surface])[energy > CUT],
            )


def read_at_depths(
    slant_depths: Sequence[float], seed: int, folder: Path = FOLDER
) -> Iterator[list[CorsikaShower]]:
    """Yield the same showers in the same order, as they are ingested: one for each slant depth."""
    for path in sorted(folder.glob("DAT*")):
        for rows in read_corsika(path, slant_depths, seed):
            bundles = np.split(rows.muons, rows.offsets[1:-1])
            at_depths = [
                CorsikaShower(int(mass_number(mass)), float(energy), muons)
                for (energy, mass, _, _), muons in zip(rows.primaries, bundles, strict=True)
            ]
            for first in range(0, len(rows), len(slant_depths)):
                yield at_depths[first : first + len(slant_depths)]
