"""CORSIKA 7 particle files as a reference for the air-shower cascade."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from corsikaio import CorsikaParticleFile

from fastsim.airshower.particles import MASS, MUON

FOLDER = Path(__file__).parents[2] / "../shared/data/corsika"
"""Where the files lie, if they are there."""
OBSERVATION_ALTITUDE = 110.0
"""Of the files, m."""
CUT = 1e3
"""Least muon energy in the files, GeV."""

_MUON_CODES = (5, 6)
_PROTON_CODE = 14


@dataclass(frozen=True)
class CorsikaShower:
    """One vertical shower: mass number, total energy [GeV], muons (n, 3) as energy [GeV], x, y [m].

    Muons are those above :data:`CUT` at :data:`OBSERVATION_ALTITUDE`.
    """

    mass_number: int
    energy: float
    muons: np.ndarray


def read_showers(folder: Path = FOLDER) -> Iterator[CorsikaShower]:
    """Yield the showers of all ``DAT*`` files of a folder.

    With CORSIKA's EHIST and MUADDI options, rows that describe a muon's ancestors stand between
    the muons; they have other particle codes (75, 76) or negative ones, and are passed over.
    """
    for path in sorted(folder.glob("DAT*")):
        with CorsikaParticleFile(path) as file:
            for event in file:
                code = int(event.header["particle_id"])
                rows = event.particles
                kind = rows["particle_description"].astype(np.int64) // 1000
                rows = rows[np.isin(kind, _MUON_CODES)]
                momentum_squared = sum(rows[axis].astype(float) ** 2 for axis in ("px", "py", "pz"))
                energy = np.sqrt(momentum_squared + MASS[MUON] ** 2)
                position = [rows[axis] / 100.0 for axis in ("x", "y")]
                yield CorsikaShower(
                    1 if code == _PROTON_CODE else code // 100,
                    float(event.header["total_energy"]),
                    np.column_stack([energy, *position])[energy > CUT],
                )
