"""Showers of CORSIKA 7 as rows of a user's file: their muons, carried through the ice.

A muon enters the ice with the energy it has at the lowest observation level. It is followed along
its own direction to the plane through the core across the shower axis, and from there as a muon of
:mod:`fastsim.airshower.showers` is.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from fastsim.airshower.corsika_file import SurfaceShower, read_showers
from fastsim.airshower.particles import MASS, MUON
from fastsim.airshower.primaries import NUCLEI
from fastsim.airshower.underground import muons_at_depths, surface_threshold
from fastsim.bundles.ingest.rows import RawRows
from fastsim.bundles.primaries import ATOMIC_MASS_UNIT
from fastsim.data.ragged import offsets_of
from fastsim.errors import InputError

ROWS_PER_BLOCK = 4096
MUONS_PER_BLOCK = 100_000
"""A block ends with the shower that reaches one of them."""

FAULTS = ("not finite", "primary mass", "zenith")
"""Reasons for which a row is without its muons."""

_PROTON_CODE = 14
_DEPTH_STEP = 10
"""m, of the shallowest depth that a message allows."""
_ENERGY_STEP = 10
"""GeV, of the least energy at a depth that a message allows."""


def read_corsika(
    path: Path, slant_depths: Sequence[float], seed: int, muon_energy_min: float = 0.0
) -> Iterator[RawRows]:
    """Yield the showers of a particle file as rows, one a shower and depth, depths in order.

    Units are those of the event table: GeV (of mass, too), rad, m of slant depth. Ids are the
    numbers of run and event; what a shower's muons meet in the ice depends on them and the seed
    alone.

    Args:
        path: CORSIKA 7 particle file, not thinned.
        slant_depths: increasing lengths of ice along the track, m.
        seed: of the way through the ice.
        muon_energy_min: muons with less energy [GeV] at a depth are left out there.

    Raises:
        InputError: as :func:`~fastsim.airshower.corsika_file.read_showers`, or the file's energy
            cut is so high that muons are missing at the first depth; possibly after some blocks.
    """
    # no muon has less than its mass
    least = max(muon_energy_min, MASS[MUON])
    first_row = muons = 0
    waiting: list[RawRows] = []
    for shower in read_showers(path):
        waiting.append(_rows(path, shower, slant_depths, seed, least))
        muons += len(waiting[-1].muons)
        rows = len(waiting) * len(slant_depths)
        if rows >= ROWS_PER_BLOCK or muons >= MUONS_PER_BLOCK:
            yield _joined(first_row, waiting)
            first_row, muons = first_row + rows, 0
            waiting.clear()
    if waiting:
        yield _joined(first_row, waiting)


def nucleus_mass(code: float) -> float:
    """Return the mass [GeV] of a primary by CORSIKA's particle code, 0 if it is no nucleus.

    Codes are 14 for protons and 100 A + Z for nuclei. Masses are those of the simulation's nuclei,
    and A atomic mass units for others.
    """
    if code == _PROTON_CODE:
        return NUCLEI["p"].mass
    mass_number = code // 100
    if not (2 <= mass_number < 100 and code.is_integer() and 1 <= code % 100 <= mass_number):
        return 0.0
    masses = {nucleus.mass_number: nucleus.mass for nucleus in NUCLEI.values()}
    return masses.get(mass_number, mass_number * ATOMIC_MASS_UNIT)


def across_axis(muons: np.ndarray, zenith: float, azimuth: float) -> np.ndarray:
    """Return muons of a horizontal plane on the plane through its origin across the shower axis.

    The two planes are turned into one another about their common line, so that for a vertical
    shower x and y stay what they are.

    Args:
        muons: (muons, 5) momentum x, y and down, any unit, with a component along the axis; place
            x, y [m].
        zenith, azimuth: direction of the axis' momentum, rad; zenith below pi/2.

    Returns:
        float64 (muons, 4): x, y [m]; slopes dx and dy per metre along the axis.
    """
    common_line = math.sin(azimuth), -math.cos(azimuth), 0.0
    to_axis = Rotation.from_rotvec(zenith * np.array(common_line)).as_matrix()
    momentum = muons[:, :3] @ to_axis.T
    slopes = momentum[:, :2] / momentum[:, 2:]
    place = muons[:, 3:] @ to_axis[:, :2].T
    return np.column_stack([place[:, :2] - slopes * place[:, 2:], slopes])


def _rows(
    path: Path, shower: SurfaceShower, slant_depths: Sequence[float], seed: int, least: float
) -> RawRows:
    mass = nucleus_mass(shower.primary_code)
    from_above = 0.0 <= shower.zenith < math.pi / 2
    finite = math.isfinite(shower.azimuth) and bool(np.isfinite(shower.muons).all())
    faulty = not finite, mass == 0.0, not from_above
    if from_above:
        _check_energy_cut(path, shower, slant_depths[0], least)
    if any(faulty):
        at_depths = [np.empty((0, 3))] * len(slant_depths)
    else:
        muons = _entering(path, shower, slant_depths[0], least)
        rng = np.random.default_rng((seed, shower.run, shower.event))
        at_depths = [
            arrived[arrived[:, 0] >= least]
            for arrived in muons_at_depths(muons, slant_depths, math.cos(shower.zenith), rng)
        ]
    primaries = np.empty((len(slant_depths), 4))
    primaries[:, :3] = shower.energy, mass, shower.zenith
    primaries[:, 3] = slant_depths
    return RawRows(
        0,
        np.full((len(slant_depths), 2), (shower.run, shower.event), dtype=np.uint64),
        primaries,
        offsets_of(np.array([len(muons) for muons in at_depths])),
        np.concatenate(at_depths).astype(np.float32),
        {
            reason: np.full(len(slant_depths), fault)
            for reason, fault in zip(FAULTS, faulty, strict=True)
        },
    )


def _entering(path: Path, shower: SurfaceShower, slant_depth: float, least: float) -> np.ndarray:
    """Return the muons that may reach the depth with ``least`` GeV, as the ice takes them."""
    momentum = shower.muons[:, :3]
    energy = np.hypot(np.linalg.norm(momentum, axis=1), MASS[MUON])
    kept = energy > surface_threshold(slant_depth, math.cos(shower.zenith), least)
    across = math.sin(shower.zenith)
    axis = across * math.cos(shower.azimuth), across * math.sin(shower.azimuth)
    against = kept & (momentum @ np.array([*axis, math.cos(shower.zenith)]) <= 0)
    if against.any():
        raise InputError(
            f"{path}: shower {shower.event}: a muon of {energy[against][0]:g} GeV runs against the "
            "shower axis; such energies only go along with it"
        )
    at_surface = across_axis(shower.muons[kept], shower.zenith, shower.azimuth)
    return np.column_stack([energy[kept], at_surface])


def _check_energy_cut(path: Path, shower: SurfaceShower, slant_depth: float, least: float) -> None:
    """Refuse a file without the muons of least energy that may reach the depth with ``least`` GeV.

    The snow makes inclined tracks of one length the easiest, so the run's largest zenith angle
    counts: the file is refused whichever directions its first showers have.
    """
    zenith = max(shower.zenith, shower.zenith_max if shower.zenith_max < math.pi / 2 else 0.0)
    in_file = shower.energy_cut + MASS[MUON]
    cosine = math.cos(zenith)
    if in_file <= surface_threshold(slant_depth, cosine, least):
        return
    where = f"{path}: shower {shower.event}: hadrons and muons below {shower.energy_cut:g} GeV"
    if not math.isfinite(in_file):
        raise InputError(f"{where} are missing; a finite energy cut is needed")
    allowed = next(
        depth
        for depth in itertools.count(_DEPTH_STEP, _DEPTH_STEP)
        if surface_threshold(depth, cosine, least) >= in_file
    )
    enough = next(
        energy
        for energy in itertools.count(_ENERGY_STEP, _ENERGY_STEP)
        if surface_threshold(slant_depth, cosine, energy) >= in_file
    )
    raise InputError(
        f"{where} are missing, which leaves gaps at a slant depth of {slant_depth:g} m; with this "
        f"energy cut ingest.slant_depths must start at {allowed} or deeper, for instance "
        f"[{allowed}, {allowed + 100}, {allowed + 200}], or ingest.muon_energy_min be {enough} or "
        "more"
    )


def _joined(first_row: int, blocks: Sequence[RawRows]) -> RawRows:
    counts = np.concatenate([np.diff(block.offsets) for block in blocks])
    return RawRows(
        first_row,
        np.concatenate([block.ids for block in blocks]),
        np.concatenate([block.primaries for block in blocks]),
        offsets_of(counts),
        np.concatenate([block.muons for block in blocks]),
        {reason: np.concatenate([block.faults[reason] for block in blocks]) for reason in FAULTS},
    )
